# SPDX-License-Identifier: ISC
"""The file system of a case: how it is made, what may happen to it, and what it must be afterwards."""

import os
import shutil
import socket
import stat
import struct
import subprocess
import time

from conformance import facts
from conformance.casefile import FACT

CONTENT_MAX = 16 << 20          # larger files are compared by their size
CANARY = b"canary"              # a tree in which not even the time of a directory may change
TEMPORARY = b".scp-"            # how the names of the server's temporary files begin
PRIVILEGED = ("char", "block", "owner", "tmpfs", "default-acl")        # what not every machine lets us make
NOW = 600                       # seconds that count as "now"
KINDS = {stat.S_IFREG: "file", stat.S_IFDIR: "dir", stat.S_IFLNK: "link", stat.S_IFIFO: "fifo",
         stat.S_IFSOCK: "socket", stat.S_IFCHR: "char", stat.S_IFBLK: "block"}


class Entry:
    """What is known of one name."""

    def __init__(self, path, st):
        self.kind = KINDS[stat.S_IFMT(st.st_mode)]
        self.mode = stat.S_IMODE(st.st_mode)
        self.ino = (st.st_dev, st.st_ino)
        self.owner = (st.st_uid, st.st_gid)
        self.times = (st.st_mtime_ns, st.st_atime_ns)
        self.size = st.st_size
        self.rdev = st.st_rdev
        self.content = None
        if self.kind == "link":
            self.content = os.readlink(path)
        elif self.kind == "file" and st.st_size <= CONTENT_MAX:
            self.content = read_untouched(path, st)

    def __str__(self):
        from conformance.casefile import show
        text = "%s %04o" % (self.kind, self.mode)
        if self.kind == "file":
            text += " size %d" % self.size
        return text if self.content is None else "%s = %s" % (text, show(self.content, 120))


def read_untouched(path, st):
    """Reads a file without leaving an access time, also one whose mode keeps its owner out."""
    flags = os.O_RDONLY
    if os.geteuid() in (0, st.st_uid):
        flags |= os.O_NOATIME
    try:
        fd = os.open(path, flags)
    except PermissionError:
        if os.geteuid() != st.st_uid:
            return None
        os.chmod(path, 0o600)
        fd = os.open(path, flags)
        os.chmod(path, stat.S_IMODE(st.st_mode))
    with os.fdopen(fd, "rb") as f:
        return f.read()


def list_dir(path, entry):
    """The names in a directory, its access time left alone."""
    flags = os.O_RDONLY | os.O_DIRECTORY
    if os.geteuid() in (0, entry.owner[0]):
        flags |= os.O_NOATIME
    fd = os.open(path, flags)
    try:
        return sorted(os.fsencode(name) for name in os.listdir(fd))
    finally:
        os.close(fd)


def look_into(base, rel, found):
    """Adds what is in one directory; one that keeps us out, though it is ours, is opened meanwhile."""
    path = os.path.join(base, rel)
    entry = Entry(path, os.lstat(path))
    closed = entry.mode & 0o500 != 0o500 and os.geteuid() != 0
    if closed:
        os.chmod(path, 0o700)
    for name in list_dir(path, entry):
        inner = os.path.join(path, name)
        found[os.path.join(rel, name)] = Entry(inner, os.lstat(inner))
    dirs = [r for r, e in found.items() if os.path.dirname(r) == rel and e.kind == "dir"]
    return dirs, [(path, entry.mode)] if closed else []


def look(base, closed=()):
    """Everything below BASE by its path, except what is below the CLOSED ones."""
    found, todo, opened = {}, [b""], []
    while todo:
        dirs, more = look_into(base, todo.pop(), found)
        todo += [d for d in dirs if d not in closed]
        opened += more
    for path, mode in reversed(opened):
        os.chmod(path, mode)
    return found


def nanoseconds(text):
    """Decimal seconds, exactly."""
    whole, _, part = text.decode().partition(".")
    return int(whole) * 10**9 + int((part + "0" * 9)[:9])


class Unsupported(Exception):
    """This machine cannot make what the case needs."""


def acl_of(*perms):
    """The kernel's form of an ACL with only owner, group and others in it."""
    tags = (0x01, 0x04, 0x20)
    return struct.pack("<I", 2) + b"".join(
        struct.pack("<HHI", tag, int(perm), 0xffffffff) for tag, perm in zip(tags, perms))


