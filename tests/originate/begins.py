# SPDX-License-Identifier: ISC
"""
How it begins: what is looked at before anything is started, what is started then, and what those who read what a
host says can do from there on.
"""
import ctypes
import glob
import os
import re
import shutil
import socket

import accounts
import fakes
from stage import process, sshd
from stage.report import Skipped, holds, same

NONE, NO_DIR = "No such file or directory", "Not a directory"
DIRECTORY = "it is a directory, and -r is not said"
KIND, TWICE = "not a regular file", "another source has the same name"

# Words; what is said; what the host "there" is asked for.  Everything is in the directory of a scene: see fill.
LOOKED_AT = [
    (["none", "there:"], [f"scp: none: {NONE}"], []),
    (["", "there:"], [f'scp: "": {NONE}'], []),
    (["", "", "there:"], [f'scp: "": {NONE}'] * 2, []),
    (["fifo", "there:"], [f"scp: fifo: {KIND}"], []),
    (["socket", "there:"], [f"scp: socket: {KIND}"], []),
    (["/dev/null", "there:"], [f"scp: /dev/null: {KIND}"], []),
    (["fifo", "target"], [f"scp: fifo: {KIND}"], []),
    (["one", "there:"], ["scp: one: it is a directory, and -r is not said"], []),
    (["-r", "/", "there:"], ["scp: /: it has no name"], []),
    # What can be nothing but a directory.
    (["there:", "target"], [f"scp: there:: {DIRECTORY}"], []),
    (["there:one/..", "there:one/.//", "target"],
     [f"scp: there:one/..: {DIRECTORY}", f"scp: there:one/.//: {DIRECTORY}"], []),
    (["there:~", "there:~root", "there:/", "there:one/x", "target"],
     [f"scp: there:{path}: {DIRECTORY}" for path in ("~", "~root", "/")], ["scp -f one/x"]),
    (["-O", "there:.", "target"], [f"scp: .: {KIND}"], ["scp -f ."]),
    (["-r", "there:.", "target"], [], ["scp -r -f ."]),
    (["dangling", "there:"], [f"scp: dangling: {NONE}"], []),
    (["sent/x", "there:"], [f"scp: sent/x: {NO_DIR}"], []),
    # What is left goes.
    (["none", "sent", "fifo", "there:"], [f"scp: none: {NONE}", f"scp: fifo: {KIND}"], ["scp -d -t ."]),
    # Names that would be one.
    (["one/x", "two/x", "there:"], [f"scp: two/x: {TWICE}"], ["scp -d -t ."]),
    (["-r", "one", "two/one/", "there:"], [f"scp: two/one/: {TWICE}"], ["scp -r -d -t ."]),
    (["none/x", "two/x", "there:"], [f"scp: none/x: {NONE}"], ["scp -d -t ."]),
    (["there:one/x", "there:two/x", "target"], [f"scp: there:two/x: {TWICE}"], ["scp -f one/x"]),
    (["there:~/one/x", "there:two/x", "target"], [f"scp: there:two/x: {TWICE}"], ["scp -f ~/one/x"]),
    (["one/x", "there:one/x", "there:two"], [f"scp: there:one/x: {TWICE}"], ["scp -d -t two"]),
    (["there:two/[x]", "there:one/x", "target"], [], ["scp -f two/[x]", "scp -f one/x"]),
    (["-r", "one/.", "two/.", "there:two"], [], ["scp -r -d -t two"]),
    (["-r", "there:one/.", "there:two"], [], ["scp -r -d -t two", "scp -r -f one/."]),
    (["-r", "-T", "there:one/.", "there:two"], [], ["scp -r -d -t two", "scp -r -f one/."]),
    (["-r", "-T", "there:one/.", "target"], [], ["scp -r -f one/."]),
    # No file of those in there becomes what was to be their directory.
    (["-r", "there:one/.", "there:new"], [f"scp: new: {NONE}"], ["scp -r -d -t new"]),
    # Where it goes to.
    (["there:one/x", "none/"], [f"scp: none/: {NONE}"], []),
    (["there:one/x", "none/new"], [f"scp: none/new: {NONE}"], []),
    (["there:one/x", "none/.."], [f"scp: none/..: {NONE}"], []),
    (["there:one/x", "sent/new"], [f"scp: sent/new: {NO_DIR}"], []),
    (["there:one/x", ""], [f'scp: "": {NONE}'], []),
    (["-d", "there:one/x", "sent"], [f"scp: sent: {NO_DIR}"], []),
    (["-d", "there:one/x", ""], [f'scp: "": {NONE}'], []),
    (["there:one/x", "there:two/x", "sent"], [f"scp: sent: {NO_DIR}"], []),
    (["sent", "none/new"], [f"scp: none/new: {NONE}"], []),
    (["there:one/x", "new"], [], ["scp -f one/x"]),
    (["-r", "there:one", "new/"], [], ["scp -r -f one"]),
    (["there:one/x", "link"], [], ["scp -f one/x"]),
    (["there:one/x", "dangling"], [], ["scp -f one/x"]),
    (["there:one/x", "/dev/null"], [], ["scp -f one/x"]),
    # Operands that are none, wherever they stand.
    (["sent", "@:x", "there:"], ["scp: @:x: no such host form"], []),
    (["sent", "scp://there:0/x"], ["scp: scp://there:0/x: a port is a number from 1 to 65535"], []),
    (["sent"], ["scp: usage: scp [option ...] source ... target"], []),
    (["-s", "sent", "there:"], ["scp: -s: SFTP is spoken by sftp(1), not by this scp"], []),
    (["-D", "x", "sent", "there:"], ["scp: -D: SFTP is spoken by sftp(1), not by this scp"], []),
    (["-1", "sent", "there:"], ["scp: -1: this version of the protocol is not spoken"], []),
]


