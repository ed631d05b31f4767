# SPDX-License-Identifier: ISC
"""
Accounts whose login shell is scp, with and without a ForceCommand, and with homes full of start-up
files.  What they may do is said in /etc/scp.conf, which nothing that a client sends can widen.
"""
import os
import time

import common
from common import refused
from stage import adapters, machine, sshd, transfers
from stage.machine import Person
from stage.report import holds, same

NAME = "login-shell"
PEOPLE = [Person("carl", "BASE/bin/scp", ("partners",)),
          Person("cora", "BASE/bin/scp-shell", ("partners", "guests")),
          Person("dora", "BASE/bin/scp-shell"), Person("nina", "BASE/bin/scp"),
          Person("hugo", "BASE/bin/scp"), Person("bob", "/bin/bash")]
READY = ["30-scp-login-shell.conf"]
# hugo's ForceCommand allows less than the file does, or tries to allow more.
FORCED = """\
Match User hugo
	ForceCommand /usr/bin/scp --serve --upload-only --hidden=yes --overwrite=yes --max-files 3
"""
NO_DOTS = "names that begin with a dot are not allowed"
NO_NAME = "this name is not allowed"
START_UP = (".bashrc", ".profile", ".bash_profile", ".bash_login", ".zshenv", ".cshrc", ".kshrc",
            ".ssh/rc", ".ssh/environment")
LOCKED = ("carl", "cora")       # by the ready lines, so that sshd does not care for an rc
TALK = 'echo "Welcome, and do not forget the milk!"; touch "$HOME/it-was-read"\n'

# Before and after the ready one.
FOR_ALL = "# Of everybody\ndeny *.exe\n"
BLOCKS = """\
match user dora
	root BASE/srv/dora
	hidden yes
	symlinks beneath
match group guests
	deny *.bat
	max-files 2
match user nina
	upload-only
	root BASE/srv/nina
	overwrite no
	max-file-size 1K
match user hugo
	root BASE/srv/hugo
	overwrite backup
"""


def example(estate):
    """The configuration that the ready lines show in a comment, from its first line to its last."""
    text = estate.ready("sshd_config.d/30-scp-login-shell.conf")
    shown = text[text.index("#\tlog syslog"):].split("\n#\n")[0]
    return "".join(line.removeprefix("#\t") + "\n" for line in shown.splitlines())


def talkative_homes():
    """Every file that some shell, or sshd, would read, with output that ruins a transfer."""
    for person in PEOPLE:
        home = sshd.Account(person.name).home
        os.mkdir(f"{home}/.ssh")
        for name in START_UP if person.name in LOCKED else START_UP[:-2]:
            sshd.write_text(f"{home}/{name}", TALK)
        sshd.must(["chown", "-R", person.name, home])


def both_ways(world, client, place):
    """A file each way: there is nothing else in it, and nobody has read a start-up file."""
    source = transfers.put(f"{place.local}/file", b"both ways\n")
    transfers.well(client.push([source], f"{place.remote}/file"))
    transfers.well(client.pull([f"{place.remote}/file"], f"{place.local}/back"))
    same("content", b"both ways\n", transfers.get(f"{place.local}/back"))
    same("a start-up file was read", False, os.path.exists(f"{world.account.home}/it-was-read"))


def ruined_by_bash(estate):
    """That these files matter: with an ordinary shell they are read, and nothing can be copied."""
    client = adapters.OpenSSH(estate.host("bob"), estate.env)
    outcome = client.push([f"{estate.base}/key.pub"], f"{sshd.Account('bob').home}/new")
    holds("the transfer fails", outcome.code != 0, outcome.log)
    holds("bash read them", os.path.exists(f"{sshd.Account('bob').home}/it-was-read"), outcome.log)


def interactive(estate, name):
    common.one_line(estate.ssh(name), common.NO_SHELL)


def keeps_backups(_world, client, place):
    """As the ready configuration has it."""
    for number in range(3):
        source = transfers.put(f"{place.local}/file", b"%d\n" % number)
        transfers.well(client.push([source], f"{place.remote}/file"))
    same("names and contents", {"file": b"2\n", "file.~1~": b"0\n", "file.~2~": b"1\n"},
         {name: transfers.get(f"{place.remote}/{name}") for name in os.listdir(place.remote)})


