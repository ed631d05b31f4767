# SPDX-License-Identifier: ISC
"""Who waits for whom: what is on its way while a host has not replied, and what is not sent at all."""
import json
import os

import accounts
from stage import process, sshd
from stage.report import holds, same

SCRIBE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "scribe")
MANY, FEW = 500, 4
OUTSTANDING = 128           # replies
LEAD = 512                  # of them, before they are due
ASKED = 8 << 20             # bytes of a file that is not sent for nothing
BODY = b"some bytes\n" * 100

# Each may want to refuse something.
WISHES = ["--exclude=x", "--include=*", "--update", "--overwrite=no", "--mkdir=no", "--hidden=no",
          "--max-depth=9", "--max-files=99", "--max-file-size=1G", "--max-session-bytes=1G", "--min-free=1",
          "--min-free=1%", "-Xahead=no"]


class Talk:
    """What a host has heard, that was told how to behave."""

    def __init__(self, stage, **says):
        self.stage, self.top = stage, stage.new_directory("talk")
        self.log = f"{self.top}/log"
        self.env = stage.env | {"SCRIBE": json.dumps(says), "SCRIBE_LOG": self.log,
                                "PATH": f"{stage.bin}:{stage.env['PATH']}"}

    def copy(self, *words):
        got = process.run([self.stage.scp, "-S", SCRIBE, *words], self.env, cwd=self.top)
        return got, json.loads(sshd.read_text(self.log))

    def sources(self, names, large=()):
        """Two files, the second of which may ask; a directory "no" with as many NAMES and LARGE ones; and a last."""
        os.mkdir(f"{self.top}/no")
        for name in ["one", "two", "last"] + [f"no/{name}" for name in names]:
            with open(f"{self.top}/{name}", "wb") as file:
                file.write(BODY)
        for name in large:
            with open(f"{self.top}/no/{name}", "wb") as file:
                file.truncate(ASKED)
        return ["one", "two", "no", "last"]


def of_kind(log, kind):
    return [m for m in log["messages"] if m["kind"] == kind]


# -- On the way up.

def most_at_once(log):
    """Messages that came before the first of them had its reply."""
    turns = [m["turn"] for m in log["messages"]]
    return max(turns.count(turn) for turn in set(turns))


def up_in_lockstep(stage, agrees, *words):
    """A record, its reply; a body, its reply."""
    talk = Talk(stage, agrees=agrees)
    got, log = talk.copy(*words, *talk.sources(map(str, range(FEW))), "host:")
    same("status", 0, got.code, got.log)
    same("what is no message", "", log["rest"])
    same("bodies", FEW + 3, len(of_kind(log, "body")))
    same("messages without a reply to the one before", 1, most_at_once(log))
    return log


def up_not_asked(stage, *words):
    """Who says that he waits does not even ask."""
    log = up_in_lockstep(stage, True, "-r", "-Xahead=no", *words)
    holds("nothing asks", not any(m.get("asks") for m in log["messages"]), log)


def up_not_agreed(stage, *words):
    log = up_in_lockstep(stage, False, "-r", *words)
    same("what asks", ["two"], [m["name"] for m in log["messages"] if m.get("asks")])


def up_ahead(stage, *words):
    talk = Talk(stage, agrees=True)
    got, log = talk.copy("-r", *words, *talk.sources(map(str, range(MANY))), "host:")
    same("status", 0, got.code, got.log)
    same("what is no message", "", log["rest"])
    same("bodies", MANY + 3, len(of_kind(log, "body")))
    most = most_at_once(log)
    holds("many at once, and no more than are to be outstanding", 2 < most <= OUTSTANDING, most)


# -- A directory that is refused.

def beneath(log):
    """What has come from the directory that was refused, but for its end."""
    return [m for m in log["messages"] if m["shut"] and m["kind"] != "E"]


def refused(stage, agrees, *words, large=()):
    """It is said once, and what is behind it is sent."""
    talk = Talk(stage, agrees=agrees, refuses=["no"])
    got, log = talk.copy("-r", *words, *talk.sources(map(str, range(MANY)), large), "host:")
    same("status", 1, got.code, got.log)
    same("what is said", ["not this"], got.err.splitlines(), got.log)
    same("what is no message", "", log["rest"])
    same("bodies", ["one", "two", "last"], [m["name"] for m in of_kind(log, "body") if not m["shut"]])
    return log


def refused_in_lockstep(stage, agrees, *words):
    """Nothing comes of what is in it: no record, and not even its end."""
    log = refused(stage, agrees, *words)
    same("kinds", ["C", "body", "C", "body", "D", "C", "body"], [m["kind"] for m in log["messages"] if m["kind"] != "T"])


def refused_ahead(stage, *words):
    """What was sent before the refusal was heard, and the end; most of it is not."""
    log = refused(stage, True, *words)
    came = beneath(log)
    holds(f"{len(came)} messages are no more than may be outstanding", len(came) < OUTSTANDING, came)
    same("ends", 1, len(of_kind(log, "E")))


