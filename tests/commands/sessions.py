# SPDX-License-Identifier: ISC
"""Checks with a session of their own, over pipes, in a directory of their own."""
import os
import subprocess
import tempfile

from conformance import play
from stage import lines, panels, process, trees, winscp
from stage.report import same

REFUSED = "--deny=*.refused"


class Place:
    """The root of an account, and a directory of ours beside it."""

    def __init__(self, setup):
        self.setup = setup
        self.base = tempfile.mkdtemp(dir=setup.top)
        self.root, self.local = f"{self.base}/root", f"{self.base}/local"
        self.uid = play.USER if os.geteuid() == 0 else None
        os.chmod(self.base, 0o755)
        for path in (self.root, self.local):
            os.mkdir(path)
        self.give(self.root)
        self.children = []

    def give(self, path):
        if self.uid is not None:
            os.chown(path, self.uid, self.uid, follow_symlinks=False)

    def line(self, *policy, command=None):
        """A session of that account."""
        env = play.environment(self.base, [])
        if command is not None:
            env["SSH_ORIGINAL_COMMAND"] = command
        line = lines.Pipes([self.setup.prog, "--serve", "--commands=yes", f"--root={self.root}", "--log=none",
                            *policy], self.base, env, self.uid)
        self.children.append(line.child)
        return line

    def run(self, argv, env=(), data=b"", cwd=None):
        """A session that is sent DATA, and then no more."""
        with tempfile.TemporaryFile(dir=self.base) as file:
            file.write(data)
            file.seek(0)
            become = [] if self.uid is None else ["setpriv", f"--reuid={self.uid}", f"--regid={self.uid}",
                                                  "--clear-groups"]
            return process.run([*become, *argv], play.environment(self.base, []) | dict(env),
                               cwd=cwd, stdin=file)

    def start(self, output, policy, command):
        """A session whose output goes to the descriptor OUTPUT; the process."""
        env = play.environment(self.base, []) | {"SSH_ORIGINAL_COMMAND": command}
        child = subprocess.Popen([self.setup.prog, "--serve", "--commands=yes", f"--root={self.root}",
                                  "--log=none", policy], stdin=subprocess.DEVNULL, stdout=output,
                                 stderr=subprocess.DEVNULL, env=env, cwd=self.base, user=self.uid,
                                 group=self.uid, extra_groups=None if self.uid is None else [])
        self.children.append(child)
        return child

    def empty(self):
        """The root is as it was at first."""
        trees.remove(self.root)
        os.mkdir(self.root)
        self.give(self.root)

    def close(self):
        for child in self.children:
            child.kill()
            child.wait()
        trees.remove(self.base)


def in_a_place(setup, check, *args):
    place = Place(setup)
    try:
        check(place, *args)
        left = [name for _, _, files in os.walk(os.fsencode(place.root)) for name in files
                if name.startswith(b".scp-")]
        same("temporary files left", [], left)
    finally:
        place.close()


def in_panels(place, check):
    """A user of WinSCP, who has gone to a directory that he has made."""
    line = place.line(REFUSED)
    client = winscp.WinSCP(line)
    client.start()
    client.mkdir("here")
    client.cd("here")
    check(client, panels.Ground(f"{place.root}/here", "/here", place.local, place.give))
    same("exit status", 0, line.close())


def title_of(line):
    with open(f"/proc/{line.child.pid}/cmdline", encoding="ascii") as file:
        return file.read().strip("\0 ").removeprefix("scp: ")


def titles(place):
    """What ps(1) shows of a session: where it is, and of a copy what a copy shows."""
    line = place.line()
    shown = []
    for command in ("pwd", "mkdir d; cd d; pwd", "sh -c 'cd ..; pwd'", "cd; pwd", "cd d; scp -t ."):
        line.send(command.encode() + b"\n")
        line.next()
        shown.append(title_of(line))
    line.send(b"C0644 100000 f\n")
    line.next()
    shown.append(title_of(line))
    line.send(b"x" * 100000 + b"\0E\npwd\n")
    got = b""
    while not got.endswith(b"/d\n"):
        got += line.next()[1]
    shown.append(title_of(line))
    same("titles", [f"serving commands {path}" for path in ("/", "/d", "/d", "/")] +
         ["receiving .", "receiving ./f 0%", "serving commands /d"], shown)
    same("exit status", 0, line.close())


CHECKS = [("titles", titles)] + [(f"winscp/{check.__name__.replace('_', '-')}", in_panels, check) for check in panels.ALL]
