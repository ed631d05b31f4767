# SPDX-License-Identifier: ISC
"""
Ordinary accounts, whose scp is ours, on a machine whose /etc/scp.conf says no more than that
everything is to be logged: what the records say, and that nobody forges one.
"""
import os
import re

import common
from stage import adapters, machine, records, transfers, trees
from stage.machine import Person
from stage.report import holds, same

NAME = "drop-in"
PEOPLE = [Person("emil")]
READY = []
INFO, NOTICE, AUTH = 6, 5, 4
TEXT, JSON = "log syslog\n", "# Everything\n\tlog  syslog\nlog-format json \n"
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")

FORGED = "session closed for local user root from [192.0.2.1] files 0 bytes 0 errors 0 exit 0"
HOSTILE = [
    b'x" bytes read 0 written 9 seconds 0.000 mode 0644', b"a\n" + FORGED.encode(),
    b"a\r\n<38>Nov 24 00:00:00 scp[1]: " + FORGED.encode(), b'","event":"end","x":"',
    b'"}\n{"event":"end","exit":0}', b"back\\slash", b'\\" \\\\" \\012', b"\x1b[2J\x07\x7f\t",
    b"\xff\xfe\xc0\xaf not UTF-8", b"\xed\xa0\x80 a surrogate", "\u0085\u009b C1".encode(),
    "\u2028\u202e\ufeff fine".encode(), "\U0001f600 gr\u00fc\u00dfe".encode(), b"%n%s%x",
    b"n" * 255, b"\x01" * 255, b"...", b"\\134", "\\u0022".encode(),
]


def conforms(record, user):
    """What each record has, whatever it says."""
    fields = record.fields
    same("user and address", (user, "127.0.0.1"),
         (fields.get("user", user), fields.get("address", "127.0.0.1")), record.text)
    expected = NOTICE if record.event == "refused" or fields.get("reason") else INFO
    same("priority", AUTH << 3 | expected, record.priority, record.text)
    if record.text.startswith("{"):
        same("pid", record.pid, fields["pid"], record.text)
        holds("there is a time", TIME.fullmatch(fields["time"]), record.text)
        holds("user and address are in each", "user" in fields and "address" in fields, record.text)


def session(estate, user):
    """The records of the one session since the last time: first, those between, and last."""
    found = estate.log.take()
    for record in found:
        conforms(record, user)
    same("one session", 1, len({record.pid for record in found}), [r.text for r in found])
    same("first and last record", ("start", "end"), (found[0].event, found[-1].event))
    return found[0].fields, found[1:-1], found[-1].fields


def path_of(record):
    return os.fsdecode(records.undo(record.fields["path"]))


def size_of(record):
    """Bytes of a file that was moved, whichever form the record has."""
    fields = record.fields
    return sum(int(fields.get(name, 0)) for name in ("bytes", "read", "written"))


def told(fields, *names):
    return tuple(str(fields[name]) for name in names)


def described(top, upload):
    """What the log should say of the tree TOP: {path: (event, mode, bytes)}."""
    found = {}
    for path, dirs, files in os.walk(top):
        found[path] = ("mkdir" if upload else "opendir",)
        for name in files:
            full = os.path.join(path, name)
            found[full] = ("file", os.path.getsize(full))
    return found


def check_tree(estate, top, upload):
    start, between, end = session(estate, "emil")
    same("direction and root", ("upload" if upload else "download", "/"),
         told(start, "direction", "root"))
    request = os.fsdecode(records.undo(start["request"]))
    holds("the request is in it", top in request or os.path.dirname(top) in request, request)
    found = {path_of(record): (record.event, *([size_of(record)] if record.event == "file" else []))
             for record in between}
    same("records", described(top, upload), found)
    files = [what for what in found.values() if what[0] == "file"]
    same("files, bytes, errors and exit status",
         (str(len(found)), str(sum(what[1] for what in files)), "0", "0"),
         told(end, "files", "bytes", "errors", "exit"))
    same("number of records", len(found), len(between))


def tree_both_ways(world, client, place):
    estate = world.estate
    source = trees.build(f"{place.local}/tree", common.UNLINKED[:12] + [
        ("dir", "dir", 0o755, None), ("dir/file", "file", 0o644, b"below\n")])
    estate.log.forget()
    transfers.well(client.push([source], place.remote, recursive=True))
    check_tree(estate, f"{place.remote}/tree", True)
    transfers.well(client.pull([f"{place.remote}/tree"], f"{place.local}/back", recursive=True))
    check_tree(estate, f"{place.remote}/tree", False)


def file_both_ways(world, client, place):
    estate = world.estate
    source = transfers.put(f"{place.local}/file", bytes(3000), 0o640)
    estate.log.forget()
    target = f"{place.remote}/file"
    transfers.well(client.push([source], target))
    start, between, end = session(estate, "emil")
    same("direction", "upload", start["direction"])
    same("path, bytes and mode", [(target, 3000, oct(os.stat(target).st_mode & 0o777))],
         [(path_of(r), size_of(r), oct(int(r.fields["mode"], 8))) for r in between])
    same("the end", ("1", "3000", "0", "0"), told(end, "files", "bytes", "errors", "exit"))
    transfers.well(client.pull([target], f"{place.local}/back"))
    start, between, end = session(estate, "emil")
    same("direction", "download", start["direction"])
    same("path and bytes", [(target, 3000)], [(path_of(r), size_of(r)) for r in between])
    # A client that hangs up as soon as it has everything has lost nothing.
    same("reasons and errors", ([None], "0"),
         ([r.fields.get("reason") for r in between], str(end["errors"])))


