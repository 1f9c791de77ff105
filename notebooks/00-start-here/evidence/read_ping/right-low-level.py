import docker


def read_ping(url):
    low = docker.APIClient(base_url=url, version="auto")
    answer = low.get(low.base_url + "/_ping")
    return {
        "status": answer.status_code,
        "body": answer.text,
        "api_version": answer.headers["Api-Version"],
    }
