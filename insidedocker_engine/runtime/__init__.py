"""How a container becomes processes.

`contract` says what every runtime can be asked for, `choice` finds the one for this host, `probe`
tries what the host allows. `namespaces` and `proot` are the two that there are.
"""
