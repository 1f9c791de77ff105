def negotiate(client, newest, oldest):
    parts = [[int(x) for x in text.split(".")] for text in (client, newest, oldest)]
    if parts[0] < parts[2]:
        return None
    lower = sorted(parts[:2])[0]
    return f"{lower[0]}.{lower[1]}"
