# SPDX-License-Identifier: ISC
"""Accounts that can only download: by the ready key, and by the ready ForceCommand."""
import os

import common
from common import refused, relative, some
from stage import adapters, transfers, trees
from stage.machine import Person
from stage.report import holds, same

NAME = "download-only"
PEOPLE = [Person("kim"), Person("bea", groups=("outgoing",))]
READY = ["20-scp-download-only.conf"]
NOT_UP = "uploads are not allowed"
NO_LINKS = "symbolic links are not followed here"
NO_DOTS = "names that begin with a dot are not allowed"
OUTSIDE = "it is outside the root"


def pull_by_any_path(world, client, place):
    world.give(transfers.put(f"{place.remote}/file", b"by any path\n"))
    rows = some(client, [
        relative(client, f"{place.name}/file"), f"/{place.name}/file",
        f"{world.root}//{place.name}/./file", f"/{place.name}/none/../file", f"/{place.name}//file",
    ])
    for number, source in enumerate(rows):
        transfers.well(client.pull([source], f"{place.local}/{number}"))
        same(f"content by {source}", b"by any path\n", transfers.get(f"{place.local}/{number}"))


def hide_in(directory):
    """A hidden file more, and nothing else to show for it."""
    was = os.stat(directory)
    transfers.put(f"{directory}/.hidden", common.MARK.encode())
    os.utime(directory, ns=(was.st_atime_ns, was.st_mtime_ns))


def pull_tree(world, client, place, flags):
    """What is hidden is not there, without a word."""
    entries = common.UNLINKED + trees.BACKSLASH + trees.NEWLINE + trees.NEWLINE_DIR
    if "pull readonly" in client.cannot:
        entries = [entry for entry in entries if not entry[0].startswith("readonly")]
    source = world.give(trees.build(f"{place.remote}/tree", entries))
    since = transfers.now()
    wanted = trees.expected(source, client.pull_rules, bool(flags), transfers.LOCAL_UMASK)
    for directory in (source, f"{source}/common"):
        hide_in(directory)
    outcome = client.pull([source], place.local, recursive=True, **flags)
    transfers.well(outcome)
    trees.compare(wanted, trees.read(f"{place.local}/tree", since), outcome.log)


PATTERNS = [
    # what is asked for, and the names of what comes
    ("*.txt", ["a b.txt", "it's.txt", "plain.txt"]),
    (r"a\ *", ["a b.txt"]),
    ("'a b'.*", ["a b.txt"]),
    (r'"it'"'"r's".t?t', ["it's.txt"]),
    ("[p-z]*.{txt,dat}", ["plain.txt", "sum.dat"]),
    ("{a*,plain.txt}", ["a b.txt", "plain.txt"]),
    ("../*/sum.[!a]*", ["sum.dat"]),
    ("~/PLACE/s*", ["sum.dat"]),
]


def pull_patterns(world, client, place):
    """What a shell would make of them, looked up beneath the root, and nothing hidden."""
    for name in ("plain.txt", "a b.txt", "it's.txt", "sum.dat", ".txt", ".hidden.txt"):
        transfers.put(f"{place.remote}/{name}", name.encode())
    world.give(place.remote)
    for number, (pattern, names) in enumerate(some(client, PATTERNS, 3)):
        into = f"{place.local}/{number}"
        os.mkdir(into)
        prefix = "" if pattern.startswith("~") else f"{place.name}/"
        source = prefix + pattern.replace("PLACE", place.name)
        outcome = client.pull([source], into, pattern=True)
        transfers.well(outcome)
        same(f"names by {pattern}", names, sorted(os.listdir(into)), outcome.log)
        for name in names:
            same(f"content of {name}", name.encode(), transfers.get(f"{into}/{name}"))


def no_writing(world, client, place):
    """The account owns all that is there, and could."""
    source = transfers.put(f"{place.local}/file", b"new\n")
    world.give(trees.build(f"{place.remote}/tree", [("file", "file", 0o666, b"old\n")]))
    asked = [(source, f"{place.remote}/tree/file", {}),
             (source, relative(client, f"{place.name}/new"), {})]
    if "trees" not in client.cannot:
        asked.append((trees.build(f"{place.local}/tree", common.UNLINKED[:3]), place.remote,
                      {"recursive": True}))
    outcomes = []
    with common.unchanged(place.remote):
        for what, target, how in asked:
            outcomes.append(client.push([what], target, **how))
    for outcome in outcomes:
        common.refused_at_once(client, outcome, NOT_UP)


