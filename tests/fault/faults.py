# SPDX-License-Identifier: ISC
"""System calls that fail while a file arrives: the client is told, and the old file stays."""

import errno
import os
import signal
import tempfile
from collections import namedtuple

from peer import UMASK, become_user, look, put, signal_name, split_temporaries
from sweeps import WAYS, lines_of
from transfer import OLD, OLD_MODE, OLD_TIME

BODY = b"this arrives, or does not"
MODE, TIME = 0o646, 1200000000  # as sent; the umask would not let the mode pass
NEXT = b"the next file"

ARRIVES = ("", True)
PROBE_ERRORS = ("EOPNOTSUPP", "EISDIR", "EINVAL", "ENOSYS")     # a filesystem, or a kernel, without
COMMIT_ERRORS = ("EIO", "ENOSPC", "EDQUOT", "EROFS")
WRITE_ERRORS = ("ENOSPC", "EDQUOT", "EIO", "EFBIG", "EROFS")
WRITTEN = (0, 1, len(BODY) - 1)


def says(name, arrived=False, what=""):
    """The client is told the reason, and the file is there in spite of it, or not."""
    return what + os.strerror(getattr(errno, name)), arrived


# What the file that a fault hits comes to, where there is nothing yet ("new") and where there is a
# file ("old").  MODE is that of what is there then; None: as without the fault.  USES are calls
# that show that the fault was met.
Fault = namedtuple("Fault", "title way rules options old new old_mode new_mode uses")


def fault(title, way, rules, old, new, options=(), old_mode=None, new_mode=None, uses=()):
    return Fault(title, way, rules, options, old, new, old_mode, new_mode, uses)


def rule(call, name, nth=""):
    return f"{call}={getattr(errno, name)}{nth}"


def missing_ways():
    """What may be missing, and something else is used."""
    found = [fault(f"O_TMPFILE: {e}", "unnamed", rule("tmpfile", e), ARRIVES, ARRIVES,
                   uses=("tmpfile", "open", "renameat")) for e in PROBE_ERRORS]
    found += [fault(f"linkat of a descriptor: {e}", "unnamed", rule("linkempty", e), ARRIVES,
                    ARRIVES, uses=("linkempty", "linkproc", "linkname"))
              for e in ("ENOENT", "EPERM", "EINVAL")]
    found += [fault(f"linkat of a descriptor and of /proc: {e}", "unnamed",
                    rule("linkempty", "ENOENT") + "," + rule("linkproc", e), ARRIVES, ARRIVES,
                    uses=("linkproc", "open", "renameat")) for e in ("ENOENT", "EACCES")]
    return found


def failing_commits():
    found = []
    for e in COMMIT_ERRORS:
        found += [
            fault(f"renameat: {e}", "unnamed", rule("renameat", e, "@1"), says(e), ARRIVES),
            fault(f"renameat: {e}", "named", rule("renameat", e, "@1"), says(e), says(e),
                  uses=("renameat",)),
            fault(f"linkat: {e}", "unnamed", rule("linkname", e, "@1"), says(e), says(e),
                  uses=("linkname",)),
        ]
    for way in WAYS:
        found.append(fault("close: EIO", way, rule("close", "EIO", "@1"), says("EIO"), says("EIO"),
                           uses=("close",)))
    # Somebody else made the name meanwhile, or seems to have: then it is replaced.
    found.append(fault("linkat: EEXIST", "unnamed", rule("linkname", "EEXIST", "@1"), ARRIVES,
                       ARRIVES, uses=("linkname",)))
    return found


def failing_writes():
    return [fault(f"write: {e} after {n} bytes", way, rule("write", e, f"+{n}"), says(e), says(e),
                  uses=("write",))
            for way in ("unnamed", "named") for e in WRITE_ERRORS for n in WRITTEN]


def failing_attributes():
    """Data is worth more than its mode and times; what cannot keep its mode is not replaced."""
    found = []
    for way in ("unnamed", "named"):
        found += [
            fault("futimens: EROFS", way, rule("futimens", "EROFS", "@1"),
                  says("EROFS", True, "set times: "), says("EROFS", True, "set times: "),
                  uses=("futimens",)),
            fault("fchmod: EPERM", way, rule("fchmod", "EPERM"), ARRIVES, ARRIVES),
            fault("fchmod: EPERM, with -p", way, rule("fchmod", "EPERM"),
                  says("EPERM", True, "set mode: "), says("EPERM", True, "set mode: "),
                  options=("-p",), old_mode=OLD_MODE, new_mode=MODE & ~UMASK, uses=("fchmod",)),
        ]
    return found


def ignored():
    """Calls that may fail, or should not be made."""
    found = []
    for way in WAYS:
        found += [
            fault("flock: ENOLCK", way, rule("flock", "ENOLCK"), ARRIVES, ARRIVES),
            fault("statfs: EIO", way, rule("statfs", "EIO"), ARRIVES, ARRIVES, uses=("statfs",)),
            fault("statfs: ENOSYS", way, rule("statfs", "ENOSYS"), ARRIVES, ARRIVES),
            fault("fsync: EIO", way, rule("fsync", "EIO"), ARRIVES, ARRIVES),
        ]
    return found


FAULTS = (missing_ways() + failing_commits() + failing_writes() + failing_attributes() + ignored())


def offer(server, lines, body):
    """Sends a file as a client does that awaits every reply; returns the last one."""
    for line in lines:
        reply = server.tell(line)
        if reply != "":
            return f"at the record: {reply}"
    return server.tell(body + b"\0")


def warning(path, text):
    return f"\1scp: {path}: {text}\n" if text else ""


