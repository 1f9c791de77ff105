"""Containers where no namespaces may be made: PRoot rewrites their paths, and isolates nothing
else."""
