# SPDX-License-Identifier: ISC
"""
The three ways in, as README.md has them, on a Debian whose sshd is configured as Debian does it: with
the installed program, the installed examples, and the client of OpenSSH.
"""
import contextlib
import os
import re
import subprocess

import chroot
import package
from stage import sshd
from stage.report import holds, same

ADDRESS = "127.0.0.1"
PORT = 22
EXAMPLES = f"{package.DOC}/examples"
CONFIGS = "/etc/ssh/sshd_config.d"
WHEN = 1_000_000_000
DATA = bytes(range(256)) * 1000

PREPARE = """
mkdir -p /run/sshd /root/.ssh
ssh-keygen -q -t ed25519 -N '' -f /root/.ssh/id_ed25519
echo '{address}' $(cut -d ' ' -f 1,2 /etc/ssh/ssh_host_ed25519_key.pub) >/root/.ssh/known_hosts
for name in mary dave anna olga carl; do
	useradd --create-home --shell /bin/sh --password '*' $name
	install -d -m 700 -o $name -g $name /home/$name/.ssh
	install -m 600 -o $name -g $name /root/.ssh/id_ed25519.pub /home/$name/.ssh/authorized_keys
done
"""
BY_PATH = "Match User dave\n\t{line}\n"
READY = {"anna": "10-scp-upload-only.conf", "olga": "20-scp-download-only.conf",
         "carl": "30-scp-login-shell.conf"}


def shown(text):
    """The blocks of lines that the comment at the head of an example shows."""
    head = re.match(r"(?:#.*\n)*", text)[0]
    return [re.sub(r"(?m)^#\t", "", block) for block in re.findall(r"(?:^#\t.*\n)+", head, re.M)]


def follow(root):
    """Each ready file to the letter: what is typed for an account, and what the other files get."""
    everybody = root.read(f"{EXAMPLES}/sshd_config.d/00-scp-every-account.conf")
    line = re.search(r"^SetEnv .*$", everybody, re.M)[0]
    root.write(f"{CONFIGS}/05-path.conf", BY_PATH.format(line=line))
    for who, name in READY.items():
        commands, *config = shown(root.read(f"{EXAMPLES}/sshd_config.d/{name}"))
        root.shell(commands.replace("NAME", who))
        root.shell(f"cp {EXAMPLES}/sshd_config.d/{name} {CONFIGS} && sshd -t")
        root.write(package.CONFIG, "".join(config), "a")
        # Who looks with his eyes misses the log, which is not there.
        root.shell(f"{package.NAME} --check {package.CONFIG} {who} 2>&1 | grep -q '^{who}: '")


@contextlib.contextmanager
def server(root):
    with open(root.at("/tmp/sshd.log"), "wb") as log:
        child = subprocess.Popen(["chroot", root.path, "/usr/sbin/sshd", "-D", "-e"],
                                 stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                 env=chroot.ENVIRONMENT)
    try:
        holds("sshd listens", sshd.listens_in_time(child, PORT), root.read("/tmp/sshd.log"))
        yield
    finally:
        sshd.stop(child)


