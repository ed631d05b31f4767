# SPDX-License-Identifier: ISC
"""Filesystems that are full, read-only or gone, limits of the process, and files that change."""

import contextlib
import itertools
import os
import resource
import shutil
import signal

import downloads
from disks import DISK, Image, Lacking, cannot_mount, remount, small_disk
from peer import NO_SHIM, UMASK, look, put, split_temporaries
from stage import packets
from sweeps import WAYS
from transfer import OLD, OLD_MODE, OLD_TIME, STOPPED

EXT4 = 8 << 20                  # bytes of one that fails
BTRFS = 120 << 20               # bytes of one that compresses
DESCRIPTORS = (*range(5, 13), 16)      # from where it starts at all to where it lacks none
DEEP = 16                       # descriptors, and directories in each other: too many of those
KINDS = ("new", "old")
OUR_WAYS = ("unnamed", "named")


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


def in_short(tree):
    """Without times."""
    return {name: e[1:3] if e[0] == "file" else e for name, e in tree.items()}


def contents(path):
    return in_short(look(path))


def old_file(kind):
    return {"old": (OLD, OLD_MODE)} if kind == "old" else {}


def start_with(path, kind):
    if kind == "old":
        put(os.path.join(path, "old"), OLD, OLD_MODE, OLD_TIME)


# -- full

def fill(path):
    """Takes all the space there is."""
    with open(path, "wb", buffering=0) as f, contextlib.suppress(OSError):
        while True:
            f.write(bytes(4096))


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


BESIDE = "No space left on device beside the old file: remove that first, or use replace auto"


def update_without_inodes(lab, checks):
    """There is room, and no inode for a second file: on ext4, which has as many as it was made with."""
    why = cannot_mount()
    if why is not None:
        checks.skip("all of it", why)
        return
    try:
        for way in ways(lab, checks):
            for word in ("auto", "in-place", "atomic"):
                # A new one each time: it does not give what was just removed to whoever comes next.
                with Image(lab, EXT4, ["mkfs.ext4", "-q", "-N", "16"]) as disk:
                    use_up_inodes(lab, checks, disk.top, way, word)
    except Lacking as e:
        checks.skip("all of it", str(e))


def use_up_inodes(lab, checks, top, way, word):
    """An old file can still be written, and nothing new made, by either protocol."""
    path = os.path.join(top, "served")
    os.mkdir(path)
    put(os.path.join(path, "old"), OLD, OLD_MODE, OLD_TIME)
    with contextlib.suppress(OSError):
        for number in itertools.count():
            os.mkdir(os.path.join(top, f"filler{number}"))
    full, fits = "No space left on device", word != "atomic"
    with lab.server("--serve", "--log=none", f"--replace={word}", f"--root={path}",
                    command="scp -t -r .", fault=WAYS[way]) as server:
        replies = [server.reply(), *give(server, "new", b"x"), server.tell(b"D0755 0 dir\n"),
                   *give(server, "old", b"new content")]
        end = finish(server)
    checks.equal(f"{way}, replace {word}: replies",
                 ["", warning(".", "new", full), warning(".", "dir", full),
                  *(["", ""] if fits else [warning(".", "old", BESIDE)])], replies)
    checks.equal(f"{way}, replace {word}: end", ended(1), end)
    checks.equal(f"{way}, replace {word}: what is there",
                 {"old": (b"new content" if fits else OLD, OLD_MODE)}, contents(path))
    checks.equal(f"{way}, replace {word}, SFTP", (packets.OK, "") if fits else (packets.FAILURE, BESIDE),
                 put_by_sftp(lab, path, f"--replace={word}"))


def put_by_sftp(lab, path, *words):
    """The file "old", whole: code and text of what ends it."""
    session = packets.Session([lab.program, "--serve", "--log=none", *words, f"--root={path}"],
                              env=dict(os.environ, SSH_ORIGINAL_COMMAND="internal-sftp"))
    reply = session.open("old", packets.W | packets.CREAT | packets.TRUNC)
    if reply.handle is not None:
        session.write(reply.handle, 0, b"by SFTP")
        reply = session.close(reply.handle)
    session.end()
    return reply.code, reply.text if reply.code != packets.OK else ""


