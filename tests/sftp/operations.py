# SPDX-License-Identifier: ISC
"""What requests do to files and directories, and what they take of what is asked for."""
import os
import pwd
import stat
import time

from lab import get, put
from paths import ASKED, extended, fill
from stage import packets as p
from stage.packets import attrs, fails, string, u64, well
from stage.report import holds, same

NAME = "operations"
NO, DENIED, FAILURE, BAD = p.NO_SUCH_FILE, p.PERMISSION_DENIED, p.FAILURE, p.BAD_MESSAGE
UNSUPPORTED = p.OP_UNSUPPORTED
UPLOAD = p.W | p.CREAT | p.TRUNC
OLD_TIME = 1000000000           # long enough ago to be listed with its year


def rule_30_special_files(lab):
    """A drop-in does not wait for whoever writes into a FIFO; beneath a root it is no file."""
    fill(lab)
    os.mkfifo(f"{lab.root}/fifo")
    session = lab.held()
    for flags in (p.R, UPLOAD, p.W, p.R | p.W):
        fails(FAILURE, session.open("fifo", flags), "not a regular file")
    for flags in (p.R, UPLOAD):
        fails(FAILURE, session.open("dir", flags), "Is a directory")
    session = lab.begin()
    handle = session.opened(f"{lab.root}/fifo", p.R)
    well(session.close(handle))
    handle = session.opened("/dev/null", p.R)
    fails(p.EOF, session.read(handle, 0, 10))


def rule_30_made_by_who_only_reads(lab):
    """It is there at once, empty; and what is there is emptied with TRUNC alone."""
    fill(lab)
    session = lab.held()
    handle = session.opened("new", p.R | p.CREAT, attrs(mode=0o604))
    same("mode", 0o604, os.stat(f"{lab.root}/new").st_mode & 0o7777)
    fails(p.EOF, session.read(handle, 0, 10))
    same("data", b"old", session.read(session.opened("f", p.R | p.CREAT), 0, 9).data)
    fails(FAILURE, session.open("f", p.R | p.CREAT | p.EXCL), "File exists")
    fails(p.EOF, session.read(session.opened("f", p.R | p.TRUNC), 0, 9))
    same("f", b"", get(f"{lab.root}/f"))


def rule_31_what_open_takes_of_attributes(lab):
    """The mode of what is new, without special bits; a size announces, and nothing else is looked at."""
    fill(lab)
    os.utime(f"{lab.root}/f", (9, 9))
    session = lab.held()
    for name, mode, expected in (("a", 0o7777, 0o755), ("b", 0o100600, 0o600), ("c", None, 0o644)):
        handle = session.opened(name, p.W | p.CREAT, attrs(mode=mode, times=(1, 2), owner=(12, 34)))
        well(session.close(handle))
        st = os.stat(f"{lab.root}/{name}")
        same(f"mode of {name}", expected, st.st_mode & 0o7777)
        same("time and owner", (False, os.geteuid()), (int(st.st_mtime) == 2, st.st_uid))
    for flags in (p.W, p.W | p.CREAT, p.W | p.APPEND):
        well(session.close(session.opened("f", flags, attrs(size=1, mode=0o600))))
    st = os.stat(f"{lab.root}/f")
    same("f", (b"old", 0o644, 9), (get(f"{lab.root}/f"), st.st_mode & 0o7777, int(st.st_mtime)))


def rule_34_a_handle_needs_no_right_to_attributes(lab):
    session = lab.held("--attributes=no")
    handle = session.opened("/f", UPLOAD)
    well(session.fset(handle, mode=0o640, times=(1, 2), size=5))
    well(session.close(handle))
    st = os.stat(f"{lab.root}/f")
    same("f", (5, 0o640, 2), (st.st_size, st.st_mode & 0o7777, int(st.st_mtime)))
    for reply in (session.set("/f", mode=0o600), session.set("/f", size=1),
                  session.fset(session.opened("/f", p.R), mode=0o600)):
        fails(DENIED, reply, "setting attributes is not allowed")


def rule_34_lsetstat(lab):
    """A size is none of its business; of links it sets the times, of all else what SETSTAT does."""
    fill(lab)
    session = lab.held()

    def lset(path, **what):
        return session.extended("lsetstat@openssh.com", string(path), attrs(**what))

    fails(BAD, lset("f", size=1))
    fails(BAD, lset("link", size=1, times=(5, 6)))
    well(lset("f", mode=0o601, times=(1, 2)))
    fails(UNSUPPORTED, lset("link", mode=0o601))
    well(lset("link", times=(3, 4)))
    st = os.stat(f"{lab.root}/f")
    same("f", (b"old", 0o601, 2), (get(f"{lab.root}/f"), st.st_mode & 0o7777, int(st.st_mtime)))
    same("link", 4, int(os.lstat(f"{lab.root}/link").st_mtime))


