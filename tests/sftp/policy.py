# SPDX-License-Identifier: ISC
"""Keys of the policy, each with every request that it is about."""
import grp
import os

from lab import asking, get, put
from paths import ASKED, answer
from stage import packets as p
from stage.packets import attrs, fails, string, u32, u64, well
from stage.report import Failed, same

NAME = "policy"
NO, DENIED, FAILURE, OK = p.NO_SUCH_FILE, p.PERMISSION_DENIED, p.FAILURE, p.OK
UPLOAD = p.W | p.CREAT | p.TRUNC
LOOKS = {"STAT", "LSTAT", "READLINK", "OPENDIR", "statvfs"}
FIRST = u32(0) + u32(1)         # handle of a session


def fill(lab, *files):
    os.makedirs(f"{lab.root}/d/sub")
    for name in ("f", "d/g", *files):
        os.makedirs(os.path.dirname(f"{lab.root}/{name}"), exist_ok=True)
        put(f"{lab.root}/{name}")


def mode_of(lab, name):
    return os.stat(f"{lab.root}/{name}").st_mode & 0o7777


MODES = (
    # The options; the mode of a file that is made without one and with 0777, of one that is made with 0600
    # and set to 0666 by path, of one that is set so while it is open; and of directories, likewise.
    ((), (0o644, 0o755, 0o666, 0o666), (0o755, 0o700, 0o777)),
    (("--umask=027",), (0o640, 0o750, 0o666, 0o666), (0o750, 0o700, 0o777)),
    (("--umask=077",), (0o600, 0o700, 0o666, 0o666), (0o700, 0o700, 0o777)),
    (("--file-mode=0640",), (0o640, 0o640, 0o640, 0o640), (0o755, 0o700, 0o777)),
    (("--file-mode=0660+0060",), (0o660, 0o660, 0o660, 0o660), (0o755, 0o700, 0o777)),
    (("--dir-mode=0750",), (0o644, 0o755, 0o666, 0o666), (0o750, 0o700, 0o750)),
    (("--dir-mode=0777+0070",), (0o644, 0o755, 0o666, 0o666), (0o775, 0o770, 0o777)),
    (("--modes=inherit",), (0o644, 0o644, 0o644, 0o644), (0o755, 0o755, 0o755)),
    (("--modes=inherit", "--umask=027"), (0o640, 0o640, 0o640, 0o640), (0o750, 0o750, 0o750)),
)


def section_9_modes(lab):
    for number, (options, files, directories) in enumerate(MODES):
        session, top = lab.held(*options), str(number)
        os.mkdir(f"{lab.root}/{top}", 0o755)
        well(session.put(f"{top}/a", b"x"))
        well(session.put(f"{top}/b", b"x", mode=0o777))
        well(session.put(f"{top}/c", b"x", mode=0o600))
        well(session.set(f"{top}/c", mode=0o666))
        handle = session.opened(f"{top}/d", UPLOAD, attrs(mode=0o600))
        well(session.fset(handle, mode=0o666))
        well(session.close(handle))
        same(f"files with {options}", [f"{mode:o}" for mode in files],
             [f"{mode_of(lab, f'{top}/{name}'):o}" for name in "abcd"])
        well(session.mkdir(f"{top}/x"))
        well(session.mkdir(f"{top}/y", 0o700))
        well(session.mkdir(f"{top}/z", 0o700))
        well(session.set(f"{top}/z", mode=0o777))
        same(f"directories with {options}", [f"{mode:o}" for mode in directories],
             [f"{mode_of(lab, f'{top}/{name}'):o}" for name in "xyz"])


