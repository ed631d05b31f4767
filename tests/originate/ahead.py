# SPDX-License-Identifier: ISC
"""Many files over a slow line: how often the sides wait for each other, and what is refused meanwhile."""
import os
import random

import accounts
from stage import process, sshd, suite
from stage.report import holds, same

FILES, SOME, MANY = 200, 40, 2000
LINE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "line")

# A sink that answers whatever comes in turn; there is no such reply.
LIAR = """\
#!/usr/bin/python3
import os, sys, time
os.write(1, b"\\0")
for reply in {replies!r}:
    if not os.read(0, 65536):
        break
    time.sleep(0.01)
    os.write(1, reply)
while os.read(0, 65536):
    pass
"""
# A transport: what is "here" is served; the other host agrees, takes the file that asked, refuses the next one,
# whose body is on its way, and is gone before that is.
LEAVER = """\
#!/usr/bin/python3
import os, sys, time

def read_record():
    while os.read(0, 1) != b"\\n":
        pass

def read_body():
    left = {size} + 1
    while left > 0:
        left -= len(os.read(0, min(left, 65536)))

def reply(text):
    time.sleep(0.01)
    os.write(1, text)

if sys.argv[-2] == "here":
    os.execv("/bin/sh", ["sh", "-c", sys.argv[-1].replace("scp ", {scp!r} + " ", 1)])
os.write(1, b"\\0")
read_record()
reply(b"\\0")
for answer in b"\\0", b"\\6":
    read_record()
    reply(answer)
    read_body()
    reply(b"\\0")
read_record()
reply(b"\\1scp: no more of it\\n")
"""
LEFT = 4 << 20
LIARS = {"to a directory": [b"\6"], "to a file that did not ask": [b"\0", b"\6"],
         "twice": [b"\0", b"\0", b"\0", b"\6", b"\6"]}


def content_of(tree):
    """All that is in a TREE, by its path."""
    found = {}
    for top, names, files in os.walk(tree):
        for name in names + files:
            path = os.path.join(top, name)
            text = None
            if name in files:
                with open(path, "rb") as file:
                    text = file.read()
            found[os.path.relpath(path, tree)] = text
    return found


class Line:
    """
    What is copied over it, from SOURCE to what is new in TARGET; SERVER is the scp at its other end, or None
    where something else is reached.
    """

    def __init__(self, stage, server, files=FILES, **env):
        self.stage, self.files = stage, files
        self.source = f"{stage.new_directory('source')}/tree"
        self.target = stage.new_directory("target")
        self.count = f"{stage.new_directory('count')}/turns"
        self.env = stage.env | ({"LINE_SCP": server} if server else {}) | {"LINE_COUNT": self.count} | env
        os.makedirs(f"{self.source}/sub")
        for i in range(files):
            sshd.write_text(f"{self.source}/{'sub/' if i % 4 == 0 else ''}{i}", f"{i}\n" * (i % 7))

    def copy(self, upload, *words):
        where = ["host:" + self.source, self.target]
        if upload:
            where = [self.source, "host:" + self.target]
        return process.run([self.stage.scp, "-S", LINE, "-r", *words, *where], self.env)

    def pass_on(self, *words, sources=None):
        """Through here, from one host to another, called by two names."""
        names = sources or [self.source]
        return process.run([self.stage.scp, "-S", LINE, "-3", "-r", *words, *("here:" + name for name in names),
                            "there:" + self.target], self.env)

    def turns(self, host="host"):
        return int(sshd.read_text(f"{self.count}.{host}"))

    def few(self):
        """
        As many turns; in the lockstep each file takes four, and six with its times.  Most of them are seen where a
        busy machine has a host pause, which is taken for its silence.
        """
        return 100 + self.files // 2

    def arrived(self, got, without=(), instead=None):
        """All but what lies WITHOUT, where INSTEAD is."""
        wanted = {path: text for path, text in content_of(self.source).items()
                  if not any(path == w or path.startswith(w + "/") for w in without)}
        same("what arrived", wanted | (instead or {}), content_of(f"{self.target}/tree"), got.log)


def few_turns(line, upload, *words):
    got = line.copy(upload, *words)
    same("status", 0, got.code, got.log)
    same("what is said", "", got.err, got.log)
    line.arrived(got)
    holds(f"{line.turns()} turns are few", line.turns() <= line.few(), "many", got.log)


