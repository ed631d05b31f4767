# SPDX-License-Identifier: ISC
"""
Every call of a session fails, one after the other: the Nth of each kind, N from 1 until there are
no more, with each of the errors that may come from such a call.

A short run takes, for the Nth call of a kind, what must be got round, and one of the other actions:
the next one for the next call, beginning again after the last, and beginning elsewhere in the next
kind of session.
"""

import errno
import os

import asking
import copies
import downloads
import uploads
import verbs
from peer import Stuck
from sweeps import lines_of

CALLS_MAX = 2000                # of one kind, and far more than any session makes
STUCK_MAX = 2                   # sessions that hang before the others are spared
ANY = ("EIO", "ENOSPC", "EDQUOT", "EINTR", "EAGAIN")
LATER = ("EIO", "ENOSPC", "EDQUOT", "EINTR")    # of calls for which EAGAIN means to try again
LESS = "less"                   # it moves a third of what was asked for
ON = "-"                        # behind an action: the calls that come after it fail, too

# The errors of each kind of call, where the peer is to be told, and those that must change nothing:
# of what a kernel or a filesystem may not have, and of what is only tried.
KINDS = {
    "open": ((*ANY, "EIO-"), ()),
    "tmpfile": ((*ANY, "EIO-"), ("EOPNOTSUPP", "EOPNOTSUPP-", "ENOSYS", "ENOSYS-")),
    "openat2": ((*LATER, "EIO-"), ("EAGAIN", "EAGAIN-", "ENOSYS", "ENOSYS-")),
    "read": ((*ANY, "EIO-"), (LESS, LESS + ON)),
    "hear": ((*LATER, "EIO-"), ("EAGAIN", LESS, LESS + ON)),
    "write": ((*ANY, "EIO-"), (LESS, LESS + ON)),
    "reply": ((*LATER, "EPIPE", "EIO-"), ("EAGAIN", LESS, LESS + ON)),
    "copy": (("EIO", "ENOSPC", "EDQUOT", "EIO-"),
             ("EINTR", "ENOSYS", "ENOSYS-", "EINVAL-", "EXDEV", "EOPNOTSUPP-")),
    "splice": ((*LATER, "EIO-"),
               ("EAGAIN", "ENOSYS", "ENOSYS-", "EINVAL", "EINVAL-", LESS, LESS + ON)),
    "sendfile": ((*LATER, "EIO-"),
                 ("EAGAIN", "ENOSYS", "ENOSYS-", "EINVAL", "EINVAL-", LESS, LESS + ON)),
    "stat": ((*ANY, "EIO-"), ()),
    "statx": (ANY, ("ENOSYS", "ENOSYS-")),
    "statfs": ((*ANY, "EIO-"), ()),
    "faccessat2": ((), (*ANY, "ENOSYS", "ENOSYS-")),
    "listxattr": ((*ANY, "EIO-"), ()),
    "lseek": ((*ANY, "EINVAL", "EIO-"), ()),
    "seekhole": ((*ANY, "EIO-"), ("EINVAL", "EINVAL-")),
    "getdents": ((*ANY, "EIO-"), ()),
    "readlinkat": ((*ANY, "EIO-"), ()),
    "fallocate": ((), (*ANY, "EOPNOTSUPP")),
    "ftruncate": ((*ANY, "EIO-"), ()),
    "fchmod": ((*ANY, "EIO-"), ()),
    "fchmodat2": (ANY, ("ENOSYS", "ENOSYS-")),
    "fchmodat": (ANY, ()),
    "fchown": ((*ANY, "EIO-"), ()),
    "futimens": ((*ANY, "EIO-"), ()),
    "getxattr": ((*ANY, "EIO-"), ()),
    "setxattr": ((*ANY, "EIO-"), ()),
    "linkname": ((*ANY, "EIO-"), ()),
    "linkempty": ((*ANY, "EIO-"), ("ENOENT", "ENOENT-")),
    "linkproc": ((*ANY, "EIO-"), ()),
    "renameat": ((*ANY, "EIO-"), ()),
    "renameat2": ((*ANY, "EIO-"), ("ENOSYS", "ENOSYS-", "EINVAL", "EINVAL-")),
    "mkdirat": ((*ANY, "EIO-"), ()),
    "unlinkat": ((*ANY, "EIO-"), ()),
    "flock": (ANY, ("ENOLCK", "ENOLCK-", "ENOSYS-")),
    "fsync": ((*ANY, "EIO-"), ()),
    "close": ((*ANY, "EIO-"), ()),
    "closeother": ((*ANY, "EIO-"), ()),
    "memfd": (("ENOSYS", "EMFILE", "ENOMEM", *ANY), ()),
    "malloc": (("ENOMEM", "ENOMEM-"), ()),
    "fcntl": ((*ANY, "EMFILE", "EIO-"), ()),
    "poll": ((*ANY, "ENOMEM"), ()),
    "fchdir": (ANY, ()),
    "getcwd": ((*ANY, "ENOMEM"), ()),
    "fork": (("EAGAIN", "ENOMEM"), ()),
    "spawn": (("ENOENT", "EACCES", "EAGAIN", "ENOMEM"), ()),
    "pipe": (("EMFILE", "ENFILE"), ()),
    "dup": (("EMFILE", "EINTR"), ()),
    "mmap": (("ENOMEM",), ()),
    "timer": (("EAGAIN",), ()),
    "access": (("EACCES", "EIO"), ()),
    "wait": ((), ("EINTR",)),
    "sigwait": ((), ("EINTR", "EAGAIN")),
}

