# shows: the status is the answer
# told: that is the status
def ping(url):
    return lab.connect(url).get("/_ping").status_code
