def build(url, files, name):
    import io

    import docker

    low = docker.APIClient(base_url=url, version="auto")
    context = io.BytesIO(fixtures.packed(files))
    marks = lab.labels(LESSON)
    try:
        told = low.build(
            fileobj=context, custom_context=True, tag=name, labels=marks, rm=True, decode=True
        )
        return not any("errorDetail" in line for line in told)
    except docker.errors.APIError:
        return False
    finally:
        low.close()
