# SPDX-License-Identifier: ISC
"""What is checked with every client that can do it."""
import os
import stat
import time

from stage import trees
from stage.report import holds, same

MISSING = "No such file or directory"
DENIED = "Permission denied"
TEMPORARY = ".scp-"
LOCAL_UMASK = 0o022             # the runner sets it

ODD_NAMES = ["two  words", "it's", 'say "hello"', "gr\u00fc\u00dfe", "-rf", ".hidden", "$(x);&|"]


def now():
    # The clock of files lags behind by up to a tick.
    return int(time.time() - 0.1)


def put(path, content, mode=0o644, when=trees.FIRST_TIME):
    with open(path, "wb") as file:
        file.write(content)
    os.chmod(path, mode)
    os.utime(path, (when, when))
    return path


def get(path):
    with open(path, "rb") as file:
        return file.read()


def well(outcome):
    """No client says anything when all went well, and our standard error is empty as well."""
    same("exit status", 0, outcome.code, outcome.log)
    same("words of the client", "", outcome.text, outcome.log)


def badly(client, outcome, reason, at_once=False):
    holds("exit status is an error", outcome.code != 0, outcome.code, outcome.log)
    if "reasons" not in client.cannot:
        holds(f"the client says {reason!r}", client.says(outcome, reason, at_once), outcome.text)


def compare(rules, source, copy, preserve, umask, since, outcome):
    wanted = trees.expected(source, rules, preserve, umask)
    trees.compare(wanted, trees.read(copy, since), outcome.log)


def compare_push(world, client, source, copy, preserve, since, outcome):
    compare(client.push_rules, source, copy, preserve, world.umask, since, outcome)


def compare_pull(client, source, copy, preserve, since, outcome):
    compare(client.pull_rules, source, copy, preserve, LOCAL_UMASK, since, outcome)


def push_one(world, client, place, preserve):
    source = put(f"{place.local}/file", b"one file\n" * 5000, 0o664)
    since = now()
    outcome = client.push([source], f"{place.remote}/copy", preserve=preserve)
    well(outcome)
    compare_push(world, client, source, f"{place.remote}/copy", preserve, since, outcome)


def pull_one(world, client, place, preserve):
    source = world.give(put(f"{place.remote}/file", b"one file\n" * 5000, 0o664))
    since = now()
    outcome = client.pull([source], f"{place.local}/copy", preserve=preserve)
    well(outcome)
    compare_pull(client, source, f"{place.local}/copy", preserve, since, outcome)


EXTRA = [
    ("push backslash", trees.BACKSLASH),
    ("push newline", trees.NEWLINE),
    ("push newline directory", trees.NEWLINE_DIR),
    ("push closed", trees.CLOSED),
]


def push_tree(world, client, place, preserve):
    entries = list(trees.TREE)
    for what, more in EXTRA:
        if what not in client.cannot:
            entries += more
    source = trees.build(f"{place.local}/tree", entries)
    since = now()
    outcome = client.push([source], place.remote, recursive=True, preserve=preserve)
    well(outcome)
    compare_push(world, client, source, f"{place.remote}/tree", preserve, since, outcome)


def pull_tree(world, client, place, preserve):
    entries = trees.ALL
    if "pull readonly" in client.cannot:
        entries = [entry for entry in entries if not entry[0].startswith("readonly")]
    source = world.give(trees.build(f"{place.remote}/tree", entries))
    since = now()
    outcome = client.pull([source], place.local, recursive=True, preserve=preserve)
    well(outcome)
    compare_pull(client, source, f"{place.local}/tree", preserve, since, outcome)


def push_odd_names(_world, client, place):
    for name in ODD_NAMES:
        source = put(f"{place.local}/{name}", name.encode())
        well(client.push([source], f"{place.remote}/{name}"))
    same("names there", sorted(ODD_NAMES), sorted(os.listdir(place.remote)))
    for name in ODD_NAMES:
        same(f"content of {name!r}", name.encode(), get(f"{place.remote}/{name}"))