def large(_world, client, place):
    """A size that is never sent: two gibibytes and one byte."""
    path = f"{place.local}/large"
    with open(path, "wb") as file:
        file.truncate((2 << 30) + 1)
    refused(client, client.push([path], place.remote), "larger than allowed")


def push_names(world, names):
    """Empty files of these names; those that arrived, and what was said."""
    with world.place() as place:
        client = adapters.OpenSSH(world.host, world.env)
        sources = [transfers.put(f"{place.local}/{name}", b"") for name in names]
        outcome = client.push(sources, place.remote)
        return sorted(os.listdir(place.remote)), outcome


def everybody_and_groups(worlds):
    """The beginning of the file is for all, a block for those whom it names: it takes more away."""
    names = ["a.exe", "b.bat", "c", "d", "e"]
    for name, arrived, why in (("carl", ["b.bat", "c", "d", "e"], NO_NAME),
                               ("cora", ["c", "d"], "more files than allowed"),
                               ("dora", ["b.bat", "c", "d", "e"], NO_NAME)):
        found, outcome = push_names(worlds[name], names)
        same(f"what arrives from {name}", arrived, found, outcome.log)
        holds(f"the reason is {why!r}", why in outcome.text, outcome.log)


def roots(worlds):
    """Nobody is in the directory of another one."""
    for name, other in (("carl", "cora"), ("cora", "carl"), ("dora", "carl"), ("nina", "dora")):
        world = worlds[name]
        client = adapters.OpenSSH(world.host, world.env)
        with world.place() as place, common.unchanged(worlds[other].root):
            source = transfers.put(f"{place.local}/file", b"")
            refused(client, client.push([source], f"{worlds[other].root}/file"), "")
            refused(client, client.push([source], f"/../{other}/file"), "")


# What a client can say to a login shell that might be taken for an administrator's ForceCommand,
# if sshd has it accept the variable for what was then asked for.
WIDER = ["--hidden=yes", "--overwrite=yes", "--max-file-size=none", "--max-file-size 1T",
         "--symlinks=beneath", "--recursive=yes --mkdir=yes", "--reveal=yes", "--log=stderr",
         "--log=none", "--start=/", "--allow=*", "--modes=client", "--umask=0", "--times=client",
         "--file-mode=7777", "--dir-mode=7777", "--max-depth=2048", "--min-free=0",
         "--log-format=json", "--log-facility=local0"]
ERRORS = ["--root=/", "--root=/etc", "--root", "--serve", "--check", "-t x", "x", "--hidden yes no",
          "--upload-only=no", "--no-such-key",
          "--hidden=yes --hidden=yes", "--download-only --upload-only x", "--overwrite=always"]
TRIES = [
    # the client's request, what it sends, and the name that may not be new or other afterwards
    ("scp -t .hidden", b"C0644 3 x\nnew\0", ".hidden"),
    ("scp -t there", b"C0644 3 x\nnew\0", "there"),
    ("scp -t much", b"C0644 2000 x\n" + bytes(2001), "much"),
    ("scp -t link/x", b"C0644 3 x\nnew\0", "directory/x"),
    ("scp -t none/x", b"C0644 3 x\nnew\0", "none"),
    ("scp -f there", b"\0\0\0", "there"),
]


def as_forced(estate, options, request, data):
    """nina pretends to be an administrator who forces a command with OPTIONS."""
    return common.talk(estate, "nina", f"scp --serve {options}", data,
                       ["-o", "SendEnv=SSH_ORIGINAL_COMMAND"], {"SSH_ORIGINAL_COMMAND": request})


def prepare_nina(world):
    transfers.put(f"{world.root}/there", b"old\n")
    os.mkdir(f"{world.root}/directory")
    os.symlink("directory", f"{world.root}/link")
    world.give(world.root)


def nothing_widens(world):
    """Whatever the options, the answer is that to the plain request, or none at all."""
    estate = world.estate
    with common.connection(estate, "nina"):
        for request, data, name in TRIES:
            plain = common.talk(estate, "nina", request, data)
            with common.unchanged(world.root, times_of_dirs=False):
                for options in WIDER:
                    got = as_forced(estate, options, request, data)
                    same(f"{options}: answer to {request!r}", (plain.code, plain.text),
                         (got.code, got.text), got.log)
            same(f"{name} is there", name == "there", os.path.exists(f"{world.root}/{name}"))


