# SPDX-License-Identifier: ISC
"""Throwaway servers on the loopback interface, and the user whose sessions they run."""
import contextlib
import os
import pwd
import random
import signal
import socket
import subprocess
import time

HOST = "127.0.0.1"
START_PATIENCE = 60         # seconds for a server to listen
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


# Nothing here is a secret for years: to agree on a key for that costs more than all else of a session.
CHEAP = """\
KexAlgorithms curve25519-sha256,curve25519-sha256@libssh.org,ecdh-sha2-nistp256
Ciphers aes128-gcm@openssh.com,aes128-ctr
"""

SSHD_CONFIG = CHEAP + """\
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
""" + CHEAP


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
