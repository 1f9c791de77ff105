import re

TABLE = [
    ("run", "POST", r"/containers/create"),
    ("images", "GET", r"/images/json"),
    ("pull", "POST", r"/images/create"),
    ("push", "POST", r"/images/.+/push"),
    ("build", "POST", r"/build"),
    ("ps", "GET", r"/containers/json"),
    ("logs", "GET", r"/containers/[^/]+/logs"),
    ("exec", "POST", r"/containers/[^/]+/exec"),
    ("stop", "POST", r"/containers/[^/]+/stop"),
    ("rm", "DELETE", r"/containers/[^/]+"),
]


def command_of(calls):
    for word, method, pattern in TABLE:
        for call in calls:
            if call["method"] == method and re.fullmatch(pattern, call["path"]):
                return word
