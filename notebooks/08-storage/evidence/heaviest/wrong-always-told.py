# shows: every container has a SizeRw
# told: some engines leave it out
def heaviest(url):
    listed = lab.connect(url).get("/containers/json?all=1&size=1").json()
    sizes = {each["Names"][0].lstrip("/"): each["SizeRw"] for each in listed}
    return max(sizes, key=sizes.get, default="")
