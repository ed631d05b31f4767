# SPDX-License-Identifier: ISC
"""What may be at the name d/x that a client asks about, and what may be allowed."""
import os
import socket

WHOEVER = 65534                 # who asks, where there is a root who can serve somebody else


def give(*paths):
    """To who asks, where we are not him."""
    if os.geteuid() == 0:
        for path in paths:
            os.lchown(path, WHOEVER, WHOEVER)


def put(path, mode=0o644):
    with open(path, "w", encoding="ascii") as file:
        file.write("old")
    os.chmod(path, mode)
    return path


def make(path, mode=0o755):
    os.mkdir(path)
    os.chmod(path, mode)
    return path


def nothing(_d):
    pass


def file(d):
    give(put(f"{d}/x"))


def unwritable(d):
    put(f"{d}/x", 0o444)


def of_somebody_else(d):
    put(f"{d}/x", 0o666)


def unreadable(d):
    give(put(f"{d}/x", 0))


def several_links(d):
    give(put(f"{d}/x"))
    os.link(f"{d}/x", f"{d}/../other")


def directory(d):
    give(make(f"{d}/x"))


def closed_directory(d):
    make(f"{d}/x", 0o700 if os.geteuid() == 0 else 0)


def full_directory(d):
    """A directory where all names that are sent are taken, and by something else each."""
    make(f"{d}/x", 0o777)
    make(f"{d}/x/x", 0o700)
    put(f"{d}/x/y", 0o444)


def fifo(d):
    os.mkfifo(f"{d}/x")
    os.chmod(f"{d}/x", 0o666)


def of_a_socket(d):
    with socket.socket(socket.AF_UNIX) as s:
        here = os.open(d, os.O_PATH)
        s.bind(f"/proc/self/fd/{here}/x")       # A path may be longer than an address.
        os.close(here)


def link_to_file(d):
    give(put(f"{d}/z"))
    os.symlink("z", f"{d}/x")
    give(f"{d}/x")


def link_to_nothing(d):
    os.symlink("nowhere", f"{d}/x")


def link_to_directory(d):
    give(make(f"{d}/z"))
    os.symlink("z", f"{d}/x")


def link_out(d):
    os.symlink("../../outside", f"{d}/x")


def itself(d):
    os.symlink("x", f"{d}/x")


def closed_parent(d):
    give(put(f"{d}/x"))
    os.chmod(d, 0o555)
    if os.geteuid() == 0:
        os.chown(d, 0, 0)


def unsearchable_parent(d):
    closed_parent(d)
    os.chmod(d, 0)


def no_parent(d):
    os.rmdir(d)


def file_parent(d):
    os.rmdir(d)
    give(put(d))


def link_parent(d):
    os.rmdir(d)
    give(make(f"{d}-real"))
    os.symlink(f"{os.path.basename(d)}-real", d)


THINGS = [
    nothing, file, unwritable, of_somebody_else, unreadable, several_links, directory,
    closed_directory, full_directory, fifo, of_a_socket, link_to_file, link_to_nothing,
    link_to_directory, link_out, itself, closed_parent, unsearchable_parent, no_parent, file_parent,
    link_parent,
]

POLICIES = [
    [],
    ["overwrite=no"],
    ["overwrite=backup"],
    ["replace=atomic"],
    ["replace=in-place"],
    ["mkdir=no"],
    ["overwrite=no", "mkdir=no", "max-files=2"],
    ["replace=in-place", "max-files=2", "max-session-bytes=300K", "max-depth=2"],
    ["allow=y", "allow=t"],
    ["allow=x", "deny=t"],
    ["overwrite=no", "min-free=100%"],
    ["symlinks=beneath", "sync=full"],
]


def plant(root, thing):
    """A root with nothing but d, and d/x as THING has it."""
    os.mkdir(root)
    os.chmod(root, 0o755)
    make(f"{root}/d")
    give(root, f"{root}/d")
    thing(f"{root}/d")
