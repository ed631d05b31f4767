# SPDX-License-Identifier: ISC
"""Packets that are cut, or that lie: what is answered, and what ends the session."""
import os
import resource

from lab import get, put, says
from stage import packets as p
from stage.packets import attrs, fails, string, u32, u64, well
from stage.report import holds, same

NAME = "bytewise"
LENGTHS = (0, 262145, 1 << 31, (1 << 32) - 1)
HANDLES = 1000


def ends_badly(session, what):
    """It does, with nothing said to the client and one reason in the log."""
    code, said = session.end()
    same(f"exit status after {what}", 1, code)
    same(f"replies to {what}", b"", session.input)
    same("records that say so", 1, sum("exit 1 reason" in line for line in said.splitlines()))


def rule_6_input_that_ends_in_a_packet(lab):
    for text in (b"\0", b"\0\0\0\5", b"\0\0\0\11\21\0\0\0"):
        session = lab.held()
        session.send(text)
        ends_badly(session, text)


def rule_9_length(lab):
    for length in LENGTHS:
        session = lab.held()
        session.send(u32(length) + b"\21\0\0\0\1")
        ends_badly(session, f"length {length}")


def rule_9_too_short_for_an_id(lab):
    for length in range(1, 5):
        session = lab.held()
        session.send(u32(length) + b"\21\0\0\0"[:length])
        ends_badly(session, f"length {length}")


def rule_9_the_largest_packet(lab):
    """What is behind the last field is ignored."""
    session = lab.held()
    fields = u32(1) + string("none")
    session.send(p.packet(p.STAT, fields + b"x" * (262143 - len(fields))))
    fails(p.NO_SUCH_FILE, session.reply())


def requests(handle):
    """One of each, by the fields that it must have."""
    all_of_them = attrs(size=1, owner=(0, 0), mode=0o600, times=(1, 2), more=(("a", "b"), ("c", "d")))
    return [
        (p.OPEN, string("/new"), u32(p.R), all_of_them), (p.CLOSE, string(b"none")),
        (p.READ, string(handle), u64(0), u32(1)), (p.WRITE, string(handle), u64(0), string("x")),
        (p.LSTAT, string("/f")), (p.STAT, string("/f")), (p.FSTAT, string(handle)),
        (p.SETSTAT, string("/f"), all_of_them), (p.FSETSTAT, string(handle), all_of_them),
        (p.OPENDIR, string("/f")), (p.READDIR, string(b"none")), (p.REMOVE, string("/none")),
        (p.MKDIR, string("/none/dir"), all_of_them), (p.RMDIR, string("/none")),
        (p.REALPATH, string("/f")), (p.RENAME, string("/none"), string("/other")),
        (p.READLINK, string("/f")), (p.SYMLINK, string("text"), string("/none/link")),
        (p.EXTENDED, string("posix-rename@openssh.com"), string("/none"), string("/other")),
        (p.EXTENDED, string("statvfs@openssh.com"), string("/f")),
        (p.EXTENDED, string("fstatvfs@openssh.com"), string(handle)),
        (p.EXTENDED, string("fsync@openssh.com"), string(handle)),
        (p.EXTENDED, string("lsetstat@openssh.com"), string("/f"),
         attrs(owner=(os.geteuid(), os.getegid()), mode=0o600, times=(1, 2))),
        (p.EXTENDED, string("expand-path@openssh.com"), string("~/x")),
        (p.EXTENDED, string("copy-data"), string(handle), u64(0), u64(0), string(handle), u64(0)),
        (p.EXTENDED, string("home-directory"), string("")),
    ]


def rule_9_each_field_cut_short(lab):
    """BAD_MESSAGE, and the next request is answered; nothing has been done."""
    session = lab.held()
    put(f"{lab.root}/f", b"12")
    handle = session.opened("/f", p.R)
    for kind, *fields in requests(handle):
        whole = b"".join(fields)
        for length in range(len(whole)):
            session.number += 1
            session.send(p.request(kind, session.number, whole[:length]))
            reply = session.reply()
            same("number", session.number, reply.id)
            fails(p.BAD_MESSAGE, reply)
    same("file", b"12", get(f"{lab.root}/f"))
    for kind, *fields in requests(handle):
        reply = session.ask(kind, *fields)
        holds(f"request {kind} is whole", reply.code != p.BAD_MESSAGE or kind == p.READLINK, reply)


def answer_in(reply):
    """What is free on the disk may be another number a moment later."""
    return reply.kind, len(reply.body) if reply.kind == p.EXTENDED_REPLY else reply.body[4:]


def rule_9_bytes_behind_the_last_field(lab):
    """Whoever sends more has the same answer to each request, and it is done all the same."""
    session = lab.held()
    put(f"{lab.root}/f", b"12")
    handle = session.opened("/f", p.R)
    for kind, *fields in requests(handle):
        if kind in (p.OPEN, p.SETSTAT):
            continue    # The next one has another handle, or finds another size.
        plain, more = session.ask(kind, *fields), session.ask(kind, *fields, b"\0\0\0\7behind it")
        same(f"request {kind}", answer_in(plain), answer_in(more))
    well(session.ask(p.SETSTAT, string("/f"), attrs(mode=0o600), b"more"))
    same("mode", 0o600, os.stat(f"{lab.root}/f").st_mode & 0o7777)