def no_way_out(world, client, place):
    rows = some(client, [
        ("/out/secret", NO_LINKS), (f"{world.root}/../outside/secret", OUTSIDE),
        (f"{world.longer}/secret", transfers.MISSING), ("/to-secret", NO_LINKS),
        (f"{world.outside}/secret", transfers.MISSING), ("/../outside/secret", OUTSIDE),
        ("/absolute/secret", NO_LINKS), ("/loop", NO_LINKS), ("/etc/passwd", transfers.MISSING),
        ("/proc/self/environ", transfers.MISSING), ("/.hidden", NO_DOTS),
        ("/.dir/file", NO_DOTS), ("/.dir/../visible", ""), ("/fifo", "not a regular file"),
        ("/visible/x", "Not a directory"), ("/", "not a regular file"),
    ], 4)
    for source, reason in rows:
        outcome = client.pull([source], f"{place.local}/got")
        common.nothing_leaked(outcome, place.local)
        if reason:
            refused(client, outcome, reason)
        else:
            transfers.well(outcome)


def no_way_out_by_patterns(world, client, place):
    """They match nothing, and then are names like others."""
    for pattern in some(client, ["/out/*", f"{world.longer}/s*", "/*/secret", "/.[a-z]*", "/.h*",
                                 "/etc/pass*", "{/out,/absolute}/secret", "/../*side/secret",
                                 "/to-s*"], 3):
        outcome = client.pull([pattern], place.local, pattern=True)
        common.nothing_leaked(outcome, place.local)
        refused(client, outcome, "")


def no_way_out_with_a_tree(world, client, place):
    """Links are reported, each, and everything else arrives."""
    source = trees.build(f"{place.remote}/tree", [
        ("file", "file", 0o644, b"fine\n"), ("to-file", "link", None, "file"),
        ("to-secret", "link", None, "../../../outside/secret"),
        ("out", "link", None, "../../../outside")])
    world.give(source)
    outcome = client.pull([source], place.local, recursive=True)
    refused(client, outcome, NO_LINKS)
    common.nothing_leaked(outcome, place.local)
    if "go on" in client.cannot or client.missing_last:
        return      # It stops at the first one, wherever that comes.
    same("names here", ["file"], os.listdir(f"{place.local}/tree"), outcome.log)
    for name in ("to-file", "to-secret", "out"):
        line = f"{source}/{name}: {NO_LINKS}"
        holds(f"it says {line!r}", line in outcome.text, outcome.log)


CHECKS = [
    ("pull a file and its times", ("pull times",), transfers.pull_one, True),
    ("pull a file", (), transfers.pull_one, False),
    ("pull by any path", (), pull_by_any_path),
    ("pull a tree", ("trees",), pull_tree, {}),
    ("pull a tree and its times", ("trees", "pull times"), pull_tree, {"preserve": True}),
    ("pull odd names", ("odd names",), common.pull_odd_names),
    ("pull a file that is missing", (), transfers.pull_missing),
    ("pull files, one of them missing", ("pull many",), transfers.pull_many),
    ("pull by patterns", ("patterns",), pull_patterns),
    ("pull operands, one of them missing", ("patterns",), transfers.pull_operands_missing),
    ("no writing", (), no_writing),
    ("no way out", (), no_way_out),
    ("no way out by patterns", ("patterns",), no_way_out_by_patterns),
    ("no way out with a tree", ("trees",), no_way_out_with_a_tree),
]


def hide(world):
    """Hidden things at the top of the root, and a file that is not."""
    transfers.put(f"{world.root}/.hidden", common.MARK.encode())
    trees.build(f"{world.root}/.dir", [("file", "file", 0o644, common.MARK.encode())])
    transfers.put(f"{world.root}/visible", b"to be seen\n")
    os.mkfifo(f"{world.root}/fifo")


def check(report, estate):
    root = f"{estate.base}/srv/outgoing"
    estate.write_keys("kim", estate.ready_key("puller"))
    kim = common.begin(estate, "kim", root)
    kim.outside, kim.longer = common.plant(kim)
    hide(kim)
    common.each_client(report, f"{NAME} by key", kim, CHECKS)
    bea = common.begin(estate, "bea", root)
    common.each_client(report, NAME, bea, [
        row for row in CHECKS if row[0] in ("pull a file", "no writing")], (adapters.OpenSSH,))
