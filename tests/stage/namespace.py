# SPDX-License-Identifier: ISC
"""
A mount namespace of our own: what is mounted in it is seen by nobody else, and gone with the last
process in it.  For this process, or for a command that is run in place of it:

    namespace.py COMMAND...

There, "/" is a mount point, which it need not be where we begin: in a plain chroot it is a directory of
somebody else's mount, and mount(8) and unshare(1) cannot say that this one is to be private.  The
namespace's own root can be told so, and is pivoted to that directory.
"""
import ctypes
import errno
import os
import sys

CLONE_NEWNS = 0x00020000
MS_BIND, MS_REC, MS_PRIVATE = 1 << 12, 1 << 14, 1 << 18
MNT_DETACH = 2

libc = ctypes.CDLL(None, use_errno=True)


def call(name, *words):
    """A function of the C library, whose error is ours."""
    if getattr(libc, name)(*words) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")


def keep_to_ourselves():
    call("mount", None, b"/", None, MS_REC | MS_PRIVATE, None)


def pivot_to(directory):
    """What DIRECTORY is open to becomes a mount, and that the root of all there is."""
    # Whoever enters a mount namespace has its root, be it the one that he is in.
    ours = os.pidfd_open(os.getpid())
    call("setns", ours, CLONE_NEWNS)
    os.close(ours)
    keep_to_ourselves()
    os.fchdir(directory)
    path = os.fsencode(os.getcwd())
    call("mount", path, path, None, MS_BIND | MS_REC, None)
    os.chdir(path)
    call("pivot_root", b".", b".")
    call("umount2", b".", MNT_DETACH)


def enter():
    """From here on, for this process and its children.  It has no other threads."""
    here = os.getcwd()
    call("unshare", CLONE_NEWNS)
    try:
        keep_to_ourselves()
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
        root = os.open("/", os.O_PATH | os.O_DIRECTORY)
        pivot_to(root)
        os.close(root)
    os.chdir(here)


if __name__ == "__main__":
    try:
        enter()
    except OSError as failed:
        sys.exit(failed.strerror)
    os.execvp(sys.argv[1], sys.argv[1:])
