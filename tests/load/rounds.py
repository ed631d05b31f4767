# SPDX-License-Identifier: ISC
"""Many sessions at once: let them all come, let them go at once, and look at what is left."""
import contextlib
import signal
import subprocess
import threading
import time

import kinds
from stage import process, transfers
from stage.report import Failed

GATE_PATIENCE = 300             # seconds for all servers to be there
END_PATIENCE = 60               # seconds for those to end whose clients have gone
NUDGE = 0.2                     # seconds after which who still stands at the gate is told again


def others(others, _):
    """Of what a watch finds, those servers that it does not follow."""
    return others


def both(others, followed):
    return others + followed


class Crowd:
    """The clients of a ground, with a thread for each that waits for it."""

    def __init__(self, ground, watch):
        self.ground, self.watch = ground, watch
        self.lock = threading.Lock()
        self.children = {}          # by session: its client, while it runs
        self.told = set()           # sessions that know that they may go on
        self.lasting = []

    # -- single ones

    def start(self, session, ended=None):
        """In a thread, which calls ENDED at its end."""
        thread = threading.Thread(target=self.play, args=(session, ended), daemon=True)
        thread.start()
        return thread

    def play(self, session, ended):
        def begun(child):
            with self.lock:
                self.children[session] = child

        session.since = transfers.now()
        try:
            session.outcome = process.run(session.argv(), self.ground.world.env, begun=begun,
                                          patience=session.patience)
        except Failed as failure:
            session.outcome = process.Outcome(None, b"", str(failure).encode())
        with self.lock:
            self.children.pop(session, None)
            self.told.discard(session)
        if ended:
            ended(session)

    def let_go(self):
        """Whoever stands at the gate may go on."""
        with self.lock:
            for session, child in self.children.items():
                with contextlib.suppress(ProcessLookupError):
                    child.send_signal(signal.SIGCONT)
                if session not in self.told:
                    self.told.add(session)
                    session.released(child)

    def let_go_until(self, threads):
        while any(thread.is_alive() for thread in threads):
            self.let_go()
            time.sleep(NUDGE)

    # -- many

    def prepare(self, sessions):
        for session in sessions:
            session.prepare()
            self.ground.give(session.there)
        self.ground.give(f"{self.ground.there}/{kinds.SHARED}")

    def play_all(self, sessions, which=others):
        """Plays them all at once; the number of servers, WHICH of them, when the first went on."""
        self.prepare(sessions)
        threads = [self.start(session) for session in sessions]
        found = self.watch.await_servers(lambda *found: which(*found) >= len(sessions),
                                         GATE_PATIENCE)
        self.let_go_until(threads)
        return which(*found)

    def await_end(self, which=others):
        """How many servers, WHICH of them, are left when all should be gone."""
        return which(*self.watch.await_servers(lambda *found: which(*found) == 0, END_PATIENCE))

    def clear(self, sessions):
        paths = [f"{self.ground.there}/{kinds.SHARED}"]
        for session in sessions:
            paths += [session.there, session.here]
        subprocess.run(["chmod", "-R", "u+rwx", "--", *paths], stderr=subprocess.DEVNULL,
                       check=False)
        subprocess.run(["rm", "-rf", "--", *paths], check=True)


class Lasting:
    """One session of a kind that has much to do, or one after the other until we FINISH."""

    def __init__(self, crowd, kind, numbers):
        self.crowd, self.kind, self.numbers = crowd, kind, numbers
        self.done = []              # sessions that have ended, and that nobody has looked at yet
        self.again = False
        self.session = self.thread = None

    def begin(self, again):
        self.again = again
        self.session = self.kind(self.crowd.ground, next(self.numbers))
        self.crowd.prepare([self.session])
        self.thread = self.crowd.start(self.session, self.end)

    def end(self, session):
        self.done.append(session)
        # One that failed may have done so because all of us are to stop.
        if self.again and session.outcome.code == 0:
            self.begin(True)

    def take(self):
        done, self.done = self.done, []
        return done

    def finish(self):
        """The last one is played to its end."""
        self.again = False
        while self.thread.is_alive():
            self.crowd.let_go_until([self.thread])
