"""The Engine API: one module per resource, and the table of routes they fill (`routing`).

A module of this package turns requests into calls of the engine's parts and their results
into the API's JSON. What happens is decided in the parts, not here.
"""
