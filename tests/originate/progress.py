# SPDX-License-Identifier: ISC
"""
What is shown of a copy while it goes on: on a terminal, which is one here, and to programs.  The other side
is a script that stops in the middle until it is told to go on, so that whatever is to be seen then can be
waited for, however long that takes.
"""
import contextlib
import fcntl
import json
import os
import re
import select
import signal
import struct
import subprocess
import termios
import threading
import time
import unicodedata

from accounts import run_at_once
from stage import process, sshd
from stage.report import Failed, holds, same

PATIENCE = 60                   # seconds for something to be seen that shall
TICKS = 1.2                     # seconds in which two lines would be drawn
SIZE, FIRST = 1000000, 250000   # bytes of a file, and how many of them come at first
COLUMNS = 80

# Plays one half of scp: sends AT_FILES, or takes what comes, and stops within the body of the last one
# until AT_GO can be opened and ends.
PEER = """\
#!/usr/bin/python3
import os, sys
SIZE, FIRST = {size}, {first}
def get(n):
    got = b""
    while len(got) < n:
        piece = os.read(0, n - len(got))
        if not piece:
            sys.exit(3)
        got += piece
    return got
def put(text):
    while text:
        text = text[os.write(1, text):]
def hold():
    with open(os.environ["AT_HERE"], "w"):
        pass
    with open(os.environ["AT_GO"], "rb") as go:
        go.read()
def line():
    got = b""
    while not got.endswith(b"\\n"):
        piece = os.read(0, 1)
        if not piece:
            sys.exit(0)
        got += piece
    return got
def send(name, last):
    if name.startswith("!"):
        put(b"\\1" + name[1:].encode() + b"\\n")
        return
    if name.endswith("/") or name == "E":
        put(b"E\\n" if name == "E" else b"D0755 0 " + os.fsencode(name[:-1]) + b"\\n")
        get(1)
        return
    put(b"C0644 %d " % SIZE + os.fsencode(name) + b"\\n")
    get(1)
    put(b"x" * FIRST)
    if last:
        hold()
        if "AT_ERROR" in os.environ:
            os.write(2, os.environ["AT_ERROR"].encode())
            hold()
    put(b"x" * (SIZE - FIRST) + b"\\0")
    get(1)
def source():
    get(1)
    files = os.environ["AT_FILES"].split(",")
    held = [name for name in files if not name.startswith("!") and name != "E"][-1]
    for name in files:
        send(name, name == held)
def sink():
    put(b"\\0")
    while True:
        record = line()
        if record[:1] == b"C":
            size = int(record.split()[1])
            put(b"\\0")
            get(min(FIRST, size))
            if os.path.basename(os.environ["AT_FILES"]).encode() + b"\\n" == record.split(b" ", 2)[2]:
                hold()
            get(size - min(FIRST, size) + 1)
        put(b"\\0")
def copy():
    hold()
(source if " -f " in sys.argv[-1] else sink if " -t " in sys.argv[-1] else copy)()
"""


# -- A terminal.

def width_of(character):
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


class Screen:
    """What somebody sees who has COLUMNS, and the lines that were drawn, each whole."""

    def __init__(self, columns):
        self.columns, self.rows, self.column = columns, [{}], 0
        self.drawn = []         # of what was written between two CRs
        self.line = ""
        self.wrapped = self.raw = False

    def feed(self, text):
        for character in text:
            self.take(character)

    def take(self, character):
        if character == "\r":
            self.end_line()
            self.column = 0
        elif character == "\n":
            self.end_line()
            self.rows.append({})
        elif character < " " or "\x7f" <= character < "\xa0":
            self.raw = True
        else:
            self.put(character)

    def end_line(self):
        if self.line:
            self.drawn.append(self.line)
        self.line = ""

    def put(self, character):
        width = width_of(character)
        self.line += character
        self.wrapped = self.wrapped or self.column + width >= self.columns
        for at in range(width):
            self.rows[-1][self.column + at] = "" if at else character
        self.column += width

    def text(self):
        """Its rows, without blanks at their ends."""
        shown = []
        for row in self.rows:
            end = max(row, default=-1) + 1
            shown.append("".join(row.get(at, " ") for at in range(end)).rstrip())
        return shown


