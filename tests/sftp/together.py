# SPDX-License-Identifier: ISC
"""
Two handles on one name at once, of two sessions and of one: every way of writing beside every other, in
every order of their requests.  What must come of it a model says, that knows names and files.
"""
import itertools
import os

from lab import get, put
from stage import packets as p

from stage.report import same

NAME = "together"
OLD = b"what has been there"
BODIES = (b"one", b"the other")
WAYS = {                        # flags, and where its body begins
    "replaces": (p.W | p.CREAT | p.TRUNC, 0), "as scp": (p.W | p.CREAT, 0),
    "exclusive": (p.W | p.CREAT | p.EXCL, 0), "in place": (p.W, 0), "resumes": (p.W | p.CREAT, 4),
}
STEPS = ("open", "write", "close")
ORDERS = sorted(set(itertools.permutations((0, 0, 0, 1, 1, 1))))

class Node:
    """What a name is of."""

    def __init__(self, content):
        self.content = content

    def write(self, at, data):
        self.content = self.content[:at].ljust(at, b"\0") + data + self.content[at + len(data):]

class Side:
    """One handle, as the model has it: it writes to NODE, which is the name's when it is closed if it is PENDING."""

    def __init__(self, session, way, body):
        self.session, (self.flags, self.at), self.body = session, WAYS[way], body
        self.node, self.pending, self.undecided, self.spoilt = None, False, False, False

    def cuts(self):
        """Who overwrites without saying so says in the end how much there is."""
        return self.at == 0 and self.flags == p.W | p.CREAT

class Model:
    """One name; STEP says whether it is done."""

    def __init__(self, node):
        self.node = node

    def step(self, name, side, other):
        return getattr(self, name)(side, other)

    def take_name(self, side):
        if side.flags & p.EXCL and self.node:
            return False
        self.node, side.pending = side.node, False
        return True

    def publish(self, other):
        """What the same session has begun gets its name before another opens that."""
        if other.undecided:
            other.pending = other.undecided = False     # It is in place.
        elif other.pending and not other.spoilt:
            other.spoilt = not self.take_name(other)
            return not other.spoilt
        return True

    def open(self, side, other):
        if other.session == side.session:
            if side.flags & p.EXCL and other.pending and not other.spoilt or not self.publish(other):
                return False
        if self.node and side.flags & p.EXCL or not self.node and not side.flags & p.CREAT:
            return False
        keeps = self.node and not side.flags & p.TRUNC
        side.pending = not keeps or bool(side.flags & p.CREAT)
        side.undecided = bool(keeps and side.flags & p.CREAT)
        side.node = self.node if keeps else Node(b"")
        return True

    def write(self, side, _):
        if side.spoilt:
            return False
        if side.undecided:
            # What has lost its name meanwhile cannot be written in place.
            side.undecided, side.pending = False, side.at == 0 or side.node is not self.node
            side.node = Node(side.node.content) if side.pending else side.node
        side.node.write(side.at, side.body)
        if side.cuts():
            side.node.content = side.node.content[:len(side.body)]
        return True

    def close(self, side, _):
        return not side.spoilt and (not side.pending or side.undecided or self.take_name(side))

def request(session, handle, side, name, path):
    """What the server says: whether it is done, and the handle."""
    if name == "open":
        reply = session.open(path, side.flags)
        return reply.kind == p.HANDLE, reply.handle
    if name == "close":
        return session.close(handle).code == p.OK, None
    done = session.write(handle, side.at, side.body).code == p.OK
    if done and side.cuts():
        done = session.fset(handle, size=len(side.body)).code == p.OK
    return done, handle

def play(sessions, ways, order, path, there):
    """In this order: what was done, as (name, number, whether), by the model and by the server."""
    model = Model(Node(OLD) if there else None)
    sides = [Side(sessions[i], way, BODIES[i]) for i, way in enumerate(ways)]
    handles, turns = [None, None], [iter(STEPS), iter(STEPS)]
    expected, got = [], []
    for number in order:
        name, side = next(turns[number]), sides[number]
        if name != "open" and handles[number] is None:
            continue
        expected.append((name, number, model.step(name, side, sides[1 - number])))
        done, handles[number] = request(side.session, handles[number], side, name, path)
        got.append((name, number, done))
    return model.node and model.node.content, expected, got

def play_all(lab, sessions):
    turns = itertools.product(itertools.combinations_with_replacement(WAYS, 2), ORDERS, (True, False))
    for number, (ways, order, there) in enumerate(turns):
        path, what = f"{lab.root}/f{number}", f"{ways}, in the order {order}, there: {there}"
        if there:
            put(path, OLD)
        content, expected, got = play(sessions, ways, order, f"/f{number}", there)
        same(what, expected, got)
        same(f"{what}: content", content, get(path) if os.path.exists(path) else None)
        if os.path.exists(path):
            os.unlink(path)
        same(f"{what}: what is there beside it", [], os.listdir(lab.root))

def rule_52_two_sessions(lab):
    play_all(lab, [lab.held(), lab.held()])

def rule_57_two_handles_of_one_session(lab):
    play_all(lab, [lab.held()] * 2)
