"""The filter of a container's system calls, as a classic BPF program.

Two parts: calls that the Engine's default profile refuses, and, where only one user id is mapped,
success without effect for changes of owner and user to ids that do not exist here (package
managers and servers make such changes and give up when they fail).
"""

from __future__ import annotations

import errno
import functools
import os
import struct

_A_ROOT = "a root of its own"
"""Placeholder for a capability that no container has."""
_REFUSED = {
    # Name: (number on x86_64, number on aarch64, capability that allows the call).
    "acct": (163, 89, "CAP_SYS_PACCT"),
    "add_key": (248, 217, ""),
    "bpf": (321, 280, "CAP_SYS_ADMIN"),
    "clock_settime": (227, 112, "CAP_SYS_TIME"),
    "create_module": (174, None, ""),
    "delete_module": (176, 106, "CAP_SYS_MODULE"),
    "fanotify_init": (300, 262, "CAP_SYS_ADMIN"),
    "finit_module": (313, 273, "CAP_SYS_MODULE"),
    "fsconfig": (431, 431, "CAP_SYS_ADMIN"),
    "fsmount": (432, 432, "CAP_SYS_ADMIN"),
    "fsopen": (430, 430, "CAP_SYS_ADMIN"),
    "fspick": (433, 433, "CAP_SYS_ADMIN"),
    "get_kernel_syms": (177, None, ""),
    "get_mempolicy": (239, 236, "CAP_SYS_NICE"),
    "init_module": (175, 105, "CAP_SYS_MODULE"),
    "io_uring_enter": (426, 426, ""),
    "io_uring_register": (427, 427, ""),
    "io_uring_setup": (425, 425, ""),
    "ioperm": (173, None, "CAP_SYS_RAWIO"),
    "iopl": (172, None, "CAP_SYS_RAWIO"),
    "kcmp": (312, 272, "CAP_SYS_PTRACE"),
    "kexec_file_load": (320, 294, "CAP_SYS_BOOT"),
    "kexec_load": (246, 104, "CAP_SYS_BOOT"),
    "keyctl": (250, 219, ""),
    "lookup_dcookie": (212, 18, "CAP_SYS_ADMIN"),
    "mbind": (237, 235, "CAP_SYS_NICE"),
    "migrate_pages": (256, 238, ""),
    "mount": (165, 40, "CAP_SYS_ADMIN"),
    "mount_setattr": (442, 442, "CAP_SYS_ADMIN"),
    "move_mount": (429, 429, "CAP_SYS_ADMIN"),
    "move_pages": (279, 239, ""),
    "nfsservctl": (180, 42, ""),
    "open_by_handle_at": (304, 265, "CAP_DAC_READ_SEARCH"),
    "open_tree": (428, 428, "CAP_SYS_ADMIN"),
    "open_tree_attr": (467, 467, "CAP_SYS_ADMIN"),
    "perf_event_open": (298, 241, "CAP_SYS_ADMIN"),
    "pidfd_getfd": (438, 438, "CAP_SYS_PTRACE"),
    "pivot_root": (155, 41, _A_ROOT),
    "query_module": (178, None, ""),
    "quotactl": (179, 60, "CAP_SYS_ADMIN"),
    "quotactl_fd": (443, 443, "CAP_SYS_ADMIN"),
    "reboot": (169, 142, "CAP_SYS_BOOT"),
    "request_key": (249, 218, ""),
    "set_mempolicy": (238, 237, "CAP_SYS_NICE"),
    "setdomainname": (171, 162, "CAP_SYS_ADMIN"),
    "sethostname": (170, 161, "CAP_SYS_ADMIN"),
    "setns": (308, 268, "CAP_SYS_ADMIN"),
    "settimeofday": (164, 170, "CAP_SYS_TIME"),
    "swapoff": (168, 225, ""),
    "swapon": (167, 224, ""),
    "sysfs": (139, None, ""),
    "_sysctl": (156, None, ""),
    "syslog": (103, 116, "CAP_SYSLOG"),
    "umount2": (166, 39, "CAP_SYS_ADMIN"),
    "unshare": (272, 97, "CAP_SYS_ADMIN"),
    "uselib": (134, None, ""),
    "userfaultfd": (323, 282, ""),
    "ustat": (136, None, ""),
    "vhangup": (153, 58, ""),
}
_UNCOUNTED = {
    # Memory that belongs to no process and no file system, which cannot be counted.
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "msgget": (68, 186),
    "semget": (64, 190),
    "shmget": (29, 194),
    "vmsplice": (278, 75),
}
_SETSOCKOPT = (54, 208)
_SOL_SOCKET = 1
_BUFFER_SIZES = (7, 8, 32, 33)
"""SO_SNDBUF, SO_RCVBUF, SO_SNDBUFFORCE, SO_RCVBUFFORCE: the size of a socket's unread data."""
_CLONE = (56, 220)
_CLONE3 = (435, 435)
_SOCKET = (41, 198)
_AF_VSOCK = 40
"""Sockets to the host of a virtual machine: network namespaces do not isolate them."""
_NEW_NAMESPACES = 0x7E020000
"""The flags of clone(2) that make namespaces."""

