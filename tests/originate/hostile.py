# SPDX-License-Identifier: ISC
"""
Hosts that send what nobody has asked for, or what is meant for the terminal.  Nothing comes to be but what was
asked for, nothing is told that is no business of theirs, and the person reads what is wrong.
"""
import ctypes
import os
import shutil
import threading
from dataclasses import dataclass, field

import accounts
import fakes
from stage import process
from stage.report import Skipped, holds, same

AT_FDCWD, RENAME_EXCHANGE = -100, 2
MANY = 4096                     # of a thing that there is no end of, which a shell says again and again
GONE = ["scp: protocol error: lost connection"]


def entry(name, mode="0644", body=b"hello"):
    return b"C%s %d %s\n%s\0" % (mode.encode(), len(body), name, body)


def tree(name, *inside, mode="0755"):
    return b"D%s 0 %s\n%sE\n" % (mode.encode(), name, b"".join(inside))


def hello(mode="0o644"):
    return (mode, b"hello")


DIR = ("0o755", None)


def more(host="host"):
    return f"scp: {host} sent more than was asked for"


def other(name, host="host"):
    return f'scp: {host} sent "{name}", which was not asked for (-T accepts it)'


def bad_name(name):
    return f"scp: error: unexpected filename: {name}"


@dataclass
class Case:
    """WORDS are the command line but for -S, and the target, unless they have one."""
    name: str
    words: str
    says: bytes = b""
    err: list = field(default_factory=list)
    new: dict = field(default_factory=dict)
    status: int = 1
    do: str = None
    target: str = "target"
    lines: int = 8              # that the person reads at most, besides a last one


# -- What is at the top.

TOP = [
    Case("another name, for one that is literal, is not what it is called here", "host:good",
         entry(b"evil"), [], {"target/good": hello()}, 0),
    Case("another name for a pattern", "host:g*", entry(b"evil"), [other("evil")]),
    Case("another name for a pattern, -r", "-r host:g*", tree(b"evil", entry(b"x")), [other("evil")]),
    Case("a second file", "host:good", entry(b"good") + entry(b"extra"), [more()],
         {"target/good": hello()}),
    Case("a second file of the same name", "host:good", entry(b"good") + entry(b"good"), [more()],
         {"target/good": hello()}),
    Case("a second file, -r", "-r host:good", tree(b"good", entry(b"x")) + entry(b"extra"), [more()],
         {"target/good": DIR, "target/good/x": hello()}),
    Case("a second directory", "-r host:good", tree(b"good") + tree(b"extra"), [more()],
         {"target/good": DIR}),
    Case(".bashrc for *", "host:*", entry(b".bashrc"), [other(".bashrc")]),
    Case(".bashrc for a directory's *", "-r host:dir/*", entry(b"a") + tree(b".ssh", entry(b"x")),
         [other(".ssh")], {"target/a": hello()}),
    Case(".bashrc for .*", "host:.b*", entry(b".bashrc"), [], {"target/.bashrc": hello()}, 0),
    Case("any name with -T", "-T host:good", entry(b"one") + entry(b"two"), [],
         {"target/one": hello(), "target/two": hello()}, 0),
    Case("a class", "host:[ab]", entry(b"c"), [other("c")]),
    Case("an escaped star is none", r"host:g\*", entry(b"gall"), [], {"target/g*": hello()}, 0),
    Case("a file for the contents of a directory", "-r host:.", entry(b".profile"), [other(".profile")]),
    Case("a second tree for the contents of a directory", "-r host:dir/.",
         tree(b".", entry(b"a")) + tree(b".", entry(b"b")), [more()], {"target/a": hello()}),
    Case("a file behind the contents of a directory", "-r host:", tree(b".", entry(b"a")) + entry(b"b"),
         [other("b")], {"target/a": hello()}),
    Case("the mode of the target", "-r -p host:dir/.", b"T1 0 1 0\n" + tree(b".", mode="0777"), [], {}, 0),
    Case("nothing at all", "host:good", b"",
         ["scp: host: the remote side ended with 0 before it said anything"]),
    Case("only times", "-p host:good", b"T1 0 1 0\n", ["scp: host: nothing came for good"]),
    Case("only an end, which is text", "host:good", b"E\n", ["scp: host: it said: E"]),
    Case("an end, then a file", "-r host:dir/.", tree(b".", entry(b"a")) + b"E\n" + entry(b"b"), None,
         {"target/a": hello()}, None),
    Case("-O, another name", "-O host:good", entry(b"good") + entry(b"bad"), [more()],
         {"target/good": hello()}),
    Case("-O, two words", "-O", entry(b"b") + entry(b"evil"), [other("evil")], {"target/b": hello()},
         target="host:a b c;target"),
    Case("-O, braces", "-O host:{a,b}", entry(b"a") + entry(b"c"), [other("c")], {"target/a": hello()}),
    Case("-O, what is not to be told", "-O host:$(x)", entry(b"x"),
         ["scp: host:$(x): it is not clear what it stands for: -T accepts whatever comes"]),
    Case("one more than a new name", "host:good", entry(b"a") + entry(b"b"), [more()],
         {"new": hello()}, target="new"),
    Case("a directory for a file that is there", "-r host:good", tree(b"good", entry(b"x")), None,
         {}, target="sent"),
]

