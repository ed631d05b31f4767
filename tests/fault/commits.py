# SPDX-License-Identifier: ISC
"""
Uploads by SFTP that are cut everywhere: after every byte of what the client says, and by a SIGKILL
before every call.  There is a scene for each way in which a file is written, and for what else makes
or moves one.
"""

import errno
import os
import signal
import tempfile
from collections import namedtuple

from dialogue import FIRST, MODE, TIMES, Talk, greeting, opening
from peer import UMASK, look, put, signal_name, split_temporaries
from stage import packets as p
from sweeps import WAYS, kind_of_call, was_raised
from transfer import OLD, OLD_MODE, OLD_TIME, STOPPED

CALLS_MAX = 500                 # of one server, and far more than it makes
SIGNALLED = 6                   # scenes of a short run in which the server is told to stop
NEW_MODE = 0o640
ONE, TWO = b"what is", b" new now"
LATER, HERE = "when it is closed", "at once"    # when what was written is there
OPTIONS = ("--log=none", "--sandbox=none")
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
    start = put_by_request("g", b"")
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


def put_by_request(_, content):
    return (content, NEW_MODE & ~UMASK, None)


def scenes():
    return ways_of_writing() + other_deeds()


# -- playing them

def words_of(scene, path):
    return ("--sftp", f"--root={path}", *OPTIONS, *scene.options)


def found_in(path):
    """What is there, and the names of temporaries; a time that nobody has set does not matter."""
    tree, left = split_temporaries(look(path))
    known = (OLD_TIME, TIMES[1])
    return {name: (entry[1], entry[2], entry[3] if entry[3] in known else None)
            for name, entry in tree.items()}, left


def prepare(scene, path):
    if "f" in scene.trees[0]:
        put(os.path.join(path, "f"), OLD, OLD_MODE, OLD_TIME)


def after(scene, cut):
    """What is there when CUT bytes were taken in, and whether they end with a packet."""
    at = done = 0
    for packet in scene.packets:
        if at + len(packet) > cut:
            break
        at += len(packet)
        done += 1
    return scene.trees[max(0, done - 1)], at == cut


def cuts_of(scene, everywhere):
    """Every byte; or the ends of packets and the bytes beside them."""
    whole = sum(map(len, scene.packets))
    if everywhere:
        return range(whole + 1)
    ends, at = {0}, 0
    for packet in scene.packets:
        at += len(packet)
        ends |= {at - 1, at, at + 1}
    return sorted(cut for cut in ends if cut <= whole)


def lose_client(lab, checks, scene, everywhere):
    """All that came before is taken in, whatever comes then; nothing else is ever there."""
    wire = b"".join(scene.packets)
    for cut in cuts_of(scene, everywhere):
        with lab.directory() as path:
            prepare(scene, path)
            with lab.server(*words_of(scene, path), fault=scene.rules) as server:
                server.send(wire[:cut])
                server.close_input()
                status = server.wait()
            tree, left = found_in(path)
            expected, clean = after(scene, cut)
            checks.equal(f"the client's end after {cut} bytes",
                         {"status": 0 if clean else 1, "tree": expected, "left": [], "stderr": b""},
                         {"status": status, "tree": tree, "left": left, "stderr": server.said})


def vanish(lab, checks, scene):
    """Both ends are closed behind a packet, and nobody knows where the server stands."""
    for count in range(len(scene.packets) + 1):
        with lab.directory() as path:
            prepare(scene, path)
            with lab.server(*words_of(scene, path), fault=scene.rules) as server:
                server.send(b"".join(scene.packets[:count]))
                server.vanish()
                status = server.wait()
            tree, left = found_in(path)
            what = f"the client vanishes after {count} packets"
            checks.among(f"{what}: tree", scene.trees[:max(1, count)], tree)
            checks.equal(what, {"left": [], "stderr": b""}, {"left": left, "stderr": server.said})
            checks.among(f"{what}: exit", (0, 1), status)


def next_session(lab, scene, path):
    """Whatever was left, who uploads the same names next clears it: statuses, and what is left then."""
    with lab.server(*words_of(scene, path), fault=scene.rules) as server:
        talk = Talk(server)
        done = [upload_whole(talk, name) for name in ("f", "g")]
        server.close_input()
        status = server.wait()
    return {"done": done, "status": status, "left": found_in(path)[1]}


