# SPDX-License-Identifier: ISC
"""
Copies to and from hosts, which take several processes here, and what may be there and may be said after a
call of one of them failed.  Nobody outlives the first of them.
"""

import contextlib
import ctypes
import errno
import os
import pwd
import select
import shutil
import signal
import subprocess
import time
from collections import namedtuple

from peer import PATIENCE, UMASK, Stuck, look, put, split_temporaries
from sweeps import lines_of
from transfer import OLD, OLD_MODE, OLD_TIME
from uploads import body_of

PR_SET_CHILD_SUBREAPER = 36
CALLS_MAX = 1000                # of one process, and far more than it makes
SENT_TIME = 1400000000
SMALL, LARGE = body_of(1000), body_of(150000)   # the latter is moved by the kernel
SOURCE = {"tree": ("dir", 0o751), "tree/old": ("file", SMALL, 0o640, SENT_TIME),
          "tree/large": ("file", LARGE, 0o604, SENT_TIME), "tree/sub": ("dir", 0o711),
          "tree/sub/empty": ("file", b"", 0o600, SENT_TIME)}
BEFORE = {"tree": ("dir", 0o700), "tree/old": ("file", OLD, OLD_MODE, OLD_TIME)}
# Each host is a directory, or does not answer, or not more than once.  Nobody there has anything of the shim.
HOST = """\
#!/bin/sh
for word; do host=$command command=$word; done
case $host in
mute) exec cat 3>&1 >/dev/null ;;
stalls) printf '\\0'; exec cat 3>&1 >/dev/null ;;
esac
cd "$HOSTS/$host" && eval "exec $command"
"""

# A copy, by WORDS, of which process WHO is looked at: 0 is the first one, N the Nth that it forks.  FEW are
# kinds of calls that are worth failing where there is no time for all of them.
Scene = namedtuple("Scene", "title words who rules few kinds")


def prepare(base):
    for place in ("source", "target"):
        os.mkdir(os.path.join(base, place))
        # The order of a directory is that of how it was filled, or always the same.
        for name, entry in (SOURCE if place == "source" else BEFORE).items():
            path = os.path.join(base, place, name)
            if entry[0] == "dir":
                os.mkdir(path)
            else:
                put(path, *entry[1:])
        for name, entry in (SOURCE if place == "source" else BEFORE).items():
            os.chmod(os.path.join(base, place, name), entry[1] if entry[0] == "dir" else entry[2])
    os.mkdir(os.path.join(base, "bin"))
    script = os.path.join(base, "bin/ssh")
    with open(script, "w", encoding="utf-8") as file:
        file.write(HOST)
    os.chmod(script, 0o755)
    for name in ("cp", "cat"):
        os.symlink(shutil.which(name), os.path.join(base, "bin", name))


# -- a copy, and who is left of it

def adopt():
    """Whose parent has ended is ours."""
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == -1:
        raise OSError(ctypes.get_errno(), "prctl")


def await_end(child):
    with os.fdopen(os.pidfd_open(child.pid)) as handle:
        poll = select.poll()
        poll.register(handle, select.POLLIN)
        if not poll.poll(PATIENCE * 1000):
            raise Stuck(f"it does not end within {PATIENCE} s")
    return child.wait()


def count_orphans():
    """Those that are there when the first process is not any more; and they end."""
    found = 0
    while True:
        try:
            pid, _ = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                found += 1
                os.waitpid(-1, 0)
        except ChildProcessError:
            return found


def environment(lab, base, who, fault, log):
    places = (os.path.join(base, "bin"), os.path.dirname(lab.program))
    return dict(PATH=":".join(places), LC_ALL="C", HOME=base, USER=pwd.getpwuid(os.getuid()).pw_name,
                HOSTS=base, LD_PRELOAD=lab.shim, FAULT=fault, FAULT_IN=str(who), FAULT_LOG=log)


@contextlib.contextmanager
def open_pipe():
    ends = os.pipe()
    try:
        os.set_blocking(ends[0], False)
        yield ends
    finally:
        for end in ends:
            os.close(end)


def text_in(heard):
    try:
        return os.read(heard, 1 << 16).decode(errors="replace")
    except BlockingIOError:
        return ""


