# SPDX-License-Identifier: ISC
"""Completion in an interactive bash, as who presses the tabulator sees it."""
import os
import pty
import re
import select
import signal
import time

from stage import process, sshd
from stage.report import Failed, same
from stage.installed import TOP

SCRIPT = f"{TOP}/packaging/completion.bash"
PATIENCE = 60               # seconds for bash to say something
READY = "bash-is-ready"
# What is typed before a tabulator and a dot, and the words that the line has then: the dot is a word
# of its own where a blank came before it.
TYPED = [
    ("--ser", ["--serve", "."]),
    ("--ch", ["--check", "."]),
    ("--vers", ["--version", "."]),
    ("--serve --upl", ["--serve", "--upload-only", "."]),
    ("--serve --down", ["--serve", "--download-only", "."]),
    ("--serve --overw", ["--serve", "--overwrite=."]),
    ("--serve --overwrite=b", ["--serve", "--overwrite=backup", "."]),
    ("--serve --sandbox=r", ["--serve", "--sandbox=require", "."]),
    ("--serve --log-facility=authp", ["--serve", "--log-facility=authpriv", "."]),
    ("--serve --max-file-size=", ["--serve", "--max-file-size=."]),
    ("--serve --max-fil", ["--serve", "--max-file."]),
    ("--explain 'scp -t x' --symlinks=n", ["--explain", "scp -t x", "--symlinks=never", "."]),
    ("--explain --upl", ["--explain", "--upl."]),
    ("--serve --root=HERE/fo", ["--serve", "--root=HERE/folder/."]),
    ("--serve --group=roo", ["--serve", "--group=root", "."]),
    ("--check HERE/fil", ["--check", "HERE/file", "."]),
    ("--check HERE/file roo", ["--check", "HERE/file", "root", "."]),
    ("-t --overw", ["-t", "--overw."]),
    # Whoever copies has options of his own, files here, and hosts that ssh knows.
    ("--excl", ["--exclude=."]),
    ("--upda", ["--update", "."]),
    ("-r --overw", ["-r", "--overwrite=."]),
    ("-r --progress=j", ["-r", "--progress=json", "."]),
    ("-r --upl", ["-r", "--upl."]),
    ("-J web", ["-J", "webserver", "."]),
    ("-i HERE/fil", ["-i", "HERE/file", "."]),
    ("HERE/fil", ["HERE/file", "."]),
    ("HERE/fol", ["HERE/folder/."]),
    ("HERE/two\\ w", ["HERE/two words", "."]),
    ("web", ["webserver:."]),
    ("x knownh", ["x", "knownhost.example:."]),
    ("x other", ["x", "otherhost:."]),
    ("x me@web", ["x", "me@webserver:."]),
    ("x hash", ["x", "hash."]),
    # Files there, as scp is told of them.
    ("webserver:fol", ["webserver:folder/."]),
    ("me@webserver:folder/in", ["me@webserver:folder/inside", "."]),
    ("webserver:two", ["webserver:two words", "."]),
    ("webserver:two\\ w", ["webserver:two words", "."]),
    ("webserver:sta", ["webserver:star\\*", "."]),
    ("webserver:quo", ["webserver:quote'$(id)", "."]),
    ("nobody:fol", ["nobody:fol."]),
    ("-f web", ["-f", "web."]),
]
# What ssh knows, and a program in its place: the host is a directory, and it is asked for nothing.
CONFIG = "Host webserver *.example !bad\n\tUser x\n"
KNOWN = ("knownhost.example,10.0.0.1 ssh-ed25519 AAAA\n[otherhost]:2222 ssh-ed25519 AAAA\n"
         "|1|hashed=|name= ssh-ed25519 AAAA\n")
SSH = """#!/bin/bash
[[ " $* " = *" BatchMode=yes "* && ${@: -2:1} = *webserver ]] || exit 255
cd "${0%/*}/../there" && exec sh -c "${@: -1}"
"""


