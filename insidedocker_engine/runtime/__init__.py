"""Runtimes: start a container's processes, through a launcher process.

  contract            the interface of a runtime
  choice              the runtime for this host
  probe               trials of the host's abilities
  namespaces/         the runtime with the kernel's namespaces
  proot/              the runtime with PRoot, for hosts without user namespaces

The engine's side of a launcher:
  client              the launcher's start, requests and reports
  launch              start of one process through a launcher
  launcher_messages   requests to a launcher

Inside a launcher and its children:
  launcher_server     request loop of both launchers
  exec                last steps of a process before its program
  tinyinit            first program of a container under PRoot
  seccomp             filter of system calls
  capabilities        names and default set of capabilities
  cgroups             control groups (made by the engine, entered in the child)
"""
