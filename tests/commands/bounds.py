# SPDX-License-Identifier: ISC
"""What a session of commands is held to beside its language: limits, calls, the log, and where it is served."""
import itertools
import os
import pty
import re
import subprocess

from conformance import play
from stage.report import Skipped, holds, same

DATA = b"sixes\n"
TWICE = ("cp",)                 # it is read and written, and counts as both
NO_SHELL = "scp: this account is for copying files: there is no shell here."
INIT, VERSION = b"\0\0\0\5\1\0\0\0\3", b"\2\0\0\0\3"
VARIES = re.compile(r"seconds [0-9.]+|mode 0[0-7]{3}")

# What moves bytes: a line, and what it reads.
MOVERS = {
    "cat": ("cat f", b""), "sum": ("md5sum f", b""), "cp": ("cp f new", b""), "scp -f": ("scp -f f", b"\0\0\0"),
    "scp -t": ("scp -t up", b"C0644 %d up\n%s\0E\n" % (len(DATA), DATA)),
}
# What makes files and directories.
MAKERS = {"mkdir": ("mkdir {}", b""), "touch": ("touch {}", b""), "cp": ("cp f {}", b""),
          "scp -t": ("scp -t {}", b"C0644 0 x\n\0E\n")}


def plant(place):
    for name in ("f", "g"):
        with open(f"{place.root}/{name}", "wb") as file:
            file.write(DATA)
        place.give(f"{place.root}/{name}")


def serve(place, data, *policy, log="none"):
    return place.run([place.setup.prog, "--serve", "--commands=yes", f"--root={place.root}", f"--log={log}", *policy],
                     {}, data)


def ended(place, steps, *policy):
    """The status of each of STEPS; 255 where none was said."""
    data = b"".join(line.encode() + b'; echo "=$?"\n' + more for line, more in steps)
    outcome = serve(place, data, *policy)
    found = [int(number) for number in re.findall(r"=(\d+)\n", outcome.out)]
    return found + [255] * (len(steps) - len(found)), outcome


def moved(place):
    """Rule 22: what is moved counts together, however."""
    for one, other in itertools.product(MOVERS, repeat=2):
        place.empty()
        plant(place)
        statuses, outcome = ended(place, [MOVERS[one], MOVERS[other]],
                                  f"--max-session-bytes={len(DATA) * (2 if one in TWICE else 1) + 5}")
        same(f"{one}, then {other}: the first", 0, statuses[0], outcome.log)
        holds(f"{one}, then {other}: the second is refused", statuses[1] not in (0, 255), outcome.log)


def made(place):
    """Likewise how many files there are."""
    for one, other in itertools.product(MAKERS, repeat=2):
        place.empty()
        plant(place)
        steps = [(MAKERS[which][0].format(name), MAKERS[which][1]) for which, name in ((one, "a"), (other, "b"))]
        statuses, outcome = ended(place, steps, f"--max-files={2 if one in TWICE else 1}")
        same(f"{one}, then {other}: the first", 0, statuses[0], outcome.log)
        holds(f"{one}, then {other}: the second is refused", statuses[1] not in (0, 255), outcome.log)
        same(f"{one}, then {other}: what is there", ["a", "f", "g"], sorted(os.listdir(place.root)))


def silent(place):
    """Rule 22: who says nothing, in a line or between lines, is waited for as long as is said."""
    for said in (b"", b"pwd\n", b"rm f"):
        plant(place)
        line = place.line("--idle-timeout=1")
        line.send(said)
        came = []
        while (what := line.next())[0] != "end":
            came.append(what)
        same(f"exit status after {said!r}", 1, what[1])
        holds(f"{said!r} is told why", b"idle" in b"".join(text for _, text in came), came)
        holds("nothing is done of a line that is not whole", os.path.exists(f"{place.root}/f"), said)


def busy(place):
    """Rule 22: max-duration ends who goes on and on."""
    line = place.line("--max-duration=1")
    came = ("out", b"")
    while came[0] != "end":
        line.send(b"pwd\n")
        came = line.next()
    same("exit status", 1, came[1])


def terminal(place):
    """Rule 3: nothing that is typed is read."""
    plant(place)
    ours, theirs = pty.openpty()
    try:
        os.write(ours, b"rm f\nexit\n")
        done = subprocess.run([place.setup.prog, "--serve", "--commands=yes", f"--root={place.root}", "--log=none"],
                              stdin=theirs, capture_output=True, text=True, check=False, user=place.uid,
                              env=play.environment(place.base, []), cwd=place.base)
    finally:
        os.close(ours)
        os.close(theirs)
    same("exit status", 1, done.returncode)
    same("what it says", ("", NO_SHELL + "\n"), (done.stdout, done.stderr))
    holds("nothing was done", os.path.exists(f"{place.root}/f"), "f")


def packets(place):
    """Rules 2 and 4: SFTP where a packet comes first, and where it takes the session's place."""
    fallback = "\n".join(f"test -x {where}/sftp-server && exec {where}/sftp-server"
                         for where in ("/usr/lib", "/usr/local/lib")) + "\nexec sftp-server"
    for said, command in ((b"", None), (b"pwd >/dev/null\nsftp-server\n", None), (b"", fallback)):
        line = place.line(command=command)
        line.send(said + INIT)
        same(f"what answers {said!r}, {command!r}", VERSION, line.next()[1][4:9])
        line.close()


