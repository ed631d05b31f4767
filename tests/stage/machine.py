# SPDX-License-Identifier: ISC
"""
A machine of our own: a mount namespace in which /etc, /dev, /run and /var/log are private.  What
is done to them is seen by nobody else, and gone with the last process in here.
"""
import contextlib
import os
import signal
import subprocess
import sys
from dataclasses import dataclass

from stage import sshd

ALONE = [sys.executable, os.path.join(os.path.dirname(os.path.abspath(__file__)), "namespace.py")]
DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
LINKS = (("ptmx", "pts/ptmx"), ("fd", "/proc/self/fd"), ("stdin", "fd/0"), ("stdout", "fd/1"),
         ("stderr", "fd/2"))
KEPT_PEOPLE = ("root", "sshd", "nobody")
KEPT_GROUPS = ("root", "tty", "utmp", "nogroup")
FIRST_ID = 1 << 28              # of users and groups, which no others have: so may we end theirs
IDS = 32                        # for each process that makes a machine
GROUPS_FROM = 16                # of these, the groups without a user
CONFIG = "/etc/scp.conf"
LOG = "/dev/log"


@dataclass(frozen=True)
class Person:
    """An account.  SHELL may begin with BASE, the temporary directory."""
    name: str
    shell: str = "/bin/sh"
    groups: tuple = ()


def tries(argv):
    """What a command says that fails; nothing if it succeeds."""
    tried = subprocess.run(argv, text=True, check=False, stdin=subprocess.DEVNULL,
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return tried.stdout.strip() or f"exit {tried.returncode}" if tried.returncode else ""


def why_not(base):
    """Why there can be no such machine here, or nothing."""
    if os.geteuid() != 0:
        return "only root can have accounts and a log of his own"
    script = 'mkdir "$1" "$2" && mount -t tmpfs none "$1" && mount --bind "$1" "$2"'
    why = tries([*ALONE, "sh", "-c", script, "sh", f"{base}/here", f"{base}/there"])
    return f"mounting is not permitted here: {why}" if why else ""


def isolated(*more):
    """
    What runs a command in namespaces of mounts and processes, and those that unshare(1) is told of with
    MORE.  All there is in them ends with the command, and this one with us.
    """
    return ["setpriv", "--pdeathsig", "KILL", *ALONE, "unshare", "--mount", "--propagation", "private",
            "--pid", "--fork", "--kill-child", "--mount-proc", *more, "--"]


def why_not_isolated(*more):
    """Why there can be no such namespaces here, or nothing."""
    if os.geteuid() != 0:
        return "only root can have a system of files of his own"
    why = tries([*isolated(*more), "mount", "-t", "tmpfs", "none", "/mnt"])
    return f"namespaces are not permitted here: {why}" if why else ""


def mount(*words):
    sshd.must(["mount", *words])


def lines_kept(path, names):
    """What the file PATH, as of passwd(5), has of NAMES."""
    return [line for line in sshd.read_text(path).splitlines() if line.split(":")[0] in names]


def people_files(base, people):
    """passwd, group and shadow with PEOPLE and the groups they are in."""
    first = FIRST_ID + os.getpid() * IDS
    passwd, shadow = (lines_kept(f"/etc/{name}", KEPT_PEOPLE) for name in ("passwd", "shadow"))
    group = lines_kept("/etc/group", KEPT_GROUPS)
    for uid, person in enumerate(people, first):
        shell = person.shell.replace("BASE", base)
        passwd.append(f"{person.name}:x:{uid}:{uid}::{base}/home/{person.name}:{shell}")
        # A password that matches nothing; "!" would lock the account for sshd.
        shadow.append(f"{person.name}:*:::::::")
        group.append(f"{person.name}:x:{uid}:")
    names = sorted({name for person in people for name in person.groups})
    for gid, name in enumerate(names, first + GROUPS_FROM):
        group.append(f"{name}:x:{gid}:" + ",".join(p.name for p in people if name in p.groups))
    return {"passwd": passwd, "shadow": shadow, "group": group}


def private_etc(base, people):
    etc = f"{base}/etc"
    sshd.must(["cp", "-a", "/etc", etc])
    files = people_files(base, people)
    files["shells"] = [*sshd.read_text("/etc/shells").splitlines(), f"{base}/bin/scp",
                       f"{base}/bin/scp-shell"]
    files["nsswitch.conf"] = ["passwd: files", "group: files", "shadow: files", "hosts: files"]
    for name, lines in files.items():
        sshd.write_text(f"{etc}/{name}", "\n".join(lines) + "\n",
                        0o600 if name == "shadow" else 0o644)
    with contextlib.suppress(FileNotFoundError):
        os.remove(etc + CONFIG.removeprefix("/etc"))
    mount("--bind", etc, "/etc")


def private_dev(base):
    """Without a log: where that is somebody else's it is not disturbed, and there may be none."""
    dev = f"{base}/dev"
    os.mkdir(dev)
    mount("-t", "tmpfs", "-o", "mode=0755,size=1m", "none", dev)
    for name in DEVICES:
        sshd.write_text(f"{dev}/{name}", "")
        mount("--bind", f"/dev/{name}", f"{dev}/{name}")
    os.mkdir(f"{dev}/pts")
    mount("-t", "devpts", "-o", "newinstance,ptmxmode=0666,mode=0620", "none", f"{dev}/pts")
    for name, target in LINKS:
        os.symlink(target, f"{dev}/{name}")
    mount("--move", dev, "/dev")


def private_run(base):
    """No daemon that keeps an old /etc in mind, and logins are recorded nowhere else."""
    mount("-t", "tmpfs", "-o", "mode=0755,size=1m", "none", "/run")
    os.mkdir("/run/sshd", 0o755)
    os.mkdir(f"{base}/var-log")
    mount("--bind", f"{base}/var-log", "/var/log")


def overlay():
    """/usr can be written to, and what is returned has all that was."""
    # In memory: the files of a machine may themselves be an overlay's, of which none can be an upper.
    mount("-t", "tmpfs", "-o", "mode=0755", "none", "/mnt")
    for name in ("upper", "work"):
        os.mkdir(f"/mnt/{name}")
    mount("-t", "overlay", "-o", "lowerdir=/usr,upperdir=/mnt/upper,workdir=/mnt/work", "none", "/usr")
    return "/mnt/upper"


def make_homes(base, people):
    os.mkdir(f"{base}/home")
    for person in people:
        account = sshd.Account(person.name)
        os.mkdir(account.home)
        os.chown(account.home, account.uid, account.gid)


def prepare(base, people):
    private_etc(base, people)
    private_dev(base)
    private_run(base)
    make_homes(base, people)


def end_sessions(people):
    """Nobody else has these accounts: whatever still runs under them is ours to end."""
    for person in people:
        for pid in sshd.processes_of(sshd.Account(person.name).uid):
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)


@contextlib.contextmanager
def tmpfs(path, size):
    """A small filesystem at PATH, which is made."""
    os.mkdir(path)
    mount("-t", "tmpfs", "-o", f"size={size},mode=0777", "none", path)
    try:
        yield path
    finally:
        sshd.must(["umount", "-l", path])
        os.rmdir(path)


def inside(argv):
    """The command that runs ARGV, a script of ours, in a namespace of its own."""
    return [*ALONE, sys.executable, *argv]


@contextlib.contextmanager
def configured(text, mode=0o644, owner=0):
    """/etc/scp.conf is TEXT, for a while."""
    sshd.write_text(CONFIG, text, mode)
    os.chown(CONFIG, owner, 0)
    try:
        yield
    finally:
        os.remove(CONFIG)
