# SPDX-License-Identifier: ISC
"""What somebody does in WinSCP's panels, and what must come of it on the disk."""
import hashlib
import os
import stat
import time

from stage import trees
from stage.report import holds, same
from stage.winscp import Fails

REASONS = 200                   # messages, each of which must come before the marker
FILES = 1000                    # of a large tree
NAMES = ("two  words", "it's", 'say "hello"', "$HOME", "`id`", "back\\slash", "-rf", "~", "~root", "*", "a?[b]",
         "gr\u00fc\u00dfe \u2603", "#comment", "semi;colon&&or||", "{a,b}", "(x)", "<in>out", "tab\there",
         "two\nlines", "x -> y", "trailing ", " leading", "!", "\u00e9" * 100)
UNSENT = ("two\nlines",)        # names that no record can have


class Ground:
    """A directory of the account: TOP on the disk, NAME from its root on."""

    def __init__(self, top, name, local, give):
        self.top, self.name, self.local = top, name, local
        self.give = give                # makes what is at a path the account's

    def put(self, name, data=b"x", mode=0o644):
        path = os.path.join(self.top, name)
        with open(path, "wb") as file:
            file.write(data)
        os.chmod(path, mode)
        self.give(path)
        return path

    def names(self):
        return set(os.listdir(os.fsencode(self.top)))


def refused(call, *args):
    """What WinSCP shows."""
    try:
        call(*args)
    except Fails as failure:
        return failure.status, failure.text.decode()
    return None


def agrees(entry, path):
    """What a line says is so on the disk."""
    st = os.lstat(path)
    seconds, parts = divmod(st.st_mtime_ns, 10**9)
    at = time.localtime(seconds)
    size = b"%d" % st.st_size if not stat.S_ISCHR(st.st_mode) else entry.size
    same(f"the line of {path!r}",
         (stat.filemode(st.st_mode).encode(), st.st_nlink, size, time.strftime("%F %T", at).encode(),
          b"%09d" % parts, time.strftime("%z", at).encode()),
         (entry.mode, entry.links, entry.size, entry.date, entry.parts, entry.zone))


def starts(client, ground):
    same("where it is", ground.name.encode(), client.where())
    same("nothing is there", {}, client.list())


def lists(client, ground):
    for number, name in enumerate(NAMES):
        ground.put(name, b"x" * number, (0o644, 0o4755, 0o600, 0o666)[number % 4])
    os.mkdir(f"{ground.top}/dir", 0o1777)
    os.symlink("two  words", f"{ground.top}/link")
    os.mkfifo(f"{ground.top}/pipe")
    listed = client.list()
    same("names", {name.replace(b"\n", b"?") for name in ground.names()}, set(listed))
    for name in ground.names():
        agrees(listed[name.replace(b"\n", b"?")], os.path.join(os.fsencode(ground.top), name))
    same("the link", b"two  words", listed[b"link"].target)
    for name in NAMES:
        agrees(client.look(name), f"{ground.top}/{name}")
    same("from elsewhere", set(listed), set(client.list(ground.name)))


def names_it_all(client, ground):
    """Each kind of name: made, entered, listed, renamed, set, copied, removed."""
    for name in NAMES:
        client.mkdir(name)
        same("what is there", {os.fsencode(name)}, ground.names())
        client.cd(name)
        if "\n" not in name:
            same("where it is", f"{ground.name}/{name}".encode(), client.where())
        client.cd("..")
        client.chmod(b"0711", name)
        same("mode", 0o711, stat.S_IMODE(os.stat(f"{ground.top}/{name}").st_mode))
        client.rename(name, f"{name} again")
        client.duplicate(f"{name} again", name)
        same("what is there", {os.fsencode(name), os.fsencode(f"{name} again")}, ground.names())
        for each in (name, f"{name} again"):
            client.remove(each)
        same("what is there", set(), ground.names())


def copies(client, ground):
    """A tree goes up and down, and is what it was."""
    entries = [entry for entry in trees.TREE if entry[1] != "link" and not entry[0].startswith(".")]
    source = trees.build(f"{ground.local}/tree", entries)
    same("refused", [], client.upload([source], ground.name))
    there, here = trees.read(f"{ground.top}/tree", float("inf")), trees.read(source, float("inf"))
    trees.compare(here, there, "")
    os.mkdir(f"{ground.local}/back")
    same("refused", [], client.download(["tree"], f"{ground.local}/back"))
    back = trees.read(f"{ground.local}/back/tree", float("inf"))
    same("files that came back", {name: each.content for name, each in here.items()},
         {name: each.content for name, each in back.items()})
    same("times that came back", {name: each.time for name, each in here.items()},
         {name: each.time for name, each in back.items()})


