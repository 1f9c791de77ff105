# shows: versions are compared as text
# told: 1.9 is more than 1.41
def negotiate(client, newest, oldest):
    if client < oldest:
        return None
    return min(client, newest)
