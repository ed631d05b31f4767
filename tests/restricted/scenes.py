# SPDX-License-Identifier: ISC
"""What a client does to feel a policy, and what comes of it."""
import os
import re
import stat

import common
from stage import adapters, machine, transfers, trees

COPIED = "copied"
KIB = 1024


def verdict(outcome, *copies):
    """What the client says, without the path, or that it copied."""
    if outcome.code == 0 and not outcome.text:
        missing = [path for path in copies if not os.path.exists(path)]
        return COPIED if not missing else f"it copied nothing to {missing}"
    first = (outcome.text.splitlines() or [""])[0].removeprefix("scp: ")
    return first.rsplit(": ", 1)[-1]


class Scene:
    """A client, and a place below the root of its account."""

    def __init__(self, world, place):
        self.world, self.place, self.estate = world, place, world.estate
        self.client = adapters.OpenSSH(world.host, world.env)

    def local(self, name="file", content=b"new\n", mode=0o644):
        return transfers.put(f"{self.place.local}/{name}", content, mode)

    def there(self, name, content=b"old\n", mode=0o644):
        return self.world.give(transfers.put(f"{self.place.remote}/{name}", content, mode))

    def tree(self, entries):
        return trees.build(f"{self.place.local}/tree", entries)

    def push(self, sources, name="", **how):
        """To NAME in the place; what comes of it."""
        target = os.path.join(self.place.remote, name)
        return verdict(self.client.push(sources, target, **how), target)

    def mode(self, name):
        return oct(stat.S_IMODE(os.stat(f"{self.place.remote}/{name}").st_mode))

    def names(self):
        return sorted(os.listdir(self.place.remote))


# -- What is done; each returns what came of it.

def pull(s):
    source, copy = s.there("file"), f"{s.place.local}/copy"
    return verdict(s.client.pull([source], copy), copy)


def push(s):
    return s.push([s.local()], "file")


def push_from_the_top(s):
    """An absolute path, and where it led to."""
    return verdict(s.client.push([s.local()], "/landed")), s.names()


def push_relative(s):
    below = s.world.give(trees.build(f"{s.place.remote}/below", []))
    s.client.push([s.local()], f"landed-{s.place.name}")
    at_root = f"{s.world.root}/landed-{s.place.name}"
    found = os.path.exists(at_root), os.path.exists(f"{below}/landed-{s.place.name}")
    if found[0]:
        os.remove(at_root)
    return found


def push_onto(s):
    path = s.there("file")
    return s.push([s.local()], "file"), transfers.get(path), s.names()


def push_onto_the_same(s):
    path = s.there("file")
    before = os.stat(path).st_ino
    return s.push([s.local()], "file"), os.stat(path).st_ino == before


def push_in_closed(s):
    """The file may be written, its directory not."""
    s.there("file")
    os.chmod(s.place.remote, 0o555)
    result = s.push([s.local()], "file")
    os.chmod(s.place.remote, 0o755)
    return result


def pull_by_link(s):
    s.there("file")
    os.symlink("file", f"{s.place.remote}/link")
    copy = f"{s.place.local}/copy"
    return verdict(s.client.pull([f"{s.place.remote}/link"], copy), copy)


def push_hidden(s):
    return s.push([s.local()], ".file")


def push_two_names(s):
    return s.push([s.local("a.txt"), s.local("b.bin")]), s.names()


def push_tree(s):
    return s.push([s.tree([("a", "dir", 0o755, None), ("a/b", "dir", 0o755, None),
                           ("a/b/file", "file", 0o644, b"deep\n")])], recursive=True)


def pull_tree(s):
    source = s.world.give(trees.build(f"{s.place.remote}/tree", common.UNLINKED[:2]))
    return verdict(s.client.pull([source], s.place.local, recursive=True))


def push_into_tree(s):
    """A tree that is there, and another one that is not."""
    s.world.give(trees.build(f"{s.place.remote}/tree", []))
    there = s.push([s.tree([("file", "file", 0o644, b"new\n")])], recursive=True)
    os.rename(f"{s.place.local}/tree", f"{s.place.local}/new")
    return there, s.push([f"{s.place.local}/new"], recursive=True), s.names()


