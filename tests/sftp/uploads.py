# SPDX-License-Identifier: ISC
"""From OPEN to CLOSE: the old file or the new one, whatever happens between."""
import os

from lab import get, put, says
from paths import ASKED, answer
from stage import packets as p
from stage import trees
from stage.packets import attrs, fails, string, u32, u64, well
from stage.report import same

NAME = "uploads"
OLD, NEW = b"0123456789" * 10, b"abcdefghij" * 10


def there(lab, data=OLD):
    os.makedirs(lab.root, exist_ok=True)
    return put(f"{lab.root}/f", data)


def rule_43_open_judges(lab):
    session = lab.held("--overwrite=no")
    there(lab)
    os.mkdir(f"{lab.root}/dir")
    os.symlink("f", f"{lab.root}/link")
    os.mkfifo(f"{lab.root}/fifo")
    for name in ("f", "dir", "link", "fifo", "none/f"):
        same(f"OPEN of {name}", p.STATUS, session.open(name, p.W | p.CREAT | p.TRUNC).kind)
    same("file", OLD, get(f"{lab.root}/f"))


def rule_52_nothing_is_seen_before_close(lab):
    for before in (None, OLD):
        if before:
            there(lab)
        session, other = lab.held(), lab.held()
        handle = session.opened("/f", p.W | p.CREAT | p.TRUNC)
        well(session.write(handle, 0, NEW))
        if before:
            same("file", OLD, get(f"{lab.root}/f"))
            same("size for others", len(OLD), other.stat("/f").attributes.size)
        else:
            fails(p.NO_SUCH_FILE, other.stat("/f"))
        well(session.close(handle))
        same("file", NEW, get(f"{lab.root}/f"))
        os.unlink(f"{lab.root}/f")


def rule_44_ways(lab):
    """Flags and policy, and what is there when half of it is written and when it is closed."""
    half = NEW[:50]
    for flags, offset, policy, between, after in (
            (p.W | p.CREAT | p.TRUNC, 0, (), OLD, half),
            (p.W | p.TRUNC, 0, (), OLD, half),
            (p.W | p.CREAT, 0, (), OLD, half + OLD[50:]),
            (p.W | p.CREAT, 50, (), OLD[:50] + half, OLD[:50] + half),
            (p.W, 0, (), half + OLD[50:], half + OLD[50:]),
            (p.W | p.CREAT | p.APPEND, 0, (), OLD + half, OLD + half),
            (p.W, 0, ("--replace=atomic",), OLD, half + OLD[50:]),
            (p.W | p.CREAT | p.APPEND, 0, ("--replace=atomic",), OLD, OLD + half),
            (p.W | p.CREAT, 50, ("--replace=atomic",), OLD, OLD[:50] + half),
            (p.W | p.CREAT | p.TRUNC, 0, ("--replace=in-place",), half, half),
            (p.W | p.CREAT, 0, ("--partial=f",), half + OLD[50:], half + OLD[50:])):
        there(lab)
        session = lab.held(*policy)
        handle = session.opened("/f", flags)
        well(session.write(handle, offset, half))
        same(f"flags {flags} at {offset} {policy}, open", between, get(f"{lab.root}/f"))
        well(session.close(handle))
        same(f"flags {flags} at {offset} {policy}, closed", after, get(f"{lab.root}/f"))


def rule_44_no_file_and_no_creat(lab):
    session = lab.held()
    for flags in (p.W, p.W | p.TRUNC, p.R | p.W):
        fails(p.NO_SUCH_FILE, session.open("/f", flags))
    same("what is there", [], os.listdir(lab.root))


def rule_45_overlay(lab):
    """It reads and grows as the old file would; what is there is the old one until CLOSE."""
    session = lab.held("--replace=atomic")
    there(lab)
    handle = session.opened("/f", p.R | p.W)
    well(session.write(handle, 20, b"XX"))
    expected = bytearray(OLD)
    expected[20:22] = b"XX"
    same("what it reads", bytes(expected), session.read(handle, 0, 999).data)
    same("size", len(OLD), session.fstat(handle).attributes.size)
    well(session.fset(handle, size=90))
    well(session.write(handle, 95, b"YY"))
    same("old", OLD, get(f"{lab.root}/f"))
    well(session.close(handle))
    same("new", bytes(expected[:90]) + b"\0" * 5 + b"YY", get(f"{lab.root}/f"))


