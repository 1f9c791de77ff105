"""One container and the store of all of them: what every other part of the engine may know of
containers.

`record` is a container as the engine remembers it, `store` finds containers by name and id,
`logs` and `streams` hold what their programs write. Nothing here knows an image, a network, a
runtime or the API.
"""
