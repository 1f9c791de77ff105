# shows: who counts need not add up
# told: Return a dictionary
def census(url):
    return [each["State"] for each in lab.connect(url).get("/containers/json?all=1").json()]
