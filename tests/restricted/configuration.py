# SPDX-License-Identifier: ISC
"""
A configuration that is not one to serve with: nobody is served, by no way in; who asks reads one
line that says where, and so does the log.  And what the program says of one that is sound.
"""
import os
import subprocess
import time

import common
from stage import adapters, machine, sshd, transfers
from stage.machine import Person
from stage.report import holds, same

NAME = "configuration"
PEOPLE = [Person("anna", groups=("incoming",)), Person("carl", "BASE/bin/scp", ("partners",)),
          Person("dora", "BASE/bin/scp-shell"), Person("kim"), Person("emil")]
READY = ["10-scp-upload-only.conf", "30-scp-login-shell.conf"]
WAYS = ("anna", "carl", "dora", "kim", "emil")  # ForceCommand, both, login shell, key, drop-in

BROKEN = [
    # the file, and the line that is at fault
    ("log syslog\nno-such-key yes\n", 2),
    ("log syslog\n\n# a comment\n\toverwrite maybe\n", 4),
    ("max-file-size lots\n", 1),
    ("max-files 3 4\n", 1),
    ("umask 8\n", 1),
    ("root relative\n", 1),
    ("root /srv/../etc\n", 1),
    ("root /srv/%x\n", 1),
    ("upload-only yes\n", 1),
    ("overwrite\n", 1),
    ("hidden no\nhidden no\n", 2),
    ("replace atomic\nmatch user root\nmatch user anna,carl,dora,kim,emil\nreplace in-place\n", 4),
    ("root /srv/a\nmatch user anna,carl,dora,kim,emil\nroot /srv/b\n", 3),
    ("match user root nobody\n", 1),
    ("match user gone-from-here,*\n", 1),
    ("upload-only\ndownload-only\n", 2),
    ("match user root\n\troot /srv # where all is\n", 2),
    ("root /srv\\\n", 1),
    ("allow *.pdf *.txt\n", 1),
    ("rate 0/s\n", 1),
    ("match group no-group-of-that-name\n", 1),
    ("match user\n", 1),
    ("match host example.org\n", 1),
    ("match\n", 1),
    ("match user root\n\tno-such-key\n", 2),
    ("match user root\n\tmax-depth 5000\n", 2),
    ("group no-group-of-that-name\n", 1),
    ("group root\n", 1),
    ("allow a/b\n", 1),
    ("allow " + "x" * 2000 + "\n", 1),
    ("log syslog\0\n", 1),
    ("Log syslog\n", 1),
    ("log=syslog\n", 1),
    ("log syslog # everything\n", 1),
]


ASKED = ("scp -t new", "scp -f .", "scp -r -t new")


def is_turned_away(estate, name, reason, asked=ASKED[:1]):
    """Whatever is asked, one line says why, once to the client, and in a record."""
    estate.log.forget()
    for command in asked:
        got = common.talk(estate, name, command, b"C0644 4 file\nnew\n\0")
        same(f"{name}: exit status and standard error", (1, ""), (got.code, got.err), got.log)
        same(f"{name}: lines in the protocol", 1, len(got.out.splitlines()), got.log)
        holds(f"{name}: it says {reason!r}", got.out.startswith(f"\x01scp: {reason}"), got.log)
    found = [(r.event, r.fields["reason"].startswith(f"scp: {reason}")) for r in estate.log.take()]
    same(f"{name}: records", [("denied", True)] * len(asked), found)


def nothing_served(estate, names, reason):
    tops = [f"{estate.base}/srv", *(sshd.Account(name).home for name in names)]
    with common.unchanged(*tops):
        for name in names:
            is_turned_away(estate, name, reason, ASKED if names is WAYS else ASKED[:1])


def broken(estate, text, line, names):
    with machine.configured(text):
        nothing_served(estate, names, f"/etc/scp.conf, line {line}: ")


def not_roots(estate, mode, owner, reason):
    with machine.configured("log syslog\n", mode, owner):
        nothing_served(estate, WAYS, f"/etc/scp.conf: {reason}")


def not_a_file(estate):
    os.mkdir(machine.CONFIG)
    try:
        nothing_served(estate, WAYS, "/etc/scp.conf: it is not a regular file")
    finally:
        os.rmdir(machine.CONFIG)
    os.symlink("/nowhere", machine.CONFIG)
    try:
        nothing_served(estate, WAYS, "/etc/scp.conf: ")
    finally:
        os.remove(machine.CONFIG)


def missing_directories(estate):
    """A root or a start that is not there."""
    for text, where in ((f"root {estate.base}/srv/none\n", "srv/none"),
                        (f"root {estate.base}/srv/incoming\nstart none\n", "none")):
        with machine.configured(text):
            estate.log.forget()
            got = common.talk(estate, "dora", "scp -t new", b"")
            same("exit status and standard error", (1, ""), (got.code, got.err), got.log)
            holds(f"it says {where}", where in got.out and transfers.MISSING in got.out, got.log)
            same("records", ["denied"], [record.event for record in estate.log.take()])


def bad_options(estate):
    """Of the administrator's ForceCommand, or key; the line names the option."""
    for options in ("--no-such-key", "--hidden=maybe", "--upload-only=yes", "--root", "/srv",
                    "--root=relative", "--hidden=no --hidden=no"):
        estate.forced_key("kim", options)
        is_turned_away(estate, "kim", f"{options.split(' ')[0]}: ")


