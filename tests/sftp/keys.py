# SPDX-License-Identifier: ISC
"""Every request with and without each key, and what an account may see."""
import json
import os

from lab import get, put, says
from stage import packets as p
from stage.packets import attrs, fails, string, u32, well
from stage.report import holds, same

NAME = "keys"
DENIED = p.PERMISSION_DENIED
UPLOAD = p.W | p.CREAT | p.TRUNC


def fill(lab):
    """What somebody else has put there."""
    os.makedirs(f"{lab.root}/dir/sub")
    for name in ("f", "g", ".hidden", "dir/f"):
        put(f"{lab.root}/{name}")
    os.symlink("f", f"{lab.root}/link")


def refused(reply, text=None):
    fails(DENIED, reply, text)


CHANGES = {
    # what each request does, as one that changes something
    "open": lambda s: s.open("/f", UPLOAD),
    "append": lambda s: s.open("/f", p.W | p.APPEND),
    "read and create": lambda s: s.open("/new", p.R | p.CREAT),
    "read and truncate": lambda s: s.open("/f", p.R | p.TRUNC),
    "setstat": lambda s: s.set("/f", mode=0o600),
    "mkdir": lambda s: s.mkdir("/new"),
    "rmdir": lambda s: s.path(p.RMDIR, "/dir/sub"),
    "remove": lambda s: s.path(p.REMOVE, "/f"),
    "rename": lambda s: s.path(p.RENAME, "/f", "/new"),
    "symlink": lambda s: s.path(p.SYMLINK, "f", "/new"),
    "posix-rename": lambda s: s.extended("posix-rename@openssh.com", string("/f"), string("/new")),
    "hardlink": lambda s: s.extended("hardlink@openssh.com", string("/f"), string("/new")),
    "lsetstat": lambda s: s.extended("lsetstat@openssh.com", string("/f"), attrs(mode=0o600)),
}


def tree(top):
    return sorted((os.path.relpath(os.path.join(path, name), top),
                   os.lstat(os.path.join(path, name)).st_mode)
                  for path, dirs, files in os.walk(top) for name in [*dirs, *files])


def rule_65_download_only_changes_nothing(lab):
    fill(lab)
    before, session = tree(lab.root), lab.held("--download-only")
    for name, change in CHANGES.items():
        reply = change(session)
        same(name, (p.STATUS, DENIED), (reply.kind, reply.code))
    handle = session.opened("/f", p.R)
    for reply in (session.write(handle, 0, b"x"), session.fset(handle, mode=0o600),
                  session.extended("fsync@openssh.com", string(handle))):
        same("on a handle", (p.STATUS, DENIED), (reply.kind, reply.code), repr(reply))
    same("data", b"old", session.read(handle, 0, 9).data)
    same("tree", before, tree(lab.root))
    same("files", b"old", get(f"{lab.root}/f"))


def rule_65_refused_whatever_is_there(lab):
    """Its answer is the same for what is there and for what is not."""
    fill(lab)
    session = lab.held("--download-only")
    for there, missing in (
            (session.open("/f", UPLOAD), session.open("/none/none", UPLOAD)),
            (session.path(p.REMOVE, "/f"), session.path(p.REMOVE, "/none")),
            (session.set("/f", mode=0o600), session.set("/none", mode=0o600)),
            (session.mkdir("/dir"), session.mkdir("/none/none"))):
        same("answers", (there.code, there.text), (missing.code, missing.text))


def rule_65_upload_only_reads_nothing(lab):
    fill(lab)
    session = lab.held("--upload-only", "--reveal=yes", "--list=yes")
    refused(session.open("/f", p.R), "downloads are not allowed")
    refused(session.open("/f", p.R | p.W))
    refused(session.path(p.READLINK, "/link"))
    handle = session.opened("/new", p.R | UPLOAD)
    well(session.write(handle, 0, b"own"))
    refused(session.read(handle, 0, 9))
    well(session.close(handle))
    refused(session.open("/new", p.R))
    same("file", b"own", get(f"{lab.root}/new"))


def rule_63_rights_that_are_taken(lab):
    """Each key takes its requests, and no other."""
    for key, names in {
            "--rename=no": ("rename", "posix-rename"), "--remove=no": ("remove", "rmdir"),
            "--attributes=no": ("setstat", "lsetstat"), "--make-links=no": ("symlink", "hardlink"),
            "--mkdir=no": ("mkdir",), "--recursive=no": ("mkdir", "rmdir")}.items():
        for name, change in CHANGES.items():
            fill(lab)
            session = lab.held(*{key, key if "links" in key else "--make-links=yes"})
            reply = change(session)
            denied = (reply.kind, reply.code) == (p.STATUS, DENIED)
            same(f"{key}: {name} is denied", name in names, denied, repr(reply))
            session.kill()
            os.rename(lab.root, f"{lab.root}-{key}-{name}".replace(" ", "-"))


