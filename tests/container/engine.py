# SPDX-License-Identifier: ISC
"""The image built, and its container run, by podman."""
import os
import resource
import shutil
import subprocess

import apt
import containerfile
from box import Box, Ended

NAME = "drop-box"
STOPPED = 128 + 9           # exit status of what had to be killed
PLACES = ("/run", "/dev/shm", "/var/tmp", "/var/lib/containers")


class Unfit(Exception):
    """podman cannot run anything here; the text says why."""


def is_there():
    return shutil.which("podman") is not None


def hide_the_machine(context):
    """
    To be called in a mount namespace: what podman writes beside its storage is ours alone.  crun
    knows cgroups of version 1, or of version 2, but not both at a time.
    """
    resolver = os.path.realpath("/etc/resolv.conf")
    with open(resolver, encoding="utf-8") as file:
        text = file.read()
    for path in PLACES:
        if os.path.isdir(path) and not context.startswith(f"{path}/"):
            subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=0755", "none", path], check=True)
    for path in ("/run/lock", os.path.dirname(resolver)):
        os.makedirs(path, exist_ok=True)
    if not os.path.exists(resolver):
        with open(resolver, "w", encoding="utf-8") as file:
            file.write(text)
    if os.path.ismount("/sys/fs/cgroup/unified"):
        subprocess.run(["umount", "/sys/fs/cgroup/unified"], check=True)


class Podman:
    """With storage of its own beneath TOP."""

    def __init__(self, top):
        self.words = ["podman", "--root", f"{top}/storage", "--runroot", f"{top}/run",
                      "--tmpdir", f"{top}/tmp", "--storage-driver=overlay",
                      "--cgroup-manager=cgroupfs", "--events-backend=none"]
        self.top = top

    def try_to(self, *words):
        return subprocess.run([*self.words, *words], stdin=subprocess.DEVNULL, text=True,
                              errors="replace", check=False, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, start_new_session=True)

    def must(self, *words):
        done = self.try_to(*words)
        if done.returncode != 0:
            raise RuntimeError(f"podman {words[0]} ended with {done.returncode}:\n{done.stdout}")
        return done.stdout

    def build(self, file, context, name):
        lent = [f"--volume={ours}:{theirs}:ro" for ours, theirs in apt.mounts(self.top)]
        self.must("build", "--pull=never", "--isolation=chroot", "--network=host", *lent,
                  "--tag", name, "--file", file, context)


def surroundings():
    """
    The network is that of the checks, which is nobody else's; groups of processes are not what is
    checked; and of limits an engine wants more than root may have everywhere.
    """
    options = ["--network=host", "--cgroups=disabled"]
    for name, which in (("nofile", resource.RLIMIT_NOFILE), ("nproc", resource.RLIMIT_NPROC)):
        most = resource.getrlimit(which)[1]
        if most != resource.RLIM_INFINITY:
            options.append(f"--ulimit={name}={most}:{most}")
    return options


class EngineBox(Box):
    kind = "podman"

    def __init__(self, podman, command):
        super().__init__(command)
        self.podman = podman

    def begin(self, options, mounts, user=None):
        self.podman.try_to("rm", "--force", "--volumes", NAME)
        volumes = [f"--volume={each.source}:{each.target}" + (":ro" if each.read_only else "")
                   for each in mounts]
        more = [f"--user={user}"] if user else []
        self.podman.must("run", *options, "--name", NAME, *surroundings(), *more, *volumes,
                         self.command.image)

    def inspect(self, what):
        return self.podman.must("inspect", "--format", f"{{{{{what}}}}}", NAME).strip()

    def log(self):
        return self.podman.must("logs", NAME)

    def alive(self):
        told = self.podman.try_to("inspect", "--format", "{{.State.Running}}", NAME)
        return told.stdout.strip() == "true"

    def pid(self):
        return int(self.inspect(".State.Pid"))

    def end(self, patience):
        self.podman.must("stop", "--time", str(patience), NAME)
        code = int(self.inspect(".State.ExitCode"))
        ended = Ended(self.log(), code, code != STOPPED)
        self.podman.must("rm", "--volumes", NAME)
        return ended

    def place_of(self, name):
        told = self.podman.must("volume", "inspect", "--format", "{{.Mountpoint}}", name)
        return told.strip()

    def inside(self, script):
        shell = '--entrypoint=["/bin/sh", "-c"]'
        return self.podman.must("run", "--rm", *surroundings(), "--user=0:0", shell,
                                self.command.image, script)

    def image(self, template):
        """What the image says of itself, in words."""
        return self.podman.must("image", "inspect", "--format", template,
                                self.command.image).split()

    def facts(self):
        names = "{{range $name, $_ := .Config.%s}}{{$name}} {{end}}"
        ports = self.image(names % "ExposedPorts")
        return {"user": self.image("{{.Config.User}}")[0],
                "ports": [int(port.partition("/")[0]) for port in ports],
                "volumes": sorted(self.image(names % "Volumes"))}

    def close(self):
        self.podman.try_to("rm", "--all", "--force", "--time=0")


def made(top, context, base, text, file, tell):
    os.mkdir(f"{top}/podman")
    hide_the_machine(context)
    podman = Podman(f"{top}/podman")
    command = containerfile.documented(text)
    image = containerfile.default_of(text, "BASE")
    tell("import of the base image")
    for words in (["import", base, image],
                  ["run", "--rm", *surroundings(), image, "true"]):
        tried = podman.try_to(*words)
        if tried.returncode != 0:
            raise Unfit(f"podman {words[0]}: {tried.stdout.strip()}")
    tell("build")
    podman.build(file, context, command.image)
    return EngineBox(podman, command)