def rule_34_only_files_and_directories_have_attributes(lab):
    """Beneath a root, that is: anything else is somebody's who did not come by here."""
    fill(lab)
    os.mkfifo(f"{lab.root}/fifo", 0o644)
    session = lab.held()
    for what in ("mode", "times", "lsetstat"):
        fails(FAILURE, ASKED[what](session, "fifo"), "not a regular file")
    fails(FAILURE, session.set("dir", size=1), "Is a directory")
    same("mode", 0o644, stat.S_IMODE(os.stat(f"{lab.root}/fifo").st_mode))
    well(lab.begin().set(f"{lab.root}/fifo", mode=0o600))
    same("mode", 0o600, stat.S_IMODE(os.stat(f"{lab.root}/fifo").st_mode))


def rule_36_longname(lab):
    """As ls -l has it, a name with control bytes escaped; owners are numbers but for the account's own."""
    names = [b"file", b"a b", b"\x1b[31mred\n", b"\xff\xfe", "ä".encode()]
    os.mkdir(lab.root)
    for name in names:
        path = put(os.fsencode(lab.root) + b"/" + name, b"12345")
        os.utime(path, (OLD_TIME, OLD_TIME))
        if os.geteuid() == 0 and name == b"file":
            os.chown(path, 1234567, 7654321)
        os.chmod(path, 0o2754)
    date = time.strftime("%b %e  %Y", time.localtime(OLD_TIME)).encode()
    entries = {entry.name: entry for entry in lab.held().entries("/")}
    for name in names:
        line = entries[name].longname
        holds("no control bytes", not any(byte < 32 or byte == 127 for byte in line), line)
        holds("mode", line.startswith(b"-rwxr-sr-- "), line)
        holds("size and date", b"        5 " + date + b" " in line, line)
    holds("name", entries[b"a b"].longname.endswith(b" a b"), entries[b"a b"].longname)
    if os.geteuid() == 0:
        holds("owners", b" 1234567  7654321 " in entries[b"file"].longname, entries[b"file"].longname)
    now = entries[b"."].longname
    holds("a time of today", time.strftime(" %b %e ").encode() in now and b":" in now.split()[-2], now)


def rule_37_what_mkdir_takes_of_attributes(lab):
    session = lab.held()
    for name, mode, expected in (("a", 0o107777, 0o755), ("b", 0o700, 0o700), ("c", None, 0o755)):
        well(session.ask(p.MKDIR, string(name), attrs(mode=mode, size=7, owner=(12, 34), times=(1, 2))))
        st = os.stat(f"{lab.root}/{name}")
        same(f"mode of {name}", expected, stat.S_IMODE(st.st_mode))
        same("time and owner", (False, os.geteuid()), (int(st.st_mtime) == 2, st.st_uid))
    put(f"{lab.root}/f")
    for name in ("a", "f"):
        fails(FAILURE, session.mkdir(name), "File exists")


def rule_38_remove_and_rmdir(lab):
    fill(lab)
    os.mkfifo(f"{lab.root}/fifo")
    session = lab.held()
    for kind, path, code, text in ((p.REMOVE, "dir", FAILURE, "Is a directory"),
                                   (p.REMOVE, "none", NO, "No such file or directory"),
                                   (p.RMDIR, "f", NO, "Not a directory"),
                                   (p.RMDIR, "dirlink", NO, "Not a directory"),
                                   (p.RMDIR, "dir", FAILURE, "Directory not empty"),
                                   (p.RMDIR, "none", NO, "No such file or directory")):
        fails(code, session.path(kind, path), text)
    for kind, path in ((p.REMOVE, "fifo"), (p.REMOVE, "dir/f"), (p.RMDIR, "dir/sub"), (p.RMDIR, "dir"),
                       (p.REMOVE, "f"), (p.REMOVE, "dirlink")):
        well(session.path(kind, path))
    same("what is there", ["dangling", "link"], sorted(os.listdir(lab.root)))


