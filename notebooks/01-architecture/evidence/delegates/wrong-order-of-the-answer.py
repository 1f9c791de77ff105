# shows: a list comes in the order that was asked for
# told: in another order
def delegates(url):
    components = lab.connect(url).get("/version").json().get("Components") or []
    return [part["Name"] for part in components if not part["Name"].endswith("Engine")]
