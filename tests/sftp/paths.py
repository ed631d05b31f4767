# SPDX-License-Identifier: ISC
"""What a path means to each request: links, slashes at its end, and names that are none."""
import os

from lab import get, put
from stage import packets as p
from stage.packets import attrs, fails, string, well
from stage.report import holds, same

NAME = "paths"
NO, DENIED, FAILURE, BAD, OK = p.NO_SUCH_FILE, p.PERMISSION_DENIED, p.FAILURE, p.BAD_MESSAGE, p.OK
UPLOAD = p.W | p.CREAT | p.TRUNC
TEMPORARY = ".scp-0123456789abcdef-0-1"


def extended(name):
    return lambda session, *paths: session.extended(name, *map(string, paths))


def by_path(kind):
    return lambda session, *paths: session.path(kind, *paths)


ASKED = {
    # What is asked of a path, and how: all requests that say one, twice where there are two of them.
    "STAT": by_path(p.STAT), "LSTAT": by_path(p.LSTAT), "READLINK": by_path(p.READLINK),
    "OPENDIR": by_path(p.OPENDIR), "statvfs": extended("statvfs@openssh.com"),
    "read": lambda s, path: s.open(path, p.R), "upload": lambda s, path: s.open(path, UPLOAD),
    "update": lambda s, path: s.open(path, p.W), "append": lambda s, path: s.open(path, p.W | p.APPEND),
    "mode": lambda s, path: s.set(path, mode=0o600), "times": lambda s, path: s.set(path, times=(1, 2)),
    "size": lambda s, path: s.set(path, size=1),
    "lsetstat": lambda s, path: s.extended("lsetstat@openssh.com", string(path), attrs(times=(3, 4))),
    "MKDIR": lambda s, path: s.mkdir(path), "RMDIR": by_path(p.RMDIR), "REMOVE": by_path(p.REMOVE),
    "from": lambda s, path: s.path(p.RENAME, path, "to-1"), "to": lambda s, path: s.path(p.RENAME, "f", path),
    "posix from": lambda s, path: extended("posix-rename@openssh.com")(s, path, "to-2"),
    "posix to": lambda s, path: extended("posix-rename@openssh.com")(s, "f", path),
    "link": lambda s, path: s.path(p.SYMLINK, "f", path),
    "hard link of": lambda s, path: extended("hardlink@openssh.com")(s, path, "hard"),
    "hard link": lambda s, path: extended("hardlink@openssh.com")(s, "f", path),
}


def answer(reply):
    return reply.code if reply.kind == p.STATUS else OK


def fill(lab):
    os.makedirs(f"{lab.root}/dir/sub")
    put(f"{lab.root}/f", b"old")
    put(f"{lab.root}/dir/f", b"in dir")
    for name, text in (("link", "f"), ("dirlink", "dir"), ("dangling", "none")):
        os.symlink(text, f"{lab.root}/{name}")


def rule_26_a_real_path_is_text(lab):
    """Whether that is there, or denied, or could be; only what is too long is none."""
    fill(lab)
    session = lab.held("--deny=*.exe", "--upload-only")
    for path in ("f", "none/none", ".hidden", "x.exe", TEMPORARY, "f/below", "dangling/x", "n" * 300):
        same(f"REALPATH {path}", os.fsencode("/" + path), session.realpath(path).names[0].name)
        same(f"REALPATH {path}", os.fsencode("/" + path), session.realpath(f"{lab.root}//./{path}/").names[0].name)
    for path in ("n" * 4096, "n/" * 2100, "/" + "../n/" * 2000):
        fails(BAD, session.realpath(path), "File name too long")


