"""The Engine API: one module per resource, and the table of routes that they fill.

A module of this package turns requests into calls of the engine's parts, and their results into the
API's JSON. The parts decide what happens.

  archive     files of a container as tar archives
  build       images from Dockerfiles
  commit      an image from a container
  containers  create, list, inspect, start, stop, logs, attach
  exec        more processes in running containers
  images      list, inspect, tag, delete, load, save
  networks    list, create, inspect, connect, disconnect, remove
  plugins     answers of an engine without plugins
  registry    pull, push, search, log in
  routing     the table of routes, and the dispatch of a request
  swarm       answers of an engine without swarm mode
  system      ping, version, info, events, disk usage
  versions    the fields of each answer in each version of the API
  volumes     list, create, inspect, remove
"""
