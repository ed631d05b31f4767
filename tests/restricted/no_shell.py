# SPDX-License-Identifier: ISC
"""
There is nothing but scp behind a restricted account of "protocol scp": no other command, no shell, no SFTP, no
forwarding, whichever of the ready set-ups it has; and nothing is executed.
"""
import os
import pty
import re
import struct
import subprocess
import time

import common
import refusals
from stage import adapters, estate as estates, machine, process, sshd, transfers, trees
from stage.machine import Person
from stage.report import Skipped, holds, same

NAME = "no-shell"
PEOPLE = [Person("anna", groups=("incoming",)), Person("bea", groups=("outgoing",)), Person("kim"),
          Person("carl", "BASE/bin/scp", ("partners",)), Person("dora", "BASE/bin/scp-shell"),
          Person("hedy", groups=("talkative",)), Person("emil")]
READY = ["10-scp-upload-only.conf", "20-scp-download-only.conf", "30-scp-login-shell.conf"]
RESTRICTED = ("anna", "bea", "kim", "carl", "dora")
LOCKED = {
    "permittty": "no", "permituserrc": "no", "permittunnel": "no", "disableforwarding": "yes",
    "allowtcpforwarding": "no", "allowstreamlocalforwarding": "no", "allowagentforwarding": "no",
    "x11forwarding": "no",
}

def interactive(estate, name):
    """One friendly line, with and without a terminal; no shell reads what is typed."""
    common.one_line(estate.ssh(name), common.NO_SHELL)
    ours, theirs = pty.openpty()
    try:
        os.write(ours, b"id\nexit 0\n")
        got = estate.ssh(name, stdin=theirs)
    finally:
        os.close(ours)
        os.close(theirs)
    said = got.text.replace("\r\n", "\n")
    same("exit status at a terminal", 1, got.code, got.log)
    holds("it says so at a terminal", common.NO_SHELL in said, got.log)
    holds("nobody does what is typed", "uid=" not in said, got.log)


def sftp_words(estate, name):
    """Whatever asks for SFTP, and what it is expected to show of what the server says."""
    host = estate.host(name)
    source, fetched = f"{estate.base}/key.pub", f"{estate.base}/fetched"
    ssh = ["-F", host.config, *(["-o", "LogLevel=INFO"] if name == "hedy" else [])]
    putty = common.pscp_words(adapters.Pscp(host, estate.env))
    return {
        "sftp": ["/usr/bin/sftp", "-b", "/dev/null", *ssh, "server"],
        "scp -r": ["/usr/bin/scp", "-s", "-B", "-r", *ssh, f"{estate.base}/bin", "server:new"],
        "scp": ["/usr/bin/scp", "-s", "-B", *ssh, source, "server:new"],
        "scp down": ["/usr/bin/scp", "-s", "-B", *ssh, "server:file", fetched],
        "psftp": ["/usr/bin/psftp", "-b", "/dev/null", *putty, "127.0.0.1"],
        "pscp": ["/usr/bin/pscp", "-sftp", *putty, source, "127.0.0.1:new"],
        "pscp -ls": ["/usr/bin/pscp", *putty, "-ls", "127.0.0.1:."],
    }


def run_sftp(estate, name, client):
    argv = sftp_words(estate, name)[client]
    if not os.path.exists(argv[0]):
        raise Skipped(f"there is no {argv[0]}")
    estate.log.forget()
    tops = [f"{estate.base}/srv", sshd.Account(name).home]
    with common.unchanged(*tops):
        got = common.run(estate, *argv)
    holds("nothing was fetched", not os.path.exists(f"{estate.base}/fetched"), got.log)
    return got


def no_sftp(estate, name, client):
    """It fails, nothing is read, written or listed, and the log says why."""
    got = run_sftp(estate, name, client)
    holds("the client fails", got.code != 0 or client == "psftp", got.log)
    holds("it lists nothing", "incoming" not in got.out and "file" not in got.out, got.log)
    reasons = {record.fields.get("reason") for record in estate.log.take()}
    same("reasons in the log", {f"scp: {common.ONLY_SCP}"}, reasons, got.log)