# Where data may be lost that seems to be there: the client must have been told.
TELL = ("close", "fsync")


def rule_of(kind, action, number):
    on = ON if action.endswith(ON) else ""
    name = action.rstrip(ON)
    return f"{kind}={0 if name == LESS else getattr(errno, name)}@{number}{on}"


def actions_at(kind, number, turn):
    """What is done at the Nth call, and whether it must change nothing."""
    told, round_it = KINDS[kind]
    if turn is not None:
        told = told[(turn + number - 1) % len(told):][:1] if told else ()
        # That of all calls from the first on says enough.
        round_it = [a for a in round_it if number == 1 or not a.endswith(ON)]
        round_it = round_it if number <= 2 else round_it[number % len(round_it):][:1] \
            if round_it else ()
    return [(a, False) for a in told] + [(a, True) for a in round_it]


def was_met(kind, log):
    """The scene's own rules have failures of other kinds."""
    return (kind, "failed") in zip(log, log[1:])


# -- what uploads and downloads have in common

class Uploading:
    """Each session in a directory of its own."""

    def __init__(self, lab, scene):
        self.lab, self.scene = lab, scene
        self.old = self.new = None

    def begin(self, _):
        with self.lab.directory() as base:
            target = os.path.join(base, "target")
            os.mkdir(target)
            self.scene.prepare(base, target)
            self.old = uploads.tree_of(target)
        got, log = self.play("")
        self.new = got["tree"]
        return got, log, uploads.shortcomings(self.scene, got, self.old)

    def play(self, rules):
        with self.lab.directory() as base:
            log = os.path.join(base, "log")
            with open(log, "w"):
                os.chmod(log, 0o666)
            return uploads.play(self.lab, self.scene, base, rules, log), lines_of(log)

    def complaints(self, got, kind, action):
        wrong = uploads.complaints(self.scene, got, self.old, self.new, kind)
        if (kind, action) != ("close", "EINTR") and kind in TELL and got["status"] == 0:
            wrong.append("what may have lost data is kept quiet")
        return wrong

    without_rest = staticmethod(uploads.without_rest)


class Downloading:
    """All sessions find the same files, which nobody changes."""

    def __init__(self, lab, scene):
        self.lab, self.scene = lab, scene
        self.base = self.expected = None

    def begin(self, base):
        self.base = base
        downloads.plant(base)
        got, log = self.play("")
        self.expected = got["got"]
        return got, log, downloads.shortcomings(self.scene, got, base)

    def play(self, rules):
        log = os.path.join(self.base, ".log")
        with open(log, "w"):
            pass
        return downloads.play(self.lab, self.scene, self.base, rules, log), lines_of(log)

    def complaints(self, got, kind, _):
        return downloads.complaints(got, self.expected, kind)

    without_rest = staticmethod(downloads.without_rest)


class Asking:
    """Each session in a directory of its own; what was read is compared as well."""

    def __init__(self, lab, scene):
        self.lab, self.scene = lab, scene
        self.old = self.plain = None

    def begin(self, _):
        with self.lab.directory() as base:
            target = os.path.join(base, "target")
            os.mkdir(target)
            asking.prepare(base, target)
            self.old = asking.tree_of(target)
        got, log = self.play("")
        self.plain = got
        return got, log, asking.shortcomings(self.scene, got)

    def play(self, rules):
        with self.lab.directory() as base:
            log = os.path.join(base, "log")
            got = asking.play(self.lab, self.scene, base, rules, log)
            return got, lines_of(log)

    def complaints(self, got, kind, action):
        wrong = asking.complaints(self.scene, got, self.old, self.plain, kind)
        if (kind, action) != ("close", "EINTR") and kind in TELL and \
                got["came"] == self.plain["came"]:
            wrong.append("what may have lost data is kept quiet")
        return wrong

    without_rest = staticmethod(downloads.without_rest)


