# SPDX-License-Identifier: ISC
"""
What is asked by SFTP: a session that is made up, of requests about paths that are written in many ways.
After each of them it is seen what has changed in the tree: that, and no more, its record must say, and
who was refused has changed nothing.
"""
import os
import random
import stat

import lab
from lab import Failed, same
from stage import packets as p

NAMES = ["a", "b", "c d", "report.txt", "x" * 120, "gr\u00fc\u00dfe", "t\tt", "...", "quo\"te\\", "d", "e"]
BAD = [".hidden", "denied", "y" * 300]
TEXTS = ["a", "d/a", "../a", "/a", "../../a", "none", "denied"]
BODY = b"0123456789" * 10
READ_AT_ONCE = 100000


def content_of(number):
    return b"%d:" % number + BODY[:number % 90]


class Expected:
    """A record that has to come; or that MAY, of what was refused, about one of PATHS."""

    def __init__(self, kind, paths, moved=None, mode=None, more=None, may=False):
        self.kind, self.paths, self.moved, self.mode = kind, paths, moved, mode
        self.more, self.may = more, may

    def fits(self, r):
        return r.kind == self.kind and any(map(r.is_at, self.paths)) and \
            self.moved in (None, r.moved) and self.mode in (None, r.mode) and \
            self.more in (None, r.more)

    def __repr__(self):
        return f"{self.kind} {self.paths} moved {self.moved} mode {self.mode} more {self.more}"


def tree(root):
    """{path from the root on: (what it is, mode, when it was changed, what it has)}"""
    found, top = {}, root.encode()
    for at, dirs, files in os.walk(top):
        for name in dirs + files:
            full = os.path.join(at, name)
            st = os.lstat(full)
            kind = stat.S_IFMT(st.st_mode)
            has = os.readlink(full) if stat.S_ISLNK(kind) else \
                open(full, "rb").read() if stat.S_ISREG(kind) else None
            when = None if stat.S_ISDIR(kind) else int(st.st_mtime)
            found[full[len(top):]] = (kind, stat.S_IMODE(st.st_mode), when, has)
    return found


def plant(root, dice):
    os.makedirs(f"{root}/d/e")
    os.mkdir(f"{root}/.hidden")
    for number, name in enumerate(("a", "d/b", "d/e/c d", "report.txt", "denied")):
        with open(f"{root}/{name}", "wb") as file:
            file.write(content_of(dice.randrange(90) + number))
        os.utime(f"{root}/{name}", (5, 5))