def in_lockstep(line, upload, *words):
    got = line.copy(upload, *words)
    same("status", 0, got.code, got.log)
    line.arrived(got)
    holds(f"{line.turns()} turns are many", line.turns() >= 4 * line.files, "few", got.log)


def refused(line, upload):
    """A file where a directory is, and a directory, with all that is in it, where a file is."""
    os.makedirs(f"{line.target}/tree/110")
    sshd.write_text(f"{line.target}/tree/sub", "mine")
    got = line.copy(upload)
    line.arrived(got, without=("110", "sub"), instead={"110": None, "sub": b"mine"})
    same("status", 1, got.code, got.log)
    same("what is said", sorted([f"scp: {line.target}/tree/110: Is a directory",
                                 f"scp: {line.target}/tree/sub: Not a directory"]),
         sorted(got.err.splitlines()), got.log)


def refused_anywhere(stage, seed):
    """Ahead of the replies or not, the same arrives and the same is said."""
    dice, ends = random.Random(seed), []
    taken = dice.sample(range(SOME), dice.randrange(1, SOME // 2))
    for words in ((), ("-X", "ahead=no")):
        line = Line(stage, stage.scp, SOME)
        for i in taken:
            os.makedirs(f"{line.target}/tree/{'sub/' if i % 4 == 0 else ''}{i}")
        got = line.copy(True, *words)
        line.arrived(got, without=[f"{'sub/' if i % 4 == 0 else ''}{i}" for i in taken],
                     instead={f"{'sub/' if i % 4 == 0 else ''}{i}": None for i in taken})
        ends.append((got.code, sorted(got.err.replace(line.target, "T").splitlines())))
    same(f"what is said, with seed {seed}", ends[1], ends[0])


def cut(line):
    """What came whole is there, and nothing else."""
    got = line.copy(False)
    same("status", 1, got.code, got.log)
    all_of, came = content_of(line.source), content_of(f"{line.target}/tree")
    holds("some arrived, and not all", 1 < len(came) < len(all_of), str(len(came)), got.log)
    same("what arrived", {path: all_of.get(path) for path in came}, came, got.log)


def cut_upload(line):
    """The other side is gone while replies are outstanding."""
    got = line.copy(True)
    same("status", 1, got.code, got.log)
    all_of, came = content_of(line.source), content_of(f"{line.target}/tree")
    same("what arrived", {path: all_of.get(path) for path in came}, came, got.log)


def from_there_to_there(line, *words):
    """Neither is waited for."""
    got = line.pass_on(*words)
    same("status", 0, got.code, got.log)
    same("what is said", "", got.err, got.log)
    line.arrived(got)
    turns = {host: line.turns(host) for host in ("here", "there")}
    holds(f"{turns} are few", max(turns.values()) <= line.few(), "many", got.log)


def there_in_lockstep(line, *words):
    got = line.pass_on(*words)
    same("status", 0, got.code, got.log)
    line.arrived(got)
    holds(f"{line.turns('there')} turns are many", line.turns("there") >= 4 * line.files, "few", got.log)


def refused_there(line, *words):
    """What is refused over there was acknowledged already, or has not been sent."""
    os.makedirs(f"{line.target}/tree/110")
    sshd.write_text(f"{line.target}/tree/sub", "mine")
    got = line.pass_on(*words)
    line.arrived(got, without=("110", "sub"), instead={"110": None, "sub": b"mine"})
    same("status", 1, got.code, got.log)
    same("what is said", sorted([f"there: scp: {line.target}/tree/110: Is a directory",
                                 f"there: scp: {line.target}/tree/sub: Not a directory"]),
         sorted(got.err.splitlines()), got.log)


def agreed_for_the_next(line):
    """What the target has agreed on holds for the next source, all of whose files it refuses: it takes none of
    them for records."""
    second = f"{line.stage.new_directory('second')}/other"
    os.makedirs(second)
    for i in range(4):
        sshd.write_text(f"{second}/{i}", f"D0755 0 hole\nC0644 4 in\nbad\n{i}\n")
        os.makedirs(f"{line.target}/other/{i}")
    got = line.pass_on(sources=[line.source, second])
    line.arrived(got)
    same("what came second", {f"{i}": None for i in range(4)}, content_of(f"{line.target}/other"), got.log)
    same("what it said", sorted(f"there: scp: {line.target}/other/{i}: Is a directory" for i in range(4)),
         sorted(got.err.splitlines()), got.log)
    same("status", 1, got.code, got.log)


def leaves_in_a_body(stage, *words):
    leaver = sshd.write_text(f"{stage.new_directory('leaver')}/transport",
                             LEAVER.format(scp=stage.scp, size=LEFT), 0o755)
    tree = stage.new_directory("tree")
    for i in range(3):
        with open(f"{tree}/{i}", "wb") as file:
            file.truncate(LEFT)
    source = "here:" if "-3" in words else ""
    got = process.run([stage.scp, "-S", leaver, "-r", *words, source + tree, "there:x"], stage.env)
    same("status", 1, got.code, got.log)
    holds("it is said", "scp: no more of it" in got.err and "signal" not in got.err, got.err, got.log)


def agrees_unasked(stage, replies):
    liar = sshd.write_text(f"{stage.new_directory('liar')}/scp", LIAR.format(replies=replies), 0o755)
    line = Line(stage, liar, SOME)
    got = line.copy(True)
    same("status", 1, got.code, got.log)
    holds("what it said is shown", "\\006" in got.err, got.err, got.log)


def check_all(report, out, base):
    stage = accounts.Stage(out, base)
    checks = [("liar: " + how, "sh", agrees_unasked, stage, replies) for how, replies in LIARS.items()]
    servers = {"ours": stage.scp, "OpenSSH's": accounts.find("scp")}
    for name, server in servers.items():
        if server is None:
            report.skip(f"{name} server", "there is none")
            continue
        for words in ((), ("-p",)):
            checks.append((f"{name}, download {words}", "sh", few_turns, Line(stage, server), False, *words))
        if suite.is_long():
            checks += [(f"{name}, download {words}, many", "sh", few_turns, Line(stage, server, MANY), False, *words)
                       for words in ((), ("-p",))]
        checks.append((f"{name}, refused in a download", "sh", refused, Line(stage, server), False))
        if name != "ours":
            checks.append((f"from there to there, {name}", "sh", there_in_lockstep, Line(stage, server, SOME)))
            checks.append((f"from there to there, {name}, refused", "sh", refused_there,
                           Line(stage, server, SOME * 3)))
        checks.append((f"{name}, cut", "sh", cut, Line(stage, server, LINE_CUT="2000")))
    for words in ((), ("-p",)):
        checks.append((f"ours, upload {words}", "sh", few_turns, Line(stage, stage.scp), True, *words))
        if suite.is_long():
            checks.append((f"ours, upload {words}, many", "sh", few_turns, Line(stage, stage.scp, MANY), True, *words))
    checks.append(("refused in an upload", "sh", refused, Line(stage, stage.scp), True))
    checks.append(("cut in an upload", "sh", cut_upload, Line(stage, stage.scp, LINE_CUT="100")))
    for words in ((), ("-p",)):
        checks.append((f"from there to there {words}", "sh", from_there_to_there, Line(stage, stage.scp), *words))
    checks.append(("from there to there, refused", "sh", refused_there, Line(stage, stage.scp)))
    checks.append(("from there to there, refused, not ahead", "sh", refused_there,
                   Line(stage, stage.scp, SOME * 3), "-X", "ahead=no"))
    checks.append(("from there to there, not ahead", "sh", there_in_lockstep, Line(stage, stage.scp, SOME),
                   "-X", "ahead=no"))
    checks.append(("from there to there, the next source", "sh", agreed_for_the_next, Line(stage, stage.scp, SOME)))
    for words in ((), ("-3",)):
        checks.append((f"leaves in a body {words}", "sh", leaves_in_a_body, stage, *words))
    checks.append(("a packet is a reply", "sh", in_lockstep, Line(stage, stage.scp, SOME, LINE_ONE="1"),
                   False))
    for words in ((), ("-p",)) if servers["OpenSSH's"] else ():
        checks.append((f"OpenSSH's, upload {words}", "sh", in_lockstep, Line(stage, servers["OpenSSH's"], SOME),
                       True, *words))
    checks.append(("not ahead", "sh", in_lockstep, Line(stage, stage.scp, SOME), True, "-X", "ahead=no"))
    checks += [(f"refused anywhere, {seed}", "sh", refused_anywhere, stage, seed) for seed in range(3)]
    accounts.run_at_once(report, checks)
