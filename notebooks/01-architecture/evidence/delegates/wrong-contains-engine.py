# shows: a name that contains a word is taken for one that ends with it
# told: There are components missing
def delegates(url):
    components = lab.connect(url).get("/version").json().get("Components") or []
    return sorted(each["Name"] for each in components if "Engine" not in each["Name"])