def reads_sentence(estate, name, client):
    """
    sshd shows nobody the standard error of a subsystem, so that only what is said in SFTP reaches
    the person at the client.  sftp, and scp -r, show the message of a status; others do not.
    """
    got = run_sftp(estate, name, client)
    holds(f"the person reads {common.ONLY_SCP!r}", common.ONLY_SCP in got.text, got.log)


def packet(kind, number, *strings):
    """A request of SFTP."""
    body = struct.pack(">BI", kind, number)
    for string in strings:
        body += struct.pack(">I", len(string)) + string
    return struct.pack(">I", len(body)) + body


def answers(data):
    """The packets in DATA: kind, number, and the rest."""
    found = []
    while data:
        size, kind, number = struct.unpack(">IBI", data[:9])
        found.append((kind, number, data[9:4 + size]))
        data = data[4 + size:]
    return found


def sftp_by_hand(estate, name):
    """OPEN, OPENDIR, STAT, REMOVE, MKDIR, REALPATH and one that is none: a refusal each."""
    asked = [packet(kind, number, estate.base.encode() + b"/srv/incoming", bytes(8))
             for number, kind in enumerate((3, 11, 17, 13, 14, 16, 99), 1)]
    with common.unchanged(f"{estate.base}/srv"):
        got = common.talk(estate, name, "sftp", packet(1, 3) + b"".join(asked), ["-s"])
    first, *rest = answers(got.out.encode())
    same("the greeting", (2, 3, b""), first, got.log)
    refusal = struct.pack(">II", 3, len(common.ONLY_SCP)) + common.ONLY_SCP.encode()
    same("kinds and numbers of the answers", [(101, number + 1) for number in range(len(asked))],
         [answer[:2] for answer in rest], got.log)
    same("refusals", [True] * len(asked), [answer[2].startswith(refusal) for answer in rest])


def sentence_by_command(estate, name):
    got = estate.ssh(name, "/usr/lib/openssh/sftp-server")
    common.one_line(got, f"scp: {common.ONLY_SCP}\n")


def internal_sftp(estate, port):
    """Where sshd serves SFTP itself, a ForceCommand keeps it from that, no login shell does."""
    for name in RESTRICTED:
        host = estate.host(name, port)
        got = common.run(estate, "/usr/bin/sftp", "-b", "-", "-F", host.config, "server")
        served = "Need cwd" not in got.text and got.code == 0
        same(f"{name} is served SFTP", name == "dora", served, got.log)


def locked(estate, name):
    """sshd's own opinion of an account that the ready lines are for."""
    config = f"{estate.base}/sshd_config-{estate.port}"
    told = subprocess.run(["/usr/sbin/sshd", "-T", "-f", config, "-C",
                           f"user={name},host=localhost,addr=127.0.0.1"], text=True, check=True,
                          stdout=subprocess.PIPE, stdin=subprocess.DEVNULL).stdout
    found = dict(line.split(" ", 1) for line in told.splitlines() if " " in line)
    same(f"what is locked for {name}", LOCKED, {key: found.get(key) for key in LOCKED})
    holds("there is a ForceCommand", "scp --serve" in found.get("forcecommand", ""), found)


def passes(estate, name):
    """sshd -t has nothing to say of a ready file."""
    text = f"HostKey {estate.base}/hostkey\n" + estate.ready(f"sshd_config.d/{name}")
    path = sshd.write_text(f"{estate.base}/sshd_config-alone", text)
    got = common.run(estate, "/usr/sbin/sshd", "-t", "-f", path)
    same("exit status and words", (0, ""), (got.code, got.text))


