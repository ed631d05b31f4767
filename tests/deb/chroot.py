# SPDX-License-Identifier: ISC
"""Small Debians, in which packages are installed."""
import hashlib
import os
import stat

from stage import process
from stage.report import Failed

PACKAGES = ("apt-utils", "openssh-client", "openssh-server")    # the first is autopkgtest's
PATIENCE = 300
ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LC_ALL": "C.UTF-8",
               "DEBIAN_FRONTEND": "noninteractive"}
# Directories of others, and what apt and dpkg remember.
NOT_LOOKED_AT = ("/proc", "/dev", "/tmp", "/var/cache/apt", "/var/cache/debconf", "/var/lib/apt",
                 "/var/lib/dpkg", "/var/log")
READ = ("/etc/", "/var/lib/shells.state")       # whose content counts, whenever it was written


def base_of(out):
    """What packaging/base is told."""
    return [f"{out}/deb-base.tar", *PACKAGES]


def must(argv, env=None, cwd=None):
    """What a command says, which must succeed."""
    done = process.run(argv, env or {**os.environ, "LC_ALL": "C.UTF-8"}, cwd=cwd, patience=PATIENCE)
    if done.code != 0:
        raise Failed(" ".join(argv), "success", f"exit {done.code}", done.text[-3000:])
    return done.out


class Root:
    """A fresh one at PATH, which vanishes with the mount that it is on."""

    def __init__(self, world, name):
        self.world, self.path = world, f"{world.scratch}/{name}"
        os.mkdir(self.path)
        must(["tar", "-x", "-f", base_of(world.out)[0], "-C", self.path])
        must(["mount", "-t", "proc", "none", self.at("/proc")])
        must(["mount", "-t", "devpts", "-o", "newinstance,ptmxmode=0666", "none",
              self.at("/dev/pts")])
        if world.has_network:
            self.write("/etc/resolv.conf", read("/etc/resolv.conf"))
            self.run("apt-get", "-qq", "update")
        else:
            os.remove(self.at("/etc/apt/sources.list"))

    def at(self, path):
        return self.path + path

    def read(self, path):
        return read(self.at(path))

    def write(self, path, text, flags="w"):
        with open(self.at(path), flags, encoding="utf-8") as file:
            file.write(text)

    def exists(self, path):
        return os.path.lexists(self.at(path))

    def tries(self, *argv):
        return process.run(["chroot", self.path, *argv], ENVIRONMENT, patience=PATIENCE)

    def run(self, *argv):
        return must(["chroot", self.path, *argv], ENVIRONMENT)

    def shell(self, script):
        """Lines as an administrator types them; each must succeed."""
        return self.run("sh", "-euc", script)

    def install(self, deb):
        """As apt does it for an administrator who is not asked, and keeps what is his."""
        os.makedirs(self.at("/tmp/debs"), exist_ok=True)
        name = os.path.basename(deb)
        must(["cp", "--", deb, self.at("/tmp/debs")])
        return self.run("apt-get", "-q", "-y", "-o", "Dpkg::Options::=--force-confdef",
                        "-o", "Dpkg::Options::=--force-confold", "-o", "APT::Sandbox::User=root",
                        "install", f"/tmp/debs/{name}")

    def look(self):
        """Path -> all that there is to know about it, but for the times of directories."""
        found, todo = {}, [""]
        while todo:
            directory = todo.pop()
            for entry in os.scandir(self.path + (directory or "/")):
                path = f"{directory}/{entry.name}"
                if path in NOT_LOOKED_AT:
                    continue
                found[path] = self.about(path, entry.stat(follow_symlinks=False))
                if entry.is_dir(follow_symlinks=False):
                    todo.append(path)
        return found

    def about(self, path, status):
        known = (stat.filemode(status.st_mode), status.st_uid, status.st_gid)
        if stat.S_ISLNK(status.st_mode):
            return (*known, os.readlink(self.at(path)))
        if not stat.S_ISREG(status.st_mode):
            return known
        if path.startswith(READ):
            with open(self.at(path), "rb") as file:
                return (*known, hashlib.sha256(file.read()).hexdigest())
        return (*known, status.st_size, status.st_mtime_ns)


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def differences(before, after):
    """Lines of what has come, gone or become another."""
    signs = {path: "+" if path not in before else "-" if path not in after else "~"
             for path in before.keys() | after.keys() if before.get(path) != after.get(path)}
    return [f"{sign} {path}" for path, sign in sorted(signs.items())]