def rule_39_renaming(lab):
    """What is in the way of RENAME stays; posix-rename is rename(2), with both ends judged."""
    fill(lab)
    session = lab.held()
    posix = extended("posix-rename@openssh.com")
    for old, new in (("f", "dir/f"), ("f", "dir"), ("dir", "f"), ("f", "link"), ("f", "dangling"),
                     ("f", "f")):
        fails(FAILURE, session.path(p.RENAME, old, new), "File exists")
    for old, new, code in (("dir", "dir/sub/x", BAD), ("none", "new", NO), ("f", "none/x", NO),
                           ("none/x", "new", NO), ("f", "f/x", NO)):
        fails(code, session.path(p.RENAME, old, new))
        fails(code, posix(session, old, new))
    fails(FAILURE, posix(session, "f", "dir"), "Is a directory")
    fails(NO, posix(session, "dir", "f"), "Not a directory")
    os.mkdir(f"{lab.root}/other")
    fails(FAILURE, posix(session, "other", "dir"), "Directory not empty")
    well(posix(session, "other", "dir/sub"))
    well(posix(session, "f", "f"))
    well(posix(session, "f", "dir/f"))
    same("what is there", (["dangling", "dir", "dirlink", "link"], b"old"),
         (sorted(os.listdir(lab.root)), get(f"{lab.root}/dir/f")))


def rule_39_renaming_with_backup_and_without_overwriting(lab):
    fill(lab)
    posix = extended("posix-rename@openssh.com")
    session = lab.held("--overwrite=no")
    for ask in (ASKED["to"], ASKED["posix to"]):
        fails(FAILURE, ask(session, "dir/f"), "File exists")
    session = lab.held("--overwrite=backup")
    fails(FAILURE, session.path(p.RENAME, "f", "dir/f"), "File exists")
    well(posix(session, "f", "dir/f"))
    same("both", (b"old", b"in dir"), (get(f"{lab.root}/dir/f"), get(f"{lab.root}/dir/f.~1~")))
    fails(FAILURE, posix(session, "dir/f", "dir/sub"), "Is a directory")
    well(posix(session, "dir/f", "link"))
    same("the link is kept", "f", os.readlink(f"{lab.root}/link.~1~"))
    same("what is there", ["dangling", "dir", "dirlink", "link", "link.~1~"],
         sorted(os.listdir(lab.root)))


def rule_43_open_judges_at_once(lab):
    """So that nothing is left for CLOSE, whose status many clients do not look at."""
    fill(lab)
    os.mkfifo(f"{lab.root}/fifo")
    for options, path, flags, code, text in (
            ((), "dir", UPLOAD, FAILURE, "Is a directory"),
            ((), "fifo", UPLOAD, FAILURE, "not a regular file"),
            ((), "link", UPLOAD, NO, "symbolic links are not followed here"),
            ((), "none/f", UPLOAD, NO, None), ((), "f/f", UPLOAD, NO, None),
            ((), "f", UPLOAD | p.EXCL, FAILURE, "File exists"),
            ((), "none", p.W, NO, None), ((), "none", p.W | p.TRUNC, NO, None),
            (("--overwrite=no",), "f", UPLOAD, FAILURE, "File exists"),
            (("--overwrite=no",), "f", p.W | p.APPEND, FAILURE, "File exists"),
            (("--overwrite=no",), "f", p.R | p.W, FAILURE, "File exists"),
            (("--deny=f",), "f", UPLOAD, DENIED, None), (("--allow=*.txt",), "new", UPLOAD, DENIED, None),
            (("--download-only",), "new", UPLOAD, DENIED, "uploads are not allowed"),
            (("--max-files=0",), "new", UPLOAD, FAILURE, "more files than allowed")):
        try:
            session = lab.held(*options)
            fails(code, session.open(path, flags), text)
        except Exception as error:
            raise type(error)(f"OPEN {path} {flags} {options}: {error}") from error


def rule_43_a_directory_that_takes_no_files(lab):
    """Nobody hears of it when it is closed, so it is found out when it is opened."""
    if os.geteuid() != 0:
        return      # Whoever runs this owns the directory.
    fill(lab)
    os.chmod(lab.top, 0o755)
    for name in ("dir", "f"):
        os.chmod(f"{lab.root}/{name}", 0o755 if name == "dir" else 0o644)
    session = lab.held(user=65534)
    for path, flags in (("dir/new", UPLOAD), ("dir/f", UPLOAD), ("f", p.W), ("f", p.W | p.APPEND)):
        fails(DENIED, session.open(path, flags), "Permission denied")


