# SPDX-License-Identifier: ISC
"""What the checks of one section share: a machine of our own, its log, and a server on it."""
import contextlib
import os
import subprocess

from stage import machine, process, records, sshd, suite, trees, world

HERE = os.path.dirname(os.path.abspath(__file__))
PACKAGING = os.path.join(HERE, "..", "..", "packaging")
UMASK = 0o022                   # of sshd, and so of the sessions
SFTP_SERVERS = ("/usr/lib/openssh/sftp-server", "/usr/libexec/openssh/sftp-server",
                "/usr/lib/ssh/sftp-server", "/usr/libexec/sftp-server")
INSTALLED = "/usr/lib/scp-sink-source/scp"      # where the ready lines have the program
INTERNAL = "internal-sftp"
SHOWN, WIDTH = 4, 400           # lines of each log in a failure, and bytes of each

# Whatever may be locked is open, so that the ready lines have to lock it.
CONFIG = sshd.CHEAP + """\
ListenAddress {host}:{port}
HostKey {base}/hostkey
PidFile {base}/sshd-{port}.pid
AuthorizedKeysFile {base}/keys/%u
# The directory is below one that everybody may write to.
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
UseDNS no
PrintMotd no
PrintLastLog no
MaxStartups 100:30:200
LogLevel INFO
AllowTcpForwarding yes
AllowStreamLocalForwarding yes
AllowAgentForwarding yes
X11Forwarding yes
PermitTunnel yes
PermitTTY yes
PermitUserRC yes
AcceptEnv LANG LC_* SSH_*
SetEnv {env}
Subsystem sftp {sftp}
Include {base}/sshd_config.d/*.conf
"""


class World(world.World):
    """As e2e's checks know it: one account, whose sessions see no more than what is below ROOT."""

    def __init__(self, estate, name, root, host=None):
        super().__init__(f"{estate.base}/worlds/{name}", sshd.Account(name),
                         host or estate.host(name), estate.env)
        os.makedirs(self.base, exist_ok=True)
        self.estate, self.root, self.umask = estate, root, UMASK
        self.outside = self.longer = ""     # directories beside the root, once there are any

    def directory(self, name, mode=0o755):
        """A new directory of the account at the top of the root."""
        path = f"{self.root}/{name}"
        os.mkdir(path)
        os.chmod(path, mode)
        return self.give(path)

    @contextlib.contextmanager
    def place(self):
        with super().place() as place:
            place.name = os.path.basename(place.top)
            place.remote = self.directory(place.name)
            try:
                yield place
            finally:
                trees.remove(place.remote)