def update_in_place(lab, checks):
    """There is room for the new file, and not beside the old one."""
    why = cannot_mount()
    if why is not None:
        checks.skip("all of it", why)
        return
    body = body_of(DISK // 8 * 5)[:DISK // 8 * 5]
    for way in ways(lab, checks):
        for word, fits in (("auto", True), ("in-place", True), ("atomic", False)):
            with small_disk(lab) as path:
                put(os.path.join(path, "old"), body[1:], OLD_MODE, OLD_TIME)
                with lab.server("--serve", "--log=none", f"--replace={word}", f"--root={path}",
                                command="scp -t .", fault=WAYS[way]) as server:
                    replies = [server.reply(), *give(server, "old", body)]
                    end = finish(server)
                refusal = ["", warning(".", "old", BESIDE)]
                checks.equal(f"{way}, replace {word}",
                             {"replies": ["", "", ""] if fits else refusal,
                              "tree": {"old": (body if fits else body[1:], OLD_MODE)},
                              **ended(0 if fits else 1)},
                             {"replies": replies, "tree": contents(path), **end})


def compress(lab, checks):
    """What is said to be free is less than what fits."""
    why = cannot_mount()
    if why is not None:
        checks.skip("all of it", why)
        return
    body = b"x" * (BTRFS + (1 << 20))
    try:
        with Image(lab, BTRFS, ["mkfs.btrfs", "-q"], "compress-force=zstd") as disk, \
                lab.server("-t", disk.top) as server:
            replies = [server.reply(), *give(server, "new", body)]
            checks.equal("replies", (["", "", ""], ended(0)), (replies, finish(server)))
            checks.equal("what is there", len(body),
                         os.path.getsize(os.path.join(disk.top, "new")))
    except Lacking as e:
        checks.skip("all of it", str(e))


def keep_free(lab, checks):
    """Several at once, directories, and files of nothing leave what is to stay free."""
    why = cannot_mount()
    if why is not None:
        checks.skip("all of it", why)
        return
    keep = DISK // 2
    words = ("--serve", "--log=none", f"--min-free={keep}")
    reason = "No space left on device"
    for way in ways(lab, checks):
        with small_disk(lab) as path, contextlib.ExitStack() as stack:
            servers = [stack.enter_context(lab.server(*words, f"--root={path}", command="scp -t .",
                                                      fault=WAYS[way])) for _ in range(3)]
            size = keep // 8 * 5
            said = [(s.reply(), s.tell(record(f"f{i}", size))) for i, s in enumerate(servers)]
            checks.equal(f"{way}: who may begin", [("", ""), ("", f"\1scp: ./f1: {reason}\n"),
                                                   ("", f"\1scp: ./f2: {reason}\n")], said)
            checks.equal(f"{way}: the first", "", servers[0].tell(body_of(size)[:size] + b"\0"))
        with small_disk(lab) as path:
            with lab.server(*words, f"--root={path}", command="scp -r -t .",
                            fault=WAYS[way]) as server:
                server.reply()
                fill_up_to(path, keep)
                said = [server.tell(b"D0755 0 dir\n"), server.tell(record("empty", 0))]
                checks.equal(f"{way}: nothing more",
                             [f"\1scp: ./{n}: {reason}\n" for n in ("dir", "empty")], said)
                finish(server)
            checks.equal(f"{way}: what is there", ["filler"], sorted(contents(path)))


def fill_up_to(path, keep):
    """Leaves a little less than KEEP."""
    fs = os.statvfs(path)
    with open(os.path.join(path, "filler"), "wb") as f:
        f.write(bytes(fs.f_bavail * fs.f_frsize - keep + fs.f_frsize))


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


def break_disk(lab, checks):
    """
    It turns read-only in the middle of a body, as one does on which an error is found.  A temporary
    that has a name cannot be removed then; the next upload of that name does it.
    """
    why = cannot_mount()
    if why is not None:
        checks.skip("all of it", why)
        return
    try:
        for way, kind in each_way(lab, checks):
            with Image(lab, EXT4, ["mkfs.ext4", "-q"], "errors=remount-ro") as disk:
                os.rmdir(os.path.join(disk.top, "lost+found"))
                break_disk_of(lab, checks, disk, way, kind)
    except Lacking as e:
        checks.skip("all of it", str(e))


def break_disk_of(lab, checks, disk, way, kind):
    path, start, body = disk.top, f"{way}, {kind} file", body_of(9000)[:9000]
    start_with(path, kind)
    with lab.server("-t", "-r", path, fault=WAYS[way]) as server:
        replies = [server.reply(), server.tell(b"D0755 0 dir\n"), *give(server, "a", body),
                   server.tell(b"E\n"), server.tell(record(kind, len(body)))]
        server.send(body[:100])
        server.settle(greeted=True)
        disk.fail()
        replies += [server.tell(body[100:] + b"\0"), *give(server, "next", body)]
        end = finish(server)
    tree, left = split_temporaries(look(path))
    reason = "Read-only file system"
    arrived = {**old_file(kind), "dir": ("dir", 0o755 & ~UMASK), "dir/a": (body, 0o644 & ~UMASK)}
    checks.equal(start, {
        "replies": [""] * 6 + [warning(path, kind, reason), warning(path, "next", reason)],
        "tree": arrived, "left": 1 if way == "named" else 0, **ended(1),
    }, {"replies": replies, "tree": in_short(tree), "left": len(left), **end})
    disk.again()
    with lab.server("-t", path, fault=WAYS[way]) as server:
        replies = [server.reply(), *give(server, kind, body)]
        end = finish(server)
    mode = OLD_MODE if kind == "old" else 0o644 & ~UMASK
    checks.equal(f"{start}: after a repair",
                 {"replies": ["", "", ""], "tree": {**arrived, kind: (body, mode)}, **ended(0)},
                 {"replies": replies, "tree": contents(path), **end})


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


def remove_directory_at_work(lab, checks):
    """The same, while a file in it arrives."""
    for way in ways(lab, checks):
        with lab.directory() as path, lab.server("-t", "-r", path, fault=WAYS[way]) as server:
            replies = [server.reply(), server.tell(b"D0755 0 dir\n"),
                       server.tell(record("inner", 10))]
            server.send(b"01234")
            server.settle(greeted=True)
            shutil.rmtree(os.path.join(path, "dir"))
            replies += [server.tell(b"56789\0"), server.tell(b"E\n")]
            replies += give(server, "next", b"kept")
            end = finish(server)
            reason = warning(path, "dir/inner", "No such file or directory")
            checks.equal(way, {"replies": ["", "", "", reason, "", "", ""],
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


def send_with_descriptors(lab, checks):
    """The same of downloads: what cannot be opened is warned of, and the rest comes."""
    for limit in DESCRIPTORS:
        with lab.directory() as path:
            os.makedirs(os.path.join(path, "tree/dir"))
            for name in ("tree/file", "tree/dir/inner", "next"):
                put(os.path.join(path, name), b"of " + name.encode(), 0o644, OLD_TIME)
            with lab.server("-r", "-f", os.path.join(path, "tree"), os.path.join(path, "next"),
                            limits=[(resource.RLIMIT_NOFILE, limit)]) as server:
                server.patient = False
                client = downloads.Client(server)
                client.take_all()
                server.close_input()
                status = server.wait()
            came = {name: item[3] for name, item in client.got.items() if item[0] == "file"}
            missing = {"tree/file", "tree/dir/inner", "next"} - set(came)
            what = f"{limit} descriptors"
            checks.equal(f"{what}: what came",
                         {name: b"of " + name.encode() for name in came}, came)
            checks.equal(f"{what}: end",
                         {"whole": True, "status": 1 if missing else 0, "stderr": b""},
                         {"whole": client.whole, "status": status, "stderr": server.said})
            checks.equal(f"{what}: warnings if something is missing, of that kind",
                         (bool(missing), []),
                         (bool(client.warnings), [w for w in client.warnings
                                                  if not w.endswith(": Too many open files\n")]))


def go_down(server, path):
    """Directories in each other until one is refused: how many there are, and the refusal."""
    for depth in range(DEEP):
        reply = server.tell(b"D0755 0 d\n")
        if reply != "":
            return depth, reply
    return DEEP, ""


def sink_deep(lab, checks):
    """What is too deep is refused; what is above it, and what comes later, arrives."""
    for way in ways(lab, checks):
        with lab.directory() as path, \
                lab.server("-t", "-r", path, fault=WAYS[way],
                           limits=[(resource.RLIMIT_NOFILE, DEEP)]) as server:
            server.reply()
            depth, refusal = go_down(server, path)
            ends = [server.tell(b"E\n") for _ in range(depth)]
            given = give(server, "next", b"kept")
            end = finish(server)
            at = "/".join("d" * (depth + 1))
            checks.equal(f"{way}: replies",
                         [warning(path, at, "Too many open files"), [""] * depth, ["", ""]],
                         [refusal, ends, given])
            checks.equal(f"{way}: end", ended(1), end)
            tree = {"/".join("d" * n): ("dir", 0o755 & ~UMASK) for n in range(1, depth + 1)}
            checks.equal(f"{way}: tree", {**tree, "next": (b"kept", 0o644 & ~UMASK)},
                         contents(path))


def source_deep(lab, checks):
    """What is too deep is warned of; the directories above it, and the next file, are sent."""
    with lab.directory() as path:
        for depth in range(1, DEEP + 1):
            os.mkdir(os.path.join(path, *"d" * depth))
            os.chmod(os.path.join(path, *"d" * depth), 0o755)
        put(os.path.join(path, "next"), b"x", 0o644, OLD_TIME)
        with lab.server("-r", "-f", os.path.join(path, "d"), os.path.join(path, "next"),
                        limits=[(resource.RLIMIT_NOFILE, DEEP)]) as server:
            server.send(b"\0")
            lines = []
            while not lines or not lines[-1].startswith("C"):
                lines.append(server.reply() or "C")
                if lines[-1][0] != "\1":
                    server.send(b"\0")
            body = server.receive(2)
            server.send(b"\0")
            end = finish(server)
        depth = sum(line.startswith("D") for line in lines)
        at = "/".join("d" * (depth + 1))
        checks.equal("replies", [*["D0755 0 d\n"] * depth, warning(path, at, "Too many open files"),
                                 *["E\n"] * depth, "C0644 1 next\n"], lines)
        checks.equal("the next file, and the end", (b"x\0", ended(1)), (body, end))


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

SIZE, SMALL = 1 << 20, 1000     # bytes of a file that the kernel moves, and of one that is read
HOLE = (200 << 10, 600 << 10)   # of a sparse one, where its hole begins and ends
FIRST = 0.1                     # of a file, what is read of it before it changes
LEFT = 0.3                      # what is left when it is cut
BLOCK = 4096


def cut_short(path):
    os.truncate(path, int(os.path.getsize(path) * LEFT))


def append(path):
    with open(path, "ab") as f:
        f.write(b"and more")


def replace(path):
    put(path + "~", b"another one", 0o600, 1)
    os.rename(path + "~", path)


CHANGES = {                     # what is done to the file, and whether all of it can still be sent
    "truncated": (cut_short, False),
    "appended to": (append, True),
    "removed": (os.unlink, True),
    "replaced": (replace, True),
}


def write_plain(path):
    put(path, body_of(SIZE)[:SIZE], 0o644, OLD_TIME)


def write_small(path):
    put(path, body_of(SMALL)[:SMALL], 0o644, OLD_TIME)


def write_sparse(path):
    begin, end = HOLE
    body = body_of(SIZE)
    with open(path, "wb") as f:
        f.write(body[:begin])
        f.seek(end)
        f.write(body[:SIZE - end])
    os.chmod(path, 0o644)


SENT = {                        # how the file is made, and when it changes
    "large": (write_plain, ("before its body", "in its body")),
    "small": (write_small, ("before its body",)),
    "sparse": (write_sparse, ("before its body", "in its body")),
}


def read(path):
    with open(path, "rb") as f:
        return f.read()


def change_sent_file(lab, checks, change, kind, when):
    deed, well = CHANGES[change]
    what = f"{kind}, {when}"
    with lab.directory() as directory:
        path = os.path.join(directory, "file")
        SENT[kind][0](path)
        before = read(path)
        put(os.path.join(directory, "next"), b"x", 0o644, OLD_TIME)
        with lab.server("-f", path, os.path.join(directory, "next")) as server:
            got = receive_changing(server, path, len(before), deed, when)
        after = before if well else before[:int(len(before) * LEFT)].ljust(len(before), b"\0")
        sign = "" if well else f"\1scp: {path}: "
        checks.equal(f"{what}: its record", f"C0644 {len(before)} file\n", got["head"])
        checks.equal(f"{what}: its size", len(before), len(got["body"]))
        # What was read before the change, and is still on its way, is as it was.
        was = before if when == "in its body" else after
        checks.equal(f"{what}: its content: where it differs", None,
                     first_difference(was, after, got["body"]))
        checks.equal(f"{what}: its status", sign, (got["status"] or "")[:len(sign) or None])
        checks.equal(f"{what}: the next file", ("C0644 1 next\n", b"x\0"), got["next"])
        checks.equal(f"{what}: exit", ended(0 if well else 1), got["end"])


def receive_changing(server, path, size, deed, when):
    """The file, to which the deed is done, and the next one."""
    server.send(b"\0")
    got = {"head": server.reply()}
    if when == "before its body":
        deed(path)
    server.send(b"\0")
    body = server.receive(int(size * FIRST))
    if when == "in its body":
        # The pipe is full, and there is more to come.
        server.settle(greeted=True)
        deed(path)
    got["body"] = body + server.receive(size - len(body))
    got["status"] = server.reply()
    then = server.tell(b"\0")
    server.send(b"\0")
    got["next"] = (then, server.receive(2))
    server.send(b"\0")
    got["end"] = finish(server)
    return got


def first_difference(was, now, body):
    """Where BODY is neither the one nor the other."""
    for at in range(0, len(body), BLOCK):
        part = body[at:at + BLOCK]
        if part not in (was[at:at + BLOCK], now[at:at + BLOCK]):
            return at
    return None


def change_sent_files(lab, checks, change):
    for kind, (_, times) in SENT.items():
        for when in times:
            change_sent_file(lab, checks, change, kind, when)


def tests():
    return [
        ("a disk fills up", False, on_small_disk, (fill_meanwhile,)),
        ("too large for the disk", False, on_small_disk, (announce_too_much,)),
        ("room for one file, and not for two", False, update_in_place, ()),
        ("no inode for a second file", False, update_without_inodes, ()),
        ("a disk that compresses", False, compress, ()),
        ("what is to stay free", False, keep_free, ()),
        ("a disk turns read-only", False, on_small_disk, (turn_read_only,)),
        ("a disk turns read-only in a body", False, break_disk, ()),
        ("the target is removed", False, remove_target, ()),
        ("a directory is removed", False, remove_directory, ()),
        ("a directory is removed while a file arrives in it", False, remove_directory_at_work, ()),
        ("file size limit", False, limit_size, ()),
        ("few descriptors", False, limit_descriptors, ()),
        ("few descriptors, download", False, send_with_descriptors, ()),
        ("few descriptors and many directories, upload", False, sink_deep, ()),
        ("few descriptors and many directories, download", False, source_deep, ()),
        ("few descriptors and SIGTERM", False, stop_with_descriptors, ()),
    ] + [(f"a file is {change} while it is sent", False, change_sent_files, (change,))
         for change in CHANGES]
