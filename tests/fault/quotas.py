# SPDX-License-Identifier: ISC
"""
Quotas: there is room, but not for this user, or not in this subvolume.  Of the filesystems that
have them, those are tried that this kernel knows.
"""

import contextlib
import os

from disks import Image, Lacking, cannot_mount, must, small_disk
from limits import (KINDS, body_of, contents, ended, finish, give, old_file, record, start_with,
                    warning, ways)
from peer import NOBODY, UMASK, look, put
from sweeps import WAYS
from transfer import OLD, OLD_MODE, OLD_TIME

IMAGE = 160 << 20               # bytes of a filesystem in a sparse file: btrfs wants 109 MiB
SMALL = body_of(1000)[:1000]
MANY, MIDDLING = 40, 40000      # files that together are too much, and their bytes
REASON = "Disk quota exceeded"
SYNCED = ("--serve", "--log=none", "--sandbox=none", "--sync=full")


# -- filesystems: each with a PLACE that is new, and AGAIN, after which nothing is in memory alone

class Tmpfs:
    """The quota is that of a user, and not of root."""
    quota, user = 1 << 19, NOBODY

    def __init__(self, lab):
        self.lab = lab

    @contextlib.contextmanager
    def made(self):
        yield

    @contextlib.contextmanager
    def place(self):
        quota = f"usrquota,usrquota_block_hard_limit={self.quota}"
        with small_disk(self.lab, f"mode=777,{quota}") as path:
            if path is None:
                raise Lacking("the kernel has no quotas on tmpfs (CONFIG_TMPFS_QUOTA)")
            yield path

    def again(self):
        pass


class Btrfs:
    """
    The quota is that of a subvolume, whoever writes.  Room for data is set aside by write(2), and
    for names by open(2), so that these fail; what is flushed later has its room.  What is set aside
    for names beyond what they will take is a matter of the version, and makes the quota seem less.
    """
    quota, user = 1 << 20, None

    def __init__(self, lab):
        self.image, self.count = Image(lab, IMAGE, ["mkfs.btrfs", "-q"]), 0

    @contextlib.contextmanager
    def made(self):
        with self.image:
            must("btrfs", "quota", "enable", self.image.top)
            yield

    @contextlib.contextmanager
    def place(self):
        self.count += 1
        path = f"{self.image.top}/{self.count}"
        must("btrfs", "subvolume", "create", path)
        must("btrfs", "qgroup", "limit", str(self.quota), path)
        yield path

    def again(self):
        self.image.again()


# -- what exceeds them

def too_much(fs):
    return body_of(fs.quota + (fs.quota >> 2))[:fs.quota + (fs.quota >> 2)]


def start(fs, path, kind):
    start_with(path, kind)
    if fs.user is not None:
        for name in old_file(kind):
            os.chown(os.path.join(path, name), fs.user, fs.user)


def new_file(content):
    return content, 0o644 & ~UMASK


def exceed_by_one(lab, checks, fs, way):
    """The next one, which is small, arrives, and the session was not without errors."""
    what = "by one file"
    for kind in KINDS:
        with fs.place() as path:
            start(fs, path, kind)
            with lab.server("-t", path, fault=WAYS[way], user=fs.user) as server:
                replies = [server.reply(), *give(server, kind, too_much(fs)),
                           *give(server, "next", SMALL)]
                end = finish(server)
            checks.equal(f"{what}, {way}, {kind} file",
                         {"replies": ["", "", warning(path, kind, REASON), "", ""],
                          "tree": {**old_file(kind), "next": new_file(SMALL)}, **ended(1)},
                         {"replies": replies, "tree": contents(path), **end})


