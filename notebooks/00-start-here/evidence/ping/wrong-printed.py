# shows: printing is returning
# told: ends without returning a value
def ping(url):
    print(lab.connect(url).get("/_ping").text)
