# SPDX-License-Identifier: ISC
"""
Filesystems that take several spellings for one name: what is denied has none of them there, and
where names do not fold another spelling is another name.
"""

import contextlib
import os

from disks import Image, Lacking, cannot_mount, must, small_disk
from limits import finish, give
from peer import PATIENCE
from stage import odd, packets
from stage.packets import CREAT, OPENDIR, R, TRUNC, W

SIZE, NTFS = 8 << 20, 16 << 20  # bytes of a filesystem in a sparse file
RULES = ("--deny=secret*", "--deny=\u00e4rger", "--hidden=no")
THERE = ("secret.key", "a secret of ours.key", "secretdir/in", ".profile", "plain.txt", "SecretToo",
         "\u00e4rger")
# Each of them is another spelling of what is denied: of what is there, and of what is not.
TAKEN, NEW = ("SECRET.KEY", "Secret.Key"), ("Secret.new", "SECRETS")
SANDBOXES = ("--sandbox=none", "--sandbox=require")
REASON = "names fold here, and this one is taken for one that is not allowed"


@contextlib.contextmanager
def plain(lab):
    with small_disk(lab) as path:
        yield path


@contextlib.contextmanager
def fuse(lab, *words):
    with lab.directory() as below, lab.directory() as path:
        try:
            with odd.mounted(below, path, "fold", *words):
                yield path
        except odd.Missing as why:
            raise Lacking(str(why)) from None


@contextlib.contextmanager
def vfat(lab):
    with Image(lab, SIZE, ["mkfs.vfat"], "shortname=mixed,utf8=1") as disk:
        yield disk.top


@contextlib.contextmanager
def ntfs(lab):
    """By FUSE, which every kernel has that has any of these: what Windows would make of names."""
    with small_disk(lab, size=NTFS) as base:
        image, path = f"{base}/image", f"{base}/top"
        os.mkdir(path)
        with open(image, "wb") as file:
            file.truncate(NTFS)
        must("mkntfs", "-F", "-q", "-f", image)
        must("lowntfs-3g", "-o", "ignore_case", image, path)
        try:
            yield path
        finally:
            must("umount", path)


@contextlib.contextmanager
def ext4(lab):
    with Image(lab, SIZE, ["mkfs.ext4", "-q", "-O", "casefold"]) as disk:
        path = f"{disk.top}/folds"
        os.mkdir(path)
        must("chattr", "+F", path)
        yield path


@contextlib.contextmanager
def tmpfs(lab):
    with small_disk(lab, "mode=755,casefold") as path:
        if path is None:
            raise Lacking("the kernel has no casefold on tmpfs")
        inner = f"{path}/folds"
        os.mkdir(inner)
        must("chattr", "+F", inner)
        yield inner


# What folds, with the short names that it has, and other spellings of its own.
FOLDING = [
    ("FUSE", fuse, (), True, ()),
    ("FUSE that numbers entries", fuse, ("numbered",), True, ()),
    ("NTFS by FUSE", ntfs, (), False, ()),
    ("vfat", vfat, (), True, ("secret.key.", "SECRET.KEY..")),
    ("ext4 with casefold", ext4, (), False, ("s\u00adecret.key", "\u017fecret.\u212aey")),
    ("tmpfs with casefold", tmpfs, (), False, ("s\u00adecret.key", "\u017fecret.\u212aey")),
]


def fill(path):
    for name in THERE:
        os.makedirs(os.path.dirname(f"{path}/{name}"), exist_ok=True)
        with open(f"{path}/{name}", "w", encoding="utf-8") as file:
            file.write(name)


def tree(path):
    found = {}
    for at, _, files in os.walk(path):
        for name in files:
            with open(f"{at}/{name}", encoding="utf-8") as file:
                found[os.path.relpath(f"{at}/{name}", path)] = file.read()
    return found


def serve(lab, path, command, *words):
    return lab.server("--serve", "--log=stderr", *RULES, *words, f"--root={path}", command=command)


def push(lab, path, name, *words):
    with serve(lab, path, "scp -t .", *words) as server:
        server.reply()
        replies = give(server, name, b"other")
        end = finish(server)
    return replies[-1], end


def pull(lab, path, operands, *words):
    """The names of what is sent, directories and all."""
    got = []
    with serve(lab, path, f"scp -r -f {operands}", *words) as server:
        server.send(b"\0" * 100)
        server.close_input()
        server.wait()
        for line in server.replies.split(b"\n"):
            words = line.rpartition(b"\0")[2].split(b" ", 2)  # Behind a body.
            if words[0][:1] in (b"C", b"D"):
                got.append(words[2].decode())
    return got


def try_scp(lab, checks, path, spellings, words):
    before = tree(path)
    for name in spellings:
        reply, end = push(lab, path, name, *words)
        checks.equal(f"{words}: {name} is not written", f"\1scp: ./{name}: {REASON}\n", reply)
        checks.equal(f"{words}: {name}: the log says why", True, REASON.encode() in end["stderr"])
        checks.equal(f"{words}: {name} is not read", [], pull(lab, path, f"'{name}'", *words))
    checks.equal(f"{words}: what is in another spelling of a directory", [],
                 pull(lab, path, "SECRETDIR/in", *words))
    checks.equal(f"{words}: what a pattern finds", ["plain.txt"], pull(lab, path, "[p-sS]*", *words))
    # What folds beyond ASCII does so by the filesystem's own tables.
    checks.equal(f"{words}: a letter that is not of ASCII", [], pull(lab, path, "\u00c4rger", *words))
    names = pull(lab, path, ".", *words)
    checks.equal(f"{words}: what is sent of all", ["a secret of ours.key", "plain.txt"],
                 sorted(names[1:]))
    checks.equal(f"{words}: all of it is as it was", before, tree(path))


