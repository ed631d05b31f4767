# SPDX-License-Identifier: ISC
"""The clients: how each is called, what it makes of modes and times, and what it cannot do."""
import base64
import os
import shlex
import subprocess
import urllib.parse

from stage import process
from stage.trees import Rules, at_least, exact, fixed, masked, unless_asked

HERE = os.path.dirname(os.path.abspath(__file__))


class Client:
    """
    One client program.  CANNOT says why checks that need something are not run for it:

        trees           copying a directory with what is in it
        push newline    sending a name with a newline
        push newline directory  the same of a directory
        push backslash  sending a name with a backslash
        push closed     reading a directory of mode 0000, or what is in it (root may)
        pull readonly   filling a directory that it made without write permission (root may)
        push times      sending them
        push many       several files in one go
        pull many       several sources in one go
        -d              telling the server that the target must be a directory
        go on           with the other files after an error
        patterns        that the server's shell is to expand
        odd names       as operands
        reasons         showing the server's own words for an error
        late refusals   knowing of one that comes behind the contents
        pull times      setting them
    """
    name = ""
    needs = ""                      # the program without which it cannot be tried
    push_rules = Rules()
    pull_rules = Rules()
    cannot = {}
    missing_last = False            # of several sources, when it cannot go on after an error
    hurried = None                  # what it may say of a server that ends at once, and not why

    def __init__(self, host, env):
        self.host, self.env = host, env

    def says(self, outcome, reason, at_once=False):
        """Whether it shows REASON, of a server that may have ended with it AT_ONCE."""
        return reason in outcome.text or bool(
            at_once and self.hurried and self.hurried in outcome.text)

    def unavailable(self):
        """Why it cannot be tried here, or nothing."""
        return "" if os.path.exists(self.needs) else f"there is no {self.needs}"

    def push(self, sources, target, recursive=False, preserve=False):
        raise NotImplementedError

    def pull(self, sources, target, recursive=False, preserve=False, pattern=False):
        """PATTERN: the one source goes to the server's shell as it is."""
        raise NotImplementedError

    def start(self, argv, **more):
        return process.run(argv, self.env, **more)


def flags(recursive, preserve):
    return ["-r"] * recursive + ["-p"] * preserve


NOT_TO_BE_READ = {} if os.geteuid() == 0 else {
    "push closed": "only root can read what it is to send"}
NOT_TO_BE_FILLED = {} if os.geteuid() == 0 else {
    "pull readonly": "it makes directories with their final mode, then cannot write to them"}

SENDS_NEWLINE = {
    what: "it sends the newline as it is, which ends the record"
    for what in ("push newline", "push newline directory")}


class OpenSSH(Client):
    name = "openssh"
    needs = "/usr/bin/scp"
    cannot = {
        **NOT_TO_BE_READ,
        "push newline directory": "it looks for the name that it sends, which is another one",
    }
    extra = []                      # options on top

    def command(self, *rest):
        return self.start(["/usr/bin/scp", "-O", "-B", "-F", self.host.config, *self.extra, *rest])

    def push(self, sources, target, recursive=False, preserve=False):
        return self.command(*flags(recursive, preserve), "--", *sources,
                            "server:" + shlex.quote(target))

    def pull(self, sources, target, recursive=False, preserve=False, pattern=False):
        quoted = [source if pattern else shlex.quote(source) for source in sources]
        # It compares names with the operand as it was typed, quotes included, unless told not to.
        trust = ["-T"] if pattern or quoted != sources else []
        return self.command(*trust, *flags(recursive, preserve), "--",
                            *("server:" + source for source in quoted), target)


class Pscp(Client):
    name = "pscp"
    needs = "/usr/bin/pscp"
    # Directories are always sent as 0755 and without times; what it receives gets no mode set.
    push_rules = Rules(dir_mode=fixed(0o755), dir_times=False)
    pull_rules = Rules(file_mode=masked, dir_mode=fixed(0o755), dir_times=False)
    missing_last = True             # it takes the record after a warning for a continuation of it
    # It looks for the end before it looks for what came before.
    hurried = "Received unexpected end-of-file from server"
    cannot = {
        **NOT_TO_BE_READ,
        **SENDS_NEWLINE,
        "push backslash": "it takes what is behind it for the name",
        "pull many": "it takes one source",
    }

    def command(self, *rest):
        return self.start(["/usr/bin/pscp", "-scp", "-batch", "-q", "-noagent",
                           "-P", str(self.host.port), "-l", self.host.user,
                           "-i", self.key(), "-hostkey", self.host.fingerprint, *rest])

    def key(self):
        path = f"{self.host.base}/key.ppk"
        if not os.path.exists(path):
            subprocess.run(["puttygen", self.host.key, "-O", "private", "-o", path], check=True,
                           stdin=subprocess.DEVNULL, env=self.env)
        return path

    def push(self, sources, target, recursive=False, preserve=False):
        return self.command(*flags(recursive, preserve), *sources,
                            "127.0.0.1:" + shlex.quote(target))

    def pull(self, sources, target, recursive=False, preserve=False, pattern=False):
        # One source is all it takes; a pattern may stand for several.
        source = sources[0] if pattern else shlex.quote(sources[0])
        return self.command(*flags(recursive, preserve), *["-unsafe"] * pattern,
                            "127.0.0.1:" + source, target)


