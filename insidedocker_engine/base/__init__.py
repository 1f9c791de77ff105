"""Modules that every part of the engine may use; they import no other package of the engine.

bulk           threads for removals of many files
disk           free space check for the engine's own writes (a fault can fill the disk)
errors         API errors, each with its HTTP status
events         event log and live followers
expressions    regular expressions in bounded time
filters        the `filters` parameter of lists, prunes and events
paths          default places of the root folder and the socket
progress       progress lines of pulls, pushes, loads and builds
restrictions   limits of a restricted engine
schema         type checks for JSON bodies
signals        signal names and numbers
timestamps     RFC 3339 times and Go durations
version        the engine's version
"""
