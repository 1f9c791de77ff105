# shows: a version is two numbers
# told: Which is the newest version that both speak
def negotiate(client, newest, oldest):
    def numbers(text):
        return [int(part) for part in text.split(".")]

    if numbers(client) < numbers(oldest):
        return None
    return min(numbers(client), numbers(newest))
