# SPDX-License-Identifier: ISC
"""A session of the program, what its log says, and what a path looks like where it is said."""
import json
import os
import re
import select
import subprocess
import tempfile

from stage import records

STRING_MAX = 5000               # bytes of a path in a record; longer ones are cut
TITLE_MAX = 255                 # bytes of a path in a title, from its end
MESSAGE_MAX = 499
PATIENCE = 60                   # seconds for one reply
TWO_PATHS = ("rename", "symlink", "link")


class Failed(Exception):
    """The text says what was expected, and what came instead."""


def same(what, expected, got):
    if expected != got:
        raise Failed(f"{what}\n  expected: {expected!r:.600}\n  got:      {got!r:.600}")


def escape(raw):
    """As in messages and titles, of names that have no other bytes than the tests'."""
    return re.sub(rb"[\x00-\x1f\x7f]", lambda m: b"\\%03o" % m[0][0], raw)


class Record:
    """One record: its kind as above, its path, its number of bytes and its mode; in SFTP the other path, or
    what was set, and its value."""

    def __init__(self, kind, path=None, moved=None, mode=None, line="", more=None):
        self.kind, self.path, self.moved, self.mode, self.line = kind, path, moved, mode, line
        self.more = more

    def is_at(self, path):
        """Whether it says PATH, or as much of it as fits."""
        if self.path.endswith(b"...") and self.path != path:
            return len(self.path) > STRING_MAX // 8 and path.startswith(self.path[:-3])
        return self.path == path


def kind_of(event, line):
    """What we tell apart besides."""
    if event == "file" and line.startswith(b"forced "):
        return "failed"
    return "rmdir" if event == "remove" and line.startswith(b"rmdir ") else event


def read_text(line):
    event, said = records.read_text(line.decode())
    path = records.undo(said["path"]) if "path" in said else None
    moved = int(said["read"]) + int(said["written"]) if event == "file" else None
    more = records.undo(said["to"]) if event in TWO_PATHS else \
        (said["what"], said["value"]) if event == "set" else None
    return Record(kind_of(event, line), path, moved, said.get("mode"), line, more)


def read_json(line):
    said = json.loads(line)
    kind = said["event"]
    if kind == "dir":
        kind = "mkdir" if said["made"] else "opendir"
    elif kind == "file" and said["result"] != "ok":
        kind = "failed"
    elif kind == "refusal":
        kind = "refused"
    elif kind == "link" and said["kind"] == "symbolic":
        kind = "symlink"
    elif kind == "remove" and said["kind"] == "directory":
        kind = "rmdir"
    path = records.undo(said["path"]) if "path" in said else None
    more = records.undo(said["to"]) if "to" in said else None
    if kind == "set":
        more = next((name, str(said[name])) for name in ("mode", "modtime", "size") if name in said)
    moved = said.get("bytes", 0) + said.get("back", 0) if "bytes" in said else None
    return Record(kind, path, moved, said.get("mode"), line, more)


class Session:
    """The server, which is spoken to as a client would."""

    def __init__(self, scp, root, options, command, loud):
        self.loud, self.log = loud, tempfile.TemporaryFile()
        self.server = subprocess.Popen(
            [scp, "--serve", "--log=stderr", f"--root={root}", *options], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=self.log, bufsize=0,
            env={"SSH_ORIGINAL_COMMAND": command, "ROOM": "x" * 4096})
        self.pid, self.replies, self.form = self.server.pid, b"", options
        if loud:
            print([scp, *options], command)

    def send(self, data):
        """All of it, while what is answered is read."""
        while data:
            inputs, outputs, _ = select.select([self.server.stdout], [self.server.stdin], [], PATIENCE)
            if inputs and not self.read():
                return
            if outputs:
                try:
                    data = data[os.write(self.server.stdin.fileno(), data[:65536]):]
                except BrokenPipeError:
                    return

    def read(self):
        got = os.read(self.server.stdout.fileno(), 65536)
        self.replies += got
        return bool(got)

    def take(self, number):
        """So many bytes that the server sends."""
        while len(self.replies) < number:
            if not select.select([self.server.stdout], [], [], PATIENCE)[0] or not self.read():
                return None
        taken, self.replies = self.replies[:number], self.replies[number:]
        return taken

    def line(self):
        """A line that the server sends, without its newline; None at the end."""
        while b"\n" not in self.replies:
            if not select.select([self.server.stdout], [], [], PATIENCE)[0] or not self.read():
                return None
        line, _, self.replies = self.replies.partition(b"\n")
        return line

    def reply(self):
        """None at the end, b"" for a zero, else the text."""
        first = self.take(1)
        if first is None or first == b"\0":
            return None if first is None else b""
        line = self.line()
        if self.loud:
            print("reply:", first, line)
        return line

    def title(self):
        with open(f"/proc/{self.pid}/cmdline", "rb") as file:
            return file.read().partition(b"\0")[0]

    def end(self):
        """The records; the input has ended."""
        self.server.stdin.close()
        while self.read():
            pass
        code = self.server.wait(PATIENCE)
        self.server.stdout.close()
        if code not in (0, 1):
            raise Failed(f"the server ended with {code}")
        self.log.seek(0)
        lines = self.log.read().splitlines()
        self.log.close()
        if self.loud:
            print(*(line.decode() for line in lines), sep="\n")
        read = read_json if "--log-format=json" in self.form else read_text
        return [read(line) for line in lines]


def plain(path):
    """PATH from the root on, as text."""
    names = []
    for name in path.split(b"/"):
        if name == b"..":
            del names[-1:]
        elif name not in (b"", b"."):
            names.append(name)
    return b"/" + b"/".join(names)


def join(path, name):
    return path + name if path.endswith(b"/") or path == b"" or name == b"" else path + b"/" + name


def is_shortened(text, whole):
    """Whether TEXT is WHOLE without its middle, or without what is too deep to be named."""
    if text.endswith(b"/...") and len(whole) > MESSAGE_MAX:
        text, whole = text[:-4], whole[:1 << 20]
        return any(text[:at] == whole[:at] and text[at + 3:] in whole
                   for at in range(len(text)) if text.startswith(b"...", at))
    return len(whole) > MESSAGE_MAX // 3 and any(
        whole.startswith(text[:at]) and whole.endswith(text[at + 3:])
        for at in range(len(text) // 4, len(text)) if text.startswith(b"...", at))


def is_about(message, shown):
    if message.startswith(b"scp: " + shown + b": "):
        return True
    ends = [at for at in range(5, len(message)) if message.startswith(b": ", at)]
    return any(is_shortened(message[5:at], shown) for at in ends)


def check_message(message, *paths):
    """It is about one of PATHS, the middle of which may be left out."""
    if not any(is_about(message, escape(path)) for path in paths):
        raise Failed(f"a message that is about something else\n  expected: {escape(paths[0])[-300:]!r}\n"
                     f"  got:      {message!r}")