_OWNERS = (
    # (number on x86_64, number on aarch64, positions of the arguments that are ids)
    (92, None, (1, 2)),  # chown
    (93, 55, (1, 2)),  # fchown
    (94, None, (1, 2)),  # lchown
    (260, 54, (2, 3)),  # fchownat
    (105, 146, (0,)),  # setuid
    (106, 144, (0,)),  # setgid
    (113, 145, (0, 1)),  # setreuid
    (114, 143, (0, 1)),  # setregid
    (117, 147, (0, 1, 2)),  # setresuid
    (119, 149, (0, 1, 2)),  # setresgid
    (122, 151, (0,)),  # setfsuid
    (123, 152, (0,)),  # setfsgid
)
_SETGROUPS = (116, 159)

_ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_X32 = 0x40000000
_NO_ID = 0xFFFFFFFF

_LOAD = 0x20  # BPF_LD | BPF_W | BPF_ABS
_IF_EQUAL = 0x15  # BPF_JMP | BPF_JEQ | BPF_K
_IF_AT_LEAST = 0x35  # BPF_JMP | BPF_JGE | BPF_K
_IF_ANY_BIT = 0x45  # BPF_JMP | BPF_JSET | BPF_K
_RETURN = 0x06  # BPF_RET | BPF_K
_ALLOW = 0x7FFF0000
_ERRNO = 0x00050000
_NUMBER_AT = 0
_ARCHITECTURE_AT = 4


@functools.cache
def program(
    default_profile: bool,
    capabilities: frozenset[str],
    pretend_owners: bool,
    counted: bool = False,
) -> bytes:
    """Build the filter for `linux.install_seccomp`; empty where there is nothing to filter.

    `capabilities` are the container's: some of them allow calls that are otherwise refused.
    `pretend_owners` is for a process that is root while no other user is mapped. With `counted`,
    memory that cannot be counted is refused. Programs of a foreign architecture get ENOSYS for
    every call, since their calls have other numbers.
    """
    column = _column()
    if column is None or not (default_profile or pretend_owners or counted):
        return b""
    lines = _beginning(column)
    if counted:
        lines += _uncounted(column)
    if default_profile:
        lines += _default_profile(column, capabilities)
    if pretend_owners:
        lines += _pretended_owners(column)
    return b"".join([*lines, _line(_RETURN, _ALLOW)])


def for_sandbox_builder() -> bytes:
    """Build the filter for an unprivileged program that makes a sandbox for untrusted code: the
    default profile except the calls that making a sandbox needs, and no memory that cannot be
    counted."""
    return program(True, frozenset({"CAP_SYS_ADMIN", _A_ROOT}), pretend_owners=False, counted=True)


def _column() -> int | None:
    """The position of this machine's numbers in the tables; None for an unknown machine."""
    machine = os.uname().machine
    return list(_ARCHITECTURES).index(machine) if machine in _ARCHITECTURES else None


