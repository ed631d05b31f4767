# SPDX-License-Identifier: ISC
"""Filesystems and directories that lack something that the last step of a file needs."""

import contextlib
import errno
import os

from disks import Image, Lacking, cannot_mount, must
from limits import EXT4, contents, ended, finish, give
from peer import NOBODY, UMASK, put, remove
from stage import odd, packets
from sweeps import WAYS
from transfer import OLD, OLD_MODE, OLD_TIME

BODY = b"all of it"
STRANGER = 65533
NAMED, FOREIGN = WAYS["named"], "foreign=1"
OVER = [f"renameover={number}" for number in (errno.EPERM, errno.EEXIST, errno.EXDEV, errno.ENOSYS,
                                              errno.EOPNOTSUPP, errno.EINVAL)]
NO_FLAGS = f"renameat2={errno.EINVAL}"
NO_LINKS = f"linkname={errno.EPERM}"
POLICIES = ("--replace=auto", "--replace=atomic", "--replace=in-place", "--overwrite=no",
            "--overwrite=backup")

# What is missing, and which policies then refuse a new file, and an old one, before it comes; that
# nothing may be overwritten is a reason of its own.
LACKS = [
    ("nothing", "", (), ()),
    ("nothing, far away", FOREIGN, (), ()),
    ("unnamed files", NAMED, (), ()),
    ("unnamed files, far away", f"{NAMED},{FOREIGN}", (), ()),
    ("renames with flags", NO_FLAGS, (), ()),
    ("renames with flags, unnamed files", f"{NAMED},{NO_FLAGS}", (), ()),
    ("links, unnamed files", f"{NAMED},{NO_LINKS}", (), ()),
    ("links, renames with flags, unnamed files", f"{FOREIGN},{NAMED},{NO_FLAGS},{NO_LINKS}",
     ("--overwrite=no", "--overwrite=backup"), ("--overwrite=backup",)),
] + [(f"renames that replace: {rule}{', unnamed files' if named else ''}",
      ",".join(filter(None, (FOREIGN, named, rule))), (),
      ("--replace=atomic", "--overwrite=backup")) for rule in OVER for named in ("", NAMED)]


def try_one(lab, checks, path, what, rule, policy, refusals):
    """A file comes as it should, or is refused before it does, and nothing is left in either case."""
    exists = os.path.exists(os.path.join(path, "old"))
    name, before = ("old", {"old": (OLD, OLD_MODE)}) if exists else ("new", {})
    with lab.server("--serve", "--log=none", policy, f"--root={path}", command="scp -t .",
                    fault=rule) as server:
        replies = [server.reply(), *give(server, name, BODY)]
        end = finish(server)
    if policy in refusals:
        expected, status, after = (2, True), 1, before
        replies = (len(replies), replies[-1].startswith(f"\1scp: ./{name}: "))
    else:
        expected, status = ["", "", ""], 0
        after = {name: (BODY, OLD_MODE if exists else 0o644 & ~UMASK)}
        if exists and policy == "--overwrite=backup":
            after["old.~1~"] = before["old"]
    checks.equal(what, {"replies": expected, "tree": after, **ended(status)},
                 {"replies": replies, "tree": contents(path), **end})


def try_all(lab, checks, place, what, rule, new, old):
    """Under all policies; PLACE makes a directory, and says so when it is filled."""
    for policy in POLICIES:
        for exists, refusals in ((False, new), (True, (*old, "--overwrite=no"))):
            with place() as (path, filled):
                if exists:
                    put(os.path.join(path, "old"), OLD, OLD_MODE, OLD_TIME)
                filled()
                try_one(lab, checks, path, f"{what}{policy}, {'old' if exists else 'new'}", rule,
                        policy, refusals)


def lack(lab, checks, rule, new, old):
    @contextlib.contextmanager
    def place():
        with lab.directory() as path:
            yield path, lambda: None

    try_all(lab, checks, place, "", rule, new, old)


# The same of real ones, which FUSE makes: none has unnamed files there, nor renames with flags.
REAL_LACKS = [
    ("nothing else", (), (), ()),
    ("links", ("link",), ("--overwrite=no", "--overwrite=backup"), ("--overwrite=backup",)),
    ("renames that replace", ("replace",), (), ("--replace=atomic", "--overwrite=backup")),
    ("links, renames that replace", ("link", "replace"), ("--overwrite=no", "--overwrite=backup"),
     ("--replace=atomic", "--overwrite=backup")),
]


def lack_really(lab, checks, lacks, new, old):
    why = cannot_mount()
    if why is not None:
        checks.skip("all of it", why)
        return
    with lab.directory() as below, lab.directory() as top:

        @contextlib.contextmanager
        def place():
            path = os.path.join(top, "served")
            os.mkdir(path)
            try:
                yield path, lambda: None
            finally:
                remove(path)

        try:
            for number in (errno.EPERM, errno.EEXIST) if lacks else (0,):
                with odd.mounted(below, top, *(f"{call}={number}" for call in lacks)):
                    try_all(lab, checks, place, f"{os.strerror(number)}, ", "", new, old)
        except odd.Missing as e:
            checks.skip("all of it", str(e))


