# SPDX-License-Identifier: ISC
"""Over plain pipes, without ssh: sizes, memory, and what one can see while a transfer goes on."""
import contextlib
import fcntl
import itertools
import os
import shutil
import subprocess
import threading
import time

from stage import process, suite, trees
from stage.report import Skipped, holds, same

PATIENCE = 120                  # seconds after which a session is ended
ENTRIES = 100_000 if suite.is_long() else 20_000
LONG_NAME = b"x" * 150          # who keeps them is seen
LEVELS = 500
LEVEL_NAME = b"a level of many"  # together longer than any path may be
MEMORY = 1024                   # kB that a large session may take more than a small one
GIB = 1 << 30
FREE = 10 * GIB                 # bytes on the disk without which 4 GiB are not written
PIPE = 1 << 20
CHUNK = 1 << 20


class Peer:
    """The program under test, and a client of it that keeps to the letter."""

    def __init__(self, scp, *args, cwd):
        self.child = subprocess.Popen([scp, *args], cwd=cwd, start_new_session=True, bufsize=PIPE,
                                      stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                      stderr=subprocess.PIPE)
        for stream in (self.child.stdin, self.child.stdout):
            with contextlib.suppress(OSError):
                fcntl.fcntl(stream, fcntl.F_SETPIPE_SZ, PIPE)
        self.guard = threading.Timer(PATIENCE, process.end_group, (self.child,))
        self.guard.start()
        with process.lock:
            process.running.add(self.child)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.guard.cancel()
        process.end_group(self.child)
        with process.lock:
            process.running.discard(self.child)
        for stream in (self.child.stdin, self.child.stdout, self.child.stderr):
            with contextlib.suppress(OSError):
                stream.close()
        self.child.wait()

    def send(self, data):
        self.child.stdin.write(data)
        self.child.stdin.flush()

    def send_beside(self, pieces):
        """Sends PIECES while we read."""
        def send_all():
            # Whoever reads says what went wrong.
            with contextlib.suppress(OSError, ValueError):
                for piece in pieces:
                    self.child.stdin.write(piece)
                self.child.stdin.flush()
        thread = threading.Thread(target=send_all)
        thread.start()
        return thread

    def take(self, n):
        return self.child.stdout.read(n)

    def acks(self, n):
        same(f"{n} replies", bytes(n), self.take(n))

    def line(self):
        return self.child.stdout.readline()

    def end(self):
        """Ends the session: what the program wrote to its standard error."""
        self.child.stdin.close()
        same("the rest of its standard output", b"", self.child.stdout.read())
        err = self.child.stderr.read().decode()
        same("exit status", 0, self.child.wait(), err)
        return err

    def proc(self, name):
        with open(f"/proc/{self.child.pid}/{name}", "rb") as file:
            return file.read().decode(errors="replace")

    def peak(self):
        """kB.  What wait4(2) tells includes what the process was before it became this program."""
        return next(int(line.split()[1]) for line in self.proc("status").splitlines()
                    if line.startswith("VmHWM:"))


def file_record(name, content, mode=0o644):
    return b"C%04o %d %s\n" % (mode, len(content), name) + content + b"\0"


def file_of(number):
    return b"entry %06d %s" % (number, LONG_NAME), b"content of %d\n" % number


def peak_of_sink(scp, top, pieces, replies):
    with Peer(scp, "-r", "-t", ".", cwd=top) as peer:
        thread = peer.send_beside(pieces)
        peer.acks(1 + replies)
        thread.join()
        peak = peer.peak()
        same("standard error", "", peer.end())
    return peak


def read_entries(peer):
    """All that a source sends, up to the E at the top: (records, {path of names: content})."""
    path, records, files = [], 0, {}
    while True:
        line = peer.line()
        records += 1
        kind, rest = line[:1], line[1:-1]
        if kind == b"D":
            path.append(rest.split(b" ", 2)[2])
        elif kind == b"C":
            _, size, name = rest.split(b" ", 2)
            files[(*path, name)] = peer.take(int(size))
            same("status after a body", b"\0", peer.take(1))
        elif kind == b"E":
            path.pop()
        else:
            same("a record", "C, D or E", line)
        if not path:
            return records, files