def refused_with_large_ones(stage, *words):
    """A large file is not sent for nothing: before it asks, the refusal is heard."""
    log = refused(stage, True, *words, large=["large", "larger"])
    same("bodies of large ones", [], [m for m in of_kind(log, "body") if m["size"] >= ASKED])


def refused_of_large_ones(stage):
    """That none is sent is said once, too."""
    talk = Talk(stage, agrees=True, refuses=["no"])
    got, log = talk.copy("-r", *talk.sources([], ["large", "larger"]), "host:")
    same("status", 1, got.code, got.log)
    same("what is said", ["not this"], got.err.splitlines(), got.log)
    same("what comes of it", [], [m for m in beneath(log) if m["kind"] == "body"])


# -- A host that says nothing.

def told_once(stage, said, wanted, says):
    """What is SAID on standard error, a line, and to programs: what failed, and that this is all that did."""
    talk = Talk(stage, agrees=True, **says)
    sources = talk.sources(map(str, range(FEW)))
    with open(f"{talk.top}/last", "wb") as file:
        file.truncate(ASKED // 2)
    got, _ = talk.copy("-r", "--progress=json", *sources, "host:")
    events = [json.loads(line) for line in got.out.splitlines()]
    same("status", 1, got.code, got.log)
    same("what is said", [said], got.err.splitlines(), got.log)
    same("what failed", wanted, [(e.get("path"), e["reason"]) for e in events if e["event"] == "failed"], got.log)
    same("how much", 1, events[-1]["errors"], got.log)


GONE = [("last", "lost connection")]
ENDS = [
    ("it is gone", "scp: last: lost connection", GONE, {"leaves": "last"}),
    ("it takes a file and is gone", "scp: last: lost connection", GONE, {"leaves": "last", "last": "\0"}),
    ("it refuses a file and is gone", "no", [("last", "no")], {"leaves": "last", "last": "\1no\n"}),
    ("it ends", "no", [("last", "no")], {"leaves": "last", "last": "\2no\n"}),
    ("it refuses a file and is gone without a word", "scp: last: no reason was given",
     [("last", "no reason was given")], {"leaves": "last", "last": "\1\n"}),
    ("it refuses a file without a word", "scp: last: no reason was given", [("last", "no reason was given")],
     {"refuses": ["last"], "text": ""}),
    ("it refuses a directory without a word", "scp: no: no reason was given", [("no", "no reason was given")],
     {"refuses": ["no"], "text": ""}),
]


# -- On the way down.

def down(stage, wanted_ahead, *words):
    """Each message has its reply, when it was sent; or many more have been given before."""
    talk = Talk(stage, files=FEW)
    os.makedirs(f"{talk.top}/target/tree")
    got, log = talk.copy(*words, "host:tree", "target")
    same("status", 0, got.code, got.log)
    same("replies", log["due"] + (LEAD if wanted_ahead else 0), log["replies"], got.log)
    holds("replies before they are due", (log["early"] > 0) == wanted_ahead, log["early"], got.log)
    same("files", sorted(map(str, range(FEW))), sorted(os.listdir(f"{talk.top}/target/tree")), got.log)


def through_here(stage, wanted_ahead, *words):
    talk = Talk(stage, files=FEW)
    got, log = talk.copy("-3", "-r", *words, "host:tree", f"there:{talk.top}/target")
    same("status", 0, got.code, got.log)
    same("replies", log["due"] + (LEAD if wanted_ahead else 0), log["replies"], got.log)


def list_checks(stage):
    for times in ((), ("-p",)):
        yield f"up, {times}: it does not ask", up_not_asked, stage, *times
        yield f"up, {times}: nobody has agreed", up_not_agreed, stage, *times
        yield f"up, {times}: ahead", up_ahead, stage, *times
        yield f"a refused directory, {times}: it does not ask", refused_in_lockstep, stage, True, "-Xahead=no", *times
        yield f"a refused directory, {times}: nobody has agreed", refused_in_lockstep, stage, False, *times
        yield f"a refused directory, {times}: ahead", refused_ahead, stage, *times
        yield f"a refused directory, {times}: large files", refused_with_large_ones, stage, *times
    yield "a refused directory of large files", refused_of_large_ones, stage
    for name, said, wanted, says in ENDS:
        yield f"told once: {name}", told_once, stage, said, wanted, says
    yield "down: ahead", down, stage, True, "-r"
    for wish in WISHES:
        yield f"down: it waits, for {wish}", down, stage, False, "-r", wish
    yield "through here: ahead", through_here, stage, True
    for wish in ("--exclude=x", "--max-files=99", "-Xahead=no"):
        yield f"through here: it waits, for {wish}", through_here, stage, False, wish


def check_all(report, out, base):
    stage = accounts.Stage(out, base)
    accounts.run_at_once(report, [(name, "sh", *rest) for name, *rest in list_checks(stage)])
