def cause(error):
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def diagnose(url):
    engine = lab.connect(url)
    statuses = []
    try:
        for path in ("/_ping", "/containers/json"):
            statuses.append(engine.get(path, timeout=(2, 2)).status_code)
    except requests.exceptions.ReadTimeout:
        return "too slow"
    except requests.exceptions.ConnectionError as error:
        locked = any(isinstance(each, PermissionError) for each in cause(error))
        return "not permitted" if locked else "not running"
    return "failing" if max(statuses) >= 500 else "healthy"
