# shows: what comes from one stream is one output
# told: Take one frame off the front
def frames(raw):
    found, position = {}, 0
    while position < len(raw):
        end = position + 8 + int.from_bytes(raw[position + 4 : position + 8], "big")
        stream = raw[position]
        found[stream] = found.get(stream, b"") + raw[position + 8 : end]
        position = end
    return [[stream, output] for stream, output in found.items()]
