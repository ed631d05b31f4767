# SPDX-License-Identifier: ISC
"""Where it all happens: one sshd for everybody, its keys, and the directories of both sides."""
import contextlib
import os
import resource
import shlex
import subprocess
import time

from stage import machine, process, sshd
from stage.world import world_with

PATIENCE = 60                   # seconds for a connection to stand
AREA = "3g"                     # bytes in memory that all files may take; they take far less
FULL = "2500k"                  # bytes of a disk that fills up
DESCRIPTORS = 20                # of ours, for each session
FEWEST = 2048                   # of all: a server that is broken leaves them open

# All that come at once are let in.
FIRST = """\
MaxStartups 10000
MaxSessions 10000
Subsystem sftp {scp} --sftp
"""

# What the forced command of each key says; "free" has none.
KEYS = {
    "free": None,
    "in": "--upload-only --root={there}",
    "out": "--download-only --root={shelf}",
    "limited": "--upload-only --max-file-size=1M --root={there}",
}
MASTERS = {"free": 3, "in": 1, "out": 1, "limited": 1}  # connections that sessions share

# The client stops before it has a server, until all others have theirs.
GATE = """\
#!/bin/sh
kill -STOP $PPID
exec /usr/bin/ssh "$@"
"""


class Ground:
    """
    Of the directories, SHELF has what is downloaded, THERE is where uploads go: both are the
    session's user's.  POOL has what is uploaded, HERE is where downloads go.  FULL is on a small
    disk, if there can be one.
    """

    def __init__(self, world, area, full, log):
        self.world, self.area, self.full, self.log = world, area, full, log
        self.there, self.shelf = f"{area}/there", f"{area}/shelf"
        self.pool, self.here = f"{area}/pool", f"{area}/here"
        self.gate = sshd.write_text(f"{world.base}/gate", GATE, 0o755)
        self.hosts = {"free": world.host}
        self.masters = []           # processes
        for path in (self.there, self.shelf, self.pool, self.here):
            os.mkdir(path)

    def make_keys(self):
        base, world = self.world.base, self.world
        lines = [sshd.read_text(f"{base}/key.pub")]
        for name, options in KEYS.items():
            if options is None:
                continue
            # Of a log that is not ours alone, nobody shall have to read this.
            more = "" if self.log else " --log=none"
            words = options.format(there=self.there, shelf=self.shelf) + more
            lines.append(self.make_key(name, f"{base}/bin/scp --serve {words}"))
        sshd.write_text(f"{base}/authorized_keys", "".join(lines))

    def make_key(self, name, command):
        """A key with a forced command, and a host that is reached by it: its line."""
        base, world = self.world.base, self.world
        key = sshd.make_key(f"{base}/key-{name}", "ed25519")
        self.hosts[name] = sshd.Host(base, name, world.host.port, world.account.name, key,
                                     sshd.read_text(f"{base}/hostkey.pub"))
        return f'command="{command}",restrict {sshd.read_text(key + ".pub")}'

    # -- connections that sessions share

    def socket(self, key, number):
        return f"{self.world.base}/master-{key}-{number % MASTERS[key]}"

    def start_masters(self):
        """
        They stand when each has had a session: sshd starts more for one that has come in, of which
        its client knows nothing, and all that it starts has been started by then.
        """
        sockets = [(key, self.socket(key, n)) for key in KEYS for n in range(MASTERS[key])]
        for key, path in sockets:
            argv = ["/usr/bin/ssh", "-F", self.hosts[key].config, "-M", "-N", "-S", path, "server"]
            child = subprocess.Popen(argv, env=self.world.env, stdin=subprocess.DEVNULL,
                                     start_new_session=True)
            self.masters.append(child)
            with process.lock:
                process.running.add(child)
        end = time.monotonic() + PATIENCE
        while not all(os.path.exists(path) for _, path in sockets):
            if time.monotonic() > end:
                raise RuntimeError("connections do not stand:\n" + self.world.tail("sshd"))
            time.sleep(0.05)
        for key, path in sockets:
            # By this connection or by none: there is no such server.
            outcome = process.run(["/usr/bin/ssh", "-F", self.hosts[key].config, "-S", path,
                                   "-o", "ProxyCommand=false", "server", "true"], self.world.env)
            if outcome.code == process.NO_SESSION:
                raise RuntimeError(f"a connection has no sessions: {outcome.log}")

    def stop_masters(self):
        for child in self.masters:
            sshd.stop(child)
            with process.lock:
                process.running.discard(child)
        self.masters.clear()

    # -- sessions

    def scp(self, key, direct, number, *words, protocol="-O"):
        """The command of a client that comes by KEY, and waits at the gate."""
        shared = [] if direct else ["-o", f"ControlPath={self.socket(key, number)}"]
        return ["/usr/bin/scp", protocol, "-B", "-F", self.hosts[key].config, "-S", self.gate, *shared,
                *words]

    def remote(self, key, path):
        """A path of the server, as the sessions of KEY call it."""
        return "server:" + shlex.quote(self.beneath(key, path))

    def beneath(self, key, path):
        if KEYS.get(key) is None:
            return path
        return os.path.relpath(path, self.shelf if path.startswith(self.shelf + "/") else self.there)

    def give(self, top):
        """Makes what is in TOP, if it is there, the property of the sessions' user."""
        account = self.world.account
        for at, _, files in os.walk(top):
            for path in (at, *(f"{at}/{name}" for name in files)):
                os.chown(path, account.uid, account.gid)

    # -- what is there beside files

    def inodes(self):
        """Files that there are in our area, with and without names; None where it is not ours."""
        if not os.path.ismount(self.area):
            return None
        found = os.statvfs(self.area)
        return found.f_files - found.f_ffree

    def names(self):
        """Files that have names: all of them have one."""
        return 1 + sum(len(names) + len(files) for _, names, files in os.walk(self.area))

    def peers_of_log(self):
        """Sockets that are connected to the log, and one more; None where it is not ours."""
        if self.log is None:
            return None
        inode = os.fstat(self.log.socket.fileno()).st_ino
        with open("/proc/net/unix", encoding="ascii", errors="replace") as file:
            for line in file:
                fields = line.split()
                if fields[6:7] == [str(inode)]:
                    return int(fields[1], 16)
        raise RuntimeError("the log's socket is not in /proc/net/unix")


def allow_descriptors(sessions):
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = max(FEWEST, sessions * DESCRIPTORS)
    resource.setrlimit(resource.RLIMIT_NOFILE,
                       (wanted if most == resource.RLIM_INFINITY else min(wanted, most), most))


@contextlib.contextmanager
def disk(path, size, private):
    """Where mounting is possible, in memory: there, files without a name can be counted."""
    if private:
        with machine.tmpfs(path, size):
            os.chmod(path, 0o755)
            yield path
    else:
        os.mkdir(path)
        yield path


@contextlib.contextmanager
def made(scp, log):
    """LOG is that of a machine of our own, or None."""
    with contextlib.ExitStack() as stack:
        world = stack.enter_context(world_with(scp, first=FIRST, kind="ed25519"))
        area, full = (stack.enter_context(disk(f"{world.base}/{name}", size, log is not None))
                      for name, size in (("area", AREA), ("full", FULL)))
        ground = Ground(world, area, full, log)
        ground.make_keys()
        stack.callback(ground.stop_masters)
        yield ground
