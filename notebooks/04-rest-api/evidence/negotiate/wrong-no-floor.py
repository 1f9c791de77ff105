# shows: an engine speaks every older version
# told: nothing below its oldest version
def negotiate(client, newest, oldest):
    def numbers(text):
        return [int(part) for part in text.split(".")]

    return client if numbers(client) <= numbers(newest) else newest
