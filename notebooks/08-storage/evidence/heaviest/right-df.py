def heaviest(url):
    most, found = -1, ""
    for each in lab.connect(url).get("/system/df").json()["Containers"] or []:
        size = each.get("SizeRw") or 0
        if size > most:
            most, found = size, each["Names"][0].removeprefix("/")
    return found
