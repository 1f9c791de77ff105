# shows: DOCKER_HOST counts before everything else
# told: A flag is for this very command
def daemon_for(host, environment, folder):
    return environment.get("DOCKER_HOST") or host or "unix:///var/run/docker.sock"