def rule_48_times_outlive_what_is_copied_last(lab):
    """The rest of the old file comes when it is closed, or read: what was set before is set again."""
    for reads in (False, True):
        there(lab)
        session = lab.held("--replace=atomic")
        handle = session.opened("/f", p.R | p.W)
        well(session.write(handle, 0, NEW[:10]))
        well(session.fset(handle, times=(5, 6)))
        if reads:
            same("data", NEW[:10] + OLD[10:], session.read(handle, 0, 999).data)
        same("told", 6, session.fstat(handle).attributes.mtime)
        well(session.close(handle))
        same("time", 6, int(os.stat(f"{lab.root}/f").st_mtime))


def rule_46_as_scp_uploads(lab):
    for old in (OLD * 2, OLD[:10], b""):
        there(lab, old)
        session = lab.held()
        handle = session.opened("/f", p.W | p.CREAT, attrs(mode=0o644))
        well(session.write(handle, 0, NEW[:60]))
        well(session.write(handle, 60, NEW[60:]))
        well(session.fset(handle, size=len(NEW)))
        well(session.fset(handle, mode=0o640, times=(5, 6)))
        same("old", old, get(f"{lab.root}/f"))
        well(session.close(handle))
        same("new", NEW, get(f"{lab.root}/f"))
        same("time", 6, int(os.stat(f"{lab.root}/f").st_mtime))


def rule_47_spoiled(lab):
    """A client that closes after a failure as if nothing were does not lose the old file."""
    there(lab)
    session = lab.held("--max-file-size=150")
    handle = session.opened("/f", p.W | p.CREAT | p.TRUNC)
    well(session.write(handle, 0, NEW))
    fails(p.FAILURE, session.write(handle, 100, NEW))
    fails(p.FAILURE, session.write(handle, 0, b"x"))
    fails(p.FAILURE, session.close(handle), "larger than allowed")
    same("old", OLD, get(f"{lab.root}/f"))


def rule_50_not_closed_is_lost(lab):
    there(lab)
    session = lab.held()
    for name in ("/f", "/g"):
        well(session.write(session.opened(name, p.W | p.CREAT | p.TRUNC), 0, NEW))
    says(session, 'forced close "/f"', 'forced close "/g"')
    same("what is there", ["f"], os.listdir(lab.root))
    same("old", OLD, get(f"{lab.root}/f"))


def rule_50_in_place_it_stays_as_far_as_it_came(lab):
    """What was there before, that is; a new file is dropped, unless its name is partial."""
    there(lab)
    session = lab.held("--replace=in-place", "--partial=*.part")
    for name in ("/f", "/new", "/new.part"):
        well(session.write(session.opened(name, p.W | p.CREAT), 0, NEW[:40]))
    session.kill()
    same("what is there", ["f", "new.part"], sorted(os.listdir(lab.root)))
    same("files", (NEW[:40] + OLD[40:], NEW[:40]), (get(f"{lab.root}/f"), get(f"{lab.root}/new.part")))
    session = lab.held("--partial=*")
    well(session.write(session.opened("/new", p.W | p.CREAT), 0, NEW[:40]))
    session.kill()
    same("file", NEW[:40], get(f"{lab.root}/new"))


def rule_50_cut_off_at_every_byte(lab):
    """The old file, or no file, until the last byte of CLOSE is there."""
    probe = lab.held()
    put(f"{lab.root}/probe")
    handle = probe.opened("/f", p.W | p.CREAT | p.TRUNC)     # The first one of every session.
    probe.end()
    for flags in (p.W | p.CREAT | p.TRUNC, p.W | p.CREAT):
        text = b"".join((p.packet(p.INIT, u32(3)),
                         p.request(p.OPEN, 1, string("/f"), u32(flags), attrs(mode=0o644)),
                         p.request(p.WRITE, 2, string(handle), u64(0), string(NEW[:20])),
                         p.request(p.WRITE, 3, string(handle), u64(20), string(NEW[20:30])),
                         p.request(p.FSETSTAT, 4, string(handle), attrs(size=30)),
                         p.request(p.CLOSE, 5, string(handle))))
        for at in range(len(text) + 1):
            there(lab)
            session = lab.begin(f"--root={lab.root}", begin=False)
            session.send(text[:at])
            code, _ = session.end()
            whole = at == len(text)
            same(f"after {at} bytes", NEW[:30] if whole else OLD, get(f"{lab.root}/f"))
            same("what is there", ["f", "probe"], sorted(os.listdir(lab.root)))
            if whole:
                same("exit status", 0, code)


