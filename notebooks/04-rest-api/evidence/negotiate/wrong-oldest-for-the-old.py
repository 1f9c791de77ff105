# shows: there is always a version to agree on
# told: nothing below its oldest version
def negotiate(client, newest, oldest):
    def numbers(text):
        return [int(part) for part in text.split(".")]

    return max(min(client, newest, key=numbers), oldest, key=numbers)
