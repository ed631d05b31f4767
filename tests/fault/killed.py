# SPDX-License-Identifier: ISC
"""A session of commands that is killed before every call."""

import os
import signal
import tempfile

from peer import signal_name
from sweeps import kind_of_call, lines_of, was_raised
from verbs import (is_there, lacking, prepare, scenes, segments, states, tree_of, untrue, wire_of, words_of)

CALLS_MAX = 2000                # of one server, and far more than it makes


class Play:
    """One session: what it left, and what it said."""

    def __init__(self, lab, scene, path, fault="", log=None):
        with lab.server(*words_of(scene, path), fault=",".join(filter(None, [scene.rules, fault])),
                        log=log) as server:
            server.send(wire_of(scene))
            server.close_input()
            self.status = server.wait()
        self.tree, self.left = tree_of(path)
        self.done, self.rest = segments(server.said.decode())
        self.replies = server.replies


def first_call(lab, scene):
    """Its number: what comes before the first line is no matter of commands."""
    with lab.directory() as path, tempfile.TemporaryDirectory() as logs:
        prepare(path)
        log = os.path.join(logs, "log")
        Play(lab, scene, path, f"any={-signal.SIGCONT}", log)
        made = lines_of(log)
    before = made[:made.index("hear")]
    return max(1, before.count("raised"))


def check_said(checks, what, play, plain):
    """The log tells what is done, and nothing else; what it has not come to is a single line."""
    for (said, status), (should, expected) in zip(play.done, plain.done):
        checks.equal(f"{what}: a line that was done", (sorted(should), expected), (sorted(said), status))
    if len(play.done) < len(plain.done):
        checks.equal(f"{what}: said of what is not done", [], lacking(plain.done[len(play.done)][0], play.rest))
    checks.equal(f"{what}: records that are not true", [], untrue(play.rest, play.tree))


def check_killed(lab, checks, scene, path, what, plain, play):
    number = len(play.done)
    if not is_there(scene, number, play.tree):
        found = states(scene)[number]
        checks.fail(f"{what}: tree at line {number}", scene.lines[number:number + 1],
                    {name: play.tree.get(name) for name in {**found, **play.tree}
                     if play.tree.get(name) != found.get(name)})
    check_said(checks, what, play, plain)
    checks.among(f"{what}: temporaries", (0, 1), len(play.left))
    if play.left:
        again = Play(lab, scene, path)
        checks.equal(f"{what}: the next session", (0, []), (again.status, again.left))


def kill_at_calls(lab, checks, scene):
    """SIGKILL just before every call that the server makes once it reads."""
    with lab.directory() as path:
        prepare(path)
        plain = Play(lab, scene, path)
    checks.equal("without a fault", (0, [0] * len(scene.lines), states(scene)[-1], []),
                 (plain.status, [status for _, status in plain.done], plain.tree, plain.left))
    for number in range(first_call(lab, scene), CALLS_MAX):
        with lab.directory() as path, tempfile.TemporaryDirectory() as logs:
            log = os.path.join(logs, "log")
            prepare(path)
            play = Play(lab, scene, path, f"any={-signal.SIGKILL}@{number}", log)
            if not was_raised(log):
                checks.equal("no call is left", (0, plain.tree), (play.status, play.tree))
                return
            what = f"SIGKILL before call {number}, {kind_of_call(log)}"
            checks.equal(f"{what}: status", "SIGKILL", signal_name(play.status))
            check_killed(lab, checks, scene, path, what, plain, play)
    raise AssertionError("the server makes calls without an end")


def tests():
    return [(f"SIGKILL at calls: {scene.title}", True, kill_at_calls, (scene,)) for scene in scenes()]
