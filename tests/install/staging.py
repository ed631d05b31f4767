# SPDX-License-Identifier: ISC
"""What make install puts into a directory of its own, and what make uninstall leaves there."""
import contextlib
import os
import re
import shutil
import stat

from stage import process, sshd, suite, trees
from stage.installed import (COMPLETIONS, CONFIG, DOC, LIB, MANUALS, TOP, expected, found, make, made)
from stage.report import Skipped, holds, same

CHANGED = "# The administrator's.\nlog syslog\n"


def refused(out, target, words, **where):
    outcome = make(out, target, **where)
    holds(f"make {target} says {words!r} and fails", outcome.code != 0 and words in outcome.text,
          outcome.log)


@contextlib.contextmanager
def stage(base):
    top = f"{base}/stage"
    os.mkdir(top)
    try:
        yield top
    finally:
        trees.remove(top)


def directories(top):
    return {os.path.relpath(path, top): oct(stat.S_IMODE(os.lstat(path).st_mode))
            for path, _, _ in os.walk(top) if path != top}


def installs(base, out):
    """The manual's prefix; who installs may keep his own files from everybody else."""
    with stage(base) as top:
        old = os.umask(0o077)
        try:
            made(out, "install", PREFIX="/usr", DESTDIR=top)
        finally:
            os.umask(old)
        same("files", expected("usr"), found(top))
        same("modes of directories", {"0o755"}, set(directories(top).values()), directories(top))
        same("the program", trees.digest(f"{out}/scp"), trees.digest(f"{top}/usr/{LIB}/scp"))
        pages = {"scp.1": f"{MANUALS}/scp-sink-source.1", "scp.conf.5": "share/man/man5/scp.conf.5"}
        for name in ("README.md", "SECURITY.md", "CHANGELOG.md", "LICENSE", *pages):
            there = "usr/" + pages.get(name, f"{DOC}/{name}")
            same(f"{name} as it is here", sshd.read_text(f"{TOP}/{name}"),
                 sshd.read_text(f"{top}/{there}"))


def texts_say_where(base, out):
    """Whoever follows an installed text comes to what is installed."""
    where = {"PREFIX": "/opt/s+cp", "BINDIR": "/opt/libexec/copy.1"}
    with stage(base) as top:
        made(out, "install", DESTDIR=top, **where)
        same("the command leads to the program", os.path.realpath(f"{top}/opt/libexec/copy.1/scp"),
             os.path.realpath(f"{top}/opt/s+cp/bin/scp-sink-source"))
        told = 0
        for path in found(top):
            text = sshd.read_text(f"{top}/{path}") if not path.endswith("/scp") else ""
            for other in (f"/usr/{LIB}", f"/usr/{DOC}", "/usr/bin/scp-sink-source"):
                same(f"lines of {path} with {other}", [],
                     [line for line in text.splitlines() if other in line])
            told += text.count("/opt/libexec/copy.1/scp")
        holds("the texts name the place", told > 10, told)


def reads_its_configuration(base, out):
    """SYSCONFDIR is where the program looks, not only where make install writes."""
    copy = f"{base}/built"
    shutil.copytree(out, copy, symlinks=True)
    try:
        with stage(base) as top:
            made(copy, "install", SYSCONFDIR="/opt/etc", PREFIX="/usr", DESTDIR=top)
            same("files", expected("usr", "opt/etc/scp.conf"), found(top))
            said = process.run([f"{top}/usr/{LIB}/scp", "--check"], os.environ)
            holds("it looks for /opt/etc/scp.conf", "/opt/etc/scp.conf" in said.text, said.log)
            manual = sshd.read_text(f"{top}/usr/{MANUALS}/scp-sink-source.1")
            same("the manual says /etc/scp.conf", [], re.findall(r"[^t]/etc/scp.conf", manual))
    finally:
        trees.remove(copy)


def keeps_a_changed_configuration(base, out):
    with stage(base) as top:
        where = {"PREFIX": "/usr", "DESTDIR": top}
        made(out, "install", **where)
        sshd.write_text(f"{top}/{CONFIG}", CHANGED)
        made(out, "install", **where)
        same("configuration after another install", CHANGED, sshd.read_text(f"{top}/{CONFIG}"))
        said = made(out, "uninstall", **where)
        same("what is left", {CONFIG: 0o644}, found(top))
        same("configuration", CHANGED, sshd.read_text(f"{top}/{CONFIG}"))
        holds("it is said", f"{CONFIG} stays" in said.text, said.log)


def takes_all_away(base, out):
    with stage(base) as top:
        where = {"PREFIX": "/usr", "DESTDIR": top}
        made(out, "install", **where)
        sshd.write_text(f"{top}/usr/{MANUALS}/scp.1", "somebody else's\n")
        made(out, "uninstall", **where)
        same("what is left", {f"usr/{MANUALS}/scp.1": 0o644}, found(top))
        same("our own directories", [], [path for path in directories(top)
                                         if "scp-sink-source" in path])
        # Once more: there is nothing to do.
        made(out, "uninstall", **where)


def mends_what_is_broken(base, out):
    """A program that is gone leaves links, which are ours all the same."""
    for target, left in (("install", expected("usr")), ("uninstall", {})):
        with stage(base) as top:
            where = {"PREFIX": "/usr", "DESTDIR": top}
            made(out, "install", **where)
            os.unlink(f"{top}/usr/{LIB}/scp")
            made(out, target, **where)
            same(f"files after make {target}", left, found(top))