class World:
    """One case's directory.  Paths are bytes, relative to it."""

    def __init__(self, base):
        self.base = os.fsencode(base)
        self.held = []                  # descriptors that keep a FIFO open
        self.readers = {}               # FIFO -> descriptor
        self.running = []
        self.mounts = []
        self.before = {}
        self.closed = set()

    def path(self, rel):
        return os.path.join(self.base, rel)

    def tell(self, data):
        """DATA with what is known of this world in it."""
        return FACT.sub(self.fact, data.replace(b"\\W", self.base))

    def fact(self, match):
        what, _, path = match[1].partition(b" ")
        st = os.lstat(self.path(path))
        return str(facts.FACTS[what.decode()](st)).encode()

    # -- verbs of `have` and `now`

    def dir(self, path, mode, *_, content=None):
        os.makedirs(self.path(path), exist_ok=True)
        os.chmod(self.path(path), int(mode, 8))

    def file(self, path, mode, *_, content=None):
        with open(self.path(path), "wb") as f:
            f.write(content or b"")
        os.chmod(self.path(path), int(mode, 8))

    def link(self, path, content=None):
        os.symlink(content, self.path(path))

    def hard(self, path, old, content=None):
        os.link(self.path(old), self.path(path), follow_symlinks=False)

    def fifo(self, path, mode, content=None):
        os.mkfifo(self.path(path), 0o600)
        os.chmod(self.path(path), int(mode, 8))

    def socket(self, path, content=None):
        # Through the descriptor of the directory: the name of a socket is short, ours may not be.
        where = os.open(os.path.dirname(self.path(path)), os.O_PATH)
        with socket.socket(socket.AF_UNIX) as s:
            s.bind(b"/proc/self/fd/%d/%s" % (where, os.path.basename(path)))
        os.close(where)

    def char(self, path, mode, major, minor, content=None):
        os.mknod(self.path(path), stat.S_IFCHR | 0o600, os.makedev(int(major), int(minor)))
        os.chmod(self.path(path), int(mode, 8))

    def block(self, path, mode, major, minor, content=None):
        os.mknod(self.path(path), stat.S_IFBLK | 0o600, os.makedev(int(major), int(minor)))
        os.chmod(self.path(path), int(mode, 8))

    def times(self, path, mtime, atime, content=None):
        os.utime(self.path(path), ns=(nanoseconds(atime), nanoseconds(mtime)), follow_symlinks=False)

    def owner(self, path, uid, content=None):
        os.chown(self.path(path), int(uid), int(uid), follow_symlinks=False)

    def mode(self, path, mode, content=None):
        os.chmod(self.path(path), int(mode, 8))

    def holes(self, path, size, content=None):
        """A file of that size that ends in CONTENT; the rest of it is a hole."""
        with open(self.path(path), "wb") as f:
            f.truncate(int(size))
            f.seek(int(size) - len(content or b""))
            f.write(content or b"")

    def deep(self, path, name, count, content=None):
        """Directories within directories, the last with the file "leaf"."""
        at = os.open(self.path(path), os.O_RDONLY)
        for _ in range(int(count)):
            os.mkdir(name, 0o755, dir_fd=at)
            inner = os.open(name, os.O_RDONLY, dir_fd=at)
            os.close(at)
            at = inner
        leaf = os.open("leaf", os.O_CREAT | os.O_WRONLY, 0o644, dir_fd=at)
        os.write(leaf, b"x")
        os.close(leaf)
        os.close(at)

    def default_acl(self, path, owner, group, others, content=None):
        os.setxattr(self.path(path), "system.posix_acl_default", acl_of(owner, group, others))

    def tmpfs(self, path, options, content=None):
        os.makedirs(self.path(path), exist_ok=True)
        subprocess.check_call(["mount", "-t", "tmpfs", "-o", options, "tmpfs", self.path(path)])
        self.mounts.append(self.path(path))

    def program(self, path, content=None):
        """A program, while it runs."""
        shutil.copy(b"/bin/sleep", self.path(path))
        os.chmod(self.path(path), 0o755)
        self.running.append(subprocess.Popen([self.path(path), "60"]))

    def reader(self, path, content=None):
        self.readers[path] = os.open(self.path(path), os.O_RDONLY | os.O_NONBLOCK)

    def writer(self, path, content=None):
        self.held.append(os.open(self.path(path), os.O_RDWR | os.O_NONBLOCK))

    # -- verbs of `now` alone

    def gone(self, path, content=None):
        os.unlink(self.path(path))

    def removed(self, path, content=None):
        shutil.rmtree(self.path(path))

    def moved(self, path, new, content=None):
        os.rename(self.path(path), self.path(new))

    def append(self, path, content=None):
        with open(self.path(path), "ab") as f:
            f.write(content)

    def truncate(self, path, size, content=None):
        os.truncate(self.path(path), int(size))

    def act(self, verb, args, content):
        try:
            getattr(self, verb.replace("-", "_"))(*args, content=content)
        except (OSError, subprocess.CalledProcessError) as e:
            if verb in PRIVILEGED:
                raise Unsupported("no %s here" % verb) from e
            raise

    # -- what it must be afterwards

    def remember(self, closed):
        """The tree before; what is below the CLOSED directories is left out, here and later."""
        self.closed = closed
        self.before = look(self.base, closed)

    def compare(self, then):
        """The faults of the tree: what THEN names must be so, and all else as it was before."""
        after = look(self.base, self.closed)
        faults, named = [], set()
        for verb, args, content in then:
            if verb == "read":
                faults += self.check_read(args[0], content)
                continue
            if verb != "nested":
                named.add(args[0])
            if verb != "ignored":
                faults += self.check(verb, args, content, after)
        for path in sorted(set(self.before) | set(after)):
            if path not in named:
                faults += unchanged(path, self.before.get(path), after.get(path))
        return faults

    def check_canary(self):
        """Of a session of which nothing is known: nothing outside was touched, nothing left behind."""
        after = look(self.base)
        faults = []
        for path in sorted(set(self.before) | set(after)):
            if is_canary(path):
                faults += unchanged(path, self.before.get(path), after.get(path))
            elif b"/" not in path and path != b"d":
                faults.append("%r: outside the target" % path)
            elif os.path.basename(path).startswith(TEMPORARY):
                faults.append("%r: left behind" % path)
        return faults

    def check(self, verb, args, content, after=None):
        """The faults of one name."""
        if verb == "nested":
            return self.check_nested(*args)
        path, *flags = args
        if after is None:
            after = {path: Entry(self.path(path), os.lstat(self.path(path)))} \
                if os.path.lexists(self.path(path)) else {}
        entry, old = after.get(path), self.before.get(path)
        name = os.fsdecode(path)
        if verb == "gone":
            return [] if entry is None else ["%s: should not be there: %s" % (name, entry)]
        if entry is None:
            return ["%s: missing" % name]
        faults = []
        if entry.kind != verb:
            faults.append("kind is %s, not %s" % (entry.kind, verb))
        for flag in flags:
            faults += check_flag(flag.decode(), entry, old)
        if content is not None and entry.content != content:
            faults.append("content differs")
        return ["%s: %s (is: %s)" % (name, f, entry) for f in faults]

    def check_read(self, fifo, content):
        got = os.read(self.readers[fifo], 1 << 16)
        return [] if got == content else ["%r: its reader got %r" % (fifo, got)]

    def check_nested(self, path, name, count):
        """PATH/NAME/NAME/... that many times, with nothing else beside or below."""
        at = os.open(self.path(path), os.O_RDONLY)
        depth = 0
        while os.listdir(at) == [os.fsdecode(name)]:
            inner = os.open(name, os.O_RDONLY | os.O_NOFOLLOW, dir_fd=at)
            os.close(at)
            at = inner
            depth += 1
        rest = os.listdir(at)
        os.close(at)
        if depth == int(count) and not rest:
            return []
        return ["%r: %d nested, then %r" % (path, depth, rest)]

    def close(self):
        for fd in self.held + list(self.readers.values()):
            os.close(fd)
        for program in self.running:
            program.kill()
            program.wait()
        for path in self.mounts:
            subprocess.call(["umount", "-l", path])


