"""The runtime for hosts without user namespaces: PRoot rewrites paths, so only the file system is
isolated.

  runtime     the engine's side
  launcher    process that starts PRoot for every process of a container
  processes   processes traced by PRoot
"""