def push_three(s):
    """Of 6 KiB each."""
    sources = [s.local(name, bytes(6 * KIB)) for name in ("1", "2", "3")]
    return s.push(sources), s.names()


def push_small_and_large(s):
    return s.push([s.local("large", bytes(20 * KIB)), s.local("small", bytes(KIB))]), s.names()


def push_where_there_is_little(s):
    with machine.tmpfs(f"{s.place.remote}/small", "4m") as top:
        source = s.local("file", bytes(KIB * KIB))
        return verdict(s.client.push([source], f"{top}/file"))


def push_slowly(s):
    return s.push([s.local("file", bytes(200 * KIB))], "file")


def say_nothing(s):
    """A client that begins, and then is silent: without the key it would hang, and that fails."""
    theirs, ours = os.pipe()
    try:
        with open(theirs, "rb") as silence:
            got = s.estate.ssh("polly", f"scp -t {s.place.remote}/file", stdin=silence)
    finally:
        os.close(ours)
    return got.code, got.err, s.names()


def by_sftp(*lines):
    """What happens when LINES are typed at sftp, about a file OLD of somebody and one of the same
    session, NEW: does it go on to the end, and what is there then?"""
    def scene(s):
        s.there("old")
        s.local("new")
        got = s.estate.sftp("polly", s.estate.port, f"lcd {s.place.local}", f"cd {s.place.remote}",
                            "put new", *lines)
        return got.code, s.names()
    scene.__name__ = f"sftp, {', '.join(lines)}"
    return scene


def list_by_sftp(s):
    s.there("old")
    got = s.estate.sftp("polly", s.estate.port, f"ls -1 {s.place.remote}")
    return [line.rsplit("/", 1)[-1] for line in got.out.splitlines() if "sftp>" not in line]


def list_by_command(s):
    """As clients do that say shell's words."""
    s.there("old")
    got = s.estate.ssh("polly", f"cd {s.place.remote} && ls",
                       host=s.estate.host("polly", s.estate.port))
    return got.code, got.out


def put_over(s):
    """By sftp: is it still the same file?"""
    before = os.stat(s.there("old")).st_ino
    got = s.estate.sftp("polly", s.estate.port, f"put {s.local()} {s.place.remote}/old")
    return got.code, os.stat(f"{s.place.remote}/old").st_ino == before


def push_mode(mode, preserve=False):
    def scene(s):
        return s.push([s.local("file", mode=mode)], "file", preserve=preserve), s.mode("file")
    scene.__name__ = f"push a file of {mode:04o}"
    return scene


def push_dir_mode(mode):
    def scene(s):
        return s.push([s.tree([("dir", "dir", mode, None)])], recursive=True), s.mode("tree/dir")
    scene.__name__ = f"push a directory of {mode:04o}"
    return scene


def push_times(s):
    result = s.push([s.local()], "file", preserve=True)
    return result, int(os.stat(f"{s.place.remote}/file").st_mtime) == trees.FIRST_TIME


def push_group(s):
    result = s.push([s.local()], "file")
    crew = os.stat(f"{s.place.remote}/file").st_gid != s.world.account.gid
    return result, crew


def push_missing(s):
    return s.push([s.local()], "none/file")


def records_of(s):
    s.estate.log.forget()
    pushed = s.push([s.local()], "file")
    return pushed, s.estate.log.take()


def count_records(s):
    pushed, records = records_of(s)
    return pushed, [record.event for record in records]


def facility(s):
    return {record.priority >> 3 for record in records_of(s)[1]}


def sandboxed(s):
    return {' sandbox "' in record.text for record in records_of(s)[1] if record.event == "start"}


def form(s):
    return {record.text[0] == "{" for record in records_of(s)[1]}


def read_log_on_stderr(s):
    got = s.client.push([s.local()], f"{s.place.remote}/file")
    return got.code, bool(re.search(r'^close "/.*/file" bytes ', got.err, re.MULTILINE))


def push_without_log(s):
    with s.estate.log.away():
        got = s.client.push([s.local()], f"{s.place.remote}/file")
    return got.code, s.names(), got.err.splitlines()