class Ways:
    def __init__(self, root):
        self.root = root

    def ssh(self, name, *words):
        return self.root.tries("ssh", "-o", "BatchMode=yes", f"{name}@{ADDRESS}", *words)

    def scp(self, *words):
        return self.root.tries("scp", "-O", "-o", "BatchMode=yes", "-r", "-p", *words)

    def log(self, done):
        return f"{done.log}\nsshd: {self.root.read('/tmp/sshd.log')[-1500:]}"

    def make(self, name):
        """A tree on the client's side."""
        path = f"/tmp/{name}"
        os.makedirs(self.root.at(f"{path}/below"))
        with open(self.root.at(f"{path}/below/data"), "wb") as file:
            file.write(DATA)
        self.root.write(f"{path}/two words", name)
        for file in ("below/data", "two words", "below", "."):
            os.utime(self.root.at(f"{path}/{file}"), (WHEN, WHEN))
        return path

    def well(self, source, target):
        done = self.scp(source, target)
        same(f"exit status of scp {source} {target}", 0, done.code, self.log(done))

    def arrived(self, source, target):
        """Content and times are the same, and the modes of files."""
        # A directory may have got a set-group-ID bit from the one that it is in.
        script = r'''cd "$1" && find . -type d -printf "%T@ %p\n" -o -printf "%M %T@ %p\n" \
                     -exec sha256sum {} + | sort'''
        sent, got = (self.root.run("sh", "-c", script, "sh", path) for path in (source, target))
        holds("something was sent", "data" in sent, sent)
        same(f"{source} and {target}", sent, got)

    def refused(self, words, path):
        """A copy is turned away, and is not at PATH."""
        done = self.scp(*words)
        holds("it fails", done.code != 0, self.log(done))
        holds("it says that it was not allowed", "not allowed" in done.text, self.log(done))
        same(f"{path} is there", False, self.root.exists(path))

    def no_command(self, name):
        done = self.ssh(name, "id")
        same("exit status and output of a command", (1, ""), (done.code, done.out), self.log(done))

    def nobody_asked(self):
        """Whoever does not ask for it has the program of OpenSSH."""
        done = self.ssh("mary", "command -v scp")
        same("scp", "/usr/bin/scp\n", done.out, self.log(done))

    def by_path(self):
        done = self.ssh("dave", "command -v scp && scp --version")
        same("scp", f"{package.LIB}/scp\n{self.root.run(package.NAME, '--version')}", done.out,
             self.log(done))
        tree = self.make("path")
        self.well(tree, f"dave@{ADDRESS}:pushed")
        self.arrived(tree, "/home/dave/pushed")
        self.well(f"dave@{ADDRESS}:pushed", "/tmp/path-back")
        self.arrived(tree, "/tmp/path-back")

    def upload_only(self):
        tree = self.make("upload")
        self.well(tree, f"anna@{ADDRESS}:")
        self.arrived(tree, "/srv/incoming/upload")
        self.refused([f"anna@{ADDRESS}:upload", "/tmp/upload-back"], "/tmp/upload-back")
        self.no_command("anna")

    def download_only(self):
        tree = self.make("download")
        self.root.run("cp", "-r", "-p", tree, "/srv/outgoing/shelf")
        self.well(f"olga@{ADDRESS}:shelf", "/tmp/download-back")
        self.arrived(tree, "/tmp/download-back")
        self.root.run("chmod", "2777", "/srv/outgoing")
        self.refused([f"{tree}/two words", f"olga@{ADDRESS}:new"], "/srv/outgoing/new")
        self.no_command("olga")

    def login_shell(self):
        same("carl's shell is one of /etc/shells", f"{package.SHELL}\n",
             self.root.shell("grep -x \"$(getent passwd carl | cut -d : -f 7)\" /etc/shells"))
        tree = self.make("shell")
        self.well(tree, f"carl@{ADDRESS}:")
        self.arrived(tree, "/srv/partners/carl/shell")
        self.well(f"carl@{ADDRESS}:shell", "/tmp/shell-back")
        self.arrived(tree, "/tmp/shell-back")
        # "overwrite backup" is of the configuration alone.
        self.well(f"{tree}/two words", f"carl@{ADDRESS}:shell")
        same("the one before", True, self.root.exists("/srv/partners/carl/shell/two words.~1~"))
        self.no_command("carl")


    def in_force(self):
        """README's questions, as they stand there."""
        asked = self.readme("Is it in force?")[0].splitlines()
        # Who looks with her eyes misses the log, which is not there.
        said = [self.root.shell(f"{line} || [ ! -e /dev/log ]") for line in asked]
        holds("sshd has a ForceCommand for her", f"forcecommand {package.LIB}/scp --serve" in said[0],
              said)
        holds("it would be served", "served" in said[1].splitlines()[-1], said)
        holds("the configuration is judged", "upload-only" not in said[2], said)

    def readme(self, heading):
        """The indented blocks below a heading."""
        text = self.root.run("zcat", f"{package.DOC}/README.md.gz").partition(f"## {heading}\n")[2]
        blocks = re.findall(r"(?:^ {4,}.*\n)+", text.partition("\n## ")[0], re.M)
        return [re.sub("(?m)^ *", "", block) for block in blocks]

    def diverted(self):
        """README's lines: login shells find this one, OpenSSH's has another name, and all can go back."""
        ask = "sh -lc 'command -v scp && scp --version'"
        self.root.shell(self.readme("Three ways in")[1])
        try:
            done = self.ssh("mary", ask)
            same("scp", f"/usr/bin/scp\n{self.root.run(package.NAME, '--version')}", done.out,
                 self.log(done))
            self.root.write("/tmp/by-other-name", "x")
            self.root.run("scp.openssh", "-O", "-o", "BatchMode=yes", "/tmp/by-other-name",
                          f"mary@{ADDRESS}:")
            same("it came", "x", self.root.read("/home/mary/by-other-name"))
        finally:
            self.root.shell(shown(self.root.read(
                f"{EXAMPLES}/sshd_config.d/00-scp-every-account.conf"))[1])
        done = self.ssh("mary", "command -v scp && scp --version")
        holds("OpenSSH's is back", "usage: scp" in done.text, self.log(done))
        same("files of its package that have changed", "",
             self.root.run("dpkg", "--verify", "openssh-client"))


def check(report, world):
    """the ways in"""
    root = chroot.Root(world, "ways")
    root.install(world.deb)
    root.shell(PREPARE.format(address=ADDRESS))
    follow(root)
    ways = Ways(root)
    with server(root):
        for name, step in (("nobody asked for it", ways.nobody_asked), ("SetEnv PATH", ways.by_path),
                           ("ForceCommand, upload only", ways.upload_only),
                           ("ForceCommand, download only", ways.download_only),
                           ("login shell", ways.login_shell),
                           ("is it in force", ways.in_force), ("a diversion", ways.diverted)):
            report.run(f"deb: {name}", step)
