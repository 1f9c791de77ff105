def verdict(calls):
    pulled, made, word = False, False, "not created"
    for call in calls:
        if call["method"] != "POST":
            continue
        ok = call["status"] < 300
        if call["path"] == "/images/create":
            pulled = True
        elif call["path"] == "/containers/create":
            made = made or ok
            word = "no image" if call["status"] == 404 else "not created"
        elif call["path"].endswith("/start") and ok:
            return "after a pull" if pulled else "at once"
    return "not started" if made else word
