# shows: three values in a row are as good as three entries with a key
# told: return \{'status'
def read_ping(url):
    answer = lab.connect(url).get("/_ping")
    return [answer.status_code, answer.text, answer.headers["Api-Version"]]