def peak_of_source(scp, top, name, files, dirs):
    """A reply may be sent before it is asked for; the last one is kept back."""
    replies = 1 + 2 * files + 2 * dirs
    with Peer(scp, "-r", "-f", name, cwd=top) as peer:
        thread = peer.send_beside([bytes(replies - 1)])
        records, found = read_entries(peer)
        thread.join()
        peak = peer.peak()
        peer.send(b"\0")
        same("standard error", "", peer.end())
    same("records", files + 2 * dirs, records)
    return peak, found


def small_sink(scp, top):
    os.mkdir(f"{top}/small-sink")
    return peak_of_sink(scp, f"{top}/small-sink", [file_record(b"one", b"small\n")], 2)


def small_source(scp, top):
    os.makedirs(f"{top}/small-source/dir")
    with open(f"{top}/small-source/dir/one", "wb") as file:
        file.write(b"small\n")
    peak, _ = peak_of_source(scp, f"{top}/small-source", "dir", 1, 1)
    return peak


def compare_memory(small, large):
    if not os.environ.get("SAN"):
        holds(f"peak memory of {large} kB is at most {MEMORY} kB above {small} kB",
              large <= small + MEMORY, large)


def sink_entries(scp, top):
    small = small_sink(scp, top)
    os.mkdir(f"{top}/sink")
    pieces = itertools.chain(
        [b"D0755 0 dir\n"], (file_record(*file_of(n)) for n in range(ENTRIES)), [b"E\n"])
    large = peak_of_sink(scp, f"{top}/sink", pieces, 2 * ENTRIES + 2)
    found = {}
    with os.scandir(f"{top}/sink/dir".encode()) as entries:
        for entry in entries:
            with open(entry.path, "rb") as file:
                found[entry.name] = file.read()
    holds("all entries are there, with their content",
          found == dict(map(file_of, range(ENTRIES))), f"{len(found)} entries")
    compare_memory(small, large)


def source_entries(scp, top):
    small = small_source(scp, top)
    os.makedirs(f"{top}/source/dir")
    for n in range(ENTRIES):
        name, content = file_of(n)
        with open(f"{top}/source/dir/".encode() + name, "wb", buffering=0) as file:
            file.write(content)
    large, found = peak_of_source(scp, f"{top}/source", "dir", ENTRIES, 1)
    wanted = {(b"dir", name): content for name, content in map(file_of, range(ENTRIES))}
    holds("all entries were sent, with their content", found == wanted, f"{len(found)} entries")
    compare_memory(small, large)


def level_content(level):
    return b"at level %d\n" % level


def walk_levels(top, do):
    """Calls DO(descriptor, level) for the directory of every level below TOP."""
    fd = os.open(top, os.O_RDONLY | os.O_DIRECTORY)
    for level in range(LEVELS):
        below = os.open(LEVEL_NAME, os.O_RDONLY | os.O_DIRECTORY, dir_fd=fd)
        os.close(fd)
        fd = below
        do(fd, level)
    os.close(fd)


def read_at(fd, name):
    with open(os.open(name, os.O_RDONLY, dir_fd=fd), "rb") as file:
        return file.read()


def sink_levels(scp, top):
    small = small_sink(scp, top)
    os.mkdir(f"{top}/sink")
    pieces = [b"D0755 0 %s\n" % LEVEL_NAME + file_record(b"file", level_content(level))
              for level in range(LEVELS)] + [b"E\n"] * LEVELS
    large = peak_of_sink(scp, f"{top}/sink", pieces, 4 * LEVELS)
    walk_levels(f"{top}/sink", lambda fd, level: same(
        f"content at level {level}", level_content(level), read_at(fd, b"file")))
    compare_memory(small, large)


def make_level(fd, level):
    file = os.open(b"file", os.O_WRONLY | os.O_CREAT, 0o644, dir_fd=fd)
    os.write(file, level_content(level))
    os.close(file)
    if level + 1 < LEVELS:
        os.mkdir(LEVEL_NAME, dir_fd=fd)


