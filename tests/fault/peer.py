# SPDX-License-Identifier: ISC
"""A server under test, and the client's end of the pipes to it."""

import array
import contextlib
import fcntl
import os
import pwd
import resource
import select
import shutil
import signal
import socket
import stat
import subprocess
import tempfile
import termios
import time

PATIENCE = 60                   # seconds after which a server is said to hang
NAP = 0.0002                    # between two looks at a server; nothing follows from its length
UMASK = 0o027
SANITIZER_EXIT = 99             # what no other exit status of the server can be taken for

NOBODY = 65534
NO_SHIM = "SAN is set, and a sanitizer insists on being loaded before the shim"


class Stuck(Exception):
    """The server neither went on nor ended."""


class Lab:
    """What every test needs: the program, the shim, and a place on a filesystem for directories."""

    def __init__(self, program, shim, base):
        self.program = program
        self.shim = shim        # None where it cannot be loaded
        self.base = base

    def server(self, *words, fault="", log=None, limits=(), command=None, **how):
        """COMMAND is the client's, where WORDS are the administrator's; HOW: see Server."""
        # As sshd has it: who logged in, so that nobody asks the system's databases for all there are.
        env = dict(PATH=os.environ["PATH"], LC_ALL="C", USER=pwd.getpwuid(os.getuid()).pw_name,
                   ASAN_OPTIONS=f"exitcode={SANITIZER_EXIT}",
                   UBSAN_OPTIONS=f"exitcode={SANITIZER_EXIT}")
        if fault or log:
            env.update(LD_PRELOAD=self.shim, FAULT=fault)
        if log:
            env.update(FAULT_LOG=log)
        if command is not None:
            env.update(SSH_ORIGINAL_COMMAND=command)
        return Server([self.program, *words], env, limits, **how)

    @contextlib.contextmanager
    def directory(self):
        path = tempfile.mkdtemp(dir=self.base)
        try:
            yield path
        finally:
            remove(path)


def socket_ends():
    """As a pipe, from its second end to its first."""
    ends = socket.socketpair()
    return tuple(end.detach() for end in ends)


