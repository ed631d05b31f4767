# SPDX-License-Identifier: ISC
"""
One policy, three languages: each deed is asked for by SCP, by SFTP and by commands, as far as they have
it, under each of many policies; the verdict is the same, and so is what the log says of it.

Each deed is done in a directory of its own, so that the records of a session can be told apart.
"""
import os
import re

from stage import packets as p
from stage import process
from stage.packets import attrs, string
from stage.report import same

RECORD = re.compile(r'(?:forced )?(?:close|mkdir|opendir|rename|remove|rmdir|symlink|link|set|refused) (?!command).*')
PATH = re.compile(r'"(?:scp [^/]*)?/?([a-z-]+)')
REASON = re.compile(r'refused .* reason "(?:scp: )?(.*)"')
VARIES = re.compile(r" seconds [0-9.]+| mode [0-7]{4}")
DATA = b"abc"
REPLACE = p.W | p.CREAT | p.TRUNC


def read(session, path):
    opened = session.open(path, p.R)
    if opened.kind != p.HANDLE:
        return opened
    session.read(opened.handle, 0, 100)
    return session.close(opened.handle)


def lists(session, path):
    opened = session.ask(p.OPENDIR, string(path))
    if opened.kind != p.HANDLE:
        return opened
    while (reply := session.ask(p.READDIR, string(opened.handle))).kind == p.NAME:
        pass
    return session.close(opened.handle) if reply.code == p.EOF else reply


def write(session, path, data):
    opened = session.open(path, REPLACE, attrs(size=len(data)))
    if opened.kind != p.HANDLE:
        return opened
    if data:
        session.write(opened.handle, 0, data)
    return session.close(opened.handle)


UPLOAD = b"C0666 3 %s\nabc\0"
DEEDS = {
    # in its directory: by SFTP; by a command; and by SCP, in words and what is sent
    "put": (lambda s, d: write(s, f"{d}/new", DATA), None, ("scp -t {}", UPLOAD % b"new")),
    "replace": (lambda s, d: write(s, f"{d}/f", DATA), None, ("scp -t {}", UPLOAD % b"f")),
    "touch-new": (lambda s, d: write(s, f"{d}/new", b""), "touch {}/new", ("scp -t {}", b"C0666 0 new\n\0")),
    "get": (lambda s, d: read(s, f"{d}/f"), "cat {}/f >/dev/null", ("scp -f {}/f", b"\0\0\0")),
    "sum": (lambda s, d: read(s, f"{d}/f"), "md5sum {}/f >/dev/null", None),
    "get-none": (lambda s, d: read(s, f"{d}/none"), "cat {}/none", None),
    "list": (lists, "ls {} >/dev/null", None),
    "list-long": (lists, "ls -la {} >/dev/null", None),
    "mkdir": (lambda s, d: s.mkdir(f"{d}/new"), "mkdir {}/new", ("scp -r -t {}", b"D0777 0 new\nE\n")),
    "mkdir-there": (lambda s, d: s.mkdir(f"{d}/e"), "mkdir {}/e", None),
    "rmdir": (lambda s, d: s.path(p.RMDIR, f"{d}/e"), "rmdir {}/e", None),
    "remove": (lambda s, d: s.path(p.REMOVE, f"{d}/f"), "rm {}/f", None),
    "unlink": (lambda s, d: s.path(p.REMOVE, f"{d}/f"), "unlink {}/f", None),
    "remove-none": (lambda s, d: s.path(p.REMOVE, f"{d}/none"), "rm {}/none", None),
    "rename": (lambda s, d: s.path(p.RENAME, f"{d}/f", f"{d}/new"), "mv {0}/f {0}/new", None),
    "rename-onto": (lambda s, d: s.extended("posix-rename@openssh.com", string(f"{d}/f"), string(f"{d}/g")),
                    "mv -f {0}/f {0}/g", None),
    "symlink": (lambda s, d: s.path(p.SYMLINK, "f", f"{d}/new"), "ln -s f {}/new", None),
    "hardlink": (lambda s, d: s.extended("hardlink@openssh.com", string(f"{d}/f"), string(f"{d}/new")),
                 "ln {0}/f {0}/new", None),
    "readlink": (lambda s, d: s.path(p.READLINK, f"{d}/l"), "readlink {}/l >/dev/null", None),
    "chmod": (lambda s, d: s.set(f"{d}/f", mode=0o600), "chmod 600 {}/f", None),
    "times": (lambda s, d: s.set(f"{d}/f", times=(5, 5)), "touch -d @5 {}/f", None),
    "stat": (lambda s, d: s.stat(f"{d}/f"), "stat -L {}/f >/dev/null", None),
    "stat-none": (lambda s, d: s.stat(f"{d}/none"), "stat -L {}/none >/dev/null", None),
    "look": (lambda s, d: s.lstat(f"{d}/l"), "ls -d {}/l >/dev/null", None),
}

