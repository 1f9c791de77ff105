# shows: the newest version of either side is used
# told: does not speak 1.51
def negotiate(client, newest, oldest):
    def numbers(text):
        return [int(part) for part in text.split(".")]

    if numbers(client) < numbers(oldest):
        return None
    return newest if numbers(newest) > numbers(client) else client
