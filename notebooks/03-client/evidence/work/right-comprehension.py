import re


def work(calls):
    changed = [
        call
        for call in calls
        if call["method"] not in {"GET", "HEAD"}
        and call["status"] < 300
        and not re.fullmatch(r"/containers/[^/]+/(wait|attach|resize)", call["path"])
    ]
    return [
        call["method"]
        + " "
        + re.sub(r"^/containers/(?!create$)[^/]+", "/containers/ID", call["path"])
        for call in changed
    ]
