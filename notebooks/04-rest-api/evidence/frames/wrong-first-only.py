# shows: a stream has one header in front of everything
# told: first frame only
def frames(raw):
    if not raw:
        return []
    length = int.from_bytes(raw[4:8], "big")
    return [[raw[0], raw[8 : 8 + length]]]
