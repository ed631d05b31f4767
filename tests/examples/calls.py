# SPDX-License-Identifier: ISC
"""A session's system calls, and what each needs to be allowed by somebody who goes by paths."""
import os
import re

from stage.report import Failed

TRACED = ("execve", "open", "openat", "openat2", "connect", "mmap", "link", "linkat", "symlinkat",
          "rename", "renameat", "renameat2", "mkdir", "mkdirat", "unlink", "unlinkat", "chmod",
          "fchmod", "fchmodat", "fchown", "fchownat", "truncate", "ftruncate", "flock", "mknodat")
STRACE = ("strace", "-y", "-s", "8192", "-e", "trace=" + ",".join(TRACED))
CALL = re.compile(r"(\w+)\((.*)\) += (-?\d+|\?)(?:<([^>]*)>(?:\(deleted\))?)?")
# A descriptor with what it is open to, and a name below it.
FD = r"(?:AT_FDCWD|-?\d+)<([^>]*)>(?:\(deleted\))?"
BELOW = FD + r', "([^"]*)"'


def clean(path):
    """As the kernel says it of a file without a name."""
    return path.removesuffix(" (deleted)")


def below(directory, name):
    return os.path.normpath(os.path.join(clean(directory), name)) if name else clean(directory)


def opened(arguments, real):
    """A descriptor for the path alone asks nobody."""
    flags = re.search(r"O_\w+(\|O_\w+)*", arguments).group().split("|")
    if "O_PATH" in flags:
        return
    wanted = "r" if "O_RDONLY" in flags else "w" if "O_WRONLY" in flags else "rw"
    if "O_CREAT" in flags or "O_TRUNC" in flags:
        wanted += "w"
    at_directory = "O_DIRECTORY" in flags and "O_TMPFILE" not in flags
    yield clean(real) + ("/" if at_directory and real != "/" else ""), wanted


def mapped(arguments):
    found = re.search(r"PROT_EXEC.*, \d+<([^>]*)>, ", arguments)
    if found:
        yield clean(found.group(1)), "rm"


def connected(arguments):
    found = re.search(r'sun_path="([^"]*)"', arguments)
    if not found:
        raise Failed("a session connects to", "a socket that is a file", arguments)
    yield found.group(1), "w"


def on_descriptor(arguments, wanted):
    yield clean(re.match(FD, arguments).group(1)), wanted


def on_names(arguments, *wanted):
    for found, letters in zip(re.finditer(BELOW, arguments), wanted):
        yield below(*found.groups()), letters


def made_directory(arguments):
    for path, wanted in on_names(arguments, "w"):
        yield path + "/", wanted


KINDS = {
    "mmap": mapped, "connect": connected, "mkdirat": made_directory,
    "fchmod": lambda text: on_descriptor(text, "w"),
    "fchown": lambda text: on_descriptor(text, "w"),
    "ftruncate": lambda text: on_descriptor(text, "w"),
    "flock": lambda text: on_descriptor(text, "k"),
    "fchmodat": lambda text: on_names(text, "w"),
    "fchownat": lambda text: on_names(text, "w"),
    "unlinkat": lambda text: on_names(text, "w"),
    "renameat": lambda text: on_names(text, "rw", "w"),
    "renameat2": lambda text: on_names(text, "rw", "w"),
}


def calls_of(text):
    """(name, arguments, what it was open to) of all that succeeded, but for our own start."""
    lines = text.splitlines()
    found = [match.groups() for match in map(CALL.match, lines) if match]
    if not found or found[0][0] != "execve":
        raise Failed("the trace begins with", "execve", text[:500])
    return [(name, arguments, real) for name, arguments, status, real in found[1:]
            if not status.startswith("-")]


def needs(text):
    """[(path, letters)] and [(name, target)] of new links, that a trace has."""
    wanted, links = [], []
    for name, arguments, real in calls_of(text):
        if name in ("open", "openat", "openat2"):
            wanted += opened(arguments, real)
        elif name == "linkat":
            old, new = re.finditer(BELOW, arguments)
            links.append((below(*new.groups()), below(*old.groups())))
        elif name in KINDS:
            wanted += KINDS[name](arguments)
        else:
            raise Failed("a call of a session", f"one of {[*KINDS]}", f"{name}({arguments})")
    return wanted, links
