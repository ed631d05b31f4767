# SPDX-License-Identifier: ISC
"""
Accounts of other hosts, which are a script that does what sshd does for them: ~/.ssh/rc, then the user's
shell with the command.  And what the user here reads.
"""
import concurrent.futures
import os
import shutil
import threading

from stage import process, sshd
from stage.report import Skipped, holds, same

AT_ONCE = 8                     # of checks that mostly wait
CONTENT = bytes(range(256)) * 8

SKIPPED = "its start-up files print text, which was skipped:"
ADVICE = ("they should print for people only, behind [ -t 1 ], in ~/.bashrc, ~/.zshenv, ~/.cshrc, "
          "~/.tcshrc, config.fish or ~/.ssh/rc")
STUCK = "does one of them wait for input, or start another shell?"
UNANSWERED = ("it has not answered in SCP: is the account for SFTP only, or does a start-up file wait "
              "for input?")

# The last word is the command; sshd's own is how both are run.
REACH = """\
#!/bin/sh
for command; do :; done
HOME=$AT_HOME SSH_CLIENT='127.0.0.1 1 22' PATH=$AT_PATH
export HOME SSH_CLIENT PATH
unset SHLVL ENV BASH_ENV ZDOTDIR XDG_CONFIG_HOME LD_PRELOAD
cd
[ ! -f .ssh/rc ] || $AT_SHELL -c '/bin/sh .ssh/rc' </dev/null
exec $AT_APART $AT_SHELL -c "$command"
"""

# What each reads whatever it is started for; the others read nothing but what sshd does for them.
STARTS = {"bash": ".bashrc", "zsh": ".zshenv", "fish": ".config/fish/config.fish", "tcsh": ".tcshrc",
          "csh": ".cshrc"}
SHELLS = [*STARTS, "dash", "mksh", "ksh93", "ash"]
RC = ".ssh/rc"
NO_TRAP = ("tcsh", "csh")       # their scripts know of no end


def find(program):
    return shutil.which(program, path="/usr/bin:/bin:/usr/sbin:/sbin")


class Remote:
    """An account: a home, a shell, and what is printed there; START is the file that does, or ""."""

    def __init__(self, stage, shell, start, text, how):
        self.stage, self.shell = stage, shell
        self.home = stage.new_directory("home")
        self.write("text", text)
        if start:
            self.write(start, how.encode())

    def write(self, path, content):
        path = os.path.join(self.home, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(content)

    def env(self):
        # By its path: there may be nothing in PATH at all.
        shell = f"{find('busybox')} ash" if self.shell == "ash" else find(self.shell)
        return self.stage.env | {"AT_HOME": self.home, "AT_SHELL": shell,
                                 "AT_PATH": f"{self.stage.bin}:/usr/bin:/bin"}


class Stage:
    def __init__(self, out, base):
        self.scp, self.base, self.bin = f"{out}/scp", base, f"{base}/bin"
        self.env = sshd.client_environment(base)
        self.count, self.lock = 0, threading.Lock()
        os.mkdir(self.bin)
        shutil.copy(self.scp, f"{self.bin}/scp")
        self.reach = sshd.write_text(f"{base}/reach", REACH, 0o755)

    def new_directory(self, name):
        with self.lock:
            self.count += 1
            path = f"{self.base}/{name}-{self.count}"
        os.mkdir(path)
        return path

    def file(self):
        path = f"{self.new_directory('local')}/file"
        with open(path, "wb") as file:
            file.write(CONTENT)
        return path

    def argv(self, *words):
        return [self.scp, "-S", self.reach, *words]


# -- What the user reads.

def note(lines, advice=True):
    said = [SKIPPED] + [f"| {line}".rstrip() for line in lines]
    return [f"scp: host: {line}" for line in said + ([ADVICE] if advice else [])]


def reads(what, wanted, got):
    same(what, wanted, got.err.splitlines(), got.log)


def arrived(path, got):
    same("status", 0, got.code, got.log)
    holds(f"{path} is there", os.path.exists(path), "nothing", got.log)
    with open(path, "rb") as file:
        same("content", CONTENT, file.read(), got.log)


# -- Copies.

def up(remote, *options, wanted):
    got = process.run(remote.stage.argv(*options, remote.stage.file(), "host:"), remote.env())
    arrived(f"{remote.home}/file", got)
    reads("what is said of an upload", wanted, got)


def down(remote, *options, wanted):
    remote.write("file", CONTENT)
    to = remote.stage.new_directory("local")
    got = process.run(remote.stage.argv(*options, "host:file", to), remote.env())
    arrived(f"{to}/file", got)
    reads("what is said of a download", wanted, got)


# -- Checks that trace, and many of them.

def needs_strace():
    if not shutil.which("strace"):
        raise Skipped("there is no strace")
    if os.environ.get("SAN"):
        raise Skipped("what looks for leaks is a process, too, and is not to be traced")


def run_at_once(report, checks, at_once=AT_ONCE):
    """Those that wait for each other, some at a time, in order."""
    def one(check, args):
        try:
            return check(*args), None
        except Exception as error:
            return None, error

    def tell(error):
        if error:
            raise error

    def lacks(shell):
        raise Skipped(f"there is no {shell}")

    with concurrent.futures.ThreadPoolExecutor(at_once) as pool:
        begun = []
        for name, shell, check, *args in checks:
            if not report.wants(name):
                continue
            there = find("busybox" if shell == "ash" else shell)
            begun.append((name, pool.submit(one, check if there else lacks, args if there else [shell])))
        for name, future in begun:
            report.run(name, tell, future.result()[1])