def rule_50_killed_between_packets(lab):
    for count in range(4):
        there(lab)
        session = lab.held()
        handle = session.opened("/f", p.W | p.CREAT | p.TRUNC)
        for number in range(count):
            well(session.write(handle, number * 10, NEW[:10]))
        session.kill()
        same("old", OLD, get(f"{lab.root}/f"))
        same("what is there", ["f"], os.listdir(lab.root))


def rule_55_pending_is_seen_by_its_own_session(lab):
    session = lab.held()
    handle = session.opened("/f", p.W | p.CREAT | p.EXCL, attrs(mode=0o600))
    well(session.write(handle, 0, NEW))
    for reply in (session.lstat("/f"), session.stat("f"), session.fstat(handle)):
        same("size", len(NEW), reply.attributes.size)
    same("names", [b".", b"..", b"f"], session.names("/"))
    well(session.set("/f", mode=0o604))
    same("what others see", [], os.listdir(lab.root))
    well(session.close(handle))
    same("mode", 0o604, os.stat(f"{lab.root}/f").st_mode & 0o7777)


BUSY = {
    # What each request comes to that meets the name of an upload that is not closed yet, and what is
    # there when it is, of "f" with "F" and "new"; else both, and "new" whole.
    "OPENDIR": p.NO_SUCH_FILE, "READLINK": None, "RMDIR": p.NO_SUCH_FILE, "MKDIR": p.FAILURE,
    "to": p.FAILURE, "link": p.FAILURE, "hard link": p.FAILURE,
}
BEHIND = {
    "size": {"f": b"F", "new": b"1\0\0\0\0" b"6"}, "REMOVE": {"f": b"F"},
    "from": {"f": b"F", "to-1": b"123456"}, "posix from": {"f": b"F", "to-2": b"123456"},
    "posix to": {"new": b"F"}, "hard link of": {"f": b"F", "hard": b"123456", "new": b"123456"},
}


def rule_55_each_request_that_meets_a_pending_name(lab):
    """New, and in place of another; the upload goes on whatever comes of that, and loses nothing."""
    for what, ask in ASKED.items():
        for old in (None, b"old"):
            os.makedirs(lab.root)
            put(f"{lab.root}/f", b"F")
            if old:
                put(f"{lab.root}/new", old)
            session = lab.held("--make-links=yes")
            handle = session.opened("new", p.W | p.CREAT | p.TRUNC)
            well(session.write(handle, 0, b"12345"))
            got = answer(ask(session, "new"))
            if BUSY.get(what, p.OK) is not None:
                same(f"{what} over {old}", BUSY.get(what, p.OK), got)
            well(session.write(handle, 5, b"6"))
            well(session.close(handle))
            same(f"what is there after {what} over {old}", BEHIND.get(what, {"f": b"F", "new": b"123456"}),
                 {name: get(f"{lab.root}/{name}") for name in os.listdir(lab.root)})
            session.end()
            trees.remove(lab.root)


def rule_56_remove_of_a_pending_name(lab):
    there(lab)
    session = lab.held()
    handle = session.opened("/f", p.W | p.CREAT | p.TRUNC)
    well(session.write(handle, 0, NEW))
    well(session.path(p.REMOVE, "/f"))
    well(session.write(handle, 0, NEW))
    well(session.close(handle))
    same("what is there", [], os.listdir(lab.root))


