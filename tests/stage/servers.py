# SPDX-License-Identifier: ISC
"""Servers that have our scp in other ways: sshd by a Match block, and dropbear."""
import contextlib
import os
import shutil
import subprocess

from stage import sshd
from stage.report import Skipped

HERE = os.path.dirname(os.path.abspath(__file__))


@contextlib.contextmanager
def matched_for(world):
    """A Host whose server has our scp for the sessions' user only, by a Match block."""
    base, user = world.base, world.account.name

    def argv_for(port):
        config = sshd.write_text(f"{base}/sshd_config-matched", sshd.sshd_config(
            base, port, user, sshd.session_environment(base), f"Match User {user}\n    "))
        return ["/usr/sbin/sshd", "-D", "-e", "-f", config]

    child, port = sshd.start_on_some_port(argv_for, f"{base}/sshd-matched.log", world.env)
    try:
        yield sshd.Host(base, "matched", port, user, world.host.key,
                        sshd.read_text(f"{base}/hostkey.pub"))
    finally:
        sshd.stop(child)


def any_command(base):
    """
    dropbear gives every session a PATH of its own, whatever its environment and that of the user.
    What can be had is a forced command, which gets the client's words in a variable.
    """
    return f'PATH={base}/bin:{sshd.SERVER_PATH}; export PATH; eval "$SSH_ORIGINAL_COMMAND"'


def dropbear_argv(base, port, forced, hop):
    return ["/usr/sbin/dropbear", "-F", "-E", "-s", *([] if hop else ["-j"]), "-k", "-m", "-p", f"{sshd.HOST}:{port}",
            "-r", f"{base}/dropbear-key", "-P", f"{base}/dropbear.pid", "-c", forced]


@contextlib.contextmanager
def dropbear_for(world, forced=None, hop=False):
    """
    A Host that dropbear serves, by the command FORCED or by what the client asks for; and that may be a HOP on
    the way to others.  It reads the user's own ~/.ssh/authorized_keys and no other.
    """
    base, account = world.base, world.account
    made = subprocess.run(["dropbearkey", "-t", "ecdsa", "-f", f"{base}/dropbear-key"], text=True,
                          check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
    public = next(line for line in made.splitlines() if line.startswith("ecdsa-"))
    log = f"{base}/dropbear.log"
    with contextlib.ExitStack() as stack:
        argv = prepare_keys(stack, world)
        try:
            child, port = sshd.start_on_some_port(
                lambda port: argv + dropbear_argv(base, port, forced or any_command(base), hop), log, world.env)
        except RuntimeError as error:
            if world.is_root:
                raise
            why = str(error).splitlines()[-1]
            raise Skipped(f"without privilege this needs a user namespace: {why}") from None
        stack.callback(sshd.stop, child)
        yield sshd.Host(base, "dropbear", port, account.name, world.host.key, public)


def dbclient_way(world, host, program="/usr/bin/dbclient"):
    """It has keys of its own format, and knows hosts by their address alone."""
    key, known = f"{world.base}/dbclient-key", f"{world.env['HOME']}/.ssh/known_hosts"
    if not os.path.exists(key):
        subprocess.run(["dropbearconvert", "openssh", "dropbear", host.key, key], check=True, capture_output=True)
    os.makedirs(os.path.dirname(known), mode=0o700, exist_ok=True)
    kind_and_key = sshd.read_text(host.known).splitlines()[0].split()[1:]
    sshd.write_text(known, f"{sshd.HOST} {' '.join(kind_and_key)}\n")
    return ["-S", program, "-i", key, "-P", str(host.port)]


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
    return ["/usr/bin/python3", f"{HERE}/shown.py", shown, keys]


def put_key(world, directory):
    os.mkdir(directory, 0o700)
    shutil.copy(f"{world.base}/authorized_keys", directory)
    os.chmod(f"{directory}/authorized_keys", 0o600)
    return world.give(directory)