def section_9_group(lab):
    """Of what is new, and of nothing else."""
    groups = [entry.gr_gid for entry in grp.getgrall()] if os.geteuid() == 0 else os.getgroups()
    other = [gid for gid in groups if gid != os.getegid()]
    if not other:
        return      # Whoever runs this is a member of one group alone.
    fill(lab)
    os.symlink("f", f"{lab.root}/l")
    session = lab.held(f"--group={grp.getgrgid(other[-1]).gr_name}", "--make-links=yes")
    well(session.put("new", b"x"))
    well(session.mkdir("dir"))
    well(session.put("f", b"new"))
    well(session.set("d/g", mode=0o600))
    same("groups", [other[-1], other[-1], os.getegid(), os.getegid()],
         [os.stat(f"{lab.root}/{name}").st_gid for name in ("new", "dir", "f", "d/g")])


def section_9_times(lab):
    """They are the client's to say or not, in each way in which it can."""
    for options, expected in (((), 8), (("--times=ignore",), 5)):
        os.makedirs(f"{lab.root}/d", exist_ok=True)
        put(f"{lab.root}/f")
        for name in ("f", "d"):
            os.utime(f"{lab.root}/{name}", (5, 5))
        session = lab.held(*options)
        well(session.set("f", times=(7, 8)))
        well(session.set("d", times=(7, 8)))
        same(f"times with {options}", [expected] * 2,
             [int(os.stat(f"{lab.root}/{name}").st_mtime) for name in ("f", "d")])
        well(session.extended("lsetstat@openssh.com", string("f"), attrs(times=(7, 8))))
        handle = session.opened("new", UPLOAD)
        well(session.fset(handle, times=(7, 8)))
        well(session.close(handle))
        same(f"times with {options}", [expected, expected == 8],
             [int(os.stat(f"{lab.root}/f").st_mtime), int(os.stat(f"{lab.root}/new").st_mtime) == 8])
        os.unlink(f"{lab.root}/new")


def section_9_names(lab):
    """To who looks what is denied is not there; all else is refused, and does nothing."""
    for number, (options, name, of_files) in enumerate((
            (("--deny=*.exe",), "x.exe", False), (("--deny=bad",), "bad/f", False), ((), ".x", False),
            ((), ".bad/f", False), (("--allow=*.txt", "--allow=?", "--allow=hard", "--allow=to-?"),
                                    "x.exe", True))):
        lab.root = f"{lab.top}/root-{number}"
        fill(lab, name)
        session = lab.held("--make-links=yes", *options)
        for what, ask in ASKED.items():
            expected = NO if what in LOOKS else DENIED
            # That it is a directory, or is to be one, is no reason to let it be.
            if of_files and what in ("MKDIR", "RMDIR", "OPENDIR"):
                expected = {"MKDIR": FAILURE, "RMDIR": NO, "OPENDIR": NO}[what]
            same(f"{what} {name} with {options}", expected, answer(ask(session, name)))
        session.kill()
        same(f"{name} with {options}", (b"old", b"old"), (get(f"{lab.root}/{name}"), get(f"{lab.root}/f")))
        same("what is there", sorted({"f", "d", name.split("/")[0]}), sorted(os.listdir(lab.root)))


def answers_alike(session, there, missing, left_out=()):
    """Each request answers the same of what is there and of what is not."""
    for what, ask in ASKED.items():
        if what not in left_out:
            one, other = ask(session, there), ask(session, missing)
            same(f"{what} of {there} and {missing}", (other.kind, other.code, other.text),
                 (one.kind, one.code, one.text))


def rule_65_names_are_refused_whatever_is_there(lab):
    fill(lab, ".x", "x.exe", "bad/f", "d/.x")
    session = lab.held("--deny=*.exe", "--deny=bad", "--make-links=yes")
    for there, missing in ((".x", ".none"), ("x.exe", "none.exe"), ("bad/f", "bad/none"), ("d/.x", "d/.none"),
                           ("d/.x/f", "d/.none/f"), ("bad", "none/bad")):
        answers_alike(session, there, missing)


