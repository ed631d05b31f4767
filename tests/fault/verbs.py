# SPDX-License-Identifier: ISC
"""
A session of commands that change something: what each line makes of the tree, and what may be there
while it is at it.  Behind each line comes its status, on standard error, where the log is, too.
"""

import os
import re
from collections import Counter, namedtuple

from dialogue import MODE, TIMES
from peer import NOBODY, UMASK, look, put, split_temporaries
from sweeps import WAYS
from transfer import OLD, OLD_MODE, OLD_TIME

PLAIN_MODE = 0o666 & ~UMASK     # what a file gets that comes from nowhere
COPY_MODE = OLD_MODE & ~UMASK
DIR_MODE, SHUT = 0o777 & ~UMASK, 0o700
BODY = b"hello"
NOTHING, GONE = {}, None
FILE = ("file", OLD, OLD_MODE, OLD_TIME)
MARK = re.compile(r"=(\d+)")
RECORD = re.compile(r'(?:mkdir name|rename old ".*" new|symlink old ".*" new|link old ".*" new|close) "/(.*?)"')
REMOVAL = re.compile(r'(?:remove|rmdir) name "/(.*)"')
MAKES = re.compile("cp -|ln|touch new|scp")      # what may have a hidden name first
OPENED = ("session opened", "session closed")
OPTIONS = ("--serve", "--commands=yes", "--make-links=yes", "--log=stderr", "--sandbox=none")

# What a line says makes of the tree CHANGE, a piece after the other where it is in PIECES, or with what is
# in BETWEEN; INPUT is what it reads.
Line = namedtuple("Line", "words change pieces between input")
# FEW are kinds of calls that are worth failing where there is no time for all of them.
Scene = namedtuple("Scene", "title options rules lines few kinds")


def line(words, change, pieces=False, between=(), data=b""):
    return Line(words, change, pieces, between, data)


# -- what there is

def content(name):
    return b"what has been in " + name.encode()


def file_of(name):
    return "file", content(name), OLD_MODE, OLD_TIME


def files_in(top):
    return {f"{top}/{name}": file_of(name) for name in ("one", "sub/two")}


FILES = {"old": FILE, **{name: file_of(name) for name in ("over", "moved", "under", "first", "taken", "linked",
                                                           "dated", "gone")},
         **files_in("dir"), **files_in("doomed"), **files_in("modes")}
DIRS = ("empty", "up", *(f"{top}{sub}" for top in ("dir", "doomed", "modes") for sub in ("", "/sub")))
BEFORE = {**FILES, **{name: ("dir", 0o755) for name in DIRS}, "sign": ("link", "old")}


def prepare(path):
    for name in sorted(DIRS):
        os.mkdir(os.path.join(path, name))
        os.chmod(os.path.join(path, name), 0o755)
    for name, (_, body, mode, time) in FILES.items():
        put(os.path.join(path, name), body, mode, time)
    os.symlink("old", os.path.join(path, "sign"))
    if os.geteuid() == 0:       # What is linked may be somebody else's.
        os.chown(os.path.join(path, "taken"), NOBODY, NOBODY)


def tree_of(path):
    """What is there, and the names of temporaries; a time that nobody has set does not matter."""
    tree, left = split_temporaries(look(path))
    return {name: (*entry[:3], entry[3] if entry[3] in (OLD_TIME, TIMES[1]) else None)
            if entry[0] == "file" else entry for name, entry in tree.items()}, left


# -- what is done

def taken_over(name, new, backup, more=NOTHING):
    """NAME gets NEW, and what is done besides comes last."""
    if not backup:
        return {name: new, **more}, ()
    kept = f"{name}.~1~"
    return {name: new, kept: BEFORE[name], **more}, ({kept: new}, {name: new, kept: BEFORE[name]})


def replacing(words, name, new, backup, more=NOTHING):
    change, between = taken_over(name, new, backup, more)
    return line(words, change, between=between)


