# SPDX-License-Identifier: ISC
"""What is received: a session that is made up, and all that must be true of it."""
import os
import random
import stat

import lab
from lab import Failed, same

NAMES = [b"a", b"b", b"report.txt", b"Xreport.txt", b"two words", b"d", b"f", b"in", b"x" * 200,
         b"n\tt", b"quo\"te\\", "gr\u00fc\u00dfe".encode(), b"...", b"-rf"]
BAD_NAMES = [b".hidden", b"denied", b"y" * 300, b"z" * 8100]
OPERANDS = [b"in", b"in/", b"in//", b"in///", b"/in", b"/in//", b"//in", b"./in/.", b"in/../in//", b".",
            b"./", b"/", b"//", b"in/d", b"in/d//", b"in/f", b"in/new", b"in/new/", b"in/none/new",
            b"in//new", b"%/in", b"%/in//", b"%//", b"in/..", b"../in", b"in/.hidden", b"denied"]
LARGE = 70000


class Model:
    """Where the client is, in its own words and beneath the root."""

    def __init__(self, root, operand):
        self.said, self.path, self.names = [operand], [lab.plain(operand)], [operand]
        prefix = root.encode()
        if operand == prefix or operand.startswith(prefix + b"/"):
            self.path = [lab.plain(operand[len(prefix):])]
        if operand.startswith(b".."):
            self.path = [b"/" + operand]        # It is no path beneath the root.
        # What may not be named is not looked at, either.
        names = self.path[0][1:].split(b"/")
        denied = operand.startswith(b"..") or b"denied" in names or b".hidden" in names
        self.whole = not denied and not os.path.isdir(prefix + self.path[0])

    def enter(self, name):
        self.names.append(name)
        if len(self.said) == 1 and self.whole:
            name = b""
        self.said.append(lab.join(self.said[-1], name))
        self.path.append(lab.join(self.path[-1], name))

    def leave(self):
        self.names.pop()
        self.said.pop()
        self.path.pop()


def plant(root):
    """What is there before."""
    os.makedirs(f"{root}/in/d")
    for name in ("in/f", "in/d/f", "in/d/b"):
        with open(f"{root}/{name}", "wb") as file:
            file.write(b"old")


def make_up(dice):
    """The records of a client, as (kind, name or bytes, size)."""
    records, depth, sizes = [], 0, iter(dice.sample(range(10, 3000), 60))
    wild = dice.random() < 0.1
    for _ in range(dice.randrange(1, 40)):
        name = dice.choice(BAD_NAMES if dice.random() < (0.5 if wild else 0.12) else NAMES)
        kind = dice.choices("CDET", (8, 6, 5 if depth else 0, 1))[0]
        if kind == "C":
            size = LARGE + next(sizes) if dice.random() < 0.15 else next(sizes)
            records.append(("C", name, size))
        else:
            depth += {"D": 1, "E": -1}.get(kind, 0)
            records.append((kind, name, None))
        if wild and dice.random() < 0.02:
            wild = False
            deep = dice.choice((150, 3000))
            names = b"z" * 8100 if deep == 150 else b".q"
            records += [("D", names, None)] * deep + [("E", b"", None)] * dice.randrange(deep + 1)
    return records


def wire(kind, name, size, mode):
    return {"C": b"C%04o %d %s\n" % (mode, size or 0, name), "D": b"D%04o 0 %s\n" % (mode, name),
            "E": b"E\n", "T": b"T1000000000 0 1000000000 0\n"}[kind]