def end_group(child):
    try:
        os.killpg(child.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def run(lab, s, base, rules, log, begun=None):
    """The status, what was said, and how many were left.  BEGUN is told the process."""
    words = [word.format(base=base) for word in s.words]
    # What is said fits into it.
    with open_pipe() as (heard, said):
        child = subprocess.Popen(
            [lab.program, *words], umask=UMASK, cwd=base, stdin=subprocess.DEVNULL,
            stdout=said, stderr=said, start_new_session=True,
            env=environment(lab, base, s.who, ",".join(filter(None, (s.rules, rules))), log))
        try:
            if begun is not None:
                begun(child)
            status = await_end(child)
        except Stuck as e:
            raise Stuck(f"{e}: {text_in(heard)!r}") from None
        finally:
            if child.returncode is None:
                end_group(child)
                child.wait()
            orphans = count_orphans()
        return status, text_in(heard), orphans


def play(lab, s, base, rules, log, begun=None):
    adopt()
    prepare(base)
    with open(log, "wb"):
        pass
    status, said, orphans = run(lab, s, base, rules, log, begun)
    tree, left = split_temporaries(look(os.path.join(base, "target")))
    source = look(os.path.join(base, "source"))
    return {"status": status, "said": said, "orphans": orphans, "left": left, "tree": tree,
            "source": {} if source == SOURCE else source}


# -- what may have come of it

# Of these nobody is told but that the other side is lost, which it then is.
LOST = ("hear", "reply", "splice", "poll", "lseek")
# Nothing can be said of a descriptor that is not there, nor of a program that is looked for elsewhere.
ELSEWHERE = {"fcntl": "/dev/null cannot be opened", "access": "there is neither ssh nor dbclient",
             "malloc": "memory", "mmap": "memory", "stat": "/etc/scp.conf: it cannot be opened",
             "open": "/etc/scp.conf: it cannot be opened"}


def names_the_cause(said, kind, action):
    reasons = [os.strerror(getattr(errno, action.rstrip("-"))), ELSEWHERE.get(kind)]
    return kind in LOST or any(reason in said for reason in reasons if reason)


def half_files(got):
    """Those that are neither what was there nor what was sent."""
    found = []
    for path, entry in got["tree"].items():
        contents = [tree[path][1] for tree in (BEFORE, SOURCE) if path in tree and tree[path][0] == entry[0]]
        if not contents or entry[0] == "file" and entry[1] not in contents:
            found.append(path)
    return found + [f"{path} is gone" for path in BEFORE if path not in got["tree"]]


def disorders(got):
    """What is wrong however it went."""
    return [f"{what}: {value}" for what, value in
            (("processes are left", got["orphans"]), ("temporaries", got["left"]),
             ("files", half_files(got)), ("the source", list(got["source"]))) if value]


def shortcomings(got):
    wrong = disorders(got)
    if (got["status"], got["said"], got["tree"]) != (0, "", SOURCE):
        wrong.append(f"exit {got['status']}, {got['said']!r}, {sorted(got['tree'])}")
    return wrong


def complaints(got, plain, kind, action):
    wrong = disorders(got)
    if got["status"] not in (0, 1):
        wrong.append(f"it ended with {got['status']}: {got['said']!r}")
    if got["status"] == 0 and (got["tree"], got["said"]) != (plain["tree"], plain["said"]):
        wrong.append(f"exit 0: {got['said']!r}, {sorted(got['tree'])}")
    # Of whom nothing is heard any more no words are either.
    if got["status"] == 1 and not (kind == "reply" and action.endswith("-")) and \
            (not got["said"] or not names_the_cause(got["said"], kind, action)):
        wrong.append(f"exit 1: {got['said']!r}")
    return wrong


def scenes():
    quiet = ("--sandbox=none", "-r", "-p")
    files = ("hear", "reply", "dup", "closeother", "poll")
    starts = ("fork", "spawn", "pipe", "mmap", "wait", "sigwait", "fcntl", "access", "closeother", "kill")
    found = []
    for title, words, workers in (
            ("down", (*quiet, "source:tree", "target"), {2: files}),
            ("up", (*quiet, "--idle-timeout=1h", "{base}/source/tree", "target:"), {2: (*files, "timer")}),
            ("through here", ("-3", *quiet, "source:tree", "target:"), {2: files, 4: files, 5: files}),
            ("directly", ("-R", "-r", "-p", "source:tree", "target:"), {}),
            ("here", ("-r", "-p", "source/tree", "target"), {})):
        found.append(Scene(f"{title}, who begins it", words, 0, "", starts, None))
        if title != "here":
            found.append(Scene(f"{title}, the sieve", words, 1, "", ("hear", "closeother"), None))
        found += [Scene(f"{title}, worker {who}", words, who, "", few, None) for who, few in workers.items()]
    return found


# -- who is told to stop

GROUP = 100                     # what the shim adds to a signal that is for all of them
STRIDE = 5                      # of the calls that a short run takes


def tell(lab, checks, scene, number, group, at):
    """False where there is no such call."""
    with lab.directory() as base:
        log = os.path.join(base, "log")
        got = play(lab, scene, base, f"call={-number - (GROUP if group else 0)}@{at}", log)
        calls = lines_of(log)
    if "raised" not in calls:
        return False
    # What stays here is the business of cp(1).
    wrong = disorders(got) if scene.words[-2:] != ("source/tree", "target") else []
    usual = -number if scene.who == 0 or group else 1
    # Once all is done there is nobody left to stop, and the sieve is there to be outlived.
    if got["status"] != usual and not (got["status"] == 0 and got["tree"] == SOURCE):
        wrong.append(f"it ended with {got['status']}: {got['said']!r}")
    if got["status"] == 1 and f"was ended by signal {number}" not in got["said"]:
        wrong.append(f"exit 1: {got['said']!r}")
    checks.equal(f"before call {at}, {calls[calls.index('raised') - 1]}", [], wrong)
    return True


def told(lab, checks, scene, number, group, stride):
    """
    A signal before every call, for the process alone or as a terminal sends it: the first one ends by that,
    having waited for everybody else.
    """
    for at in range(1, CALLS_MAX, stride):
        if not tell(lab, checks, scene, number, group, at):
            checks.equal("calls before which it came", True, at > stride)
            return
    raise AssertionError("calls without an end")


RESTS = 10                      # looks at what was done that find nothing new


def count_calls(lab, checks, scene):
    """Until it waits for somebody who says nothing; then it is told to stop, too."""
    counts = []

    def await_rest(child):
        while child.poll() is None and len(set(counts[-RESTS:])) > 1 or len(counts) < RESTS:
            time.sleep(0.02)
            counts.append(len([call for call in lines_of(log) if call not in ("malloc", "failed")]))
        child.send_signal(signal.SIGTERM)

    with lab.directory() as base:
        log = os.path.join(base, "log")
        got = play(lab, scene, base, "", log, await_rest)
    checks.equal("told to stop while it waits", ([], -signal.SIGTERM), (disorders(got), got["status"]))
    return counts[-1]


def told_in_vain(lab, checks, scene, stride):
    """
    The same where the other side does not answer: nothing but the signal ends that, whenever it comes.  The
    last of the calls is the one that waits.
    """
    last = count_calls(lab, checks, scene)
    for at in [*range(1, last, stride), *range(max(1, last - stride), last + 1)]:
        tell(lab, checks, scene, signal.SIGTERM, False, at)


def tests(short):
    return [(f"told to stop: {scene.title}, {name}", True, told, (scene, number, group, STRIDE if short else 1))
            for scene in scenes() for name, number, group in (("SIGTERM for it alone", signal.SIGTERM, False),
                                                              ("SIGINT for all", signal.SIGINT, True))] + [
        (f"told to stop: {scene.title}", True, told_in_vain, (scene, STRIDE if short and scene.who == 0 else 1))
        for scene in unanswered()]


def unanswered():
    begun = ("--sandbox=none", "-r", "-p")
    return [Scene(f"{title}, process {who}", (*begun, *words), who, "", None, None) for title, words, whos in (
        ("who sends nothing", ("mute:tree", "target"), (0, 2)),
        ("who does not begin to receive", ("{base}/source/tree", "mute:"), (0, 2)),
        ("who does not reply", ("{base}/source/tree", "stalls:"), (2,)),
        ("through here, no greeting", ("-3", "source:tree", "mute:"), (0, 2)),
        ("through here, who sends nothing", ("-3", "mute:tree", "target:"), (0, 4)),
        ("through here, who does not reply", ("-3", "source:tree", "stalls:"), (0, 4))) for who in whos]
