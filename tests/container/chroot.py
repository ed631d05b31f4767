# SPDX-License-Identifier: ISC
"""
An image and its container without an engine: the instructions of the Containerfile are followed in
directories, and what is run is run in namespaces.  An instruction, or an option, that is not known
here is an error.
"""
import contextlib
import itertools
import os
import shutil
import signal
import subprocess
import threading
from dataclasses import dataclass, field

import apt
import containerfile
from box import Box, Ended
from stage import sshd
from stage.report import holds, same

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
NAMESPACES = ["unshare", "--mount", "--pid", "--fork", "--kill-child",
              "--propagation", "private", "--"]
# What is mounted in each, $1 being its root.
KERNEL = """
mount -t proc proc "$1/proc"
mount -t tmpfs -o mode=0755,size=64k dev "$1/dev"
for name in null zero full random urandom tty; do
	: >"$1/dev/$name"
	mount --bind "/dev/$name" "$1/dev/$name"
done
mkdir -m 1777 "$1/dev/shm" "$1/dev/pts"
mount -t tmpfs -o mode=1777 shm "$1/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666,mode=0620 devpts "$1/dev/pts"
ln -s pts/ptmx "$1/dev/ptmx"
ln -s /proc/self/fd "$1/dev/fd"
for name in 0/stdin 1/stdout 2/stderr; do
	ln -s "fd/${name%/*}" "$1/dev/${name#*/}"
done
"""
# Mounts $3 at $2 beneath the root; what it is to cover is made.
BIND = """
bind() {
	mkdir -p "$1$(dirname "$2")"
	if [ -d "$3" ]; then mkdir -p "$1$2"; else [ -e "$1$2" ] || : >"$1$2"; fi
	mount --bind "$3" "$1$2"
	[ "$4" = rw ] || mount -o remount,bind,ro "$1$2"
}
"""


@dataclass
class Stage:
    """What an image is, or will be."""
    root: str
    args: dict = field(default_factory=dict)
    env: dict = field(default_factory=lambda: {"PATH": PATH})
    directory: str = "/"
    user: str = ""
    volumes: list = field(default_factory=list)
    ports: list = field(default_factory=list)
    entrypoint: list = field(default_factory=list)
    command: list = field(default_factory=list)

    def expand(self, text):
        return containerfile.expanded(text, {**self.args, **self.env})

    def beneath(self, path):
        """PATH of the image as ours, from its working directory if it is relative."""
        return self.root + os.path.join(self.directory, path)


def must(argv, **more):
    subprocess.run(argv, check=True, stdin=subprocess.DEVNULL, start_new_session=True, **more)


def ids(user):
    """setpriv's words for a USER that is a pair of numbers, as it is in the image."""
    uid, _, gid = user.partition(":")
    if not (uid.isdigit() and gid.isdigit()):
        raise containerfile.Wrong(f"USER {user}: not two numbers, which is what orchestrators want")
    return ["--reuid", uid, "--regid", gid, "--clear-groups"]