def upload_whole(talk, name):
    handle = talk.open(p.OPEN, name, p.u32(p.W | p.CREAT | p.TRUNC), p.attrs())
    return handle is not None and \
        talk.does(p.WRITE, p.string(handle), p.u64(0), p.string(TWO)) and \
        talk.does(p.CLOSE, p.string(handle))


def without_time(tree):
    """That of what is in place while it is written is the clock's."""
    return {name: entry[:2] for name, entry in tree.items()}


def check_killed(lab, checks, scene, path, what):
    tree, left = found_in(path)
    allowed = [*scene.trees, *scene.between]
    if scene.trees[1] != scene.trees[0] or scene.trees[-2] != scene.trees[0]:
        tree, allowed = without_time(tree), [*map(without_time, allowed), *halves(scene)]
    checks.among(f"{what}: tree", allowed, tree)
    checks.among(f"{what}: temporaries", (0, 1), len(left))
    checks.equal(f"{what}: the next session", {"done": [True, True], "status": 0, "left": []},
                 next_session(lab, scene, path))


def halves(scene):
    """Of attributes that are set in place, the mode comes first."""
    return [{name: (entry[0], MODE) for name, entry in tree.items()} for tree in scene.trees
            if any(entry[1] != OLD_MODE for entry in tree.values())]


def kill_at_calls(lab, checks, scene):
    """SIGKILL just before every call that the server makes."""
    wire = b"".join(scene.packets)
    for number in range(1, CALLS_MAX):
        fault = ",".join(filter(None, [scene.rules, f"any={-signal.SIGKILL}@{number}"]))
        with lab.directory() as path, tempfile.TemporaryDirectory() as logs:
            log = os.path.join(logs, "log")
            prepare(scene, path)
            with lab.server(*words_of(scene, path), fault=fault, log=log) as server:
                server.send(wire)
                server.close_input()
                status = server.wait()
            if not was_raised(log):
                checks.equal("no call is left", (0, scene.trees[-1], []),
                             (status, *found_in(path)))
                return
            what = f"SIGKILL before call {number}, {kind_of_call(log)}"
            checks.equal(f"{what}: status", "SIGKILL", signal_name(status))
            check_killed(lab, checks, scene, path, what)
    raise AssertionError("the server makes calls without an end")


def stop_at_calls(lab, checks, scene):
    """
    SIGTERM just before every call, of a client that stays and does not close what it has written: whatever
    the server was doing, it stops, and leaves nothing.
    """
    wire = b"".join(scene.packets[:-1])
    goes_on = []                # calls
    for number in range(1, CALLS_MAX):
        fault = ",".join(filter(None, [scene.rules, f"any={-signal.SIGTERM}@{number}"]))
        with lab.directory() as path, tempfile.TemporaryDirectory() as logs:
            log = os.path.join(logs, "log")
            prepare(scene, path)
            with lab.server(*words_of(scene, path), fault=fault, log=log) as server:
                server.send(wire)
                waits = server.settle()
                if not was_raised(log):
                    checks.equal("no call is left", True, waits)
                    checks.equal("calls after which it waits on in spite of a SIGTERM", [], goes_on)
                    return
                what = f"SIGTERM before call {number}, {kind_of_call(log)}"
                if waits:
                    goes_on.append(what)
                server.close_input()
                status = server.wait()
            tree, left = found_in(path)
            checks.among(f"{what}: exit", STOPPED[signal.SIGTERM], status)
            checks.among(f"{what}: tree", scene.trees[:-1], tree)
            checks.equal(f"{what}: temporaries", [], left)
    raise AssertionError("the server makes calls without an end")


def tests(short=True):
    found = []
    for number, scene in enumerate(scenes()):
        found += [
            (f"SFTP, the client's end: {scene.title}", bool(scene.rules), lose_client,
             (scene, number == 0 or not short)),
            (f"SFTP, the client vanishes: {scene.title}", bool(scene.rules), vanish, (scene,)),
            (f"SFTP, SIGKILL at calls: {scene.title}", True, kill_at_calls, (scene,)),
        ]
        # In place, a mode and a time are set one after the other.
        if "in place" not in scene.title and (number < SIGNALLED or not short):
            found.append((f"SFTP, SIGTERM at calls: {scene.title}", True, stop_at_calls, (scene,)))
    return found
