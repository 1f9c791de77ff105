def build(url, files, name):
    import io
    import tarfile

    context = io.BytesIO()
    with tarfile.open(fileobj=context, mode="w") as tar:
        for path, content in files.items():
            entry = tarfile.TarInfo(path)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    session = lab.connect(url)
    answer = session.post(
        "/build",
        params={"t": name, "labels": json.dumps(lab.labels(LESSON))},
        data=context.getvalue(),
        headers={"Content-Type": "application/x-tar"},
    )
    return answer.status_code == 200 and '"errorDetail"' not in answer.text
