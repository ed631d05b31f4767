# SPDX-License-Identifier: ISC
"""Accounts that never begin, because they wait for somebody or are not for this, and what is said then."""
import os
import re
import signal
import subprocess
import time

from accounts import NO_TRAP, SHELLS, STUCK, UNANSWERED, Remote, down, note, up
from stage import process, sshd
from stage.report import Failed, holds, same

PATIENCE = 60                   # seconds for something to happen that shall
SAMPLES = 3                     # in which somebody is seen to wait who does


# -- Those that wait.

def state_of(pid):
    """(state, session) of a process, or nothing."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            fields = file.read().rpartition(") ")[2].split()
    except OSError:
        return None, None
    return fields[0], int(fields[3])


def all_wait(child):
    """Whether what is ours has nothing to do: two processes at least."""
    states = [state for state, session in map(state_of, filter(str.isdigit, os.listdir("/proc")))
              if session == child.pid]
    return len(states) >= 2 and set(states) == {"S"}


def until(what, condition):
    end = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > end:
            raise Failed(what, "that", "nothing of the kind")
        time.sleep(0.02)


def interrupt(stage, remote, words, ready, apart="setsid"):
    """What is said until READY(what is said), and then by somebody who is interrupted at a terminal."""
    said = f"{stage.new_directory('said')}/said"
    # Whom it reaches is a session of its own: the signal is for us alone.
    env = remote.env() | {"AT_APART": apart}
    with open(said, "wb") as file:
        child = subprocess.Popen(stage.argv(*words), env=env, start_new_session=True,
                                 stdin=subprocess.DEVNULL, stdout=file, stderr=file)
    with process.lock:
        process.running.add(child)
    try:
        until("something to interrupt", lambda: ready(child, sshd.read_text(said)))
        os.killpg(child.pid, signal.SIGINT)
        child.wait(PATIENCE)
    finally:
        # Who has ended has no group any more that would be his.
        if child.poll() is None:
            process.end_group(child)
        child.wait()
        with process.lock:
            process.running.discard(child)
    return child.returncode, sshd.read_text(said).splitlines()


def words_of(remote, way):
    stage = remote.stage
    return (stage.file(), "host:") if way is up else ("host:file", stage.new_directory("local"))


def mute(stage, how, way):
    """Not a word: the user is told when he has waited for long enough."""
    remote = Remote(stage, "bash", ".bashrc", b"", f"touch ~/here\n{how}\n")
    here, seen = f"{remote.home}/here", []

    def ready(child, _said):
        seen.append(os.path.exists(here) and all_wait(child))
        return all(seen[-SAMPLES:]) and len(seen) >= SAMPLES

    code, said = interrupt(stage, remote, words_of(remote, way), ready)
    same("end", -signal.SIGINT, code, said)
    same("what is said", [f"scp: host: {UNANSWERED}"], said)


def unreached(stage, way):
    """Whoever reaches it still asks for a password, or connects, and the signal ends him: nothing is known of it."""
    remote = Remote(stage, "bash", ".bashrc", b"", "touch ~/here\nexec sleep 1000\n")
    here = f"{remote.home}/here"
    code, said = interrupt(stage, remote, words_of(remote, way), lambda child, _said: os.path.exists(here) and
                           all_wait(child), apart="")
    same("end", -signal.SIGINT, code, said)
    same("what is said", [], said)


def asks(stage, way):
    """A question, and nobody to answer it: that is told once there was silence."""
    remote = Remote(stage, "bash", ".bashrc", b"Name?", "cat ~/text\nread name\n")
    code, said = interrupt(stage, remote, words_of(remote, way), lambda _child, said: STUCK in said)
    same("end", -signal.SIGINT, code, said)
    same("what is said", note(["Name?"]) + [f"scp: host: {STUCK}"], said)


def check_stuck(stage):
    for way in (up, down):
        yield f"a question, {way.__name__}", "bash", asks, stage, way
        yield f"nobody has logged in, {way.__name__}", "bash", unreached, stage, way
    for how in ("read x", "exec dash"):
        for way in (up, down):
            yield f"{how}, {way.__name__}", "bash", mute, stage, how, way


# -- Those that end.

def refused(stage, remote, way, wanted, err=None):
    """What it said, if anything, and then WANTED; ERR is what it says to standard error by itself."""
    got = process.run(stage.argv(*words_of(remote, way)), remote.env())
    same("status", 1, got.code, got.log)
    lines, mark = got.err.splitlines(), "scp: host: "
    same("what is said", [mark + line for line in wanted],
         [line for line in lines if line.startswith(mark)], got.log)
    own = [line for line in lines if not line.startswith(mark)]
    holds("what the remote side said of itself", bool(own) == bool(err) and
          (not err or any(re.search(err, line) for line in own)), own, got.log)


def no_program(stage, shell, way):
    """csh and tcsh end with 1, as they do for whatever is wrong."""
    remote = Remote(stage, shell, "", b"", "")
    env = remote.env() | {"AT_PATH": f"{stage.base}/empty"}
    remote.env = lambda: env
    stands = "there is no scp, or not in the PATH of its shell"
    if shell in NO_TRAP:
        stands = "the remote side ended with 1 before it said anything"
    refused(stage, remote, way, [stands], "scp")


def login(stage, shell, way, wanted):
    """A shell that is none."""
    refused(stage, Remote(stage, shell, "", b"", ""), way, wanted)


def says(stage, text, way, wanted):
    refused(stage, Remote(stage, "bash", ".bashrc", text, "cat ~/text\nexit 1\n"), way, wanted)


def no_match(stage, shell):
    remote = Remote(stage, shell, "", b"", "")
    got = process.run(stage.argv("host:*.none", stage.new_directory("local")), remote.env())
    same("status", 1, got.code, got.log)
    holds("the last line", re.search(r"\nscp: host: the remote side ended with [1-9][0-9]* before it said "
                                     r"anything\n$", got.err), got.err)


def check_refused(stage):
    for shell in SHELLS:
        yield f"no scp in {shell}", shell, no_program, stage, shell, up
    for way in (up, down):
        yield (f"nologin, {way.__name__}", "nologin", login, stage, "/usr/sbin/nologin", way,
               ["it said: This account is currently not available."])
        yield (f"/bin/false, {way.__name__}", "false", login, stage, "/bin/false", way,
               ["the remote side ended with 1 before it said anything"])
        yield (f"who says where to log in, {way.__name__}", "bash", says, stage,
               b"Please login as the user \"admin\".\n\nGoodbye\n", way,
               ['it said: Please login as the user "admin".', "it said: Goodbye"])
    for shell in ("zsh", "fish"):
        yield f"no match in {shell}", shell, no_match, stage, shell


def checks(stage):
    os.mkdir(f"{stage.base}/empty")
    yield from check_stuck(stage)
    yield from check_refused(stage)