def rule_63_own_only(lab):
    fill(lab)
    session = lab.held("--rename=own", "--remove=own", "--attributes=own", "--overwrite=no")
    for name in ("setstat", "remove", "rmdir", "rename"):
        refused(CHANGES[name](session))
    well(session.put("/mine", b"x"))
    well(session.set("/mine", mode=0o600))
    well(session.path(p.RENAME, "/mine", "/other"))
    well(session.path(p.REMOVE, "/other"))


EXTENSIONS = (
    # in the order in which they are told, each with its version
    ("posix-rename@openssh.com", "1"), ("statvfs@openssh.com", "2"), ("fstatvfs@openssh.com", "2"),
    ("hardlink@openssh.com", "1"), ("fsync@openssh.com", "1"), ("lsetstat@openssh.com", "1"),
    ("limits@openssh.com", "1"), ("expand-path@openssh.com", "1"), ("copy-data", "1"),
    ("home-directory", "1"), ("users-groups-by-id@openssh.com", "1"),
)


def rule_20_what_version_says(lab):
    """The same whatever INIT says: 3, and in their order the extensions that the account may use."""
    rooms = {"statvfs@openssh.com", "fstatvfs@openssh.com"}
    people = {"users-groups-by-id@openssh.com", "hardlink@openssh.com"}
    for options, absent in (
            (None, set()), ((), people), (("--make-links=yes",), people - {"hardlink@openssh.com"}),
            (("--upload-only",), people | rooms | {"copy-data"}), (("--reveal=no",), people | rooms),
            (("--download-only",), people | {"posix-rename@openssh.com", "fsync@openssh.com",
                                             "lsetstat@openssh.com", "copy-data"})):
        expected = p.packet(p.VERSION, u32(3) + b"".join(
            string(name) + string(version) for name, version in EXTENSIONS if name not in absent))
        for said in (u32(3), u32(0), u32(6), u32(0xffffffff), u32(4) + string("vendor-id") + string("any")):
            session = lab.begin(begin=False) if options is None else lab.held(*options, begin=False)
            session.send(p.packet(p.INIT, said))
            same("exit status", 0, session.end()[0])
            same(f"VERSION with {options}", expected, session.input)


def rule_20_advertised_by_rights(lab):
    fill(lab)
    changing = {"posix-rename@openssh.com", "hardlink@openssh.com", "fsync@openssh.com",
                "lsetstat@openssh.com", "copy-data"}
    for options, absent in (
            (("--download-only",), changing), ((), {"hardlink@openssh.com"}),
            (("--upload-only",), {"statvfs@openssh.com", "fstatvfs@openssh.com", "copy-data",
                                  "hardlink@openssh.com"}),
            (("--rename=no", "--attributes=no"),
             {"posix-rename@openssh.com", "lsetstat@openssh.com", "hardlink@openssh.com"})):
        session = lab.held(*options)
        same(f"extensions of all those with {options}", set(),
             absent & set(session.version.pairs))
        for name in absent:
            other = () if name == "lsetstat@openssh.com" else (string("/g"),)
            refused(session.extended(name, string("/f"), *other, attrs(mode=0o600)))


def rule_62_list(lab):
    fill(lab)
    same("yes", [b".", b"..", b"dir", b"f", b"g", b"link"],
         [name for name in lab.held("--hidden=no").names("/") if name != b".hidden"])
    session = lab.held("--list=own")
    well(session.put("/mine", b"x"))
    same("own", [b".", b"..", b"mine"], session.names("/"))
    refused(lab.held("--list=no").path(p.OPENDIR, "/"))


def rule_25_paths_stay_at_the_top(lab):
    fill(lab)
    session, outside = lab.held(), put(f"{lab.top}/outside")
    for path in ("/../../f", "..//../f", f"{lab.root}/f", "/dir/../f", "./f", "/dir/./.././f"):
        same(f"STAT {path}", 3, session.stat(path).attributes.size)
        same(f"REALPATH {path}", b"/f", session.realpath(path).names[0].name)
    for path in ("../outside", outside, f"{lab.root}-evil/x", f"{lab.root}/../outside"):
        fails(p.NO_SUCH_FILE, session.stat(path))
    same("start", b"/", session.realpath("").names[0].name)
    same("what is not there", b"/none/x", session.realpath("/none/./x/").names[0].name)
    for kind in (p.RENAME, p.SYMLINK):
        same("both paths", p.STATUS, session.path(kind, "/f", "../../outside-new").kind)
    holds("nothing is outside", not os.path.exists(f"{lab.top}/outside-new"), "")