class Estate:
    def __init__(self, base, env):
        self.base, self.env = base, env
        self.log = records.Log()
        self.port = None
        self.hosts = {}
        self.shared = {}        # options for ssh, of an account whose commands share a connection

    def here(self, text):
        """A ready line with our paths in place of those in it."""
        return text.replace(INSTALLED, f"{self.base}/bin/scp").replace("/srv/", f"{self.base}/srv/")

    def ready(self, name):
        return self.here(sshd.read_text(f"{PACKAGING}/{name}"))

    def serve(self, name, text=None):
        """Has sshd, once it starts, read a ready file, or TEXT instead of it."""
        text = text or self.ready(f"sshd_config.d/{name}")
        sshd.write_text(f"{self.base}/sshd_config.d/{name}", text)

    def public_key(self):
        return " ".join(sshd.read_text(f"{self.base}/key.pub").split()[:2])

    def write_keys(self, name, *lines):
        sshd.write_text(f"{self.base}/keys/{name}", "\n".join(lines) + "\n")

    def ready_key(self, name):
        """The line of the example whose comment is NAME, for our own key and address."""
        for line in self.ready("authorized_keys.example").splitlines():
            if line.startswith("command=") and line.endswith(f" {name}"):
                return line.replace("ssh-ed25519 AAAA...", self.public_key()).replace(
                    "192.0.2.0/24", sshd.HOST)
        raise KeyError(name)

    def forced_key(self, name, options, more=",restrict"):
        """The one key of NAME is for `scp --serve OPTIONS`."""
        command = f"{self.base}/bin/scp --serve {options}".replace("\\", r"\\").replace('"', r"\"")
        self.write_keys(name, f'command="{command}"{more} {self.public_key()}')

    def config_for(self, port, sftp, env):
        return sshd.write_text(f"{self.base}/sshd_config-{port}", CONFIG.format(
            host=sshd.HOST, port=port, base=self.base, env=" ".join(
                f'"{name}={value}"' for name, value in env.items()), sftp=sftp))

    @contextlib.contextmanager
    def server(self, sftp=None, before=(), env=None):
        """An sshd; BEFORE comes before its command line.  Yields its port."""
        sftp = sftp or next((path for path in SFTP_SERVERS if os.path.exists(path)), INTERNAL)
        env = {**sshd.session_environment(self.base), **(env or {})}

        def argv_for(port):
            config = self.config_for(port, sftp, env)
            subprocess.run(["/usr/sbin/sshd", "-t", "-f", config], check=True)
            return [*before, "/usr/sbin/sshd", "-D", "-e", "-f", config]

        child, port = sshd.start_on_some_port(argv_for, f"{self.base}/sshd.log", self.env)
        try:
            yield port
        finally:
            sshd.stop(child)

    def host(self, name, port=None):
        """The server, or that on PORT, for the account NAME."""
        port = port or self.port
        if (name, port) not in self.hosts:
            self.hosts[name, port] = sshd.Host(
                self.base, f"{name}-{port}", port, name, f"{self.base}/key",
                sshd.read_text(f"{self.base}/hostkey.pub"))
        return self.hosts[name, port]

    def ssh(self, name, *words, options=(), host=None, stdin=None, env=None):
        """What `ssh NAME WORDS` says."""
        config = (host or self.host(name)).config
        shared = self.shared.get(name, []) if words and not host else []
        return process.run(["/usr/bin/ssh", "-F", config, *shared, *options, "server", *words],
                           {**self.env, **(env or {})}, stdin=stdin)

    def sftp(self, name, port, *lines):
        """What sftp says when LINES are typed."""
        batch = f"{self.base}/batch"
        with open(batch, "w", encoding="ascii") as file:
            file.write("".join(f"{line}\n" for line in lines))
        return process.run(["/usr/bin/sftp", "-b", batch, "-F", self.host(name, port).config,
                            "server"], self.env)

    def tail(self, _name):
        """Of sshd, which says little of what matters here, and of our own."""
        last = sshd.tail_of(f"{self.base}/sshd.log").splitlines()[-SHOWN:]
        return "\n".join(line[:WIDTH] for line in [*last, "records:", *self.log.tail(SHOWN)])


def fill(base, out):
    """What does not depend on who has an account."""
    for name in ("bin", "srv", "keys", "sshd_config.d", "worlds"):
        os.mkdir(f"{base}/{name}")
    suite.within_reach(f"{out}/scp", f"{base}/bin")
    os.symlink("scp", f"{base}/bin/scp-shell")
    for name in ("key", "hostkey"):
        sshd.make_key(f"{base}/{name}")


@contextlib.contextmanager
def made(base, out, people, ready=()):
    """An estate in the directory BASE, with PEOPLE, whose sshd reads the ready files READY."""
    with contextlib.ExitStack() as stack:
        fill(base, out)
        machine.prepare(base, people)
        stack.callback(machine.end_sessions, people)
        estate = Estate(base, sshd.client_environment(base))
        stack.callback(estate.log.end)
        for person in people:
            estate.write_keys(person.name, estate.public_key())
        for name in ready:
            estate.serve(name)
        estate.port = stack.enter_context(estate.server())
        stack.callback(process.end_all)
        yield estate
