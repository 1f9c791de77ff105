"""Containers in namespaces of this kernel's, made by a launcher process for an ordinary user."""
