"""Networks: every one the engine has, and which running container is in which.

What a network is stands in `model`, which addresses it has in `addresses`, what a container has
in it in `endpoints`, how it comes and goes in `membership`, how containers find each other by
name in `names`, and what is published to the host in `ports`. Interfaces are the runtime's.
"""
