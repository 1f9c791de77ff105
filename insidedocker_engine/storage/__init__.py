"""Storage drivers: layers become one file system with a writable layer on top.

  contract   the interface of a driver
  choice     the driver for a root folder
  overlay    driver that mounts layers with overlayfs
  vfs        driver that copies layers
  layout     folders and files that both drivers keep
  changes    differences between a container and its image

On disk, below the engine's root:
  storage/<driver>/layers/<hex>       unpacked layers
  storage/<driver>/unsettled-layers/  those that a power failure may empty (files.unsettled)
  storage/vfs/unsettled-containers/   the same for copies of layers
  storage/<driver>/containers/<id>/   layers.json (paths of the layers, lowest first), and
                                      upper/, work/, merged/ (overlay2) or rootfs/ (vfs)
"""