class Play:
    def __init__(self, scp, top, seed, loud):
        self.dice, self.loud = random.Random(seed), loud
        self.root = f"{top}/root"
        plant(self.root, self.dice)
        self.form = self.dice.choice(("text", "json"))
        self.options = [f"--log-format={self.form}", "--deny=denied", "--make-links=yes"]
        self.direction = self.dice.choice(("", "", "--upload-only", "--download-only"))
        for option in (self.direction, self.dice.choice(("--reveal=yes", "--reveal=no")),
                       *(option for option in ("--overwrite=backup", "--replace=in-place",
                                               "--replace=atomic", "--mkdir=no", "--rename=no",
                                               "--remove=no", "--max-files=5", "--max-depth=1",
                                               "--list=no", "--attributes=no")
                         if self.dice.random() < 0.1)):
            if option.partition("=")[0] not in " ".join(self.options):
                self.options.append(option)
        self.options = list(filter(None, self.options))
        self.expected, self.number = [], 0
        if loud:
            print([scp, *self.options])
        self.session = p.Session([scp, "--sftp", "--log=stderr", f"--root={self.root}",
                                  *self.options])
        self.open = []                  # uploads that nobody closes: (path, bytes)

    # -- what is said

    def path(self, whole=None):
        """As the client says it, and from the root on."""
        dice = self.dice
        names = [dice.choice(BAD if dice.random() < 0.08 else NAMES) for _ in
                 range(dice.choice((1, 1, 2, 2, 3)))]
        if len(names) > 1:
            names[:-1] = ["d", "e"][:len(names) - 1]
        said = whole or dice.choice(("", "/", "//", "./", "../", f"{self.root}/")) + \
            dice.choice(("/", "/", "//", "/./", "/../d/../" if len(names) > 9 else "/")).join(names)
        said = said.encode()
        top = self.root.encode()
        return said, lab.plain(said[len(top):] if said.startswith(top + b"/") else said)

    def refused(self, *paths):
        self.expected.append(Expected("refused", paths, may=True))

    def step(self):
        """One request, or an upload or a download: what must be in the log, and what must have changed."""
        before = tree(self.root)
        deed = self.dice.choice((self.upload, self.upload, self.download, self.mkdir, self.remove,
                                 self.rmdir, self.rename, self.rename, self.link, self.symlink,
                                 self.set, self.list, self.look, self.begin))
        mark = len(self.expected)
        wanted = deed(before)
        after = tree(self.root)
        if self.loud:
            print(deed.__name__, self.expected[mark:])
        if wanted is None:
            wanted = before
        same(f"what {deed.__name__} has changed: {self.expected[mark:]}",
             without_times(wanted), without_times(self.leave_out_backups(before, after)))

    @staticmethod
    def leave_out_backups(before, after):
        return {path: entry for path, entry in after.items()
                if path in before or not path.endswith(b"~")}

    # -- uploads and downloads

    def upload(self, before):
        self.number += 1
        said, path = self.path()
        data = content_of(self.number)
        flags = self.dice.choice((p.W | p.CREAT | p.TRUNC, p.W | p.CREAT, p.W | p.CREAT | p.EXCL))
        opened = self.session.open(said, flags, p.attrs(mode=self.dice.choice((0o644, 0o600, 0o755))))
        if opened.handle is None:
            return self.refused(path)
        failed = self.session.write(opened.handle, 0, data).code != p.OK
        if flags == p.W | p.CREAT:
            failed |= self.session.fset(opened.handle, size=len(data)).code != p.OK
        if self.dice.random() < 0.3:
            self.session.fset(opened.handle, mode=0o640)
        if self.session.close(opened.handle).code != p.OK:
            self.expected.append(Expected("failed", [path]))
            return None
        if failed:
            raise Failed(f"{path!r} failed, and was closed well")
        entry = tree(self.root).get(path, (0, 0, 0, b"nothing"))
        self.expected.append(Expected("file", [path], len(data), f"{entry[1]:04o}"))
        return {**before, path: (stat.S_IFREG, entry[1], None, data)}

    def begin(self, _):
        """What is written here is never closed: it is lost, but in place."""
        if self.open or "--replace=in-place" in self.options:
            return None
        said, path = self.path(f"/d/open-{self.number}")
        opened = self.session.open(said, p.W | p.CREAT | p.EXCL)
        if opened.handle is None:
            return self.refused(path)
        self.open.append(path)
        self.session.write(opened.handle, 0, BODY)
        return None

    def download(self, before):
        said, path = self.path()
        opened = self.session.open(said, p.R)
        if opened.handle is None:
            return self.refused(path)
        reply = self.session.read(opened.handle, 0, READ_AT_ONCE)
        data = reply.data or b""
        same(f"what is read of {path!r}", before[path][3], data)
        same("its end", p.EOF, self.session.read(opened.handle, len(data), 1).code)
        self.session.close(opened.handle)
        self.expected.append(Expected("file", [path], len(data), f"{before[path][1]:04o}"))
        return None

    def list(self, _):
        said, path = self.path(self.dice.choice(("/", "d", "d/e", "none", "a", None)))
        opened = self.session.ask(p.OPENDIR, p.string(said))
        if opened.handle is None:
            return self.refused(path)
        self.session.close(opened.handle)
        self.expected.append(Expected("opendir", [path]))
        return None

    def look(self, _):
        """Of what is denied the log hears, and of nothing else."""
        said, path = self.path()
        self.session.ask(self.dice.choice((p.STAT, p.LSTAT, p.READLINK)), p.string(said))
        return self.refused(path)

    # -- what changes names

    def ask(self, kind, *paths):
        if isinstance(kind, str):
            return self.session.extended(f"{kind}@openssh.com", *map(p.string, paths)).code == p.OK
        return self.session.path(kind, *paths).code == p.OK

    def mkdir(self, before):
        said, path = self.path()
        if self.session.mkdir(said, 0o777).code != p.OK:
            return self.refused(path)
        mode = tree(self.root)[path][1]
        self.expected.append(Expected("mkdir", [path], mode=f"{mode:04o}"))
        return {**before, path: (stat.S_IFDIR, mode, None, None)}

    def remove(self, before):
        return self.take_away(before, p.REMOVE, "remove")

    def rmdir(self, before):
        return self.take_away(before, p.RMDIR, "rmdir")

    def take_away(self, before, request, kind):
        said, path = self.path()
        if not self.ask(request, said):
            return self.refused(path)
        self.expected.append(Expected(kind, [path]))
        return {at: entry for at, entry in before.items() if at != path}

    def rename(self, before):
        (said, path), (to_said, to) = self.path(), self.path()
        if not self.ask(self.dice.choice((p.RENAME, "posix-rename")), said, to_said):
            return self.refused(path, to)
        self.expected.append(Expected("rename", [path], more=to))
        self.open = [to + at[len(path):] if at.startswith(path + b"/") else at for at in self.open]
        return {to + at[len(path):] if (at + b"/").startswith(path + b"/") else at: entry
                for at, entry in before.items()
                if path == to or not (at + b"/").startswith(to + b"/")}

    def link(self, before):
        (said, path), (to_said, to) = self.path(), self.path()
        if not self.ask("hardlink", said, to_said):
            return self.refused(path, to)
        self.expected.append(Expected("link", [path], more=to))
        return {**before, to: before[path]}

    def symlink(self, before):
        text, (said, path) = self.dice.choice(TEXTS), self.path()
        if not self.ask(p.SYMLINK, text, said):
            return self.refused(path)
        self.expected.append(Expected("symlink", [path], more=text.encode()))
        return {**before, path: (stat.S_IFLNK, 0o777, None, text.encode())}

    def set(self, before):
        said, path = self.path()
        kind, mode, _, has = before.get(path, (0, 0, 0, b""))
        what, words, value = self.dice.choice((
            ("mode", {"mode": 0o600}, "0600"), ("size", {"size": 3}, "3"),
            ("modtime", {"times": (7, 7)}, "1970-01-01T00:00:07Z")))
        if self.session.set(said, **words).code != p.OK:
            self.expected.append(Expected("failed", [path], may=True))  # Of the copy.
            return self.refused(path)
        if what == "size":
            # What others share, or is to be kept, is replaced by a copy.
            self.expected.append(Expected("file", [path], may=True))
        self.expected.append(Expected("set", [path], more=(what, value)))
        if what == "modtime":
            same("the time", 7, int(os.lstat(self.root.encode() + path).st_mtime))
        if what == "mode":
            return {at: (*entry[:1], 0o600, *entry[2:]) if self.is_same(at, path) else entry
                    for at, entry in before.items()}
        return {**before, path: (kind, mode, None, has[:3].ljust(3, b"\0")
                                 if what == "size" else has)}

    def is_same(self, path, other):
        top = self.root.encode()
        return os.path.samestat(os.lstat(top + path), os.lstat(top + other))

    # -- the log

    def end(self):
        code, said = self.session.end()
        same("exit status", 0, code)
        for path in self.open:
            self.expected.append(Expected("failed", [path], len(BODY)))
        read = lab.read_json if self.form == "json" else lab.read_text
        records = [read(line.encode()) for line in said.splitlines()]
        if self.loud:
            print(said)
        same("first and last", ["start", "end"], [records[0].kind, records[-1].kind])
        self.compare(records[1:-1])

    def compare(self, records):
        expected = list(self.expected)
        for r in records:
            while expected and not expected[0].fits(r):
                left = expected.pop(0)
                if not left.may:
                    raise Failed(f"there is no record of {left}\n  got:      {r.line!r:.600}")
            if not expected:
                raise Failed(f"a record of nothing that was done: {r.line!r:.600}")
            expected.pop(0)
        same("what has no record", [], [e for e in expected if not e.may])


def without_times(entries):
    """A time that nobody has set is the clock's."""
    return {path: (entry[0], entry[1], entry[3]) for path, entry in entries.items()}


def play(scp, top, seed, loud):
    session = Play(scp, top, seed, loud)
    try:
        for _ in range(session.dice.randrange(10, 60)):
            session.step()
        session.end()
    finally:
        if not session.session.ended:
            session.session.kill()
