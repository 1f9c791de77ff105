def negotiate(client, newest, oldest):
    def number(text):
        major, minor = text.split(".")
        return int(major) * 100000 + int(minor)

    if number(client) < number(oldest):
        return None
    return client if number(client) <= number(newest) else newest
