# shows: only DOCKER_HOST chooses the daemon
# told: Here a context is named
def daemon_for(host, environment, folder):
    return host or environment.get("DOCKER_HOST") or "unix:///var/run/docker.sock"
