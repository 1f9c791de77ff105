"""What can be done with containers: made, started, watched, changed, copied from, and shown.

`containers` makes, changes and removes them, `lifecycle` runs their processes, `execs` adds more;
`inspect` and `listing` say what an answer shows. What a container is stands in the package
`container`.
"""