def rule_21_room(lab):
    """All eleven numbers are those of the system; which filesystem it is stays out of a restricted account."""
    os.mkdir(lab.root)
    put(f"{lab.root}/f")

    def asked(session, path):
        handle = session.opened(path, p.R)
        for reply in (session.extended("statvfs@openssh.com", string(path)),
                      session.extended("fstatvfs@openssh.com", string(handle))):
            fields = p.Fields(reply.rest)
            yield [fields.u64() for _ in range(11)]
            fields.end()

    real = os.statvfs(lab.root)
    flags = bool(real.f_flag & os.ST_RDONLY) + 2 * bool(real.f_flag & os.ST_NOSUID)
    for session, path, fsid in ((lab.begin(), f"{lab.root}/f", real.f_fsid), (lab.held(), "f", 0)):
        for got in asked(session, path):
            same("what does not change", [real.f_bsize, real.f_frsize, real.f_blocks, real.f_files, fsid,
                                          flags, real.f_namemax], got[:3] + [got[5]] + got[8:])
            holds("free, and for whom", got[3] >= got[4] and got[6] >= got[7] > 0, got)
    for got in asked(lab.held("--min-free=100%"), "f"):
        same("what must stay free is not there", [0, 0], [got[4], got[7]])


def rule_23_homes(lab):
    os.makedirs(f"{lab.root}/start/x")
    me = pwd.getpwuid(os.geteuid()).pw_name
    session = lab.held("--start=start")
    for path, expected in (("~", b"/start"), ("~/", b"/start"), ("~/x/../y", b"/start/y"), ("", b"/start"),
                           ("/x", b"/x"), ("x~", b"/start/x~"), (f"~{me}", b"/start"),
                           (f"~{me}//x", b"/start/x")):
        reply = session.extended("expand-path@openssh.com", string(path))
        same(f"expand {path}", [expected], [entry.name for entry in reply.names])
    for path in ("~daemon", "~nobody-here/x", "~" + "n" * 300):
        fails(NO, session.extended("expand-path@openssh.com", string(path)), "no such user")
    for name in ("", me):
        same("one's own", b"/start", session.extended("home-directory", string(name)).names[0].name)
    fails(NO, session.extended("home-directory", string("daemon")), "no such user")


def rule_24_copy_data(lab):
    """Within the file, to its end, and both ways counted; nothing of it is done by halves."""
    os.mkdir(lab.root)
    data = bytes(range(256)) * 40
    put(f"{lab.root}/f", data)
    os.link(f"{lab.root}/f", f"{lab.root}/same")

    def copy(session, source, at, length, target, offset):
        return session.extended("copy-data", string(source), u64(at), u64(length), string(target),
                                u64(offset))

    session = lab.held("--max-session-bytes=60000")
    source, target = session.opened("f", p.R), session.opened("new", UPLOAD)
    well(copy(session, source, 5, 10, target, 0))
    well(copy(session, source, 10000, 0, target, 10))
    for at in (len(data), len(data) + 1, 1 << 63, (1 << 64) - 1):
        well(copy(session, source, at, 0, target, 0))
        fails(FAILURE, copy(session, source, at, 1, target, 0), "the file ends before that")
    fails(FAILURE, copy(session, source, 0, len(data) + 1, target, 0), "the file ends before that")
    put(f"{lab.root}/alone")
    alone = session.opened("alone", p.R)
    fails(FAILURE, copy(session, alone, 0, 1, session.opened("alone", p.W), 0), "both are the same file")
    for other in (source, session.opened("f", p.R), session.opened("same", p.R)):
        fails(FAILURE, copy(session, source, 0, 1, other, 0), "both are the same file")
    fails(NO, copy(session, target, 0, 1, source, 0))
    fails(p.FAILURE, copy(session, source, 0, 1, b"none", 0), "invalid handle")
    fails(p.FAILURE, copy(session, b"none", 0, 1, target, 0), "invalid handle")
    well(session.close(target))
    same("copy", data[5:15] + data[10000:], get(f"{lab.root}/new"))
    handle = session.opened("more", UPLOAD)
    for _ in range(2):
        well(copy(session, source, 0, 0, handle, 0))
    fails(FAILURE, copy(session, source, 0, 0, handle, 0))
    code, said = session.end()
    same("exit status", 0, code)
    holds("the log has it", f'close "/new" bytes read 0 written {10 + len(data) - 10000}' in said, said)
    appended = lab.held()
    target = appended.opened("same", p.W | p.APPEND)
    well(copy(appended, appended.opened("new", p.R), 0, 0, target, 0))
    well(appended.close(target))
    same("appended", data + data[5:15] + data[10000:], get(f"{lab.root}/same"))