def source_levels(scp, top):
    small = small_source(scp, top)
    os.makedirs(f"{top}/source/{LEVEL_NAME.decode()}")
    walk_levels(f"{top}/source", make_level)
    large, found = peak_of_source(scp, f"{top}/source", LEVEL_NAME.decode(), LEVELS, LEVELS)
    wanted = {(LEVEL_NAME,) * (level + 1) + (b"file",): level_content(level)
              for level in range(LEVELS)}
    holds("all files were sent, with their content", found == wanted, f"{len(found)} files")
    compare_memory(small, large)


def source_4_gib(scp, top):
    """A sparse file takes no room; it is read to the last byte."""
    size = 4 * GIB + 3
    with open(f"{top}/sparse", "wb") as file:
        file.truncate(size)
        file.seek(size - 3)
        file.write(b"end")
    os.chmod(f"{top}/sparse", 0o644)
    zeros, buffer = bytes(CHUNK), bytearray(CHUNK)
    with Peer(scp, "-f", "sparse", cwd=top) as peer:
        peer.send(b"\0")
        same("record", b"C0644 %d sparse\n" % size, peer.line())
        peer.send(b"\0")
        for _ in range(size // CHUNK):
            same("bytes read", CHUNK, peer.child.stdout.readinto(buffer))
            holds("they are zero", buffer == zeros, "something else")
        same("end of the body, and status", b"end\0", peer.take(4))
        peer.send(b"\0")
        same("standard error", "", peer.end())


def sink_4_gib_of_a_device(scp, top):
    """It is counted as for a file, and takes no room."""
    receive_4_gib(scp, top, "/dev/null")


def sink_4_gib(scp, top):
    free = shutil.disk_usage(top).free
    if free < FREE:
        raise Skipped(f"less than {FREE // GIB} GiB are free in {top}: {free / GIB:.1f} GiB")
    same("size", receive_4_gib(scp, top, "zeros"), os.path.getsize(f"{top}/zeros"))
    os.unlink(f"{top}/zeros")


def receive_4_gib(scp, top, target):
    """How much it was."""
    size = 4 * GIB + 1
    with Peer(scp, "-t", target, cwd=top) as peer:
        peer.acks(1)
        peer.send(b"C0644 %d any\n" % size)
        peer.acks(1)
        zeros = bytes(CHUNK)
        for _ in range(size // CHUNK):
            peer.send(zeros)
        peer.send(bytes(size % CHUNK + 1))
        peer.acks(1)
        same("standard error", "", peer.end())
    return size


TITLE_PATIENCE = 60             # seconds for a title to change
HELD = 32 * CHUNK               # bytes of a body that is held in the middle


def wait_for_title(peer, *words):
    end = time.monotonic() + TITLE_PATIENCE
    title = ""
    while time.monotonic() < end:
        title = peer.proc("cmdline").replace("\0", " ")
        percent = [word for word in title.split() if word.endswith("%")]
        if all(word in title for word in words) and percent and 0 < int(percent[0][:-1]) < 100:
            return
        time.sleep(0.02)
    same("process title", " ".join(words) + " and a percentage", title)


def title_of_sink(scp, top):
    path = f"{top}/a long upload"
    with Peer(scp, "-t", path, cwd=top) as peer:
        peer.acks(1)
        peer.send(b"C0644 %d any\n" % HELD)
        peer.acks(1)
        peer.send(bytes(HELD // 2))
        wait_for_title(peer, "receiving", path)
        peer.send(bytes(HELD // 2 + 1))
        peer.acks(1)
        peer.end()
    same("size", HELD, os.path.getsize(path))


def title_of_source(scp, top):
    path = f"{top}/a long download"
    with open(path, "wb") as file:
        file.truncate(HELD)
    with Peer(scp, "-f", path, cwd=top) as peer:
        peer.send(b"\0\0")
        same("record", b"C0644 %d a long download\n" % HELD, peer.line())
        same("first half", HELD // 2, len(peer.take(HELD // 2)))
        wait_for_title(peer, "sending", path)
        same("second half and status", HELD // 2 + 1, len(peer.take(HELD // 2 + 1)))
        peer.send(b"\0")
        peer.end()


HOSTILE_NAME = b"\x1b[2J\x07bell\xc2\x9b\x7f"
RECORDS = 5                     # of a directory and a file in it, with times


def check_words(err, verbose):
    if not verbose:
        same("standard error", "", err)
        return
    same("lines, one for each record", RECORDS, err.count("\n"), err)
    holds("there are no control bytes",
          all(c.isprintable() for c in err.replace("\n", "")), repr(err))
    for word in ("T1000000000", "D0755", "C0644", "bell", "\\033[2J\\007"):
        holds(f"{word} is there", word in err, err)


def words_of_sink(scp, top, verbose):
    with Peer(scp, *["-v"] * verbose, "-rpt", ".", cwd=top) as peer:
        peer.acks(1)
        times = b"T1000000000 0 1000000000 0\n"
        peer.send(times + b"D0755 0 dir\n" + times + file_record(HOSTILE_NAME, b"x") + b"E\n")
        peer.acks(RECORDS + 1)
        check_words(peer.end(), verbose)


def words_of_source(scp, top, verbose):
    trees.build(f"{top}/dir", [])
    path = f"{top}/dir/".encode() + HOSTILE_NAME
    with open(path, "wb") as file:
        file.write(b"x")
    os.chmod(path, 0o644)
    for each in (path, f"{top}/dir"):
        os.utime(each, (trees.FIRST_TIME, trees.FIRST_TIME))
    with Peer(scp, *["-v"] * verbose, "-rpf", "dir", cwd=top) as peer:
        peer.send(bytes(RECORDS + 2))
        times = b"T1000000000 0 1000000000 0\n"
        same("records", times + b"D0755 0 dir\n" + times + file_record(HOSTILE_NAME, b"x") + b"E\n",
             peer.child.stdout.read())
        check_words(peer.end(), verbose)


LIMIT = 800                     # kbit/s
LIMITED = 60 * 1024             # bytes: 0.6 seconds' worth
LIMIT_LEAST = 0.4               # seconds; no upper bound, machines may be slow


def limit_of_sink(scp, top):
    with Peer(scp, "-l", str(LIMIT), "-t", "limited", cwd=top) as peer:
        peer.acks(1)
        start = time.monotonic()
        peer.send(file_record(b"any", bytes(LIMITED)))
        peer.acks(2)
        took = time.monotonic() - start
        peer.end()
    holds(f"it took at least {LIMIT_LEAST} s", took >= LIMIT_LEAST, took)


def limit_of_source(scp, top):
    with open(f"{top}/limited", "wb") as file:
        file.write(bytes(LIMITED))
    with Peer(scp, "-l", str(LIMIT), "-f", "limited", cwd=top) as peer:
        start = time.monotonic()
        peer.send(bytes(3))
        peer.line()
        same("body and status", LIMITED + 1, len(peer.take(LIMITED + 1)))
        took = time.monotonic() - start
        peer.end()
    holds(f"it took at least {LIMIT_LEAST} s", took >= LIMIT_LEAST, took)


MUCH = [
    (f"{ENTRIES:,} entries received", sink_entries),
    (f"{ENTRIES:,} entries sent", source_entries),
    ("more than 4 GiB sent", source_4_gib),
    ("more than 4 GiB received", sink_4_gib if suite.is_long() else sink_4_gib_of_a_device),
]
CHECKS = [
    ("500 levels received", sink_levels),
    ("500 levels sent", source_levels),
    ("process title of an upload", title_of_sink),
    ("process title of a download", title_of_source),
    ("words about an upload", words_of_sink, True),
    ("words about a download", words_of_source, True),
    ("no words about an upload", words_of_sink, False),
    ("no words about a download", words_of_source, False),
    ("limited upload", limit_of_sink),
    ("limited download", limit_of_source),
]


def check_sizes(report, world, few):
    def over_pipes(check, *args):
        with world.place() as place:
            check(f"{world.base}/bin/scp", place.local, *args)

    start = time.monotonic()
    for name, check, *args in CHECKS if few else MUCH + CHECKS:
        report.run(f"pipes: {name}", over_pipes, check, *args)
    report.group("pipes", start)
