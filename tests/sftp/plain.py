# SPDX-License-Identifier: ISC
"""What any server says to an account that nothing is forbidden; another one can be asked, too."""
import os
import stat

from lab import get, put
from stage import packets as p
from stage.packets import attrs, fails, string, u32, u64, well
from stage.report import holds, same

NAME = "plain"
MANY, LINKS = 100000, 1000      # entries of a directory, and of one file
HANDLES = 90                    # files that are open at once
LISTING, ENTRY = 32768, 256     # bytes of a reply that lists, and of one of these entries at most
DATA = bytes(range(256)) * 400


def rule_10_version_is_3(lab):
    for said in (b"\0\0\0\3", b"\0\0\0\6", u32(3) + string("a@b") + string("1")):
        session = lab.begin(begin=False)
        session.send(p.packet(p.INIT, said))
        reply = session.reply()
        same("version", (p.VERSION, 3), (reply.kind, reply.id))
        same("how it ends", 0, session.end()[0])


def rule_8_numbers_mean_nothing(lab):
    session = lab.begin()
    for number in (7, 7, 0, 0xffffffff, 1):
        session.send(p.request(p.REALPATH, number, string(".")))
    same("numbers", [7, 7, 0, 0xffffffff, 1], [session.reply().id for _ in range(5)])


def whole_dialogue(top):
    """An upload, a look, a download and a removal, as one text."""
    return b"".join((
        p.packet(p.INIT, u32(3)),
        p.request(p.STAT, 1, string(f"{top}/none")),
        p.request(p.MKDIR, 2, string(f"{top}/dir"), attrs(mode=0o755)),
        p.request(p.RENAME, 3, string(f"{top}/dir"), string(f"{top}/moved")),
        p.request(p.SETSTAT, 4, string(f"{top}/moved"), attrs(mode=0o700, times=(1, 2))),
        p.request(p.SYMLINK, 5, string("moved"), string(f"{top}/link")),
        p.request(p.READLINK, 6, string(f"{top}/link")),
        p.request(p.REMOVE, 7, string(f"{top}/link")),
        p.request(p.RMDIR, 8, string(f"{top}/moved")),
        p.request(p.LSTAT, 9, string(f"{top}/moved"))))


EXPECTED = [(p.VERSION, None), (p.STATUS, p.NO_SUCH_FILE), (p.STATUS, p.OK), (p.STATUS, p.OK),
            (p.STATUS, p.OK), (p.STATUS, p.OK), (p.NAME, None), (p.STATUS, p.OK),
            (p.STATUS, p.OK), (p.STATUS, p.NO_SUCH_FILE)]


def play(lab, pieces):
    session = lab.begin(begin=False)
    for piece in pieces:
        session.send(piece)
    replies = [session.reply() for _ in EXPECTED]
    same("replies", EXPECTED, [(reply.kind, reply.code) for reply in replies])
    same("how it ends", 0, session.end()[0])


def rule_12_split_at_every_byte(lab):
    text = whole_dialogue(lab.top)
    for at in range(1, len(text), 1):
        play(lab, (text[:at], text[at:]))


def rule_12_a_byte_at_a_time(lab):
    play(lab, [bytes([byte]) for byte in whole_dialogue(lab.top)])


def rule_12_glued_and_thousands_ahead(lab):
    """As paramiko's get does: all is asked before anything is read."""
    path = put(f"{lab.top}/file", DATA)
    session = lab.begin()
    handle = session.opened(path, p.R)
    count = 4000
    session.send(b"".join(p.request(p.READ, number, string(handle), u64(number * 25), u32(25))
                          for number in range(count)))
    for number in range(count):
        reply = session.reply()
        same("number", number, reply.id)
        same("data", DATA[number * 25:number * 25 + 25], reply.data)


