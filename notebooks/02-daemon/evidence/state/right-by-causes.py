import requests

WORDS = {
    FileNotFoundError: "no socket",
    ConnectionRefusedError: "nobody listens",
    PermissionError: "not permitted",
}


def state(url):
    try:
        return "running" if lab.connect(url).get("/_ping").status_code < 500 else "error"
    except requests.ConnectionError as error:
        cause = error
        while cause is not None:
            if type(cause) in WORDS:
                return WORDS[type(cause)]
            cause = cause.__cause__ or cause.__context__
        raise
