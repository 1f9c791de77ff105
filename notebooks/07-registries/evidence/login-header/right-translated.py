def login_header(username, password, host):
    text = json.dumps(
        dict(username=username, password=password, serveraddress=host), ensure_ascii=False
    )
    ordinary = base64.b64encode(text.encode("utf-8"))
    return ordinary.translate(bytes.maketrans(b"+/", b"-_")).decode()