def no_forwarding(estate, name):
    to_sshd = ["-W", f"127.0.0.1:{estate.port}"]
    sockets = f"{estate.base}/sockets-{name}"
    os.mkdir(sockets)
    os.chmod(sockets, 0o777)
    back = ["-o", "ExitOnForwardFailure=yes", "-R", f"{sockets}/back:127.0.0.1:{estate.port}"]
    tcp = ["-o", "ExitOnForwardFailure=yes", "-R", f"127.0.0.1:0:127.0.0.1:{estate.port}"]
    got = process.run(["/usr/bin/ssh", *to_sshd, "-F", estate.host(name).config, "server"],
                      estate.env)
    free = name == "emil"
    same("a connection from there", free, got.out.startswith("SSH-2.0"), got.log)
    for options in (back, tcp):
        got = estate.ssh(name, "scp -t x" if not free else "true", options=options)
        same(f"{options[-1]} is refused", not free, "forwarding failed" in got.err, got.log)


def no_user_rc(estate, name):
    """sshd runs it with a shell of its own choice, if it does."""
    account = sshd.Account(name)
    ssh = f"{account.home}/.ssh"
    os.makedirs(ssh, exist_ok=True)
    sshd.write_text(f"{ssh}/rc", f"touch {account.home}/rc-was-run\n")
    sshd.must(["chown", "-R", name, account.home])
    estate.ssh(name, "id")
    same(f"the rc of {name} was run", name == "emil", os.path.exists(f"{account.home}/rc-was-run"))


def environment(estate, name):
    """What sshd lets the client put there is no command but the client's, and changes nothing."""
    words = ["-o", "SendEnv=SSH_ORIGINAL_COMMAND SSH_CONNECTION SSH_USER_AUTH"]
    for sent, asked, reason in (("id", None, refusals.ALONE),
                                ("id", "scp x", refusals.NEITHER),
                                ("scp -t x", "id", refusals.ALONE)):
        estate.log.forget()
        got = estate.ssh(name, *([asked] if asked else []), options=words,
                         env={"SSH_ORIGINAL_COMMAND": sent, "SSH_CONNECTION": "192.0.2.1 1 x 2"})
        same("exit status and standard output", (1, ""), (got.code, got.out), got.log)
        holds(f"it says {reason!r}", reason in got.err, got.log)
        same("address in the log", "127.0.0.1", estate.log.take()[0].fields["address"])


EXECUTES = re.compile(r"(\d+) +(execve|execveat|fork|vfork|clone|clone3)\(")


def read_trace(path, scp):
    """Of each process that became SCP: what it executed or began after that."""
    became = {}
    for line in sshd.read_text(path).splitlines():
        found = EXECUTES.match(line)
        pid = line.split(" ")[0]
        if pid in became and found:
            became[pid].append(line)
        elif found and found[2] == "execve" and f'("{scp}"' in line:
            became[pid] = []
    return became


def trace_sessions(estate, port):
    """Transfers both ways with patterns, and refusals; returns how many sessions there were."""
    asked = [("anna", "scp -r -t ."), ("kim", "scp -r -f '.' *"), ("kim", "scp -f {a,*.p*}"),
             ("anna", "scp -t `id`"), ("anna", "id"), ("carl", "scp -t x"), ("dora", "id"),
             ("dora", "scp -f ~/x"), ("dora", "/usr/lib/openssh/sftp-server")]
    for name, command in asked:
        estate.ssh(name, command, host=estate.host(name, port))
    tree = trees.build(f"{estate.base}/traced", common.UNLINKED)
    client = adapters.OpenSSH(estate.host("anna", port), estate.env)
    transfers.well(client.push([tree], "/", recursive=True))
    return len(asked) + 1


