def address(socket, path):
    from urllib.parse import quote_plus

    return f"http+unix://{quote_plus(socket).replace('+', '%20')}{path}"