def rule_59_each_request_tells_nothing(lab):
    """Of files, that is, and of what is in directories; what takes a name that is free makes something."""
    takes = ("upload", "MKDIR", "link")
    fill(lab, "d/large")
    os.symlink("f", f"{lab.root}/l")
    os.mkfifo(f"{lab.root}/fifo")
    for more in ((), ("--overwrite=no",), ("--rename=no", "--remove=no", "--attributes=no")):
        session = lab.held("--upload-only", "--reveal=no", "--make-links=yes", *more)
        for there in ("f", "d/g", "d/large", "l", "fifo"):
            answers_alike(session, there, "none", takes)
        answers_alike(session, "f/x", "none/x")
        same("names", [b".", b".."], session.names("/"))
    same("f", b"old", get(f"{lab.root}/f"))


def section_9_names_of_directories(lab):
    """`allow` is about files: a directory has any name, and what becomes a file has not."""
    fill(lab, "x.exe/ok.txt")
    session = lab.held("--allow=*.txt", "--allow=f")
    for what in ("STAT", "LSTAT", "OPENDIR", "statvfs", "mode", "times", "lsetstat"):
        same(f"{what} of a directory", OK, answer(ASKED[what](session, "x.exe")))
    same("names", [b".", b"..", b"ok.txt"], session.names("x.exe"))
    well(session.mkdir("y.exe"))
    well(session.path(p.RENAME, "y.exe", "z.exe"))
    well(session.path(p.RMDIR, "z.exe"))
    fails(DENIED, session.path(p.RENAME, "f", "f.exe"))
    fails(DENIED, session.path(p.RENAME, "x.exe/ok.txt", "ok"))
    well(session.path(p.RENAME, "x.exe/ok.txt", "also.txt"))
    same("names", [b".", b"..", b"also.txt", b"d", b"f", b"x.exe"], session.names("/"))


def section_9_start(lab):
    """Where relative paths begin, and nothing else: above it there is the rest of the root."""
    fill(lab)
    session = lab.held("--start=d")
    for path, expected in ((".", b"/d"), ("", b"/d"), ("x", b"/d/x"), ("..", b"/"), ("/", b"/"), ("/x", b"/x")):
        same(f"REALPATH {path}", expected, session.realpath(path).names[0].name)
    same("names", [b".", b"..", b"g", b"sub"], session.names("."))
    same("names", [b".", b"..", b"d", b"f"], session.names("/"))
    well(session.put("new", b"x"))
    well(session.path(p.RENAME, "new", "/moved"))
    well(session.mkdir("made"))
    same("what is there", (["d", "f", "moved"], ["g", "made", "sub"]),
         (sorted(os.listdir(lab.root)), sorted(os.listdir(f"{lab.root}/d"))))
    session = lab.held("--start=d", "--recursive=no")
    same("names", [b".", b"..", b"g", b"made", b"sub"], session.names("."))
    for path in ("/", "sub", ".."):
        fails(DENIED, session.path(p.OPENDIR, path))
    for reply in (session.mkdir("x"), session.path(p.RMDIR, "made"), session.path(p.RENAME, "made", "x")):
        fails(DENIED, reply)


def section_9_max_depth(lab):
    """Directories that lead there from where the account starts; a limit is said to be one."""
    fill(lab, "d/2/3/4/f", "d/2/3/f", "d/2/f")
    session = lab.held("--max-depth=2", "--make-links=yes", "--start=d")
    for what, ask in ASKED.items():
        expected = NO if what in LOOKS else FAILURE
        same(what, expected, answer(ask(session, "2/3/4/f")))
    well(session.set("2/3/f", mode=0o600))
    well(session.mkdir("2/new"))
    fails(FAILURE, session.mkdir("2/3/new"))
    fails(FAILURE, session.path(p.RENAME, "2/new", "2/3/new"))
    well(session.path(p.RENAME, "2/f", "2/3/moved"))


