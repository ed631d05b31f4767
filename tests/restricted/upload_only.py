# SPDX-License-Identifier: ISC
"""
Accounts that can only upload: by the ready ForceCommand, and by the ready key, which in addition
forbids to replace anything.
"""
import os

import common
from common import refused, refused_later, relative, some
from stage import adapters, transfers, trees
from stage.machine import Person
from stage.report import holds, same

NAME = "upload-only"
PEOPLE = [Person("anna", groups=("incoming",)), Person("paul")]
READY = ["10-scp-upload-only.conf"]
NOT_DOWN = "downloads are not allowed"


def push_by_any_path(world, client, place):
    """Relative, from the root on, and by the root's own path, with dots on the way."""
    source = transfers.put(f"{place.local}/file", b"by any path\n")
    world.give(trees.build(f"{place.remote}/into", []))
    rows = some(client, [
        ("relative", relative(client, f"{place.name}/relative")),
        ("absolute", f"/{place.name}/absolute"),
        ("prefix", f"{world.root}//{place.name}/./prefix"),
        ("dots", f"/{place.name}/none/../dots"),
        ("into/file", f"/{place.name}/into/"),
        ("into/again", f"{world.root}/../{os.path.basename(world.root)}/{place.name}/into/again"),
    ])
    for name, target in rows[:-1]:
        transfers.well(client.push([source], target))
        same(f"content of {name}", b"by any path\n", transfers.get(f"{place.remote}/{name}"))
    if len(rows) > 2:
        refused(client, client.push([source], rows[-1][1]))


def no_reading(world, client, place):
    """What has been uploaded does not come back, by no way of asking; nor does anything else."""
    world.give(transfers.put(f"{place.remote}/here", common.MARK.encode()))
    rows = some(client, [
        ("", f"{place.remote}/here", {}),
        ("trees", f"/{place.name}", {"recursive": True}),
        ("patterns", f"{place.name}/*", {"pattern": True}),
        ("", "none", {}),
    ])
    outcomes = []
    for need, source, how in rows:
        if need not in client.cannot:
            with common.unchanged(place.remote):
                outcomes.append(client.pull([source], f"{place.local}/got", **how))
            common.nothing_leaked(outcomes[-1], place.local)
    for outcome in outcomes:
        common.refused_at_once(client, outcome, NOT_DOWN)


def no_way_out(world, client, place):
    """Targets that lead out of the root, or would, if somebody were not careful."""
    source = transfers.put(f"{place.local}/new", b"where it does not belong\n")
    targets = some(client, [
        f"{world.root}/../outside/new", "/out/new", f"{world.longer}/new", "/to-secret",
        f"{world.outside}/new", f"/..{world.outside}/new", "/out", "/absolute/below/new",
        "/dangling", "/loop/new", "/proc/self/cwd/new", "../outside/new", "/out/../../outside/new",
    ], 4)
    with common.unchanged(world.outside, world.longer):
        for target in targets:
            refused_later(client, client.push([source], target))
    for name, target in (("out", "../outside"), ("to-secret", "../outside/secret")):
        same(f"the link {name}", target, os.readlink(f"{world.root}/{name}"))


def no_way_out_with_a_tree(world, client, place):
    """Directories and files of a tree meet links of the same names; the rest of it arrives."""
    source = trees.build(f"{place.local}/tree", [
        ("out", "dir", 0o755, None), ("out/new", "file", 0o644, b"too far\n"),
        ("to-secret", "file", 0o644, b"too far\n"), ("well", "file", 0o644, b"fine\n")])
    there = trees.build(f"{place.remote}/tree", [])
    os.symlink("../../../outside", f"{there}/out")
    os.symlink("../../../outside/secret", f"{there}/to-secret")
    world.give(place.remote)
    with common.unchanged(world.outside, world.longer):
        outcome = client.push([source], place.remote, recursive=True)
    refused(client, outcome)
    if "go on" not in client.cannot:
        same("names there", ["out", "to-secret", "well"], sorted(os.listdir(there)), outcome.log)