def no_log_to_read(world):
    """Where there is none, a client cannot have one that tells him what he must not know."""
    config = f"match user nina\n\tupload-only\n\troot {world.root}\n\tlog none\n"
    with machine.configured(config):
        for request, data, _ in TRIES:
            got = as_forced(world.estate, "--log=stderr", request, data)
            same(f"exit status of {request!r}", 1, got.code, got.log)
            for word in ("session", "refused", "begin with a dot"):
                holds(f"{word!r} is in no answer to {request!r}", word not in got.text, got.log)


def no_root_no_service(worlds):
    """An account for which none is set: it is not the client who says one, either."""
    world = worlds["dora"]
    estate = world.estate
    reason = "scp: /etc/scp.conf: no root is set for this account"
    configs = ["log syslog\n", "log syslog\nmatch group guests\n\troot /\n",
               "match user dora\n\tupload-only\n\tstart /tmp\n"]
    with common.unchanged(world.account.home, world.root, times_of_dirs=False):
        for config in configs:
            with machine.configured(config):
                for words, variable in (("scp -t /tmp/new", None), ("scp -f /etc/passwd", None),
                                        ("scp --serve --root=/", "scp -f /etc/passwd")):
                    estate.log.forget()
                    env = {"SSH_ORIGINAL_COMMAND": variable} if variable else {}
                    got = common.talk(estate, "dora", words, b"\0\0",
                                      ["-o", "SendEnv=SSH_ORIGINAL_COMMAND"], env)
                    same(f"{config!r}, {words}: exit status and output",
                         (1, f"\x01{reason}\n", ""), (got.code, got.out, got.err))
                    same("records", [("denied", variable or words, reason)],
                         [(record.event, record.fields["request"], record.fields["reason"])
                          for record in estate.log.take()])


def whole_system_is_said(worlds):
    """Whoever wants that says so, once for all or for some."""
    world = worlds["dora"]
    for config in ("root /\n", "match group partners\n\troot /srv\nmatch user dora\n\troot /\n"):
        with machine.configured(config), world.place() as place:
            both_ways(world, adapters.OpenSSH(world.host, world.env), place)


def errors_are_refused(world):
    request, data, _ = TRIES[0]
    with common.unchanged(world.root), common.connection(world.estate, "nina"):
        for options in ERRORS:
            got = as_forced(world.estate, options, request, data)
            same(f"{options}: exit status and standard error", (1, ""), (got.code, got.err), got.log)
            same(f"{options}: lines in the protocol", ("\x01", 1),
                 (got.out[:1], len(got.out.splitlines())), got.log)


def narrowing_is_obeyed(world):
    """It is an administrator's to forbid more; a client who does so forbids it to himself."""
    got = as_forced(world.estate, "--deny=x*", "scp -t xyz", b"C0644 0 x\n\0")
    holds("it was refused", transfers.DENIED in got.out, got.log)
    got = as_forced(world.estate, "--deny=y*", "scp -t xyz", b"C0644 0 x\n\0")
    same("exit status", 0, got.code, got.log)
    os.remove(f"{world.root}/xyz")


def environment_is_ignored(world):
    """Without options a command is a command, whatever the variable says."""
    estate = world.estate
    words = {"options": ["-o", "SendEnv=SSH_ORIGINAL_COMMAND"],
             "env": {"SSH_ORIGINAL_COMMAND": "scp -t fine"}}
    with common.unchanged(world.root, times_of_dirs=False):
        same("exit status", 0, estate.ssh("nina", "scp -t well", **words).code)
        common.one_line(estate.ssh("nina", "id", **words),
                        "scp: not served: this account is for copying files alone\n")
        common.one_line(estate.ssh("nina", **words), common.NO_SHELL)
        for serve in ("scp --serve --hidden=yes -t .x", "scp --serve --hidden=yes",
                      "/x/scp --serve --root=/ --hidden=yes"):
            common.one_line(estate.ssh("nina", serve), common.NO_SHELL)


def rc_is_not_run(world):
    """Where sshd would run it by way of the login shell, it is a command like any other."""
    estate = world.estate
    home = world.account.home
    sshd.write_text(f"{home}/.ssh/rc", TALK)
    try:
        got = estate.ssh("nina", "scp -t well")
    finally:
        os.remove(f"{home}/.ssh/rc")
    same("exit status and standard output", (0, "\0"), (got.code, got.out), got.log)
    same("the rc was run", False, os.path.exists(f"{home}/it-was-read"))