def fill(top):
    for name in ("one", "two", "two/one"):
        os.mkdir(f"{top}/{name}")
    for path in ("one/x", "two/x"):
        with open(f"{top}/{path}", "wb") as file:
            file.write(path.encode())


def asked_of(scene):
    path = f"{scene.top}/commands"
    return sshd.read_text(path).splitlines() if os.path.exists(path) else []


def scene_of(lab):
    scene = lab.scene()
    fill(scene.here)
    fill(f"{scene.top}/there")
    shutil.copytree(f"{scene.top}/there", f"{scene.top}/home")
    os.mkfifo(f"{scene.here}/fifo")
    os.symlink("nowhere", f"{scene.here}/dangling")
    os.symlink("outside/secret", f"{scene.here}/link")
    # A name that is short enough, whatever the directory of the test is called.
    where = os.open(scene.here, os.O_PATH)
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(f"/proc/self/fd/{where}/socket")
    os.close(where)
    scene.before = fakes.snapshot(scene.here)
    return scene


def run(scene, words):
    return process.run(scene.argv(*words), scene.env | {"HOME": f"{scene.top}/home"}, cwd=scene.here)


def looked_at(lab, words, wanted, asked):
    scene = scene_of(lab)
    try:
        got = run(scene, words)
        same("what the person reads", wanted, got.err.splitlines(), got.log)
        same("status", 1 if wanted else 0, got.code, got.log)
        same("what the host is asked for", asked, asked_of(scene), got.log)
        same("the second of a name is not there", b"one/x", fakes.content_of(f"{scene.here}/one/x"))
    finally:
        scene.end()


# -- What the person has open.

