# SPDX-License-Identifier: ISC
"""Throwaway servers on the loopback interface, and the user whose sessions they run."""
import contextlib
import ctypes
import os
import pwd
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time

import process
import trees
from report import Skipped

HOST = "127.0.0.1"
START_PATIENCE = 15         # seconds for a server to listen
TAIL = 8                    # lines of a log that are shown
SERVER_PATH = "/usr/bin:/bin"


def must(argv):
    """Runs a command that is not to be interrupted from a terminal."""
    subprocess.run(argv, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                   start_new_session=True)


class Account:
    """Whom the sessions belong to."""

    def __init__(self, name):
        entry = pwd.getpwnam(name)
        self.name, self.uid, self.gid = name, entry.pw_uid, entry.pw_gid
        self.home = entry.pw_dir


def processes_of(uid):
    for pid in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            if os.stat(f"/proc/{pid}").st_uid == uid:
                yield int(pid)


def remove_account(account):
    """The account was made for us alone, so that whatever runs under it is ours to end."""
    for pid in processes_of(account.uid):
        with contextlib.suppress(OSError):
            os.kill(pid, signal.SIGKILL)
    subprocess.run(["/usr/sbin/userdel", "-f", account.name], check=False,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


@contextlib.contextmanager
def account_for(home):
    """Root makes a user, everybody else has to do."""
    if os.geteuid() != 0:
        yield Account(pwd.getpwuid(os.getuid()).pw_name)
        return
    name = f"scp-e2e-{os.getpid()}"
    os.mkdir(home)
    try:
        # A password of "*" matches nothing; the default of "!" would lock the account for sshd.
        must(["/usr/sbin/useradd", "--system", "--user-group", "--no-create-home", "--home-dir",
              home, "--shell", "/bin/sh", "--password", "*", name])
        account = Account(name)
        os.chown(home, account.uid, account.gid)
        yield account
    finally:
        with contextlib.suppress(KeyError):
            remove_account(Account(name))


def make_key(path, kind="ecdsa"):
    """ECDSA in PEM: the one kind of key that every client here can read."""
    must(["ssh-keygen", "-q", "-t", kind, "-m", "PEM", "-N", "", "-C", "throwaway", "-f", path])
    return path


def read_text(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()


def write_text(path, text, mode=0o644):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    os.chmod(path, mode)
    return path


def tail_of(path):
    return "\n".join(read_text(path).splitlines()[-TAIL:]) if os.path.exists(path) else ""


def listens(port):
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((HOST, port)) == 0


def listens_in_time(child, port):
    end = time.monotonic() + START_PATIENCE
    while time.monotonic() < end and child.poll() is None:
        if listens(port):
            return True
        time.sleep(0.02)
    return False


def start_on_some_port(argv_for, log, env):
    """Starts a server on a random port, another one where that is taken: (process, port)."""
    for _ in range(10):
        port = random.randrange(20000, 60000)
        if listens(port):
            continue
        with open(log, "ab") as out:
            child = subprocess.Popen(argv_for(port), env=env, stdin=subprocess.DEVNULL,
                                     stdout=out, stderr=out, start_new_session=True)
        if listens_in_time(child, port):
            return child, port
        stop(child)
    raise RuntimeError("no server would start:\n" + tail_of(log))


def stop(child):
    child.terminate()
    try:
        child.wait(5)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


SSHD_CONFIG = """\
ListenAddress {host}:{port}
HostKey {base}/hostkey
PidFile {base}/sshd-{port}.pid
AuthorizedKeysFile {base}/authorized_keys
# The directory is below one that everybody may write to.
StrictModes no
UsePAM no
AllowUsers {user} root
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
AllowTcpForwarding no
PermitUserRC no
UseDNS no
PrintMotd no
MaxStartups 100:30:200
LogLevel INFO
{scope}SetEnv {env}
"""

SSH_CONFIG = """\
Host server
    HostName {host}
    Port {port}
    User {user}
    IdentityFile {key}
    IdentitiesOnly yes
    IdentityAgent none
    UserKnownHostsFile {known}
    GlobalKnownHostsFile /dev/null
    StrictHostKeyChecking yes
    HostKeyAlias throwaway
    PasswordAuthentication no
    LogLevel ERROR
"""


def sshd_config(base, port, user, env, scope=""):
    words = " ".join(f'"{name}={value}"' for name, value in env.items())
    return SSHD_CONFIG.format(host=HOST, port=port, base=base, user=user, env=words, scope=scope)


def make_separation_directory():
    """
    sshd, run by root, insists on a directory that only its service makes.  It stays: another sshd
    may have come to need it.
    """
    if os.geteuid() == 0:
        os.makedirs("/run/sshd", 0o755, exist_ok=True)


class Host:
    """A server as its clients know it."""

    def __init__(self, base, name, port, account, key, public_host_key):
        self.port, self.user, self.key, self.base = port, account, key, base
        kind, blob = public_host_key.split()[:2]
        # By address for the libraries, by alias for ssh, which may be told of either.
        self.known = write_text(f"{base}/known-{name}", "".join(
            f"{who} {kind} {blob}\n" for who in (f"[{HOST}]:{port}", "throwaway")))
        self.config = write_text(f"{base}/ssh_config-{name}", SSH_CONFIG.format(
            host=HOST, port=port, user=account, key=key, known=self.known))
        line = subprocess.run(["ssh-keygen", "-lf", "-"], input=f"{kind} {blob}\n", text=True,
                              check=True, stdout=subprocess.PIPE).stdout
        self.fingerprint = line.split()[1]              # SHA256:...


class Place:
    """Two directories for one check: ours, and one that belongs to the sessions' user."""

    def __init__(self, top):
        self.top, self.local, self.remote = top, f"{top}/local", f"{top}/remote"


class World:
    """Everything that the checks share.  All of it is below one temporary directory."""

    def __init__(self, base, account, host, env, server=None):
        self.base, self.account, self.host, self.env = base, account, host, env
        self.server = server        # its process, where there is one of our own
        self.is_root = os.geteuid() == 0
        self.umask = 0              # of a session; asked for when it is first known to work
        self.count = 0
        self.lock = threading.Lock()

    def tail(self, name):
        """What the server that the check of this name talked to said last."""
        server = name.split(":")[0]
        if server == "pipes":
            return ""
        return tail_of(f"{self.base}/{'dropbear' if server == 'dropbear' else 'sshd'}.log")

    def give(self, top):
        """Makes everything at TOP the property of the sessions' user."""
        if self.is_root:
            must(["chown", "-hR", f"{self.account.uid}:{self.account.gid}", "--", top])
        return top

    @contextlib.contextmanager
    def place(self):
        with self.lock:
            self.count += 1
            place = Place(f"{self.base}/check-{self.count}")
        for path in (place.top, place.local, place.remote):
            os.mkdir(path)
        self.give(place.remote)
        try:
            yield place
        finally:
            trees.remove(place.top)


def client_environment(base):
    """Neither an agent nor anything in a home directory may have a say."""
    os.mkdir(f"{base}/client-home")
    return {"PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "HOME": f"{base}/client-home",
            "LC_ALL": "C.UTF-8", "TZ": "UTC"}


def session_environment(base):
    """Our scp is the first in PATH.  What a sanitizer is told reaches the sessions, too."""
    env = {"PATH": f"{base}/bin:{SERVER_PATH}"}
    for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS"):
        if os.environ.get(name):
            env[name] = os.environ[name]
    return env


@contextlib.contextmanager
def matched_for(world):
    """A Host whose server has our scp for the sessions' user only, by a Match block."""
    base, user = world.base, world.account.name

    def argv_for(port):
        config = write_text(f"{base}/sshd_config-matched", sshd_config(
            base, port, user, session_environment(base), f"Match User {user}\n    "))
        return ["/usr/sbin/sshd", "-D", "-e", "-f", config]

    child, port = start_on_some_port(argv_for, f"{base}/sshd-matched.log", world.env)
    try:
        yield Host(base, "matched", port, user, world.host.key,
                   read_text(f"{base}/hostkey.pub"))
    finally:
        stop(child)


@contextlib.contextmanager
def world_with(scp, option=None, first="", kind="ecdsa"):
    """
    A world whose server runs the program SCP, with an OPTION before those of the client.  What FIRST
    says in sshd's configuration comes first, and so counts; KIND is that of the keys.
    """
    with contextlib.ExitStack() as stack:
        base = tempfile.mkdtemp(prefix="scp-e2e-")
        stack.callback(trees.remove, base)
        os.chmod(base, 0o755)
        account = stack.enter_context(account_for(f"{base}/home"))
        os.mkdir(f"{base}/bin")
        # A copy, for the user may not be able to reach the original.
        shutil.copy(scp, f"{base}/bin/scp")
        if option:
            os.rename(f"{base}/bin/scp", f"{base}/bin/real")
            write_text(f"{base}/bin/scp", f'#!/bin/sh\nexec {base}/bin/real {option} "$@"\n')
            os.chmod(f"{base}/bin/scp", 0o755)
        key, host_key = make_key(f"{base}/key", kind), make_key(f"{base}/hostkey", kind)
        write_text(f"{base}/authorized_keys", read_text(key + ".pub"))

        def argv_for(port):
            config = write_text(f"{base}/sshd_config", first + sshd_config(
                base, port, account.name, session_environment(base)))
            return ["/usr/sbin/sshd", "-D", "-e", "-f", config]

        make_separation_directory()
        env = client_environment(base)
        child, port = start_on_some_port(argv_for, f"{base}/sshd.log", env)
        stack.callback(stop, child)
        stack.callback(process.end_all)
        host = Host(base, "sshd", port, account.name, key, read_text(host_key + ".pub"))
        yield World(base, account, host, env, child)


MS_BIND = 4096
CLONE_NEWNS, CLONE_NEWUSER = 0x00020000, 0x10000000


def see_other_keys(directory, instead_of):
    """Runs in the child: where DIRECTORY is seen at INSTEAD_OF, by this process alone."""
    libc = ctypes.CDLL(None, use_errno=True)
    uid, gid = os.getuid(), os.getgid()
    if libc.unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    for name, text in (("setgroups", "deny"), ("uid_map", f"{uid} {uid} 1"),
                       ("gid_map", f"{gid} {gid} 1")):
        with open(f"/proc/self/{name}", "w", encoding="ascii") as file:
            file.write(text)
    if libc.mount(directory.encode(), instead_of.encode(), None, MS_BIND, None) != 0:
        raise OSError(ctypes.get_errno(), "mount")


def dropbear_argv(base, port):
    """
    dropbear gives every session a PATH of its own, whatever its environment and that of the user.
    What can be had is a forced command, which gets the client's words in a variable.
    """
    forced = f'PATH={base}/bin:{SERVER_PATH}; export PATH; eval "$SSH_ORIGINAL_COMMAND"'
    return ["/usr/sbin/dropbear", "-F", "-E", "-s", "-j", "-k", "-m", "-p", f"{HOST}:{port}",
            "-r", f"{base}/dropbear-key", "-P", f"{base}/dropbear.pid", "-c", forced]


@contextlib.contextmanager
def dropbear_for(world):
    """A Host that dropbear serves.  It reads the user's own ~/.ssh/authorized_keys and no other."""
    base, account = world.base, world.account
    made = subprocess.run(["dropbearkey", "-t", "ecdsa", "-f", f"{base}/dropbear-key"], text=True,
                          check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
    public = next(line for line in made.splitlines() if line.startswith("ecdsa-"))
    log = f"{base}/dropbear.log"
    with contextlib.ExitStack() as stack:
        argv = prepare_keys(stack, world)
        try:
            child, port = start_on_some_port(
                lambda port: argv + dropbear_argv(base, port), log, world.env)
        except RuntimeError as error:
            if world.is_root:
                raise
            why = str(error).splitlines()[-1]
            raise Skipped(f"without privilege this needs a user namespace: {why}") from None
        stack.callback(stop, child)
        yield Host(base, "dropbear", port, account.name, world.host.key, public)


def directory_for_keys(stack, account):
    """An empty one where there is none, for as long as dropbear runs."""
    keys = f"{account.home}/.ssh"
    if os.path.isdir(keys):
        return keys
    try:
        os.mkdir(keys, 0o700)
    except OSError as error:
        raise Skipped(f"dropbear wants keys in {keys}: {error.strerror}") from None
    stack.callback(os.rmdir, keys)
    return keys


def prepare_keys(stack, world):
    """Puts our key where dropbear looks; returns what to put before its command line."""
    if world.is_root:
        put_key(world, f"{world.account.home}/.ssh")
        return []
    # Nobody's own keys are touched: dropbear alone is shown another directory in their place.
    keys = directory_for_keys(stack, world.account)
    shown = put_key(world, f"{world.base}/dropbear-ssh")
    return ["/usr/bin/python3", os.path.abspath(__file__), shown, keys]


def put_key(world, directory):
    os.mkdir(directory, 0o700)
    shutil.copy(f"{world.base}/authorized_keys", directory)
    os.chmod(f"{directory}/authorized_keys", 0o600)
    return world.give(directory)


if __name__ == "__main__":
    import sys
    see_other_keys(sys.argv[1], sys.argv[2])
    os.execv(sys.argv[3], sys.argv[3:])