class Build:
    """Follows the instructions.  Directories of stages are beneath TOP."""

    def __init__(self, top, context, base, tell):
        self.top, self.context, self.base, self.tell = top, context, base, tell
        self.stages = []
        self.names = {}         # of stages, by what AS and their number call them
        self.args = {}          # those before the first stage
        self.stage = None

    def run(self, text):
        for each in containerfile.instructions(text):
            do = getattr(self, "do_" + each.word.lower(), None)
            if do is None:
                raise each.wrong("this instruction is not known here")
            if self.stage is None and each.word not in ("ARG", "FROM"):
                raise each.wrong("it comes before FROM")
            self.tell(f"{each.word} {each.rest}")
            do(each)
        return self.stage

    def do_arg(self, each):
        name, given, value = each.rest.partition("=")
        if self.stage is None:
            self.args[name] = value
        elif given:
            self.stage.args[name] = self.stage.expand(value)
        elif name in self.args:
            self.stage.args[name] = self.args[name]

    def do_from(self, each):
        words = containerfile.expanded(each.rest, self.args).split()
        if len(words) not in (1, 3) or words[1:2] not in ([], ["AS"], ["as"]):
            raise each.wrong("not IMAGE or IMAGE AS NAME")
        if words[0] != self.args.get("BASE"):
            raise each.wrong("not the base image, which is all that there is here")
        self.stage = Stage(f"{self.top}/stage-{len(self.stages)}")
        os.mkdir(self.stage.root)
        must(["tar", "-C", self.stage.root, "-xpf", self.base])
        self.names[str(len(self.stages))] = self.stage
        if len(words) == 3:
            self.names[words[2]] = self.stage
        self.stages.append(self.stage)

    def do_env(self, each):
        for word in each.words():
            name, given, value = word.partition("=")
            if not given:
                raise each.wrong("not NAME=VALUE")
            self.stage.env[name] = self.stage.expand(value)

    def do_workdir(self, each):
        self.stage.directory = os.path.join(self.stage.directory, self.stage.expand(each.rest))
        os.makedirs(self.stage.beneath(""), exist_ok=True)

    def do_copy(self, each):
        words = [self.stage.expand(word) for word in each.listed()]
        top = self.context
        while words[0].startswith("--"):
            option, _, value = words.pop(0).partition("=")
            if option != "--from":
                raise each.wrong(f"{option} is not known here")
            if value not in self.names:
                raise each.wrong(f"no stage is called {value}")
            top = self.names[value].root
        *sources, target = words
        there = self.stage.beneath(target)
        if len(sources) > 1 and not target.endswith("/"):
            raise each.wrong("several into what is no directory")
        for source in sources:
            path = os.path.join(top, source.lstrip("/"))
            if not os.path.exists(path):
                raise each.wrong(f"there is no {source}")
            self.copy(path, there)

    @staticmethod
    def copy(source, there):
        """A directory is what is in it.  All of it becomes root's, with the modes that it has."""
        into = there.endswith("/") or os.path.isdir(there) or os.path.isdir(source)
        os.makedirs(there if into else os.path.dirname(there), exist_ok=True)
        what = f"{source}/." if os.path.isdir(source) else source
        must(["cp", "-dR", "--preserve=mode,timestamps,links", what, there])

    def do_run(self, each):
        if each.rest.startswith(("[", "--")):
            raise each.wrong("only a line for the shell is known here")
        stage = self.stage
        env = [f"{name}={value}" for name, value in {**stage.args, **stage.env}.items()]
        user = ["setpriv", *ids(stage.user)] if stage.user else []
        script = "set -eu\n" + BIND + KERNEL + "".join(
            f'bind "$1" {there} {here} ro\n' for here, there in apt.mounts(self.top)) + (
            'root=$1\nshift\nexec chroot "$root" "$@"\n')
        done = subprocess.run(
            [*NAMESPACES, "sh", "-c", script, "sh", stage.root, "env", "-i", *env, *user,
             "sh", "-c", 'cd "$1" && exec /bin/sh -c "$2"', "sh", stage.directory, each.rest],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            errors="replace", check=False)
        if done.returncode != 0:
            raise each.wrong(f"it ended with {done.returncode}:\n{done.stdout[-4000:]}")

    def do_volume(self, each):
        self.stage.volumes += [self.stage.expand(word) for word in each.listed()]

    def do_expose(self, each):
        self.stage.ports += [int(word.partition("/")[0]) for word in each.words()]

    def do_user(self, each):
        self.stage.user = self.stage.expand(each.rest)

    def do_entrypoint(self, each):
        self.stage.entrypoint, self.stage.command = each.listed(), []

    def do_cmd(self, each):
        self.stage.command = each.listed()


# Engines' options, and what becomes of the words for setpriv.
KNOWN_OPTIONS = {
    "--detach": [],
    "--read-only": [],
    "--cap-drop=all": ["--bounding-set=-all", "--inh-caps=-all", "--ambient-caps=-all"],
    "--security-opt=no-new-privileges": ["--no-new-privs"],
}


