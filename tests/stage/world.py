# SPDX-License-Identifier: ISC
"""A server, the user whose sessions it runs, and the directories that they are about."""
import contextlib
import os
import tempfile
import threading

from stage import process, sshd, suite, trees
from stage.report import holds, same

EXPLANATION = 1


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
        return sshd.tail_of(f"{self.base}/{'dropbear' if server == 'dropbear' else 'sshd'}.log")

    def give(self, top):
        """Makes everything at TOP the property of the sessions' user."""
        if self.is_root:
            sshd.must(["chown", "-hR", f"{self.account.uid}:{self.account.gid}", "--", top])
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


@contextlib.contextmanager
def world_with(scp, option=None, first="", kind="ecdsa"):
    """
    A world whose server runs the program SCP, with an OPTION before those of the client.  What FIRST
    says in sshd's configuration, where "{scp}" is the program, comes first, and so counts; KIND is that
    of the keys.
    """
    with contextlib.ExitStack() as stack:
        base = tempfile.mkdtemp(prefix="scp-e2e-")
        stack.callback(trees.remove, base)
        os.chmod(base, 0o755)
        account = stack.enter_context(sshd.account_for(f"{base}/home"))
        os.mkdir(f"{base}/bin")
        suite.within_reach(scp, f"{base}/bin")
        if option:
            os.rename(f"{base}/bin/scp", f"{base}/bin/real")
            sshd.write_text(f"{base}/bin/scp", f'#!/bin/sh\nexec {base}/bin/real {option} "$@"\n')
            os.chmod(f"{base}/bin/scp", 0o755)
        key, host_key = sshd.make_key(f"{base}/key", kind), sshd.make_key(f"{base}/hostkey", kind)
        sshd.write_text(f"{base}/authorized_keys", sshd.read_text(key + ".pub"))

        def argv_for(port):
            config = sshd.write_text(f"{base}/sshd_config", first.replace("{scp}", f"{base}/bin/scp") +
                                       sshd.sshd_config(
                base, port, account.name, sshd.session_environment(base)))
            return ["/usr/sbin/sshd", "-D", "-e", "-f", config]

        sshd.make_separation_directory()
        env = sshd.client_environment(base)
        child, port = sshd.start_on_some_port(argv_for, f"{base}/sshd.log", env)
        stack.callback(sshd.stop, child)
        stack.callback(process.end_all)
        host = sshd.Host(base, "sshd", port, account.name, key, sshd.read_text(host_key + ".pub"))
        yield World(base, account, host, env, child)


# -- Whose program it is that answers.

def ask(world, host, command):
    return process.run(["/usr/bin/ssh", "-F", host.config, "server", command], world.env)


def is_ours(world, host):
    """The very program under test answers to the name of scp, and explains itself."""
    found = ask(world, host, "command -v scp")
    same("path of scp", f"{world.base}/bin/scp\n", found.out, found.log)
    alone = ask(world, host, "scp")
    same("exit status of scp alone", 1, alone.code, alone.log)
    same("its standard output", "", alone.out)
    same("lines of explanation", EXPLANATION, len(alone.err.splitlines()), alone.log)
    holds("it says what it is for", "source ... target" in alone.err, alone.err)


def learn_umask(world, host):
    """A session's umask is what the server and the user's shell make of it."""
    told = ask(world, host, "umask")
    same("exit status of umask", 0, told.code, told.log)
    world.umask = int(told.out, 8)


def serves(world, host):
    learn_umask(world, host)
    is_ours(world, host)
