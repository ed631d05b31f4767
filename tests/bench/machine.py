# SPDX-License-Identifier: ISC
"""What the figures depend on, and the files on it."""
import datetime
import os
import platform
import subprocess
import tempfile

CHUNK = 1 << 20


def output(argv):
    return subprocess.run(argv, check=True, text=True, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT).stdout.strip()


def processor():
    with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as file:
        for line in file:
            if line.startswith("model name"):
                return " ".join(line.partition(":")[2].split())
    return platform.machine()


def describe(where):
    """One line."""
    kind = output(["df", "--output=fstype", where]).split()[-1]
    openssh = output(["ssh", "-V"]).split(",")[0]
    return (f"Linux {platform.release()}, {processor()}, {os.cpu_count()} CPUs, {kind}, {openssh}, "
            f"{datetime.date.today()}")


def loaded_size(program):
    """Bytes of code and data, whatever else is in the file."""
    return sum(map(int, output(["size", program]).splitlines()[-1].split()[:2]))


def stripped_size(program, place):
    """Bytes of the file once it has no symbols and nothing for a debugger."""
    path = f"{place}/stripped"
    output(["strip", "-o", path, program])
    return os.path.getsize(path)


def settle(path):
    """Nothing of this filesystem remains to be written while something is measured."""
    subprocess.run(["sync", "-f", path], check=True)


def remove(path):
    """A tree of any depth."""
    subprocess.run(["rm", "-rf", "--", path], check=False)


def make_empty(path):
    """
    A directory with nothing in it.  What was there is put aside, and removed when all is over: a
    filesystem may have more to do for a new file where it has just lost others.
    """
    if os.path.exists(path):
        os.rename(path, tempfile.mkdtemp(prefix="old-", dir=os.path.dirname(path)))
    os.mkdir(path)
    settle(path)


def make_file(path, size):
    """Data, no holes; in the page cache and on the disk."""
    chunk = os.urandom(CHUNK)
    with open(path, "wb", buffering=0) as file:
        while size > 0:
            size -= file.write(chunk[:size])
        os.fsync(file.fileno())


def make_files(path, count, size):
    """COUNT files in a new directory."""
    os.mkdir(path)
    fd = os.open(path, os.O_PATH)
    try:
        fill(fd, 0, count, b"x" * size)
    finally:
        os.close(fd)
    settle(path)


def fill(fd, first, count, content):
    for number in range(first, first + count):
        file = os.open(f"f{number:06}", os.O_WRONLY | os.O_CREAT, 0o644, dir_fd=fd)
        os.write(file, content)
        os.close(file)


def make_deep(path, levels, count, size):
    """LEVELS directories in a new directory, one in another, and COUNT files evenly in them."""
    os.mkdir(path)
    fd = os.open(path, os.O_PATH)
    for level in range(levels):
        os.mkdir("d", dir_fd=fd)
        below = os.open("d", os.O_PATH, dir_fd=fd)
        os.close(fd)
        fd = below
        fill(fd, level * count, count // levels, b"x" * size)
    os.close(fd)
    settle(path)