def rule_27_a_slash_at_the_end(lab):
    """It means nothing, except to OPEN, where what is no directory is not there then."""
    fill(lab)
    session = lab.held()
    for what, expected in {"read": NO, "upload": NO, "update": NO, "STAT": OK, "LSTAT": OK, "mode": OK,
                           "OPENDIR": NO, "statvfs": OK}.items():
        same(f"{what} f/", expected, answer(ASKED[what](session, "f/")))
    for path in ("dir/", "/dir///"):
        for flags in (p.R, UPLOAD):
            fails(FAILURE, session.open(path, flags), "Is a directory")
        same("names", [b".", b"..", b"f", b"sub"], session.names(path))
    fails(NO, session.open("new/", UPLOAD))
    well(session.mkdir("new/"))
    well(session.path(p.RENAME, "new//", "newer/"))
    well(session.path(p.RMDIR, "newer/"))
    well(session.path(p.REMOVE, "f/"))
    same("what is there", ["dangling", "dir", "dirlink", "link"], sorted(os.listdir(lab.root)))


LINKS = {
    # With symlinks never and beneath, what each request comes to: of a link to a file, to a directory,
    # and to nothing.
    "STAT": ((NO, NO, NO), (OK, OK, NO)), "LSTAT": ((OK, OK, OK), (OK, OK, OK)),
    "READLINK": ((OK, OK, OK), (OK, OK, OK)), "OPENDIR": ((NO, NO, NO), (NO, OK, NO)),
    "statvfs": ((NO, NO, NO), (OK, OK, NO)), "read": ((NO, NO, NO), (OK, FAILURE, NO)),
    "upload": ((NO, NO, NO), (NO, NO, NO)), "update": ((NO, NO, NO), (NO, NO, NO)),
    "append": ((NO, NO, NO), (NO, NO, NO)), "mode": ((NO, NO, NO), (NO, NO, NO)),
    "times": ((NO, NO, NO), (NO, NO, NO)), "size": ((NO, NO, NO), (NO, NO, NO)),
    "lsetstat": ((OK, OK, OK), (OK, OK, OK)), "MKDIR": ((FAILURE,) * 3, (FAILURE,) * 3),
    "RMDIR": ((NO, NO, NO), (NO, NO, NO)), "link": ((FAILURE,) * 3, (FAILURE,) * 3),
    "to": ((FAILURE,) * 3, (FAILURE,) * 3), "hard link of": ((DENIED,) * 3, (DENIED,) * 3),
    "hard link": ((FAILURE,) * 3, (FAILURE,) * 3),
}


def rule_28_links_as_each_request_has_them(lab):
    fill(lab)
    os.utime(f"{lab.root}/f", (9, 9))
    for policy, symlinks in enumerate(("never", "beneath")):
        session = lab.held(f"--symlinks={symlinks}", "--make-links=yes")
        for what, expected in LINKS.items():
            got = tuple(answer(ASKED[what](session, name)) for name in ("link", "dirlink", "dangling"))
            same(f"{what}, symlinks {symlinks}", expected[policy], got)
        inside = NO if symlinks == "never" else OK
        for what in ("STAT", "LSTAT", "read", "upload", "times"):
            same(f"{what} behind a link", inside, answer(ASKED[what](session, "dirlink/f")))
    same("what they lead to", (b"old", 9, 0o644),
         (get(f"{lab.root}/f"), int(os.stat(f"{lab.root}/f").st_mtime),
          os.stat(f"{lab.root}/f").st_mode & 0o7777))
    same("times of links", 4, int(os.lstat(f"{lab.root}/dangling").st_mtime))


def rule_28_links_themselves_are_moved_and_removed(lab):
    fill(lab)
    session = lab.held()
    well(session.path(p.RENAME, "link", "moved"))
    same("it leads", "f", os.readlink(f"{lab.root}/moved"))
    well(session.extended("posix-rename@openssh.com", string("moved"), string("dirlink")))
    same("it leads", "f", os.readlink(f"{lab.root}/dirlink"))
    well(session.put("new", b"new"))
    well(session.extended("posix-rename@openssh.com", string("new"), string("dirlink")))
    well(session.path(p.REMOVE, "dangling"))
    same("what is there", ["dir", "dirlink", "f"], sorted(os.listdir(lab.root)))
    same("files", (b"old", b"new"), (get(f"{lab.root}/f"), get(f"{lab.root}/dirlink")))
    same("listed with type", {b"dirlink": 0o100000, b"f": 0o100000, b"dir": 0o040000},
         {entry.name: entry.attributes.mode & 0o170000 for entry in session.entries("/")[2:]})


