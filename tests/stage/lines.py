# SPDX-License-Identifier: ISC
"""Two ends of a session of commands: over pipes, and through a server by SSH.

Each has send(data), next(): a pair of where something came, "out" or "err", and what, or "end" and the
exit status; and close(), which ends what the client says and returns that status.  What came is told in
the order in which it came, which no client can know that has two pipes: who reads both takes standard
error first.
"""
import asyncio
import os
import queue
import select
import subprocess
import threading
import warnings

from stage.report import Failed

PATIENCE = 60                   # seconds for anything to come
PIECE = 1 << 16


class Line:
    def __init__(self):
        self.came = queue.Queue()

    def next(self):
        try:
            return self.came.get(timeout=PATIENCE)
        except queue.Empty:
            raise Failed("the server", "an answer", "none") from None

    def send(self, data):
        raise NotImplementedError

    def hang_up(self):
        """No more is said."""
        raise NotImplementedError

    def close(self):
        """What still comes is of no interest."""
        self.hang_up()
        while True:
            where, what = self.next()
            if where == "end":
                return what


class Pipes(Line):
    def __init__(self, argv, cwd, env, uid=None):
        super().__init__()
        self.child = subprocess.Popen(argv, cwd=cwd, env=env, bufsize=0, user=uid, group=uid,
                                      extra_groups=None if uid is None else [], stdin=subprocess.PIPE,
                                      stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for stream in (self.child.stdout, self.child.stderr):
            os.set_blocking(stream.fileno(), False)
        threading.Thread(target=self.pump, daemon=True).start()

    def take(self, where, stream):
        """False at its end."""
        try:
            data = os.read(stream.fileno(), PIECE)
        except BlockingIOError:
            return True
        if data:
            self.came.put((where, data))
        return bool(data)

    def pump(self):
        poll = select.poll()
        streams = {stream.fileno(): (where, stream) for where, stream in (
            ("err", self.child.stderr), ("out", self.child.stdout))}
        for fd in streams:
            poll.register(fd, select.POLLIN)
        while streams:
            ready = {fd for fd, _ in poll.poll()}
            # In this order, and also where only the second was seen to be ready.
            for fd, (where, stream) in list(streams.items()):
                if (where == "err" or fd in ready) and not self.take(where, stream):
                    poll.unregister(fd)
                    del streams[fd]
        self.came.put(("end", self.child.wait()))

    def send(self, data):
        try:
            data = memoryview(data)
            while data:
                data = data[self.child.stdin.write(data):]
        except BrokenPipeError:
            pass                        # It has ended, which next() says.

    def hang_up(self):
        self.child.stdin.close()


class Channel(Line):
    """What asyncssh sees: each piece of a channel as it comes."""

    def __init__(self, host, command=None):
        super().__init__()
        # Not everybody who uses pipes has it; and it speaks of ciphers that will go.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import asyncssh
        self.asyncssh, self.host, self.command = asyncssh, host, command
        self.loop = self.channel = None
        begun = threading.Event()
        threading.Thread(target=lambda: asyncio.run(self.live(begun)), daemon=True).start()
        if not begun.wait(PATIENCE) or self.channel is None:
            raise Failed("a session", "one", "none")

    def session(self):
        line, stderr = self, self.asyncssh.EXTENDED_DATA_STDERR

        class Session(self.asyncssh.SSHClientSession):
            status = None

            def data_received(self, data, datatype):
                line.came.put(("err" if datatype == stderr else "out", data))

            def exit_status_received(self, status):
                self.status = status

            def connection_lost(self, exc):
                line.came.put(("end", self.status))
                line.over.set()

        return Session()

    async def live(self, begun):
        self.loop, self.over = asyncio.get_running_loop(), asyncio.Event()
        try:
            async with self.asyncssh.connect(
                    "127.0.0.1", self.host.port, username=self.host.user, client_keys=[self.host.key],
                    known_hosts=self.host.known, config=None, agent_path=None) as connection:
                self.channel, _ = await connection.create_session(
                    self.session, self.command, encoding=None, window=1 << 24)
                begun.set()
                await self.over.wait()
        finally:
            begun.set()

    def send(self, data):
        self.loop.call_soon_threadsafe(self.channel.write, bytes(data))

    def hang_up(self):
        self.loop.call_soon_threadsafe(self.channel.write_eof)
