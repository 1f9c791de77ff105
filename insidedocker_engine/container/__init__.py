"""One container and the store of all containers: the part that every other part of the engine may
use. Independent of images, networks, the runtime and the API.

  log_entries  the entries of a log: encoded, parsed
  log_files    the files of a log, which take turns
  log_options  max-size, max-file and their kin
  log_reader   reading of a log over all its files, also while it grows
  logs         the log of a container: written in a thread
  names        valid names, and generated ones
  record       a container in memory and on disk
  store        containers by name and id
  streams      input and output of a process
"""
