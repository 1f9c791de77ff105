"""One container and the store of all containers: the part that every other part of the engine may
use. Independent of images, networks, the runtime and the API.

  logs     the log file of a container
  names    valid names, and generated ones
  record   a container in memory and on disk
  store    containers by name and id
  streams  input and output of a process
"""