def lines(backup):
    copied = {f"tree/{name}": ("file", content(name), COPY_MODE, None) for name in ("one", "sub/two")}
    return (
        line("cp old copied", {"copied": ("file", OLD, COPY_MODE, None)}),
        replacing("cp -p old over", "over", FILE, backup),
        line("cp -r -T dir tree", {"tree": ("dir", DIR_MODE), "tree/sub": ("dir", DIR_MODE), **copied}, True),
        replacing("mv -f moved under", "under", file_of("moved"), backup, {"moved": GONE}),
        line("mv -n first free", {"first": GONE, "free": file_of("first")}),
        line("mv -n taken old", NOTHING),
        line("ln old again", {"again": FILE}),
        replacing("ln -f taken linked", "linked", file_of("taken"), backup),
        line("ln -s old new-sign", {"new-sign": ("link", "old")}),
        replacing("ln -sf over sign", "sign", ("link", "over"), backup),
        line("touch new", {"new": ("file", b"", PLAIN_MODE, None)}),
        line(f"touch -d @{TIMES[1]} dated", {"dated": (*file_of("dated")[:3], TIMES[1])}),
        line("mkdir -p p/q/r", {name: ("dir", DIR_MODE) for name in ("p", "p/q", "p/q/r")}, True),
        line("rmdir empty", {"empty": GONE}),
        line("rm -f gone", {"gone": GONE}),
        line("rm -r doomed", {name: GONE for name in BEFORE if name.startswith("doomed")}, True),
        line("chmod -R u=rwx,go= modes", {name: ("dir", SHUT) if BEFORE[name][0] == "dir" else
                                          (*BEFORE[name][:2], SHUT, OLD_TIME)
                                          for name in BEFORE if name.startswith("modes")}, True),
        line("scp -p -t up", {"up/f": ("file", BODY, MODE, TIMES[1]), "up/g": ("file", b"", 0o666, None)},
             True, data=b"T%d 0 %d 0\nC%04o %d f\n%s\0C0666 0 g\n\0E\n" % (*TIMES[::-1], MODE, len(BODY), BODY)),
    )


def wire_of(scene):
    return b"".join(each.words.encode() + b'; echo "=$?" >&2\n' + each.input for each in scene.lines)


def words_of(scene, path):
    return (*OPTIONS, f"--root={path}", *scene.options)


def states(scene):
    """The trees before the first line, and after each."""
    found = [BEFORE]
    for each in scene.lines:
        tree = {**found[-1], **each.change}
        found.append({name: entry for name, entry in tree.items() if entry is not GONE})
    return found


# -- what was said

def segments(text):
    """What was said before each status, and that; and what comes behind the last one."""
    found, said = [], []
    for row in text.splitlines():
        if mark := MARK.fullmatch(row):
            found.append((said, int(mark[1])))
            said = []
        # Without memory at its start, libbsd has something to say.
        elif not row.startswith(OPENED) and "setproctitle not initialized" not in row:
            said.append(re.sub(r"seconds [0-9.]+", "seconds", row))
    return found, said


def messages(said, each):
    """Those that a client reads; the rest are records."""
    return [row for row in said if row.startswith(each.words.split()[0] + ": ")]


def untrue(said, tree):
    """Records of what has not come to be."""
    return [row for row in said
            if (m := RECORD.match(row)) and m[1] not in tree and not row.startswith("close") or
            (m := REMOVAL.match(row)) and m[1] in tree]


# -- what may be there

def is_half_way(each, before, after, tree):
    if each.pieces:
        return all(tree.get(name) in (before.get(name), after.get(name)) or
                   # Until it is filled it is its maker's.
                   tree.get(name, GONE)[0] == after.get(name, ("",))[0] == "dir"
                   for name in {**before, **after, **tree} if tree.get(name) != before.get(name))
    return any(tree == {**before, **change} for change in each.between)


def is_there(scene, number, tree):
    """True where TREE is what there is before line NUMBER, counted from 0, or within, or behind it."""
    found = states(scene)
    if number == len(scene.lines):
        return tree == found[-1]
    before, after = found[number:number + 2]
    return tree in (before, after) or is_half_way(scene.lines[number], before, after, tree)


def lacking(said, plain):
    """Records that are in PLAIN alone."""
    return list((Counter(map(without_mode, plain)) - Counter(map(without_mode, said))).elements())


def without_mode(row):
    """Of what cannot be looked at any more that is told as 0."""
    return re.sub(r"(close .*) mode \d+", r"\1", row)


# -- what may have come of it, after a call failed

def play(lab, scene, base, rules, log):
    top = os.path.join(base, "top")
    os.mkdir(top)
    prepare(top)
    with lab.server(*words_of(scene, top), fault=",".join(filter(None, (scene.rules, rules))), log=log) as server:
        server.send(wire_of(scene))
        server.close_input()
        status = server.wait()
    done, rest = segments(server.said.decode(errors="replace"))
    tree, left = tree_of(top)
    return {"status": status, "done": [(sorted(said), came) for said, came in done], "rest": rest,
            "replies": server.replies, "tree": tree, "left": left}


def without_rest(got):
    return got


