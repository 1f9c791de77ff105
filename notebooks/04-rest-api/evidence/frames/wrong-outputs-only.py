# shows: a frame is its output
# told: That is the output alone
def frames(raw):
    found, position = [], 0
    while position < len(raw):
        end = position + 8 + int.from_bytes(raw[position + 4 : position + 8], "big")
        found.append(raw[position + 8 : end])
        position = end
    return found