def rule_29_temporaries_in_every_request(lab):
    """To who looks they are not there, and nothing else is done with them."""
    fill(lab)
    put(f"{lab.root}/{TEMPORARY}", b"pending")
    session = lab.held("--hidden=yes", "--make-links=yes")
    for what, ask in ASKED.items():
        looks = what in ("STAT", "LSTAT", "READLINK", "OPENDIR", "statvfs")
        same(what, NO if looks else DENIED, answer(ask(session, TEMPORARY)))
    fails(DENIED, session.path(p.SYMLINK, TEMPORARY, "/to-it"))
    holds("it is not listed", TEMPORARY.encode() not in session.names("/"), session.names("/"))
    same("what is in it", b"pending", get(f"{lab.root}/{TEMPORARY}"))
    same("f", b"old", get(f"{lab.root}/f"))
    os.unlink(f"{lab.root}/{TEMPORARY}")
    same("what is there", ["dangling", "dir", "dirlink", "f", "link"], sorted(os.listdir(lab.root)))


def rule_25_the_top_has_no_name(lab):
    """It is looked at and listed, and all else is refused."""
    fill(lab)
    session = lab.held("--make-links=yes")
    for path in ("/", "", ".", "..", "dir/..", lab.root):
        for what, expected in {"STAT": OK, "LSTAT": OK, "OPENDIR": OK, "statvfs": OK, "mode": OK,
                               "read": FAILURE, "upload": FAILURE, "MKDIR": FAILURE, "RMDIR": FAILURE,
                               "REMOVE": FAILURE, "from": FAILURE, "to": FAILURE, "link": FAILURE,
                               "size": FAILURE, "READLINK": BAD, "hard link of": DENIED}.items():
            same(f"{what} {path}", expected, answer(ASKED[what](session, path)))
    same("what is there", ["dangling", "dir", "dirlink", "f", "link"], sorted(os.listdir(lab.root)))


def rule_40_what_links_say(lab):
    """In a restricted account only what stays beneath the root, wherever the link is."""
    fill(lab)
    for name, text in (("up", "../x"), ("abs", "/f"), ("abs-root", f"{lab.root}/f"), ("empty-ish", "."),
                       ("dir/up", "../f"), ("dir/sub/up", "../../.."), ("dir/sub/in", "../../f"),
                       ("round", "dir/../f"), ("secret", "x.exe"), ("dots", ".hidden")):
        os.symlink(text, f"{lab.root}/{name}")
    session = lab.held("--deny=*.exe")
    for name, text in (("dir/up", b"../f"), ("dir/sub/in", b"../../f"), ("round", b"dir/../f"),
                       ("empty-ish", b".")):
        same(name, text, session.path(p.READLINK, name).names[0].name)
    for name in ("up", "abs", "abs-root", "dir/sub/up", "secret", "dots"):
        fails(NO, session.path(p.READLINK, name), "No such file or directory")
    same("a drop-in reads all", b"../x", lab.begin().path(p.READLINK, f"{lab.root}/up").names[0].name)


def rule_41_a_drop_in_links_what_link_does(lab):
    """Nobody keeps it from FIFOs, links, and texts that lead anywhere."""
    fill(lab)
    os.mkfifo(f"{lab.root}/fifo")
    session = lab.begin()
    for name in ("fifo", "link", "f"):
        well(extended("hardlink@openssh.com")(session, f"{lab.root}/{name}", f"{lab.root}/{name}-2"))
        same(f"links of {name}", 2, os.lstat(f"{lab.root}/{name}").st_nlink)
    for text in ("/etc", "../../..", "none", TEMPORARY):
        well(session.path(p.SYMLINK, text, f"{lab.root}/new"))
        same("text", text, os.readlink(f"{lab.root}/new"))
        same("READLINK", os.fsencode(text), session.path(p.READLINK, f"{lab.root}/new").names[0].name)
        well(session.path(p.REMOVE, f"{lab.root}/new"))
