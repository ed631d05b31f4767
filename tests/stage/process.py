# SPDX-License-Identifier: ISC
"""Running a client, which must neither hang nor outlive us."""
import os
import signal
import subprocess
import threading

from stage.report import Failed

PATIENCE = 60               # seconds after which a client is said to hang
NO_SESSION = 255            # the exit status of ssh where there was none
SHOWN = 2000                # characters of a client's words in a failure

running = set()             # process groups to end when the test is interrupted
lock = threading.RLock()     # a signal may come while it is held


class Outcome:
    """How a command ended, and everything it said."""

    def __init__(self, code, out, err):
        self.code = code
        self.out = out.decode(errors="replace")
        self.err = err.decode(errors="replace")
        self.text = self.out + self.err

    @property
    def log(self):
        return f"exit {self.code}, {self.text[-SHOWN:]!r}"


def end_group(child):
    try:
        os.killpg(child.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def end_all():
    with lock:
        for child in list(running):
            end_group(child)


def run(argv, env, cwd=None, patience=PATIENCE, stdin=None, begun=None):
    """Runs a command to its end; one that takes too long is a failure.  BEGUN is told the process."""
    child = subprocess.Popen(argv, env=env, cwd=cwd, start_new_session=True,
                             stdin=stdin or subprocess.DEVNULL,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    with lock:
        running.add(child)
    try:
        if begun:
            begun(child)
        out, err = child.communicate(timeout=patience)
    except subprocess.TimeoutExpired:
        end_group(child)
        out, err = child.communicate()
        raise Failed(f"{os.path.basename(argv[0])} hung", f"an end within {patience} s", "none",
                     Outcome(None, out, err).log) from None
    finally:
        with lock:
            running.discard(child)
    return Outcome(child.returncode, out, err)