def hard_links(world, client, place):
    """A name of a file that has another one outside goes to a new file, and the old one stays."""
    source = transfers.put(f"{place.local}/new", b"for this name alone\n")
    os.link(f"{world.outside}/below/secret", f"{place.remote}/link")
    with common.unchanged(world.outside):
        transfers.well(client.push([source], f"{place.remote}/link"))
    same("content", b"for this name alone\n", transfers.get(f"{place.remote}/link"))


def no_hidden_names(world, client, place):
    source = transfers.put(f"{place.local}/file", b"not to be seen\n")
    world.give(trees.build(f"{place.remote}/.dir", []))
    with common.unchanged(place.remote):
        for target in some(client, [".new", ".dir/new", ".dir/../.new", "...", ".dir"], 1):
            refused(client, client.push([source], f"/{place.name}/{target}"))


def no_hidden_names_in_a_tree(_world, client, place):
    """Everything else arrives."""
    source = trees.build(f"{place.local}/tree", [
        ("a", "file", 0o644, b"fine\n"), (".hidden", "file", 0o644, b"not to be seen\n"),
        (".dir", "dir", 0o755, None), (".dir/b", "file", 0o644, b"nor this\n")])
    outcome = client.push([source], place.remote, recursive=True)
    refused(client, outcome)
    seen = [path for _, dirs, files in os.walk(place.remote) for path in dirs + files]
    expected = ["a", "tree"] if "go on" not in client.cannot else seen
    same("names there", expected, sorted(seen), outcome.log)
    same("hidden names there", [], [name for name in seen if common.is_hidden(name)])


CHECKS = [
    ("push a file", (), transfers.push_one, False),
    ("push by any path", (), push_by_any_path),
    ("push a tree", ("trees",), common.push_tree, common.VISIBLE, {}),
    ("push a tree and its times", ("trees", "push times"), common.push_tree, common.VISIBLE,
     {"preserve": True}),
    ("push files to a directory", ("push many",), transfers.push_many),
    ("push odd names", ("odd names",), common.push_odd_names),
    ("push onto a file", (), transfers.push_onto_file),
    ("no reading", (), no_reading),
    ("no way out", (), no_way_out),
    ("no way out with a tree", ("trees",), no_way_out_with_a_tree),
    ("hard links", (), hard_links),
    ("no hidden names", (), no_hidden_names),
    ("no hidden names in a tree", ("trees",), no_hidden_names_in_a_tree),
]


def no_replacing(world, client, place):
    source = transfers.put(f"{place.local}/file", b"new\n")
    target = world.give(transfers.put(f"{place.remote}/file", b"old\n"))
    with common.unchanged(place.remote):
        refused_later(client, client.push([source], target))
        if client.name != "curl":
            refused_later(client, client.push([source], place.remote))
    transfers.well(client.push([source], f"{place.remote}/another"))
    same("content of the new one", b"new\n", transfers.get(f"{place.remote}/another"))


def no_replacing_in_a_tree(world, client, place):
    source = trees.build(f"{place.local}/tree", [("a", "file", 0o644, b"new\n"),
                                                 ("b", "file", 0o644, b"new\n")])
    there = world.give(trees.build(f"{place.remote}/tree", [("a", "file", 0o644, b"old\n")]))
    refused(client, client.push([source], place.remote, recursive=True))
    same("content of the old one", b"old\n", transfers.get(f"{there}/a"))
    if "go on" not in client.cannot:
        same("content of the new one", b"new\n", transfers.get(f"{there}/b"))


def prepare_answers(world, place):
    """
    Targets that are refused, each for another reason, none of which a client may know: those whose
    words are not allowed, at once, and the others.
    """
    world.give(transfers.put(f"{place.remote}/file", b"old\n"))
    os.mkdir(f"{place.remote}/closed", 0o700)           # root's
    os.symlink("file", f"{place.remote}/link")
    os.mkfifo(f"{place.remote}/fifo", 0o666)
    return ([".new", "../../outside/none", ".none/new", "../../outside/secret", "../../none/new"],
            ["none/new", "file", "file/new", "closed/new", "link", "fifo", "../out/new", "link/new",
             "closed"])


