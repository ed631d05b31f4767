# SPDX-License-Identifier: ISC
"""All requests of SFTP that name a path, while somebody exchanges something on it for a link that leads
out of the root, to a tree of canaries:

    parent      the directory above the one that they are in
    target      that one
    name        what they name
    trap        what they are about to make: a link of its name comes and goes

Run by root, that is another account, which owns the directories; the canaries are the session's own.

Each request has names of its own, here and there, so that it is known which of them made a canary sing.
A request tells of the canaries where what it answers has their words, their times or their disk.
"""

import ctypes
import itertools
import os
import random
import shutil
import struct
import subprocess
from collections import namedtuple

import accounts
from stage import packets as p

SONG, OURS = b"tweet", b"one of ours"           # what files, links and directories have
SONG_TIME, OUR_TIME = 777777777, 1111111111     # when they were changed
SHORT, MANY = 40, 400           # rounds of one session, and of sessions until all was met
IN_ALL_EVENTS = 0xfff
EVENT = struct.Struct("iIII")

Race = namedtuple("Race", "variant server links")
Deed = namedtuple("Deed", "name packet")        # whose name it is, and what is asked
FILES = ("get", "put", "amend", "scp", "from", "out", "linked", "set", "lset", "seen")
DIRS = ("listed", "room")
FOLLOWED = ("get", "put", "amend", "scp", "set", "seen", "listed", "room")
PATHS = ("made", "doomed", "from", "out", "linked", "sign", "set", "lset", "listed", "seen", "told",
         "room", "get", "put", "amend", "scp")
OTHER_NAMES = {"to": "from", "again": "linked"}
SETS = ("set", "lset")


def races():
    return [Race(variant, server, links) for variant in ("parent", "target", "name", "trap")
            for server, links in (("unconfined", "beneath"), *itertools.product(
                ("openat2", "walk"), ("never", "beneath")))]


def name_of(race):
    return f"sftp, {race.variant}, {race.server}, links {race.links}"


# -- trees

def put(path, content, time):
    with open(path, "wb") as file:
        file.write(content)
    os.utime(path, (time, time))


def make_tree(path, content, time, disk):
    """What each request finds; in one of them the room is that of another DISK."""
    os.makedirs(path)
    for name in FILES:
        put(f"{path}/{name}", content, time)
    os.makedirs(f"{path}/listed/{content.decode().split()[0]}")
    os.symlink(content, f"{path}/told")
    if disk:
        os.symlink(disk, f"{path}/room")
    else:
        os.mkdir(f"{path}/room")


def make_world(base, race, disk):
    """What is to be exchanged, as words for swap."""
    make_tree(f"{base}/canary/y", SONG, SONG_TIME, disk)
    make_tree(f"{base}/root/x/y", OURS, OUR_TIME, None)
    os.makedirs(f"{base}/root/x/spare")
    os.mkdir(f"{base}/root/safe")
    at = f"{base}/root/x"
    if race.variant == "trap":
        put(f"{base}/canary/y/new", SONG, SONG_TIME)
        return ["trap", f"{at}/y/new", "../../../canary/y/new"]
    if race.variant == "parent":
        os.symlink("../canary", f"{base}/root/spare")
        return ["keep", at, f"{base}/root/spare"]
    if race.variant == "target":
        os.symlink("../../canary/y", f"{at}/link")
        return ["keep", f"{at}/y", f"{at}/link"]
    pairs = []
    for name in FOLLOWED:
        os.symlink(f"../../../canary/y/{name}", f"{at}/spare/{name}")
        pairs += [f"{at}/y/{name}", f"{at}/spare/{name}"]
    return ["mend", *pairs]


def state_of(path):
    """All that there is of the canaries, but when they were last read."""
    found = {}
    for at, dirs, files in os.walk(path):
        for name in ("", *dirs, *files):
            full = os.path.join(at, name)
            st = os.lstat(full)
            found[full] = (st.st_mode, st.st_uid, st.st_size, st.st_ino, st.st_nlink,
                           st.st_mtime_ns, st.st_ctime_ns)
    return found


def stolen(root, canaries):
    """What has come into the root: names of the canaries' own files, or of what they contain."""
    nodes = {state[3] for state in canaries.values()}
    found = []
    for at, _, files in os.walk(root):
        for name in files:
            full = os.path.join(at, name)
            st = os.lstat(full)
            if st.st_ino in nodes or (not os.path.islink(full) and SONG in open(full, "rb").read()):
                found.append(full)
    return found


