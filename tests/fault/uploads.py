# SPDX-License-Identifier: ISC
"""Uploads of all kinds in one session, and what may be there after any of their calls failed."""

import errno
import os
import re
import struct
from collections import namedtuple

from peer import NOBODY, UMASK, is_temporary, look, put
from transfer import OLD, OLD_MODE, OLD_TIME

ACL = "system.posix_acl_access"
LARGE = 300000                  # bytes: more than the server reads at once
TIME = 1300000000
# The shim keeps a log of its own, which a sandbox would not let it.
SERVE = ("--serve", "--log=none", "--sandbox=none")
GREETING, END = "(greeting)", "(end)"       # where a reply comes, beside the paths

# What the client sends, each of a path in the target; a directory lasts until its end.
Entry = namedtuple("Entry", "kind path mode body")


def file(path, body, mode=0o640):
    return Entry("file", path, mode, body)


def body_of(size):
    return bytes(i * 7 % 251 for i in range(251)) * (size // 251) + b"." * (size % 251)


EVERYTHING = (
    file("new", b"twelve bytes"),
    file("old", b"something else", 0o664),
    file("linked", b"shorter"),
    Entry("dir", "dir", 0o711, b""),
    file("dir/inner", b"inside", 0o600),
    file("dir/large", body_of(LARGE)),
    Entry("end", "dir", 0, b""),
)
INTO_SHUT = (
    Entry("dir", "shut", 0o755, b""),
    file("shut/inner", b"inside"),
    Entry("end", "shut", 0, b""),
)
WITH_ONE_REFUSED = (file("taken", b"C0644 1 injected\nx\0"), file("new", b"twelve bytes"))
ONE = (file("new", b"twelve bytes"),)

# A session.  IN_PLACE are files that are written where they are, and so may come to harm; those
# that must be replaced may LOSE their attributes by it; a TARGET that is no directory has its file
# at PLACE; REFUSED is what is refused without a fault, too.
Scene = namedtuple("Scene", "title words serve rules entries target place in_place lose refused "
                   "prepare kinds how")


def scene(title, words=("-r", "-p"), serve=(), rules="", entries=None, target="", place=None,
          in_place=(), lose=(), refused=(), prepare=None, kinds=None, **how):
    return Scene(title, words, serve, rules, entries or EVERYTHING, target, place, in_place,
                 lose, refused, prepare or prepare_all, kinds, how)


def acl_of(user):
    """What the file's user, USER, its group, a mask and all others may do, as the kernel has it."""
    rows = ((1, 6, -1), (2, 6, user), (4, 4, -1), (16, 6, -1), (32, 0, -1))
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHi", *row) for row in rows)


def has_acls(path):
    try:
        os.setxattr(path, ACL, acl_of(NOBODY))
    except OSError as e:
        if e.errno != errno.EOPNOTSUPP:
            raise
        return False
    return True


def prepare_all(base, target):
    """Beside the target is what a file in it is linked to."""
    put(os.path.join(target, "old"), OLD, OLD_MODE, OLD_TIME)
    has_acls(os.path.join(target, "old"))
    if os.geteuid() == 0:
        os.chown(os.path.join(target, "old"), NOBODY, NOBODY)
    put(os.path.join(base, "aside"), OLD, OLD_MODE, OLD_TIME)
    os.link(os.path.join(base, "aside"), os.path.join(target, "linked"))


def prepare_shut(base, target):
    os.chmod(base, 0o711)
    os.mkdir(os.path.join(target, "shut"))
    os.chmod(os.path.join(target, "shut"), 0o300)
    for name in (".", "shut"):
        os.chown(os.path.join(target, name), NOBODY, NOBODY)


def prepare_taken(_, target):
    os.mkdir(os.path.join(target, "taken"))


def prepare_link(_, target):
    os.mkdir(os.path.join(target, "below"))
    os.symlink("below/new", os.path.join(target, "link"))


def prepare_nothing(_base, _target):
    pass


# -- the client, who awaits every reply

class Client:
    """What it was told, by the path where it was told it."""

    def __init__(self, server):
        self.server = server
        self.told = {}          # texts
        self.done = set()       # (kind, path) that were acknowledged
        self.cut = None         # the path at which the session ended

    def hear(self, path, reply):
        if reply is None:
            self.cut = path
        elif reply:
            self.told.setdefault(path, []).append(reply)
        return reply == ""

    def say(self, path, data):
        return self.hear(path, self.server.tell(data))

    def offer(self, entry):
        """True when it was taken, and what is in a directory may follow."""
        if entry.kind == "end":
            done = self.say(entry.path, b"E\n")
        else:
            self.say(entry.path, b"T%d 0 %d 0\n" % (TIME, TIME))
            name = os.path.basename(entry.path).encode()
            letter = b"C" if entry.kind == "file" else b"D"
            head = b"%s%04o %d %s\n" % (letter, entry.mode, len(entry.body), name)
            done = self.cut is None and self.say(entry.path, head)
            if done and entry.kind == "file":
                done = self.say(entry.path, entry.body + b"\0")
        if done:
            self.done.add((entry.kind, entry.path))
        return done

    def offer_all(self, entries):
        if not self.hear(GREETING, self.server.reply()):
            return
        refused = None          # the directory that is left out
        for entry in entries:
            if refused is not None and (entry.path + "/").startswith(refused + "/"):
                continue
            refused = None
            if not self.offer(entry) and entry.kind == "dir":
                refused = entry.path
            if self.cut is not None:
                return


class HastyClient(Client):
    """It sends all there is before it reads a reply."""

    def offer_all(self, entries):
        self.server.send(b"".join(b"C%04o %d %s\n" % (e.mode, len(e.body), e.path.encode()) +
                                  e.body + b"\0" for e in entries))
        if not self.hear(GREETING, self.server.reply()):
            return
        for e in entries:
            if self.hear(e.path, self.server.reply()) and \
                    self.hear(e.path, self.server.reply()):
                self.done.add((e.kind, e.path))
            if self.cut is not None:
                return


def play(lab, s, base, rules, log):
    target = os.path.join(base, "target")
    os.mkdir(target)
    s.prepare(base, target)
    how = dict(s.how)
    client_class = HastyClient if how.pop("hasty", False) else Client
    fault = ",".join(filter(None, (s.rules, rules)))
    if s.serve:
        words, how["command"] = (*s.serve, f"--root={target}"), \
            " ".join(("scp", *s.words, "-t", s.target or "."))
    else:
        words = (*s.words, "-t", os.path.join(target, s.target) if s.target else target)
    with lab.server(*words, fault=fault, log=log, **how) as server:
        client = client_class(server)
        client.offer_all(s.entries)
        server.close_input()
        status = server.wait()
        if server.replies:
            client.told.setdefault(END, []).append(server.replies.decode(errors="replace"))
        told = {path: [text.replace(base, "") for text in texts]
                for path, texts in client.told.items()}
        return {"status": status, "told": told, "done": client.done, "cut": client.cut,
                "stderr": server.said.decode(errors="replace"), "tree": tree_of(target)}


def tree_of(path):
    """What look() finds, with a file's ACL; a time that nobody has set does not matter."""
    found = look(path)
    for name, entry in found.items():
        full = os.path.join(path, name)
        mtime = int(os.lstat(full).st_mtime)
        mtime = mtime if mtime in (TIME, OLD_TIME) else None
        if entry[0] == "file":
            found[name] = (*entry[:3], mtime, acl_at(full))
        elif entry[0] == "dir":
            found[name] = (*entry, mtime)
    return found


def acl_at(path):
    try:
        return os.getxattr(path, ACL, follow_symlinks=False)
    except OSError:
        return None


# -- what may have come of it

ATTRIBUTES = (": set mode: ", ": set times: ", ": sync: ")      # of what is there all the same
ABSENT = ("absent",)


def is_there_all_the_same(texts):
    return all(any(a in text for a in ATTRIBUTES) for text in texts)


def kinds_of(s, path):
    return {e.kind for e in s.entries if e.path == path}


def verdicts_on_file(s, path, got):
    """Which of "old", "new", "data" (new, but for its attributes) and "any" may be there."""
    texts = got["told"].get(path)
    new = "data" if path in s.lose else "new"
    if ("file", path) in got["done"] and not texts:
        return (new,)
    if texts and is_there_all_the_same(texts):
        return ("data",)
    if path in s.in_place and (texts or got["cut"] == path):
        return ("any",)
    return ("old", new) if got["cut"] == path and not texts else ("old",)


def verdicts_on_dir(s, path, got):
    """A directory that was there may have any mode while it is filled."""
    if ("end", path) in got["done"] and not got["told"].get(path):
        return ("new",)
    if ("dir", path) in got["done"]:
        return ("dir",)
    return ("old", "dir") if got["cut"] == path else ("old",)


def fits(verdict, old, new, found):
    """New, in short, is what is there without a fault."""
    if verdict in ("old", "new"):
        return found == (old if verdict == "old" else new)
    if verdict == "data":
        return found[:2] == new[:2]
    return found[0] == ("dir" if verdict == "dir" else "file")


BACKUP = re.compile(r"(.*)\.~[0-9]+~$")


def is_backup(name, tree, new):
    """A file that has been replaced may be kept more than once, where that could not be seen."""
    of = BACKUP.match(name)
    if of is None or f"{of[1]}.~1~" not in new or tree[name][1] != OLD:
        return False
    return tree.get(of[1], ABSENT)[:2] == new[of[1]][:2]


def left_over(s, got, old, new):
    """Names that nobody asked for."""
    names = set(got["tree"]) - set(old) - {s.place or e.path for e in s.entries}
    return sorted(n for n in names if not is_backup(n, got["tree"], new))


def said_more(text, kind):
    """Without memory at its start, libbsd has something to say."""
    lines = [line for line in text.splitlines()
             if kind != "malloc" or "setproctitle not initialized" not in line]
    return "\n".join(lines)


def complaints(s, got, old, new, kind):
    """What is wrong, as texts.  KIND is what failed: where it is removing, temporaries may stay."""
    wrong = []
    if got["status"] not in (0, 1):
        wrong.append(f"it ended with {got['status']}")
    more = said_more(got["stderr"], kind)
    if more and GREETING not in (got["cut"], *got["told"]):
        wrong.append(f"on standard error: {more!r}")
    left = left_over(s, got, old, new)
    if left and not (kind == "unlinkat" and all(map(is_temporary, left))):
        wrong.append(f"left: {len(left)}, as {left[0]}")
    for path in dict.fromkeys(e.path for e in s.entries):
        wrong += complaints_about(s, path, got, old, new)
    if got["status"] == 0 and not is_perfect(s, got, new):
        wrong.append("exit 0, and not all is done")
    return wrong


def complaints_about(s, path, got, old, new):
    place = s.place or path
    is_dir = "dir" in kinds_of(s, path)
    verdicts = (verdicts_on_dir if is_dir else verdicts_on_file)(s, path, got)
    found = got["tree"].get(place, ABSENT)
    before, after = old.get(place, ABSENT), new.get(place, ABSENT)
    if any(fits(v, before, after, found) for v in verdicts):
        return []
    return [f"{place} should be {' or '.join(verdicts)}, is {brief(found)} "
            f"(old {brief(before)}, new {brief(after)})"]


def brief(entry):
    return tuple(e[:20] + b"... of %d" % len(e) if isinstance(e, bytes) and len(e) > 40 else e
                 for e in entry)


def is_perfect(s, got, new):
    """All that was asked for is done: what is there beside it is another matter."""
    return not got["told"] and got["cut"] is None and all(
        fits("data" if n in s.lose else "new", None, e, got["tree"].get(n, ABSENT))
        for n, e in new.items())


def mode_of(s, entry, old):
    """What it shall be in the end."""
    if "-p" in s.words:
        return entry.mode
    before = old.get(s.place or entry.path)
    return before[2 if before[0] == "file" else 1] if before else entry.mode & ~UMASK


def shortcomings(s, got, old):
    """What is wrong where nothing failed."""
    tree, expected = got["tree"], 1 if s.refused else 0
    time = None if s.how.get("hasty") else TIME
    wrong = []
    for e in s.entries:
        want = ("file", e.body, mode_of(s, e, old), time) if e.kind == "file" else \
            ("dir", mode_of(s, e, old), time)
        found = tree.get(s.place or e.path, ABSENT)[:len(want)]
        if e.kind != "end" and e.path not in s.refused and found != want:
            wrong.append(f"{e.path} is {brief(found)}, and was sent as {brief(want)}")
    if got["status"] != expected or set(got["told"]) != set(s.refused) or got["cut"] is not None:
        wrong.append(f"exit {got['status']}, told {got['told']}, cut {got['cut']}")
    return wrong


def without_rest(got):
    """What a fault that is got round must not change."""
    return {part: got[part] for part in ("status", "told", "cut", "stderr", "tree")}


def scenes():
    kept = (*SERVE, "--sync=full", "--overwrite=backup")
    named = f"tmpfile={errno.EOPNOTSUPP}"
    user = {"user": NOBODY} if os.geteuid() == 0 else {}
    return [
        scene("-p", in_place=("linked",)),
        scene("without -p", ("-r",), in_place=("linked",)),
        scene("named", rules=named, in_place=("linked",)),
        scene("linked by /proc", rules=f"linkempty={errno.ENOENT}", in_place=("linked",)),
        scene("restricted", serve=SERVE, lose=("linked",)),
        scene("restricted, without -p", ("-r",), serve=SERVE, lose=("linked",)),
        scene("restricted, named", serve=SERVE, rules=named, lose=("linked",)),
        scene("restricted, synced, with backups", serve=kept, lose=("old", "linked")),
        scene("restricted, synced, named, with backups", rules=named, serve=kept,
              lose=("old", "linked")),
        scene("restricted, only new names", serve=(*SERVE, "--overwrite=no"),
              entries=ONE, prepare=prepare_nothing, rules=named),
        scene("restricted, with room that is kept", serve=(*SERVE, "--min-free=1")),
        scene("restricted, only new names, by links", serve=(*SERVE, "--overwrite=no"),
              entries=ONE, prepare=prepare_nothing, rules=f"{named},renameat2={errno.EINVAL}"),
        scene("through a link", ("-p",), entries=ONE, target="link", place="below/new",
              prepare=prepare_link),
        scene("restricted, through a link", ("-p",), serve=(*SERVE, "--symlinks=beneath"),
              entries=ONE, target="link", place="below/new", prepare=prepare_link),
        scene("into a directory that is shut, no root", ("-r",), entries=INTO_SHUT,
              prepare=prepare_shut, **user),
        scene("into a directory that is shut, by /proc, no root", ("-r",), entries=INTO_SHUT,
              prepare=prepare_shut, rules=f"fchmodat2={errno.ENOSYS}", **user),
        scene("of a client that is ahead", ("-r",), entries=WITH_ONE_REFUSED, refused=("taken",),
              prepare=prepare_taken, hasty=True),
        scene("non-blocking", entries=EVERYTHING, in_place=("linked",), nonblocking=True,
              kinds=("poll", "hear", "reply")),
    ]
