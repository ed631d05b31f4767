# SPDX-License-Identifier: ISC
"""Filesystems that are full, read-only or gone, limits of the process, and files that change."""

import contextlib
import ctypes
import os
import resource
import shutil
import signal
import subprocess

from peer import NO_SHIM, UMASK, look, put, split_temporaries
from sweeps import WAYS
from transfer import OLD, OLD_MODE, OLD_TIME, STOPPED

CLONE_NEWNS = 0x20000
DISK = 1 << 20                  # bytes of the small filesystem
DESCRIPTORS = range(5, 13)     # from where it starts at all to where it lacks none
KINDS = ("new", "old")
OUR_WAYS = ("unnamed", "named")


# -- a small filesystem, seen by this process and its children alone

def cannot_mount():
    """Why not, or None: then this process is in a mount namespace of its own."""
    if os.geteuid() != 0:
        return "only root can mount a filesystem"
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNS) == -1:
        return "no mount namespace: " + os.strerror(ctypes.get_errno())
    done = subprocess.run(["mount", "--make-rprivate", "/"], capture_output=True, text=True)
    return None if done.returncode == 0 else done.stderr.strip()


@contextlib.contextmanager
def small_disk(lab):
    with lab.directory() as path:
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK},mode=755", "none", path],
                       check=True)
        try:
            yield path
        finally:
            subprocess.run(["umount", "-l", path], check=True)


def remount(path, how):
    """Whether it could be done: not while a file is open for writing."""
    done = subprocess.run(["mount", "-o", f"remount,{how}", path], capture_output=True)
    return done.returncode == 0


def fill(path):
    """Takes all the space there is."""
    with open(path, "wb", buffering=0) as f, contextlib.suppress(OSError):
        while True:
            f.write(bytes(4096))


# -- what the tests have in common

def ways(lab, checks):
    for way in OUR_WAYS:
        if WAYS[way] and lab.shim is None:
            checks.skip(way, NO_SHIM)
        else:
            yield way


def each_way(lab, checks):
    return [(way, kind) for way in ways(lab, checks) for kind in KINDS]


def record(name, size):
    return b"C0644 %d %s\n" % (size, name.encode())


def give(server, name, body):
    """Sends a file and awaits every reply; returns them."""
    replies = [server.tell(record(name, len(body)))]
    if replies[0] == "":
        replies.append(server.tell(body + b"\0"))
    return replies


