# shows: one line of output is one frame
# told: no line end|Cut by the length|Trust the length
def frames(raw):
    return [[line[0], line[8:]] for line in raw.splitlines(keepends=True) if len(line) > 8]
