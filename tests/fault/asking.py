# SPDX-License-Identifier: ISC
"""Sessions of SFTP of all kinds, and what may be there, and may have been read, after any call failed."""

import errno
import os
from collections import namedtuple

import deeds as d
from deeds import DATA, DONE, REFUSED, deed
from dialogue import MODE, TIMES, Talk
from peer import is_temporary, look, put
from stage import packets as p
from sweeps import WAYS
from transfer import OLD, OLD_MODE, OLD_TIME
from uploads import ABSENT, acl_at, body_of, has_acls, said_more

LARGE = body_of(150000)         # more than is copied, and than the server reads at once
MOVED, MOVED_SIZE = body_of(800000), 200000     # the kernel moves what comes later of so much
BODY = b"twelve bytes"
SCP = p.W | p.CREAT             # it says its size in the end
EXCLUSIVE = p.W | p.CREAT | p.EXCL
QUIET = ("--log=none", "--sandbox=none")
FILES = ("old", "scp", "copy", "resumed", "cut", "doomed", "first", "second", "over", "linked")
# They leave no choice but to replace a file, whatever is lost of its attributes.
ATOMIC, KEPT = ("--replace=atomic",), ("--sync=full", "--overwrite=backup")
# Of what is done something remains undone: an attribute, or that it is on the disk.
LATE = ("fchmod", "fchmodat2", "fchmodat", "futimens", "fchown", "fsync", "close", "closeother", "stat",
        "open")

# FEW are kinds of calls that are worth failing where there is no time for all of them.
Scene = namedtuple("Scene", "title options restricted rules deeds few kinds")
NAMING = ("open", "flock", "stat", "fchmod", "closeother", "close", "linkname", "renameat",
          "renameat2", "unlinkat", "fsync")
LOOKING = ("openat2", "open", "stat", "statfs", "readlinkat", "getdents", "fchdir", "getcwd")
CHANGING = (*NAMING, "openat2", "mkdirat", "fchmodat2", "futimens", "ftruncate", "fchmodat", "statx")
WRITING = ("tmpfile", "open", "openat2", "stat", "statfs", "write", "fallocate", "copy", "read",
           "seekhole", "ftruncate", "futimens", "fchmod")


def scene(title, deeds, options=(), restricted=True, rules="", few=None):
    return Scene(title, options, restricted, rules, deeds, few, None)


def prepare(base, target):
    for name in FILES:
        put(os.path.join(target, name), OLD, OLD_MODE, OLD_TIME)
    has_acls(os.path.join(target, "old"))
    put(os.path.join(target, "small"), OLD, 0o640, OLD_TIME)
    put(os.path.join(target, "large"), LARGE, 0o640, OLD_TIME)
    os.mkdir(os.path.join(target, "empty"))
    os.mkdir(os.path.join(target, "dir"))
    for number in range(4):
        put(os.path.join(target, f"dir/f{number}"), OLD[:number], 0o640, OLD_TIME)
    os.symlink("small", os.path.join(target, "link"))
    os.utime(os.path.join(target, "link"), (OLD_TIME, OLD_TIME), follow_symlinks=False)
    if os.geteuid() == 0:
        os.chmod(base, 0o711)


def play(lab, s, base, rules, log):
    target = os.path.join(base, "target")
    os.mkdir(target)
    prepare(base, target)
    where = (f"--root={target}",) if s.restricted else ()
    prefix = "" if s.restricted else target + "/"
    with lab.server("--sftp", *QUIET, *where, *s.options, log=log,
                    fault=",".join(filter(None, (s.rules, rules)))) as server:
        talk = Talk(server)
        came = [carry_out(talk, each, prefix) for each in s.deeds]
        server.close_input()
        status = server.wait()
        return {"status": status, "came": came, "stderr": server.said.decode(errors="replace"),
                "tree": tree_of(target), "more": server.replies}


