# SPDX-License-Identifier: ISC
"""
Sessions of SFTP in which one file is written, in each way that there is, or made or moved; and what is
there after each of their packets.
"""

import errno
from collections import namedtuple

from dialogue import FIRST, MODE, TIMES, greeting, opening
from peer import UMASK
from stage import packets as p
from sweeps import WAYS
from transfer import OLD, OLD_MODE, OLD_TIME

NEW_MODE = 0o640
ONE, TWO = b"what is", b" new now"
LATER, HERE = "when it is closed", "at once"    # when what was written is there
ATOMIC = ("--replace=atomic",)
BACKUP = ("--overwrite=backup",)

# A session: its PACKETS, and the TREES that are there after each of them.  Of a kill BETWEEN may be
# there as well.
Scene = namedtuple("Scene", "title options rules packets trees between")


# -- uploads

class Upload:
    """A file "f", which is OLD or not there, and what becomes of it request by request."""

    def __init__(self, flags, shown, old=True):
        self.shown, self.old = shown, old
        self.packets = [greeting(), opening("f", flags, mode=NEW_MODE)]
        self.content = OLD if old and not flags & p.TRUNC else b""
        self.mode, self.time = OLD_MODE if old else NEW_MODE & ~UMASK, None
        if old and not flags & p.TRUNC:
            self.time = OLD_TIME
        self.trees = [self.before(), self.before() if shown == LATER else self.now()]

    def before(self):
        return {"f": (OLD, OLD_MODE, OLD_TIME)} if self.old else {}

    def now(self):
        return {"f": (self.content, self.mode, self.time)}

    def say(self, kind, *fields, shown=None):
        self.packets.append(p.request(kind, len(self.packets), p.string(FIRST), *fields))
        self.trees.append(self.now() if HERE in (shown, self.shown) else self.before())
        return self

    def write(self, at, data):
        whole = self.content.ljust(at, b"\0")
        self.content = whole[:at] + data + whole[at + len(data):]
        self.time = None
        return self.say(p.WRITE, p.u64(at), p.string(data))

    def size(self, size):
        self.content = self.content[:size].ljust(size, b"\0")
        return self.say(p.FSETSTAT, p.attrs(size=size))

    def attributes(self):
        self.mode, self.time = MODE, TIMES[1]
        return self.say(p.FSETSTAT, p.attrs(mode=MODE, times=TIMES))

    def close(self):
        return self.say(p.CLOSE, shown=HERE)

    def scene(self, title, options=(), rules="", between=()):
        # What is in place may be any of it; what was written last has not got its time yet.
        return Scene(title, options, rules, self.packets, self.trees, between)


def fresh(flags=p.W | p.CREAT | p.TRUNC, shown=LATER):
    return Upload(flags, shown, old=False).write(0, ONE).write(len(ONE), TWO).attributes().close()


def replacing(flags=p.W | p.CREAT | p.TRUNC, shown=LATER):
    return Upload(flags, shown).write(0, ONE).write(len(ONE), TWO).attributes().close()


def as_scp():
    """It overwrites from the beginning, and says in the end how large the file is."""
    new = Upload(p.W | p.CREAT, LATER).write(0, ONE).write(len(ONE), TWO)
    return new.size(len(ONE + TWO)).attributes().close()


def amending(flags, at, shown):
    return Upload(flags, shown).write(at, ONE).write(at + len(ONE), TWO).attributes().close()


def kept(new, number=1):
    """What may be there while the old file gets another name."""
    before, after = new.trees[0], new.trees[-1]
    backup = f"f.~{number}~"
    return [{**before, backup: after["f"]}]


def with_backup(new, title, rules):
    between = kept(new)
    new.trees[-1]["f.~1~"] = new.trees[0]["f"]
    return new.scene(title, BACKUP, rules, between)


def without_exchange(scene):
    """For a moment nothing has the name, but both files have one."""
    old, new = scene.trees[0]["f"], scene.trees[-1]["f"]
    moving = {"f.~1~": old, "f.~2~": new}
    return scene._replace(between=[*scene.between, {"f": old, "f.~1~": new, "f.~2~": new}, moving,
                                   {**moving, "f": new}])