class ChrootBox(Box):
    """A container: an overlay on the image, which is changed by nobody."""
    kind = "chroot"

    def __init__(self, top, stage, command):
        super().__init__(command)
        self.top, self.stage = top, stage
        self.count = itertools.count(1)
        self.child = None
        self.reader = None
        self.text = ""
        self.volumes = {}
        os.mkdir(f"{top}/volumes")

    def volume(self, name, target):
        """A new one begins as what the image has at its place."""
        if name not in self.volumes:
            self.volumes[name] = f"{self.top}/volumes/{name}"
            must(["cp", "-a", self.stage.root + target, self.volumes[name]])
        return self.volumes[name]

    def mounted(self, mounts):
        """(ours, theirs, ro or rw) for each of MOUNTS, and for volumes that nobody named."""
        rows = [(self.volume(each.source, each.target) if each.is_volume else each.source,
                 each.target, "ro" if each.read_only else "rw") for each in mounts]
        unnamed = set(self.stage.volumes) - {each.target for each in mounts}
        for target in sorted(unnamed):
            rows.append((self.volume(f"unnamed-{next(self.count)}", target), target, "rw"))
        return rows

    def script(self, options, mounts):
        """What makes a container of an overlay at $1, and starts what comes behind that."""
        overlay = 'mount -t overlay -o "lowerdir=$2,upperdir=$3,workdir=$4" none "$1"'
        lines = ["set -eu", BIND, overlay, KERNEL]
        lines += [f'bind "$1" {there} {here} {how}' for here, there, how in self.mounted(mounts)]
        if "--read-only" in options:
            lines.append('mount -o remount,ro "$1"')
        lines.append('root=$1\nshift 4\nexec chroot "$root" "$@"')
        return "\n".join(lines)

    def argv(self, options, mounts, user):
        number = next(self.count)
        paths = [f"{self.top}/{part}-{number}" for part in ("root", "upper", "work")]
        for path in paths:
            os.mkdir(path)
        stage = self.stage
        privileges = [word for option in options for word in KNOWN_OPTIONS[option]]
        env = [f"{name}={value}" for name, value in stage.env.items()]
        return [*NAMESPACES, "sh", "-c", self.script(options, mounts), "sh", paths[0], stage.root,
                *paths[1:], "setpriv", *ids(user or stage.user), *privileges,
                "env", "-i", "-C", stage.directory, *env, *stage.entrypoint, *stage.command]

    def begin(self, options, mounts, user=None):
        ours, theirs = os.pipe()
        # As engines do it: the container's user may open its standard error once more.
        uid, _, gid = (user or self.stage.user).partition(":")
        os.fchown(theirs, int(uid), int(gid))
        self.text = ""
        self.child = subprocess.Popen(self.argv(options, mounts, user), stdin=subprocess.DEVNULL,
                                      stdout=theirs, stderr=theirs, start_new_session=True)
        os.close(theirs)
        self.reader = threading.Thread(target=self.read, args=(ours,))
        self.reader.start()

    def read(self, fd):
        with open(fd, encoding="utf-8", errors="replace") as file:
            for line in file:
                self.text += line

    def log(self):
        return self.text

    def alive(self):
        return self.child is not None and self.child.poll() is None

    def pid(self):
        """unshare's child is the first process in there."""
        ours = self.child.pid
        return int(sshd.read_text(f"/proc/{ours}/task/{ours}/children").split()[0])

    def signal(self, number):
        """To the first process: what kills unshare kills nobody who has changed his user."""
        with contextlib.suppress(ProcessLookupError, FileNotFoundError, IndexError):
            os.kill(self.pid(), number)

    def end(self, patience):
        told = True
        self.signal(signal.SIGTERM)
        try:
            self.child.wait(patience)
        except subprocess.TimeoutExpired:
            told = False
            self.signal(signal.SIGKILL)
            self.child.wait()
        self.reader.join()
        return Ended(self.text, self.child.returncode, told)

    def place_of(self, name):
        return self.volumes[name]

    def inside(self, script):
        done = subprocess.run(["chroot", self.stage.root, "/bin/sh", "-c", script], text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, check=False, env=self.stage.env)
        return done.stdout

    def facts(self):
        stage = self.stage
        return {"user": stage.user, "ports": stage.ports, "volumes": sorted(stage.volumes)}

    def close(self):
        if self.child is not None and self.alive():
            self.end(0)


# What is not followed here must not be passed over, and what fails must not be either.
STRANGE = (
    "HEALTHCHECK CMD true", "ADD x y", "SHELL []", "ENV A B", "COPY --chmod=755 x y",
    "COPY --from=nobody x y", "COPY one two directory", "COPY missing there", "WORKDIR $UNKNOWN",
    "FROM scratch", "RUN --mount=type=cache,target=/x true", "RUN <<END", 'RUN ["true"]',
    "USER root\nRUN true", "RUN exit 3", "RUN true && \\\n  false")


def follows(box, text):
    """Whether TEXT can be built upon the image of BOX."""
    build = Build(box.top, box.top, None, lambda _text: None)
    build.stage = Stage(box.stage.root)
    try:
        build.run(text)
    except containerfile.Wrong:
        return False
    return True


def passes_nothing_over(box):
    known = "ARG A=x\nENV B=$A\nRUN test $B = x && \\\n# a comment\n  test -c /dev/null"
    holds("what is known is followed", follows(box, known), "an error")
    passed = [text for text in STRANGE if follows(box, text)]
    same("what is followed, of what cannot be", [], passed)


def made(top, context, base, text, tell):
    """The container of what a Containerfile says."""
    for name in ("image", "box"):
        os.mkdir(f"{top}/{name}")
    stage = Build(f"{top}/image", context, base, tell).run(text)
    command = containerfile.documented(text)
    unknown = [word for word in command.options if word not in KNOWN_OPTIONS]
    if unknown:
        raise containerfile.Wrong(f"the comment's podman run has {unknown}, not known here")
    # What only the build needed is not needed any more.
    for other in os.listdir(f"{top}/image"):
        if f"{top}/image/{other}" != stage.root:
            shutil.rmtree(f"{top}/image/{other}", ignore_errors=True)
    return ChrootBox(f"{top}/box", stage, command)