def rule_14_attributes(lab):
    path = put(f"{lab.top}/file", b"12345")
    os.chmod(path, 0o640)
    os.utime(path, (1000, 2000))
    os.symlink("file", f"{lab.top}/link")
    session, st = lab.begin(), os.stat(path)
    expected = p.Attributes(15, 5, st.st_uid, st.st_gid, stat.S_IFREG | 0o640, 1000, 2000)
    handle = session.opened(path, p.R)
    for reply in (session.stat(path), session.lstat(path), session.fstat(handle),
                  session.stat(f"{lab.top}/link")):
        same("attributes", expected, reply.attributes)
    link = session.lstat(f"{lab.top}/link").attributes
    holds("a link", stat.S_ISLNK(link.mode), oct(link.mode))


def rule_14_modes_may_have_type_bits(lab):
    session = lab.begin()
    well(session.mkdir(f"{lab.top}/dir", 0o100744))
    well(session.set(f"{lab.top}/dir", mode=0o100711))
    same("mode", 0o40711, os.stat(f"{lab.top}/dir").st_mode)


def rule_15_neither_read_nor_write(lab):
    session = lab.begin()
    fails(p.NO_SUCH_FILE, session.open(f"{lab.top}/none", 0))
    handle = session.opened(put(f"{lab.top}/file"), 0)
    same("data", b"old", session.read(handle, 0, 9).data)


def rule_17_statuses(lab):
    top, session = lab.top, lab.begin()
    os.mkdir(f"{top}/dir")
    os.mkdir(f"{top}/full")
    put(f"{top}/full/file")
    put(f"{top}/file")
    os.symlink("loop", f"{top}/loop")
    long = "n" * 256
    for code, reply in (
            (p.NO_SUCH_FILE, session.stat(f"{top}/none")),
            (p.NO_SUCH_FILE, session.stat(f"{top}/file/below")),
            (p.NO_SUCH_FILE, session.stat(f"{top}/loop")),
            (p.NO_SUCH_FILE, session.open(f"{top}/none", p.R)),
            (p.NO_SUCH_FILE, session.open(f"{top}/none", p.W)),
            (p.NO_SUCH_FILE, session.open(f"{top}/none/file", p.W | p.CREAT)),
            (p.NO_SUCH_FILE, session.path(p.OPENDIR, f"{top}/none")),
            (p.NO_SUCH_FILE, session.path(p.REMOVE, f"{top}/none")),
            (p.NO_SUCH_FILE, session.path(p.RMDIR, f"{top}/none")),
            (p.NO_SUCH_FILE, session.path(p.RENAME, f"{top}/none", f"{top}/new")),
            (p.NO_SUCH_FILE, session.path(p.READLINK, f"{top}/none")),
            (p.NO_SUCH_FILE, session.set(f"{top}/none", mode=0o600)),
            (p.NO_SUCH_FILE, session.mkdir(f"{top}/none/dir")),
            (p.BAD_MESSAGE, session.stat(f"{top}/{long}")),
            (p.FAILURE, session.open(f"{top}/file", p.W | p.CREAT | p.EXCL)),
            (p.FAILURE, session.open(f"{top}/dir", p.W | p.CREAT)),
            (p.FAILURE, session.mkdir(f"{top}/dir")),
            (p.FAILURE, session.mkdir(f"{top}/file")),
            (p.FAILURE, session.path(p.RMDIR, f"{top}/full")),
            (p.FAILURE, session.path(p.RENAME, f"{top}/file", f"{top}/full/file")),
            (p.BAD_MESSAGE, session.path(p.READLINK, f"{top}/file")),
            (p.FAILURE, session.path(p.SYMLINK, "x", f"{top}/file"))):
        fails(code, reply)
    same("file", b"old", get(f"{top}/file"))