def calls(line):
    """How often it has read, and written."""
    try:
        with open(f"/proc/{line.child.pid}/io", encoding="ascii") as file:
            said = dict(row.split(": ") for row in file)
    except PermissionError:
        raise Skipped("only root sees what a session in its sandbox reads") from None
    return int(said["syscr"]), int(said["syscw"])


def economy(place):
    """Rule 40: a line takes one read, and its answer one write."""
    line = place.line()
    lines = [*(f'unset "{name}"' for name in ("LANG", "LC_ALL")), 'unalias "ls"', "groups", "pwd", 'cd "/"',
             "printenv LANG", "ls -la -d .", "ls -la --full-time"]
    marked = [f'{each} ; echo "WinSCP: this is end-of-file:$?"\n'.encode() for each in lines]

    def play():
        for each in marked:
            line.send(each)
            got = b""
            while not got.endswith(b"end-of-file:0\n"):
                where, what = line.next()
                same(f"where the answer to {each!r} comes", "out", where)
                got += what

    play()                      # what is made once is there
    before = calls(line)
    play()
    spent = [now - then for now, then in zip(calls(line), before)]
    same("exit status", 0, line.close())
    holds("one read a line, and one write", max(spent) <= len(lines) and min(spent) > 0, spent)


def locked(place):
    """Rule 48: a session has its sandbox before anything is done, whichever way it comes."""
    for command in ({}, {"SSH_ORIGINAL_COMMAND": "echo a; ls"}):
        outcome = place.run([place.setup.prog, "--serve", "--commands=yes", f"--root={place.root}", "--log=stderr"],
                            command, b"ls\n")
        holds("the first record has it", re.match(r'session opened .* commands .* sandbox "(?!none)', outcome.err),
              outcome.log)


# Rules 42 to 44: each line, and its records; of a copy what it reads comes with it.
RECORDS = (
    ("pwd; cd .; stat f >/dev/null; test -e f; ls -d f >/dev/null; cat none; rm -f none", ()),
    ("ls >/dev/null", ('opendir "/"',)),
    ("cat f >/dev/null", ('close "/f" bytes read 6 written 0',)),
    ("md5sum f g >/dev/null", ('close "/f" bytes read 6 written 0', 'close "/g" bytes read 6 written 0')),
    ("mkdir -p d/e", ('mkdir name "/d"', 'mkdir name "/d/e"')),
    ("cp f d/e", ('close "/d/e/f" bytes read 0 written 6', 'close "/f" bytes read 6 written 0')),
    ("mv d/e/f d/f", ('rename old "/d/e/f" new "/d/f"',)),
    ("ln f d/g", ('link old "/f" new "/d/g"',)),
    ("ln -s f d/l", ('symlink old "f" new "/d/l"',)),
    ("touch new", ('close "/new" bytes read 0 written 0',)),
    ("chmod 0600 new", ('set "/new"',)),
    ("rm new", ('remove name "/new"',)),
    ("mkdir t; touch t/x; chmod -R 0700 t", ('mkdir name "/t"', 'close "/t/x" bytes read 0 written 0', 'set "/t"',
                                             'set "/t/x"')),
    ("cp -r t u", ('mkdir name "/u"', 'close "/u/x" bytes read 0 written 0', 'close "/t/x" bytes read 0 written 0')),
    ("scp -t up\nC0644 3 up\nabc\0E", ('close "/up" bytes read 0 written 3',)),
    ("scp -f up\n\0\0\0pwd", ('close "/up" bytes read 3 written 0',)),
    ("rm -r d", ('remove name "/d/f"', 'remove name "/d/g"', 'remove name "/d/l"', 'rmdir name "/d/e"',
                 'rmdir name "/d"')),
    ("cat f.no", ('refused "/f.no" reason "this name is not allowed"',)),
    ("unzip f.zip", ('refused command "unzip f.zip" reason "command not found"',)),
    ("ls | x", ('refused command "ls | x" reason "no such syntax: it has an unquoted ; & or |"',)),
    ("zip '\033\t\\'", ('refused command "zip \'\\033\\011\\\\\'" reason "command not found"',)),
    ("rm f && tar x", ('refused command "rm f" reason "not done: something else on this line is not served"',)),
)


def records(place):
    plant(place)
    data = "exec 2>/dev/null\n" + "\n".join(line for line, _ in RECORDS) + "\n"
    outcome = serve(place, data.encode(), "--deny=*.no", "--make-links=yes", log="stderr")
    said = outcome.err.splitlines()
    user = r'session opened for local user \S+ from \[unknown\] commands root ".*" request "".*'
    holds("it is opened once", re.fullmatch(user, said[0]) and
          sum(row.startswith("session opened") for row in said) == 1, outcome.log)
    holds("and closed", said[-1].startswith("session closed") and said[-1].endswith("exit 126"), outcome.log)
    left = [VARIES.sub("", row).strip() for row in said[1:-1]]
    for line, expected in RECORDS:
        # Of a directory the entries come in any order.
        now, left = left[:len(expected)], left[len(expected):]
        same(f"records of {line!r}", sorted(expected), sorted(row.strip() for row in now), outcome.log)
    same("other records", [], left)


CHECKS = [(f"bounds/{check.__name__}", check) for check in (moved, made, silent, busy, terminal, packets, economy,
                                                             locked, records)]