# -- Names that are none.

NAMES = [(name, text) for name, text in (
    (b"../evil", "../evil"), (b"..", ".."), (b".", "."), (b"", ""), (b"/etc/evil", "/etc/evil"),
    (b"a/b", "a/b"), (b"there/x", "there/x"), (b"/", "/"))]


def check_names():
    for raw, text in NAMES:
        shown = text or "nothing"
        for words, said in (("host:good", "file"), ("-r host:good", "tree"), ("-T -r host:good", "-T"),
                            ("-r host:*", "pattern")):
            says = tree(raw, entry(b"x")) if said == "tree" else entry(raw)
            # The source may call its whole tree ".": what was asked for has a name all the same.
            dot = raw == b"." and said == "tree"
            new = {"target/good": DIR, "target/good/x": hello()} if dot else {}
            yield Case(f"the name {shown}, {said}", words, says, None, new, 0 if dot else 1)
        yield Case(f"the name {shown} below", "-r host:good", tree(b"good", entry(raw), entry(b"y")), None,
                   {"target/good": DIR})
        yield Case(f"a directory {shown} below", "-r host:good", tree(b"good", tree(raw, entry(b"y"))),
                   None, {"target/good": DIR})
        yield Case(f"the name {shown} below what stands for itself", "-r host:.",
                   tree(b".", tree(raw, entry(b"y"))), None, {})


# -- Kinds, modes and numbers.

KINDS = [
    Case("a directory without -r", "host:good", tree(b"good", entry(b"x")), None),
    Case("set-id bits", "host:good", entry(b"good", "4755"), [], {"target/good": hello("0o755")}, 0),
    Case("set-id bits of a directory", "-r host:good", tree(b"good", mode="7777"), [],
         {"target/good": DIR}, 0),
    Case("set-id bits of a directory's file", "-r host:good", tree(b"good", entry(b"x", "6777")), [],
         {"target/good": DIR, "target/good/x": hello("0o755")}, 0),
    Case("more ends than beginnings", "-r host:good", tree(b"good") + b"E\nE\nE\n" + entry(b"x"), None,
         {"target/good": DIR}, None),
    Case("a mode that is none", "host:good", b"C99999 5 good\nhello\0", None),
    Case("a size that is none", "host:good", b"C0644 -5 good\nhello\0", None),
    Case("a size beyond all", "host:good", b"C0644 99999999999999999999 good\nhello\0", None),
    Case("a record that is none", "-r host:good", tree(b"good", b"X\n"), None, {"target/good": DIR}),
    Case("a body without its status", "host:good", b"C0644 5 good\nhello", GONE),
    Case("a body without its status, for a file that is there", "host:old", b"C0644 5 old\nhello", GONE),
    Case("a body that is short", "host:good", b"C0644 500 good\nhello", None),
    Case("junk behind a body", "host:good", b"C0644 5 good\nhelloJUNK\n", None),
    Case("times that are none", "-p -r host:good", tree(b"good", b"T1 2 3\n", entry(b"x")), None,
         {"target/good": DIR}),
    Case("a fatal word", "host:good", b"\2no more\n" + entry(b"good"), ["no more"]),
]

# -- What is meant for the terminal.