def rule_16_handles_of_nobody(lab):
    session = lab.begin()
    for reply in (session.read(b"none", 0, 1), session.write(b"12345678", 0, b"x"),
                  session.path(p.READDIR, b""), session.fset(b"\0" * 8, mode=0o600)):
        fails(p.FAILURE, reply)
    handle = session.opened(put(f"{lab.top}/file"), p.R)
    well(session.close(handle))
    fails(p.FAILURE, session.read(handle, 0, 1))


def rule_17_many_handles(lab):
    session = lab.begin()
    handles = [session.opened(put(f"{lab.top}/{number}", b"%d" % number), p.R)
               for number in range(HANDLES)]
    same("handles that differ", HANDLES, len(set(handles)))
    for number, handle in reversed(list(enumerate(handles))):
        same("data", b"%d" % number, session.read(handle, 0, 9).data)
        well(session.close(handle))


def rule_26_realpath(lab):
    session, top = lab.begin(), os.path.realpath(lab.top)
    same("where it begins", os.fsencode(lab.top), session.realpath(".").names[0].name)
    for path, expected in ((f"{top}/", top), (f"{top}/.//x", f"{top}/x"), ("none", f"{top}/none")):
        reply = session.realpath(path)
        same(f"REALPATH {path}", [os.fsencode(expected)], [entry.name for entry in reply.names])


def rule_30_directories_and_special_files(lab):
    session = lab.begin()
    os.mkdir(f"{lab.top}/dir")
    for flags in (p.W, p.W | p.CREAT | p.TRUNC, p.R | p.W):
        fails(p.FAILURE, session.open(f"{lab.top}/dir", flags))


def rule_32_read(lab):
    session = lab.begin()
    handle = session.opened(put(f"{lab.top}/file", DATA), p.R)
    size = len(DATA)
    same("all of it", DATA, session.read(handle, 0, 200000).data)
    same("the end", DATA[-3:], session.read(handle, size - 3, 100).data)
    for offset in (size, size + 1, 1 << 40):
        fails(p.EOF, session.read(handle, offset, 100))


def rule_33_write(lab):
    """Anywhere and in any order; what is between is zeros."""
    session = lab.begin()
    handle = session.opened(f"{lab.top}/file", p.W | p.CREAT | p.TRUNC)
    for offset in (90, 0, 30, 60, 10):
        well(session.write(handle, offset, b"%010d" % offset))
    well(session.write(handle, 5, b""))
    well(session.close(handle))
    expected = bytearray(100)
    for offset in (0, 10, 30, 60, 90):
        expected[offset:offset + 10] = b"%010d" % offset
    same("file", bytes(expected), get(f"{lab.top}/file"))


def rule_33_append(lab):
    session = lab.begin()
    handle = session.opened(put(f"{lab.top}/file"), p.W | p.CREAT | p.APPEND)
    well(session.write(handle, 0, b" and"))
    well(session.write(handle, 0, b" new"))
    well(session.close(handle))
    same("file", b"old and new", get(f"{lab.top}/file"))


def rule_34_set(lab):
    session, path = lab.begin(), put(f"{lab.top}/file", DATA)
    well(session.set(path, size=10, mode=0o604, times=(100, 200)))
    st = os.stat(path)
    same("what was set", (10, 0o604, 100, 200),
         (st.st_size, st.st_mode & 0o7777, int(st.st_atime), int(st.st_mtime)))
    well(session.set(path, owner=(st.st_uid, st.st_gid)))
    well(session.set(path))
    well(session.set(path, size=12))
    same("file", DATA[:10] + b"\0\0", get(path))


def rule_34_attributes_of_what_is_open(lab):
    session = lab.begin()
    handle = session.opened(f"{lab.top}/file", p.W | p.CREAT | p.TRUNC, attrs(mode=0o600))
    well(session.write(handle, 0, DATA))
    well(session.fset(handle, mode=0o641, times=(100, 200)))
    well(session.close(handle))
    st = os.stat(f"{lab.top}/file")
    same("what was set", (len(DATA), 0o641, 200), (st.st_size, st.st_mode & 0o7777, int(st.st_mtime)))