def carry_out(talk, each, prefix):
    """What it says, and what it brings; None where nobody was there any more to do it."""
    if talk.cut:
        return None
    paths = [prefix + path for path in each.paths]
    words = {name: prefix + word if name == "then" else word for name, word in each.words.items()}
    came = each.called(talk, *paths, **words)
    came = came if isinstance(came, tuple) else (came, None)
    return (None, None) if talk.cut else came


def tree_of(path):
    """With a file's ACL; a time that nobody has set does not matter."""
    found, known = look(path), (OLD_TIME, TIMES[1])
    for name, entry in found.items():
        if entry[0] == "file":
            time = entry[3] if entry[3] in known else None
            found[name] = (*entry[:3], time, acl_at(os.path.join(path, name)))
    return found


# -- what may have come of it

def complaints(s, got, old, plain, kind):
    wrong = []
    if got["status"] not in (0, 1):
        wrong.append(f"it ended with {got['status']}")
    # Who is not served at all is told in his protocol, and the administrator here.
    if said_more(got["stderr"], kind) and any(c and c[0] not in (None, REFUSED) for c in got["came"]):
        wrong.append(f"on standard error: {got['stderr']!r}")
    is_cut = any(came is None or came[0] is None for came in got["came"])
    if got["status"] == 0 and is_cut:
        wrong.append("exit 0 of a session that broke off")
    left = [name for name in got["tree"] if is_temporary(name)]
    if left and kind != "unlinkat":
        wrong.append(f"left: {left}")
    for each, came, should in zip(s.deeds, got["came"], plain["came"]):
        wrong += complaints_about(s, each, came, should, got["tree"], old, plain["tree"], kind)
    known = {path for each in s.deeds for path in (*each.paths, each.words.get("then"))}
    for name in {**got["tree"], **old}:
        if name not in known and not is_temporary(name) and not is_backup(name, got["tree"], known) \
                and got["tree"].get(name) != old.get(name):
            wrong.append(f"{name} is {brief(got['tree'].get(name))}, and nobody asked for that")
    return wrong


def is_backup(name, tree, known):
    """One may be made twice."""
    of = name.partition(".~")[0]
    return of != name and of in known and tree.get(name, ABSENT)[1] in (OLD, BODY)


def complaints_about(s, each, came, should, tree, old, new, kind):
    said, brought = came or (None, None)
    what = f"{each.called.__name__} {each.paths}"
    if said == DONE and brought is not None and brought != should[1]:
        return [f"{what} brought {brief((brought,))}, not {brief((should[1],))}"]
    if brought is not None or should[1] is not None:
        return []
    wrong = []
    loses = not {*ATOMIC, *KEPT}.isdisjoint(s.options)
    for path in filter(None, (*each.paths, each.words.get("then"))):
        before, after, found = (t.get(path, ABSENT) for t in (old, new, tree))
        if not fits(each, said, kind, before, after, found) and \
                not (said == DONE and loses and found[:2] == after[:2]):
            wrong.append(f"{what} said {said}: {path} is {brief(found)} "
                         f"(old {brief(before)}, new {brief(after)})")
    return wrong


def fits(each, said, kind, before, after, found):
    if said == DONE:
        return found == after
    if said == DATA or (said == REFUSED and kind in LATE and found[0] == after[0]):
        if found[:2] == after[:2]:
            return True
    if each.any:
        return found[0] == "file" or found in (before, after)
    return found in ((before, after) if said is None else (before,))


def brief(entry):
    return entry and tuple(e[:20] + b"... of %d" % len(e) if isinstance(e, bytes) and len(e) > 40
                           else e for e in entry)