def rule_57_rename_publishes(lab):
    """As sshfs does it: renamed while it is open, and written on."""
    for how in ("rename", "posix"):
        session = lab.held()
        there(lab)
        handle = session.opened("/new", p.W | p.CREAT | p.EXCL)
        well(session.write(handle, 0, NEW[:50]))
        if how == "rename":
            well(session.path(p.RENAME, "/new", "/g"))
        else:
            well(session.extended("posix-rename@openssh.com", string("/new"), string("/g")))
        same("published", NEW[:50], get(f"{lab.root}/g"))
        well(session.write(handle, 50, NEW[50:]))
        well(session.close(handle))
        same("whole", NEW, get(f"{lab.root}/g"))
        same("what is there", ["f", "g"], sorted(os.listdir(lab.root)))
        os.unlink(f"{lab.root}/g")


def rule_57_another_open_publishes(lab):
    session = lab.held()
    first = session.opened("/f", p.W | p.CREAT | p.TRUNC)
    well(session.write(first, 0, NEW))
    second = session.opened("/f", p.R)
    same("data", NEW, session.read(second, 0, 999).data)
    same("published", NEW, get(f"{lab.root}/f"))
    well(session.close(first))
    well(session.close(second))


def rule_54_partial_is_kept(lab):
    session = lab.held("--partial=*.part")
    well(session.write(session.opened("/f.part", p.W | p.CREAT), 0, NEW[:40]))
    session.end()
    same("what is there", NEW[:40], get(f"{lab.root}/f.part"))
    session = lab.held("--partial=*.part")
    handle = session.opened("/f.part", p.W | p.CREAT)
    well(session.write(handle, 40, NEW[40:]))
    well(session.close(handle))
    well(session.path(p.RENAME, "/f.part", "/f"))
    same("file", NEW, get(f"{lab.root}/f"))


def rule_61_excl(lab):
    session = lab.held()
    there(lab)
    fails(p.FAILURE, session.open("/f", p.W | p.CREAT | p.EXCL), "File exists")
    handle = session.opened("/g", p.W | p.CREAT | p.EXCL)
    well(session.write(handle, 0, NEW))
    put(f"{lab.root}/g", OLD)
    fails(p.FAILURE, session.close(handle))
    same("who was faster", OLD, get(f"{lab.root}/g"))


def rule_9_backup_is_made_when_it_closes(lab):
    there(lab)
    session = lab.held("--overwrite=backup")
    handle = session.opened("/f", p.W | p.CREAT)
    well(session.write(handle, 0, NEW[:10]))
    same("before", ["f"], os.listdir(lab.root))
    well(session.close(handle))
    kept = [name for name in os.listdir(lab.root) if name != "f"]
    same("backups", 1, len(kept))
    same("the old one", OLD, get(f"{lab.root}/{kept[0]}"))
    same("the new one", NEW[:10] + OLD[10:], get(f"{lab.root}/f"))


def rule_31_announced_size(lab):
    session = lab.held("--max-file-size=1000")
    fails(p.FAILURE, session.open("/f", p.W | p.CREAT | p.EXCL, attrs(size=1001)))
    handle = session.opened("/f", p.W | p.CREAT | p.EXCL, attrs(size=1000))
    well(session.write(handle, 0, NEW))
    well(session.close(handle))
    same("size", len(NEW), os.stat(f"{lab.root}/f").st_size)


def rule_73_writes_that_continue_each_other(lab):
    """Many at once, of two handles and out of order: each with its own reply."""
    session = lab.held()
    handles = [session.opened(name, p.W | p.CREAT) for name in ("/f", "/g")]
    text, expected = b"", [bytearray(3000), bytearray(3000)]
    for number in range(300):
        which, at = number // 7 % 2, (number * 37 % 300) * 10
        if number % 3:
            at = number * 10
        data = b"%010d" % number
        text += p.request(p.WRITE, number, string(handles[which]), u64(at), string(data))
        expected[which][at:at + 10] = data
    session.send(text)
    for number in range(300):
        reply = session.reply()
        same("number", number, reply.id)
        well(reply)
    for handle, name, data in zip(handles, ("f", "g"), expected):
        well(session.close(handle))
        found = get(f"{lab.root}/{name}")
        same("file", bytes(data).rstrip(b"\0"), found.rstrip(b"\0"))