def section_9_max_files(lab):
    """Each OPEN that succeeds, to read as well, and each directory that is made; and nothing else."""
    fill(lab)
    session = lab.held("--max-files=3", "--make-links=yes")
    fails(NO, session.open("none", p.R))
    fails(FAILURE, session.open("d", UPLOAD))
    fails(FAILURE, session.mkdir("d"))
    session.names("/")
    session.stat("f")
    well(session.path(p.SYMLINK, "f", "l"))
    well(session.path(p.RENAME, "l", "m"))
    well(session.close(session.opened("f", p.R)))
    well(session.mkdir("new"))
    well(session.put("new/f", b"x"))
    for reply in (session.open("f", p.R), session.open("g", UPLOAD), session.mkdir("e")):
        fails(FAILURE, reply, "more files than allowed")
    same("what is there", ["d", "f", "m", "new"], sorted(os.listdir(lab.root)))


def section_9_max_session_bytes(lab):
    """Every byte that moves, the same ones again, and those that are copied both ways."""
    def writes(session):
        handle = session.opened("new", UPLOAD)
        for _ in range(5):
            yield lambda: session.write(handle, 0, b"1234")

    def reads(session):
        handle = session.opened("f", p.R)
        for _ in range(5):
            yield lambda: session.read(handle, 0, 4)

    def copies(session):
        source, target = session.opened("f", p.R), session.opened("new", UPLOAD)
        for _ in range(3):
            yield lambda: session.extended("copy-data", string(source), u64(0), u64(4), string(target), u64(0))

    os.makedirs(lab.root)
    put(f"{lab.root}/f", b"12345678")
    for moves, most in ((writes, 5), (reads, 5), (copies, 2)):
        session = lab.held("--max-session-bytes=20")
        replies = [ask() for ask in moves(session)]
        for reply in replies[:most]:
            same("it moves", OK, answer(reply))
        for reply in replies[most:]:
            fails(FAILURE, reply, "more data than allowed")
        if most == 5:
            handle = session.opened("more", UPLOAD)
            fails(FAILURE, session.write(handle, 0, b"x"), "more data than allowed")
            fails(FAILURE, session.read(session.opened("f", p.R), 0, 1), "more data than allowed")
    session = lab.held("--max-session-bytes=8")
    same("the last ones", b"12345678", session.read(session.opened("f", p.R), 0, 9999).data)
    fails(FAILURE, lab.held("--max-session-bytes=8").open("more", UPLOAD, attrs(size=9)))


def section_9_max_file_size(lab):
    """However the file would become, or is, larger; what is smaller stays possible."""
    os.makedirs(lab.root)
    put(f"{lab.root}/f", b"12345678")
    put(f"{lab.root}/large", b"x" * 11)

    def session_and_handle(name, flags=UPLOAD):
        session = lab.held("--max-file-size=10")
        return session, session.opened(name, flags)

    session, handle = session_and_handle("new")
    fails(FAILURE, session.open("other", UPLOAD, attrs(size=11)), "larger than allowed")
    fails(FAILURE, session.open("large", p.R), "larger than allowed")
    fails(FAILURE, session.set("f", size=11), "larger than allowed")
    well(session.write(handle, 0, b"x" * 10))
    fails(FAILURE, session.write(handle, 10, b"x"), "larger than allowed")
    for flags, offset in ((p.W | p.APPEND, 0), (p.W, 8), (p.W | p.CREAT, 8)):
        session, handle = session_and_handle("f", flags)
        fails(FAILURE, session.write(handle, offset, b"123"), "larger than allowed")
        fails(FAILURE, session.close(handle), "larger than allowed")
    session, handle = session_and_handle("new")
    fails(FAILURE, session.fset(handle, size=11), "larger than allowed")
    session, handle = session_and_handle("new")
    source = session.opened("f", p.R)
    fails(FAILURE, session.extended("copy-data", string(source), u64(0), u64(8), string(handle), u64(3)),
          "larger than allowed")
    well(session.set("f", size=10))
    same("f", b"12345678\0\0", get(f"{lab.root}/f"))
    same("what is there", ["f", "large"], sorted(os.listdir(lab.root)))