ESC = b"\33[2J\33]0;owned\7\x9b31m\rfake"
UGLY = b"a\33[31m\x9bb\x7f"
SHOWN = "\\x1b[2J\\x1b]0;owned\\x07\\x9b31m\\x0dfake"


def check_terminal():
    yield Case("a message with escapes", "host:good", b"\1" + ESC + b"\n", [None])
    yield Case("a fatal message with escapes", "host:good", b"\2" + ESC + b"\n", [None])
    yield Case("a name with escapes", "host:g*", entry(UGLY), [None])
    yield Case("a name with escapes below, and one that is bad", "-r host:good",
               tree(b"good", entry(b"x/" + UGLY)), [None], {"target/good": DIR})
    yield Case("a name with escapes that is taken, -v", "-v -r host:good",
               tree(b"good", entry(b"\33[31mred")), None,
               {"target/good": DIR, "target/good/\33[31mred": hello()}, 0)
    yield Case("a start-up text with escapes", "host:good", ESC + b"\n" + entry(b"good"), None,
               {"target/good": hello()}, 0)
    yield Case("standard error with escapes", "host:good", entry(b"good"), [None],
               {"target/good": hello()}, 0, do="cat \"$FAKE/says\"; printf '\\033[2Jx\\007\\233\\n' >&2\n")
    yield Case("text in place of the protocol with escapes", "host:good", ESC, [None])
    yield Case("a status that says why, with escapes", "host:good", b"C0644 5 good\nhello\1" + ESC + b"\n",
               [None])


# -- What has no end.

def endless(text):
    return f"while printf '%{MANY}s\\n' x | tr ' \\n' '{text}'; do :; done 2>/dev/null\n"


NO_END = "scp: messages or times without end were sent"
MANY_WORDS = 1 << 17

ENDLESS = [
    Case("text without end", "host:good", do=endless("xx"), err=None),
    Case("lines without end", "host:good", do=endless("a\\n"), err=None),
    Case("empty lines without end", "host:good", do=endless("\\n\\n"), err=None),
    Case("a message without end", "host:good", do="printf '\\001'\n" + endless("xx"), err=None),
    Case("a record without end", "-r host:good", do="printf 'D0755 0 good\\nC0644 5 '\n" + endless("xx"),
         err=None, new={"target/good": DIR}),
    Case("messages without end", "host:good", do="yes \"$(printf '\\001no')\" 2>/dev/null\n", err=None, lines=MANY_WORDS),
    Case("times without end", "-p host:good", do="yes 'T1 0 1 0' 2>/dev/null\n", err=[NO_END]),
    Case("replies without end in place of records", "host:good",
         do="while head -c 4096 /dev/zero; do :; done 2>/dev/null\n", err=None),
    Case("a body without end, for one of five bytes", "host:good",
         do="printf 'C0644 5 good\\n'; while head -c 4096 /dev/zero; do :; done 2>/dev/null\n", err=None,
         new=None),
    Case("files without end, where one was asked for", "host:good",
         do="while cat \"$FAKE/says\"; do :; done 2>/dev/null\n", says=entry(b"good"), err=[more()],
         new={"target/good": hello()}),
]


def words_of(case):
    *words, last = case.target.split(";")
    return [*case.words.split(), *words, last]


def is_plain(text):
    return not any(ord(c) < 32 and c not in "\n\t" or 127 <= ord(c) < 160 or c == "\ufffd" for c in text)


def nothing_is_told(scene):
    heard = scene.heard()
    holds("the host reads nothing of ours", not any(word in heard for word in (
        scene.lab.base.encode(), b"asked", b"target")), heard)


def play(lab, case):
    scene = lab.scene(case.says, case.do)
    try:
        got = scene.run(*words_of(case))
        new = scene.new()
        if case.new is not None:
            same("what has come", case.new, new, got.log)
        else:
            holds("it came into the target", all(path.startswith("target/") for path in new), new, got.log)
        if case.status is not None:
            same("status", case.status, got.code, got.log)
        if case.err not in (None, [None]):
            same("what the person reads", case.err, got.err.splitlines(), got.log)
        elif case.status == 1:
            lines = len(got.err.splitlines())
            holds("some words", 1 <= lines <= case.lines + 1, got.err, got.log)
        if case.err == [None]:
            same("lines that the person reads", 1, len(got.err.splitlines()), got.log)
        holds("no byte that a terminal does something of", is_plain(got.text), got.text)
        nothing_is_told(scene)
    finally:
        scene.end()