def rule_9_lengths_of_strings(lab):
    session = lab.held()
    for kind in (p.STAT, p.REMOVE, p.OPENDIR, p.REALPATH, p.READ, p.CLOSE):
        for length in (2, 0x7fffffff, 1 << 31, (1 << 32) - 1):
            fails(p.BAD_MESSAGE, session.ask(kind, u32(length) + b"x"))
    fails(p.BAD_MESSAGE, session.stat(b"a\0b"))
    fails(p.BAD_MESSAGE, session.extended(b"lim\0its"))


def rule_9_extended_attributes(lab):
    session = lab.held()
    many = attrs(more=[("n", "v")] * 1024)
    well(session.ask(p.MKDIR, string("/dir"), many))
    for count in (1025, (1 << 32) - 1):
        said = u32(p.MORE) + u32(count) + (string("n") + string("v")) * 1025
        fails(p.BAD_MESSAGE, session.ask(p.MKDIR, string("/other"), said))


def rule_10_what_may_not_come_first(lab):
    for first in (p.request(p.STAT, 1, string("x")), p.packet(p.VERSION, u32(3))):
        session = lab.begin("--log=stderr", begin=False)
        session.send(first)
        ends_badly(session, first)
    session = lab.held()
    session.send(p.packet(p.INIT, u32(3)))
    ends_badly(session, "a second INIT")


def rule_11_unknown_types(lab):
    session = lab.held()
    for kind in (0, 2, 21, 99, 101, 105, 199, 201, 255):
        fails(p.OP_UNSUPPORTED, session.ask(kind, b"whatever"))


def rule_15_unknown_bits(lab):
    session = lab.held()
    for flags in (64, 1 << 31, p.W | p.CREAT | 128):
        fails(p.BAD_MESSAGE, session.open("/new", flags))


def rule_16_a_late_close(lab):
    """The slot has another user then, who never hears of it."""
    session = lab.held()
    put(f"{lab.root}/f")
    first = session.opened("/f", p.R)
    well(session.close(first))
    second = session.opened("/f", p.R)
    same("length", 8, len(second))
    fails(p.FAILURE, session.close(first), "invalid handle")
    same("data", b"old", session.read(second, 0, 9).data)
    for wrong in (b"", second[:7], second + b"\0", b"\xff" * 8):
        fails(p.FAILURE, session.close(wrong), "invalid handle")


def rule_16_handles_of_nobody_in_each_request(lab):
    """One that was never given, one of a slot that nobody has, one that is closed, and one of a kind
    that the request is not about."""
    session = lab.held()
    os.mkdir(f"{lab.root}/dir")
    put(f"{lab.root}/f")
    file, folder = session.opened("/f", p.R), session.path(p.OPENDIR, "/dir").handle
    closed = session.opened("/f", p.R)
    well(session.close(closed))

    def asked(handle):
        yield p.READ, string(handle), u64(0), u32(1)
        yield p.WRITE, string(handle), u64(0), string("x")
        yield p.EXTENDED, string("fsync@openssh.com"), string(handle)
        yield p.EXTENDED, string("copy-data"), string(handle), u64(0), u64(0), string(file), u64(0)
        yield p.EXTENDED, string("copy-data"), string(file), u64(0), u64(0), string(handle), u64(0)

    def asked_of_any(handle):
        yield p.CLOSE, string(handle)
        yield p.FSTAT, string(handle)
        yield p.FSETSTAT, string(handle), attrs(mode=0o600)
        yield p.READDIR, string(handle)
        yield p.EXTENDED, string("fstatvfs@openssh.com"), string(handle)

    for handle in (b"", b"none", file[:4], u32(999) + u32(1), u32(1 << 31) + u32(1), b"\xff" * 8, closed):
        for ask in (*asked(handle), *asked_of_any(handle)):
            fails(p.FAILURE, session.ask(*ask), "invalid handle")
    for ask in asked(folder):
        fails(p.FAILURE, session.ask(*ask), "invalid handle")
    fails(p.FAILURE, session.path(p.READDIR, file), "invalid handle")


def rule_32_offsets_and_lengths(lab):
    session = lab.held()
    put(f"{lab.root}/f", b"12345")
    handle = session.opened("/f", p.R)
    for offset in (5, (1 << 63) - 1, 1 << 63, (1 << 64) - 1):
        fails(p.EOF, session.read(handle, offset, 1))
    for length in (1 << 31, (1 << 32) - 1):
        same("data", b"12345", session.read(handle, 0, length).data)
    same("nothing", b"", session.read(handle, 0, 0).data)


def rule_33_offsets(lab):
    session = lab.held()
    handle = session.opened("/f", p.W | p.CREAT)
    fails(p.FAILURE, session.write(handle, (1 << 63) - 1, b"xx"), "File too large")
    same("spoiled", p.STATUS, session.close(handle).kind)
    handle = session.opened("/f", p.W | p.CREAT)
    fails(p.FAILURE, session.write(handle, (1 << 64) - 1, b"x"), "File too large")


