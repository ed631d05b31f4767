# SPDX-License-Identifier: ISC
"""SFTP's packets as bytes, and sessions of a server that is asked over pipes."""
import collections
import contextlib
import os
import select
import struct
import subprocess
import tempfile
import time

from stage.report import Failed, holds, same

PATIENCE = 60               # seconds after which a server is said to hang
PIECE = 1 << 20             # bytes that are read or written at once

INIT, VERSION, OPEN, CLOSE, READ, WRITE, LSTAT, FSTAT, SETSTAT, FSETSTAT = range(1, 11)
OPENDIR, READDIR, REMOVE, MKDIR, RMDIR, REALPATH, STAT, RENAME, READLINK, SYMLINK = range(11, 21)
STATUS, HANDLE, DATA, NAME, ATTRS = range(101, 106)
EXTENDED, EXTENDED_REPLY = 200, 201

OK, EOF, NO_SUCH_FILE, PERMISSION_DENIED, FAILURE, BAD_MESSAGE = range(6)
OP_UNSUPPORTED = 8
CODES = {OK, EOF, NO_SUCH_FILE, PERMISSION_DENIED, FAILURE, BAD_MESSAGE, OP_UNSUPPORTED}

R, W, APPEND, CREAT, TRUNC, EXCL = 1, 2, 4, 8, 16, 32
SIZE, UIDGID, PERMISSIONS, ACMODTIME, MORE = 1, 2, 4, 8, 0x80000000

Attributes = collections.namedtuple("Attributes", "flags size uid gid mode atime mtime")
Entry = collections.namedtuple("Entry", "name longname attributes")


def u32(number):
    return struct.pack(">I", number)


def u64(number):
    return struct.pack(">Q", number)


def string(data):
    data = os.fsencode(data)
    return u32(len(data)) + data


def attrs(size=None, owner=None, mode=None, times=None, more=()):
    flags, rest = 0, b""
    for flag, value, body in ((SIZE, size, lambda: u64(size)),
                              (UIDGID, owner, lambda: u32(owner[0]) + u32(owner[1])),
                              (PERMISSIONS, mode, lambda: u32(mode)),
                              (ACMODTIME, times, lambda: u32(times[0]) + u32(times[1])),
                              (MORE, more or None, lambda: u32(len(more)) + b"".join(
                                  string(name) + string(text) for name, text in more))):
        if value is not None:
            flags |= flag
            rest += body()
    return u32(flags) + rest


def packet(kind, rest=b""):
    return u32(len(rest) + 1) + bytes([kind]) + rest


def request(kind, number, *fields):
    return packet(kind, u32(number) + b"".join(fields))


def extended(number, name, *fields):
    return request(EXTENDED, number, string(name), *fields)


