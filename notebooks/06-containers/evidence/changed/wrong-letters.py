# shows: the API speaks as the docker command does
# told: three words of the task
def changed(url, name):
    found = {"C": [], "A": [], "D": []}
    for each in lab.connect(url).get(f"/containers/{name}/changes").json() or []:
        found["CAD"[each["Kind"]]].append(each["Path"])
    return {letter: sorted(paths) for letter, paths in found.items()}