class Ear:
    """The names of what is opened, read or changed in a tree."""

    def __init__(self, path):
        libc = ctypes.CDLL(None, use_errno=True)
        self.fd = libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        self.dirs, self.heard = {}, set()
        for at in [at for at, _, _ in os.walk(path)]:   # Walking is heard, too.
            watch = libc.inotify_add_watch(self.fd, at.encode(), IN_ALL_EVENTS)
            if watch == -1:
                raise OSError(ctypes.get_errno(), "inotify")
            self.dirs[watch] = os.path.basename(at)

    def listen(self):
        try:
            while data := os.read(self.fd, 1 << 16):
                at = 0
                while at < len(data):
                    watch, _, _, size = EVENT.unpack_from(data, at)
                    name = data[at + EVENT.size:at + EVENT.size + size].rstrip(b"\0").decode()
                    self.heard.add(name or self.dirs.get(watch, ""))
                    at += EVENT.size + size
        except BlockingIOError:
            pass
        return {OTHER_NAMES.get(name, name) for name in self.heard}


# -- the client

class Client:
    """Sessions of one race; TOP is the directory that the requests are in, SAFE one that nobody moves."""

    def __init__(self, argv, base, race, disk, user):
        self.argv, self.base, self.race, self.user = argv, base, race, user
        self.dice = random.Random(str(race))
        prefix = f"{base}/root" if race.server == "unconfined" else ""
        self.top, self.safe = f"{prefix}/x/y", f"{prefix}/safe"
        self.disk = disk and room_of(os.statvfs(disk))
        self.session = None
        self.asked, self.lost = 0, 0
        self.done, self.missed, self.told = set(), set(), set()

    def at(self, name, top=None):
        return p.string(f"{top or self.top}/{name}")

    def opens(self):
        new = p.W | p.CREAT
        rows = [("get", p.R), ("put", new | p.TRUNC), ("amend", p.W), ("scp", new),
                ("doomed", new | p.EXCL)]
        if self.race.variant == "trap":
            rows = [("new", new), ("new", new | p.EXCL), ("new", new | p.TRUNC), ("new", p.R)]
        return [Deed(name, (p.OPEN, self.at(name), p.u32(flags), p.attrs())) for name, flags in rows] \
            + [Deed("listed", (p.OPENDIR, self.at("listed")))]

    def uses(self, deed, handle):
        """What is done with what was opened."""
        handle = p.string(handle)
        use = (p.READDIR, handle) if deed.name == "listed" else \
            (p.READ, handle, p.u64(0), p.u32(100)) if deed.packet[2] == p.u32(p.R) else \
            (p.WRITE, handle, p.u64(0), p.string(OURS))
        return [Deed(deed.name, use), Deed(deed.name, (p.CLOSE, handle))]

    def looks(self):
        at = self.at
        return [
            [Deed("seen", (p.STAT, at("seen")))], [Deed("seen", (p.LSTAT, at("seen")))],
            [Deed("told", (p.READLINK, at("told")))], [extended("room", "statvfs", at("room"))],
            [Deed("seen", (p.REALPATH, at("seen")))],
        ]

    def changes(self):
        """Each list is done in its order, and leaves what it has found."""
        at, safe, times = self.at, self.safe, p.attrs(mode=0o640, times=(OUR_TIME, OUR_TIME))
        if self.race.variant == "trap":
            new = at("new")
            return [
                [Deed("new", (p.MKDIR, new, p.attrs())), Deed("new", (p.RMDIR, new))],
                [Deed("from", (p.RENAME, at("from"), new)), Deed("from", (p.RENAME, new, at("from")))],
                [extended("linked", "hardlink", at("linked"), new), Deed("new", (p.REMOVE, new))],
                [Deed("new", (p.SYMLINK, p.string("seen"), new)), Deed("new", (p.REMOVE, new))],
                [Deed("new", (p.SETSTAT, new, times)), extended("new", "lsetstat", new, times)],
            ]
        return [
            [Deed("set", (p.SETSTAT, at("set"), times))],
            [Deed("set", (p.SETSTAT, at("set"), p.attrs(size=7)))],
            [extended("lset", "lsetstat", at("lset"), times)],
            [Deed("made", (p.MKDIR, at("made"), p.attrs())), Deed("made", (p.RMDIR, at("made")))],
            [Deed("doomed", (p.REMOVE, at("doomed")))],
            [Deed("from", (p.RENAME, at("from"), at("to"))),
             Deed("from", (p.RENAME, at("to"), at("from")))],
            [extended("out", "posix-rename", at("out"), at("out", safe)),
             Deed("out", (p.RENAME, at("out", safe), at("out")))],
            [extended("linked", "hardlink", at("linked"), at("again")),
             Deed("linked", (p.REMOVE, at("again")))],
            [extended("linked", "hardlink", at("linked"), at("again", safe)),
             Deed("linked", (p.REMOVE, at("again", safe)))],
            [Deed("sign", (p.SYMLINK, p.string("seen"), at("sign"))),
             Deed("sign", (p.REMOVE, at("sign")))],
        ]

    def say(self, deeds):
        """Sends all of them, and then hears what becomes of them."""
        self.session.send(b"".join(p.request(deed.packet[0], number, *deed.packet[1:])
                                   for number, deed in enumerate(deeds)))
        replies = [self.session.reply() for _ in deeds]
        for deed, reply in zip(deeds, replies):
            self.judge(deed, reply)
        return replies

    def judge(self, deed, reply):
        failed = reply.kind == p.STATUS and reply.code not in (p.OK, p.EOF)
        (self.missed if failed else self.done).add(deed.name)
        if SONG in reply.body or p.u32(SONG_TIME) in reply.body or \
                (reply.rest and struct.unpack(">11Q", reply.rest)[1:3] == self.disk):
            self.told.add(deed.name)

    def play_round(self):
        opens = self.opens()
        used = []
        for deed, reply in zip(opens, self.say(opens)):
            used += self.uses(deed, reply.handle) if reply.handle else []
        rows = self.looks() * 2 + self.changes()
        self.dice.shuffle(rows)
        self.say(used + [deed for row in rows for deed in row])
        self.asked += len(opens) + sum(map(len, rows))

    def play(self, requests, enough):
        """Session after session, until so much was asked for, and ENOUGH was met."""
        rounds = 0
        while self.asked < requests or (not enough() and rounds < MANY):
            self.session = p.Session(self.argv, cwd=self.base, user=self.user)
            for _ in range(SHORT):
                self.play_round()
                rounds += 1
                if self.asked >= requests and enough():
                    break
            self.lost += self.session.end() != (0, "")