def exceed_in_tree(lab, checks, fs, way):
    """In the middle of a directory: what comes before and after it arrives."""
    with fs.place() as path:
        with lab.server("-t", "-r", "-p", path, fault=WAYS[way], user=fs.user) as server:
            replies = [server.reply(), server.tell(b"D0751 0 dir\n"), *give(server, "a", SMALL),
                       *give(server, "big", too_much(fs)), *give(server, "b", SMALL),
                       server.tell(b"D0711 0 below\n"), *give(server, "c", SMALL),
                       server.tell(b"E\n"), server.tell(b"E\n"), *give(server, "next", SMALL)]
            end = finish(server)
        small = (SMALL, 0o644)
        checks.equal(f"within a tree, {way}", {
            "replies": [""] * 5 + [warning(path, "dir/big", REASON)] + [""] * 9,
            "tree": {"dir": ("dir", 0o751), "dir/a": small, "dir/b": small,
                     "dir/below": ("dir", 0o711), "dir/below/c": small, "next": small}, **ended(1),
        }, {"replies": replies, "tree": contents(path), **end})


def exceed_ahead(lab, checks, fs, way):
    """The client sends on, and waits for nothing."""
    what = "by a client that is ahead"
    for kind in KINDS:
        with fs.place() as path:
            start(fs, path, kind)
            big = too_much(fs)
            with lab.server("-t", path, fault=WAYS[way], user=fs.user) as server:
                server.send(record(kind, len(big)) + big + b"\0" +
                            record("next", len(SMALL)) + SMALL + b"\0")
                end = finish(server)
            checks.equal(f"{what}, {way}, {kind} file", {
                **ended(1), "more": b"\0\0" + warning(path, kind, REASON).encode() + b"\0\0",
                "tree": {**old_file(kind), "next": new_file(SMALL)},
            }, {**end, "tree": contents(path)})


def exceed_by_many(lab, checks, fs, way, words=("-t",), command=None):
    """
    Whatever was said to have arrived is there, whole, and nothing else is; and no refusal has
    another reason.  Each second file is there already.
    """
    what = f"by many files{', restricted and synced' if command else ''}, {way}"
    bodies = {f"f{n}": b"%d " % n + body_of(MIDDLING)[:MIDDLING] for n in range(MANY)}
    with fs.place() as path:
        there = list(bodies)[::2]
        for name in there:
            put(os.path.join(path, name), OLD, OLD_MODE, OLD_TIME)
            os.chown(os.path.join(path, name), *[-1 if fs.user is None else fs.user] * 2)
        with lab.server(*words, *([f"--root={path}"] if command else [path]), command=command,
                        fault=WAYS[way], user=fs.user) as server:
            greeting = server.reply()
            said = {name: "".join(map(str, give(server, name, body)))
                    for name, body in bodies.items()}
            end = finish(server)
        fs.again()
        shown = "." if command else path
        tree = {name: OLD for name in there}
        tree.update({name: bodies[name] for name, text in said.items() if text == ""})
        checks.equal(f"{what}: greeting and end", ("", ended(1)), (greeting, end))
        checks.equal(f"{what}: names with other contents than was said", [],
                     differing_names(tree, {n: e[1] for n, e in look(path).items()}))
        checks.equal(f"{what}: refusals for other reasons", [],
                     [text for name, text in said.items()
                      if text not in ("", warning(shown, name, REASON))])
        checks.equal(f"{what}: some arrive, and some do not", {True, False},
                     {text == "" for text in said.values()})


def exceed_by_many_synced(lab, checks, fs, way):
    exceed_by_many(lab, checks, fs, way, SYNCED, "scp -t .")


def differing_names(expected, got):
    return sorted(n for n in {**expected, **got} if expected.get(n) != got.get(n))


DEEDS = (exceed_by_one, exceed_in_tree, exceed_ahead, exceed_by_many, exceed_by_many_synced)


def exceed(lab, checks, filesystem):
    why = cannot_mount()
    if why is not None:
        checks.skip("all of it", why)
        return
    fs = filesystem(lab)
    try:
        with fs.made():
            for deed in DEEDS:
                for way in ways(lab, checks):
                    deed(lab, checks, fs, way)
    except Lacking as e:
        checks.skip("all of it", str(e))


def tests():
    return [(f"a quota is exceeded, {fs.__name__.lower()}", False, exceed, (fs,))
            for fs in (Tmpfs, Btrfs)]
