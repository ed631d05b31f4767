# SPDX-License-Identifier: ISC
"""The server under test, and the client's end of the line to it."""

import array
import fcntl
import os
import resource
import select
import signal
import socket
import subprocess
import termios
import time

SIOCOUTQ = 0x5411
CHUNK = 1 << 16
# Of what is chopped: so much of it is, the rest of a long body is not; the server is seen to read so much.
BEGINNING, END, WATCHED = 4096, 16, 256
PATIENCE = 0.02                 # for a chopped byte that the server does not want; nothing is asserted


class Fault(Exception):
    """The server did not do what the case says."""


class Peer:
    """Sends and expects; reads all the while, so that neither side waits for the other for ever."""

    def __init__(self, argv, cwd, transport="pipe", chop=0, timeout=60, packets=False, env=None,
                 umask=0o022, uid=None, limits=()):
        self.chop = chop
        self.timeout = timeout
        self.packets = packets
        self.log = []                   # (who, bytes)
        self.got = b""                  # from the server, not yet expected by the case
        self.reads = []                 # sizes of the reads that GOT came in
        self.err = b""
        self.told = b""                 # what the case has expected there so far
        self.taken = 0                  # bytes of output that the case has had
        self.marks = []                 # where each read of output ended, and how much of ERR had come
        self.pending = b""              # for the server, not yet written
        self.ended = False              # nothing more comes from the server
        self.transport = transport
        self.connect()
        self.start(argv, cwd, env, umask, uid, limits)

    def connect(self):
        if self.transport == "socketpair":
            ours, theirs = socket.socketpair()
            self.sock = ours
            self.theirs = [theirs.fileno(), theirs.fileno()]
            self.theirs_open = [theirs]
            self.w, self.r = ours.fileno(), ours.fileno()
        else:
            # In a packet pipe one read returns what one write wrote.
            r0, w0 = os.pipe()
            r1, w1 = os.pipe2(os.O_DIRECT if self.packets else 0)
            self.sock = None
            self.theirs, self.theirs_open = [r0, w1], []
            self.w, self.r = w0, r1

    def start(self, argv, cwd, env, umask, uid, limits):
        self.e, theirs_err = os.pipe()
        for fd in {self.w, self.r, self.e}:
            os.set_blocking(fd, False)

        def prepare():
            os.setsid()
            # Not what the runner was started with: the server has to ignore these by itself.
            signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
            for name, value in limits:
                resource.setrlimit(getattr(resource, "RLIMIT_" + name), (value, value))
            if uid is not None:
                os.setgroups([])
                os.setgid(uid)
                os.setuid(uid)
        self.process = subprocess.Popen(
            argv, cwd=cwd, env=env, umask=umask, preexec_fn=prepare,
            stdin=self.theirs[0], stdout=self.theirs[1], stderr=theirs_err)
        os.close(theirs_err)
        if self.sock:
            self.theirs_open[0].close()
        else:
            os.close(self.theirs[0])
            os.close(self.theirs[1])
        self.pid = os.pidfd_open(self.process.pid)
        self.exited = False

    # -- the loop

    def wait(self, until, what):
        """Moves bytes both ways until the condition holds."""
        deadline = time.monotonic() + self.timeout
        while not until():
            left = deadline - time.monotonic()
            if left <= 0:
                raise Fault("no %s within %d s" % (what, self.timeout))
            self.turn(left)

    def turn(self, left):
        poll = select.poll()
        if self.r != -1 and not self.ended:
            poll.register(self.r, select.POLLIN)
        if self.e != -1:
            poll.register(self.e, select.POLLIN)
        if self.w != -1 and self.pending:
            wanted = select.POLLOUT | (select.POLLIN if self.w == self.r and not self.ended else 0)
            poll.register(self.w, wanted)
        if not self.exited:
            poll.register(self.pid, select.POLLIN)
        for fd, event in poll.poll(left * 1000):
            if fd == self.pid:
                self.exited = True
            elif fd == self.e:
                self.take_error()
            elif fd != -1:
                self.take_io(fd, event)

    def take_io(self, fd, event):
        if fd == self.w and event & (select.POLLOUT | select.POLLERR | select.POLLHUP):
            self.give()
        if fd == self.r and event & (select.POLLIN | select.POLLHUP | select.POLLERR):
            self.take()

    def take(self):
        if self.e != -1:
            self.take_error()           # What was said before is there before.
        try:
            data = os.read(self.r, CHUNK)
        except BlockingIOError:
            return
        except ConnectionError:
            data = b""
        if not data:
            self.ended = True
            return
        self.got += data
        self.reads.append(len(data))
        self.marks.append((self.taken + len(self.got), len(self.err)))

    def take_error(self):
        try:
            data = os.read(self.e, CHUNK)
        except BlockingIOError:
            return
        self.err += data
        if not data:
            os.close(self.e)
            self.e = -1

    def give(self):
        try:
            n = os.write(self.w, self.pending[:CHUNK])
        except BlockingIOError:
            return
        except OSError:
            n = len(self.pending)       # The server has gone, which is for its answers to judge.
        self.pending = self.pending[n:]

    # -- what a client does

    def send(self, data):
        if self.log and self.log[-1][0] == "sent":
            self.wait(lambda: not self.pending, "room for input")
            self.settle()               # What a case sends in two pieces arrives in two.
        self.log.append(("sent", data))
        if not self.chop:
            self.pending += data
            return
        # The server gets to see every byte alone where that can matter: around the records.
        at = 0
        while at < len(data) and self.w != -1:
            left = len(data) - at
            size = self.chop if at < BEGINNING or left <= END else left - END
            self.pending = data[at:at + size]
            self.wait(lambda: not self.pending, "room for input")
            if at < WATCHED or left <= END:
                self.settle()
            at += size

    def settle(self):
        """Waits until the last byte was read, if it is read at all."""
        deadline = time.monotonic() + PATIENCE
        while self.unread() and not self.exited and time.monotonic() < deadline:
            self.turn(0)
            os.sched_yield()

    def unread(self):
        count = array.array("i", [0])
        request = SIOCOUTQ if self.sock else termios.FIONREAD
        try:
            fcntl.ioctl(self.w, request, count)
        except OSError:
            return 0
        return count[0]

    def expect(self, data):
        """The next bytes from the server are exactly these."""
        self.log.append(("expected", data))
        self.wait(lambda: len(self.got) >= len(data) or self.ended or
                  self.got != data[:len(self.got)], "answer")
        got = self.got[:len(data)]
        self.log.append(("got", self.got if got != data else got))
        if got != data:
            raise Fault("wrong answer")
        if self.packets:
            self.check_packet(data)
        self.check_order()
        self.drop(len(data))

    def drop(self, count):
        self.got = self.got[count:]
        self.taken += count

    def check_order(self):
        """What was expected of standard error so far had come when the next output came."""
        early = [said for end, said in self.marks if end > self.taken][:1]
        if early and early[0] < len(self.told):
            raise Fault("output came before what is on standard error")

    def expect_error(self, data):
        """The next bytes on standard error are these, and no output that follows came before."""
        self.told += data
        self.log.append(("expected, 2", data))
        self.wait(lambda: len(self.err) >= len(self.told) or self.e == -1 or
                  not self.told.startswith(self.err), "message")
        if not self.err.startswith(self.told):
            self.log.append(("got", self.got))
            raise Fault("wrong message")

    def unexpected_error(self):
        return self.err[len(self.told):]

    def check_packet(self, data):
        """Rule 1: one message is one write, so the first read brought this message and no more."""
        if self.reads[:1] != [len(data)]:
            raise Fault("%d bytes came in writes of %s" % (len(data), self.reads[:4]))
        self.reads.pop(0)

    def expect_any(self, chunks):
        """The next bytes are these chunks, in whatever order."""
        left = list(chunks)
        self.log.append(("expected in any order", b"".join(left)))
        self.wait(lambda: len(self.got) >= sum(map(len, left)) or self.ended, "answer")
        while left:
            match = [c for c in left if self.got.startswith(c)]
            if not match:
                self.log.append(("got", self.got))
                raise Fault("wrong answer")
            left.remove(match[0])
            self.drop(len(match[0]))

    def eof(self):
        self.wait(lambda: not self.pending, "room for input")
        self.log.append(("sent", b"(end of input)"))
        if self.sock and self.w != -1:
            try:
                self.sock.shutdown(socket.SHUT_WR)
            except OSError:
                pass
        elif self.w != -1:
            os.close(self.w)
        self.w = -1

    def hup(self):
        """Both directions vanish."""
        self.wait(lambda: not self.pending, "room for input")
        self.log.append(("sent", b"(hung up)"))
        self.close_line()
        self.ended = True
        self.got = b""

    def close_line(self):
        if self.sock:
            self.sock.close()
        else:
            for fd in {self.w, self.r} - {-1}:
                os.close(fd)
        self.w = self.r = -1

    def finish(self, quits):
        """The server ends, by itself or with our input; returns its exit status."""
        if self.w != -1 and not quits:
            self.eof()
        self.wait(lambda: self.ended and self.exited and self.e == -1, "end of the server")
        if self.got:
            self.log.append(("got, unexpected", self.got))
            raise Fault("more than was expected")
        return self.process.wait()

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        if self.w != -1 or self.r != -1:
            self.close_line()
        if self.e != -1:
            os.close(self.e)
        os.close(self.pid)
