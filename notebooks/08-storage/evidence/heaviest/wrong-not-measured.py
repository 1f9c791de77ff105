# shows: sizes come unasked
# told: comes with size=true only
def heaviest(url):
    listed = lab.connect(url).get("/containers/json?all=1").json()
    most = max(listed, key=lambda each: each["SizeRw"], default={"Names": [""]})
    return most["Names"][0].lstrip("/")