def wanted(f, path, kind):
    """What must come of the fault F for the file KIND: replies, and all that is there then."""
    text, arrives = f.old if kind == "old" else f.new
    preserve = "-p" in f.options
    mode = f.old_mode if kind == "old" else f.new_mode
    if mode is None:
        mode = MODE if preserve else OLD_MODE if kind == "old" else MODE & ~UMASK
    time = TIME if "set times" not in text else None
    tree = {"old": ("file", OLD, OLD_MODE, OLD_TIME)}
    if arrives:
        tree[kind] = ("file", BODY, mode, time)
    next_mode = 0o644 if preserve and "set mode" not in text else 0o644 & ~UMASK
    tree["next"] = ("file", NEXT, next_mode, None)
    next_text = text if "set mode" in text else ""
    return {
        "reply": warning(os.path.join(path, kind), text),
        "next reply": warning(os.path.join(path, "next"), next_text),
        "status": 0 if text == "" else 1,
        "tree": tree, "temporaries": [], "stderr": b"", "more": b"",
    }


def forget_times(expected, tree):
    """A time that was not set is whatever it is."""
    return {n: e[:3] + (None,) if e[0] == "file" and expected.get(n, (0,) * 4)[3] is None else e
            for n, e in tree.items()}


def meet(lab, checks, f, kind):
    with lab.directory() as path, tempfile.TemporaryDirectory() as logs:
        log = os.path.join(logs, "log")
        put(os.path.join(path, "old"), OLD, OLD_MODE, OLD_TIME)
        rules = ",".join(filter(None, (WAYS[f.way], f.rules)))
        with lab.server("-t", *f.options, path, fault=rules, log=log) as server:
            server.reply()
            head = b"C%04o %d %s\n" % (MODE, len(BODY), kind.encode())
            got = {"reply": offer(server, [b"T%d 0 %d 0\n" % (TIME, TIME), head], BODY)}
            got["next reply"] = offer(server, [b"C0644 %d next\n" % len(NEXT)], NEXT)
            server.close_input()
            got["status"] = server.wait()
            got["more"], got["stderr"] = server.replies, server.said
        tree, got["temporaries"] = split_temporaries(look(path))
        expected = wanted(f, path, kind)
        got["tree"] = forget_times(expected["tree"], tree)
        what = f"{f.title}, {f.way}, {kind} file"
        checks.equal(what, expected, got)
        checks.equal(f"{what}: calls that should show it", [],
                     [call for call in f.uses if call not in lines_of(log)])


def meet_all(lab, checks):
    for f in FAULTS:
        for kind in ("new", "old"):
            meet(lab, checks, f, kind)


def die_before_rename(lab, checks, mode, way):
    """
    The temporary is whole and has its name, but not yet that of the file: it is left, and the next
    upload of that name, on a system without faults, removes it.
    """
    what = f"mode {mode:04o}, {way}"
    kill = ",".join(filter(None, (WAYS[way], f"renameat={-signal.SIGKILL}")))
    with lab.directory() as path:
        put(os.path.join(path, "old"), OLD, OLD_MODE, OLD_TIME)
        record = b"T%d 0 %d 0\nC%04o %d old\n" % (TIME, TIME, mode, len(BODY))
        with lab.server("-t", "-p", path, fault=kill) as server:
            server.send(record + BODY + b"\0")
            status = server.wait()
        tree, left = split_temporaries(look(path))
        checks.equal(f"{what}: killed", {"status": "SIGKILL", "left": 1,
                                         "tree": {"old": ("file", OLD, OLD_MODE, OLD_TIME)}},
                     {"status": signal_name(status), "left": len(left), "tree": tree})
        # One that keeps the owner out, too: that it is dead is seen by the directory's lock.
        checks.equal(f"{what}: the temporary", ("file", BODY, mode, TIME),
                     look(path).get(left[0]) if left else None)
        with lab.server("-t", "-p", path) as server:
            replies = [server.reply(), offer(server, record.splitlines(True), BODY)]
            server.close_input()
            status = server.wait()
        checks.equal(f"{what}: the next upload",
                     {"replies": ["", ""], "status": 0,
                      "tree": {"old": ("file", BODY, mode, TIME)}},
                     {"replies": replies, "status": status, "tree": look(path)})


def die_before_renames(lab, checks):
    """Of a mode in which not even its owner may open it, too."""
    for way in WAYS:
        for mode in (0o644, 0o444, 0o200, 0o000):
            die_before_rename(lab, checks, mode, way)


def die_as_user(lab, checks):
    become_user()
    die_before_renames(lab, checks)


def name_appears(lab, checks):
    """Somebody makes the name while its first file arrives: it is replaced like any other."""
    for way in WAYS:
        with lab.directory() as path, lab.server("-t", path, fault=WAYS[way]) as server:
            replies = [server.reply(), server.tell(b"C0644 %d new\n" % len(BODY))]
            server.send(BODY[:5])
            server.settle(greeted=True)
            put(os.path.join(path, "new"), OLD, OLD_MODE, OLD_TIME)
            replies.append(server.tell(BODY[5:] + b"\0"))
            server.close_input()
            checks.equal(f"{way}: status", 0, server.wait())
            checks.equal(f"{way}: replies", ["", "", ""], replies)
            checks.equal(f"{way}: tree", {"new": BODY}, {n: e[1] for n, e in look(path).items()})


def tests():
    found = [
        ("faults", True, meet_all, ()),
        ("killed before the rename", True, die_before_renames, ()),
        ("a name appears", True, name_appears, ()),
    ]
    if os.geteuid() == 0:
        found.append(("killed before the rename, no root", True, die_as_user, ()))
    return found