def forced_and_shell(world):
    """A ForceCommand narrows what the file allows, and cannot widen what the defaults leave."""
    client = adapters.OpenSSH(world.host, world.env)
    names = ["a.exe", ".b", "c", "d", "e", "f"]
    found, outcome = push_names(world, names)
    same("what arrives", ["c", "d", "e"], found, outcome.log)
    for why in (NO_NAME, NO_DOTS, "more files than allowed"):
        holds(f"it says {why!r}", why in outcome.text or transfers.DENIED in outcome.text,
              outcome.log)
    with world.place() as place:
        for content in (b"old\n", b"new\n"):
            transfers.well(client.push([transfers.put(f"{place.local}/file", content)],
                                       f"{place.remote}/file"))
        same("names there", ["file", "file.~1~"], sorted(os.listdir(place.remote)))
        outcome = client.pull([f"{place.remote}/file"], place.local)
        common.refused_at_once(client, outcome, "downloads are not allowed")


EVERYBODY = [
    # of e2e's own checks, those in which a shell had a part, or a link, or a hidden name
    "push a file and its times", "push a tree and its times", "pull a tree and its times",
    "push files to a directory", "pull by a pattern",
    "pull files, one of them missing", "pull operands, one of them missing",
]
CHECKS = [
    ("both ways", (), both_ways),
    ("push odd names", ("odd names",), common.push_odd_names),
    ("pull odd names", ("odd names",), common.pull_odd_names),
] + [row for row in transfers.CHECKS if row[0] in EVERYBODY]
READY_CHECKS = [("backups", (), keeps_backups), ("larger than allowed", ("reasons",), large),
                ("both ways", (), both_ways)]


def check_all(report, estate, worlds):
    report.run(f"{NAME}: files that ruin a transfer", ruined_by_bash, estate)
    for person in PEOPLE[:-1]:
        report.run(f"{NAME}: interactive login of {person.name}", interactive, estate, person.name)
    common.each_client(report, NAME, worlds["dora"], CHECKS)
    for name in ("carl", "cora"):
        common.each_client(report, f"{NAME}, {name} with a ForceCommand", worlds[name],
                           [READY_CHECKS[-1]], (adapters.OpenSSH, adapters.Pscp))
    for name, check_one, argument in (
            ("match blocks", everybody_and_groups, worlds), ("roots", roots, worlds),
            ("nothing widens", nothing_widens, worlds["nina"]),
            ("errors are refused", errors_are_refused, worlds["nina"]),
            ("narrowing is obeyed", narrowing_is_obeyed, worlds["nina"]),
            ("environment is ignored", environment_is_ignored, worlds["nina"]),
            ("the rc is not run", rc_is_not_run, worlds["nina"]),
            ("ForceCommand and login shell", forced_and_shell, worlds["hugo"])):
        report.run(f"{NAME}: {name}", check_one, argument)


def check(report, estate):
    start = time.monotonic()
    estate.serve("40-forced.conf", FORCED)
    talkative_homes()
    worlds = {name: common.begin(estate, name, f"{estate.base}/srv/{where}") for name, where in (
        ("carl", "partners/carl"), ("cora", "partners/cora"), ("dora", "dora"), ("nina", "nina"),
        ("hugo", "hugo"))}
    prepare_nina(worlds["nina"])
    ready = example(estate)
    with estate.server() as estate.port:
        for world in worlds.values():
            world.host = estate.host(world.account.name)
        with machine.configured(ready):
            common.each_client(report, f"{NAME}, as it is ready", worlds["carl"], READY_CHECKS,
                               (adapters.OpenSSH, adapters.Pscp, adapters.PythonScp))
        with machine.configured(FOR_ALL + ready + BLOCKS.replace("BASE", estate.base)):
            check_all(report, estate, worlds)
        for name, check_one, argument in (("no log to read", no_log_to_read, worlds["nina"]),
                                          ("no root", no_root_no_service, worlds),
                                          ("the whole system", whole_system_is_said, worlds)):
            report.run(f"{NAME}: {name}", check_one, argument)
    report.group(NAME, start)