def rule_35_a_hundred_thousand_entries(lab):
    """Of few files, for a link is made in less time than a file."""
    os.mkdir(f"{lab.top}/dir")
    fd = os.open(f"{lab.top}/dir", os.O_RDONLY)
    for number in range(MANY):
        if number % LINKS == 0:
            os.close(os.open(str(number), os.O_CREAT | os.O_WRONLY, dir_fd=fd))
        else:
            os.link(str(number - number % LINKS), str(number), src_dir_fd=fd, dst_dir_fd=fd)
    os.close(fd)
    session, found, lengths = lab.begin(), [], []
    handle = session.path(p.OPENDIR, f"{lab.top}/dir").handle
    while (reply := session.path(p.READDIR, handle)).kind == p.NAME:
        found += [entry.name for entry in reply.names]
        lengths.append(len(reply.body) + 5)
    same("the end", p.EOF, reply.code)
    same("how many", MANY + 2, len(found))
    same("which", MANY + 2, len(set(found)))
    if lab.alien:
        return
    same("what comes first", [b".", b".."], found[:2])
    holds("what any client takes", max(lengths) <= LISTING, max(lengths))
    holds("each is as full as it can be", min(lengths[:-1]) > LISTING - ENTRY, min(lengths[:-1]))


def rule_35_names_with_every_byte(lab):
    session, names = lab.begin(), [b"."] + [b".."]
    for byte in range(1, 256):
        if byte != ord("/"):
            name = b"n" + bytes([byte]) + b"e"
            names.append(name)
            well(session.put(os.fsencode(lab.top) + b"/" + name, name))
    same("names", sorted(names), session.names(lab.top))
    for name in names[2:]:
        path = os.fsencode(lab.top) + b"/" + name
        same("content", name, get(path))
        same("its own path", path, session.realpath(path).names[0].name)
        well(session.path(p.RENAME, path, path + b"2"))
        well(session.path(p.SYMLINK, name, path))
        same("what the link says", name, session.path(p.READLINK, path).names[0].name)
        well(session.path(p.REMOVE, path))
        well(session.set(path + b"2", mode=0o600))
        well(session.mkdir(path))
        well(session.path(p.RMDIR, path))
    same("names", sorted(names[:2] + [name + b"2" for name in names[2:]]), session.names(lab.top))


def rule_36_longname(lab):
    path = put(f"{lab.top}/file", b"12345")
    os.chmod(path, 0o4751)
    entry = [entry for entry in lab.begin().entries(lab.top) if entry.name == b"file"][0]
    words = entry.longname.split()
    same("mode, links and size", (b"-rwsr-x--x", b"1", b"5"), (words[0], words[1], words[4]))
    same("name", b"file", words[-1])


def rule_37_mkdir(lab):
    session = lab.begin()
    well(session.mkdir(f"{lab.top}/one", 0o750))
    well(session.mkdir(f"{lab.top}/two"))
    same("modes", [0o40750, 0o40755],
         [os.stat(f"{lab.top}/{name}").st_mode for name in ("one", "two")])


def rule_38_remove_and_rmdir(lab):
    session = lab.begin()
    os.mkdir(f"{lab.top}/dir")
    put(f"{lab.top}/file")
    os.symlink("dir", f"{lab.top}/link")
    same("a directory is no file", p.STATUS, session.path(p.REMOVE, f"{lab.top}/dir").kind)
    same("a file is no directory", p.STATUS, session.path(p.RMDIR, f"{lab.top}/file").kind)
    same("all is there", ["dir", "file", "link"], sorted(os.listdir(lab.top)))
    well(session.path(p.REMOVE, f"{lab.top}/link"))
    well(session.path(p.REMOVE, f"{lab.top}/file"))
    well(session.path(p.RMDIR, f"{lab.top}/dir"))
    same("nothing is there", [], os.listdir(lab.top))


