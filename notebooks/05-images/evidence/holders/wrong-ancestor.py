# shows: an image that was built on another one is that one
# told: is an image of its own
def holders(url, name):
    wanted = {"all": "true", "filters": json.dumps({"ancestor": [name]})}
    listed = lab.connect(url).get("/containers/json", params=wanted).json()
    return sorted(each["Names"][0].lstrip("/") for each in listed)
