# SPDX-License-Identifier: ISC
"""The package comes, becomes another one, and goes: what is there before and after each step."""
import os

import chroot
import package
from package import CONFIG, SHELL
from stage.report import holds, same

OWN = "/usr/lib/scp-sink-source/scp"
MAN = "/usr/share/man/man1"
STATE = "/var/lib/shells.state"
CHANGED = "# Ours\nlog syslog\n"
NEWER = "# A newer one has more to say, release {number}.\n"


def packed_again(world, number):
    """The package as a later release, with another configuration file."""
    tree = f"{world.scratch}/release-{number}"
    chroot.must(["dpkg-deb", "-R", world.deb, tree])
    for path, old, new in (
            ("/DEBIAN/control", f"Version: {world.version}\n",
             f"Version: {world.version}+{number}\n"),
            (CONFIG, "", NEWER.format(number=number))):
        text = chroot.read(tree + path)
        with open(tree + path, "w", encoding="utf-8") as file:
            file.write(text.replace(old, new, 1))
    deb = f"{world.scratch}/release-{number}.deb"
    chroot.must(["dpkg-deb", "--root-owner-group", "-Znone", "-b", tree, deb])
    return deb


def shells(root):
    return [line for line in root.read("/etc/shells").splitlines() if line[:1] != "#"]


def version(root):
    return root.run("dpkg-query", "-W", "-f", "${Status} ${Version}", package.NAME)


class Life:
    def __init__(self, world):
        self.world, self.root = world, chroot.Root(world, "life")
        self.before = self.root.look()

    def since_before(self):
        return chroot.differences(self.before, self.root.look())

    def install(self):
        """Files that it brings, its line in /etc/shells, and not a change to anybody else's."""
        self.root.install(self.world.deb)
        same("version", f"install ok installed {self.world.version}", version(self.root))
        files = [path for path in self.root.run("dpkg", "-L", package.NAME).split("\n")
                 if path and path != "/." and path not in self.before]
        holds("it brings files", CONFIG in files, files)
        wanted = {*(f"+ {path}" for path in files), "~ /etc/shells", f"~ {STATE}"}
        same("what has become another, or has not", [], sorted(wanted ^ set(self.since_before())))
        same("shells", [SHELL], [line for line in shells(self.root) if package.NAME in line])
        same("files that are not as they were packed", "",
             self.root.run("dpkg", "--verify", package.NAME))

    def again(self):
        """Once more, nothing is there twice."""
        was = self.root.look()
        self.root.install(self.world.deb)
        self.root.run("dpkg-reconfigure", package.NAME)
        same("what has become another", [], chroot.differences(was, self.root.look()))

    def upgrade_unchanged(self):
        """A configuration that nobody has changed becomes the new one."""
        self.root.install(packed_again(self.world, 1))
        same("version", f"install ok installed {self.world.version}+1", version(self.root))
        same(CONFIG, NEWER.format(number=1) + chroot.read(
            f"{self.world.top}/packaging/scp.conf"), self.root.read(CONFIG))
        same("others beside it", [], self.beside())

    def beside(self):
        return sorted(name for name in os.listdir(self.root.at("/etc"))
                      if name.startswith("scp.conf") and name != "scp.conf")

    def upgrade_changed(self):
        """What the administrator has said stays: his configuration, and that this is no shell."""
        self.root.write(CONFIG, CHANGED)
        self.root.shell(f"remove-shell {SHELL}")
        self.root.install(packed_again(self.world, 2))
        same("version", f"install ok installed {self.world.version}+2", version(self.root))
        same(CONFIG, CHANGED, self.root.read(CONFIG))
        same("the new one beside it", ["scp.conf.dpkg-dist"], self.beside())
        same("shells", [], [line for line in shells(self.root) if package.NAME in line])
        self.root.shell(f"add-shell {SHELL}")

    def become_scp(self):
        """An administrator may make it everybody's scp, but not in place of another package's."""
        words = ("update-alternatives", "--install", "/usr/bin/scp", "scp", OWN, "50",
                 "--slave", f"{MAN}/scp.1.gz", "scp.1.gz", f"{MAN}/scp-sink-source.1.gz")
        other = self.root.about("/usr/bin/scp", os.lstat(self.root.at("/usr/bin/scp")))
        self.root.run(*words)
        same("OpenSSH's", other, self.root.about("/usr/bin/scp", os.lstat(self.root.at("/usr/bin/scp"))))
        # With its manual, which is not everywhere.
        self.root.shell(f"mv /usr/bin/scp /usr/bin/scp.other; cd {MAN} && [ ! -e scp.1.gz ] || mv scp.1.gz other.1.gz")
        self.root.run(*words)
        same("whose manual it is", f"{MAN}/scp-sink-source.1.gz", self.root.run("readlink", "-f", f"{MAN}/scp.1.gz").strip())
        same("whose it is", OWN, self.root.run("readlink", "-f", "/usr/bin/scp").strip())
        told = self.root.tries("/usr/bin/scp").err
        holds("it copies", told.startswith("scp: usage"), told)

    def remove(self):
        """The configuration stays, and nothing else."""
        self.root.run("apt-get", "-q", "-y", "remove", package.NAME)
        same("scp is there", False, self.root.exists("/usr/bin/scp"))
        same("scp's manual is there", False, self.root.exists(f"{MAN}/scp.1.gz"))
        self.root.shell(f"mv /usr/bin/scp.other /usr/bin/scp; cd {MAN} && [ ! -e other.1.gz ] || mv other.1.gz scp.1.gz")
        same("what is there", [f"+ {CONFIG}", f"+ {CONFIG}.dpkg-dist"], self.since_before())
        same(CONFIG, CHANGED, self.root.read(CONFIG))
        same("status", "deinstall ok config-files", version(self.root).rsplit(" ", 1)[0])

    def come_back(self):
        """And is there when it is installed again."""
        self.root.install(self.world.deb)
        same(CONFIG, CHANGED, self.root.read(CONFIG))
        same("shells", [SHELL], [line for line in shells(self.root) if package.NAME in line])

    def purge(self):
        """All is as it was before."""
        self.root.run("apt-get", "-q", "-y", "purge", package.NAME)
        same("what is there", [], self.since_before())
        same("status", 1, self.root.tries("dpkg-query", "-W", package.NAME).code)


def check(report, world):
    """its life"""
    life = Life(world)
    for name, step in (("install", life.install), ("install again", life.again),
                       ("upgrade, configuration unchanged", life.upgrade_unchanged),
                       ("upgrade, configuration changed", life.upgrade_changed),
                       ("become everybody's", life.become_scp), ("remove", life.remove), ("install after that", life.come_back),
                       ("purge", life.purge)):
        report.run(f"deb: {name}", step)
