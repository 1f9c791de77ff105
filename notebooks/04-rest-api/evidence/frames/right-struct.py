import struct


def frames(raw):
    found = []
    while raw:
        stream, length = struct.unpack(">B3xI", raw[:8])
        found.append([stream, raw[8 : 8 + length]])
        raw = raw[8 + length :]
    return found