def only_add(lab, checks):
    """A directory of which nothing can be taken, as chattr(1) makes it."""
    why = cannot_mount()
    if why is not None:
        checks.skip("all of it", why)
        return
    try:
        with Image(lab, EXT4, ["mkfs.ext4", "-q"]) as disk:
            only_add_to(lab, checks, os.path.join(disk.top, "only"))
    except Lacking as e:
        checks.skip("all of it", str(e))


def only_add_to(lab, checks, path):
    @contextlib.contextmanager
    def place():
        os.mkdir(path)
        try:
            yield path, lambda: must("chattr", "+a", path)
        finally:
            must("chattr", "-a", path)
            remove(path)

    refused = ("--replace=atomic", "--overwrite=backup")
    for way, new in (("unnamed", ()), ("named", POLICIES)):
        if not WAYS[way] or lab.shim is not None:
            try_all(lab, checks, place, f"{way}, ", WAYS[way], new, refused)


def stick(lab, checks):
    """In a sticky directory only the owner of a file, or of the directory, gives its name away."""
    if os.geteuid() != 0:
        checks.skip("all of it", "this needs root")
        return

    @contextlib.contextmanager
    def place():
        with lab.directory() as path:
            yield path, lambda: give_away(path)

    def give_away(path):
        for name in os.listdir(path):
            os.chown(os.path.join(path, name), STRANGER, NOBODY)
            os.chmod(os.path.join(path, name), 0o660)
        os.chown(path, STRANGER, NOBODY)
        os.chmod(path, 0o1770)

    for policy, works in (("--replace=auto", True), ("--replace=in-place", True),
                          ("--replace=atomic", False), ("--overwrite=backup", False)):
        with place() as (path, filled):
            put(os.path.join(path, "old"), OLD, OLD_MODE, OLD_TIME)
            filled()
            with lab.server("--serve", "--log=none", policy, f"--root={path}",
                            command="scp -t .", user=NOBODY) as server:
                replies = [server.reply(), *give(server, "old", BODY)]
                finish(server)
            checks.equal(policy, (3 if works else 2, {"old": (BODY if works else OLD, 0o660)}),
                         (len(replies), contents(path)))


SETTING = "/proc/sys/fs/protected_regular"


@contextlib.contextmanager
def said(lab, text):
    """What the kernel was told is TEXT, for who is in our mount namespace; None: there is no such file."""
    with lab.directory() as path:
        stand_in = os.path.join(path, "said")
        put(stand_in, (text or "").encode(), 0o644, OLD_TIME)
        source, place = (stand_in, SETTING) if text is not None else (path, os.path.dirname(SETTING))
        must("mount", "--bind", source, place)
        try:
            yield
        finally:
            must("umount", "-l", place)


def begin_by_scp(lab, path, *words):
    with lab.server("--serve", "--log=none", *words, f"--root={path}", command="scp -t .",
                    user=NOBODY) as server:
        server.reply()
        give(server, "old", BODY)
        finish(server)


def begin_by_sftp(lab, path, *words):
    session = packets.Session([lab.program, "--serve", "--log=none", *words, f"--root={path}"],
                              env=dict(os.environ, SSH_ORIGINAL_COMMAND="internal-sftp",
                                       USER="nobody"), user=NOBODY)
    reply = session.open("old", packets.W | packets.CREAT | packets.TRUNC)
    if reply.handle is not None:
        session.write(reply.handle, 0, BODY)
        session.close(reply.handle)
    session.end()


def trust(lab, checks):
    """Files of others where everybody may make some: as the administrator has told the kernel."""
    why = cannot_mount()
    if why is not None:
        checks.skip("all of it", why)
        return
    for text, works in (("0\n", True), ("1\n", False), ("2\n", False), (None, False)):
        with said(lab, text):
            for way in (begin_by_scp, begin_by_sftp):
                for sandbox in ("--sandbox=none", "--sandbox=require"):
                    with lab.directory() as path:
                        file = os.path.join(path, "old")
                        put(file, OLD, OLD_MODE, OLD_TIME)
                        os.chown(file, STRANGER, STRANGER)
                        os.chmod(file, 0o666)
                        os.chmod(path, 0o1777)
                        way(lab, path, sandbox)
                        checks.equal(f"{text!r}, {way.__name__}, {sandbox}",
                                     {"old": (BODY if works else OLD, 0o666)}, contents(path))


def tests():
    return [(f"without {what}", bool(rule), lack, (rule, new, old))
            for what, rule, new, old in LACKS] + [
        (f"a real one without {what}", False, lack_really, (lacks, new, old))
        for what, lacks, new, old in REAL_LACKS] + [
        ("a directory that only grows", False, only_add, ()),
        ("a file of somebody else in a sticky directory", False, stick, ()),
        ("a file of somebody else in a sticky directory of everybody", False, trust, ()),
    ]