GIVEN = [
    # Words of a shell; what is in its output, on standard output itself, and what is said.
    ('"$@" there:one/x /dev/stdout', b"one/x", []),
    ('"$@" there:one/x /dev/stdout >new; cat new', b"one/x", []),
    ('{ echo before; "$@" there:one/x /dev/stdout; echo after; } >new; cat new', b"before\none/xafter\n", []),
    ('"$@" there:one/x /dev/fd/7 7>new; cat new', b"one/x", []),
    ('"$@" --progress=json there:one/x /dev/stdout', b"one/x", []),
    ('"$@" there:one/x /dev/fd/7', b"", ["scp: /dev/fd/7: Bad file descriptor"]),
    ('"$@" there:one/x /dev/stdin <sent', b"", ["scp: /dev/stdin: Bad file descriptor"]),
    ('"$@" there:one/x /dev/stdout >/dev/full', b"", ["scp: /dev/stdout: No space left on device"]),
    ('"$@" -r there:one /dev/stdout', b"", ["scp: /dev/stdout: Not a directory"]),
    ('"$@" "there:two/[xX]" /dev/stdout', b"two/x", []),
    ('"$@" "there:*/[x]" /dev/stdout', b"one/x", ["scp: /dev/stdout: Not a directory"]),
    ('"$@" there:one/x there:two/y /dev/stdout', b"", ["scp: /dev/stdout: Not a directory"]),
]


def given(lab, line, wanted, said):
    """It is written to, wherever it stands, by whoever can open nothing."""
    scene = scene_of(lab)
    try:
        got = process.run(["sh", "-c", line, "sh", *scene.argv()], scene.env, cwd=scene.here)
        same("what comes", wanted, got.out.encode(), got.log)
        same("what the person reads", said, got.err.splitlines(), got.log)
        same("what else has come", set(), {path for path in scene.new() if path != "new"}, got.log)
    finally:
        scene.end()


# -- What the other side reads.

# Who is ready, and takes all that comes from then on.
SINK = """\
printf '\\0'
until [ -s "$FAKE/heard" ]; do sleep 0.01; done
head -c 99 /dev/zero
"""
# Words, what is read, what is said by a source, or None, and what the person reads.
HEARD = [
    # What is wrong here is no business of a sink's.
    ("a tree of which much cannot be sent", ["-r", "one", "host:"], b"D0755 0 one\nC0644 5 x\none/xE\n", None,
     ["scp: one/fifo: not a regular file", f"scp: one/dangling: {NONE}"]),
    ("a tree of which something is left out", ["-r", "--exclude=x", "two", "host:"],
     b"D0755 0 two\nD0755 0 one\nE\nE\n", None, []),
    # A source hears that, and not why.
    ("a file that is too large", ["--max-file-size=1", "host:good", "target"], b"\0\1scp: not taken\n",
     b"C0644 5 good\nhello\0", ["scp: target/good: larger than allowed"]),
    ("a file for a directory that is here", ["host:there", "target"], b"\0\1scp: not taken\n",
     b"C0644 5 there\nhello\0", ["scp: target/there: Is a directory"]),
    ("a name that is left out", ["--exclude=good", "host:good", "target"], b"\0\1scp: not taken\n",
     b"C0644 5 good\nhello\0", []),
    ("one that was not asked for", ["host:g*", "target"], b"\0\1scp: not taken\n", b"C0644 5 evil\nhello\0",
     ['scp: host sent "evil", which was not asked for (-T accepts it)']),
]


def heard(lab, words, wanted, says, said):
    scene = scene_of(lab)
    try:
        os.mkfifo(f"{scene.here}/one/fifo")
        os.symlink("nowhere", f"{scene.here}/one/dangling")
        if says is None:
            sshd.write_text(f"{scene.top}/do", SINK)
        else:
            with open(f"{scene.top}/says", "wb") as file:
                file.write(says)
        got = run(scene, words)
        same("what the host reads, but for what bodies end with", wanted.replace(b"\0", b""),
             scene.heard().replace(b"\0", b""), got.log)
        same("what the person reads", sorted(said), sorted(got.err.splitlines()), got.log)
    finally:
        scene.end()


# -- What is started.