def deep(lab, *words):
    """A tree that only goes down."""
    scene = lab.scene(do="printf 'D0755 0 good\\n'\n"
                      "while printf 'D0755 0 d\\nD0755 0 d\\nD0755 0 d\\n'; do :; done 2>/dev/null\n")
    try:
        got = scene.run("-r", *words)
        same("status", 1, got.code, got.log)
        same("the last word", "scp: directories without end were sent", got.err.splitlines()[-1], got.log)
        same("what is there", ["good", "old", "there"], sorted(os.listdir(f"{scene.here}/target")))
        nothing_is_told(scene)
    finally:
        scene.end()


def planted(lab):
    """What lies below the target leads elsewhere: nothing is written there, nor is a link written through."""
    scene = lab.scene(tree(b".", entry(b"file"), tree(b"dir", entry(b"evil")), tree(b"out", entry(b"evil")),
                           entry(b"fifo"), entry(b"last")))
    target = f"{scene.here}/target"
    try:
        os.symlink("../outside/secret", f"{target}/file")
        os.symlink(f"{scene.here}/outside", f"{target}/dir")
        os.symlink("../outside", f"{target}/out")
        os.mkfifo(f"{target}/fifo")
        scene.before = fakes.snapshot(scene.here)
        got = scene.run("-r", "host:.", "target")
        same("status", 1, got.code, got.log)
        new = scene.new()
        holds("nothing outside", all(path.startswith("target/") for path in new), new, got.log)
        same("what has come", hello(), new.get("target/last"), got.log)
        holds("no link is a way", "target/dir" not in new and "target/out" not in new, new, got.log)
    finally:
        scene.end()


def swapped(lab):
    """Somebody else exchanges a directory below the target for a link, again and again, while files come."""
    n = 300
    scene = lab.scene(tree(b".", *(tree(b"there", entry(b"f%d" % i)) for i in range(n))))
    target, stop = f"{scene.here}/target", threading.Event()

    def swap():
        libc = ctypes.CDLL(None)
        one, two = f"{target}/there".encode(), f"{target}/link".encode()
        while not stop.is_set():
            libc.renameat2(AT_FDCWD, one, AT_FDCWD, two, RENAME_EXCHANGE)

    os.symlink("../outside", f"{target}/link")
    swapper = threading.Thread(target=swap)
    swapper.start()
    try:
        got = scene.run("-r", "host:.", "target")
    finally:
        stop.set()
        swapper.join()
    try:
        same("what lies outside", ["secret"], os.listdir(f"{scene.here}/outside"), got.log)
        holds("some files came", os.listdir(f"{target}/there") != os.listdir(f"{target}/link"), "none", got.log)
    finally:
        scene.end()


ME, OTHER = 61500, 61501        # nobody's numbers
PLANTED = [("a link to a directory", "outside", [], True), ("the same with a slash", "outside", ["/"], True),
           ("the same, which must be one", "outside", ["", "-d"], True),
           ("the same with -r", "outside", ["", "-r"], True), ("a link to a file", "outside/secret", [], True),
           ("a link to nothing", "outside/new", [], True), ("a link to such a link", "shared/link", [], True),
           ("a link of one's own", "outside", [], False)]


def trapped(lab, to, how, others):
    """In a directory like /tmp somebody has put a link where something is to come to, which is not gone by."""
    slash, *options = how or [""]
    if os.geteuid() != 0:
        raise Skipped("no root, and no other user")
    scene = lab.scene(entry(b"good"))
    shared, link = f"{scene.here}/shared", f"{scene.here}/shared/place"
    try:
        os.mkdir(shared)
        os.chmod(shared, 0o1777)
        os.chmod(scene.top, 0o777)
        for path in ("outside", "outside/secret"):
            os.chown(f"{scene.here}/{path}", ME, ME)
        os.symlink(f"{scene.here}/{to}", link)
        os.symlink(f"{scene.here}/outside", f"{shared}/link")
        for path in (link, f"{shared}/link"):
            os.lchown(path, *[OTHER if others else ME] * 2)
        scene.before = fakes.snapshot(scene.here)
        run = ["setpriv", f"--reuid={ME}", f"--regid={ME}", "--clear-groups"]
        got = process.run([*run, *scene.argv(*options, "host:good", f"shared/place{slash}")], scene.env,
                          cwd=scene.here)
        same("status", 1 if others else 0, got.code, got.log)
        same("what has come", {} if others else {"outside/good": hello()}, scene.new(), got.log)
    finally:
        scene.end()