def nothing_is_executed(estate):
    if not os.path.exists("/usr/bin/strace"):
        raise Skipped("there is no strace")
    path = f"{estate.base}/trace"
    strace = ["/usr/bin/strace", "-D", "-f", "-q", "-s", "200", "-o", path, "-e",
              "trace=execve,execveat,fork,vfork,clone,clone3"]
    # What looks for leaks at the end does it from another process.
    quiet = {"ASAN_OPTIONS": "detect_leaks=0"}
    with estate.server(before=strace, env=quiet) as port:
        sessions = trace_sessions(estate, port)
    found = read_trace(path, f"{estate.base}/bin/scp")
    shells = read_trace(path, f"{estate.base}/bin/scp-shell")
    same("sessions", sessions, len(found) + len(shells))
    same("what they executed", [], [line for lines in [*found.values(), *shells.values()]
                                    for line in lines])


def config(estate):
    """Where those are whose login shell has nothing else to say it; nobody forces one on dora."""
    return "protocol scp\n" + "".join(f"match user {name}\n\troot {estate.base}/srv/{where}\n"
                   for name, where in (("dora", "dora"), ("carl", "partners/carl")))


def banner(estate):
    """The ready lines for hedy, with a banner."""
    text = estate.ready("sshd_config.d/10-scp-upload-only.conf")
    path = f"{estate.base}/scp-only.txt"
    sshd.write_text(path, common.ONLY_SCP + "\n")
    return text.replace("Match Group incoming\n",
                        f"Match Group talkative\n\tBanner {path}\n")


def check_all(report, estate):
    for name in ("anna", "kim", "carl"):
        report.run(f"{NAME}: refuse commands of {name}", refusals.refuse_commands, estate,
                   name, [(common.ONLY_SCP, refusals.SERVING)])
    report.run(f"{NAME}: refuse commands of dora", refusals.refuse_commands, estate, "dora",
               [])
    report.run(f"{NAME}: refuse much", refusals.refuse_much, estate, "anna")
    report.run(f"{NAME}: quotes", refusals.quotes_are_no_escape, estate)
    for name in RESTRICTED:
        report.run(f"{NAME}: interactive login of {name}", interactive, estate, name)
        report.run(f"{NAME}: sftp-server as a command of {name}", sentence_by_command, estate, name)
        for client in sftp_words(estate, name):
            if name in ("anna", "dora"):
                report.run(f"{NAME}: no SFTP for {name}, {client}", no_sftp, estate, name, client)
        report.run(f"{NAME}: SFTP by hand for {name}", sftp_by_hand, estate, name)
    for client in ("sftp", "scp -r"):
        report.run(f"{NAME}: {client} says why", reads_sentence, estate, "kim", client)
    for client in ("sftp", "scp -r", "scp", "scp down", "psftp"):
        report.run(f"{NAME}: {client} says why, by a banner", reads_sentence, estate, "hedy",
                   client)
    for name in sorted(os.listdir(f"{estates.PACKAGING}/sshd_config.d")):
        report.run(f"{NAME}: sshd -t and {name}", passes, estate, name)
    for name in ("anna", "bea", "carl"):
        report.run(f"{NAME}: sshd has {name} locked", locked, estate, name)
    for name in ("anna", "bea", "kim", "carl", "emil"):
        report.run(f"{NAME}: forwarding for {name}", no_forwarding, estate, name)
        report.run(f"{NAME}: rc of {name}", no_user_rc, estate, name)
    for name in ("anna", "kim"):
        report.run(f"{NAME}: environment of {name}", environment, estate, name)
    report.run(f"{NAME}: nothing is executed", nothing_is_executed, estate)


def check(report, estate):
    start = time.monotonic()
    for name, owner in (("incoming", "anna"), ("outgoing", "kim"), ("partners/carl", "carl"),
                        ("dora", "dora")):
        common.begin(estate, owner, f"{estate.base}/srv/{name}")
    estate.write_keys("kim", estate.ready_key("puller"))
    estate.serve("40-banner.conf", banner(estate))
    with machine.configured(config(estate)), estate.server() as estate.port:
        check_all(report, estate)
        with estate.server(sftp="internal-sftp") as port:
            report.run(f"{NAME}: sshd serves SFTP itself", internal_sftp, estate, port)
    report.group(NAME, start)
