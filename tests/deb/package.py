# SPDX-License-Identifier: ISC
"""What is built: what is in it, how it was compiled, that it is always the same, what lintian says."""
import glob
import gzip
import hashlib
import os
import re
import shutil
import stat

from chroot import must, read
from stage import installed, process
from stage.report import holds, same

NAME = "scp-sink-source"
LIB, DOC = f"/usr/lib/{NAME}", f"/usr/share/doc/{NAME}"
CONFIG = "/etc/scp.conf"
SHELL = f"{LIB}/scp-shell"
EXAMPLES = [path.removeprefix(f"{installed.EXAMPLES}/") for path in installed.FILES
            if path.startswith(f"{installed.EXAMPLES}/")]
PATIENCE = 900



def listed(path, what):
    """What make install puts somewhere, as the list of a package has it."""
    pages = ".gz" if path.startswith("share/man/") else ""
    target = f"lrwxrwxrwx {what}{pages}" if isinstance(what, str) else stat.filemode(what | stat.S_IFREG)
    return f"/usr/{path}{pages}", target


# The licence is in debian/copyright, what has changed in the changelog.
FILES = {
    **dict(listed(*item) for item in installed.FILES.items()
           if os.path.basename(item[0]) not in ("LICENSE", "CHANGELOG.md")),
    CONFIG: "-rw-r--r--",
    f"/usr/share/debianutils/shells.d/{NAME}": "-rw-r--r--",
    f"/usr/share/lintian/overrides/{NAME}": "-rw-r--r--",
    f"{DOC}/changelog.gz": "-rw-r--r--",
    f"{DOC}/copyright": "-rw-r--r--",
}
LIBRARIES = ("libbsd0", "libc6", "libmd0", "libseccomp2")

# What CHANGELOG.md may have, and what debian/changelog then says.
HISTORY = """\
# Changes

What is before the first release is not of it.

## 2.0 (2027-02-28)

A release with words about it, and more of them than there is room for in a line.

- An item.
- Another one, in several lines, which are
  broken in other places: at eighty characters.

### Mended

- A mistake.

## 1.0 (2026-11-24)

- The first.
"""
CHANGELOG = f"""\
{NAME} (2.0) unstable; urgency=medium

  * A release with words about it, and more of them than there is room for in a
    line.
  * An item.
  * Another one, in several lines, which are broken in other places: at eighty
    characters.

  [ Mended ]
  * A mistake.

 -- WHO  Sun, 28 Feb 2027 00:00:00 +0000

{NAME} (1.0) unstable; urgency=medium

  * The first.

 -- WHO  Tue, 24 Nov 2026 00:00:00 +0000
"""
WRONG = [("1.9", HISTORY, "CHANGELOG.md begins with 2.0, version.h says 1.9"),
         ("2.0", HISTORY.replace("-02-28", "-02-30"), "invalid date"),
         ("2.0", HISTORY.replace(" (2027", " of (2027"), "not a release and its day")]

# Of dpkg-buildflags alone, and of the Makefile alone.
COMPILED = ("-Wdate-time", "-Werror=format-security", "-D_FORTIFY_SOURCE=3", "-Wconversion")
LINKED = ("-Wl,-z,now", "-pie", "-lbsd", "-lmd", "-lseccomp")


class World:
    """What the sections share."""

    def __init__(self, top, out, scratch, has_network):
        self.top, self.out, self.scratch, self.has_network = top, out, scratch, has_network
        self.dir = f"{out}/deb"
        self.version = re.search(r'VERSION "(.*)"', read(f"{top}/{NAME}/version.h"))[1]
        self.tree = f"{self.dir}/{NAME}-{self.version}"
        self.log = ""
        self.is_built = False

    def the(self, pattern):
        """The one file of the package whose name begins so."""
        found = [name for name in os.listdir(self.dir)
                 if re.fullmatch(f"{NAME}_{re.escape(self.version)}{pattern}", name)]
        same(f"files like {pattern}", 1, len(found))
        return f"{self.dir}/{found[0]}"

    @property
    def deb(self):
        return self.the(r"_[a-z0-9]+\.deb")

    @property
    def changes(self):
        return self.the(r"_[a-z0-9]+\.changes")