def pull_odd_names(world, client, place):
    for name in ODD_NAMES:
        source = world.give(put(f"{place.remote}/{name}", name.encode()))
        outcome = client.pull([source], f"{place.local}/{name}")
        well(outcome)
        same(f"content of {name!r}", name.encode(), get(f"{place.local}/{name}"), outcome.log)


def pull_missing(_world, client, place):
    outcome = client.pull([f"{place.remote}/none"], f"{place.local}/copy")
    badly(client, outcome, MISSING)
    # curl opens its output first.
    holds("nothing arrived", not os.path.exists(f"{place.local}/copy") or
          os.path.getsize(f"{place.local}/copy") == 0, os.listdir(place.local), outcome.log)


def three_files(top):
    return [put(f"{top}/{name}", name.encode() * 1000) for name in ("first", "second", "third")]


def push_many(_world, client, place):
    sources = three_files(place.local)
    outcome = client.push(sources, place.remote)
    well(outcome)
    same("names there", ["first", "second", "third"], sorted(os.listdir(place.remote)), outcome.log)
    for source in sources:
        same(f"content of {source}", get(source),
             get(f"{place.remote}/{os.path.basename(source)}"), outcome.log)


def push_onto_file(world, client, place):
    source = put(f"{place.local}/file", b"new and short", 0o755)
    target = world.give(put(f"{place.remote}/target", b"old and much longer\n" * 1000, 0o640))
    outcome = client.push([source], target)
    well(outcome)
    same("content", b"new and short", get(target), outcome.log)
    same("mode", 0o640, stat.S_IMODE(os.stat(target).st_mode), outcome.log)
    same("names there", ["target"], os.listdir(place.remote), outcome.log)


def push_into_nothing(_world, client, place):
    source = put(f"{place.local}/file", b"nowhere to go\n")
    badly(client, client.push([source], f"{place.remote}/none/file"), MISSING)
    outcome = client.push([source], f"{place.remote}/none/")
    badly(client, outcome, f"{place.remote}/none/")
    same("names there", [], os.listdir(place.remote), outcome.log)


def push_many_into_nothing(_world, client, place):
    unaware = "-d" in client.cannot
    outcome = client.push(three_files(place.local), f"{place.remote}/none")
    badly(client, outcome, "Not a directory" if unaware else MISSING, at_once=not unaware)
    same("names there", ["none"] if unaware else [], os.listdir(place.remote), outcome.log)


def push_denied_one(world, client, place):
    source = put(f"{place.local}/file", b"new\n")
    target = world.give(put(f"{place.remote}/target", b"old\n", 0o400))
    outcome = client.push([source], target)
    badly(client, outcome, DENIED)
    same("content", b"old\n", get(target), outcome.log)


def push_denied_of_many(world, client, place):
    """The second of three may not be written; a client that cannot go on leaves out the third."""
    sources = three_files(place.local)
    world.give(put(f"{place.remote}/second", b"old\n", 0o400))
    if client.missing_last and "reasons" in client.cannot:
        sources = [sources[0], sources[2], sources[1]]
    outcome = client.push(sources, place.remote)
    badly(client, outcome, DENIED)
    same("content of the second", b"old\n", get(f"{place.remote}/second"), outcome.log)
    arrived = ["first", "second"] if "go on" in client.cannot else ["first", "second", "third"]
    same("names there", arrived, sorted(os.listdir(place.remote)), outcome.log)
    for name in set(arrived) - {"second"}:
        same(f"content of {name}", name.encode() * 1000, get(f"{place.remote}/{name}"), outcome.log)


def push_to_device(_world, client, place):
    before = os.stat("/dev/null")
    well(client.push([put(f"{place.local}/file", b"to be forgotten\n" * 10000)], "/dev/null"))
    after = os.stat("/dev/null")
    same("/dev/null", (before.st_mode, before.st_uid, before.st_rdev),
         (after.st_mode, after.st_uid, after.st_rdev))


