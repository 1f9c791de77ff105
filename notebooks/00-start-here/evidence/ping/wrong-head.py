# shows: HEAD and GET answer the same
# told: HEAD request leaves the body out
def ping(url):
    return lab.connect(url).head("/_ping").text
