# shows: a version is a decimal number
# told: 1.9 is more than 1.41
def negotiate(client, newest, oldest):
    if float(client) < float(oldest):
        return None
    return client if float(client) <= float(newest) else newest
