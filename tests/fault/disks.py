# SPDX-License-Identifier: ISC
"""Small filesystems, seen by this process and its children alone."""

import contextlib
import os
import subprocess

from stage import namespace

DISK = 1 << 20                  # bytes of a small one


class Lacking(Exception):
    """The text says what there is none of here."""


def must(*argv):
    try:
        done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    except FileNotFoundError:
        raise Lacking(f"there is no {argv[0]}") from None
    if done.returncode != 0:
        raise Lacking(f"{' '.join(argv[:2])}: {(done.stderr or done.stdout).strip()}")


def cannot_mount():
    """Why not, or None: then this process is in a mount namespace of its own."""
    if os.geteuid() != 0:
        return "only root can mount a filesystem"
    try:
        namespace.enter()
    except OSError as error:
        return f"no mount namespace: {error.strerror}"
    return None


@contextlib.contextmanager
def small_disk(lab, more="mode=755", size=DISK):
    """None where the kernel does not know the options."""
    with lab.directory() as path:
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size},{more}", "none", path],
                              capture_output=True, text=True)
        try:
            yield path if done.returncode == 0 else None
        finally:
            if done.returncode == 0:
                subprocess.run(["umount", "-l", path], check=True)


def remount(path, how):
    """Whether it could be done: not while a file is open for writing."""
    done = subprocess.run(["mount", "-o", f"remount,{how}", path], capture_output=True)
    return done.returncode == 0


class Image:
    """A filesystem in a sparse file of SIZE bytes, which MKFS makes; itself a context."""

    def __init__(self, lab, size, mkfs, options="defaults"):
        self.lab, self.size, self.mkfs, self.options = lab, size, mkfs, options
        self.top = self.file = None
        self.stack = contextlib.ExitStack()

    def __enter__(self):
        with contextlib.ExitStack() as stack:
            # In memory: what is flushed is not to wait for a disk.
            base = stack.enter_context(small_disk(self.lab, size=self.size))
            self.top, self.file = f"{base}/top", f"{base}/image"
            os.mkdir(self.top)
            with open(self.file, "wb") as f:
                f.truncate(self.size)
            must(*self.mkfs, self.file)
            self.mount()
            stack.callback(self.unmount)
            self.stack = stack.pop_all()
        return self

    def __exit__(self, *_):
        self.stack.close()

    def mount(self):
        must("mount", "-o", f"loop,{self.options}", self.file, self.top)

    def unmount(self):
        subprocess.run(["umount", self.top], check=True)

    def again(self):
        """After this, nothing is there by being in memory alone."""
        self.unmount()
        self.mount()

    def fail(self):
        """Has ext4 find an error, at which it does what the options say: what is there remains."""
        must("sync", "-f", self.top)
        device = os.stat(self.top).st_dev
        name = os.path.basename(os.path.realpath(
            f"/sys/dev/block/{os.major(device)}:{os.minor(device)}"))
        try:
            with open(f"/sys/fs/ext4/{name}/trigger_fs_error", "w") as f:
                f.write("a test")
        except OSError as e:
            raise Lacking(f"ext4 finds no error on demand: {e}") from None