def shortcomings(s, got):
    """What is wrong where nothing failed."""
    wrong = [f"{each.called.__name__} {each.paths} is {came}" for each, came in
             zip(s.deeds, got["came"]) if came is None or came[0] != DONE]
    if (got["status"], got["stderr"], got["more"]) != (0, "", b""):
        wrong.append(f"exit {got['status']}, {got['stderr']}, {got['more']}")
    for each in s.deeds:
        found = got["tree"].get(each.words.get("then") or each.paths[0], ABSENT)
        if each.called is d.put and (found[0], *found[2:4]) != ("file", MODE, TIMES[1]):
            wrong.append(f"{each.paths[0]} is {brief(found)}")
    return wrong


# -- the sessions

def puts(old=LARGE):
    return (
        deed(d.put, "new", body=BODY),
        deed(d.put, "old", body=old),
        deed(d.put, "scp", body=BODY, flags=SCP, cut=True),
        deed(d.put, "mine", body=BODY, flags=EXCLUSIVE, sync=True),
    )


def resumes():
    return (
        deed(d.put, "resumed", body=BODY, flags=SCP, at=len(OLD), any_content=True),
        deed(d.put, "cut", body=BODY, flags=p.W | p.APPEND, any_content=True),
        deed(d.put, "young", body=BODY, then="grown", any_content=True),
        deed(d.put, "part", body=LARGE, any_content=True),
    )


def names():
    return (
        deed(d.mkdir, "made"),
        deed(d.by_path, "empty", kind=p.RMDIR),
        deed(d.by_path, "doomed", kind=p.REMOVE),
        deed(d.by_path, "first", "free", kind=p.RENAME),
        deed(d.move_over, "second", "over"),
        deed(d.link, "linked", "again"),
        deed(d.symlink, "sign", text="small"),
        deed(d.set_path, "old", mode=MODE, times=TIMES),
        deed(d.set_path, "cut", size=5, any_content=True),
        deed(d.set_path, "link", kind="lsetstat@openssh.com", times=TIMES),
    )


def looks():
    return (
        deed(d.look, "small"), deed(d.look, "link", kind=p.LSTAT), deed(d.listing, "dir"),
        deed(d.name_of, "link"), deed(d.name_of, "small", kind=p.REALPATH), deed(d.room, "dir"),
    )


def scenes():
    made = ("--make-links=yes",)
    return [
        scene("put", puts(), restricted=False),
        scene("put, restricted, named", puts(), rules=WAYS["named"], few=NAMING),
        scene("put, restricted, synced, with backups", puts(),
              KEPT, few=NAMING),
        scene("put, upload-only, with room that is kept", puts(), ("--upload-only", "--min-free=1"),
              few=WRITING),
        scene("put, large pieces", (
            deed(d.put, "new", body=MOVED, size=MOVED_SIZE),
            deed(d.put, "cut", body=MOVED, size=MOVED_SIZE, flags=p.W | p.APPEND, any_content=True)),
              few=("splice", "write", "hear", "poll", "fcntl")),
        scene("private copies", (
            deed(d.put, "copy", body=BODY, flags=p.W, at=3),
            deed(d.set_path, "cut", size=5),
            deed(d.copy, "large", "twin")), ATOMIC, few=WRITING),
        scene("resumed", resumes(), ("--partial=part",), few=(*WRITING, "renameat2", "linkname")),
        scene("get", (deed(d.get, "small"), deed(d.get, "large"))),
        scene("get, drop-in, in small pieces", (deed(d.get, "large", size=30000),),
              restricted=False, few=("read", "splice", "reply")),
        scene("looks, restricted", looks(), few=LOOKING),
        scene("looks", looks(), restricted=False, few=LOOKING),
        scene("looks, no link followed by openat2", looks(), ("--symlinks=beneath",),
              rules=f"openat2={errno.ENOSYS}", few=LOOKING),
        scene("names", names(), restricted=False, few=CHANGING),
        scene("names, restricted", names(), made, few=CHANGING),
        scene("names, restricted, with backups", (
            deed(d.move_over, "second", "over"), deed(d.set_path, "cut", size=5)),
              KEPT, few=NAMING),
    ]