SSH = ("-x -oPermitLocalCommand=no -oClearAllForwardings=yes -oRemoteCommand=none -oRequestTTY=no "
       "-oControlMaster=no ")
TOLD = [
    (["-v", "sent", "there:two"], [SSH + '-v -oForwardAgent=no -oBatchMode=yes -- there "scp -v -t two"']),
    (["-v", "-P", "5", "-C", "-l", "80", "sent", "u@there:a b"],
     [SSH + '-v -C -oForwardAgent=no -oBatchMode=yes -p 5 -l u -- there "scp -v -t a\\\\ b"']),
    (["-v", "-R", "host:one/x", "there:two"],
     [SSH + '-v -oForwardAgent=no -oBatchMode=yes -- host "scp -v one/x there:two"']),
    (["-v", "-p", "sent", "new"], None),
    (["sent", "there:two"], []),
]


def told(lab, words, wanted):
    """With -v, and only then, what is started, by a shell's words."""
    scene = scene_of(lab)
    try:
        got = run(scene, words)
        wanted = ["cp -p -- sent new"] if wanted is None else [f"{lab.fake} {line}" for line in wanted]
        same("what the person reads of it", [f"scp: starts {line}" for line in wanted],
             [line for line in got.err.splitlines() if line.startswith("scp: starts")], got.log)
    finally:
        scene.end()


# -- What those can do who read what a host says.

FILE, DIRS = {"WRITE_FILE", "READ_DIR", "REMOVE_FILE", "MAKE_REG"}, {"REMOVE_DIR", "MAKE_DIR"}
# Words, and each directory that is opened for somebody, with what he may do beneath it.  There are so many processes.
LOCKED = [
    ("an upload", ["sent", "there:"], [("/", {"READ_FILE", "READ_DIR"})], 2),
    ("a download", ["there:one/x", "target"], [("target", FILE)], 2),
    ("a download of a tree", ["-r", "there:one", "target"], [("target", FILE | DIRS)], 2),
    ("a download of a tree, mkdir no", ["-r", "--mkdir=no", "there:one/.", "target"], [("target", FILE)], 2),
    ("a download to a new name", ["there:one/x", "target/new"], [("target", FILE)], 2),
    ("a download to a new name here", ["there:one/x", "new"], [("", FILE)], 2),
    ("a download to a new tree", ["-r", "there:one", "target/new"], [("target", FILE | DIRS)], 2),
    ("a download through a link", ["there:one/x", "link"], [("outside", FILE)], 2),
    ("a download through a link to nothing", ["there:one/x", "dangling"], [("", FILE)], 2),
    ("a download to standard output", ["there:one/x", "/dev/stdout"], [], 2),
    ("a download to a device", ["there:one/x", "/dev/null"], [("/dev", FILE)], 2),
    # Two sieves; who awaits the target, who goes between, and who hears the end of it.
    ("from one host to another", ["-3", "there:one/x", "there:two/x"], [], 5),
    ("no sandbox", ["--sandbox=none", "there:one/x", "target"], [], 0),
]
RULE = re.compile(r"landlock_add_rule\(.*\{allowed_access=([A-Z_|0-9x]+), parent_fd=\d+<([^>]*)>\}, 0\) = 0")
FILTER = re.compile(r"seccomp\(SECCOMP_SET_MODE_FILTER, 0, .* = 0")
VERSION = 444                   # the system call landlock_create_ruleset, with 1 for its flags


def lacks_landlock():
    return ctypes.CDLL(None, use_errno=True).syscall(VERSION, None, 0, 1) < 1


def rights_in(text):
    """Of those that the first version knows, and all later ones."""
    return {word.removeprefix("LANDLOCK_ACCESS_FS_") for word in text.split("|")} & (FILE | DIRS | {"READ_FILE"})


