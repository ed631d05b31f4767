# SPDX-License-Identifier: ISC
"""
A model of WinSCP in SCP mode: what it sends, what it understands of the answers, and when it says that
something has failed.  It knows no more of the server than WinSCP does.
"""
import os
import re
import stat

from stage.report import Failed

BEGIN = b"WinSCP: this is begin-of-file"
END = re.compile(rb"WinSCP: this is end-of-file:(-?[0-9]+)$")
ALIASES = ("ls echo pwd cd groups scp rm mv mkdir chmod chgrp chown unset unalias ln cp printenv").split()
VARIABLES = ("LANG LANGUAGE LC_CTYPE LC_COLLATE LC_MONETARY LC_NUMERIC LC_TIME LC_MESSAGES LC_ALL "
             "HUMAN_BLOCKS BLOCK_SIZE LS_BLOCK_SIZE").split()
GIVES_UP = (b"scp: ambiguous target", b"scp: error: unexpected filename: ", b"scp: protocol error: ")
LISTED = re.compile(rb"([-dlpsbc][-rwxsStT]{9}) +(\d+) +(\S+) +(\S+) +(\d+|\d+, *\d+) +"
                    rb"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)\.(\d{9}) ([-+]\d{4}) (.*)", re.DOTALL)
PIECE = 1 << 16


class Fails(Exception):
    """What WinSCP shows its user: the status, and what was on standard error."""

    def __init__(self, status, text):
        super().__init__(f"status {status}: {text!r}")
        self.status, self.text = status, text


class Entry:
    """One line of a listing."""

    def __init__(self, line):
        found = LISTED.fullmatch(line)
        if not found:
            raise Failed("a line of a listing", "one that can be parsed", repr(line))
        self.mode, links, self.owner, self.group, self.size = found.groups()[:5]
        self.links = int(links)
        self.date, self.parts, self.zone, name = found.groups()[5:]
        self.name, _, self.target = name.partition(b" -> ") if self.mode[:1] == b"l" else (name, b"", b"")


def quoted(name):
    name = os.fsencode(name)
    name = re.sub(rb'([$\\`"])', rb"\\\1", b"./" + name if name.startswith(b"-") else name)
    return b'"%s"' % name


