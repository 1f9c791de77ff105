# shows: container paths are host paths
# told: Your own machine has no such path
def fetch(url, volume, path):
    with open(f"/volume/{path}", "rb") as file:
        return file.read()
