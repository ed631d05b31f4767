# SPDX-License-Identifier: ISC
"""
What clients that are not here say, byte by byte, as their sources have it: dialogues/CLIENT.

Each is played to an account that nothing is forbidden, to one that only uploads and is told nothing,
and to one that only downloads; and to the first one once more, a byte at a time.  A file begins with
"ids HOW", as the client numbers its requests, and has scenes:

	scene NAME [FILE=CONTENT]...
	[&] REQUEST [HANDLE] [WORD]... : ANSWER [/ ANSWER / ANSWER]
	there FILE : CONTENT [/ CONTENT / CONTENT]

Each begins in a directory where somebody has put "f" with "old", "dir" and "dir/g", and FILE.  What
has & is sent together with the line before it.  An @ at the beginning of a path is where that directory
is for the client.  The answers are those of the three accounts, or one for all; "-": the client does not
ask, for what it was told before; behind a "!" it gives up, and the scene ends.  CONTENT is of a file in
the end: "none" if there is none, "mtime=SECONDS" or "mode=OCTAL" of it.
"""
import glob
import os
import re

from lab import put
from stage import packets as p
from stage.packets import attrs, string, u32, u64
from stage.report import Failed, holds, same

NAME = "dialogues"
ACCOUNTS = ("unrestricted", "upload-only", "download-only")
OPTIONS = ((), ("--upload-only", "--reveal=no"), ("--download-only",))
FLAGS = {"R": p.R, "W": p.W, "APPEND": p.APPEND, "CREAT": p.CREAT, "TRUNC": p.TRUNC, "EXCL": p.EXCL}
CODES = {"ok": p.OK, "eof": p.EOF, "missing": p.NO_SUCH_FILE, "denied": p.PERMISSION_DENIED,
         "failure": p.FAILURE, "bad": p.BAD_MESSAGE, "unsupported": p.OP_UNSUPPORTED}
PATHS = {"LSTAT", "STAT", "OPENDIR", "REMOVE", "RMDIR", "REALPATH", "READLINK"}
HANDLES = {"CLOSE", "FSTAT", "READDIR"}
VERSION, LARGEST_ID = "INIT", 0xffffffff


class Numbers:
    """Of requests: "up FROM"; "lowest FROM", that nobody uses; "typed", counted above the type."""

    def __init__(self, how):
        self.how, *rest = how.split()
        self.next = int(rest[0]) if rest else 0
        self.first = self.next

    def take(self, kind):
        number = self.next << 8 | kind if self.how == "typed" else self.next
        self.next += 1
        return number & LARGEST_ID

    def answered(self):
        """All that was asked is."""
        if self.how == "lowest":
            self.next = self.first


class Scene:
    def __init__(self, client, ids, line):
        self.client, self.ids = client, ids
        name, *there = re.split(r"\s+(?=\S+=)", line)
        self.name, self.there = name, [word.split("=", 1) for word in there]
        self.steps, self.after = [], []


def choices(text):
    """Of each account; what is left out at the end is "-"."""
    words = [word.strip() for word in text.split(" / ")]
    return (words * len(ACCOUNTS) if len(words) == 1 else words + ["-"])[:len(ACCOUNTS)]


def scenes_of(path):
    ids, scene, found = "up 0", None, []
    with open(path, encoding="utf-8") as file:
        lines = [line.strip() for line in file if line.strip() and not line.startswith("#")]
    for line in lines:
        word, rest = line.split(" ", 1)
        if word == "ids":
            ids = rest
        elif word == "scene":
            scene = Scene(os.path.basename(path), ids, rest)
            found.append(scene)
        else:
            said, answers = line.rsplit(" : ", 1)
            answers = choices(answers)
            same(f"answers of {line}", len(ACCOUNTS), len(answers))
            if word == "there":
                scene.after.append((said.split()[1], answers))
            else:
                scene.steps.append((said.startswith("& "), said.removeprefix("& ").split(), answers))
    return found


def text_of(word):
    """TEXT*COUNT is that, so often."""
    text, _, count = word.partition("*")
    return os.fsencode(text) * int(count or 1)


def attributes_of(words):
    what = {}
    for word in words:
        key, value = word.split("=")
        pair = tuple(map(int, value.split(":"))) if ":" in value else None
        what[key] = pair or (int(value, 8) if key == "mode" else int(value))
    return attrs(**what)


