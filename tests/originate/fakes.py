# SPDX-License-Identifier: ISC
"""Hosts that say what they are told to, whatever they hear: over pipes, with nothing behind them."""
import os
import shutil
import stat
import threading

from stage import process, sshd, trees

# A host that is called "there" carries out what it is asked for, in a directory of its own, of what a script
# lets it hear.  Any other one
# puts aside what it hears, says what is in a file, or does what another one has, and hangs up.
FAKE = """\
#!/bin/sh
for word; do host=$command command=$word; done
if [ "$host" = there ]; then
	echo "$command" >>"$FAKE/commands"
	cd "$FAKE/there"
	if [ -f "$FAKE/hear" ]; then . "$FAKE/hear" | sh -c "$command"; exit; fi
	exec sh -c "$command"
fi
if [ -f "$FAKE/talk" ]; then . "$FAKE/talk"; fi
exec 3<&0
cat <&3 >"$FAKE/heard" 2>/dev/null 3<&- &
exec 3<&-
if [ -f "$FAKE/do" ]; then . "$FAKE/do"
elif [ -f "$FAKE/says-$host" ]; then cat "$FAKE/says-$host"
else cat "$FAKE/says"
fi
exec >&-
wait
"""
SECRET, SENT = b"a secret\n", b"sent\n"


def content_of(path):
    with open(path, "rb") as file:
        return file.read()


def snapshot(top):
    """{path: (mode, content or where it leads)} of all that is below TOP."""
    found = {}
    for where, dirs, files in os.walk(top):
        for name in dirs + files:
            path = os.path.join(where, name)
            mode = os.lstat(path).st_mode
            what = os.readlink(path) if os.path.islink(path) else None
            if stat.S_ISREG(mode):
                what = content_of(path)
            found[os.path.relpath(path, top)] = (oct(mode & 0o7777), what)
    return found


class Lab:
    def __init__(self, out, base):
        self.scp, self.base = f"{out}/scp", base
        self.env = sshd.client_environment(base)
        self.env["PATH"] = f"{base}/bin:{self.env['PATH']}"
        os.mkdir(f"{base}/bin")
        shutil.copy(self.scp, f"{base}/bin/scp")
        self.fake = sshd.write_text(f"{base}/fake", FAKE, 0o755)
        self.count, self.lock = 0, threading.Lock()

    def scene(self, says=b"", do=None, talk=None, hear=None):
        with self.lock:
            self.count += 1
            top = f"{self.base}/scene-{self.count}"
        return Scene(self, top, says, {"do": do, "talk": talk, "hear": hear})


class Scene:
    """
    What a host SAYS, or the lines of a shell that it is to DO, behind those by which it is to TALK with us; and
    the person's side: a directory "here" with a "target", and beside it what nobody has asked for.
    """

    def __init__(self, lab, top, says, scripts):
        self.lab, self.top, self.here = lab, top, f"{top}/here"
        for path in (top, f"{top}/there", self.here, f"{self.here}/target", f"{self.here}/target/there",
                     f"{self.here}/outside"):
            os.mkdir(path)
        for path, content in (("outside/secret", SECRET), ("target/old", b"old\n"), ("sent", SENT)):
            with open(f"{self.here}/{path}", "wb") as file:
                file.write(content)
        with open(f"{top}/says", "wb") as file:
            file.write(says)
        for name, lines in scripts.items():
            if lines is not None:
                sshd.write_text(f"{top}/{name}", lines)
        self.before = snapshot(self.here)

    @property
    def env(self):
        return self.lab.env | {"FAKE": self.top}

    def argv(self, *words):
        return [self.lab.scp, "-S", self.lab.fake, *words]

    def run(self, *words):
        return process.run(self.argv(*words), self.env, cwd=self.here)

    def heard(self):
        path = f"{self.top}/heard"
        return content_of(path) if os.path.exists(path) else b""

    def new(self):
        """What has come, or changed, or is gone (None), since the scene was made."""
        after = snapshot(self.here)
        return {path: after.get(path) for path in sorted(after.keys() | self.before.keys())
                if after.get(path) != self.before.get(path)}

    def end(self):
        trees.remove(self.top)
