"""Files on disk, also those that a running container may change at the same time.

atomic_files      files written whole or not at all
unsettled         folders that a power failure may have emptied
safe_path         paths resolved inside a folder, never outside
directory_trees   folders walked, copied, moved, measured and removed
filling           an empty folder filled with a copy, whole or not at all
tar_reader        tar archives parsed entry by entry
tar_extract       tar archives to folders and back
"""
