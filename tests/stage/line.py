# SPDX-License-Identifier: ISC
"""A line that takes its time: what is said to a port here goes on to another one later, either way."""
import collections
import contextlib
import selectors
import socket
import threading
import time

PIECE = 1 << 16
WINDOW = 1 << 22            # bytes that are on their way at most


class Way:
    """One direction: what has come, with the time when it is due."""

    def __init__(self, source, target):
        self.source, self.target = source, target
        self.pieces, self.size = collections.deque(), 0
        self.ended = self.done = False

    def take(self, due):
        with contextlib.suppress(OSError):
            piece = self.source.recv(PIECE)
            self.ended = not piece
            self.pieces.append((due, piece))
            self.size += len(piece)
            return
        self.ended = True
        self.pieces.append((due, b""))

    def give(self, now):
        """Passes on what is due."""
        while self.pieces and self.pieces[0][0] <= now:
            _due, piece = self.pieces.popleft()
            self.size -= len(piece)
            try:
                if piece:
                    self.target.sendall(piece)
                else:
                    self.done = True
                    self.target.shutdown(socket.SHUT_WR)
            except OSError:
                self.done = self.ended = True
                self.pieces.clear()


class Slow:
    """To HOST and PORT by a port of its own, DELAY seconds each way, for as long as it is open."""

    def __init__(self, host, port, delay):
        self.to, self.delay = (host, port), delay
        self.listener = socket.create_server((host, 0))
        self.port = self.listener.getsockname()[1]

    def __enter__(self):
        threading.Thread(target=self.accept, daemon=True).start()
        return self

    def __exit__(self, *_why):
        # Whoever waits for a connection is woken by the end of it.
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def accept(self):
        while True:
            try:
                near = self.listener.accept()[0]
            except OSError:
                return
            threading.Thread(target=self.carry, args=(near,), daemon=True).start()

    def carry(self, near):
        with near, socket.create_connection(self.to) as far:
            for each in (near, far):
                each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            ways = [Way(near, far), Way(far, near)]
            while not all(way.done for way in ways):
                self.turn(ways)

    def turn(self, ways):
        dues = [way.pieces[0][0] for way in ways if way.pieces]
        patience = max(min(dues) - time.monotonic(), 0) if dues else None
        with selectors.DefaultSelector() as wait:
            for way in ways:
                if not way.ended and way.size < WINDOW:
                    wait.register(way.source, selectors.EVENT_READ, way)
            for key, _events in wait.select(patience) if wait.get_map() else []:
                key.data.take(time.monotonic() + self.delay)
            if not wait.get_map() and patience:
                time.sleep(patience)
        for way in ways:
            way.give(time.monotonic())
