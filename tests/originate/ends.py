# SPDX-License-Identifier: ISC
"""
How it ends where it cannot go on: when it is told to stop, wherever it is, when its processes are ended, and
when another one, or a descriptor, cannot be had.  No process is left, no temporary file, and no half of one.
"""
import contextlib
import os
import signal
import subprocess
import time

import accounts
import fakes
from hostile import entry, tree
from stage import process, sshd
from stage.report import Failed, Skipped, holds, same

PATIENCE = 60                   # seconds for something to happen that shall
STRANGER = 61000                # nobody's number, and so are those behind it
# The first bytes of what there is to say, and then nothing more for as long as somebody waits.
PART = """\
head -c {n} "$FAKE/says"
exec sleep 600
"""
# The same, but for somebody who lets it go on.
REST = """\
head -c 30 "$FAKE/says"
until [ -e "$FAKE/go" ]; do sleep 0.1; done
tail -c +31 "$FAKE/says"
exec >&-
wait
"""
SESSION = (b"T1 0 1 0\n" + tree(b"good", b"T1 0 1 0\n" + entry(b"x", body=b"a" * 20), tree(b"d", entry(b"old"))))
WHOLE = {"target/good": None, "target/good/x": b"a" * 20, "target/good/d": None, "target/good/d/old": b"hello"}


def until(what, condition):
    end = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > end:
            raise Failed(what, "that", "nothing of the kind")
        time.sleep(0.01)


