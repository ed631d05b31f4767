# SPDX-License-Identifier: ISC
"""
Whether somebody can be asked for a password, and by one host at a time; and what can be asked of us meanwhile.
"""
import os
import signal

from accounts import run_at_once
from progress import PATIENCE, Stage, ours, read_line, running, shown, until
from stage import process, sshd
from stage.report import holds, same

# Writes down what it is called with, and does it.
NOTED = 'echo "$*" >>"$AT_NOTES"; exec {host} "$@"'
# The one that is to receive says nothing until it may; the other one, that it was asked.
IN_TURN = 'case $* in *" -t "*) read go <"$AT_GO" ;; *) touch "$AT_HERE" ;; esac; exec {host} "$@"'
BATCH = "-oBatchMode=yes"


def copies(place):
    """All kinds of them, of a file."""
    path = place.write("file", 3)
    return [[path, f"host:{place.to}"], [f"host:{path}", place.to], ["-3", f"one:{path}", f"two:{place.to}"],
            ["-R", f"one:{path}", f"two:{place.to}"]]


def can_be_asked(stage, asked, terminal, **env):
    """Where nobody can answer, nobody is asked."""
    place = stage.place()
    notes = f"{place.path}/notes"
    os.mkdir(f"{place.path}/bin")
    os.symlink(stage.told, f"{place.path}/bin/ssh")
    env |= {"AT_NOTES": notes, "AT_LINES": NOTED.format(host=stage.host), "PATH": f"{place.path}/bin:/usr/bin:/bin"}
    for words in copies(place):
        if terminal:
            with shown(place, argv=[stage.scp, *words], env=env) as tty:
                same("status", 0, tty.finish(), tty.screen.text())
        else:
            with running(place, argv=[stage.scp, *words], env=env) as child:
                out, err = child.communicate()
                same("what is said, and the status", (b"", b"", 0), (out, err, child.returncode))
        called = sshd.read_text(notes).splitlines()
        os.remove(notes)
        holds("somebody was called", called, words)
        same("those that ask", [asked] * len(called), [BATCH not in line for line in called], called)


def in_turn(stage):
    """Through here, the target is there before a source is asked: nobody reads two questions at once."""
    place = stage.place()
    env = {"AT_LINES": IN_TURN.format(host=stage.host)}
    path = place.write("file", 3)
    with running(place, argv=[stage.scp, "-S", stage.told, f"one:{path}", f"two:{place.to}"], env=env) as child:
        until("the target is asked for", lambda: any(
            " -t " in line for line in command_lines(child.pid)))
        same("the source was asked", False, os.path.exists(place.here))
        place.release()
        same("status", 0, child.wait(PATIENCE))
        same("the source was asked", True, os.path.exists(place.here))


def command_lines(session):
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
                if int(file.read().rpartition(") ")[2].split()[3]) == session:
                    yield sshd.read_text(f"/proc/{pid}/cmdline").replace("\0", " ")
        except OSError:
            pass


def of_others(stage):
    """SIGUSR1 while others copy says that nothing is known, and does no harm."""
    place = stage.place()
    with running(place, "-R", "one:file", "two:") as child:
        until("the middle of it", lambda: os.path.exists(place.here))
        for pid in ours(child.pid, 2):
            os.kill(pid, signal.SIGUSR1)
        same("what is said", b"scp: others copy, and how much is not known here\n", read_line(child.stderr))
        place.release()
        out, err = child.communicate()
        same("what else is, and the status", (b"", b"", 0), (out, err, child.returncode))


def checks():
    yield "nobody can be asked", can_be_asked, False, False
    yield "a program can ask", lambda stage: can_be_asked(stage, True, False, SSH_ASKPASS="/bin/false")
    yield "somebody at a terminal", can_be_asked, True, True
    yield "one host after the other", in_turn
    yield "SIGUSR1 while others copy", of_others


def check_all(report, out, base):
    stage = Stage(out, base)
    run_at_once(report, [(f"asking: {name}", "python3", check, stage, *args) for name, check, *args in checks()])
