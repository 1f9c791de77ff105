# shows: an answer is its body
# told: return the value itself: answer\.text
def ping(url):
    return lab.connect(url).get("/_ping")
