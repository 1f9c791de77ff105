"""Linux beyond Python's own library: system calls, control groups, filters of system calls, files
that only this account can read, files written whole, locks. Public; knows no engine.
"""