def rule_17_a_thousand_handles(lab):
    """And not one more, as limits says."""
    session = lab.held()
    put(f"{lab.root}/f", b"12345")
    reply = session.extended("limits@openssh.com")
    limit = int.from_bytes(reply.rest[24:], "big")
    holds("handles", 0 < limit <= HANDLES, limit)
    handles = [session.opened("/f", p.R) for _ in range(limit)]
    fails(p.FAILURE, session.open("/f", p.R), "too many open files")
    for handle in handles:
        same("data", b"12345", session.read(handle, 0, 9).data)
    well(session.close(handles.pop()))
    handles.append(session.opened("/f", p.R))
    for handle in handles:
        well(session.close(handle))


def rule_17_handles_as_there_are_descriptors(lab):
    """A third of them, and each can be used: a soft limit is raised, a hard one is not."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    most = HANDLES if hard == resource.RLIM_INFINITY else min(HANDLES, hard // 3)
    for words, expected in (("ulimit -Sn 40", most), ("ulimit -n 90", 30)):
        os.makedirs(lab.root, exist_ok=True)
        session = lab.start(["/bin/sh", "-c", f'{words} || exit 9; exec "$0" "$@"', *lab.argv,
                             f"--root={lab.root}", "--log=none"])
        limit = int.from_bytes(session.extended("limits@openssh.com").rest[24:], "big")
        same(f"handles with {words}", expected, limit)
        if limit == most:
            continue
        handles = [session.opened(f"/{number}", p.W | p.CREAT) for number in range(limit)]
        fails(p.FAILURE, session.open("/one-more", p.W | p.CREAT), "too many open files")
        for handle in handles:
            well(session.close(handle))
        same("files", limit, len(os.listdir(lab.root)))


def rule_18_texts(lab):
    """OpenSSH's words where there is no more to say, the system's or ours where there is."""
    session = lab.held("--max-file-size=10")
    put(f"{lab.root}/f")
    for code, text, reply in (
            (p.OK, "Success", session.mkdir("/dir")),
            (p.EOF, "End of file", session.read(session.opened("/f", p.R), 9, 1)),
            (p.BAD_MESSAGE, "Bad message", session.ask(p.STAT, u32(9))),
            (p.OP_UNSUPPORTED, "Operation unsupported", session.ask(99)),
            (p.BAD_MESSAGE, "File name too long", session.stat("n" * 5000)),
            (p.BAD_MESSAGE, "File name too long", session.stat("n" * 256)),
            (p.NO_SUCH_FILE, "No such file or directory", session.stat("/none")),
            (p.NO_SUCH_FILE, "Not a directory", session.path(p.OPENDIR, "/f")),
            (p.FAILURE, "larger than allowed", session.open("/new", p.W | p.CREAT, attrs(size=11))),
            (p.PERMISSION_DENIED, "making links is not allowed", session.path(p.SYMLINK, "f", "/l"))):
        fails(code, reply, text)


def rule_18_no_path_in_texts(lab):
    session = lab.held()
    put(f"{lab.root}/there")
    for reply in (session.stat("/none"), session.mkdir("/there"), session.open("/none/x", p.R)):
        holds("the text has no path", "none" not in reply.text and "there" not in reply.text, reply)
    fails(p.FAILURE, session.mkdir("/there"), "File exists")


def rule_50_why_it_is_not_kept(lab):
    """What is left open is in the log with the reason for which the session ended."""
    def ends_by(lost):
        return lambda session: lost(session) or session.child.wait(p.PATIENCE)

    for happen, reason in (
            (lambda session: None, "the client did not close it"),
            (lambda session: session.send(u32(0)), "a packet of a wrong length"),
            (lambda session: session.send(p.packet(p.INIT, u32(3))), "INIT for a second time"),
            (ends_by(lambda session: session.child.terminate()), "lost connection")):
        session = lab.held()
        well(session.write(session.opened("/f", p.W | p.CREAT), 0, b"x"))
        happen(session)
        said = session.end()[1]
        lines = [line for line in said.splitlines() if line.startswith('forced close "/f" ')]
        same("records of the file", 1, len(lines))
        holds(f"it says {reason}", f'reason "{reason}"' in lines[0], lines[0])
        same("what is there", [], os.listdir(lab.root))


def rule_7_nothing_on_standard_error(lab):
    session = lab.begin()
    session.open("/none", p.R)
    session.ask(99)
    session.send(u32(0))
    same("what it said", (1, ""), session.end())


def rule_68_handles_have_their_own_counters(lab):
    session = lab.held()
    handles = [session.opened(f"/f{number}", p.W | p.CREAT) for number in range(3)]
    for turn in range(2):
        for number, handle in enumerate(handles):
            well(session.write(handle, turn * (number + 1), b"x" * (number + 1)))
    for handle in handles:
        well(session.close(handle))
    says(session, *(f'close "/f{number}" bytes read 0 written {2 * number + 2} '
                    for number in range(3)))
