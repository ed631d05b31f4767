# SPDX-License-Identifier: ISC
"""Accounts that are told nothing: what they see, what is their own, and what they meet all the same."""
import os

from keys import DENIED, UPLOAD, fill, refused
from lab import get, put
from stage import packets as p
from stage.packets import attrs, fails, string, well
from stage.report import holds, same

NAME = "unseen"


def rule_59_nothing_is_told_of_what_others_put_there(lab):
    """The same answers as for what is not there, request by request."""
    fill(lab)
    session = lab.held("--upload-only", "--reveal=no", "--overwrite=no", "--mkdir=no")
    for ask in (session.stat, session.lstat, lambda path: session.path(p.READLINK, path),
                lambda path: session.path(p.REMOVE, path), lambda path: session.path(p.RMDIR, path),
                lambda path: session.set(path, mode=0o600), lambda path: session.open(path, p.R),
                lambda path: session.path(p.RENAME, path, "/x"),
                lambda path: session.extended("statvfs@openssh.com", string(path)),
                lambda path: session.path(p.OPENDIR, path)):
        there, missing = ask("/f"), ask("/none")
        same("answers", (there.kind, there.code, there.text),
             (missing.kind, missing.code, missing.text))
    same("names", [b".", b".."], session.names("/"))
    same("names", [b".", b".."], session.names("/dir"))
    same("f", b"old", get(f"{lab.root}/f"))


def rule_59_what_is_written_into_stays_anothers(lab):
    """Whoever only appends, or goes on in the middle, hears of what it has written, and no more."""
    fill(lab)
    session = lab.held("--upload-only")
    for flags, offset, known in ((p.W | p.CREAT | p.APPEND, 0, 4), (p.W | p.CREAT, 1, 5)):
        handle = session.opened("/f", flags)
        same("size at first", 0, session.fstat(handle).attributes.size)
        well(session.close(handle))
        handle = session.opened("/f", flags)
        well(session.write(handle, offset, b"more"))
        same("size", known, session.fstat(handle).attributes.size)
        well(session.close(handle))
        for reply in (session.stat("/f"), session.lstat("/f")):
            fails(p.NO_SUCH_FILE, reply)
        for reply in (session.path(p.REMOVE, "/f"), session.path(p.RENAME, "/f", "/x"),
                      session.set("/f", mode=0o600)):
            refused(reply)
        same("names", [b".", b".."], session.names("/"))
    same("f", b"omorere", get(f"{lab.root}/f"))
    well(session.put("/f", b"new"))
    same("its own now", 3, session.stat("/f").attributes.size)
    handle = session.opened("/f", p.W)
    same("size", 3, session.fstat(handle).attributes.size)
    well(session.write(handle, 3, b"er"))
    well(session.close(handle))
    same("its own still", 5, session.stat("/f").attributes.size)


def section_9_reveal_no_where_files_are_read(lab):
    """There is what could be had, and directories; the rest is there for who may list it."""
    if os.geteuid() != 0:
        return      # Whoever runs this can have all of it.
    fill(lab)
    put(f"{lab.root}/closed")
    os.chmod(f"{lab.root}/closed", 0o600)
    for name in ("", "dir", "f"):
        os.chmod(f"{lab.root}/{name}", 0o755)
    os.mkfifo(f"{lab.root}/fifo")
    ok, no = None, p.NO_SUCH_FILE
    others = [b"closed", b"dir", b"f", b"fifo", b"g", b"link"]
    for options, listed, names in (((), no, []), (("--list=yes",), ok, others), (("--download-only",), no, [])):
        session = lab.held("--reveal=no", *options, user=65534)
        for name, stat, lstat, opened in (
                ("f", ok, ok, ok), ("dir", ok, ok, DENIED), ("closed", no, no, DENIED), ("none", no, no, DENIED),
                ("link", no, listed, DENIED), ("fifo", listed, listed, DENIED)):
            same(f"{name} with {options}", (stat, lstat, opened),
                 (session.stat(name).code, session.lstat(name).code, session.open(name, p.R).code))
        same(f"names with {options}", [b".", b"..", *names], session.names("/"))