def status_of(pid):
    """(state, parent, session) of a process, or nothing."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            state, parent, _group, session = file.read().rpartition(") ")[2].split()[:4]
    except OSError:
        return None, None, None
    return state, int(parent), int(session)


def alive_in(session):
    """Those that have not ended, of a session of processes."""
    found = {int(pid): status_of(pid) for pid in os.listdir("/proc") if pid.isdigit()}
    return [pid for pid, (state, _, of) in found.items() if of == session and state not in (None, "Z")]


def sleepers(session):
    """Who reaches the host, when that has said all; a shell would be between two commands."""
    found = []
    for pid in alive_in(session):
        with contextlib.suppress(OSError):
            if sshd.read_text(f"/proc/{pid}/comm") == "sleep\n":
                found.append(pid)
    return found


@contextlib.contextmanager
def begun(scene, *words, ignored=(), ready=None):
    """A copy that has come as far as its host lets it, which READY knows, or that somebody sleeps."""
    def ignore():
        for each in ignored:
            signal.signal(each, signal.SIG_IGN)

    with open(f"{scene.top}/said", "wb") as said:
        child = subprocess.Popen(scene.argv(*words), env=scene.env, cwd=scene.here, start_new_session=True,
                                 stdin=subprocess.DEVNULL, stdout=said, stderr=said, preexec_fn=ignore)
    with process.lock:
        process.running.add(child)
    try:
        until("the host is ready", lambda: child.poll() is not None or (ready() if ready else sleepers(child.pid)))
        yield child
    finally:
        process.end_group(child)
        child.wait()
        with process.lock:
            process.running.discard(child)


def said_in(scene):
    return sshd.read_text(f"{scene.top}/said")


def nothing_is_left(scene, child, where="here"):
    until("every process has ended", lambda: not alive_in(child.pid))
    for at, _, files in os.walk(f"{scene.top}/{where}"):
        same(f"temporary files in {at}", [], [name for name in files if name.startswith(".scp-")])


def only_whole_files(scene):
    for path, what in scene.new().items():
        holds(f"{path} is what it was, or what it shall be", path in WHOLE and what is not None and
              what[1] == WHOLE[path], what)


def stopped(lab, words, says, n, told=signal.SIGINT, group=True):
    """Told to stop after N bytes of what the host says."""
    scene = lab.scene(says, PART.format(n=n))
    try:
        with begun(scene, *words) as child:
            if group:
                os.killpg(child.pid, told)
            else:
                os.kill(child.pid, told)
            try:
                child.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                raise Failed("an end", "one", "none", said_in(scene)) from None
            same("how it ended, which stops a loop of a shell", -told, child.returncode, said_in(scene))
            nothing_is_left(scene, child)
            nothing_is_left(scene, child, "there")
            only_whole_files(scene)
            holds("few words", len(said_in(scene).splitlines()) <= 4, said_in(scene))
    finally:
        scene.end()


def not_told(lab, words, told):
    """What whoever started us has had ignored stops nothing, at either end; what a child ended with is known."""
    scene = lab.scene(SESSION, REST)
    try:
        with begun(scene, *words, ignored=(told, signal.SIGCHLD)) as child:
            os.killpg(child.pid, told)
            with open(f"{scene.top}/go", "wb"):
                pass
            same("status", 0, child.wait(PATIENCE), said_in(scene))
            same("what has come", True, os.path.exists(f"{scene.here}/target/good/d/old"), said_in(scene))
            nothing_is_left(scene, child)
    finally:
        scene.end()


def killed(lab, words, says):
    """Who speaks to the host is killed: that is said, and the host is not waited for for ever."""
    scene = lab.scene(says, PART.format(n=len(says)))
    try:
        with begun(scene, *words) as child:
            def workers():
                return [pid for pid in alive_in(child.pid) if status_of(pid)[1] == child.pid and
                        os.path.basename(os.readlink(f"/proc/{pid}/exe")) == "scp"]

            # The sieve and the worker, which came last.
            until("both are there", lambda: len(workers()) == 2)
            os.kill(max(workers()), signal.SIGKILL)
            for pid in sleepers(child.pid):
                os.kill(pid, signal.SIGKILL)
            same("status", 1, child.wait(PATIENCE), said_in(scene))
            holds("it is said", "was ended by signal 9" in said_in(scene), said_in(scene))
            until("every process has ended", lambda: not alive_in(child.pid))
    finally:
        scene.end()


# -- What cannot be had.

def limited(lab, option, number, words):
    """With LIMIT, it works or says why not."""
    scene = lab.scene(entry(b"good"))
    where = 0
    try:
        run = ["prlimit", f"--{option}={number}", "--"]
        if option == "nproc":
            with lab.lock:
                lab.strangers += 1
                where = STRANGER + lab.strangers
            run = ["setpriv", f"--reuid={where}", f"--regid={where}", "--clear-groups", *run]
            for path in (scene.top, f"{scene.top}/there", scene.here, f"{scene.here}/target"):
                os.chmod(path, 0o777)
        got = process.run([*run, *scene.argv(*words)], scene.env, cwd=scene.here)
        if got.code == 0:
            same("it came", True, os.path.exists(f"{scene.here}/target/good"), got.log)
        else:
            same("status", 1, got.code, got.log)
            holds("some words", "scp: " in got.err and len(got.err.splitlines()) <= 5, got.log)
            same("nothing came", False, os.path.exists(f"{scene.here}/target/good"), got.log)
        if where:
            until("every process has ended", lambda: not list(sshd.processes_of(where)))
        return got
    finally:
        scene.end()


def no_processes(lab):
    """As many as there may be, one by one, until it works."""
    if os.geteuid() != 0:
        raise Skipped("no root, and no other user")
    codes = [limited(lab, "nproc", number, ["host:good", "target"]).code for number in range(1, 10)]
    same("the first ones fail", [1, 1, 1], codes[:3])
    same("the last one does not", 0, codes[-1])


def no_descriptors(lab):
    codes = [limited(lab, "nofile", number, ["host:good", "target"]).code for number in range(5, 40, 1)]
    same("the first one fails, and the last one does not", (1, 0), (codes[0], codes[-1]))


def no_program(lab):
    scene = lab.scene()
    make = {"none": None, "directory": None, "unfit": "#!/none\n", "closed": "#!/bin/sh\n"}
    try:
        os.mkdir(f"{scene.top}/directory")
        for name, text in make.items():
            if text:
                sshd.write_text(f"{scene.top}/{name}", text, 0o644 if name == "closed" else 0o755)
        for name in make:
            for words in (["host:x", "target"], ["sent", "host:"], ["-3", "host:x", "there:"],
                          ["-R", "host:x", "there:"]):
                got = process.run([lab.scp, "-S", f"{scene.top}/{name}", *words], scene.env, cwd=scene.here)
                same("status", 1, got.code, got.log)
                same("lines", 1, len(got.err.splitlines()), got.log)
                holds("it says which", f"scp: {scene.top}/{name}: " in got.err, got.log)
        got = process.run([lab.scp, "host:x", "target"], scene.env | {"PATH": scene.top}, cwd=scene.here)
        same("none at all", (1, "scp: there is neither ssh nor dbclient\n"), (got.code, got.err))
        got = process.run([lab.scp, "sent", "copy"], scene.env | {"PATH": scene.top}, cwd=scene.here)
        same("no cp", (1, "scp: cp: No such file or directory\n"), (got.code, got.err))
        same("what has come", {}, scene.new())
    finally:
        scene.end()


# -- Where it is started.

def unwanted_children(lab):
    """Whoever starts it does not want to hear of those that end, and that is inherited."""
    for words in (["host:good", "target"], ["sent", "there:"], ["-3", "host:good", "there:"],
                  ["-R", "host:good", "there:"], ["sent", "copy"]):
        scene = lab.scene(entry(b"good"))
        try:
            got = process.run(["/usr/bin/env", "--ignore-signal=CHLD", *scene.argv(*words)], scene.env, cwd=scene.here)
            same(f"{words}: status", 0, got.code, got.log)
            holds("no words of ours", "scp: " not in got.err, got.log)
        finally:
            scene.end()


def no_directory(lab):
    """In a directory that he may not search, who says whole paths needs none."""
    if os.geteuid() != 0:
        raise Skipped("no root, and no other user")
    scene = lab.scene(entry(b"good"))
    os.chmod(scene.top, 0o777)
    os.mkdir(f"{scene.top}/shut", 0o700)
    try:
        target = f"{scene.here}/target"
        os.chmod(target, 0o777)
        run = ["setpriv", f"--reuid={STRANGER}", f"--regid={STRANGER}", "--clear-groups", *scene.argv()]
        for path, err in ((target, ""), (f"{target}/name", ""), ("../here/target", None)):
            got = process.run([*run, "host:good", path], scene.env, cwd=f"{scene.top}/shut")
            same(f"{path}: status", 0 if err == "" else 1, got.code, got.log)
            holds("words", got.err == err if err is not None else "Permission denied" in got.err, got.log)
        got = process.run([*run, "sent", target], scene.env, cwd=f"{scene.top}/shut")
        same("what is here", (1, "scp: sent: Permission denied\n"), (got.code, got.err), got.log)
        same("what has come", ["target/good", "target/name"], [path for path in scene.new() if path != "target"])
    finally:
        scene.end()


def list_checks(lab):
    down = ["-r", "-p", "host:good", "target"]
    for n in range(len(SESSION) + 1):
        yield f"ends: SIGINT after {n} bytes from a source", "dash", stopped, lab, down, SESSION, n
    for n in range(6):
        yield f"ends: SIGINT after {n} replies of a sink", "dash", stopped, lab, ["-p", "sent", "host:"], b"\0" * 9, n
    for n in range(0, len(SESSION) + 1, 4):
        yield (f"ends: -3, SIGINT after {n} bytes from the source", "dash", stopped, lab,
               ["-3", "-r", "-p", "host:good", "there:"], SESSION, n)
    for told in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        for name, words in (("source", down), ("sink", ["sent", "host:"])):
            says = SESSION if name == "source" else b"\0\0"
            yield (f"ends: {told.name} for it alone, with a {name}", "dash", stopped, lab, words, says, 2, told,
                   False)
    for told in (signal.SIGHUP, signal.SIGINT):
        yield f"ends: {told.name} that is ignored", "dash", not_told, lab, down, told
    yield "ends: who speaks to a source is killed", "dash", killed, lab, down, SESSION[:30]
    yield "ends: who speaks to a sink is killed", "dash", killed, lab, ["sent", "host:"], b"\0"
    yield "ends: no more processes", "dash", no_processes, lab
    yield "ends: no more descriptors", "dash", no_descriptors, lab
    yield "ends: no program", "dash", no_program, lab
    yield "ends: nobody hears of children", "dash", unwanted_children, lab
    yield "ends: in a directory that may not be searched", "dash", no_directory, lab


def check_all(report, out, base):
    lab = fakes.Lab(out, base)
    lab.strangers = 0
    accounts.run_at_once(report, list_checks(lab))