def copies_names(client, ground):
    for name in NAMES:
        if name in UNSENT:
            continue
        with open(f"{ground.local}/{name}", "wb") as file:
            file.write(name.encode())
        same("refused", [], client.upload([f"{ground.local}/{name}"], "."))
        os.remove(f"{ground.local}/{name}")
        same("refused", [], client.download([name], ground.local))
        with open(f"{ground.local}/{name}", "rb") as file:
            same("what came back", name.encode(), file.read())
    same("names", {os.fsencode(name) for name in NAMES if name not in UNSENT}, ground.names())


def skips(client, ground):
    """One file is not wanted, another one is not there, and another is not allowed."""
    for name in ("a", "b", "c"):
        ground.put(name, name.encode())
    here = f"{ground.local}/here"
    os.mkdir(here)
    said = client.download(["a", "none", "b", "c"], here, skip=(b"b",))
    same("what was said", [b"scp: none: No such file or directory"], said)
    same("what came", ["a", "c"], sorted(os.listdir(here)))
    for name in ("one", "two.refused", "three"):
        with open(f"{ground.local}/{name}", "wb") as file:
            file.write(b"new")
    said = client.upload([f"{ground.local}/{name}" for name in ("one", "two.refused", "three")], ground.name)
    same("what was said", [f"scp: {ground.name}/two.refused: this name is not allowed".encode()], said)
    same("what is there", {b"a", b"b", b"c", b"one", b"three"}, ground.names())
    same("where it is", ground.name.encode(), client.where())


def stops(client, ground):
    """In the middle of a copy it is enough, and the session goes on."""
    for name in ("a", "b", "c"):
        ground.put(name, name.encode())
    here = f"{ground.local}/here"
    os.mkdir(here)
    client.download(["a", "b", "c"], here, stop=b"b")
    same("what came", ["a"], os.listdir(here))
    same("refused", [], client.upload([f"{here}/a"], ground.name, stop=True))
    same("where it is", ground.name.encode(), client.where())
    same("into nothing", 1, len(client.upload([f"{here}/a"], "none/none")))
    same("where it is", ground.name.encode(), client.where())


def large_tree(client, ground):
    """A tree goes up, is listed in full, changed and removed, and nothing else is."""
    source = f"{ground.local}/many"
    for number in range(FILES):
        os.makedirs(f"{source}/{number % 10}", exist_ok=True)
        with open(f"{source}/{number % 10}/{number}", "wb") as file:
            file.write(b"%d" % number)
    ground.put("kept")
    same("refused", [], client.upload([source], ground.name, preserve=False))
    found = [entry for each in client.list("many") for entry in client.list(f"many/{each.decode()}")]
    same("files", sorted(map(str, range(FILES))), sorted(name.decode() for name in found))
    client.chmod(b"00700", "many", b"-R")
    modes = {stat.S_IMODE(os.stat(os.path.join(path, name)).st_mode)
             for path, dirs, files in os.walk(f"{ground.top}/many") for name in [*dirs, *files]}
    same("modes", {0o700}, modes)
    client.remove("many")
    same("what is there", {b"kept"}, ground.names())


def sums(client, ground):
    for name in NAMES:
        if "\\" not in name and "\n" not in name:
            ground.put(name, name.encode())
    wanted = {name: hashlib.sha256(name).hexdigest() for name in ground.names()}
    same("checksums", wanted, {name.removeprefix(b"./"): each
                               for name, each in client.sums(*ground.names()).items()})


def reasons(client, ground):
    """Each message comes before the marker of its command."""
    lost = 0
    for number in range(REASONS):
        said = refused(client.command, b'rm "none %d"' % number)
        lost += said != (1, f"rm: none {number}: No such file or directory\n")
    # A busy machine may be too slow to read in time; who does not wait at all loses nearly all of them.
    holds("the reasons come in time", lost <= REASONS // 20, f"{lost} of {REASONS} came late")


def failures(client, ground):
    """What goes wrong is said in its own words, and nothing has changed."""
    ground.put("f")
    os.mkdir(f"{ground.top}/d")
    ground.give(f"{ground.top}/d")
    for call, expected in (
            ((client.mkdir, "d"), (1, "mkdir: d: File exists\n")),
            ((client.cd, "f"), (1, "cd: f: Not a directory\n")),
            ((client.list, "none"), (2, "ls: none: No such file or directory\n")),
            ((client.rename, "f", "g.refused"), (1, "mv: f: this name is not allowed\n")),
            ((client.command, b"rmdir none"), (1, "rmdir: none: No such file or directory\n")),
            ((client.command, b"unzip x"), (127, "unzip: command not found\n"))):
        same("what it shows", expected, refused(*call))
    same("what is there", {b"f", b"d"}, ground.names())


ALL = (starts, lists, names_it_all, copies, copies_names, skips, stops, large_tree, sums, reasons, failures)