class Play:
    def __init__(self, scp, top, seed, loud):
        self.dice = random.Random(seed)
        self.root = f"{top}/root"
        plant(self.root)
        operand = self.dice.choice(OPERANDS).replace(b"%", self.root.encode())
        flags = self.dice.choice(("-r", "-r", "-r -p", "-r -d"))
        quoted = operand.decode()
        self.options = [f"--log-format={self.dice.choice(('text', 'json'))}", "--deny=denied"]
        self.open = self.dice.random() < 0.7
        self.options += ["--upload-only"] * (self.dice.random() < 0.5)
        self.options.append(f"--reveal={'yes' if self.open else 'no'}")
        for option in ("--overwrite=no", "--overwrite=backup", "--no-mkdir", "--max-depth=2",
                       "--max-files=5", "--max-file-size=2K", "--replace=in-place"):
            if self.dice.random() < 0.1 and option.partition("=")[0] not in " ".join(self.options):
                self.options.append(option.replace("--no-mkdir", "--mkdir=no"))
        self.ahead = self.dice.random() < 0.6
        self.model = Model(self.root, operand)
        self.expected, self.errors, self.loud = [], 0, loud
        self.session = lab.Session(scp, self.root, self.options, f"scp {flags} -t {quoted}", loud)

    def hear(self, path, *names):
        """One reply; a warning is about PATH, or, if nothing is revealed, one of what the client said."""
        reply = self.session.reply()
        if reply:
            lab.check_message(reply, *([path] if self.open else names))
        return reply

    def check_title(self, path):
        title = self.session.title()
        shown = lab.escape(path[-lab.TITLE_MAX:])[:lab.TITLE_MAX]
        # There is as much room as the command line and the environment had.
        wanted = b"scp: receiving " + shown + b" 0%"
        if title.rstrip(b" ") != wanted and not (len(title) > 200 and wanted.startswith(title)):
            raise Failed(f"the title\n  expected: receiving {shown!r} 0%\n  got:      {title!r}")

    def file(self, name, size, status):
        self.model.enter(name)
        said = self.model.said[-1]
        self.expected.append(("C", self.model.path[-1], size))
        body = b"%d\n" % size + b"." * (size - len(b"%d\n" % size)) + status
        if not self.ahead:
            self.session.send(self.head)
        reply = self.hear(said, name)
        if reply == b"":
            if not self.ahead:
                if size >= LARGE:
                    self.check_title(said)
                self.session.send(body)
            reply = self.hear(said, name)
        self.model.leave()
        return reply

    def directory(self, name):
        """Whether what is sent next is in it."""
        self.model.enter(name)
        self.expected.append(("D", self.model.path[-1], None))
        if not self.ahead:
            self.session.send(self.head)
        reply = self.hear(self.model.said[-1], name)
        if reply and not self.ahead:
            self.model.leave()
        return reply

    def step(self, kind, name, size, status):
        """One record and its replies; None at the end of the session."""
        if kind == "C":
            return self.file(name, size, status)
        if kind == "D":
            return self.directory(name)
        if kind == "E" and len(self.model.said) == 1:
            return b""          # Its directory was refused to a client that waits, and not sent.
        if not self.ahead:
            self.session.send(self.head)
        # What is deeper than any directory is not named any more.
        reply = self.hear(self.model.said[-1], self.model.names[-1], self.model.said[0], b"...")
        if kind == "E":
            self.model.leave()
        return reply

    def run(self):
        greeting = self.session.reply()
        if greeting != b"":
            if greeting:
                lab.check_message(greeting, self.model.said[0])
                self.expected.append(("D", self.model.path[0], None))
            return
        rows = [(kind, name, size, self.dice.choice((b"\0", b"\0", b"\0", b"\1no good\n")),
                 self.dice.choice((0o644, 0o755, 0o600, 0o4711))) for kind, name, size in
                make_up(self.dice)]
        if self.ahead:
            self.session.send(b"".join(
                wire(kind, name, size, mode) + (b"" if kind != "C" else b"%d\n" % size +
                b"." * (size - len(b"%d\n" % size)) + status)
                for kind, name, size, status, mode in rows))
        for kind, name, size, status, mode in rows:
            self.head = wire(kind, name, size, mode)
            if self.step(kind, name, size, status) is None:
                raise Failed("the session ended early")

    def check_order(self, records):
        """A record each for what was sent, in its order and about its path."""
        said = [r for r in records if r.kind not in ("start", "end")]
        kinds = {"C": ("file", "failed", "refused"), "D": ("mkdir", "opendir", "refused")}
        for kind, path, size in self.expected:
            if not said:
                raise Failed(f"there is no record of {kind} {path!r:.300}")
            record = said.pop(0)
            if record.kind not in kinds[kind] or not record.is_at(path):
                raise Failed(f"a record of something else\n  expected: {kind} {path!r:.300}\n"
                             f"  got:      {record.line!r:.600}")
            if record.kind == "file":
                same(f"bytes of {path!r:.300}", size, record.moved)
        same("records of nothing that was sent", [], [r.line for r in said])

    def check_tree(self, records):
        there = self.tree()
        stored = {}
        for r in records:
            # What was written in place is there, whatever the client said in the end.
            if r.kind == "file" or (r.kind == "failed" and r.path in there and
                                    stat.S_ISREG(there[r.path].st_mode) and
                                    "--replace=in-place" in self.options):
                # What was longer keeps its end when less came, and then nothing more.
                if r.kind == "failed" and r.path in stored:
                    r.moved = max(r.moved, stored[r.path].moved)
                stored[r.path] = r
            elif r.kind in ("mkdir", "opendir") and not r.path.endswith(b"..."):
                if r.path not in there or not stat.S_ISDIR(there[r.path].st_mode):
                    raise Failed(f"no directory of the tree: {r.line!r}")
        made = {r.path for r in records if r.kind == "mkdir"}
        for path, st in there.items():
            if stat.S_ISDIR(st.st_mode) and path not in self.before and path not in made:
                raise Failed(f"a directory that the log does not know: {path!r:.300}")
        for path, r in stored.items():
            same(f"size of {path!r:.300}", r.moved, there[path].st_size if path in there else None)
        self.check_modes(there, [r for r in records if r.kind in ("file", "mkdir", "opendir")])
        kept = {r.moved for r in records if r.kind == "file"}
        for path, st in there.items():
            if stat.S_ISREG(st.st_mode) and path not in self.before and path not in stored and \
                    not (path.endswith(b"~") and st.st_size in kept | {3}):
                raise Failed(f"a file that the log does not know: {path!r:.300}")

    def check_modes(self, there, records):
        """What the last record of each path says is what it has."""
        for path, r in {r.path: r for r in records if not r.path.endswith(b"...")}.items():
            if r.mode is not None:
                same(f"mode of {path!r:.300}", f"{there[path].st_mode & 0o7777:04o}", r.mode)

    def tree(self):
        found, top = {b"/": os.lstat(self.root)}, self.root.encode()
        for path, dirs, files in os.walk(top):
            for name in dirs + files:
                full = os.path.join(path, name)
                found[full[len(top):]] = os.lstat(full)
        return found


def play(scp, top, seed, loud):
    session = Play(scp, top, seed, loud)
    session.before = set(session.tree())
    try:
        session.run()
    except Exception:
        if session.session.server.poll() is None:
            session.session.server.kill()
        raise
    records = session.session.end()
    session.check_order(records)
    session.check_tree(records)
