# SPDX-License-Identifier: ISC
"""
Uploads by SFTP that are cut everywhere: after every byte of what the client says, and by a signal before
every call.
"""

import os
import signal
import tempfile

from dialogue import MODE, TIMES, Talk
from peer import look, put, signal_name, split_temporaries
from stage import packets as p
from sweeps import WAYS, kind_of_call, was_raised
from transfer import OLD, OLD_MODE, OLD_TIME, STOPPED
from ways import TWO, scenes

CALLS_MAX = 500                 # of one server, and far more than it makes
SIGNALLED = 6                   # scenes of a short run in which the server is told to stop
OPTIONS = ("--log=none", "--sandbox=none")


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
        # How a temporary gets its name in other ways, uploads by SCP show as well.
        if short and scene.rules in (WAYS["proc"], WAYS["unlinkable"]):
            continue
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