def compare_answers(answers, first):
    same(f"answers that differ from that for {first}", {},
         {name: answer for name, answer in answers.items() if answer != answers[first]},
         repr(answers[first]))


def same_answers(world, client, place):
    """Whatever is there, not there or not allowed: nobody can tell one from the other."""
    source = transfers.put(f"{place.local}/source", b"which is it?\n")
    answers = {}
    at_once, later = prepare_answers(world, place)
    for name in some(client, later + at_once, 4):
        target = f"/{place.name}/{name}"
        outcome = client.push([source], target)
        refused(client, outcome)
        answers[name] = (outcome.code, outcome.text.replace(target, "TARGET"))
    compare_answers(answers, later[0])


def same_answers_to(world, _client, place, flags, data):
    """The same on the wire, without a client's own opinion."""
    with common.connection(world.estate, "paul"):
        for names in prepare_answers(world, place):
            answers = {}
            for name in names:
                target = f"/{place.name}/{name}"
                got = common.talk(world.estate, "paul", f"scp {flags} -t {target}", data)
                answers[name] = (got.code, got.text.replace(target, "TARGET"))
                holds(f"{target} was refused", transfers.DENIED in got.out, got.log)
            compare_answers(answers, names[0])


def no_answers_from_patterns(world, _client, place):
    """A pattern in a target is a name like any other: what it would match is not told."""
    world.give(trees.build(f"{place.remote}/directory", []))
    for target in ("director*", "direct?ry", "[d]irectory", "none*"):
        got = common.talk(world.estate, "paul", f"scp -t /{place.name}/{target}/new", FILE)
        same("exit status", 1, got.code, got.log)
        holds("it was refused", transfers.DENIED in got.out, got.log)
    same("names there", [], os.listdir(f"{place.remote}/directory"))


def tilde(world, client, place):
    """It is where relative paths begin, and nobody's home."""
    server = "127.0.0.1:" if client.name == "pscp" else "server:"
    source = transfers.put(f"{place.local}/file", b"home\n")
    for name, target in (("one", f"~/{place.name}/one"), ("two", f"~anna/{place.name}/two")):
        transfers.well(client.command(source, server + target))
        same(f"content of {name}", b"home\n", transfers.get(f"{place.remote}/{name}"))
    with common.unchanged(world.root, world.account.home):
        refused(client, client.command(source, f"{server}~root/new"))
    same("names at home", [], os.listdir(world.account.home))


FILE = b"C0644 4 source\nnew\n\0"
KEEPING = [
    ("no replacing", (), no_replacing),
    ("no replacing in a tree", ("trees",), no_replacing_in_a_tree),
    ("the same answers", ("reasons",), same_answers),
]
ON_THE_WIRE = [
    ("the same answers to a file", (), same_answers_to, "", FILE),
    ("the same answers where a directory is meant", (), same_answers_to, "-d", FILE),
    ("the same answers to a tree", (), same_answers_to, "-r", b"D0755 0 tree\n" + FILE + b"E\n"),
    ("the same answers to the curious", (), same_answers_to, "-v", FILE),
    ("no answers from patterns", (), no_answers_from_patterns),
]


def begin_keeping(estate, root):
    """paul has the key that is ready for pushing."""
    line = estate.ready_key("pusher")
    holds("the ready key keeps what is there", "--overwrite=no" in line, line)
    estate.write_keys("paul", line)
    return common.begin(estate, "paul", root)


def check(report, estate):
    root = f"{estate.base}/srv/incoming"
    anna = common.begin(estate, "anna", root)
    anna.outside, anna.longer = common.plant(anna)
    common.each_client(report, NAME, anna, CHECKS)
    common.each_client(report, NAME, anna, [("tilde", (), tilde)],
                       (adapters.OpenSSH, adapters.Pscp))
    paul = begin_keeping(estate, root)
    common.each_client(report, f"{NAME} by key", paul, KEEPING)
    common.each_client(report, f"{NAME} by key", paul, ON_THE_WIRE, (adapters.OpenSSH,))
