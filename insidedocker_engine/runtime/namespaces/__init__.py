"""The runtime with the kernel's namespaces, for an ordinary user.

runtime             the engine's side
launcher            process that starts containers' processes
container_init      a new process, from the launcher's child to its program
rootfs              a container's file system
network_namespace   the engine's network room, and networks of containers
netlink             rtnetlink requests
"""
