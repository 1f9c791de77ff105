"""Networks of the engine, and the running containers in them. Interfaces belong to the runtime.

  networks         all networks: find, create, remove
  model            a network's record, in memory and on disk
  create_request   body of a create call -> a network
  addresses        subnets and addresses
  attachments      running containers in networks: join, leave, connect, disconnect
  endpoints        a container's settings and addresses in one network
  port_mapping     published ports of containers
  port_proxy       TCP and UDP relays behind published ports
  resolver         name server of a container
  dns              DNS messages: parse questions, write answers
  links            Docker's older links between containers
  etc_hosts        /etc/hosts and /etc/resolv.conf of containers

On disk, below the engine's root:
  networks/<id>.json   one record for each network
"""