# -- Whoever starts it, with what he has left open, or not.

SHUT = ["<&-", ">&-", "2>&-", "<&- >&-", "<&- >&- 2>&-", "3<&0 4>&1"]
WAYS = {"down": ["host:good", "target"], "up": ["sent", "there:"], "through here": ["-3", "host:good", "there:"]}


def started(lab, words, *run):
    """The copy is made all the same, and is what the status says."""
    scene = lab.scene(entry(b"good"))
    try:
        got = process.run([*run, *scene.argv(*words)], scene.env, cwd=scene.here)
        same("status", 0, got.code, got.log)
        same("what has come", {"target/good": hello()} if words[-1] == "target" else {}, scene.new(), got.log)
        same("what has come there", {"target": set(), "there:": {words[-2].rpartition(":")[2]}}[words[-1]],
             set(os.listdir(f"{scene.top}/there")), got.log)
    finally:
        scene.end()


def in_path(lab):
    """A directory may be called like the program that is looked for."""
    scene = lab.scene(entry(b"good"))
    try:
        os.makedirs(f"{scene.top}/one/ssh")
        os.mkdir(f"{scene.top}/two")
        shutil.copy(lab.fake, f"{scene.top}/two/ssh")
        env = scene.env | {"PATH": f"{scene.top}/one:{scene.top}/two:{scene.env['PATH']}"}
        got = process.run([lab.scp, "host:good", "target"], env, cwd=scene.here)
        same("status", 0, got.code, got.log)
        same("what has come", {"target/good": hello()}, scene.new(), got.log)
    finally:
        scene.end()


def list_starts(lab):
    for way, words in WAYS.items():
        for how in SHUT:
            yield f"hostile: started with {how}, {way}", "dash", started, lab, words, "sh", "-c", f'exec "$@" {how}', "sh"
    yield "hostile: a directory that is called ssh", "dash", in_path, lab


def keeps_on(lab, what):
    """A sink that has all, and says WHAT without end."""
    talk = (f"printf '\\000'\nhead -c {len(RECORD)} >/dev/null\nprintf '\\000'\n"
            f"head -c {len(fakes.SENT) + 1} >/dev/null\n{what}\n")
    scene = lab.scene(talk=talk)
    try:
        got = scene.run("sent", "host:")
        holds("few words", len(got.err.splitlines()) <= 8, got.log)
        holds("no byte that a terminal does something of", is_plain(got.text), got.text)
    finally:
        scene.end()


# -- What a sink may answer.

RECORD = b"C0644 5 sent\n"


def answers(lab, byte, when):
    """
    BYTE in place of a reply: WHEN a record has come, or a body.  It is no more than a reply that is none, and what
    was to be sent next is not sent as something else.  None: nothing, and it has ended.
    """
    last = "" if byte is None else f"printf '\\{byte:03o}\\n'\n" if byte in (1, 2) else f"printf '\\{byte:03o}'\n"
    talk = f"printf '\\000'\nhead -c {len(RECORD)} >\"$FAKE/first\"\n"
    if when == "a body":
        talk += f"printf '\\000'\nhead -c {len(fakes.SENT) + 1} >/dev/null\n"
    scene = lab.scene(talk=talk + last)
    try:
        got = scene.run("sent", "host:")
        with open(f"{scene.top}/first", "rb") as file:
            same("the record", RECORD, file.read())
        if when == "a body":
            same("status", 0 if byte == 0 else 1, got.code, got.log)
            same("nothing more", b"", scene.heard())
        else:
            same("status", 1, got.code, got.log)
            same("the body, where it is wanted", fakes.SENT + b"\0" if byte == 0 else b"", scene.heard(), got.log)
        holds("no byte that a terminal does something of", is_plain(got.text), got.text)
        if byte != 0:
            holds("some words", 1 <= len(got.err.splitlines()) <= 2, got.log)
        same("what has come here", {}, scene.new())
    finally:
        scene.end()


