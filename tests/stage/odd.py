#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""
A filesystem that is odd in chosen ways, by FUSE: what it has is in a directory elsewhere.

    odd.py DIRECTORY MOUNTPOINT [fold] [numbered] [CALL=ERRNO...]

With "fold" case does not count, and what has a longer name has a short one besides, as vfat has it;
"numbered": directories say which inodes their entries are.  CALL is "link", or "replace": a rename to a name that is taken; ERRNO what it fails with.
"""
import contextlib
import errno
import os
import subprocess
import sys
import time

PATIENCE = 30                   # seconds until it is mounted
STEM, ENDING = 6, 3             # characters of a long name that its short one has


class Missing(Exception):
    """The text says what there is none of here."""


def short_of(name):
    """The second name of what is called NAME: "" where it has none."""
    hidden, name = name.startswith("."), name.lstrip(".")
    stem, dot, ending = name.rpartition(".")
    stem, ending = (stem, ending) if dot else (name, "")
    if not hidden and len(stem) <= STEM + 2 and len(ending) <= ENDING and not set(". ") & set(stem):
        return ""
    stem = "".join(c for c in stem if c.isalnum())[:STEM]
    return f"{stem}~1{'.' if ending else ''}{ending[:ENDING]}".upper()


def found_as(name, entries):
    """The entry that NAME, which is none itself, finds: or NAME."""
    for entry in entries:
        if name.casefold() in (entry.casefold(), short_of(entry).casefold()):
            return entry
    return name


def operations(base):
    """Made late: whoever only mounts it needs no library."""

    class Odd(base):
        def __init__(self, top, words):
            self.top, self.folds, self.numbered = top, "fold" in words, "numbered" in words
            self.failures = {call: int(number) for call, _, number
                             in (word.partition("=") for word in words) if number}

        def real(self, path):
            at = self.top
            for name in path.strip("/").split("/"):
                if self.folds and name and not os.path.lexists(f"{at}/{name}"):
                    with contextlib.suppress(OSError):
                        name = found_as(name, os.listdir(at))
                at = f"{at}/{name}" if name else at
            return at

        def fail(self, call):
            if call in self.failures:
                raise OSError(self.failures[call], os.strerror(self.failures[call]))

        def getattr(self, path, fh=None):
            st = os.lstat(self.real(path))
            return {key: getattr(st, key) for key in dir(st)
                    if key in ("st_mode", "st_ino", "st_nlink", "st_uid", "st_gid", "st_size",
                               "st_blocks", "st_atime", "st_mtime", "st_ctime")}

        def readdir(self, path, fh):
            names, at = [".", ".."], self.real(path)
            for name in os.listdir(at):
                number = os.lstat(f"{at}/{name}").st_ino
                names.append((name, {"st_ino": number}, 0) if self.numbered else name)
            return names

        def statfs(self, path):
            fs = os.statvfs(self.real(path))
            return {key: getattr(fs, key) for key in dir(fs) if key.startswith("f_")
                    and key not in ("f_fsid",)}

        def create(self, path, mode, fi=None):
            return os.open(self.real(path), os.O_RDWR | os.O_CREAT | os.O_EXCL, mode)

        def open(self, path, flags):
            return os.open(self.real(path), flags & ~os.O_NOFOLLOW)

        def read(self, path, size, offset, fh):
            return os.pread(fh, size, offset)

        def write(self, path, data, offset, fh):
            return os.pwrite(fh, data, offset)

        def truncate(self, path, length, fh=None):
            os.truncate(self.real(path), length)

        def release(self, path, fh):
            os.close(fh)

        def chmod(self, path, mode):
            os.chmod(self.real(path), mode & 0o7777)

        def chown(self, path, uid, gid):
            os.chown(self.real(path), uid, gid)

        def utimens(self, path, times=None):
            os.utime(self.real(path), times)

        def mkdir(self, path, mode):
            os.mkdir(self.real(path), mode)

        def rmdir(self, path):
            os.rmdir(self.real(path))

        def unlink(self, path):
            os.unlink(self.real(path))

        def rename(self, old, new):
            if os.path.lexists(self.real(new)):
                self.fail("replace")
            os.rename(self.real(old), self.real(new))

        def link(self, target, source):
            self.fail("link")
            os.link(self.real(source), self.real(target))

    return Odd


def serve(top, mountpoint, *words):
    import fusepy
    os.umask(0)
    fusepy.FUSE(operations(fusepy.Operations)(top, words), mountpoint, foreground=True, nothreads=True, use_ino=True, allow_other=True,
                default_permissions=True, attr_timeout=0, entry_timeout=0)


def why_not():
    if not os.path.exists("/dev/fuse"):
        return "there is no /dev/fuse"
    if os.geteuid() != 0:
        return "only root can mount a filesystem"
    try:
        import fusepy
    except (ImportError, OSError) as error:
        return f"no fusepy: {error}"
    return None if fusepy else "no fusepy"


@contextlib.contextmanager
def mounted(top, mountpoint, *words):
    """For as long as it lasts, in a mount namespace that is ours."""
    why = why_not()
    if why is not None:
        raise Missing(why)
    with subprocess.Popen([sys.executable, os.path.abspath(__file__), top, mountpoint, *words],
                          stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE) as server:
        try:
            deadline = time.monotonic() + PATIENCE
            while not os.path.ismount(mountpoint):
                if server.poll() is not None or time.monotonic() > deadline:
                    server.kill()
                    raise Missing(f"FUSE: {server.stderr.read().decode().strip()[-300:]}")
                time.sleep(0.005)
            yield mountpoint
        finally:
            subprocess.run(["umount", "-l", mountpoint], check=False, capture_output=True)
            server.terminate()


if __name__ == "__main__":
    serve(*sys.argv[1:])