def build(world):
    world.log = must([f"{world.top}/packaging/deb", world.dir, "full"])
    world.is_built = os.path.exists(world.deb)


def content(world):
    """Nothing else, and nothing that only its owner can use."""
    found = {}
    for line in must(["dpkg-deb", "-c", world.deb]).splitlines():
        mode, owner, _, _, _, path = line.split(None, 5)
        path, _, target = path.removeprefix(".").partition(" -> ")
        same(f"owner of {path}", "root/root", owner)
        if path.endswith("/"):
            same(f"mode of {path}", "drwxr-xr-x", mode)
        else:
            # Long ones are compressed, and the documents may grow.
            name = re.sub(r"\.md\.gz$", ".md", path)
            found[name] = f"{mode} {target}".rstrip()
    same("files that are missing, or too many, or otherwise", [],
         sorted(FILES.items() ^ found.items()))


def field(world, name):
    return must(["dpkg-deb", "-f", world.deb, name]).strip()


def control(world):
    same("version", world.version, field(world, "Version"))
    names = [word.split()[0] for word in field(world, "Depends").split(", ")]
    same("what it depends on", sorted(("debianutils", *LIBRARIES)), sorted(names))
    members = must(["sh", "-c", 'dpkg-deb --ctrl-tarfile "$1" | tar -t', "sh", world.deb])
    same("control files", ["./", "./conffiles", "./control", "./md5sums", "./prerm"], sorted(members.split()))
    same("configuration files", f"{CONFIG}\n", must(["dpkg-deb", "-I", world.deb, "conffiles"]))


def texts(world):
    """The examples are the ready ones, with the paths that they have there already."""
    into = f"{world.scratch}/texts"
    must(["dpkg-deb", "-x", world.deb, into])
    for name in EXAMPLES:
        same(name, read(f"{world.top}/packaging/{name}"), read(f"{into}{DOC}/examples/{name}"))
    same(CONFIG, read(f"{world.top}/packaging/scp.conf"), read(into + CONFIG))
    same("the shell", [SHELL], [line for line in read(
        f"{into}/usr/share/debianutils/shells.d/{NAME}").splitlines() if line[0] != "#"])
    same("what it says", f"{NAME} {world.version}\n", must([f"{into}/usr/bin/{NAME}", "--version"]))


def source_of(world, version, history):
    """A package without a program, from another CHANGELOG.md."""
    top = f"{world.scratch}/history"
    shutil.rmtree(top, ignore_errors=True)
    shutil.copytree(f"{world.top}/packaging", f"{top}/packaging")
    os.mkdir(f"{top}/{NAME}")
    for name, text in ((f"{NAME}/version.h", f'#define VERSION "{version}"\n'),
                       ("CHANGELOG.md", history)):
        with open(f"{top}/{name}", "w", encoding="utf-8") as file:
            file.write(text)
    done = process.run([f"{top}/packaging/deb", f"{top}/out", "source"], dict(os.environ))
    return done, f"{top}/out/{NAME}-{version}/debian/changelog"


def histories(world):
    done, path = source_of(world, "2.0", HISTORY)
    same("exit status", 0, done.code, done.log)
    who = re.search("^Maintainer: (.*)$", read(f"{world.top}/packaging/debian/control"), re.M)[1]
    same("debian/changelog", CHANGELOG.replace("WHO", who), read(path))
    for version, history, why in WRONG:
        done, _ = source_of(world, version, history)
        holds(f"it fails with {why!r}", done.code != 0 and why in done.text, done.log)


