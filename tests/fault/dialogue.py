# SPDX-License-Identifier: ISC
"""A session of SFTP with a server under test: each request awaits its reply."""

from stage import packets as p

TIMES = (1300000000, 1300000001)        # of an upload; the second is when it was changed
MODE = 0o646                    # as set; the umask would not let it pass
FIRST = b"\0\0\0\0\0\0\0\1"     # the handle that the first file of every session gets


def opening(path, flags, number=1, **attributes):
    return p.request(p.OPEN, number, p.string(path), p.u32(flags), p.attrs(**attributes))


def greeting():
    return p.packet(p.INIT, p.u32(3))


class Talk:
    """What was answered; nothing is any more once the session is CUT."""

    def __init__(self, server):
        self.server = server
        self.number, self.cut = 0, False
        self.hear_version()

    def hear_version(self):
        self.server.send(greeting())
        reply = self.hear()
        if reply is not None and reply.kind != p.VERSION:
            raise AssertionError(f"no greeting: {reply}")

    def hear(self):
        """The next reply, or None."""
        head = self.server.receive(4)
        size = int.from_bytes(head, "big")
        body = self.server.receive(size) if len(head) == 4 else b""
        if len(head) < 4 or len(body) < size:
            self.cut = True
            return None
        return p.Reply(body[0], body[1:])

    def ask(self, kind, *fields):
        if self.cut:
            return None
        self.number += 1
        self.server.send(p.request(kind, self.number, *fields))
        reply = self.hear()
        if reply is not None and reply.id != self.number:
            raise AssertionError(f"request {self.number} was answered by {reply.id}: {reply}")
        return reply

    def does(self, kind, *fields):
        """Whether it was done."""
        reply = self.ask(kind, *fields)
        return reply is not None and (reply.kind, reply.code) == (p.STATUS, p.OK)

    def path(self, kind, *paths):
        return self.does(kind, *map(p.string, paths))

    def extended(self, name, *paths):
        return self.does(p.EXTENDED, p.string(name), *map(p.string, paths))

    def open(self, kind, path, *fields):
        """A handle, or None."""
        reply = self.ask(kind, p.string(path), *fields)
        return None if reply is None else reply.handle