def section_9_min_free(lab):
    """Nothing grows, and nothing new is made, where all must stay free; what shrinks does."""
    os.makedirs(lab.root)
    for name in ("f", "g"):
        put(f"{lab.root}/{name}", b"12345678")
    session = lab.held("--min-free=100%", "--make-links=yes")
    full = "No space left on device"
    for reply in (session.open("new", UPLOAD, attrs(size=1)), session.open("new", UPLOAD),
                  session.mkdir("d"), session.set("f", size=100000)):
        fails(FAILURE, reply, full)
    source = session.opened("g", p.R)
    for grow in (lambda handle: session.write(handle, 8, b"x" * 100000),
                 lambda handle: session.fset(handle, size=100000),
                 lambda handle: session.extended("copy-data", string(source), u64(0), u64(0),
                                                 string(handle), u64(100000))):
        handle = session.opened("f", p.W)
        fails(FAILURE, grow(handle), full)
        fails(FAILURE, session.close(handle), full)
    well(session.set("f", size=4))
    well(session.write(session.opened("f", p.W), 0, b"ABCD"))
    same("f", b"ABCD", get(f"{lab.root}/f"))
    same("what is there", ["f", "g"], sorted(os.listdir(lab.root)))


def section_9_log_required(lab):
    """What cannot be recorded is not answered, and the session ends; without that it goes on."""
    fill(lab)
    for ask in (lambda s: s.path(p.OPENDIR, "/"), lambda s: s.mkdir("/e"), lambda s: s.path(p.REMOVE, "/f"),
                lambda s: s.path(p.RENAME, "/d/g", "/g"), lambda s: s.set("/d", mode=0o700),
                lambda s: s.open("/.x", p.R), lambda s: s.put("/new", b"x")):
        reading, writing = os.pipe()
        session = lab.held("--log-required=yes", errors=writing)
        os.close(writing)
        os.read(reading, 9999)
        os.close(reading)
        try:
            reply = ask(session)
        except Failed as why:
            same("what comes in place of a reply", "its end, saying (1, '')", why.got)
        else:
            raise Failed("an answer", "none", reply)


def section_9_rate(lab):
    """Contents of files move no faster, either way: else all of it would be done in no time."""
    os.makedirs(lab.root)
    put(f"{lab.root}/f", bytes(100000))
    to_read = p.request(p.OPEN, 1, string("/f"), u32(p.R), attrs()) + b"".join(
        p.request(p.READ, number, string(FIRST), u64(0), u32(50000)) for number in range(2, 8))
    to_write = p.request(p.OPEN, 1, string("/new"), u32(UPLOAD), attrs()) + b"".join(
        p.request(p.WRITE, number, string(FIRST), u64(0), string(bytes(50000))) for number in range(2, 8))
    to_list = b"".join(p.request(p.STAT, number, string("/f")) for number in range(1000))
    for said, late in ((to_read, True), (to_write, True), (to_list, False)):
        session = lab.forced("internal-sftp", "--rate=1K/s", *(("--max-duration=1",) if late else ()),
                             begin=False)
        session.send(p.packet(p.INIT, u32(3)) + said)
        if late:
            session.child.wait(p.PATIENCE)
        same("how it ends", (1, "scp: the session took too long\n") if late else (0, ""), session.end())


def section_9_what_times_end_is_in_the_log(lab):
    for option, reason in (("--idle-timeout=1", "idle for too long"),
                           ("--max-duration=1", "the session took too long")):
        session = lab.start([lab.argv[0], "--serve", f"--root={lab.top}", "--log=stderr", option],
                            env=asking("internal-sftp"), begin=False)
        session.send(p.packet(p.INIT, u32(3)) +
                     p.request(p.OPEN, 1, string("/new"), u32(UPLOAD), attrs()))
        session.child.wait(p.PATIENCE)
        said = session.end()[1]
        same("records that say why", 2, said.count(f'reason "{reason}"'))
        same("what is there", [], os.listdir(lab.top))