class Bash:
    """An interactive one, in a terminal of its own."""

    def __init__(self, home):
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            os.execve("/bin/bash", ["bash", "--norc", "--noprofile", "-i"], {
                "PATH": f"{home}/bin:/usr/bin:/bin", "HOME": home, "TERM": "dumb", "LC_ALL": "C.UTF-8",
                "HISTFILE": "/dev/null", "COLUMNS": "400"})
        self.said = ""

    def until(self, pattern):
        """What bash says until it has said PATTERN; that is taken away."""
        end = time.monotonic() + PATIENCE
        while not (match := re.search(pattern, self.said, re.DOTALL)):
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.terminal], [], [], left)[0]:
                raise Failed("bash", pattern, repr(self.said))
            self.said += os.read(self.terminal, 4096).decode(errors="replace")
        self.said = self.said[match.end():]
        return match

    def type(self, keys):
        os.write(self.terminal, keys.encode())

    def end(self):
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.terminal)


def completed(bash, count, typed):
    """The words of a line on which a tabulator and a dot followed TYPED; the line is not run."""
    mark = f"line-{count}"
    bash.type(f"scp-sink-source {typed}\t.")
    # To its beginning, and what is there becomes what printf prints.
    bash.type(f"\x01printf '<%s>' {mark} \r")
    words = bash.until(rf"<{mark}><scp-sink-source>((?:<[^<>]*>)*)").group(1)
    return re.findall(r"<([^<>]*)>", words)


def furnish(base):
    for folder in ("folder", "bin", ".ssh", "there/folder"):
        os.makedirs(f"{base}/{folder}", exist_ok=True)
    for file in ("file", "two words", "there/folder/inside", "there/two words", "there/star*",
                 "there/quote'$(id)"):
        sshd.write_text(f"{base}/{file}", "")
    sshd.write_text(f"{base}/.ssh/config", CONFIG)
    sshd.write_text(f"{base}/.ssh/known_hosts", KNOWN)
    sshd.write_text(f"{base}/bin/ssh", SSH)
    os.chmod(f"{base}/bin/ssh", 0o755)


def completes(base, settings):
    furnish(base)
    bash = Bash(base)
    try:
        # What is typed before bash reads it is not edited; what it echoes is not what it prints.
        bash.type(f". {SCRIPT}; {settings}; PS1=; echo {READY[:4]}''{READY[4:]}\r")
        bash.until(READY)
        for count, (typed, words) in enumerate(TYPED):
            got = completed(bash, count, typed.replace("HERE", base))
            same(f"words after {typed!r}", [w.replace("HERE", base) for w in words], got)
    finally:
        bash.end()


def shell(script, *words):
    outcome = process.run(["/bin/bash", "-c", f". {SCRIPT}; {script}", "bash", *words], os.environ)
    same("exit status", 0, outcome.code, outcome.log)
    return outcome.out


def keys_of_manual():
    page = sshd.read_text(f"{TOP}/scp.conf.5")
    section = page[page.index(".Sh KEYS"):page.index(".Sh FILES")]
    found = []
    for line in section.splitlines():
        if line.startswith(".It Cm "):
            found += re.findall(r"(?:^\.It|,) Cm ([a-z-]+)", line)
    return found


def knows_every_key(_base):
    same("keys", sorted(keys_of_manual()), sorted(shell('echo "$_scp_sink_source_keys"').split()))


def its_values_are_taken(out):
    """Each word that is offered for a key is one that the program takes, and it takes no other."""
    for key in shell('echo "$_scp_sink_source_keys"').split():
        values = shell('_scp_sink_source_values "$1"', key).split()
        options = ([f"--{key}"] if not values else
                   [f"--{key}={value}" for value in values if value != "="])
        for option in options:
            said = process.run([f"{out}/scp", "--explain", "scp -t x", option], os.environ)
            same(f"{option} is taken", False, "it takes" in said.text or "unknown" in said.text,
                 said.log)
        if values and values != ["="]:
            said = process.run([f"{out}/scp", "--explain", "scp -t x", f"--{key}=?"], os.environ)
            words = said.text.partition("it takes ")[2].strip()
            missing = [word for word in re.findall(r"[a-z][a-z0-9-]*", words)
                       if word not in (*values, "or", "to")]
            same(f"words for {key} that are not offered", [], missing, said.log)


def check(report, base, out):
    report.run("completion: in an interactive bash", completes, f"{base}/completion", ":")
    report.run("completion: where = is part of a word", completes, f"{base}/completion",
               "COMP_WORDBREAKS=${COMP_WORDBREAKS//=}")
    report.run("completion: every key of the manual", knows_every_key, base)
    report.run("completion: every value is taken", its_values_are_taken, out)