def touches_nothing_else(base, out):
    """Where OpenSSH's program, or anybody's, has one of our names, nothing at all is done."""
    for theirs in ("usr/bin/scp", "usr/bin/scp-shell", "usr/bin/scp-sink-source",
                   f"usr/{MANUALS}/scp-sink-source.1"):
        with stage(base) as top:
            os.makedirs(os.path.dirname(f"{top}/{theirs}"))
            sshd.write_text(f"{top}/{theirs}", "somebody else's\n", 0o755)
            where = {"PREFIX": "/usr", "BINDIR": "/usr/bin", "DESTDIR": top}
            for target in ("install", "uninstall"):
                refused(out, target, "somebody else's", **where)
                same(f"files after make {target}", {theirs: 0o755}, found(top))
                same("content", "somebody else's\n", sshd.read_text(f"{top}/{theirs}"))


def is_the_scp_where_there_is_none(base, out):
    with stage(base) as top:
        where = {"PREFIX": "/usr", "BINDIR": "/usr/bin", "DESTDIR": top}
        made(out, "install", **where)
        same("the program", trees.digest(f"{out}/scp"), trees.digest(f"{top}/usr/bin/scp"))
        same("links", ("scp", "scp"), tuple(os.readlink(f"{top}/usr/bin/{name}")
                                            for name in ("scp-shell", "scp-sink-source")))
        os.rename(f"{top}/usr/bin", f"{top}/usr/elsewhere")
        os.symlink("elsewhere", f"{top}/usr/bin")
        made(out, "uninstall", **where)
        same("what is left", {}, found(f"{top}/usr/elsewhere"))
        same("directories that were not ours to make", True, os.path.isdir(f"{top}/usr/bin"))


def paths_fit_into_texts(base, out):
    with stage(base) as top:
        for where in ({"PREFIX": "usr"}, {"BINDIR": "/usr/my lib"}, {"PREFIX": "/usr/$$HOME"},
                      {"SYSCONFDIR": "/etc;id"}, {"DOCDIR": ""}, {"MANDIR": "/usr/*"}):
            if where.get("SYSCONFDIR"):
                # It would be compiled in, too; what place does with it is asked of place.
                outcome = place({**PLACES, **where, "DESTDIR": top}, out)
                holds("place refuses it", outcome.code != 0 and "not a path" in outcome.text,
                      outcome.log)
            else:
                refused(out, "install", "place: ", DESTDIR=top, **where)
            same(f"files of {where}", {}, found(top))


PLACES = {"PREFIX": "/usr", "BINDIR": f"/usr/{LIB}", "SYSCONFDIR": "/etc",
          "MANDIR": "/usr/share/man", "DOCDIR": f"/usr/{DOC}", "COMPDIR": f"/usr/{COMPLETIONS}"}


def place(where, out):
    return process.run([f"{TOP}/packaging/place", "install", f"{out}/scp"],
                       {**os.environ, **where})


def one_version(_base, out):
    """From version.h, and the newest that CHANGELOG.md tells of."""
    version = re.search(r'define VERSION "(.*)"', sshd.read_text(
        f"{TOP}/scp-sink-source/version.h")).group(1)
    same("--version", f"scp-sink-source {version}\n",
         process.run([f"{out}/scp", "--version"], os.environ).text)
    newest = re.search(r"^## (\S+) \(\d{4}-\d\d-\d\d\)$", sshd.read_text(f"{TOP}/CHANGELOG.md"),
                       re.MULTILINE)
    same("the newest in CHANGELOG.md", version, newest and newest.group(1))


# What is built again: some of it knows the most of where it is.
SAMPLE = ("obj/scp-sink-source/main.o", "obj/scp-sink-source/scp/sink.o", "obj/common/log/audit.o")


def same_bytes_elsewhere(base, out):
    """Built again, at another place, at another time, by another umask; all of it with LONG=1."""
    if os.environ.get("SAN"):
        raise Skipped("sanitizers know where the sources are")
    there = f"{base}/another/place with blanks"
    os.makedirs(there)
    for name in ("common", "scp-sink-source", "Makefile"):
        copy = shutil.copytree if os.path.isdir(f"{TOP}/{name}") else shutil.copy
        copy(f"{TOP}/{name}", f"{there}/{name}")
    try:
        made = ("scp",) if suite.is_long() else SAMPLE
        outcome = process.run(["make", "-C", there, "-j2", "OUT=elsewhere",
                               *(f"elsewhere/{name}" for name in made)], os.environ, patience=300)
        same("exit status of make", 0, outcome.code, outcome.log)
        for name in made:
            same(f"digest of {name}", trees.digest(f"{out}/{name}"),
                 trees.digest(f"{there}/elsewhere/{name}"))
    finally:
        trees.remove(f"{base}/another")


def check(report, base, out):
    for test in (installs, texts_say_where, reads_its_configuration, keeps_a_changed_configuration,
                 takes_all_away, mends_what_is_broken, touches_nothing_else, is_the_scp_where_there_is_none,
                 paths_fit_into_texts, one_version, same_bytes_elsewhere):
        report.run(f"staging: {test.__name__.replace('_', ' ')}", test, base, out)
