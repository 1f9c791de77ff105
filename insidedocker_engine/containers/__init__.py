"""Operations on containers: create, start, watch, change, copy and show them. The container itself
is in the package `container`.

  archives        docker cp and docker export
  commit          an image from a container
  containers      create, update, rename, remove
  create_request  the body of a create call, checked and completed
  defaults        default values of Config and HostConfig
  etc_files       /etc/hosts, /etc/hostname, /etc/resolv.conf
  execs           more processes in running containers
  file_systems    mounts of containers' file systems
  health          health checks
  inspect         the inspect answer
  lifecycle       start, stop, restart, pause, kill
  listing         filters and the list answer
  mounts          binds, volumes and tmpfs
  processes       top and stats
  restricted      limits of a restricted engine
  spec            the runtime's description of a container
  users           user names and ids inside a container
  validation      invalid values in Config and HostConfig
"""
