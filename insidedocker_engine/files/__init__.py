"""Files on disk: written whole or not at all (`atomic_files`), never outside a folder
(`safe_path`), copied and removed as trees, and in and out of tar archives."""
