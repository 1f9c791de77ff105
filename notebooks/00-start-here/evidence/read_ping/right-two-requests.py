def read_ping(url):
    session = lab.connect(url)
    result = {"body": session.get("/_ping").text}
    result["status"] = session.head("/_ping").status_code
    result["api_version"] = session.head("/_ping").headers["API-VERSION"]
    return result