def extended(name, what, *fields):
    return Deed(name, (p.EXTENDED, p.string(f"{what}@openssh.com"), *fields))


def room_of(room):
    """How large a disk is: sizes of its pieces, and their number."""
    return room.f_frsize, room.f_blocks


# -- one race

def argv_of(race, base, tools, program):
    if race.server == "unconfined":
        return [program, "--sftp", "--log=none"]
    launch = [os.path.join(tools, "launch")] if race.server == "walk" else []
    return [*launch, program, "--sftp", f"--root={base}/root", f"--symlinks={race.links}",
            "--make-links=yes", "--log=none"]


def songs_of(race, disk):
    """The requests that must make a canary sing where nobody is confined."""
    if race.variant == "trap":
        return {"new"}
    names = set(FOLLOWED if race.variant == "name" else PATHS)
    return names if disk else names - {"room"}


def other_disk(base):
    """A directory of another size of disk, or None."""
    for path in ("/dev/shm", "/run", "/proc"):
        if os.path.isdir(path) and room_of(os.statvfs(path)) != room_of(os.statvfs(base)):
            return path
    return None


def play(race, tools, base, program, requests):
    """{what: (expected, got)}, and how many paths were asked for."""
    disk = other_disk(base)
    words = make_world(base, race, disk)
    hostile = os.geteuid() == 0
    if hostile:
        accounts.share_out(base)
    before = state_of(f"{base}/canary")
    ear = Ear(f"{base}/canary")     # Looking is heard, too.
    client = Client(argv_of(race, base, tools, program), base, race, disk,
                    accounts.UPLOADER if hostile else None)
    swapper = subprocess.Popen([os.path.join(tools, "swap"), *words], stdout=subprocess.PIPE,
                               text=True, **accounts.attacker(hostile))
    swapper.stdout.readline()
    free = race.server == "unconfined"

    def enough():
        if free:
            return songs_of(race, disk) <= ear.listen() | client.told
        return "new" in client.done and "new" in client.missed if race.variant == "trap" else \
            "seen" in client.missed and set(PATHS) <= client.done

    try:
        client.play(requests, enough)
    finally:
        swapper.terminate()
        swaps = swapper.communicate()[0]
    sung = ear.listen() | client.told
    os.close(ear.fd)
    result = {"somebody swapped": (True, swapper.returncode == 0 and int(swaps) > 0)}
    if free:
        result["canaries that did not sing"] = (set(), songs_of(race, disk) - sung)
    else:
        result.update({
            "all was met": (True, enough()),
            "sessions that did not end well": (0, client.lost),
            "canaries that sang": (set(), sung),
            "a canary has changed": (False, state_of(f"{base}/canary") != before),
            "what is in the root": ([], stolen(f"{base}/root", before)),
        })
    shutil.rmtree(base)
    return result, client.asked
