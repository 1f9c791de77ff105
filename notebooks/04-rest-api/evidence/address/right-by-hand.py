def address(socket, path):
    safe = set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.~")
    quoted = "".join(c if c in safe else "".join(f"%{b:02X}" for b in c.encode()) for c in socket)
    return "".join(["http+unix://", quoted, path])