def ways_of_writing():
    exclusive = p.W | p.CREAT | p.EXCL
    found = []
    for way in ("unnamed", "proc", "named", "unlinkable"):
        rules = WAYS[way]
        found += [fresh().scene(f"new, {way}", (), rules),
                  replacing().scene(f"replaced, {way}", (), rules),
                  as_scp().scene(f"as scp overwrites, {way}", (), rules)]
    for way in ("unnamed", "named"):
        rules = WAYS[way]
        found += [
            fresh(exclusive).scene(f"exclusive, {way}", (), rules),
            with_backup(replacing(), f"with a backup, {way}", rules),
            with_backup(as_scp(), f"as scp overwrites, with a backup, {way}", rules),
            amending(p.W, 5, LATER).scene(f"a private copy, {way}", ATOMIC, rules),
        ]
    no_flags = f"renameat2={errno.EINVAL}"
    found += [
        fresh(exclusive).scene("exclusive, named, by links", (),
                               f"{WAYS['named']},{no_flags}"),
        without_exchange(with_backup(replacing(), "with a backup, without an exchange", no_flags)),
        replacing(p.W | p.TRUNC, HERE).scene("in place", ("--replace=in-place",)),
        amending(p.W, 5, HERE).scene("in place, not emptied"),
        amending(p.W | p.CREAT, len(OLD), HERE).scene("resumed in place"),
        amending(p.W | p.CREAT | p.APPEND, len(OLD), HERE).scene("appended"),
        fresh(shown=HERE).scene("partial, new", ("--partial=f",)),
        amending(p.W | p.CREAT, len(OLD), HERE).scene("partial, resumed", ("--partial=f",)),
    ]
    return found


# -- what else makes or moves a file

def requests(title, options, rules, steps, between=()):
    """STEPS are packets, and what is there after each; before the first one there is OLD."""
    before = {"f": (OLD, OLD_MODE, OLD_TIME)}
    return Scene(title, options, rules, [greeting()] + [packet for packet, _ in steps],
                 [before] + [tree for _, tree in steps], list(between))


def rename(old, new, replace):
    if replace:
        return p.extended(9, "posix-rename@openssh.com", p.string(old), p.string(new))
    return p.request(p.RENAME, 9, p.string(old), p.string(new))


def moved_while_open(rules, way):
    """As sshfs does it: from then on it is written where it is."""
    old = {"f": (OLD, OLD_MODE, OLD_TIME)}
    first, whole = ({**old, "h": (content, NEW_MODE & ~UMASK, None)} for content in (ONE, ONE + TWO))
    made = {**old, "g": first["h"]}

    def write(number, at, data):
        return p.request(p.WRITE, number, p.string(FIRST), p.u64(at), p.string(data))

    return requests(f"renamed while it is open, {way}", (), rules, [
        (opening("g", p.W | p.CREAT | p.TRUNC, mode=NEW_MODE), old), (write(2, 0, ONE), old),
        (rename("g", "h", True), first), (write(3, len(ONE), TWO), whole),
        (p.request(p.CLOSE, 4, p.string(FIRST)), whole)], [made])


def other_deeds():
    old = {"f": (OLD, OLD_MODE, OLD_TIME)}
    start = (b"", NEW_MODE & ~UMASK, None)
    before, after = {**old, "g": start}, {"f": start}
    make = (opening("g", p.R | p.CREAT, mode=NEW_MODE), before)
    cut = {"f": (OLD[:5], OLD_MODE, None)}
    size = p.request(p.SETSTAT, 8, p.string("f"), p.attrs(size=5))
    linked = [{**before, "f.~1~": start}, {"f": start, "f.~1~": old["f"], "g": start}]
    found = [moved_while_open(WAYS[way], way) for way in ("unnamed", "named")]
    for way in ("unnamed", "named"):
        found.append(requests(f"cut to a size, {way}", ATOMIC, WAYS[way], [(size, cut)]))
    return found + [
        requests("cut to a size in place", (), "", [(size, cut)]),
        requests("moved over another", (), "", [make, (rename("g", "f", True), after)]),
        requests("moved over another, with a backup", BACKUP, "",
                 [make, (rename("g", "f", True), {**after, "f.~1~": old["f"]})], linked),
        requests("moved to a free name, by links", (), f"renameat2={errno.EINVAL}",
                 [make, (rename("f", "h", False), {"h": old["f"], "g": start})],
                 [{**before, "h": old["f"]}]),
    ]


def scenes():
    return ways_of_writing() + other_deeds()