@contextlib.contextmanager
def session(lab, path, *words):
    """By SFTP."""
    env = {"PATH": os.environ["PATH"], "LC_ALL": "C", "USER": "root",
           "SSH_ORIGINAL_COMMAND": "internal-sftp"}
    made = packets.Session([lab.program, "--serve", "--log=none", *RULES, *words,
                            f"--root={path}"], env=env)
    try:
        yield made
    finally:
        made.child.kill()
        made.child.wait(PATIENCE)
        made.said.close()


def try_sftp(lab, checks, path, spellings, words):
    before = tree(path)
    with session(lab, path, *words) as s:
        for name in spellings:
            checks.equal(f"{words}: {name}: what each deed answers", [packets.NO_SUCH_FILE] +
                         [packets.PERMISSION_DENIED] * 5,
                         [reply.code for reply in (
                             s.stat(name), s.open(name, R), s.open(name, W | CREAT | TRUNC),
                             s.path(packets.REMOVE, name), s.mkdir(name),
                             s.path(packets.RENAME, "plain.txt", name))])
        checks.equal(f"{words}: a directory on the way", packets.NO_SUCH_FILE,
                     s.stat("SECRETDIR/in").code)
        handle = packets.handle_of(s.path(OPENDIR, "."))
        names = {entry.name.decode() for entry in s.ask(packets.READDIR, packets.string(handle)).names}
        checks.equal(f"{words}: what is listed",
                     {".", "..", "a secret of ours.key", "plain.txt"}, names)
    checks.equal(f"{words}: all of it is as it was, by SFTP", before, tree(path))


def fold_in(lab, checks, path, shorts, more):
    """In each half of the sandbox's calls."""
    fill(path)
    spellings = [*TAKEN, *NEW, *more]
    for sandbox in SANDBOXES:
        try_scp(lab, checks, path, spellings, (sandbox,))
        try_sftp(lab, checks, path, spellings, (sandbox,))
    # What it is called besides is found out by who may look; what is allowed is still found.
    checks.equal("a name that is allowed, in another spelling", [["PLAIN.TXT"], ["A Secret Of Ours.key"]],
                 [pull(lab, path, "PLAIN.TXT"), pull(lab, path, "'A Secret Of Ours.key'")])
    checks.equal("an allowed one is written", "", push(lab, path, "PLAIN.TXT")[0])
    checks.equal("it is the old one", "other", tree(path).get("plain.txt"))
    if shorts:
        denied = ("--deny=a\\ secret*",)
        checks.equal("its short name", ["ASECRE~1.KEY"], pull(lab, path, "ASECRE~1.KEY"))
        checks.equal("and of what is denied", [[], []],
                     [pull(lab, path, "ASECRE~1.KEY", *denied), pull(lab, path, "PROFIL~1")])
        with session(lab, path, *denied) as s:
            checks.equal("by SFTP", [packets.NO_SUCH_FILE, packets.PERMISSION_DENIED],
                         [s.stat("PROFIL~1").code, s.open("ASECRE~1.KEY", R).code])
        checks.equal("a new name of that form", "", push(lab, path, "OTHERS~1.KEY", *denied)[0])
        os.unlink(f"{path}/OTHERS~1.KEY")


def fold(lab, checks, place, words, shorts, more):
    why = cannot_mount()
    if why is not None:
        checks.skip("all of it", why)
        return
    try:
        with place(lab, *words) as path:
            fold_in(lab, checks, path, shorts, more)
    except Lacking as e:
        checks.skip("all of it", str(e))


def tell_apart(lab, checks):
    """Elsewhere each spelling is a name of its own, and the rules mean what they say."""
    for sandbox in SANDBOXES:
        with lab.directory() as path:
            fill(path)
            checks.equal(f"{sandbox}: each is written", [""] * 4,
                         [push(lab, path, name, sandbox)[0] for name in (*TAKEN, *NEW)])
            checks.equal(f"{sandbox}: a short name", "", push(lab, path, "SECRE~1.KEY", sandbox)[0])
            checks.equal(f"{sandbox}: each is read", [[name] for name in (*TAKEN, "SecretToo")],
                         [pull(lab, path, name, sandbox) for name in (*TAKEN, "SecretToo")])
            with session(lab, path, sandbox) as s:
                checks.equal(f"{sandbox}: each is seen", [packets.ATTRS] * 4,
                             [s.stat(name).kind for name in (*TAKEN, *NEW)])


def tests():
    return [(f"names fold: {name}", False, fold, (place, words, shorts, more))
            for name, place, words, shorts, more in FOLDING] + [
        ("names do not fold", False, tell_apart, ()),
    ]
