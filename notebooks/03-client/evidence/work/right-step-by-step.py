def work(calls):
    result = []
    for call in calls:
        method, path = call["method"], call["path"]
        if method == "GET" or method == "HEAD":
            continue
        if call["status"] >= 300:
            continue
        _, kind, name, *rest = path.split("/")
        if kind == "containers" and rest and rest[0] in ["wait", "attach", "resize"]:
            continue
        if kind == "containers" and name != "create":
            path = "/".join(["", kind, "ID", *rest])
        result.append(method + " " + path)
    return tuple(result)
