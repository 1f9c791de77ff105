# shows: output is always text
# told: bytes and stays bytes
def frames(raw):
    found = []
    while raw:
        length = int.from_bytes(raw[4:8], "big")
        found.append([raw[0], raw[8 : 8 + length].decode()])
        raw = raw[8 + length :]
    return found