def shortcomings(scene, got):
    wrong = [f"{each.words}: status {status}, {said}" for each, (said, status) in zip(scene.lines, got["done"])
             if status != 0 or messages(said, each)]
    if (got["status"], len(got["done"]), got["rest"], got["left"]) != (0, len(scene.lines), [], []):
        wrong.append(f"{got['status']}, {len(got['done'])} lines, {got['rest']}, left {got['left']}")
    after = states(scene)[-1]
    return wrong + [f"{name} is {got['tree'].get(name)}, not {after.get(name)}" for name in {**got["tree"], **after}
                    if got["tree"].get(name) != after.get(name)]


def complaints(scene, got, plain, kind):
    wrong = []
    # A last line of which there was no memory to make words has its own status.
    if got["status"] not in ((0, 1, 2) if kind == "malloc" else (0, 1)):
        wrong.append(f"it ended with {got['status']}")
    if got["left"] and kind != "unlinkat":
        wrong.append(f"left: {got['left']}")
    if not got["done"] and got["status"] == 1 and got["tree"] == BEFORE:
        return wrong            # Who is not served is told so.
    if kind == "malloc":
        return wrong + without_memory(scene, got)
    if len(got["done"]) < len(scene.lines):
        wrong.append(f"no status of {scene.lines[len(got['done'])].words}")
    after = states(scene)[-1]
    for each, (said, status), (should, _) in zip(scene.lines, got["done"], plain["done"]):
        told = messages(said, each) or (each.input and got["replies"] != plain["replies"])
        wrong += [f"{each.words}, status {status}: {why}; said: {said}"
                  for why in complaints_about(each, said, status, should, got["tree"], after, kind)]
        if status != 0 and not told:
            wrong.append(f"{each.words}: no reason")
    known = {name for each in scene.lines for name in each.change}
    wrong += [f"{name} is {got['tree'].get(name)}, and nobody asked for that" for name in {**got["tree"], **BEFORE}
              if name not in known and got["tree"].get(name) != BEFORE.get(name)]
    return wrong


def without_memory(scene, got):
    """Statuses take memory, too: each line is done or not, and where one is not, that is said."""
    after, tree = states(scene)[-1], got["tree"]
    said = [row for rows, _ in (*got["done"], (got["rest"], 0)) for row in rows]
    wrong = [] if tree == after or any("memory" in row for row in said) else ["no reason"]
    for each in scene.lines:
        found, done, not_done = ({name: t.get(name) for name in each.change} for t in (tree, after, BEFORE))
        if found not in (done, not_done) and not each.pieces:
            wrong.append(f"{each.words}: it is {found}")
    return wrong


def complaints_about(each, said, status, should, tree, after, kind):
    """Statuses, messages and records are of what has come to be."""
    found, done, not_done = ({name: t.get(name) for name in each.change} for t in (tree, after, BEFORE))
    if status == 0:
        return ([f"it is {found}"] if found != done else []) + \
            ([f"lacks {lacking(said, should)}"] if lacking(said, should) else []) + \
            ([f"says {messages(said, each)}"] if messages(said, each) else [])
    wrong = [f"untrue: {row}" for row in untrue(said, tree)]
    if found == not_done or (found == done or same_data(found, done)) and kind in LATE:
        return wrong
    if each.pieces and all(one in (before, now) or (kind in LATE or one[0] == "dir") and one and now and
                           one[:2] == now[:2] or one and now and one[0] == now[0] == "dir"
                           for one, before, now in zip(found.values(), not_done.values(), done.values())):
        return wrong
    return [*wrong, f"it is {found}"]


def same_data(found, done):
    """Attributes that could not be set undo nothing."""
    return all(one == now or one and now and one[:2] == now[:2] for one, now in zip(found.values(), done.values()))


# Of what is done something remains undone: an attribute, or that it is known to be on the disk.
LATE = ("fchmod", "fchmodat2", "futimens", "close", "closeother", "stat", "open")
CALLS = ("malloc", "openat2", "open", "tmpfile", "stat", "flock", "linkname", "renameat", "renameat2", "unlinkat", "mkdirat",
         "fchmod", "fchmodat2", "futimens", "ftruncate", "copy", "close", "closeother", "getdents")


# What says it all, and the log, has its own suites.
MORE = ("statx", "statfs", "read", "seekhole", "write", "fallocate", "setxattr", "getxattr", "listxattr", "readlinkat",
        "fsync", "malloc", "fcntl", "fchdir", "getcwd", "memfd")


def scenes():
    backup = ("--overwrite=backup",)
    return [Scene("commands, with backups", backup, "", lines(True), CALLS, CALLS + MORE),
            Scene("commands, named", (), WAYS["named"], [each for each in lines(False) if MAKES.match(each.words)],
                  ("linkname", "renameat", "renameat2", "unlinkat", "flock"), CALLS + MORE)]
