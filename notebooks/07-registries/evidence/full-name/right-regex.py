import re


def full_name(name):
    found = re.fullmatch(
        r"(?:(?P<host>localhost|[^/@]*[.:][^/@]*)/)?(?P<path>[^:@]+)(?::(?P<tag>[^@]+))?(?:@(?P<digest>.+))?",
        name,
    )
    host, path, tag, digest = found.group("host", "path", "tag", "digest")
    host = host or "docker.io"
    if host == "docker.io" and path.count("/") == 0:
        path = "library/" + path
    if not tag and not digest:
        tag = "latest"
    return dict(digest=digest, tag=tag, repository=path, registry=host)
