# SPDX-License-Identifier: ISC
"""How the program of a suite begins, and how it ends where it is told to."""
import argparse
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile

from stage import machine, process, trees

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def is_long():
    """Whether all is wanted, also what takes its time: make check LONG=1."""
    return bool(os.environ.get("LONG"))


def stop(_signal, _frame):
    """Clients end at once, and the cleaning is left to the usual way out, undisturbed."""
    for each in SIGNALS:
        signal.signal(each, signal.SIG_IGN)
    process.end_all()
    raise KeyboardInterrupt


def stop_when_told():
    for each in SIGNALS:
        signal.signal(each, stop)


def pass_on(argv, end=signal.SIGTERM):
    """Its exit status.  If we are told to stop, END is for it and what it has started."""
    child = subprocess.Popen(argv, stdin=subprocess.DEVNULL, start_new_session=True)
    told = []

    def tell(number, _frame):
        told.append(number)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, end)

    for each in SIGNALS:
        signal.signal(each, tell)
    status = child.wait()
    if told:
        raise KeyboardInterrupt
    return status


def parser(description, only="--only"):
    """Of the words that all of them take, and ONLY, unless it is ""; a suite adds its own."""
    made = argparse.ArgumentParser(description=description.splitlines()[0])
    made.add_argument("out", metavar="OUT")
    if only:
        made.add_argument(only, metavar="TEXT", default="")
    made.add_argument("--inside", metavar="DIR", help=argparse.SUPPRESS)
    return made


def words_of(made, program="scp"):
    """OUT is absolute then, and has the program."""
    words = made.parse_args()
    words.out = os.path.abspath(words.out)
    if not os.access(f"{words.out}/{program}", os.X_OK):
        made.error(f"there is no program {words.out}/{program}")
    return words


@contextlib.contextmanager
def directory(name, **where):
    """One that everybody may look into, for as long as the suite NAME runs."""
    path = tempfile.mkdtemp(prefix=f"scp-{name}-", **where)
    try:
        os.chmod(path, 0o755)
        yield path
    finally:
        trees.remove(path)


def has_unnamed_files(place):
    try:
        os.close(os.open(place, os.O_TMPFILE | os.O_WRONLY, 0o600))
    except OSError:
        return False
    return True


def place_with_unnamed_files(name):
    """A directory where a file can be made that has no name: elsewhere, uploads do more for less."""
    places = (tempfile.gettempdir(), "/dev/shm", "/var/tmp")
    for place in places:
        if has_unnamed_files(place):
            return place
    return sys.exit(f"{name}: no filesystem with unnamed files: tried {', '.join(places)}")


def within_reach(program, place):
    """
    A copy of it in the directory PLACE.  A checkout may be where nobody but its owner comes, and not
    every session is his.
    """
    copy = os.path.join(place, os.path.basename(program))
    shutil.copyfile(program, copy)
    os.chmod(copy, 0o755)
    return copy


def run_on_a_machine(name, words, check_all):
    """
    CHECK_ALL(base, why) in a namespace where a machine can be made, with a directory for it; where
    there can be none, WHY says why.  Its result is the exit status.
    """
    stop_when_told()
    try:
        if words.inside:
            return check_all(words.inside, "")
        with directory(name) as base:
            if why := machine.why_not(base):
                return check_all(base, why)
            again = [os.path.abspath(sys.argv[0]), *sys.argv[1:], "--inside", base]
            return pass_on(machine.inside(again))
    except KeyboardInterrupt:
        if not words.inside:
            print(f"{name}: interrupted", file=sys.stderr)
        return 1