class WinSCP:
    def __init__(self, line):
        self.line = line
        self.out = self.err = b""
        self.variable = b"0"            # what stands for the status of a command
        self.ended = None

    # -- Bytes.

    def take(self):
        where, data = self.line.next()
        if where == "end":
            raise Failed("the session", "to go on", f"its end with {data}", self.err + self.out)
        if where == "err":
            self.err += data
        else:
            self.out += data

    def read(self, count):
        while len(self.out) < count:
            self.take()
        data, self.out = self.out[:count], self.out[count:]
        return data

    def read_line(self):
        while b"\n" not in self.out:
            self.take()
        line, _, self.out = self.out.partition(b"\n")
        return line

    # -- Commands.

    def answer(self):
        """All lines before the marker; the status is in it, and the reasons must have come."""
        lines = []
        while True:
            line = self.read_line()
            if found := END.search(line):
                break
            lines.append(line)
        if line[:found.start()]:
            lines.append(line[:found.start()])
        said, self.err = self.err, b""
        return int(found[1]), lines, said

    def end_of(self, command):
        mark = b'echo "WinSCP: this is end-of-file:%s"\n' % self.variable
        return command + b" ; " + mark if command else mark

    def command(self, command):
        """Its lines; Fails where WinSCP says so."""
        self.line.send(self.end_of(command))
        status, lines, said = self.answer()
        if status > 1 or said:
            raise Fails(status, said)
        return lines

    def attempt(self, command):
        """Whatever comes of it."""
        try:
            self.command(command)
        except Fails:
            pass

    def start(self):
        """Everything before the first panel; the directory where it is."""
        self.command(b"")
        for variable in (b"$status", b"$?"):
            told = self.command(b'echo "%s"' % variable)
            if told and told[0].isdigit():
                self.variable = variable
                break
        else:
            raise Failed("a variable of the status", "one", "none")
        if b"UTF-8" not in b"".join(self.command(b"printenv LANG")):
            raise Failed("names", "UTF-8", "something else")
        for name in ALIASES:
            self.attempt(b'unalias "%s"' % name.encode())
        for name in VARIABLES:
            self.attempt(b'unset "%s"' % name.encode())
        if not self.command(b"groups"):
            raise Failed("groups", "a line", "none")
        return self.where()

    def where(self):
        return self.one(b"pwd")

    def one(self, command):
        lines = self.command(command)
        if len(lines) != 1:
            raise Failed(command, "one line", lines)
        return lines[0]

    def cd(self, directory):
        self.command(b"cd " + quoted(directory))

    def list(self, directory=None):
        """{name: Entry}, without "." and ".."."""
        lines = self.command(b"ls -la --full-time" + (b" " + quoted(directory) if directory else b""))
        if not lines:
            raise Failed("a listing", "a line at least", "none")
        entries = [Entry(line) for line in lines if not line.startswith(b"total ")]
        return {entry.name: entry for entry in entries if entry.name not in (b".", b"..")}

    def look(self, name):
        return Entry(self.one(b"ls -la -d --full-time " + quoted(name)))

    def remove(self, name):
        self.command(b"rm -f -r " + quoted(name))

    def rename(self, old, new):
        self.command(b"mv -f %s %s" % (quoted(old), quoted(new)))

    def mkdir(self, name):
        self.command(b"mkdir " + quoted(name))

    def duplicate(self, old, new):
        self.command(b"cp -p -r -f -T %s %s" % (quoted(old), quoted(new)))

    def chmod(self, mode, name, more=b""):
        self.command(b"chmod %s %s %s" % (more, mode, quoted(name)))

    def sums(self, *names):
        """{name: digest}"""
        lines = self.command(b"sha256sum " + b" ".join(map(quoted, names)))
        return {line[66:]: line[:64].decode() for line in lines}

    # -- Copies.

    def copy(self, options, *names):
        command = b"scp -r %s -d %s " % (b"-p" if options["preserve"] else b"", options["way"])
        self.line.send(b'echo "%s" ; ' % BEGIN + self.end_of(command + b" ".join(map(quoted, names))))
        if (line := self.read_line()) != BEGIN:
            raise Failed("the beginning of a copy", BEGIN, line)

    def finish(self):
        """A copy must be followed by the marker; whether it went well was said in it."""
        status, lines, said = self.answer()
        if lines or said:
            raise Failed("behind a copy", "the marker alone", (lines, said))
        return status

    def response(self):
        """Nothing; or what was refused."""
        kind = self.read(1)
        if kind == b"\0":
            return None
        text = self.read_line()
        return (kind if kind in b"\1\2" else b"\2"), text if kind in b"\1\2" else kind + text

    def given_up(self, refused):
        return refused and (refused[0] == b"\2" or refused[1].startswith(GIVES_UP))

    def send_record(self, record, refused):
        """False where it was refused; what was said is in REFUSED then."""
        self.line.send(record)
        if said := self.response():
            refused.append(said[1])
            if self.given_up(said):
                raise StopIteration
            return False
        return True

    def send_times(self, st, preserve, refused):
        if preserve:
            self.send_record(b"T%d 0 %d 0\n" % (st.st_mtime, st.st_atime), refused)

    def send_file(self, path, preserve, refused, cut=None):
        """CUT: the user stops it behind so many bytes."""
        st = os.stat(path)
        self.send_times(st, preserve, refused)
        head = b"C%04o %d %s\n" % (stat.S_IMODE(st.st_mode), st.st_size, os.path.basename(path))
        if not self.send_record(head, refused):
            return
        with open(path, "rb") as file:
            while piece := file.read(PIECE):
                self.line.send(piece if cut is None else piece[:cut])
        self.send_record(b"\0", refused)

    def send_entry(self, path, preserve, refused):
        if not os.path.isdir(path):
            return self.send_file(path, preserve, refused)
        st = os.stat(path)
        self.send_times(st, preserve, refused)
        if self.send_record(b"D%04o 0 %s\n" % (stat.S_IMODE(st.st_mode), os.path.basename(path)), refused):
            for name in sorted(os.listdir(path)):
                self.send_entry(os.path.join(path, name), preserve, refused)
            self.send_record(b"E\n", refused)
        return None

    def upload(self, paths, target, preserve=True, stop=False):
        """What was refused.  STOP: instead of the end the user says that it is enough."""
        self.copy({"way": b"-t", "preserve": preserve}, target)
        if said := self.response():
            self.finish()
            return [said[1]]
        refused = []
        try:
            for path in paths:
                self.send_entry(os.fsencode(path), preserve, refused)
            if stop:
                self.line.send(b"\2scp: error\n")
            else:
                self.send_record(b"E\n", refused)
        except StopIteration:
            pass
        self.finish()
        return refused

    def download(self, names, directory, skip=(), stop=None):
        """What was refused.  SKIP: what the user does not want; STOP: where it is enough for him."""
        self.copy({"way": b"-f", "preserve": True}, *names)
        receiver = Receiver(self, os.fsencode(directory), skip, stop)
        self.line.send(b"\0")
        while not END.search(line := self.read_line()):
            receiver.take(line)
        said, self.err = self.err, b""
        if said:
            raise Failed("behind a copy", "the marker alone", said)
        return receiver.refused


class Receiver:
    """Files that come down."""

    def __init__(self, client, directory, skip, stop):
        self.client, self.skip, self.stop = client, skip, stop
        self.levels, self.times, self.refused = [(directory, None)], None, []

    def reply(self, data=b"\0"):
        self.client.line.send(data)

    def take(self, line):
        kind, rest = line[:1], line[1:]
        if kind in (b"\1", b"\2"):
            self.refused.append(rest)
        elif kind == b"T":
            mtime, _, atime, _ = rest.split()
            self.times = int(atime), int(mtime)
            self.reply()
        elif kind == b"E":
            path, times = self.levels.pop()
            if times:
                os.utime(path, times)
            self.reply()
        elif kind in (b"C", b"D"):
            self.enter(kind, *rest.split(b" ", 2))
        else:
            raise Failed("a record", "one of those that there are", line)

    def enter(self, kind, mode, size, name):
        path, times, self.times = os.path.join(self.levels[-1][0], name), self.times, None
        if name == self.stop:
            self.reply(b"\2scp: error\n")
        elif name in self.skip:
            self.reply(b"\1scp: error\n")
        elif kind == b"D":
            os.makedirs(path, exist_ok=True)
            self.levels.append((path, times))
            self.reply()
        else:
            self.reply()
            with open(path, "wb") as file:
                file.write(self.client.read(int(size)))
            os.chmod(path, int(mode, 8))
            if times:
                os.utime(path, times)
            if said := self.client.response():
                self.refused.append(said[1])
            self.reply()
