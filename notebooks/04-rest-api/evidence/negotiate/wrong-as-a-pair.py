# shows: a version is two numbers
# told: what you return is the text
def negotiate(client, newest, oldest):
    def numbers(text):
        return [int(part) for part in text.split(".")]

    if numbers(client) < numbers(oldest):
        return None
    return min(numbers(client), numbers(newest))