class Ordering:
    """Each session of commands in a directory of its own; the log is compared as well."""

    without_rest = staticmethod(verbs.without_rest)

    def __init__(self, lab, scene):
        self.lab, self.scene = lab, scene
        self.plain = None

    def begin(self, _):
        self.plain, log = self.play("")
        return self.plain, log, verbs.shortcomings(self.scene, self.plain)

    def play(self, rules):
        with self.lab.directory() as base:
            log = os.path.join(base, "log")
            return verbs.play(self.lab, self.scene, base, rules, log), lines_of(log)

    def complaints(self, got, kind, _):
        return verbs.complaints(self.scene, got, self.plain, kind)


class Copying:
    """Each copy with hosts of its own."""

    without_rest = staticmethod(lambda got: got)

    def __init__(self, lab, scene):
        self.lab, self.scene = lab, scene
        self.plain = None

    def begin(self, _):
        self.plain, log = self.play("")
        return self.plain, log, copies.shortcomings(self.plain)

    def play(self, rules):
        with self.lab.directory() as base:
            log = os.path.join(base, "log")
            return copies.play(self.lab, self.scene, base, rules, log), lines_of(log)

    def complaints(self, got, kind, action):
        return copies.complaints(got, self.plain, kind, action)


def without_bodies(got):
    """For people to read: what is long is told by its hash."""
    return {part: {path: tuple(map(shorten, e)) for path, e in value.items()}
            if part in ("tree", "got") else value for part, value in got.items()}


def shorten(value):
    return f"{len(value)} bytes, {hash(value)}" if isinstance(value, bytes) and len(value) > 99 \
        else value


class Every:
    """The sessions of one scene.  TURN, its number, says which actions a short run takes."""

    def __init__(self, checks, side, turn):
        self.checks, self.side, self.turn = checks, side, turn
        self.plain = None       # what comes without a fault
        self.stuck = 0

    def run(self, base):
        got, log, wrong = self.side.begin(base)
        self.plain = got
        self.checks.equal("without a fault", [], wrong)
        if wrong:
            return
        for kind in self.kinds():
            if kind in log and kind not in self.side.scene.rules:
                self.fail_each(kind)

    def kinds(self):
        """A short run leaves out what another session has met in the same way."""
        scene = self.side.scene
        few = getattr(scene, "few", None) if self.turn is not None else None
        return few or scene.kinds or KINDS

    def fail_each(self, kind):
        for number in range(1, CALLS_MAX):
            met = [self.fail_one(kind, action, number, nothing)
                   for action, nothing in actions_at(kind, number, self.turn)]
            if not any(met):
                return
        raise AssertionError(f"{kind}: calls without an end")

    def fail_one(self, kind, action, number, nothing):
        """False where there is no such call."""
        rule = rule_of(kind, action, number)
        what = f"{kind} {number}: {action}: {rule}"
        if self.stuck > STUCK_MAX:
            return False
        try:
            got, log = self.side.play(rule)
        except Stuck as e:
            self.stuck += 1
            self.checks.fail(what, "an end", str(e))
            return True
        met = was_met(kind, log)
        if nothing or not met:
            self.checks.equal(what, *map(without_bodies, map(self.side.without_rest,
                                                             (self.plain, got))))
        else:
            self.checks.equal(what, [], self.side.complaints(got, kind, action))
        return met


def fail_everywhere(lab, checks, side_class, scene, turn):
    with lab.directory() as base:
        if side_class is Uploading and not uploads.has_acls(base):
            checks.skip("a file with an ACL", f"{lab.base} has none")
        os.chmod(base, 0o711)
        Every(checks, side_class(lab, scene), turn).run(base)


def meet_all(lab, checks):
    """No kind of call is left out, as far as the sessions are concerned."""
    met = set()
    lacking = set() if os.geteuid() == 0 else {"fchown"}
    for side_class, found in ((Uploading, uploads.scenes()), (Downloading, downloads.scenes()),
                              (Asking, asking.scenes()), (Copying, copies.scenes())):
        for scene in found:
            with lab.directory() as base:
                met.update(side_class(lab, scene).begin(base)[1])
    checks.equal("kinds of calls that no session makes", set(), set(KINDS) - met - lacking)
    checks.equal("kinds of calls that do not fail", set(), met - set(KINDS) - {"failed"})


def tests(short=True):
    found = [(f"every call, {way}: {scene.title}", True, fail_everywhere,
              (side, scene, turn if short else None))
             for way, side, scenes in (("upload", Uploading, uploads.scenes()),
                                       ("download", Downloading, downloads.scenes()),
                                       ("SFTP", Asking, asking.scenes()),
                                       ("commands", Ordering, verbs.scenes()),
                                       ("copy", Copying, copies.scenes()))
             for turn, scene in enumerate(scenes)]
    return [*found, ("every call: its kinds", True, meet_all, ())]