def vanishes(lab, status, says, words, talk=None):
    """A host that ends in the middle, with whatever STATUS, and does not listen any more."""
    scene = lab.scene(says, talk=f"{talk or ':'}\ncat \"$FAKE/says\"\nexit {status}\n")
    try:
        with open(f"{scene.here}/sent", "wb") as file:
            file.write(bytes(3000000))
        scene.before = fakes.snapshot(scene.here)
        got = scene.run(*words)
        same("status", 1, got.code, got.log)
        same("lines", 1, len(got.err.splitlines()), got.log)
        same("what has come here", {}, scene.new())
    finally:
        scene.end()


VANISH = [("a source, in a body", b"C0644 10000 good\nabc", ["host:good", "target"], None),
          ("a source, before a body", b"C0644 10000 good\n", ["host:good", "target"], None),
          ("a source, on to another host", b"C0644 10000 good\nabc", ["-3", "host:good", "there:"], None),
          ("a sink, in a body", b"\0", ["sent", "host:"], "printf '\\000'; head -c 19 >/dev/null"),
          ("a sink, before a body", b"", ["sent", "host:"], "printf '\\000'; head -c 19 >/dev/null"),
          ("a sink, before a record", b"\0", ["sent", "host:"], None)]


# -- From one host to another, which is ours: that one gets no more than what was asked for.

def between(lab, words, says, err, new, targets):
    scene = lab.scene()
    there = f"{scene.top}/there"
    try:
        for host, said in says.items():
            with open(f"{scene.top}/says-{host}", "wb") as file:
                file.write(said)
        before = fakes.snapshot(there)
        got = scene.run("-3", *words.split(), "there:")
        if new is not None:
            same("what has come", before | new, fakes.snapshot(there), got.log)
        same("status", 1, got.code, got.log)
        holds("the words", err in got.err, err, got.log)
        same("what has come here", {}, scene.new(), got.log)
        with open(f"{scene.top}/commands", encoding="utf-8") as file:
            same("sinks that were asked for", targets, len(file.readlines()), got.log)
        nothing_is_told(scene)
    finally:
        scene.end()


# -- Trees of who waits for each reply.

DOWNWARDS = f"{os.path.dirname(os.path.abspath(__file__))}/downwards"
REFUSED = b"\1scp: not taken\n"
BOTTOM = 2048                   # directories within each other that are refused; one more is the end


def waits(lab, words, target, begun, depth, old, err, levels, refusals):
    """Of DEPTH directories, of which so many are BEGUN at once, LEVELS come to the TARGET, where OLD is a file."""
    scene = lab.scene(talk=f'[ "$host" = there ] || exec {DOWNWARDS} {begun} {depth} "$FAKE/refused"\n')
    try:
        top = f"{scene.top}/{target}"
        if old:
            fakes.shutil.copy(f"{scene.here}/sent", f"{top}/{old}")
        got = scene.run("-r", *words)
        same("status", 1, got.code, got.log)
        said = got.err.splitlines()
        same("the last words", err, said[-1][-len(err):], got.log)
        same("lines that the person reads", 1 + (old is not None), len(said), got.log)
        same("what is there", levels, sum(name.startswith("good") for name in fakes.snapshot(top)) - (old is not None))
        heard = fakes.content_of(f"{scene.top}/refused")
        same("what was refused, and not otherwise", (refusals, b""), (heard.count(REFUSED), heard.replace(REFUSED, b"")))
    finally:
        scene.end()


def list_waiting(lab):
    for way, words, target in (("", ["host:good", "target"], "here/target"), ("-3, ", ["-3", "host:good", "there:"], "there")):
        yield (f"hostile: {way}a tree that is too deep, of who waits", "dash", waits, lab, ["--max-depth=8", *words], target,
               1, 20, None, "directories are nested too deeply", 8, 1)
        yield (f"hostile: {way}a tree that only goes down, of who waits but once", "dash", waits, lab, words, target,
               2, 0, "good", "scp: directories without end were sent", 0, BOTTOM + 1)