def body_of(size):
    return bytes(i * 7 % 251 for i in range(251)) * (size // 251 + 1)


def warning(path, name, reason):
    return f"\1scp: {os.path.join(path, name)}: {reason}\n"


def finish(server):
    server.close_input()
    status = server.wait()
    return {"status": status, "more": server.replies, "stderr": server.said}


def ended(status):
    return {"status": status, "more": b"", "stderr": b""}


def contents(path):
    return {name: e[1:3] if e[0] == "file" else e for name, e in look(path).items()}


def old_file(kind):
    return {"old": (OLD, OLD_MODE)} if kind == "old" else {}


def start_with(path, kind):
    if kind == "old":
        put(os.path.join(path, "old"), OLD, OLD_MODE, OLD_TIME)


# -- full

def fill_meanwhile(lab, checks, path, way, kind):
    """It fits when it is announced; then another process takes the room."""
    big, small = body_of(DISK // 2)[:DISK // 2], body_of(DISK // 8)[:DISK // 8]
    with lab.server("-t", path, fault=WAYS[way]) as server:
        replies = [server.reply(), server.tell(record(kind, len(big)))]
        server.send(big[:len(big) // 2])
        server.settle(greeted=True)
        fill(os.path.join(path, "filler"))
        replies.append(server.tell(big[len(big) // 2:] + b"\0"))
        # What was dropped has made room again.
        replies += give(server, "next", small)
        end = finish(server)
    os.unlink(os.path.join(path, "filler"))
    checks.equal(f"{way}, {kind} file",
                 {"replies": ["", "", warning(path, kind, "No space left on device"), "", ""],
                  "tree": {**old_file(kind), "next": (small, 0o644 & ~UMASK)}, **ended(1)},
                 {"replies": replies, "tree": contents(path), **end})


def announce_too_much(lab, checks, path, way, kind):
    """Refused before a byte is sent; a client that does not wait gets its next file through."""
    small = body_of(1000)[:1000]
    refusal = warning(path, kind, "No space left on device")
    tree = {**old_file(kind), "next": (small, 0o644 & ~UMASK)}
    with lab.server("-t", path, fault=WAYS[way]) as server:
        replies = [server.reply(), server.tell(record(kind, 2 * DISK))]
        replies += give(server, "next", small)
        checks.equal(f"{way}, {kind} file",
                     {"replies": ["", refusal, "", ""], "tree": tree, **ended(1)},
                     {"replies": replies, **finish(server), "tree": contents(path)})
    os.unlink(os.path.join(path, "next"))
    with lab.server("-t", path, fault=WAYS[way]) as server:
        server.send(record(kind, 2 * DISK) + bytes(2 * DISK) + b"\0" +
                    record("next", len(small)) + small + b"\0")
        server.close_input()
        status = server.wait()
        checks.equal(f"{way}, {kind} file, of a client that is ahead",
                     {"status": 1, "replies": b"\0" + refusal.encode() + b"\0\0", "tree": tree},
                     {"status": status, "replies": server.replies, "tree": contents(path)})


def on_small_disk(lab, checks, deed):
    why = cannot_mount()
    if why is not None:
        checks.skip("all of it", why)
        return
    for way, kind in each_way(lab, checks):
        with small_disk(lab) as path:
            start_with(path, kind)
            deed(lab, checks, path, way, kind)


# -- read-only

def turn_read_only(lab, checks, path, way, kind):
    """Between two files of an unfinished directory; the kernel lets nobody do it in one."""
    body = body_of(9000)[:9000]
    start = f"{way}, {kind} file"
    with lab.server("-t", "-r", "-p", path, fault=WAYS[way]) as server:
        replies = [server.reply(), server.tell(b"D0500 0 dir\n"),
                   server.tell(record("a", len(body)))]
        server.send(body[:100])
        server.settle(greeted=True)
        checks.equal(f"{start}: in the middle of a body", False, remount(path, "ro"))
        replies.append(server.tell(body[100:] + b"\0"))
        checks.equal(f"{start}: between two", True, remount(path, "ro"))
        replies += give(server, "b", body) + [server.tell(b"E\n")] + give(server, kind, body)
        end = finish(server)
    reason = "Read-only file system"
    checks.equal(start, {
        "replies": ["", "", "", "", warning(path, "dir/b", reason),
                    warning(path, "dir", "set mode: " + reason), warning(path, kind, reason)],
        "tree": {**old_file(kind), "dir": ("dir", 0o700), "dir/a": (body, 0o644)}, **ended(1),
    }, {"replies": replies, "tree": contents(path), **end})


# -- gone

def remove_target(lab, checks):
    for way in ways(lab, checks):
        with lab.directory() as parent:
            path = os.path.join(parent, "target")
            os.mkdir(path)
            with lab.server("-t", path, fault=WAYS[way]) as server:
                replies = [server.reply(), server.tell(record("file", 10))]
                server.send(b"01234")
                server.settle(greeted=True)
                shutil.rmtree(path)
                replies.append(server.tell(b"56789\0"))
                end = finish(server)
            reason = warning(path, "file", "No such file or directory")
            checks.equal(way, {"replies": ["", "", reason], "tree": {}, **ended(1)},
                         {"replies": replies, "tree": contents(parent), **end})


def remove_directory(lab, checks):
    """One below the target: what comes after it still arrives."""
    for way in ways(lab, checks):
        with lab.directory() as path, lab.server("-t", "-r", path, fault=WAYS[way]) as server:
            replies = [server.reply(), server.tell(b"D0755 0 dir\n")]
            os.rmdir(os.path.join(path, "dir"))
            replies += give(server, "inner", b"lost") + [server.tell(b"E\n")]
            replies += give(server, "next", b"kept")
            end = finish(server)
            reason = warning(path, "dir/inner", "No such file or directory")
            checks.equal(way, {"replies": ["", "", reason, "", "", ""],
                               "tree": {"next": (b"kept", 0o644 & ~UMASK)}, **ended(1)},
                         {"replies": replies, "tree": contents(path), **end})


# -- limits of the process

def limit_size(lab, checks):
    small = body_of(1000)[:1000]
    for way, kind in each_way(lab, checks):
        with lab.directory() as path, lab.server("-t", path, fault=WAYS[way]) as server:
            start_with(path, kind)
            replies = [server.reply()]
            resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (4096, 4096))
            replies += give(server, kind, body_of(100000)[:100000]) + give(server, "next", small)
            end = finish(server)
            checks.equal(f"{way}, {kind} file",
                         {"replies": ["", "", warning(path, kind, "File too large"), "", ""],
                          "tree": {**old_file(kind), "next": (small, 0o644 & ~UMASK)}, **ended(1)},
                         {"replies": replies, "tree": contents(path), **end})


def limit_descriptors(lab, checks):
    """Each thing arrives, or is refused for that reason, and the session goes on."""
    for way in ways(lab, checks):
        for limit in DESCRIPTORS:
            arrive_with_descriptors(lab, checks, way, limit)


def arrive_with_descriptors(lab, checks, way, limit):
    clear = "Too many open files"
    what = f"{way}, {limit} descriptors"
    with lab.directory() as path:
        start_with(path, "old")
        with lab.server("-t", "-r", path, fault=WAYS[way],
                        limits=[(resource.RLIMIT_NOFILE, limit)]) as server:
            checks.equal(f"{what}: greeting", "", server.reply())
            told = {name: give(server, name, b"new of " + name.encode()) for name in KINDS}
            told["dir"] = [server.tell(b"D0755 0 dir\n")]
            if told["dir"] == [""]:
                told["dir/in"] = give(server, "in", b"new of dir/in") + [server.tell(b"E\n")]
            end = finish(server)
        refused = {name for name, replies in told.items() if any(replies)}
        arrived = [name for name in told if name not in refused]
        # Where the target itself cannot be opened, that is what is named.
        for name in refused:
            checks.among(f"{what}: refusal",
                         [warning(path, name, clear), f"\1scp: {path}: {clear}\n"],
                         "".join(map(str, told[name])))
        checks.equal(f"{what}: end", ended(1 if refused else 0), end)
        tree = {name: e[0] for name, e in contents(path).items() if e[0] != "dir"}
        expected = {name: b"new of " + name.encode() for name in arrived if name != "dir"}
        checks.equal(f"{what}: tree", {"old": OLD, **expected}, tree)


def stop_with_descriptors(lab, checks):
    """Being told to stop takes no descriptor that may not be there."""
    for way, kind in each_way(lab, checks):
        for limit in DESCRIPTORS:
            what = f"{way}, {kind} file, {limit} descriptors"
            with lab.directory() as path:
                start_with(path, kind)
                with lab.server("-t", path, fault=WAYS[way],
                                limits=[(resource.RLIMIT_NOFILE, limit)]) as server:
                    server.reply()
                    server.send(record(kind, 10) + b"01234")
                    server.settle(greeted=True)
                    server.kill(signal.SIGTERM)
                    status = server.wait()
                checks.among(f"{what}: exit", STOPPED[signal.SIGTERM], status)
                checks.equal(f"{what}: tree", old_file(kind), contents(path))


# -- a file that changes while it is sent

SENT = body_of(1 << 20)[:1 << 20]
CUT, EARLY = 300000, 100000     # bytes: what a file is cut to, and what was read of it before


def cut_short(path):
    os.truncate(path, CUT)


def append(path):
    with open(path, "ab") as f:
        f.write(b"and more")


def replace(path):
    put(path + "~", b"another one", 0o600, 1)
    os.rename(path + "~", path)


CHANGES = {                     # what is done to the file, and what comes then
    "truncated": (cut_short, SENT[:CUT] + bytes(len(SENT) - CUT), False),
    "appended to": (append, SENT, True),
    "removed": (os.unlink, SENT, True),
    "replaced": (replace, SENT, True),
}


def change_sent_file(lab, checks, change, when):
    deed, expected, well = CHANGES[change]
    with lab.directory() as directory:
        path = os.path.join(directory, "file")
        put(path, SENT, 0o644, OLD_TIME)
        put(os.path.join(directory, "next"), b"x", 0o644, OLD_TIME)
        with lab.server("-f", path, os.path.join(directory, "next")) as server:
            server.send(b"\0")
            head = server.reply()
            if when == "before its body":
                deed(path)
            server.send(b"\0")
            body = server.receive(EARLY)
            if when == "in its body":
                # The pipe is full, and there is more to come.
                server.settle(greeted=True)
                deed(path)
            body += server.receive(len(SENT) - EARLY)
            status = server.reply()
            then = server.tell(b"\0")
            server.send(b"\0")
            last = server.receive(2)
            server.send(b"\0")
            server.close_input()
            end = server.wait()
        checks.equal("its record", f"C0644 {len(SENT)} file\n", head)
        checks.equal("its size", len(SENT), len(body))
        checks.equal("its content: where it differs", None, first_difference(expected, body))
        sign = "" if well else f"\1scp: {path}: "
        checks.equal("its status", sign, (status or "")[:None if well else len(sign)])
        checks.equal("the next file", ("C0644 1 next\n", b"x\0"), (then, last))
        checks.equal("exit", (0 if well else 1, b""), (end, server.said))


def first_difference(a, b):
    if a == b:
        return None
    return next((i for i, (x, y) in enumerate(zip(a, b)) if x != y), min(len(a), len(b)))


def change_sent_files(lab, checks, change):
    for when in ("before its body", "in its body"):
        change_sent_file(lab, checks, change, when)


def tests():
    return [
        ("a disk fills up", False, on_small_disk, (fill_meanwhile,)),
        ("too large for the disk", False, on_small_disk, (announce_too_much,)),
        ("a disk turns read-only", False, on_small_disk, (turn_read_only,)),
        ("the target is removed", False, remove_target, ()),
        ("a directory is removed", False, remove_directory, ()),
        ("file size limit", False, limit_size, ()),
        ("few descriptors", False, limit_descriptors, ()),
        ("few descriptors and SIGTERM", False, stop_with_descriptors, ()),
    ] + [(f"a file is {change} while it is sent", False, change_sent_files, (change,))
         for change in CHANGES]