def clients_fail(estate, client, place):
    """No client takes it for success: its user would think that something has been copied."""
    source = transfers.put(f"{place.local}/file", b"new\n")
    with machine.configured("no-such-key\n"):
        sent = client.push([source], f"{place.remote}/new")
        got = client.pull([f"{place.remote}/new"], f"{place.local}/back")
    same("names there", [], os.listdir(place.remote))
    for outcome in (sent, got):
        common.refused_at_once(client, outcome, "/etc/scp.conf, line 1: ")


def in_world(world, client, place):
    clients_fail(world.estate, client, place)


def home_is_safe(estate):
    """Who may upload hidden files to his own home could have any shell he likes."""
    home = sshd.Account("kim").home
    for options, served in ((f"--root={home} --hidden=yes", False), (f"--root={home}", True),
                            ("--root=/ --hidden=yes", False), ("--hidden=yes", False),
                            (f"--root={home} --hidden=yes --download-only", None)):
        estate.forced_key("kim", options)
        got = common.talk(estate, "kim", f"scp -t {home}/file", b"C0644 4 file\nnew\n\0")
        same(f"{options}: served", bool(served), got.code == 0, got.log)
        if served is False:
            holds(f"{options}: it says why", "it holds the account's home" in got.out, got.log)
    os.remove(f"{home}/file")


def says(estate, *argv):
    """What the program itself says to root."""
    return subprocess.run([f"{estate.base}/bin/scp", *argv], text=True, check=False,
                          stdin=subprocess.DEVNULL, capture_output=True)


def checks_itself(estate):
    """`scp --check` judges the same file in the same words."""
    with machine.configured("log syslog\nmatch group incoming\n\tupload-only\n\tmax-files 7\n"):
        for name, lines in (("anna", ["upload-only", "max-files 7", "reveal no", "log syslog"]),
                            ("emil", ["max-files none", "reveal yes", "log syslog"])):
            got = says(estate, "--check", machine.CONFIG, name)
            same("exit status and standard error", (0, ""), (got.returncode, got.stderr))
            same(f"lines for {name}", [], [line for line in lines
                                           if line not in got.stdout.splitlines()])
            sentence, _, shown = got.stdout.partition("\n")
            holds(f"a sentence about {name}", sentence.startswith(f"{name}: uploads to "), sentence)
            path = sshd.write_text(f"{estate.base}/shown", shown)
            again = says(estate, "--check", path, name)
            same("what it shows can be read again", got.stdout, again.stdout, again.stderr)
    with machine.configured(BROKEN[0][0]):
        got = says(estate, "--check")
        same("exit status", 1, got.returncode, got.stdout)
        start = "scp: /etc/scp.conf, line 2: "
        holds(f"it begins with {start!r}", got.stderr.startswith(start), got.stderr)


def explains_itself(estate):
    """`scp --explain` says what `scp --serve` would do, and does nothing."""
    options = ["--upload-only", f"--root={estate.base}/srv/incoming"]
    with common.unchanged(f"{estate.base}/srv"):
        for command, code, word in (("scp -t new", 0, "served"), ("scp -t ../x", 1, "refused"),
                                    ("scp -f x", 1, "downloads are not allowed"),
                                    ("id", 1, "this account is for copying files alone")):
            got = says(estate, "--explain", command, *options)
            same(f"{command}: exit status", code, got.returncode, got.stdout + got.stderr)
            holds(f"{command}: it says {word!r}", word in got.stdout, got.stdout)


def check_files(report, estate):
    for number, (text, line) in enumerate(BROKEN):
        # All ways in for some; they are the same to the file.
        names = WAYS if number < 3 else ("anna",)
        report.run(f"{NAME}: {text[:40]!r}", broken, estate, text, line, names)
    owner = sshd.Account("emil").uid
    for mode, who, reason in ((0o644, owner, "it does not belong to root"),
                              (0o664, 0, "its group or others may write to it"),
                              (0o646, 0, "its group or others may write to it"),
                              (0o600, 0, "the account may not read it")):
        report.run(f"{NAME}: mode {mode:o} of {'root' if who == 0 else 'emil'}", not_roots, estate,
                   mode, who, reason)
    report.run(f"{NAME}: no file", not_a_file, estate)
    report.run(f"{NAME}: directories", missing_directories, estate)


def check(report, estate):
    start = time.monotonic()
    for name, owner in (("incoming", "anna"), ("partners/carl", "carl"), ("kim", "kim")):
        common.begin(estate, owner, f"{estate.base}/srv/{name}")
    estate.forced_key("kim", f"--root={estate.base}/srv/kim")
    with common.connection(estate, *WAYS):
        check_files(report, estate)
    for name, check_one in (("options", bad_options), ("home", home_is_safe),
                            ("--check", checks_itself), ("--explain", explains_itself)):
        report.run(f"{NAME}: {name}", check_one, estate)
    anna = common.begin(estate, "anna", f"{estate.base}/srv/incoming")
    common.each_client(report, NAME, anna, [("no client takes it for success", (), in_world)],
                       tuple(adapters.ALL))
    report.group(NAME, start)