def pull_many(world, client, place):
    """One of three sources is missing; a client that cannot go on gets what comes before it."""
    sources = three_files(place.remote)
    world.give(place.remote)
    sources[1:1] = [f"{place.remote}/none"]
    arrived = ["first"] if "go on" in client.cannot else ["first", "second", "third"]
    if client.missing_last:
        sources.append(sources.pop(1))
    outcome = client.pull(sources, place.local)
    badly(client, outcome, MISSING)
    names = sorted(name for name in os.listdir(place.local) if name != "none")
    same("names here", arrived, names, outcome.log)
    for name in arrived:
        same(f"content of {name}", name.encode() * 1000, get(f"{place.local}/{name}"), outcome.log)


def pull_pattern(world, client, place):
    """The server's shell makes several operands of one."""
    three_files(place.remote)
    put(f"{place.remote}/not me", b"")
    world.give(place.remote)
    outcome = client.pull([f"{place.remote}/[fst]*"], place.local, pattern=True)
    well(outcome)
    same("names here", ["first", "second", "third"], sorted(os.listdir(place.local)), outcome.log)


def pull_operands_missing(world, client, place):
    """Several operands in one session, one of them missing: a warning between two records."""
    first, second, _ = three_files(place.remote)
    world.give(place.remote)
    words = [first, f"{place.remote}/none", second]
    arrived = ["first"] if "go on" in client.cannot else ["first", "second"]
    if client.missing_last:
        words = [first, second, f"{place.remote}/none"]
    outcome = client.pull([" ".join(words)], place.local, pattern=True)
    badly(client, outcome, MISSING)
    same("names here", arrived, sorted(os.listdir(place.local)), outcome.log)


CHECKS = [
    # name, what a client needs for it, check, its arguments
    ("push a file", (), push_one, False),
    ("push a file and its times", ("push times",), push_one, True),
    ("pull a file", (), pull_one, False),
    ("pull a file and its times", ("pull times",), pull_one, True),
    ("push a tree", ("trees",), push_tree, False),
    ("push a tree and its times", ("trees", "push times"), push_tree, True),
    ("pull a tree", ("trees",), pull_tree, False),
    ("pull a tree and its times", ("trees",), pull_tree, True),
    ("push odd names", ("odd names",), push_odd_names),
    ("pull odd names", ("odd names",), pull_odd_names),
    ("pull a file that is missing", (), pull_missing),
    ("push files to a directory", ("push many",), push_many),
    ("push onto a file", (), push_onto_file),
    ("push into no directory", (), push_into_nothing),
    ("push files into no directory", ("push many",), push_many_into_nothing),
    ("push onto a file that is not writable", (), push_denied_one),
    ("push files, one of them not writable", ("push many",), push_denied_of_many),
    ("push to a device", (), push_to_device),
    ("pull files, one of them missing", ("pull many",), pull_many),
    ("pull by a pattern", ("patterns",), pull_pattern),
    ("pull operands, one of them missing", ("patterns",), pull_operands_missing),
]

PARTLY = {
    # what a client cannot do, and the checks that leave out just that
    "push newline": "push a tree", "push newline directory": "push a tree",
    "push backslash": "push a tree", "push closed": "push a tree", "pull readonly": "pull a tree",
    "-d": "push files into no directory", "reasons": "all that fail",
    "go on": "all that fail in the middle",
}


def in_a_place(world, client, check, *args):
    with world.place() as place:
        check(world, client, place, *args)
        left = [name for name in os.listdir(place.remote) if name.startswith(TEMPORARY)]
        same("temporary files left", [], left)


def limits(client):
    """What is not checked here with this client, for people to read."""
    for what, why in sorted(client.cannot.items()):
        whole = [name for name, needs, *_ in CHECKS if what in needs]
        if not whole and what not in PARTLY:
            continue        # Nothing here asks for it.
        where = "not run: " + ", ".join(whole) if whole else f"in part: {PARTLY[what]}"
        yield f"  {client.name}: no '{what}', {why} ({where})"


def check_client(report, world, client):
    if why := client.unavailable():
        report.skip(f"{client.name}: everything", why)
        return
    start = time.monotonic()
    if not report.only:
        for line in limits(client):
            report.say(line)
    for name, needs, check, *args in CHECKS:
        if not set(needs) & client.cannot.keys():
            report.run(f"{client.name}: {name}", in_a_place, world, client, check, *args)
    report.group(client.name, start)