def rule_60_directories_are_seen(lab):
    fill(lab)
    os.chmod(f"{lab.root}/dir", 0o711)
    session = lab.held("--upload-only")
    attributes = session.stat("/dir").attributes
    same("type and size", (0o040000, 4096), (attributes.mode & 0o170000, attributes.size))
    holds("mode", attributes.mode & 0o7777 in (0o755, 0o777), oct(attributes.mode))
    refused(session.mkdir("/dir"))
    fails(p.NO_SUCH_FILE, session.open("/none/f", UPLOAD))
    fails(p.NO_SUCH_FILE, session.mkdir("/none/dir"))


def rule_58_own_is_seen_listed_changed_and_removed(lab):
    fill(lab)
    session = lab.held("--upload-only")
    well(session.mkdir("/mine"))
    well(session.put("/mine/a", b"12345", mode=0o600))
    same("size", 5, session.stat("/mine/a").attributes.size)
    same("names", [b".", b"..", b"a"], session.names("/mine"))
    same("names", [b".", b"..", b"mine"], session.names("/"))
    well(session.set("/mine/a", times=(1, 2)))
    well(session.path(p.RENAME, "/mine/a", "/mine/b"))
    fails(p.NO_SUCH_FILE, session.stat("/mine/a"))
    same("size", 5, session.stat("/mine/b").attributes.size)
    os.rename(f"{lab.root}/mine/b", f"{lab.root}/mine/c")
    put(f"{lab.root}/mine/b", b"another's")
    fails(p.NO_SUCH_FILE, session.stat("/mine/b"))
    refused(session.path(p.REMOVE, "/mine/b"))
    os.rename(f"{lab.root}/mine/c", f"{lab.root}/mine/b")
    well(session.path(p.REMOVE, "/mine/b"))
    well(session.path(p.RMDIR, "/mine"))
    fails(p.NO_SUCH_FILE, session.stat("/mine"))


def rule_39_rename_replaces_unseen(lab):
    fill(lab)
    session = lab.held("--upload-only")
    well(session.put("/f.filepart", b"new"))
    well(session.path(p.RENAME, "/f.filepart", "/f"))
    same("f", b"new", get(f"{lab.root}/f"))
    session = lab.held("--upload-only", "--overwrite=no")
    well(session.put("/g.filepart", b"new"))
    refused(session.path(p.RENAME, "/g.filepart", "/g"))
    same("g", b"old", get(f"{lab.root}/g"))


def client_gvfs_where_no_name_begins_with_a_dot(lab):
    """It saves by way of one, and where that is denied it writes over what is there."""
    fill(lab)
    session = lab.held()
    fails(p.FAILURE, session.open("/f", p.W | p.CREAT | p.EXCL))
    st = session.lstat("/f").attributes
    refused(session.open("/.giosaveABCDEF", p.W | p.CREAT | p.EXCL,
                         attrs(owner=(st.uid, st.gid), mode=st.mode & 0o777)))
    well(session.put("/f", b"new"))
    same("f", b"new", get(f"{lab.root}/f"))


def rule_61_excl_with_reveal_no(lab):
    fill(lab)
    session = lab.held("--upload-only")
    refused(session.open("/f", p.W | p.CREAT | p.EXCL))
    fails(p.NO_SUCH_FILE, session.lstat("/f"))
    same("f", b"old", get(f"{lab.root}/f"))


def rule_45_upload_only_does_not_copy(lab):
    fill(lab)
    session = lab.held("--upload-only")
    handle = session.opened("/f", p.W | p.CREAT)
    well(session.write(handle, 0, b"X"))
    refused(session.close(handle))
    same("f", b"old", get(f"{lab.root}/f"))
    handle = session.opened("/f", p.W | p.CREAT)
    well(session.write(handle, 0, b"X"))
    refused(session.write(handle, 2, b"Y"))
    refused(session.close(handle))
    same("f", b"old", get(f"{lab.root}/f"))
    atomic = lab.held("--upload-only", "--replace=atomic")
    handle = atomic.opened("/f", p.W | p.CREAT | p.APPEND)
    refused(atomic.write(handle, 0, b"X"))
    refused(atomic.close(handle))
    same("f", b"old", get(f"{lab.root}/f"))
    handle = session.opened("/f", p.W | p.CREAT)
    well(session.write(handle, 0, b"X"))
    well(session.fset(handle, size=1))
    well(session.close(handle))
    same("f", b"X", get(f"{lab.root}/f"))
