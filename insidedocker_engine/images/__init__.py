"""Images: the store, archives, and registries.

On disk, below the engine's root:
  blobs/sha256/<hex>     configs and uncompressed layers
  images/<hex>.json      one record for each image; an image exists when its record does
  repositories.json      name in full -> id, for tags and for digests
  distribution.json      diff id -> the compressed forms that registries have of it
  storage/<driver>/layers/<hex>  unpacked layers, made when first needed
"""