def refusals(world, client, place):
    estate = world.estate
    estate.log.forget()
    transfers.badly(client, client.push([transfers.put(f"{place.local}/file", b"")],
                                        f"{place.remote}/none/file"), transfers.MISSING)
    _, between, end = session(estate, "emil")
    same("the refusal", [("refused", f"{place.remote}/none/file", transfers.MISSING)],
         [(r.event, path_of(r), r.fields["reason"]) for r in between])
    same("errors and exit status", ("1", "1"), told(end, "errors", "exit"))
    transfers.badly(client, client.pull([f"{place.remote}/none"], place.local), transfers.MISSING)
    _, between, end = session(estate, "emil")
    same("the refusal", [("refused", f"{place.remote}/none", transfers.MISSING)],
         [(r.event, path_of(r), r.fields["reason"]) for r in between])


def cut_short(world, _client, place):
    """A body whose end never comes, and a file that its sender takes back."""
    for data, reason in ((b"C0644 100 x\nabc", "lost connection"),
                         (b"C0644 3 x\nabc\x01sorry\n", "dropped, the sender says: sorry")):
        world.estate.log.forget()
        common.talk(world.estate, "emil", f"scp -t {place.remote}", data)
        _, between, end = session(world.estate, "emil")
        same("records between", [("file", f"{place.remote}/x", 3)],
             [(r.event, path_of(r), size_of(r)) for r in between])
        holds(f"the reason is {reason!r}", reason in between[0].fields["reason"], between[0].text)
        same("exit status", "1", str(end["exit"]))


def hostile_pushes(world, _client, place):
    """Names as only a client that is none would send them: a newline it has to leave out."""
    names = [name.replace(b"\n", b"").replace(b"\r", b"\x0b") for name in HOSTILE]
    data = b"".join(b"C0644 2 %s\nab\0" % name for name in names)
    world.estate.log.forget()
    common.talk(world.estate, "emil", f"scp -t {place.remote}", data)
    _, between, _ = session(world.estate, "emil")
    same("paths", [os.path.join(place.remote.encode(), name) for name in names],
         [records.undo(record.fields["path"]) for record in between])
    same("names there", sorted(names), sorted(os.listdir(place.remote.encode())))


def hostile_pulls(world, client, place):
    for name in HOSTILE:
        path = os.path.join(place.remote.encode(), b"tree", name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(b"ab")
    world.give(place.remote)
    world.estate.log.forget()
    outcome = client.pull([f"{place.remote}/tree"], place.local, recursive=True)
    same("exit status", 0, outcome.code, outcome.log)
    _, between, _ = session(world.estate, "emil")
    same("paths", sorted(os.path.join(place.remote.encode(), b"tree", name) for name in HOSTILE),
         sorted(records.undo(r.fields["path"]) for r in between if r.event == "file"))


def hostile_requests(world, _client, _place):
    """The shell splits them, and then they are put together again, with blanks."""
    log = world.estate.log
    for request, shown in (("scp -t 'a\n<38>b' 'c\"d\\e'", "scp -t a\n<38>b c\"d\\e"),
                           ("scp -t \"`printf '\\377\\033'`\" x", b"scp -t \xff\x1b x")):
        log.forget()
        world.estate.ssh("emil", request)
        start, _, _ = session(world.estate, "emil")
        expected = shown if isinstance(shown, bytes) else shown.encode()
        same("the request", expected, records.undo(start["request"]))


def very_long(world, _client, _place):
    """What is cut is one record all the same, and says so."""
    world.estate.log.forget()
    common.talk(world.estate, "emil", "scp -f " + "/\\\"" * 9000, b"\0")
    start, between, _ = session(world.estate, "emil")
    for text in (start["request"], between[0].fields["path"]):
        holds("it ends in three dots", text.endswith("..."), text[-20:])


def is_like_any_other(world, _client, place):
    """It is no restricted account: it has a shell, links, hidden names, and all of the machine."""
    got = world.estate.ssh("emil", "command -v scp; echo $0")
    holds("our scp is the first", got.out.startswith(f"{world.estate.base}/bin/scp\n"), got.log)
    os.symlink(".hidden", f"{place.remote}/link")
    world.give(transfers.put(f"{place.remote}/.hidden", b"old\n"))
    client = adapters.OpenSSH(world.host, world.env)
    source = transfers.put(f"{place.local}/file", b"new\n")
    transfers.well(client.push([source], f"{place.remote}/link"))
    same("content behind the link", b"new\n", transfers.get(f"{place.remote}/.hidden"))
    transfers.well(client.pull(["/etc/passwd"], f"{place.local}/passwd"))


BASIC = [
    ("a file both ways", (), file_both_ways),
    ("refusals", ("reasons",), refusals),
]
MORE = [
    ("a tree both ways", ("trees",), tree_both_ways),
    ("cut short", (), cut_short),
    ("hostile names pushed", (), hostile_pushes),
    ("hostile names pulled", (), hostile_pulls),
    ("hostile requests", (), hostile_requests),
    ("very long", (), very_long),
    ("is like any other", (), is_like_any_other),
]


def silent(world, client, place):
    world.estate.log.forget()
    transfers.push_one(world, client, place, False)
    same("records", [], world.estate.log.take())


def check(report, estate):
    emil = common.begin(estate, "emil", f"{estate.base}/srv/emil")
    alone = (adapters.OpenSSH,)
    common.each_client(report, f"{NAME} without a configuration", emil, [("silent", (), silent)],
                       alone)
    with machine.configured(TEXT):
        common.each_client(report, f"{NAME}, text", emil, BASIC)
        common.each_client(report, f"{NAME}, text", emil, MORE, alone)
    with machine.configured(JSON):
        common.each_client(report, f"{NAME}, JSON", emil, BASIC + MORE, alone)
