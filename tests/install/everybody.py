# SPDX-License-Identifier: ISC
"""
The first way in: the scp of every account, in sessions of all kinds, by the lines that the examples
and README.md have for each kind; and as /usr/bin/scp, on a host that has no other one.
"""
import os

import texts
from stage import installed, sshd
from stage.report import Skipped, holds, same

OURS, THEIRS = f"/usr/{installed.LIB}/scp", "/usr/bin/scp"
READY = "sshd_config.d/00-scp-every-account.conf"
ASK = "command -v scp"
PROFILE = "/etc/profile.d/scp-sink-source.sh"
SUDOERS = "/etc/sudoers.d"
ALLOWED = f"{SUDOERS}/10-test"


def path():
    """The PATH of the ready line, which README and the manual say as well."""
    line, = [line for line in sshd.read_text(f"{texts.EXAMPLES}/{READY}").splitlines()
             if line.startswith("SetEnv ")]
    same("README's line", f"{line}\n", texts.way(1)[0])
    page = sshd.read_text(f"/usr/{installed.MANUALS}/scp-sink-source.1")
    holds("the manual says the same", f"\n{line}\n" in page, line)
    return line.removeprefix("SetEnv PATH=")


def by_script(made, port, name, script):
    """What the account's shell says as a login shell, which gets SCRIPT to read."""
    with open(sshd.write_text(f"{made.base}/script", script + "\n"), "rb") as file:
        return made.ssh(name, host=made.host(name, port), options=["-T"], stdin=file)


def by_bash(made, port, name, script):
    return made.ssh(name, f"bash -lc '{script}'", host=made.host(name, port))


def by_command(made, port, name, script):
    return made.ssh(name, script, host=made.host(name, port))


LOGIN_SHELLS = (by_script, by_bash)


def found(made, port, kinds, expected):
    for name in ("emil", "bert"):
        for kind in kinds:
            got = kind(made, port, name, ASK)
            same(f"the scp of {name}, {kind.__name__}", expected, got.out.strip(), got.log)


def roots_commands(made, port):
    """The PATH is root's, too."""
    made.write_keys("root", made.public_key())
    for command in ("command -v useradd", "useradd -D"):
        got = made.ssh("root", command, host=made.host("root", port))
        same(f"exit status of {command!r}", 0, got.code, got.log)
    found(made, port, [by_command], OURS)


def login_shells(made, port):
    """Those of sh and bash find the other one, and ours with the example."""
    found(made, port, LOGIN_SHELLS, THEIRS)
    texts.as_root(f"cp {texts.EXAMPLES}/profile.d/scp-sink-source.sh {PROFILE}")
    found(made, port, LOGIN_SHELLS, OURS)
    got = by_script(made, port, "bert", "printf 'C0644 6 x\\nhello\\n\\0' | scp -t .")
    same("exit status", 0, got.code, got.log)
    same("content", "hello\n", sshd.read_text(f"{sshd.Account('bert').home}/x"))
    os.remove(PROFILE)


def under_sudo(made, port):
    """A PATH of its own, by the lines that the example shows."""
    if not os.path.exists("/usr/bin/sudo"):
        raise Skipped("there is no sudo")
    sshd.write_text(ALLOWED, "emil ALL=(ALL) NOPASSWD: ALL\n", 0o440)
    ask = f"sudo -n sh -c '{ASK}'"
    got = by_command(made, port, "emil", ask)
    same("the scp of sudo", THEIRS, got.out.strip(), got.log)
    texts.typed(texts.shown("sudoers.d/scp-sink-source")[0])
    got = by_command(made, port, "emil", ask)
    same("the scp of sudo, with the example", OURS, got.out.strip(), got.log)
    got = by_command(made, port, "emil", "sudo -n scp --version")
    holds("it is this one", got.out.startswith("scp-sink-source "), got.log)
    os.remove(f"{SUDOERS}/scp-sink-source")


def check(report, made, port):
    for name, test in (("root's commands", roots_commands), ("login shells", login_shells),
                       ("sudo", under_sudo)):
        report.run(f"ways: for everybody, {name}", test, made, port)


def alone(made, out):
    """As README has it: all kinds of sessions find it, and nobody is told a PATH."""
    where = {"PREFIX": "/usr", "BINDIR": "/usr/bin"}
    os.rename(THEIRS, f"{THEIRS}.away")
    try:
        installed.made(out, "install", **where)
        with made.server(env={"PATH": "/usr/local/bin:/usr/bin:/bin"}) as port:
            found(made, port, (*LOGIN_SHELLS, by_command), THEIRS)
            for kind in (*LOGIN_SHELLS, by_command):
                got = kind(made, port, "bert", "scp --version")
                holds(f"it is ours, {kind.__name__}", "scp-sink-source " in got.out, got.log)
        installed.made(out, "uninstall", **where)
    finally:
        os.rename(f"{THEIRS}.away", THEIRS)


def check_alone(report, made, out):
    report.run("ways: for everybody, where there is no other scp", alone, made, out)