class Server:
    """
    Our end of its pipes, or SOCKETS, and its end, which may be NONBLOCKING.  It runs as USER, where
    that is not None.
    """

    def __init__(self, argv, env, limits, sockets=False, nonblocking=False, user=None):
        ends = socket_ends if sockets else os.pipe
        theirs_in, self.out = ends()
        os.set_blocking(self.out, False)        # of our end alone
        self.inp, theirs_out = ends()
        self.err, theirs_err = os.pipe()
        self.replies = b""
        self.said = b""
        for fd in (theirs_in, theirs_out):
            os.set_blocking(fd, not nonblocking)
        try:
            self.process = subprocess.Popen(
                argv, env=env, umask=UMASK, stdin=theirs_in, stdout=theirs_out, stderr=theirs_err,
                user=user, group=user, extra_groups=None if user is None else [],
                preexec_fn=(lambda: set_limits(limits)) if limits else None)
        finally:
            for fd in (theirs_in, theirs_out, theirs_err):
                os.close(fd)

    # -- what a client does

    def send(self, data):
        """Sends what fits into a pipe, or what the server takes; true when it took all."""
        view = memoryview(data)
        try:
            while view:
                self.await_fd(self.out, select.POLLOUT, "room for input")
                view = view[os.write(self.out, view):]
        except BrokenPipeError:
            return False
        return True

    def receive(self, size):
        """The next SIZE bytes, or fewer where the server closed."""
        got = b""
        while len(got) < size:
            self.await_fd(self.inp, select.POLLIN, "answer")
            part = os.read(self.inp, size - len(got))
            if not part:
                break
            got += part
        return got

    def reply(self):
        """The next reply: "" for a zero byte, a warning's text, None when the server closed."""
        first = self.receive(1)
        if first == b"\0":
            return ""
        text = first
        while first and not text.endswith(b"\n"):
            part = self.receive(1)
            if not part:
                break
            text += part
        return text.decode(errors="replace") if text else None

    def tell(self, data):
        self.send(data)
        return self.reply()

    def close_input(self):
        if self.out != -1:
            os.close(self.out)
            self.out = -1

    def vanish(self):
        """The client is gone: both its ends are closed."""
        self.close_input()
        os.close(self.inp)
        self.inp = -1

    def kill(self, number):
        self.process.send_signal(number)

    # -- what the server does

    def await_fd(self, fd, event, what):
        poll = select.poll()
        poll.register(fd, event)
        if not poll.poll(PATIENCE * 1000):
            raise Stuck(f"no {what} within {PATIENCE} s")

    def unread(self):
        count = array.array("i", [0])
        fcntl.ioctl(self.out, termios.FIONREAD, count)
        return count[0]

    def state(self):
        with open(f"/proc/{self.process.pid}/stat", "rb") as f:
            return f.read().rpartition(b") ")[2][:1].decode()

    def await_stop(self):
        """It has stopped itself: a rule of the shim said so."""
        deadline = time.monotonic() + PATIENCE
        while self.state() != "T":
            if time.monotonic() > deadline or self.state() in "ZX":
                raise Stuck("it did not come to the call before which it was to stop")
            time.sleep(NAP)

    def settle(self, greeted=False):
        """
        Waits until the server has taken in all that was sent and sleeps, or has ended: true when it
        sleeps.  That it sleeps is looked at last, so it went to sleep with nothing left to read;
        and before it greets, it may sleep for other reasons.
        """
        deadline = time.monotonic() + PATIENCE
        if not greeted:
            self.await_fd(self.inp, select.POLLIN, "greeting")
        while time.monotonic() < deadline:
            unread, state = self.unread(), self.state()
            if state in "ZX":
                return False
            if unread == 0 and state == "S":
                return True
            time.sleep(NAP)
        raise Stuck(f"it does not come to rest within {PATIENCE} s")

    def wait(self):
        """Reads all it says until it ends by itself; its exit status, negative for a signal."""
        with contextlib.ExitStack() as stack:
            stack.callback(self.close)
            poll = select.poll()
            for fd in (self.inp, self.err):
                if fd != -1:
                    poll.register(fd, select.POLLIN)
            open_fds = {self.inp, self.err} - {-1}
            while open_fds:
                events = poll.poll(PATIENCE * 1000)
                if not events:
                    raise Stuck(f"it does not end within {PATIENCE} s")
                for fd, _ in events:
                    data = os.read(fd, 1 << 16)
                    if not data:
                        poll.unregister(fd)
                        open_fds.discard(fd)
                    elif fd == self.inp:
                        self.replies += data
                    else:
                        self.said += data
            return self.process.wait(PATIENCE)

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        for fd in {self.out, self.inp, self.err} - {-1}:
            os.close(fd)
        self.out = self.inp = self.err = -1

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def set_limits(limits):
    for what, value in limits:
        resource.setrlimit(what, (value, value))


def remove(path):
    """A whole tree, also where a directory in it lets nobody write."""
    for at, names, _ in os.walk(path):
        for name in names:
            os.chmod(os.path.join(at, name), 0o700)
    shutil.rmtree(path, ignore_errors=True)


def become_user():
    """
    Root may open whatever it finds: this process, which is one for each test, becomes somebody
    else for ever.
    """
    if os.geteuid() == 0:
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)


def put(path, content, mode, mtime):
    with open(path, "wb") as f:
        f.write(content)
    os.chmod(path, mode)
    os.utime(path, (mtime, mtime))


def look(path):
    """{name: ("file", content, mode, mtime) or ("dir", mode) or ("link", where it leads)}."""
    found = {}
    for at, names, files in os.walk(path):
        for name in names + files:
            full = os.path.join(at, name)
            st = os.lstat(full)
            mode = stat.S_IMODE(st.st_mode)
            if stat.S_ISDIR(st.st_mode):
                found[os.path.relpath(full, path)] = ("dir", mode)
            elif stat.S_ISLNK(st.st_mode):
                found[os.path.relpath(full, path)] = ("link", os.readlink(full))
            else:
                found[os.path.relpath(full, path)] = ("file", content_of(full, mode), mode,
                                                      int(st.st_mtime))
    return found


def content_of(path, mode):
    try:
        with open(path, "rb") as f:
            return f.read()
    except PermissionError:
        os.chmod(path, 0o600)
        with open(path, "rb") as f:
            content = f.read()
        os.chmod(path, mode)
        return content


def is_temporary(name):
    return os.path.basename(name).startswith(".scp-")


def split_temporaries(tree):
    """The tree without them, and their names."""
    return ({n: e for n, e in tree.items() if not is_temporary(n)},
            [n for n in tree if is_temporary(n)])


def signal_name(status):
    return signal.Signals(-status).name if status < 0 else f"exit {status}"