def _beginning(column: int) -> list[bytes]:
    """Refuse calls of other architectures and load the number of the call."""
    lines = [
        _line(_LOAD, _ARCHITECTURE_AT),
        _line(_IF_EQUAL, list(_ARCHITECTURES.values())[column], 1, 0),
        _line(_RETURN, _ERRNO | errno.ENOSYS),
        _line(_LOAD, _NUMBER_AT),
    ]
    if column == 0:
        lines += [_line(_IF_AT_LEAST, _X32, 0, 1), _line(_RETURN, _ERRNO | errno.ENOSYS)]
    return lines


def _uncounted(column: int) -> list[bytes]:
    """Answer ENOSYS to the calls of _UNCOUNTED, as a kernel without them: programs handle that. A
    socket's buffers keep their size: a change is success without effect."""
    lines: list[bytes] = []
    for numbers in _UNCOUNTED.values():
        lines += [_line(_IF_EQUAL, numbers[column], 0, 1), _line(_RETURN, _ERRNO | errno.ENOSYS)]
    options = len(_BUFFER_SIZES)
    return [
        *lines,
        _line(_IF_EQUAL, _SETSOCKOPT[column], 0, options + 5),
        _line(_LOAD, _argument(1)),
        _line(_IF_EQUAL, _SOL_SOCKET, 0, options + 1),
        _line(_LOAD, _argument(2)),
        *(_line(_IF_EQUAL, each, options - n, 0) for n, each in enumerate(_BUFFER_SIZES)),
        _line(_RETURN, _ALLOW),
        _line(_RETURN, _ERRNO),
    ]


def _default_profile(column: int, capabilities: frozenset[str]) -> list[bytes]:
    lines: list[bytes] = []
    for x86_64, aarch64, capability in _REFUSED.values():
        number = (x86_64, aarch64)[column]
        if number is not None and capability not in capabilities:
            lines += [_line(_IF_EQUAL, number, 0, 1), _line(_RETURN, _ERRNO | errno.EPERM)]
    lines += [
        _line(_IF_EQUAL, _SOCKET[column], 0, 4),
        _line(_LOAD, _argument(0)),
        _line(_IF_EQUAL, _AF_VSOCK, 0, 1),
        _line(_RETURN, _ERRNO | errno.EPERM),
        _line(_RETURN, _ALLOW),
    ]
    if "CAP_SYS_ADMIN" not in capabilities:
        lines += [
            # A filter cannot read the flags of clone3: with ENOSYS libraries use clone instead.
            _line(_IF_EQUAL, _CLONE3[column], 0, 1),
            _line(_RETURN, _ERRNO | errno.ENOSYS),
            _line(_IF_EQUAL, _CLONE[column], 0, 4),
            _line(_LOAD, _argument(0)),
            _line(_IF_ANY_BIT, _NEW_NAMESPACES, 0, 1),
            _line(_RETURN, _ERRNO | errno.EPERM),
            _line(_RETURN, _ALLOW),
        ]
    return lines


def _pretended_owners(column: int) -> list[bytes]:
    lines = [_line(_IF_EQUAL, _SETGROUPS[column], 0, 1), _line(_RETURN, _ERRNO)]
    for *numbers, ids in _OWNERS:
        number = numbers[column]
        if number is None:
            continue
        body: list[bytes] = []
        for place in ids:  # an id that exists (0) or does not change (-1): check the next one
            body += [
                _line(_LOAD, _argument(place)),
                _line(_IF_EQUAL, 0, 2, 0),
                _line(_IF_EQUAL, _NO_ID, 1, 0),
                _line(_RETURN, _ERRNO),
            ]
        body.append(_line(_RETURN, _ALLOW))
        lines += [_line(_IF_EQUAL, number, 0, len(body)), *body]
    return lines


def _line(code: int, value: int, then: int = 0, otherwise: int = 0) -> bytes:
    return struct.pack("HBBI", code, then, otherwise, value)


def _argument(place: int) -> int:
    """Offset of the low half of an argument (both architectures are little-endian)."""
    return 16 + 8 * place
