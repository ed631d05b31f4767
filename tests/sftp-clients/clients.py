# SPDX-License-Identifier: ISC
"""
The clients of SFTP: each takes steps, ("put", HERE, THERE), ("get", THERE, HERE), ("list", THERE),
("rename", THERE, THERE), ("times", THERE, SECONDS), ("reput", HERE, THERE), ("reget", THERE, HERE), and
does them in one session.
"""
import base64
import os
import shlex
import subprocess

from stage import process, sshd

SCRIPTS = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "stage/clients")


class Client:
    name, needs = "", ""
    can = {"put", "get", "list", "rename"}

    def __init__(self, host, env):
        self.host, self.env = host, env

    def unavailable(self):
        return "" if os.path.exists(self.needs) else f"there is no {self.needs}"

    def start(self, *argv):
        return process.run(list(argv), self.env)

    def steps(self, steps):
        raise NotImplementedError

    def batch(self, steps):
        words = {"list": "ls", "rename": self.moves}
        lines = [" ".join([words.get(verb, verb), *map(shlex.quote, rest)]) for verb, *rest in steps]
        return sshd.write_text(f"{self.host.base}/batch-{self.name}", "\n".join(lines) + "\n")

    moves = "rename"


class Scp(Client):
    name, needs, can = "scp", "/usr/bin/scp", {"put", "get", "trees"}

    def copy(self, *words):
        return self.start("/usr/bin/scp", "-s", "-B", "-F", self.host.config, *words)

    def steps(self, steps):
        (verb, source, target), = steps
        return self.copy(*((source, f"server:{target}") if verb == "put"
                           else (f"server:{source}", target)))

    def tree(self, source, target):
        return self.copy("-r", "-p", source, f"server:{target}")


class Sftp(Client):
    name, needs = "sftp", "/usr/bin/sftp"
    can = Client.can | {"trees", "resume"}

    def steps(self, steps, *options, begun=None):
        return process.run(["/usr/bin/sftp", *options, "-F", self.host.config, "-b", self.batch(steps),
                            "server"], self.env, begun=begun)

    def tree(self, source, target):
        return self.steps([("put -rp", source, target)])


class Putty(Client):
    def options(self):
        path = f"{self.host.base}/key.ppk"
        if not os.path.exists(path):
            subprocess.run(["puttygen", self.host.key, "-O", "private", "-o", path], check=True,
                           stdin=subprocess.DEVNULL, env=self.env)
        return ["-batch", "-noagent", "-P", str(self.host.port), "-l", self.host.user, "-i", path,
                "-hostkey", self.host.fingerprint]


class Psftp(Putty):
    name, needs, moves = "psftp", "/usr/bin/psftp", "mv"
    can = Client.can | {"resume"}

    def steps(self, steps):
        return self.start("/usr/bin/psftp", *self.options(), "-b", self.batch(steps), "127.0.0.1")


class Pscp(Putty):
    name, needs, can = "pscp", "/usr/bin/pscp", {"put", "get"}

    def steps(self, steps):
        (verb, source, target), = steps
        return self.start("/usr/bin/pscp", "-sftp", "-q", *self.options(),
                          *((source, f"127.0.0.1:{target}") if verb == "put"
                            else (f"127.0.0.1:{source}", target)))


class Curl(Client):
    name, needs, can = "curl", "/usr/bin/curl", {"put", "get", "resume", "one step"}

    def steps(self, steps):
        (verb, source, target), = steps
        again = ("-C", "-") if verb in ("reput", "reget") else ()
        digest = self.host.fingerprint.removeprefix("SHA256:")
        digest = base64.b64encode(base64.b64decode(digest + "==")).decode()
        url = f"sftp://127.0.0.1:{self.host.port}/~/"
        return self.start("/usr/bin/curl", "-q", "-sS", "--user", self.host.user + ":",
                          "--key", self.host.key, "--pubkey", self.host.key + ".pub",
                          "--hostpubsha256", digest, *again,
                          *(("-T", source, url + target) if verb in ("put", "reput")
                            else ("-o", target, url + source)))


class Lftp(Client):
    name, needs = "lftp", "/usr/bin/lftp"
    can = Client.can | {"trees", "resume"}

    def say(self, *lines):
        return self.start("/usr/bin/lftp", "-c", "\n".join((
            "set cmd:fail-exit yes", "set net:max-retries 1", "set net:timeout 30",
            f'set sftp:connect-program "ssh -a -x -F {self.host.config}"',
            f"open -u {self.host.user}, sftp://server", *lines)))

    def steps(self, steps):
        words = {"put": "put {} -o {}", "get": "get {} -o {}", "list": "cls -1 {}", "rename": "mv {} {}",
                 "reput": "put -c {} -o {}", "reget": "get -c {} -o {}"}
        return self.say(*(words[verb].format(*map(shlex.quote, rest)) for verb, *rest in steps))

    def tree(self, source, target):
        return self.say(f"mirror -R {shlex.quote(source)} {shlex.quote(target)}")


class Rclone(Client):
    name, needs, can = "rclone", "/usr/bin/rclone", {"put", "get"}

    def steps(self, steps):
        (verb, source, target), = steps
        there = ":sftp:" + (target if verb == "put" else source)
        # Its pool of connections would ask on another one for what this one has made.
        return self.start("/usr/bin/rclone", "--config", "/dev/null", "--sftp-host", "127.0.0.1",
                          "--sftp-port", str(self.host.port), "--sftp-user", self.host.user,
                          "--sftp-key-file", self.host.key, "--sftp-set-modtime=false",
                          "--sftp-disable-hashcheck", "--retries", "1", "copyto",
                          *((source, there) if verb == "put" else (there, target)))


class Library(Client):
    interpreter, script, found = [], "", []
    can = Client.can | {"times"}

    def unavailable(self):
        known = subprocess.run([*self.interpreter, *self.found], check=False,
                               stderr=subprocess.DEVNULL)
        return "" if known.returncode == 0 else f"there is no {self.name}"

    def where(self):
        return [str(self.host.port), self.host.user, self.host.key, self.host.known]

    def steps(self, steps):
        return self.start(*self.interpreter, f"{SCRIPTS}/{self.script}", *self.where(),
                          *(word for step in steps for word in step))


class Paramiko(Library):
    name, script = "paramiko", "sftp_paramiko.py"
    interpreter, found = ["/usr/bin/python3", "-I", "-W", "ignore"], ["-c", "import paramiko"]


class AsyncSSH(Library):
    name, script = "asyncssh", "sftp_asyncssh.py"
    interpreter, found = ["/usr/bin/python3", "-I", "-W", "ignore"], ["-c", "import asyncssh"]


class NetSftp(Library):
    name, script = "net-sftp", "sftp_net.rb"
    interpreter, found = ["/usr/bin/ruby"], ["-e", "require 'net/sftp'"]


class Foreign(Library):
    name, script = "Net::SFTP::Foreign", "sftp_foreign.pl"
    interpreter, found = ["/usr/bin/perl"], ["-MNet::SFTP::Foreign", "-e", "1"]

    def where(self):
        return [self.host.config]


ALL = [Scp, Sftp, Psftp, Pscp, Curl, Lftp, Rclone, Paramiko, AsyncSSH, NetSftp, Foreign]
RESUMING = [kind for kind in ALL if "resume" in kind.can]