def locked(lab, words, cells, processes):
    accounts.needs_strace()
    if lacks_landlock():
        raise Skipped("this kernel has no Landlock")
    scene = scene_of(lab)
    try:
        trace = f"{scene.top}/trace"
        got = process.run(["strace", "-ff", "-y", "-qq", "-e", "signal=none", "-e",
                           "trace=landlock_add_rule,seccomp", "-o", trace, *scene.argv(*words)], scene.env,
                          cwd=scene.here)
        same("status", 0, got.code, got.log)
        text = "".join(sshd.read_text(path) for path in glob.glob(f"{glob.escape(trace)}.*"))
        found = [(path, rights_in(rights)) for rights, path in RULE.findall(text)]
        same("what can be opened, and for what",
             [(os.path.normpath(os.path.join(os.path.realpath(scene.here), path)), rights) for path, rights in cells],
             found, text)
        same("processes with fewer system calls", processes, len(FILTER.findall(text)), text)
    finally:
        scene.end()


# Words, and whether whoever moves a file sleeps meanwhile.
HELD = [
    (["there:one/large", "target"], False),
    (["-l", "1600", "there:one/large", "target"], True),
    (["--rate=200K/s", "there:one/large", "target"], True),
    (["-l", "1000000", "--rate=200K/s", "there:one/large", "target"], True),
    (["-l", "1600", "--rate=100M/s", "there:one/large", "target"], True),
    (["-l", "1000000", "--rate=100M/s", "there:one/large", "target"], False),
    (["-l", "1600", "large", "there:"], True),
    (["-3", "-l", "1600", "there:one/large", "there:two"], True),
]
LARGE = 50000                   # bytes, which take a quarter of a second


def held(lab, words, slow):
    """Only by what was said: the slower of both."""
    accounts.needs_strace()
    scene = scene_of(lab)
    try:
        for path in (f"{scene.top}/there/one", scene.here):
            with open(f"{path}/large", "wb") as file:
                file.write(bytes(LARGE))
        trace = f"{scene.top}/trace"
        got = process.run(["strace", "-ff", "-qq", "-e", "signal=none", "-e", "trace=clock_nanosleep,landlock_restrict_self",
                           "-o", trace, *scene.argv(*words)], scene.env, cwd=scene.here)
        same("status", 0, got.code, got.log)
        texts = [sshd.read_text(path) for path in glob.glob(f"{glob.escape(trace)}.*")]
        same("whoever is locked up sleeps", slow, any("landlock" in text and "clock_nanosleep" in text for text in texts))
    finally:
        scene.end()


def required(lab, words):
    """What is required is there, whichever way it goes."""
    scene = scene_of(lab)
    try:
        got = run(scene, ["--sandbox=require", *words])
        if lacks_landlock():
            same("status", 1, got.code, got.log)
            holds("it says why", "no sandbox: landlock" in got.err, got.log)
        else:
            same("status and words", (0, ""), (got.code, got.err))
    finally:
        scene.end()


def check_all(report, out, base):
    lab = fakes.Lab(out, base)
    checks = [(f"begins: {' '.join(map(repr, words))}", "dash", looked_at, lab, words, *rest)
              for words, *rest in LOOKED_AT]
    checks += [(f"begins: what is open: {line}", "dash", given, lab, line, *rest) for line, *rest in GIVEN]
    checks += [(f"begins: what the host reads of {name}", "dash", heard, lab, *rest) for name, *rest in HEARD]
    checks += [(f"begins: what is started: {' '.join(words)}", "dash", told, lab, words, wanted)
               for words, wanted in TOLD]
    checks += [(f"begins: locked up: {name}", "dash", locked, lab, *rest) for name, *rest in LOCKED]
    checks += [(f"begins: a rate: {' '.join(words)}", "dash", held, lab, words, slow) for words, slow in HELD]
    checks += [(f"begins: a sandbox is required: {' '.join(words)}", "dash", required, lab, words) for words in (
        ["sent", "there:"], ["there:one/x", "new"], ["-3", "there:one/x", "there:two/x"])]
    accounts.run_at_once(report, checks)