def rule_28_links_are_not_followed(lab):
    fill(lab)
    put(f"{lab.top}/outside", b"secret")
    for name, target in (("out", "../outside"), ("up", ".."), ("proc", "/proc/self/root")):
        os.symlink(target, f"{lab.root}/{name}")
    for options in ((), ("--symlinks=beneath",)):
        session = lab.held(*options)
        for path in ("/out", "/up/outside", f"/proc{lab.top}/outside"):
            fails(p.NO_SUCH_FILE, session.stat(path))
            same("OPEN", p.STATUS, session.open(path, p.R).kind)
            same("OPEN", p.STATUS, session.open(path, UPLOAD).kind)
            same("SETSTAT", p.STATUS, session.set(path, mode=0o777).kind)
        fails(p.NO_SUCH_FILE, session.path(p.READLINK, "/out"))
    same("what is outside", b"secret", get(f"{lab.top}/outside"))


def rule_41_names_are_judged_in_every_request(lab):
    fill(lab)
    session = lab.held("--deny=*.exe", "--make-links=yes")
    put(f"{lab.root}/a.exe")
    for reply in (session.open("/new.exe", UPLOAD), session.open("/a.exe", p.R),
                  session.mkdir("/dir.exe"), session.path(p.RENAME, "/f", "/f.exe"),
                  session.path(p.RENAME, "/a.exe", "/a"), session.path(p.REMOVE, "/a.exe"),
                  session.path(p.SYMLINK, "f", "/l.exe"), session.set("/a.exe", mode=0o600),
                  session.extended("posix-rename@openssh.com", string("/f"), string("/f.exe")),
                  session.extended("hardlink@openssh.com", string("/a.exe"), string("/b")),
                  session.open("/.hidden", UPLOAD)):
        holds("denied", reply.kind == p.STATUS and reply.code in (DENIED, p.NO_SUCH_FILE), reply)
    holds("not listed", b"a.exe" not in session.names("/"), "")
    same("all is there", ["f", "g"], [n for n in sorted(os.listdir(lab.root)) if n in "fg"])


def rule_34_owners(lab):
    fill(lab)
    st, session = os.stat(f"{lab.root}/f"), lab.held()
    well(session.set("/f", owner=(st.st_uid, st.st_gid)))
    refused(session.set("/f", owner=(st.st_uid + 1, st.st_gid)))


def every_deed(session):
    handle = session.opened("/a", UPLOAD)
    well(session.write(handle, 0, b"12345"))
    well(session.close(handle))
    well(session.mkdir("/dir"))
    session.names("/dir")
    well(session.set("/a", mode=0o600))
    well(session.path(p.RENAME, "/a", "/b"))
    well(session.path(p.SYMLINK, "b", "/s"))
    well(session.extended("hardlink@openssh.com", string("/b"), string("/l")))
    well(session.path(p.REMOVE, "/l"))
    well(session.path(p.RMDIR, "/dir"))


def rule_66_log(lab):
    session = lab.held("--make-links=yes")
    every_deed(session)
    says(session, "session opened for local user", " sftp root ", 'close "/a" bytes read 0 written 5',
         'mkdir name "/dir"', 'opendir "/dir"', 'set "/a" mode 0600', 'rename old "/a" new "/b"',
         'symlink old "b" new "/s"', 'link old "/b" new "/l"', 'remove name "/l"',
         'rmdir name "/dir"', "session closed for local user")


def rule_66_json(lab):
    session = lab.held("--make-links=yes", "--log-format=json")
    every_deed(session)
    code, said = session.end()
    same("exit status", 0, code)
    events = [json.loads(line[line.index("{"):]) for line in said.splitlines()]
    names = [event.get("event") for event in events]
    for name in ("rename", "remove", "link", "set"):
        holds(f"there is {name}", name in names, names)
    renamed = events[names.index("rename")]
    same("rename", ("/a", "/b"), (renamed.get("path"), renamed.get("to")))


def rule_67_what_is_not_there_is_no_error(lab):
    session = lab.held("--download-only")
    session.stat("/none")
    session.open("/none", p.R)
    session.path(p.READLINK, "/none")
    code, said = session.end()
    same("exit status", 0, code)
    holds("no refusal", "refused" not in said and "errors 0 " in said, said)


def rule_67_refusals_are_told(lab):
    fill(lab)
    session = lab.held("--download-only", "--deny=*.exe")
    session.path(p.REMOVE, "/f")
    session.open("/x.exe", p.R)
    says(session, 'refused "/f" reason', 'refused "/x.exe" reason', "errors 2")