# So long that it fits into a record as short as that, and into none of ours.
LONG = b"a" * 8180
WHOLE, SECOND = tree(b"good", entry(b"x")), entry(b"b")
TREE = {"good": DIR, "good/x": hello()}
BETWEEN = [
    ("another name for a pattern", "host:g*", {"host": entry(b"evil")}, other("evil"), {}, 1),
    ("a second file", "host:good", {"host": entry(b"good") + entry(b".bashrc")}, more(),
     {"good": hello()}, 1),
    ("a second directory", "-r host:good", {"host": WHOLE + tree(b".ssh", entry(b"x"))}, more(), TREE, 1),
    (".bashrc for *", "-r host:*", {"host": entry(b".bashrc")}, other(".bashrc"), {}, 1),
    ("a name that is none", "-r host:good", {"host": tree(b"good", entry(b"../x"))}, bad_name("../x"),
     {"good": DIR}, 1),
    ("a directory without -r", "host:good", {"host": WHOLE}, "scp: ", {}, 1),
    ("a body that is short, then another host", "one:a two:b",
     {"one": b"C0644 500 a\nhello", "two": SECOND}, "lost connection", {"b": hello()}, 2),
    ("a body without its status, then another host", "one:a two:b",
     {"one": b"C0644 5 a\nhello", "two": SECOND}, "lost connection", {"b": hello()}, 2),
    ("a directory that is left open, then another host", "-r one:good two:b",
     {"one": b"D0755 0 good\n" + entry(b"x") + b"X\n", "two": SECOND}, "scp: ", TREE | {"b": hello()}, 1),
    ("directories without end", "-r host:good", {"host": b"D0755 0 good\n" * 5000},
     "scp: directories without end were sent", None, 1),
    ("a name that fits into no record of ours", "-r host:good",
     {"host": b"D0755 0 good\nC0 1 " + LONG + b"\nx\0" + entry(b"x") + b"E\n"}, "File name too long", TREE, 1),
    ("messages without end", "host:good", {"host": b"\1no\n" * (MANY_WORDS + 1)}, NO_END, {}, 1),
    ("times without end", "-p host:good", {"host": b"T1 0 1 0\n" * (MANY_WORDS + 1)}, NO_END, {}, 1),
    ("more than was asked for, then another host", "one:a two:b",
     {"one": entry(b"a") + entry(b"c"), "two": SECOND}, more("one"), {"a": hello(), "b": hello()}, 1),
]


def check_all(report, out, base):
    lab = fakes.Lab(out, base)
    cases = [*TOP, *check_names(), *KINDS, *check_terminal(), *ENDLESS]
    checks = [(f"hostile: {case.name}", "dash", play, lab, case) for case in cases]
    checks += [("hostile: a tree that only goes down", "dash", deep, lab, "host:good", "target"),
               ("hostile: a tree that only goes down, of which little is wanted", "dash", deep, lab,
                "--max-depth=8", "host:good", "target"),
               ("hostile: links and a FIFO below the target", "dash", planted, lab),
               ("hostile: a directory that somebody exchanges", "dash", swapped, lab)]
    checks += [(f"hostile: at the target, {name}", "dash", trapped, lab, *rest) for name, *rest in PLANTED]
    checks += list_starts(lab)
    checks += [(f"hostile: {name} without end behind the last file", "dash", keeps_on, lab, what)
               for name, what in (("replies", "while head -c 4096 /dev/zero; do :; done 2>/dev/null"),
                                  ("messages", "yes \"$(printf '\\001no')\" 2>/dev/null"),
                                  ("text", "yes 2>/dev/null"))]
    checks += [(f"hostile: the reply {byte:#04x} to {when}", "dash", answers, lab, byte, when)
               for when, some in (("a record", range(256)), ("a body", (0, 1, 2, 6, 7, 10, 27, 67, 255)))
               for byte in some]
    checks += [(f"hostile: an end in place of the reply to {when}", "dash", answers, lab, None, when)
               for when in ("a record", "a body")]
    checks += [(f"hostile: {name}, ends with {status}", "dash", vanishes, lab, status, says, words, talk)
               for name, says, words, talk in VANISH for status in (0, 1)]
    checks += [(f"hostile: -3, {name}", "dash", between, lab, *rest) for name, *rest in BETWEEN]
    checks += list_waiting(lab)
    accounts.run_at_once(report, checks)
