# shows: every engine answers with every field
# told: Components may be null|where a key is missing
def delegates(url):
    components = lab.connect(url).get("/version").json()["Components"]
    return sorted(part["Name"] for part in components if not part["Name"].endswith("Engine"))
