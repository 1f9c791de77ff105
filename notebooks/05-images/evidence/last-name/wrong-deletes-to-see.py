# shows: what a request does is learnt by sending it
# told: Deleting is not needed to know
def last_name(url, name):
    answer = lab.connect(url).delete(f"/images/{name}")
    return any("Deleted" in each for each in answer.json())