def changelog(world):
    """Each release of CHANGELOG.md, in its order, with its day, and each of its items."""
    markdown = read(f"{world.top}/CHANGELOG.md")
    with gzip.open(f"{world.scratch}/texts{DOC}/changelog.gz", "rt", encoding="utf-8") as file:
        text = file.read()
    releases = re.findall(r"^## (\S+) \((\S+)\)$", markdown, re.M)
    holds("there is a release", releases, markdown)
    same("versions", [version for version, _ in releases],
         re.findall(rf"^{NAME} \((\S+)\) ", text, re.M))
    days = [must(["date", "--utc", "+%Y-%m-%d", "--date", day]).strip()
            for day in re.findall(r"^ -- .*>  (.*)$", text, re.M)]
    same("days", [day for _, day in releases], days)
    for item in re.findall(r"^- (.*?)(?=\n\n|\n- |\Z)", markdown, re.M | re.S):
        words = " ".join(item.split())
        holds("an item is there", f"* {words}" in " ".join(text.split()), f"no {words!r} in {text}")
    long = [line for line in text.splitlines() if len(line) > 80 and not line.startswith(" -- ")]
    same("lines that are too long", [], long)


def flags(world):
    """Those of Debian reach each call of the compiler, and ours stay."""
    compiled = [line.split() for line in world.log.splitlines() if " -c -o obj/obj/" in line]
    linked = [line.split() for line in world.log.splitlines() if " -o obj/scp " in line]
    objects = glob.glob(f"{world.tree}/obj/obj/**/*.o", recursive=True)
    same("calls that are shown", (len(objects), 1), (len(compiled), len(linked)))
    for line in compiled:
        same("what is missing", [], [word for word in COMPILED if word not in line], " ".join(line))
        holds("one _FORTIFY_SOURCE", "_FORTIFY_SOURCE=2" not in " ".join(line), " ".join(line))
    same("what is missing", [], [word for word in LINKED if word not in linked[0]],
         " ".join(linked[0]))
    same("warnings", [], re.findall(r"^.*\bwarning: .*$", world.log, re.M))


def hardened(world):
    must([f"{world.top}/tests/hardening/run", f"{world.tree}/obj"],
         {name: value for name, value in os.environ.items() if name != "SAN"})


def check(report, world):
    """the package"""
    report.run("deb: it is built", build, world)
    if not world.is_built:
        return
    for name, step in (("content", content), ("control", control), ("texts", texts),
                       ("changelog", changelog), ("histories", histories), ("compiler's flags", flags),
                       ("hardening", hardened)):
        report.run(f"deb: {name}", step, world)


def sums(directory):
    found = {}
    for name in os.listdir(directory):
        if name.endswith(".deb"):
            with open(f"{directory}/{name}", "rb") as file:
                found[name] = hashlib.sha256(file.read()).hexdigest()
    return found


def again(world):
    """
    From files without git, which only their owner may read, below another directory, on the other
    side of the date line, by a make that was told things which are no business of the package.
    """
    other = f"{world.scratch}/elsewhere"
    shutil.copytree(world.top, other, symlinks=True, copy_function=shutil.copy,
                    ignore=shutil.ignore_patterns("build", ".git", "__pycache__"))
    must(["chmod", "-R", "go-rwx", other])
    env = {**os.environ, "TZ": "Pacific/Kiritimati", "LC_ALL": "C", "LDFLAGS": "-Wl,--no-such"}
    must(["sh", "-c", 'umask 077 && exec make -C "$1" deb OUT=out CC=false CFLAGS=-O0 PREFIX=/opt',
          "sh", other], env)
    same("checksums", sums(world.dir), sums(f"{other}/out/deb"))


def twice(report, world):
    """the package again"""
    report.run("deb: the same bytes again", again, world)


def lintian(world):
    words = ["lintian", "--display-info", "--pedantic", "--tag-display-limit", "0",
             "--fail-on=error,warning,info,pedantic", world.changes]
    if os.geteuid() == 0:
        words.insert(1, "--allow-root")
    done = process.run(words, {**os.environ, "LC_ALL": "C.UTF-8", "TMPDIR": world.scratch},
                       patience=PATIENCE)
    same("what it says, and its exit status", ("", 0), (done.text, done.code))


def lint(report, world):
    """lintian"""
    report.run("deb: lintian", lintian, world)