def check_flag(flag, entry, old):
    """One word behind a path: a mode, or one of the words that `run` explains."""
    if flag[0] in "01234567":
        return [] if entry.mode == int(flag, 8) else ["mode is %04o, not %s" % (entry.mode, flag)]
    if flag.startswith("times="):
        return check_times(flag[len("times="):], entry)
    if flag == "replaced":
        return [] if old is not None and entry.ino != old.ino else ["not replaced"]
    if flag == "kept":
        return [] if old is not None and entry.ino == old.ino else ["not the same inode"]
    if flag == "new":
        return [] if old is None else ["there was one before"]
    return ["no such word: %s" % flag]


def check_times(wanted, entry):
    if wanted == "now":
        late = [t for t in entry.times if abs(t - time.time_ns()) > NOW * 10**9]
        return ["times are not now: %d %d" % entry.times] if late else []
    want = tuple(nanoseconds(t.encode()) for t in wanted.split(","))
    return [] if entry.times == want else ["times are %d %d" % entry.times]


def is_canary(path):
    return path.split(b"/")[0] == CANARY


def unchanged(path, old, new):
    name = os.fsdecode(path)
    if old is None:
        return ["%s: unexpected: %s" % (name, new)]
    if new is None:
        return ["%s: lost; was %s" % (name, old)]
    # The time of a directory changes with what is in it, and that is compared by itself.
    facts = ["kind", "mode", "ino", "owner", "rdev", "size", "content"]
    if old.kind == "dir":
        facts.remove("size")
    faults = [f for f in facts if getattr(old, f) != getattr(new, f)]
    if (old.kind == "file" or is_canary(path)) and old.times[0] != new.times[0]:
        faults.append("mtime")
    return ["%s: %s changed (was %s, is %s)" % (name, ", ".join(faults), old, new)] if faults else []
