"""How layers become one file system with a writable layer on top.

`contract` says what every driver can be asked for, `choice` finds the one for a root folder.
`overlay` mounts, `vfs` copies.
"""
