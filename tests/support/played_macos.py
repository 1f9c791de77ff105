"""Makes this process look like one on macOS on Arm, as far as Python shows it: what Linux alone has
is taken away before anything of the course is imported. Import it first.
"""

import os
import platform
import select
import signal
import sys
import types

LINUX_ONLY = (
    *("O_PATH", "O_TMPFILE", "copy_file_range", "eventfd", "getrandom", "memfd_create"),
    *("pidfd_open", "posix_fadvise", "sched_getaffinity", "setns", "setresgid", "setresuid"),
    *("splice", "unshare"),
)

for _name in (*LINUX_ONLY, *(each for each in dir(os) if each.startswith(("CLONE_", "MFD_")))):
    if hasattr(os, _name):
        delattr(os, _name)
for _module, _name in ((select, "epoll"), (signal, "pidfd_send_signal"), (signal, "SIGRTMIN")):
    if hasattr(_module, _name):
        delattr(_module, _name)
# What others import there alone: the system's proxy settings (urllib), its trash (send2trash).
for _name, _has in (
    ("_scproxy", "_get_proxies _get_proxy_settings"),
    ("send2trash.mac", "send2trash"),
):
    sys.modules[_name] = types.ModuleType(_name)
    sys.modules[_name].__dict__.update(dict.fromkeys(_has.split(), dict))
sys.platform = "darwin"
platform.system = lambda: "Darwin"
platform.machine = lambda: "arm64"