class Play:
    """One scene before one account."""

    def __init__(self, lab, root, scene, account, dribbles):
        self.root, self.scene, self.account, self.dribbles = root, scene, account, dribbles
        self.top = self.root if account == 0 else ""
        self.handles, self.numbers = {}, Numbers(scene.ids)
        os.makedirs(f"{self.root}/dir")
        for name, content in (("f", "old"), ("dir/g", "old"), *scene.there):
            put(f"{self.root}/{name}", text_of(content))
        where = (f"--root={self.root}",) if account else ()
        self.session = lab.start([*lab.argv, *where, *OPTIONS[account]], cwd=self.root, begin=False)

    def path(self, word):
        return string(word.replace("@", self.top, 1) if word.startswith("@") else word)

    def fields(self, verb, words):
        """What stands behind the number of a request."""
        if verb in PATHS:
            return self.path(words[-1])
        if verb in HANDLES:
            return string(self.handles[words[0]])
        if verb in ("RENAME", "SYMLINK"):
            return self.path(words[0]) + self.path(words[1])
        if verb in ("SETSTAT", "MKDIR"):
            return self.path(words[0]) + attributes_of(words[1:])
        if verb == "FSETSTAT":
            return string(self.handles[words[0]]) + attributes_of(words[1:])
        if verb == "OPEN":
            flags = sum(FLAGS[flag] for flag in words[2].split("|"))
            return self.path(words[1]) + u32(flags) + attributes_of(words[3:])
        if verb == "READ":
            return string(self.handles[words[0]]) + u64(int(words[1])) + u32(int(words[2]))
        if verb == "WRITE":
            return string(self.handles[words[0]]) + u64(int(words[1])) + string(text_of(words[2]))
        if verb == "EXTENDED":
            return string(words[0]) + b"".join(map(self.path, words[1:]))
        raise Failed("a request", "one that there is", verb)

    def request(self, words):
        verb, *rest = words
        if verb == VERSION:
            return p.packet(p.INIT, u32(int(rest[0])))
        kind = getattr(p, verb)
        return p.request(kind, self.numbers.take(kind), self.fields(verb, rest))

    def judge(self, words, answer, reply):
        what, _, value = answer.partition("=")
        if what in CODES:
            got = (reply.kind, reply.code) == (p.STATUS, CODES[what])
        elif what == "name":
            value = value.replace("@", self.top, 1) or "/"
            got = [os.fsdecode(entry.name) for entry in reply.names] == [value]
        elif what == "names":
            got = sorted(os.fsdecode(entry.name) for entry in reply.names) == sorted(value.split(","))
        elif what == "data":
            got = reply.data == text_of(value)
        elif what == "size":
            got = reply.attributes is not None and reply.attributes.size == int(value)
        elif what == "dir":
            got = reply.attributes is not None and reply.attributes.mode & 0o170000 == 0o040000
        else:
            got = reply.kind == {"version": p.VERSION, "handle": p.HANDLE, "reply": p.EXTENDED_REPLY}[what]
        if not got:
            raise Failed(" ".join(words), answer, reply)
        if what == "handle":
            self.handles[words[1]] = reply.handle

    def send(self, said):
        for at in range(len(said)) if self.dribbles else ():
            self.session.send(said[at:at + 1])
        if not self.dribbles:
            self.session.send(said)

    def exchange(self, group):
        """Whether the client goes on behind it."""
        asked = [self.request(words) for words, _ in group]
        self.send(b"".join(asked))
        for (words, answer), said in zip(group, asked):
            reply = self.session.reply()
            if words[0] != VERSION:
                same("the number of a reply", said[5:9], u32(reply.id))
            self.judge(words, answer.rstrip("!"), reply)
        self.numbers.answered()
        return not any(answer.endswith("!") for _, answer in group)

    def steps(self):
        """What is sent at once, each with the answer that this account has."""
        group = []
        for joined, words, answers in self.scene.steps:
            if group and not joined:
                yield group
                group = []
            if answers[self.account] != "-":
                group.append((words, answers[self.account]))
        if group:
            yield group

    def look(self, name, expected):
        path = f"{self.root}/{name}"
        what, _, value = expected.partition("=")
        if expected == "none":
            holds(f"there is no {name}", not os.path.lexists(path), expected)
        elif what == "mtime":
            same(f"time of {name}", int(value), int(os.stat(path).st_mtime))
        elif what == "mode":
            same(f"mode of {name}", int(value, 8), os.stat(path).st_mode & 0o7777)
        else:
            with open(path, "rb") as file:
                same(f"content of {name}", text_of(expected), file.read())

    def run(self):
        for group in self.steps():
            if group and not self.exchange(group):
                break
        same("how it ends", (0, ""), self.session.end())
        for name, expected in self.scene.after:
            if expected[self.account] != "-":
                self.look(name, expected[self.account])
        left = {"f", "dir", *(name for name, _ in self.scene.there),
                *(name.split("/")[0] for name, _ in self.scene.after)}
        holds("nothing else is there", set(os.listdir(self.root)) <= left, os.listdir(self.root))


def check_client(path):
    def check(lab):
        for number, scene in enumerate(scenes_of(path)):
            for account, dribbles in ((0, False), (1, False), (2, False), (0, True)):
                top = f"{lab.top}/{number}-{ACCOUNTS[account]}{'-dribbled' if dribbles else ''}"
                try:
                    Play(lab, top, scene, account, dribbles).run()
                except Failed as why:
                    why.what = f"{scene.name}, {ACCOUNTS[account]}: {why.what}"
                    raise
    return check


for found in sorted(glob.glob(f"{os.path.dirname(os.path.abspath(__file__))}/dialogues/*")):
    vars()[f"client_{os.path.basename(found)}"] = check_client(found)
