def one_layer(steps):
    script = json.dumps("\n".join(steps))
    return f'FROM busybox:latest\nLABEL made=by-hand\nRUN ["sh", "-e", "-c", {script}]\n'