# By SCP a directory that may not be made is one that is not there; its paths begin at the target.  Who is
# told of nothing makes by touch what he cannot see, and it is there.
OTHERWISE = {("by_scp", "mkdir", ("--mkdir=no",)), ("by_scp", "mkdir", ("--max-depth=1",)),
             ("by_commands", "times", ("--upload-only",))}
POLICIES = (
    (), ("--make-links=yes",), ("--download-only",), ("--upload-only",), ("--upload-only", "--reveal=yes"),
    ("--upload-only", "--list=yes", "--reveal=yes"), ("--remove=no",), ("--rename=no",), ("--attributes=no",),
    ("--mkdir=no",), ("--list=no",), ("--list=own",), ("--remove=own", "--rename=own", "--attributes=own"),
    ("--overwrite=no",), ("--overwrite=backup",), ("--recursive=no",), ("--deny=f",), ("--deny=new",),
    ("--deny=e", "--deny=g"), ("--allow=f",), ("--max-depth=1",), ("--max-files=0",), ("--max-file-size=2",),
    ("--max-session-bytes=1",), ("--modes=inherit", "--times=ignore"), ("--symlinks=beneath",),
    ("--reveal=no",), ("--umask=077", "--file-mode=0600+0600", "--dir-mode=0700+0700"),
)


def plant(place):
    for deed in DEEDS:
        top = f"{place.root}/{deed}"
        os.makedirs(f"{top}/e")
        for name in ("f", "g"):
            with open(f"{top}/{name}", "wb") as file:
                file.write(DATA)
        os.symlink("f", f"{top}/l")
    for path, dirs, files in os.walk(place.root):
        for name in [*dirs, *files]:
            place.give(os.path.join(path, name))


def records_of(said):
    """{deed: what the log has of it}"""
    found = {}
    for line in said.splitlines():
        if RECORD.fullmatch(line) and (path := PATH.search(line)) and path[1] in DEEDS:
            found.setdefault(path[1], []).append(VARIES.sub("", line))
    return found


def reasons(records, deed):
    """What is refused is compared by why."""
    return [REASON.sub(r'refused: \1', record) for record in records.get(deed, [])]


def by_sftp(place, argv):
    """{deed: whether it was done}, and the records."""
    session = p.Session(argv + ["--log=stderr"], env={"SSH_ORIGINAL_COMMAND": "internal-sftp"}, user=place.uid)
    verdicts = {}
    for deed, (ask, _, _) in DEEDS.items():
        reply = ask(session, f"/{deed}")
        verdicts[deed] = reply.kind != p.STATUS or reply.code == p.OK
    _, said = session.end()
    return verdicts, records_of(said)


def by_commands(place, argv):
    """What is said to the client goes nowhere, so that the log is alone."""
    lines = ["exec 2>/dev/null"] + [f"{ask.format(f'/{deed}')} ; echo {deed} $?"
                                    for deed, (_, ask, _) in DEEDS.items() if ask]
    outcome = place.run([*argv, "--commands=yes", "--log=stderr"], {}, "\n".join(lines).encode() + b"\n")
    return ({line.split()[0]: line.split()[1] == "0" for line in outcome.out.splitlines()},
            records_of(outcome.err))


def by_scp(place, argv):
    verdicts, records = {}, {}
    for deed, (_, _, ask) in DEEDS.items():
        if ask:
            outcome = place.run([*argv, "--log=stderr"], {"SSH_ORIGINAL_COMMAND": ask[0].format(f"/{deed}")},
                                ask[1])
            verdicts[deed] = outcome.code == 0
            records |= records_of(outcome.err)
    return verdicts, records


def agree(place, policy):
    """Languages are asked one after the other, about the same."""
    told = {}
    for way in (by_sftp, by_commands, by_scp):
        place.empty()
        plant(place)
        told[way.__name__] = way(place, [place.setup.prog, "--serve", f"--root={place.root}", *policy])
    wrong = []
    verdicts, records = told.pop("by_sftp")
    for way, (others, written) in told.items():
        for deed, verdict in others.items():
            if (way, deed, policy) in OTHERWISE:
                continue
            # A whole request by SCP may be refused, in words of its own.
            if (verdict, reasons(written, deed)) != (verdicts[deed], reasons(records, deed)):
                wrong.append(f"{way}, {deed}: {verdict} {written.get(deed)}, "
                             f"by SFTP {verdicts[deed]} {records.get(deed)}")
        same(f"deeds {way}", sum(bool(row[1 if way == "by_commands" else 2]) for row in DEEDS.values()),
             len(others))
    same("what is not the same", [], wrong)


CHECKS = [(f"verdicts/{' '.join(policy) or 'all that is usual'}", agree, policy) for policy in POLICIES]