class Fields:
    """What a reply is made of, from its beginning to its end, and not a byte beyond."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, count):
        if self.at + count > len(self.data):
            raise Failed("a reply", f"{count} more bytes", self.data[self.at:])
        self.at += count
        return self.data[self.at - count:self.at]

    def u32(self):
        return struct.unpack(">I", self.take(4))[0]

    def u64(self):
        return struct.unpack(">Q", self.take(8))[0]

    def string(self):
        return self.take(self.u32())

    def attributes(self):
        flags = self.u32()
        size = self.u64() if flags & SIZE else None
        uid, gid = (self.u32(), self.u32()) if flags & UIDGID else (None, None)
        mode = self.u32() if flags & PERMISSIONS else None
        atime, mtime = (self.u32(), self.u32()) if flags & ACMODTIME else (None, None)
        return Attributes(flags, size, uid, gid, mode, atime, mtime)

    def end(self):
        same("what is behind the last field of a reply", b"", self.data[self.at:])


class Reply:
    """One reply; what it has depends on its kind."""

    def __init__(self, kind, body):
        fields = Fields(body)
        self.kind, self.body = kind, body
        self.id = fields.u32()          # of VERSION, that is the version
        self.code = self.text = self.handle = self.data = self.attributes = None
        self.names, self.pairs, self.rest = [], {}, b""
        if kind == VERSION:
            while fields.at < len(body):
                name = fields.string().decode()
                self.pairs[name] = fields.string().decode()
        elif kind == STATUS:
            self.code, self.text = fields.u32(), fields.string().decode()
            holds("clients of version 3 know the code", self.code in CODES, self.code)
            same("language", b"", fields.string())
        elif kind == HANDLE:
            self.handle = fields.string()
        elif kind == DATA:
            self.data = fields.string()
        elif kind == NAME:
            for _ in range(fields.u32()):
                name, longname = fields.string(), fields.string()
                self.names.append(Entry(name, longname, fields.attributes()))
        elif kind == ATTRS:
            self.attributes = fields.attributes()
        elif kind == EXTENDED_REPLY:
            self.rest = fields.take(len(body) - fields.at)
        else:
            raise Failed("the kind of a reply", "one that there is", kind)
        fields.end()

    def __repr__(self):
        if self.kind == STATUS:
            return f"STATUS {self.code} {self.text!r}"
        return f"reply {self.kind} {self.body[:80]!r}"


class Session:
    """A server, and what was said to it.  Its number goes up with each request."""

    def __init__(self, argv, cwd=None, env=None, user=None, begin=True, errors=None):
        """ERRORS is where its standard error goes, which is not ours to read then."""
        self.said = tempfile.TemporaryFile() if errors is None else open(os.devnull, "rb")
        self.child = subprocess.Popen(argv, cwd=cwd, env=env, user=user, group=user,
                                      extra_groups=None if user is None else [],
                                      stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                      stderr=self.said if errors is None else errors, bufsize=0)
        os.set_blocking(self.child.stdin.fileno(), False)
        self.number, self.input, self.ended = 0, b"", False
        self.version = None
        if begin:
            self.send(packet(INIT, u32(3)))
            self.version = self.reply()

    # -- Bytes.

    def take(self, end):
        """What is there; true unless that is the end."""
        if not select.select([self.child.stdout], [], [], max(0, end - time.monotonic()))[0]:
            raise Failed("the server", "a reply", "none")
        piece = os.read(self.child.stdout.fileno(), PIECE)
        self.input += piece
        self.ended = not piece
        return bool(piece)

    def send(self, data):
        """Reads what comes meanwhile, so that neither waits for the other for ever."""
        end, data = time.monotonic() + PATIENCE, memoryview(data)
        while data:
            readers = [] if self.ended else [self.child.stdout]
            ready = select.select(readers, [self.child.stdin], [], max(0, end - time.monotonic()))
            if not ready[0] and not ready[1]:
                raise Failed("the server", "reading", "none")
            if ready[0]:
                self.take(end)
            if ready[1]:
                try:
                    data = data[os.write(self.child.stdin.fileno(), data[:PIECE]):]
                except BrokenPipeError:
                    return
                except BlockingIOError:
                    pass

    def packet(self):
        """The next whole packet, or None when there is no more."""
        end = time.monotonic() + PATIENCE
        while True:
            if len(self.input) >= 4:
                length = struct.unpack(">I", self.input[:4])[0]
                if len(self.input) >= 4 + length:
                    body, self.input = self.input[4:4 + length], self.input[4 + length:]
                    return body
            if self.ended or not self.take(end):
                same("what is behind the last reply", b"", self.input)
                return None

    def reply(self):
        body = self.packet()
        if body is None:
            raise Failed("the server", "a reply", f"its end, saying {self.end()}")
        return Reply(body[0], body[1:])

    # -- Requests.

    def ask(self, kind, *fields):
        self.number += 1
        self.send(request(kind, self.number, *fields))
        reply = self.reply()
        same("the number of a reply", self.number, reply.id)
        return reply

    def extended(self, name, *fields):
        return self.ask(EXTENDED, string(name), *fields)

    def open(self, path, flags, attributes=None):
        return self.ask(OPEN, string(path), u32(flags), attributes or attrs())

    def opened(self, path, flags, attributes=None):
        return handle_of(self.open(path, flags, attributes))

    def close(self, handle):
        return self.ask(CLOSE, string(handle))

    def read(self, handle, offset, length):
        return self.ask(READ, string(handle), u64(offset), u32(length))

    def write(self, handle, offset, data):
        return self.ask(WRITE, string(handle), u64(offset), string(data))

    def stat(self, path):
        return self.ask(STAT, string(path))

    def lstat(self, path):
        return self.ask(LSTAT, string(path))

    def fstat(self, handle):
        return self.ask(FSTAT, string(handle))

    def set(self, path, **what):
        return self.ask(SETSTAT, string(path), attrs(**what))

    def fset(self, handle, **what):
        return self.ask(FSETSTAT, string(handle), attrs(**what))

    def realpath(self, path):
        return self.ask(REALPATH, string(path))

    def mkdir(self, path, mode=None):
        return self.ask(MKDIR, string(path), attrs(mode=mode))

    def path(self, kind, *paths):
        return self.ask(kind, *map(string, paths))

    def put(self, path, data, flags=W | CREAT | TRUNC, mode=None):
        """A whole upload; the status of its CLOSE."""
        handle = self.opened(path, flags, attrs(mode=mode))
        well(self.write(handle, 0, data))
        return self.close(handle)

    def entries(self, path):
        handle = handle_of(self.ask(OPENDIR, string(path)))
        found = []
        while (reply := self.ask(READDIR, string(handle))).kind == NAME:
            found += reply.names
        same("the end of a directory", EOF, reply.code)
        well(self.close(handle))
        return found

    def names(self, path):
        return sorted(entry.name for entry in self.entries(path))

    # -- Ends.

    def deafen(self):
        """Nobody reads what it says any more."""
        self.child.stdout.close()
        self.child.stdout, self.ended = None, True

    def end(self):
        """The client's end of input; the exit status and what the server told its administrator."""
        with contextlib.suppress(BrokenPipeError):
            self.child.stdin.close()
        self.child.stdin = None
        try:
            out, _ = self.child.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            self.kill()
            raise Failed("the server", "its end", "none") from None
        self.ended, self.input = True, self.input + (out or b"")
        self.said.seek(0)
        said = self.said.read().decode(errors="replace")
        self.said.close()
        return self.child.returncode, said

    def kill(self):
        self.child.kill()
        self.child.wait()
        self.drop()

    def drop(self):
        for stream in (self.child.stdin, self.child.stdout, self.said):
            if stream:
                stream.close()


def handle_of(reply):
    same("a handle", HANDLE, reply.kind, repr(reply))
    return reply.handle


def fails(code, reply, text=None):
    same("status", (STATUS, code), (reply.kind, reply.code), repr(reply))
    if text is not None:
        same("its text", text, reply.text)


def well(reply):
    fails(OK, reply)
