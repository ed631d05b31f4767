# SPDX-License-Identifier: ISC
"""
Runs a command that sees one directory in place of another, and needs no privilege for that:

    shown.py DIRECTORY INSTEAD-OF COMMAND...
"""
import ctypes
import os
import sys

MS_BIND = 4096
CLONE_NEWNS, CLONE_NEWUSER = 0x00020000, 0x10000000


def see_other_keys(directory, instead_of):
    """Runs in the child: where DIRECTORY is seen at INSTEAD_OF, by this process alone."""
    libc = ctypes.CDLL(None, use_errno=True)
    uid, gid = os.getuid(), os.getgid()
    if libc.unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    for name, text in (("setgroups", "deny"), ("uid_map", f"{uid} {uid} 1"),
                       ("gid_map", f"{gid} {gid} 1")):
        with open(f"/proc/self/{name}", "w", encoding="ascii") as file:
            file.write(text)
    if libc.mount(directory.encode(), instead_of.encode(), None, MS_BIND, None) != 0:
        raise OSError(ctypes.get_errno(), "mount")


if __name__ == "__main__":
    see_other_keys(sys.argv[1], sys.argv[2])
    os.execv(sys.argv[3], sys.argv[3:])
