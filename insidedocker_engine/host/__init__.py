"""What Linux offers beyond Python's own library: system calls, files that only this account can
read, control groups, filters of system calls. Public; knows no engine.
"""