class Curl(Client):
    name = "curl"
    needs = "/usr/bin/curl"
    push_rules = Rules(file_mode=lambda _mode, _preserve, _umask: 0o644, file_times=False)
    pull_rules = Rules(file_mode=lambda _mode, _preserve, _umask: 0o644, file_times=False)
    missing_last = True             # its exit status is that of the last file
    cannot = {
        "trees": "it copies files only",
        "push times": "it sends none",
        "pull times": "it asks for them and then does not set them",
        "patterns": "it quotes what it sends to the server",
        "late refusals": "it reads no answer behind a file",
        "reasons": "it says that it failed, and keeps the server's words to itself",
    }

    def unavailable(self):
        if why := super().unavailable():
            return why
        known = subprocess.run([self.needs, "-V"], stdout=subprocess.PIPE, text=True, check=True)
        return "" if " scp " in known.stdout else "this curl was built without scp"

    def url(self, path):
        return f"scp://127.0.0.1:{self.host.port}" + urllib.parse.quote(path)

    def command(self, *rest):
        digest = self.host.fingerprint.removeprefix("SHA256:")
        digest = base64.b64encode(base64.b64decode(digest + "==")).decode()
        return self.start(["/usr/bin/curl", "-q", "-sS", "--globoff",
                           "--user", self.host.user + ":", "--key", self.host.key,
                           "--pubkey", self.host.key + ".pub", "--hostpubsha256", digest, *rest])

    def push(self, sources, target, recursive=False, preserve=False):
        into = len(sources) > 1 or target.endswith("/")
        pairs = (("-T", source, self.url(os.path.join(target, os.path.basename(source)) if into
                                         else target)) for source in sources)
        return self.command(*(word for pair in pairs for word in pair))

    def pull(self, sources, target, recursive=False, preserve=False, pattern=False):
        into = os.path.isdir(target)
        pairs = (("-o", os.path.join(target, os.path.basename(source)) if into else target,
                  self.url(source)) for source in sources)
        return self.command(*(word for pair in pairs for word in pair))


class Library(Client):
    """A library, and the script that calls it."""
    interpreter = []
    script = ""

    def command(self, verb, letters, *paths):
        return self.start([*self.interpreter, f"{HERE}/clients/{self.script}",
                           str(self.host.port), self.host.user, self.host.key, self.host.known,
                           verb, letters or "-", *paths])

    def quote(self, path):
        return path

    def push(self, sources, target, recursive=False, preserve=False):
        return self.command("put", "r" * recursive + "p" * preserve, *sources, self.quote(target))

    def pull(self, sources, target, recursive=False, preserve=False, pattern=False):
        quoted = sources if pattern else [self.quote(source) for source in sources]
        return self.command("get", "r" * recursive + "p" * preserve + "g" * pattern, *quoted,
                            target)


class PythonLibrary(Library):
    interpreter = ["/usr/bin/python3", "-I", "-W", "ignore"]
    module = ""

    def unavailable(self):
        found = subprocess.run([*self.interpreter, "-c", f"import {self.module}"], check=False,
                               stderr=subprocess.DEVNULL)
        return "" if found.returncode == 0 else f"there is no Python module {self.module}"


class PythonScp(PythonLibrary):
    name = "scp.py"
    script, module = "python_scp.py", "scp"
    # It preserves times, and asks for modes in neither direction; what it receives it sets anyway.
    push_rules = Rules(file_mode=masked, dir_mode=masked, linked_dirs=False)
    pull_rules = Rules(file_mode=exact, dir_mode=masked)
    cannot = {
        **NOT_TO_BE_READ, **NOT_TO_BE_FILLED,
        "go on": "it raises an exception at the first error",
        "-d": "it has no means for that, so that the first file becomes the target",
    }


class AsyncSSH(PythonLibrary):
    name = "asyncssh"
    script, module = "python_asyncssh.py", "asyncssh"
    # What it receives gets the usual modes, unless they are to be preserved.
    pull_rules = Rules(file_mode=unless_asked(0o644), dir_mode=unless_asked(0o755))
    cannot = {
        **NOT_TO_BE_READ,
        **SENDS_NEWLINE,
    }

    def quote(self, path):
        return shlex.quote(path)


class NetScp(Library):
    name = "net-scp"
    interpreter = ["/usr/bin/ruby"]
    script = "net_scp.rb"
    # It sets a directory's times before it fills it, and adds what it needs to modes for good.
    pull_rules = Rules(file_mode=at_least(0o600), dir_mode=at_least(0o700), dir_times="empty")
    cannot = {
        **NOT_TO_BE_READ,
        **SENDS_NEWLINE,
        "push many": "it takes one source",
        "pull many": "it takes one source",
        "patterns": "it quotes what it sends to the server",
        "go on": "it raises an exception at the first error",
    }

    def unavailable(self):
        if not os.path.exists("/usr/bin/ruby"):
            return "there is no /usr/bin/ruby"
        found = subprocess.run(["/usr/bin/ruby", "-e", "require 'net/scp'"], check=False,
                               stderr=subprocess.DEVNULL)
        return "" if found.returncode == 0 else "there is no ruby-net-scp"


ALL = [OpenSSH, Pscp, Curl, PythonScp, AsyncSSH, NetScp]