class Terminal:
    """The program at a terminal of its own, in a session of its own, and what the terminal shows."""

    def __init__(self, argv, env, columns=COLUMNS, errors=None):
        self.leader, follower = os.openpty()
        self.screen, self.bytes = Screen(columns), b""
        self.resize(columns)
        self.child = subprocess.Popen(
            argv, env=env, start_new_session=True, stdin=follower, stdout=follower,
            stderr=follower if errors is None else errors,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        os.close(follower)
        with process.lock:
            process.running.add(self.child)

    def resize(self, columns):
        fcntl.ioctl(self.leader, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        self.screen.columns = columns

    def read(self, patience):
        """Whether something came, or it ended."""
        if not select.select([self.leader], [], [], patience)[0]:
            return False
        try:
            got = os.read(self.leader, 65536)
        except OSError:         # EIO: nobody has it any more.
            got = b""
        self.bytes += got
        self.screen.feed(got.decode(errors="replace"))
        return bool(got)

    def until(self, what, condition):
        end = time.monotonic() + PATIENCE
        while not condition():
            if not self.read(0.1) and time.monotonic() > end:
                raise Failed(what, "that", self.screen.text())

    def see(self, pattern):
        """Waits until a line is drawn that PATTERN matches, and returns it."""
        found = []

        def is_there():
            found[:] = [line for line in self.screen.drawn if re.search(pattern, line)]
            return bool(found)
        self.until(f"a line with {pattern!r}", is_there)
        return found[-1]

    def finish(self):
        """Its status, once all was read."""
        while self.read(PATIENCE):
            pass
        return self.child.wait(PATIENCE)

    def close(self):
        process.end_group(self.child)
        self.child.wait()
        with process.lock:
            process.running.discard(self.child)
        os.close(self.leader)


class Stage:
    def __init__(self, out, base):
        self.scp, self.base = f"{out}/scp", base
        self.count, self.lock = 0, threading.Lock()
        self.reach = sshd.write_text(f"{base}/reach", PEER.format(size=SIZE, first=FIRST), 0o755)
        # The other half is our own program, which stops nowhere.
        self.host = sshd.write_text(f"{base}/host", "#!/bin/sh\nfor command; do :; done\n"
                                    f"PATH={out}:$PATH exec sh -c \"$command\"\n", 0o755)
        # One that does what a check says.  No check writes a program: whoever is just being started may have that open.
        self.told = sshd.write_text(f"{base}/told", "#!/bin/sh\neval \"$AT_LINES\"\n", 0o755)

    def place(self):
        with self.lock:
            self.count += 1
            path = f"{self.base}/{self.count}"
        os.mkdir(path)
        return Place(self, path)


class Place:
    """What one check has: a directory, and a peer that waits there."""

    def __init__(self, stage, path):
        self.stage, self.path = stage, path
        self.go, self.here = f"{path}/go", f"{path}/here"
        self.to = f"{path}/to"
        os.mkdir(self.to)
        os.mkfifo(self.go)

    def env(self, files="file", **more):
        return {"PATH": "/usr/bin:/bin", "AT_GO": self.go, "AT_HERE": self.here, "AT_FILES": files,
                "LC_ALL": "C.UTF-8", **more}

    def argv(self, *words):
        return [self.stage.scp, "-S", self.stage.reach, *words]

    def write(self, name, size=SIZE):
        path = f"{self.path}/{name}"
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(b"x" * size)
        return path

    def release(self):
        """Lets it go on, once it waits."""
        def is_met():
            try:
                os.close(os.open(self.go, os.O_WRONLY | os.O_NONBLOCK))
                return True
            except OSError:     # ENXIO: nobody waits yet.
                return False
        until("the other side in the middle of it", is_met)


@contextlib.contextmanager
def shown(place, *words, files="file", **how):
    env = place.env(files, **how.pop("env", {}))
    terminal = Terminal(how.pop("argv", None) or place.argv(*words), env, **how)
    try:
        yield terminal
    finally:
        terminal.close()


def one_file(place, terminal):
    """It comes to its end, and the terminal has its last line."""
    place.release()
    same("status", 0, terminal.finish(), terminal.screen.text())
    holds("no control byte", not terminal.screen.raw, terminal.bytes)


# -- A line a file.

def a_file(stage):
    place = stage.place()
    with shown(place, "host:file", place.to) as terminal:
        line = terminal.see("25%")
        same("what is shown meanwhile", "244KB", re.search(r"25% +(\S+) ", line).group(1))
        one_file(place, terminal)
        rows = terminal.screen.text()
        holds("the last line of the file", re.fullmatch(
            rf"{place.to}/file +100% +977KB +\S+B/s +\d\d:\d\d".replace(
                place.to, r"\S*"), rows[0]), rows)
        same("and nothing else", [""], rows[1:])


def wide(stage, columns):
    place = stage.place()
    with shown(place, "host:file", place.to, columns=columns) as terminal:
        wanted = min(columns, 500) - 1
        if wanted:
            terminal.until("a line", lambda: terminal.screen.drawn)
        one_file(place, terminal)
        holds("no line is wrapped", not terminal.screen.wrapped, terminal.screen.text())
        same("columns of each", {wanted} if wanted else set(),
             {len(line) for line in terminal.screen.drawn})


def resized(stage):
    place = stage.place()
    with shown(place, "host:file", place.to, columns=100) as terminal:
        terminal.until("a line", lambda: terminal.screen.drawn)
        terminal.resize(50)
        terminal.until("a shorter one", lambda: len(terminal.screen.drawn[-1]) == 49)
        terminal.resize(120)
        terminal.until("a longer one", lambda: len(terminal.screen.drawn[-1]) == 119)
        one_file(place, terminal)


def stalled(stage):
    place = stage.place()
    with shown(place, "host:file", place.to) as terminal:
        terminal.see(r"25% .* - stalled -$")
        one_file(place, terminal)
        holds("it is over", "100%" in terminal.screen.text()[0], terminal.screen.text())


def sent(stage):
    """An upload; the other side takes no more than a part of it before it waits."""
    place = stage.place()
    path = place.write("file", 4 << 20)
    with shown(place, path, "host:") as terminal:
        terminal.see(r" [1-9]?\d% .* - stalled -$")
        one_file(place, terminal)
        holds("it is over", "100%  4.0MB" in terminal.screen.text()[0], terminal.screen.text())


def several(stage):
    place = stage.place()
    paths = [place.write(f"file{n}", n) for n in range(1, 8)]
    with shown(place, argv=[stage.scp, "-S", stage.host, *paths, f"host:{place.to}"]) as terminal:
        same("status", 0, terminal.finish())
        rows = terminal.screen.text()
        same("a line each", [f"{n}B" for n in range(1, 8)] + [""],
             [re.search(r"100% +(\S+) ", row).group(1) if row else "" for row in rows])


def in_another_locale(stage, locale, wanted):
    place = stage.place()
    path = place.write("b\u00e4r\u65e5\u672c")
    argv = [stage.scp, "-S", stage.host, path, f"host:{place.to}"]
    with shown(place, argv=argv, env={"LC_ALL": locale}) as terminal:
        same("status", 0, terminal.finish())
        holds(f"{wanted} is shown", wanted in terminal.screen.text()[0],
              terminal.screen.text())


# What a host writes to standard error, a record, and a message; the latter two are shown as they come, too.
SAYS = r"""
printf 'b\303\244r\n' >&2
printf 'C0644 1 b\303\244r\nx\0'
head -c 3 >/dev/null
printf '\001scp: b\303\244r\n'
"""


def said_in_another_locale(stage, locale, times):
    """Where the terminal is not known to show more, nothing beyond ASCII comes to it."""
    place = stage.place()
    argv = [stage.scp, "-v", "-S", stage.told, "host:x", place.to]
    with shown(place, argv=argv, env={"LC_ALL": locale, "AT_LINES": SAYS}) as terminal:
        same("status", 1, terminal.finish(), terminal.screen.text())
        shows = {"b\u00e4r": terminal.bytes.count("b\u00e4r".encode()), "escaped": terminal.bytes.count(rb"b\303\244r"),
                 "other bytes": sum(byte >= 0x80 for byte in terminal.bytes.replace("b\u00e4r".encode(), b""))}
        same("how it is shown", times, shows, terminal.bytes)


# -- One for all.

def tree(place):
    for name, size in (("a", 10), ("sub/b", 2000), ("sub/deep/c", 300000)):
        place.write(f"tree/{name}", size)
    return f"{place.path}/tree", 302010


def total(stage):
    place = stage.place()
    path, _size = tree(place)
    with shown(place, "-r", path, "host:", files="c") as terminal:
        line = terminal.see(r" of 295KB ")
        holds("all of it is known", re.search(r"\d+% +\d+KB of 295KB .* files?$|ETA$|- stalled -$", line),
              line)
        one_file(place, terminal)
        rows = terminal.screen.text()
        holds("the sum alone is left", re.fullmatch(
            r"3 files, 3 directories, 294\.9 KB in \d+:\d\d, \S+ .?B/s", rows[0]), rows)
        same("and nothing else", [""], rows[1:])


def without_excluded(stage):
    place = stage.place()
    path, _size = tree(place)
    place.write("tree/sub/d.o", SIZE)
    with shown(place, "-r", "--exclude=*.o", path, "host:", files="c") as terminal:
        terminal.see(r" of 295KB ")
        one_file(place, terminal)


def unknown(stage):
    """A download's total nobody knows."""
    place = stage.place()
    with shown(place, "-r", "host:tree", place.to, files="tree/,one,two,E") as terminal:
        line = terminal.see(r"1 file$")
        holds("no total", "%" not in line and " of " not in line and "ETA" not in line, line)
        one_file(place, terminal)
        holds("the sum", terminal.screen.text()[0].startswith("2 files, 1 directory, 1.9 MB in "),
              terminal.screen.text())


def hostile_name(stage):
    place = stage.place()
    with shown(place, "-r", "host:tree", place.to, files="tree/,\33[2Jx\u202e,E", columns=120) as terminal:
        terminal.see(r"\\033\[2Jx\\342\\200\\256 ")
        one_file(place, terminal)


# -- Nobody to see it.

def background(stage):
    """What is begun in the background draws nothing; once it comes to the foreground it does."""
    place = stage.place()
    script = '"$@" & read go <"$AT_PATH/front"; fg >/dev/null'
    os.mkfifo(f"{place.path}/front")
    argv = ["bash", "-mc", script, "bash", *place.argv("host:file", place.to)]
    with shown(place, argv=argv, env={"AT_PATH": place.path}) as terminal:
        terminal.until("the middle of the file", lambda: os.path.exists(place.here))
        end = time.monotonic() + TICKS
        while time.monotonic() < end:
            terminal.read(0.1)
        same("what is drawn in the background", b"", terminal.bytes)
        with open(f"{place.path}/front", "w", encoding="ascii") as front:
            front.write("go\n")
        terminal.see("25%")
        one_file(place, terminal)


def put_aside(stage):
    """What is stopped and goes on in the background draws no more, until it comes back."""
    place = stage.place()
    script = '"$@"; bg; read go <"$AT_PATH/front"; fg >/dev/null'
    os.mkfifo(f"{place.path}/front")
    argv = ["bash", "-mc", script, "bash", *place.argv("host:file", place.to)]
    with shown(place, argv=argv, env={"AT_PATH": place.path}) as terminal:
        terminal.see("25%")
        os.write(terminal.leader, b"\x1a")
        terminal.until("it goes on, put aside", lambda: re.search(rb"\]\+ .*&\r\n$", terminal.bytes))
        before, end = terminal.bytes, time.monotonic() + TICKS
        while time.monotonic() < end:
            terminal.read(0.1)
        same("what is drawn in the background", b"", terminal.bytes[len(before):])
        with open(f"{place.path}/front", "w", encoding="ascii") as front:
            front.write("go\n")
        terminal.until("a line again", lambda: b"25%" in terminal.bytes[len(before):])
        one_file_behind(place, terminal)


def one_file_behind(place, terminal):
    place.release()
    same("status", 0, terminal.finish(), terminal.screen.text())
    holds("the last line of the file", "100%" in "".join(terminal.screen.text()), terminal.screen.text())


def not_wanted(stage, option):
    place = stage.place()
    with shown(place, option, "host:file", place.to) as terminal:
        terminal.until("the middle of the file", lambda: os.path.exists(place.here))
        one_file(place, terminal)
        same("what is drawn", b"", terminal.bytes)


def no_terminal(stage):
    place = stage.place()
    with running(place, "host:file", place.to) as child:
        place.release()
        out, err = child.communicate(timeout=PATIENCE)
        same("what is written", (b"", b"", 0), (out, err, child.returncode))


def before_it_begins(stage):
    """While a password may be asked for nothing is drawn."""
    place = stage.place()
    lines = f"read go <{place.go}; exec {stage.host} \"$@\""
    path = place.write("file")
    with shown(place, argv=[stage.scp, "-S", stage.told, "-r", path, f"host:{place.to}"],
               env={"AT_LINES": lines}) as terminal:
        end = time.monotonic() + TICKS
        while time.monotonic() < end:
            terminal.read(0.1)
        same("what is drawn before", b"", terminal.bytes)
        one_file(place, terminal)


def here(stage):
    """What is copied by others, and has no sum of ours."""
    place = stage.place()
    path, _size = tree(place)
    with shown(place, "-r", path, place.to) as terminal:
        same("status", 0, terminal.finish())
        same("what is drawn", b"", terminal.bytes)
    with running(place, "-rv", path, place.to) as child:
        out, err = child.communicate(timeout=PATIENCE)
        same("what is written", (b"", 0), (out, child.returncode))
        same("what is said", [f"scp: starts cp -r -- {path} {place.to}"], err.decode().splitlines())


# -- What is said meanwhile.

def message(stage):
    """It has a line of its own, and the meter the next one."""
    place = stage.place()
    with shown(place, "-r", "host:tree", place.to, files="tree/,one,!scp: gone,two,E") as terminal:
        terminal.see(r"/two .* 1 file$")
        place.release()
        same("status", 1, terminal.finish())
        rows = terminal.screen.text()
        same("the message", "scp: gone", rows[0])
        holds("and the sum", rows[1].startswith("2 files, 1 directory, 1.9 MB in ") and
              rows[1].endswith("; 1 failed"), rows)
        same("and no more", [""], rows[2:])


def ours(session, count=3):
    """The COUNT processes of our program in a session: who signals it by its name signals all of them."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError), open(f"/proc/{pid}/stat", encoding="utf-8",
                                                errors="replace") as file:
            name, _, fields = file.read().partition("(")[2].rpartition(") ")
            if name == "scp" and int(fields.split()[3]) == session:
                found.append(int(pid))
    holds("a process for the copy, one for messages of each host, and who waits", len(found) == count, found)
    return found


def error(stage):
    """The same for what reaches a host, or the host itself, says on standard error."""
    place = stage.place()
    with shown(place, "-r", "host:tree", place.to, files="tree/,one,two,E",
               env={"AT_ERROR": "Warning: \33[1mold\n"}) as terminal:
        terminal.see(r"/two .* 1 file$")
        place.release()
        terminal.until("the warning", lambda: "Warning: \\033[1mold" in terminal.screen.text())
        one_file(place, terminal)
        rows = terminal.screen.text()
        same("the warning", "Warning: \\033[1mold", rows[0])
        holds("and the sum", rows[1].startswith("2 files, 1 directory, 1.9 MB in "), rows)


def asked(stage, who):
    """SIGUSR1 has the sum said on standard error, and does no harm to any of our processes."""
    place = stage.place()
    with running(place, "host:file", place.to) as child:
        until("the middle of the file", lambda: os.path.exists(place.here))
        # What has come by then is all there is; it takes a moment to be counted.
        said = b""
        end = time.monotonic() + PATIENCE
        while b"244.1 KB" not in said and time.monotonic() < end:
            for pid in who(child.pid):
                os.kill(pid, signal.SIGUSR1)
            said = read_line(child.stderr)
        holds("what is said", re.fullmatch(rb"0 files, 244\.1 KB in \d+:\d\d, \S+ .?B/s\n", said), said)
        place.release()
        out, _err = child.communicate(timeout=PATIENCE)
        same("standard output and status", (b"", 0), (out, child.returncode))


def read_line(file):
    if not select.select([file], [], [], PATIENCE)[0]:
        raise Failed("a line", "that", "nothing")
    return file.readline()


def until(what, condition):
    end = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > end:
            raise Failed(what, "that", "nothing of the kind")
        time.sleep(0.02)


@contextlib.contextmanager
def running(place, *words, files="file", argv=None, env=()):
    """The program without a terminal."""
    child = subprocess.Popen(argv or place.argv(*words), env=place.env(files, **dict(env)), start_new_session=True,
                             stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    with process.lock:
        process.running.add(child)
    try:
        yield child
    finally:
        process.end_group(child)
        child.stdout.close()
        child.stderr.close()
        child.wait()
        with process.lock:
            process.running.discard(child)


# -- Programs.

def undo(text):
    """What a string of the log stands for."""
    return re.sub(r"\\(\\|[0-7]{3})", lambda m: "\\" if m[1] == "\\" else chr(int(m[1], 8)), text)


def objects(out):
    holds("whole lines", out.endswith(b"\n"), out)
    return [json.loads(line) for line in out.decode().splitlines()]


def of(found, event):
    return [each for each in found if each["event"] == event]


def run_json(stage, place, *words):
    return process.run([stage.scp, "-S", stage.host, "--progress=json", *words], place.env())


def check_sums(found, sizes, end):
    """Each of SIZES, by path, was begun and done; END is what the last object says."""
    same("begun", sizes, {undo(each["path"]): each["size"] for each in of(found, "file")})
    same("done", sizes, {undo(each["path"]): each["bytes"] for each in of(found, "done")})
    same("the first", "start", found[0]["event"])
    last = dict(found[-1])
    holds("seconds", last.pop("seconds") >= 0, found[-1])
    same("the last", {"event": "end", "files": len(sizes), "bytes": sum(sizes.values()), **end}, last)


def json_up(stage):
    place = stage.place()
    path, size = tree(place)
    odd = "odd \"name\"\33\\x"
    place.write(f"tree/{odd}", 7)
    got = run_json(stage, place, "-r", path, f"host:{place.to}")
    found = objects(got.out.encode())
    same("start", {"event": "start", "hosts": ["host"], "files": 4, "bytes": size + 7}, found[0])
    check_sums(found, {f"{path}/a": 10, f"{path}/sub/b": 2000, f"{path}/sub/deep/c": 300000,
                       f"{path}/{odd}": 7},
               {"directories": 3, "errors": 0, "exit": 0})
    same("status", 0, got.code, got.log)
    for name in ("a", "sub/b", "sub/deep/c", odd):
        same(f"size of {name}", os.path.getsize(f"{path}/{name}"),
             os.path.getsize(f"{place.to}/tree/{name}"))


def json_down(stage):
    place = stage.place()
    path, _size = tree(place)
    got = run_json(stage, place, "-r", "--exclude=b", f"host:{path}", f"other:{path}/a", "host:none",
                   place.to)
    found = objects(got.out.encode())
    same("start", {"event": "start", "hosts": ["host", "other"], "files": None, "bytes": None}, found[0])
    same("skipped", [f"{place.to}/tree/sub/b"], [each["path"] for each in of(found, "skipped")])
    same("said", [{"event": "note", "host": "host", "text": "scp: none: No such file or directory"}],
         of(found, "note"))
    check_sums(found, {f"{place.to}/tree/a": 10, f"{place.to}/tree/sub/deep/c": 300000,
                       f"{place.to}/a": 10}, {"directories": 3, "errors": 1, "exit": 1})
    same("what a person reads", ["host: scp: none: No such file or directory"], got.err.splitlines())


def json_through(stage):
    """From one host to another, through here."""
    place = stage.place()
    path, _size = tree(place)
    got = run_json(stage, place, "-r", f"one:{path}", f"two:{place.to}")
    found = objects(got.out.encode())
    same("start", {"event": "start", "hosts": ["one", "two"], "files": None, "bytes": None}, found[0])
    check_sums(found, {f"{place.to}/tree/{name}": os.path.getsize(f"{path}/{name}")
                       for name in ("a", "sub/b", "sub/deep/c")},
               {"directories": 3, "errors": 0, "exit": 0})


def json_apart(stage):
    """What others copy: two hosts by themselves, and cp(1).  Nobody knows how much that is."""
    place = stage.place()
    path = place.write("file")
    os.mkdir(f"{place.path}/bin")
    os.symlink(stage.host, f"{place.path}/bin/ssh")
    unknown = {"files": None, "directories": None, "bytes": None}
    for words, hosts, to in ((["-R", f"one:{path}", f"two:{place.to}/x"], ["one", "two"], "x"),
                             ([path, f"{place.to}/y"], [], "y")):
        # The first of both reaches the second one by its own ssh, which is that host here.
        got = process.run([stage.scp, "-S", stage.host, "--progress=json", *words],
                          place.env(PATH=f"{place.path}/bin:/usr/bin:/bin"))
        found = objects(got.out.encode())
        same("status", 0, got.code, got.log)
        same("it came", SIZE, os.path.getsize(f"{place.to}/{to}"))
        holds("seconds", found[-1].pop("seconds") >= 0, found)
        same("what is said", [{"event": "start", "hosts": hosts, "files": None, "bytes": None},
                              {"event": "end", **unknown, "errors": 0, "exit": 0}], found)


def json_unreached(stage):
    """Whose fault it is; and people hear of it where nobody else says so."""
    place = stage.place()
    for loud in (True, False):
        lines = "echo no way >&2; exit 255" if loud else "exit 255"
        why = "it was not reached" + ("" if loud else ", and nothing was said of why")
        for words in ([place.write("file", 3), "host:"], ["host:x", place.to], ["-3", "one:x", "host:"],
                      ["-R", "host:x", "two:"]):
            got = process.run([stage.scp, "-S", stage.told, "--progress=json", *words],
                              place.env(AT_LINES=lines))
            found = objects(got.out.encode())
            same("objects", ["start", "failed", "end"], [each["event"] for each in found])
            same("why", {"event": "failed", "host": "host", "reason": why}, found[1])
            same("errors and exit", (1, 1, 1), (found[2]["errors"], found[2]["exit"], got.code), got.log)
            same("what a person reads", "no way\n" if loud else f"scp: host: {why}\n", got.err)


def ended(stage):
    """Hosts that were to copy by themselves: what the first one ended with, unless something was said."""
    place = stage.place()
    for lines, status, err in (("exit 0", 0, ""), ("exit 3", 1, "scp: one: the remote side ended with 3\n"),
                               ("echo no; exit 3", 1, "no\n"), ("echo no >&2; exit 3", 1, "no\n"),
                               ("exit 127", 1, "scp: one: there is no scp, or not in the PATH of its shell\n"),
                               ("kill -9 $$", 1, "scp: one: the program that reaches it was ended by signal 9\n")):
        got = process.run([stage.scp, "-S", stage.told, "-R", "one:x", "two:"], place.env(AT_LINES=lines))
        same(lines, (status, "", err), (got.code, got.out, got.err))


def json_failed(stage):
    """What is not there, and what cannot be written."""
    place = stage.place()
    path, _size = tree(place)
    os.makedirs(f"{place.to}/tree/a")
    got = run_json(stage, place, "-r", f"{place.path}/none", path, f"host:{place.to}")
    found = objects(got.out.encode())
    failed = {each["path"]: each["reason"] for each in of(found, "failed")}
    same("failed", {f"{place.path}/none", f"{path}/a"}, set(failed))
    same("why", "No such file or directory", failed[f"{place.path}/none"])
    holds("why", "Is a directory" in failed[f"{path}/a"], failed)
    same("errors and exit", (2, 1), (found[-1]["errors"], found[-1]["exit"]))
    same("files", 2, found[-1]["files"])


def json_meanwhile(stage):
    place = stage.place()
    with running(place, "--progress=json", "host:file", place.to) as child:
        lines = []
        while not any(each["event"] == "progress" and each["done"] == FIRST for each in lines):
            lines.append(json.loads(read_line(child.stdout)))
        last = lines[-1]
        rate = last.pop("rate")
        same("meanwhile", {"event": "progress", "path": f"{place.to}/file", "done": FIRST, "files": 0,
                           "bytes": FIRST, "total": None, "eta": None}, last)
        holds("rate", rate >= 0, rate)
        place.release()
        out, err = child.communicate(timeout=PATIENCE)
        found = objects(out)
        same("status and messages", (0, b""), (child.returncode, err))
        check_sums(lines + found, {f"{place.to}/file": SIZE}, {"directories": 0, "errors": 0, "exit": 0})


def json_interrupted(stage):
    place = stage.place()
    with running(place, "--progress=json", "host:file", place.to) as child:
        until("the middle of the file", lambda: os.path.exists(place.here))
        os.killpg(child.pid, signal.SIGINT)
        out, err = child.communicate(timeout=PATIENCE)
        found = objects(out)
        same("end", -signal.SIGINT, child.returncode)
        same("failed", [f"{place.to}/file"], [each["path"] for each in of(found, "failed")])
        same("the last", ("end", 0, 1, 128 + signal.SIGINT),
             tuple(found[-1][key] for key in ("event", "files", "errors", "exit")), err)


def checks(stage):
    # What takes longest comes first.
    yield "stalled, received", stalled
    yield "stalled, sent", sent
    yield "a file", a_file
    for columns in (1, 2, 10, 33, 200, 600):
        yield f"{columns} columns", wide, columns
    yield "a terminal that is resized", resized
    yield "several files", several
    for locale, plain, escaped in (("C.UTF-8", 4, 0), ("C", 0, 4)):
        yield f"what is said, {locale}", said_in_another_locale, locale, \
            {"b\u00e4r": plain, "escaped": escaped, "other bytes": 0}
    yield "UTF-8", in_another_locale, "C.UTF-8", "b\u00e4r\u65e5\u672c"
    yield "no UTF-8", in_another_locale, "C", "b\\303\\244r\\346"
    yield "a tree that is sent", total
    yield "a tree without what is excluded", without_excluded
    yield "a tree that is received", unknown
    yield "a hostile name", hostile_name
    yield "in the background", background
    yield "put aside", put_aside
    for option in ("-q", "--progress=none"):
        yield f"not wanted: {option}", not_wanted, option
    yield "no terminal", no_terminal
    yield "before it begins", before_it_begins
    yield "copies here", here
    yield "a message", message
    yield "what comes from standard error", error
    yield "SIGUSR1", asked, lambda pid: [pid]
    yield "SIGUSR1 for all processes", asked, ours
    yield "json, sent", json_up
    yield "json, received", json_down
    yield "json, through here", json_through
    yield "json, by others", json_apart
    yield "json, not reached", json_unreached
    yield "hosts that copy by themselves and fail", ended
    yield "json, failed", json_failed
    yield "json, meanwhile", json_meanwhile
    yield "json, interrupted", json_interrupted


def check_all(report, out, base):
    stage = Stage(out, base)
    # They wait, and what they wait for is python3, as any of them is.
    run_at_once(report, [(f"progress: {name}", "python3", check, stage, *args)
                         for name, check, *args in checks(stage)])