def rule_39_rename(lab):
    session, top = lab.begin(), lab.top
    put(f"{top}/a", b"a")
    put(f"{top}/b", b"b")
    fails(p.FAILURE, session.path(p.RENAME, f"{top}/a", f"{top}/b"))
    same("b", b"b", get(f"{top}/b"))
    well(session.extended("posix-rename@openssh.com", string(f"{top}/a"), string(f"{top}/b")))
    same("b", b"a", get(f"{top}/b"))
    well(session.path(p.RENAME, f"{top}/b", f"{top}/c"))
    same("what is there", ["c"], os.listdir(top))
    os.mkdir(f"{top}/dir")
    well(session.path(p.RENAME, f"{top}/dir", f"{top}/new"))
    same("what is there", ["c", "new"], sorted(os.listdir(top)))


def rule_40_links(lab):
    session, top = lab.begin(), lab.top
    well(session.path(p.SYMLINK, "any/where", f"{top}/link"))
    same("the text", "any/where", os.readlink(f"{top}/link"))
    reply = session.path(p.READLINK, f"{top}/link")
    same("READLINK", [b"any/where"], [entry.name for entry in reply.names])
    put(f"{top}/file")
    well(session.extended("hardlink@openssh.com", string(f"{top}/file"), string(f"{top}/hard")))
    same("links", 2, os.stat(f"{top}/file").st_nlink)


def rule_20_extensions(lab):
    session = lab.begin()
    for name in ("posix-rename@openssh.com", "statvfs@openssh.com", "fstatvfs@openssh.com",
                 "hardlink@openssh.com", "fsync@openssh.com", "lsetstat@openssh.com",
                 "limits@openssh.com", "expand-path@openssh.com", "copy-data"):
        holds(f"{name} is known", name in session.version.pairs, session.version.pairs)
    fails(p.OP_UNSUPPORTED, session.extended("nobody@knows.this"))


def rule_21_statvfs(lab):
    session, real = lab.begin(), os.statvfs(lab.top)
    handle = session.opened(put(f"{lab.top}/file"), p.R)
    for reply in (session.extended("statvfs@openssh.com", string(lab.top)),
                  session.extended("fstatvfs@openssh.com", string(handle))):
        same("kind", p.EXTENDED_REPLY, reply.kind)
        fields = p.Fields(reply.rest)
        values = [fields.u64() for _ in range(11)]
        fields.end()
        same("sizes", (real.f_bsize, real.f_frsize, real.f_blocks, real.f_namemax),
             (values[0], values[1], values[2], values[10]))


def rule_22_limits(lab):
    reply = lab.begin().extended("limits@openssh.com")
    values = [int.from_bytes(reply.rest[at:at + 8], "big") for at in range(0, 32, 8)]
    same("length", 32, len(reply.rest))
    same("packet, read and write", [262144, 261120, 261120], values[:3])
    holds("handles", values[3] > 0, values[3])


def rule_24_copy_data(lab):
    session = lab.begin()
    source = session.opened(put(f"{lab.top}/file", DATA), p.R)
    target = session.opened(f"{lab.top}/copy", p.W | p.CREAT | p.TRUNC)
    well(session.extended("copy-data", string(source), u64(100), u64(1000), string(target), u64(5)))
    well(session.extended("copy-data", string(source), u64(5000), u64(0), string(target), u64(1005)))
    fails(p.FAILURE, session.extended("copy-data", string(source), u64(0), u64(0), string(source),
                                      u64(0)))
    well(session.close(target))
    same("copy", b"\0" * 5 + DATA[100:1100] + DATA[5000:], get(f"{lab.top}/copy"))


def rule_32_large_reads(lab):
    session = lab.begin()
    handle = session.opened(put(f"{lab.top}/file", DATA * 10), p.R)
    for length in (65536, 261120):
        same("data", (DATA * 10)[7:7 + length], session.read(handle, 7, length).data)
