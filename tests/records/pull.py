# SPDX-License-Identifier: ISC
"""What is sent: each file says where it is, and the log must say the same."""
import os
import random

import lab
from lab import Failed, same

NAMES = ["a", "b", "c d", "report.txt", "x" * 120, "gr\u00fc\u00dfe", "t\tt", "...", "quo\"te\\"]
OPERANDS = ["out", "out/", "out//", "/out", "//out//", "./out/.", "out/../out//", "/", ".", "%/out//", "out/*",
            "out//*", "none", "out/none", ".hidden", "out/a", "out/a//", "../out"]
LARGE = 70000


def plant(root, dice):
    """A tree whose files hold their own paths; some are large."""
    os.makedirs(f"{root}/out")
    os.mkdir(f"{root}/.hidden")
    places = [f"{root}/out"]
    for _ in range(dice.randrange(2, 14)):
        path = f"{dice.choice(places)}/{dice.choice(NAMES)}"
        if os.path.lexists(path):
            continue
        if dice.random() < 0.5:
            os.mkdir(path)
            places.append(path)
        else:
            text = path[len(root):].encode() + b"\n"
            with open(path, "wb") as file:
                file.write(text + b"." * (LARGE if dice.random() < 0.15 else 0))


class Play:
    def __init__(self, scp, top, seed, loud):
        self.dice = random.Random(seed)
        self.root = f"{top}/root"
        plant(self.root, self.dice)
        operands = [self.dice.choice(OPERANDS).replace("%", self.root)
                    for _ in range(self.dice.randrange(1, 4))]
        options = [f"--log-format={self.dice.choice(('text', 'json'))}"]
        options += ["--download-only"] * (self.dice.random() < 0.5)
        self.session = lab.Session(scp, self.root, options,
                                   f"scp -r -f {' '.join(operands)}", loud)
        self.expected = []              # paths of records: None, where the file itself says it

    def accept(self):
        self.session.send(b"\0")

    def file(self, head):
        size = int(head.split(b" ")[1])
        refused = self.dice.random() < 0.1
        if size >= LARGE and not self.session.title().startswith(b"scp: sending "):
            raise Failed(f"the title: {self.session.title()!r}")
        if refused:
            self.session.send(b"\1not now\n")
            self.expected.append(("failed", None))
            return
        self.accept()
        body = self.session.take(size + 1)
        path = body.partition(b"\n")[0]
        self.expected.append(("file", path))
        self.accept()

    def run(self):
        self.accept()
        depth = 0
        while (line := self.session.line()) is not None:
            if line[:1] == b"\1":
                self.expected.append(("refused", None))
            elif line[:1] == b"D":
                self.expected.append(("opendir", None))
                depth += 1
                self.accept()
            elif line[:1] == b"E":
                depth -= 1
                self.accept()
            elif line[:1] == b"C":
                self.file(line)
            else:
                raise Failed(f"what came is no record: {line!r}")
        same("directories that are open at the end", 0, depth)

    def check(self, records):
        said = [r for r in records if r.kind not in ("start", "end")]
        same("what the records are about", [kind for kind, _ in self.expected],
             [r.kind for r in said])
        for (kind, path), record in zip(self.expected, said):
            full = self.root.encode() + record.path
            if path is not None:
                same("the path of a file", path, record.path)
            elif kind == "opendir" and not os.path.isdir(full):
                raise Failed(f"no directory: {record.line!r}")
            elif kind == "failed" and not os.path.isfile(full):
                raise Failed(f"no file: {record.line!r}")


def play(scp, top, seed, loud):
    session = Play(scp, top, seed, loud)
    try:
        session.run()
    except Exception:
        if session.session.server.poll() is None:
            session.session.server.kill()
        raise
    session.check(session.session.end())
