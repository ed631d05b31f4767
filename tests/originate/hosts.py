# SPDX-License-Identifier: ISC
"""
Real hosts: OpenSSH's sshd with its own scp and with ours, dropbear, asyncssh; reached by ssh and by dbclient.
What is checked of every client in stage/transfers is checked of this one, and what no other has.
"""
import contextlib
import os
import re
import shutil
import socket
import stat
import subprocess

import accounts
from stage import adapters, process, servers, sshd, transfers, trees
from stage.report import Skipped, holds, same
from stage.transfers import get, put, well
from stage.world import learn_umask, world_with

HERE = os.path.dirname(os.path.abspath(__file__))
PYTHON = "/usr/bin/python3"         # which has asyncssh, where that is installed
CHECKS = {name: (check, args) for name, _needs, check, *args in transfers.CHECKS}
TREES = ["pull a tree", "pull a tree and its times"]
UNKNOWN = re.compile(r"^\S+: Ignoring unknown configuration option 'BatchMode=yes'\n", re.MULTILINE)
FEW = ["push a file and its times", "pull a file", "push a tree and its times", "pull a tree and its times",
       "pull a file that is missing", "pull by a pattern"]


def escaped(path):
    return "".join("\\" + c if c in "*?[\\" else c for c in path)


class Ours(adapters.Client):
    """The program as the client.  Where it is reached by dbclient, there is a way to do that."""
    name = "ours"
    cannot = dict(adapters.NOT_TO_BE_READ)

    def __init__(self, scp, host, env, way=None, where="server"):
        super().__init__(host, env)
        self.scp, self.where = scp, where
        self.way = way or ["-F", host.config]

    def command(self, *words, **more):
        got = self.start([self.scp, *self.way, *words], **more)
        # An older dbclient says that it does not know what it was told.
        for text in UNKNOWN.findall(got.err):
            got.err, got.text = got.err.replace(text, ""), got.text.replace(text, "")
        return got

    def push(self, sources, target, recursive=False, preserve=False):
        return self.command(*adapters.flags(recursive, preserve), "--", *sources, f"{self.where}:{target}")

    def pull(self, sources, target, recursive=False, preserve=False, pattern=False):
        # Several words are for a shell.
        shell = ["-O"] if pattern and " " in sources[0] else []
        return self.command(*shell, *adapters.flags(recursive, preserve), "--", *(
            f"{self.where}:{source if pattern else escaped(source)}" for source in sources), target)


# -- Hosts.

def has_ipv6():
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET6) as probe:
        probe.bind(("::1", 0))
        return True
    return False


@contextlib.contextmanager
def stock_for(world):
    """Whose scp is OpenSSH's own, and which lets others be reached through it."""
    base, user = world.base, world.account.name

    def argv_for(port):
        more = "AllowTcpForwarding yes\nSubsystem sftp internal-sftp\n"
        if has_ipv6():
            more += f"ListenAddress [::1]:{port}\n"
        config = sshd.write_text(f"{base}/sshd_config-stock", more + sshd.sshd_config(
            base, port, user, {"PATH": sshd.SERVER_PATH}))
        return ["/usr/sbin/sshd", "-D", "-e", "-f", config]

    child, port = sshd.start_on_some_port(argv_for, f"{base}/sshd-stock.log", world.env)
    try:
        yield sshd.Host(base, "stock", port, user, world.host.key, sshd.read_text(f"{base}/hostkey.pub"))
    finally:
        sshd.stop(child)


@contextlib.contextmanager
def asyncssh_for(world):
    if subprocess.run([PYTHON, "-W", "ignore", "-c", "import asyncssh"], check=False, capture_output=True).returncode:
        raise Skipped("there is no asyncssh")
    base = world.base

    def argv_for(port):
        return [PYTHON, "-I", "-W", "ignore", f"{HERE}/asyncssh_host.py", str(port), f"{base}/hostkey",
                f"{base}/authorized_keys"]

    child, port = sshd.start_on_some_port(argv_for, f"{base}/asyncssh.log", world.env)
    try:
        yield sshd.Host(base, "asyncssh", port, world.account.name, world.host.key,
                        sshd.read_text(f"{base}/hostkey.pub"))
    finally:
        sshd.stop(child)


class Estate:
    """All of these hosts, and what reaches them."""

    def __init__(self, scp, world, stack):
        self.scp, self.world = scp, world
        learn_umask(world, world.host)
        self.ours = Ours(scp, world.host, world.env)
        self.stock_host = stack.enter_context(stock_for(world))
        self.stock = Ours(scp, self.stock_host, world.env)

    def address(self, *more):
        """Options that reach an address, which is no name of a configuration."""
        return ["-F", "/dev/null", "-i", self.world.host.key, "-oIdentitiesOnly=yes",
                "-oHostKeyAlias=throwaway", f"-oUserKnownHostsFile={self.world.host.known}",
                "-oStrictHostKeyChecking=yes", "-oLogLevel=ERROR", *more]

    def run(self, *words, **more):
        return process.run([self.scp, *words], self.world.env, **more)


# -- What no other client has, or has in another way.

def source_in(estate, place, name="file", content=b"one file\n" * 5000):
    return estate.world.give(put(f"{place.remote}/{name}", content))


def addresses(estate, place, form, port_of=lambda port: ["-P", str(port)]):
    """FORM makes an operand of a user, a port and a path."""
    if "::1" in form("", 0, "") and not has_ipv6():
        raise Skipped("there is no IPv6")
    host = estate.stock_host
    path = source_in(estate, place, "a file")
    options = estate.address(*port_of(host.port))
    well(estate.run(*options, form(host.user, host.port, path), f"{place.local}/back"))
    same("down", get(path), get(f"{place.local}/back"))
    well(estate.run(*options, f"{place.local}/back", form(host.user, host.port, path + "2")))
    same("up", get(path), get(path + "2"))


def uri(where):
    return lambda user, port, path: f"scp://{user}@{where}:{port}/{path.replace(' ', '%20')}"


FORMS = [
    ("user@address:path", lambda user, port, path: f"{user}@127.0.0.1:{path}"),
    ("user@[::1]:path", lambda user, port, path: f"{user}@[::1]:{path}"),
    ("user@[127.0.0.1]:path", lambda user, port, path: f"{user}@[127.0.0.1]:{path}"),
]
URIS = [("a URI", uri("127.0.0.1")), ("a URI of IPv6", uri("[::1]"))]


def through_itself(estate, place):
    """-J: one host is the way to the other."""
    path = source_in(estate, place)
    well(estate.run("-F", estate.stock_host.config, "-J", "server", f"server:{path}", f"{place.local}/back"))
    same("content", get(path), get(f"{place.local}/back"))


def by_hops(estate, place, host, hop, log, came):
    """
    -J of dbclient's, which says hosts in another way: the HOP that lets HOST be reached through it comes first.
    CAME is what its LOG has of each who comes.
    """
    path, log = source_in(estate, place), f"{estate.world.base}/{log}"
    way = servers.dbclient_way(estate.world, host)
    known = f"{estate.world.env['HOME']}/.ssh/known_hosts"
    kind_and_key = sshd.read_text(hop.known).splitlines()[0].split()[1:]
    sshd.write_text(known, sshd.read_text(known) + f"localhost {' '.join(kind_and_key)}\n")
    before = sshd.read_text(log).count(came)
    got = estate.run(*way, "-J", f"{hop.user}@localhost:{hop.port}", f"{host.user}@{sshd.HOST}:{path}",
                     f"{place.local}/back")
    same("status", 0, got.code, got.log)
    same("content", get(path), get(f"{place.local}/back"))
    # It may be its own way to itself.
    same("who came by that way", before + 1 + (hop is host), sshd.read_text(log).count(came))


def options_of_all(estate, place):
    """-v says what is started and what is sent, -C and -l change how, -q says nothing."""
    path = source_in(estate, place)
    for words in (["-C"], ["-l", "80000"], ["-q"], ["-B", "-4"], ["-c", "aes128-ctr"], ["-2", "-X", "nrequests=8"]):
        well(estate.ours.command(*words, f"server:{path}", f"{place.local}/back"))
        same("content", get(path), get(f"{place.local}/back"))
    got = estate.ours.command("-v", f"server:{path}", f"{place.local}/back")
    same("status", 0, got.code, got.log)
    holds("the record", "C0644 45000 file" in got.err, got.log)


def selected(estate, place, client):
    """What is left out, here and there, is no failure."""
    tree = [("a.c", "file", 0o644, b"a"), ("b.o", "file", 0o644, b"b"), ("dir", "dir", 0o755, None),
            ("dir/c.o", "file", 0o644, b"c"), ("dir/d.c", "file", 0o644, b"d")]
    there = estate.world.give(trees.build(f"{place.remote}/tree", tree))
    here = trees.build(f"{place.local}/tree", tree)

    def names(top):
        return sorted(os.path.relpath(os.path.join(at, name), top) for at, _, files in os.walk(top)
                      for name in files)

    well(client.command("-r", "--exclude=*.o", f"server:{there}", f"{place.local}/down"))
    same("down, without", ["a.c", "dir/d.c"], names(f"{place.local}/down"))
    well(client.command("-r", "--include=*.o", f"server:{there}", f"{place.local}/alone"))
    same("down, nothing but", ["b.o", "dir/c.o"], names(f"{place.local}/alone"))
    well(client.command("-r", "--exclude=*.o", here, f"server:{place.remote}/up"))
    same("up, without", ["a.c", "dir/d.c"], names(f"{place.remote}/up"))


def updated(estate, place, client):
    """What is here as it is there is not wanted again; what is here is not to be overwritten."""
    path = source_in(estate, place)
    back = f"{place.local}/file"
    well(client.command("--update", f"server:{path}", place.local))
    first = os.stat(back)
    well(client.command("--update", f"server:{path}", place.local))
    same("the same file", first.st_ino, os.stat(back).st_ino)
    put(path, b"another\n", when=trees.FIRST_TIME + 5)
    well(client.command("--overwrite=no", f"server:{path}", place.local))
    same("content", b"one file\n" * 5000, get(back))
    well(client.command("--update", f"server:{path}", place.local))
    same("content", b"another\n", get(back))


def here_alone(estate, place):
    trees.build(f"{place.local}/tree", [("a b", "file", 0o600, b"a"), ("d", "dir", 0o755, None)])
    well(estate.run("-r", "-p", f"{place.local}/tree", f"{place.local}/copy"))
    same("mode", 0o600, stat.S_IMODE(os.stat(f"{place.local}/copy/a b").st_mode))
    got = estate.run(f"{place.local}/tree/a b", f"{place.local}/none", f"{place.local}/copy")
    same("status", 1, got.code, got.log)
    same("words", [f"scp: {place.local}/none: No such file or directory"], got.err.splitlines())
    same("content", b"a", get(f"{place.local}/copy/a b"))


def contents(estate, place):
    """What a directory's dot stands for goes into the target itself, both ways; and so does an empty path."""
    entries = [("a", "file", 0o644, b"a"), (".b", "file", 0o644, b"b"), ("c", "dir", 0o755, None),
               ("c/d", "file", 0o644, b"d")]
    here = trees.build(f"{place.local}/tree", entries)
    there = estate.world.give(trees.build(f"{place.remote}/tree", entries))
    for path in (f"{place.local}/down", f"{place.remote}/up"):
        os.mkdir(path)
    estate.world.give(f"{place.remote}/up")
    for client in (estate.ours, estate.stock):
        well(client.command("-r", f"{here}/.", f"server:{place.remote}/up"))
        same("up", [".b", "a", "c"], sorted(os.listdir(f"{place.remote}/up")))
        well(client.command("-r", f"server:{there}/.", f"{place.local}/down"))
        same("down", [".b", "a", "c"], sorted(os.listdir(f"{place.local}/down")))


def said(estate, place):
    """What goes wrong is said once, and the rest is done."""
    path = source_in(estate, place)
    first = put(f"{place.local}/first", b"1")
    got = estate.ours.command(first, f"{place.local}/none", f"server:{place.remote}")
    same("status", 1, got.code, got.log)
    same("words", [f"scp: {place.local}/none: No such file or directory"], got.err.splitlines())
    same("content", b"1", get(f"{place.remote}/first"))
    got = estate.ours.command(f"server:{path}", f"server:{place.remote}/none", place.local)
    same("status", 1, got.code, got.log)
    same("words", [f"scp: {place.remote}/none: No such file or directory"], got.err.splitlines())
    got = estate.ours.command(place.local, f"server:{place.remote}/x")
    same("status", 1, got.code, got.log)
    same("words", [f"scp: {place.local}: it is a directory, and -r is not said"], got.err.splitlines())
    got = estate.ours.command(f"server:{path}", f"server:{path}", f"{place.local}/none/")
    same("status", 1, got.code, got.log)
    same("words", [f"scp: {place.local}/none/: No such file or directory"], got.err.splitlines())
    got = estate.ours.command(f"server:{path}", f"{place.local}/none/")
    same("status", 1, got.code, got.log)
    same("words", [f"scp: {place.local}/none/: No such file or directory"], got.err.splitlines())
    got = estate.ours.command("-d", f"server:{path}", first)
    same("status", 1, got.code, got.log)
    same("words", [f"scp: {first}: Not a directory"], got.err.splitlines())


def knows_births(path):
    """Whether the filesystem says when something was made."""
    said = subprocess.run(["stat", "-c", "%W", path], check=False, capture_output=True, text=True).stdout
    return said.strip() not in ("", "0", "-")


def into_itself(estate, place):
    """
    A tree that is sent to where it is read has no end, and is left soon: what is made is read again.  One whose
    names come round is a tree like any other.
    """
    if not knows_births(place.remote):
        raise Skipped("nobody knows when a directory was made")
    world = estate.world
    entries = [("f", "file", 0o644, b"f"), ("d", "dir", 0o755, None)] + [
        ("/".join(["x"] * depth), "dir", 0o755, None) for depth in range(1, 8)]
    tree = world.give(trees.build(f"{place.remote}/tree", entries))
    well(estate.ours.command("-r", tree, f"server:{place.remote}/copy"))
    well(estate.ours.command("-r", f"server:{tree}", f"{place.local}/copy"))
    for words in (["-r", tree, f"server:{tree}"], ["-r", f"{tree}/.", f"server:{tree}/new"],
                  ["-r", f"server:{tree}/.", f"{tree}/d"]):
        os.makedirs(f"{tree}/new", exist_ok=True)
        world.give(tree)
        # Who does not wait may have read a directory before anything is made in it.
        got = estate.ours.command("-X", "ahead=no", *words)
        same("status", 1, got.code, got.log)
        same("words", 1, len(got.err.splitlines()), got.log)
        holds("what is said", got.err.endswith(": it is copied into itself\n"), got.log)
        deepest = max(len(os.path.relpath(at, tree).split("/")) for at, _, _ in os.walk(tree))
        holds("an end", deepest < 500, deepest, got.log)
        shutil.rmtree(tree)
        trees.build(tree, entries[:2])


def words_for_a_shell(estate, place):
    """-O: what the remote shell makes of it."""
    source_in(estate, place, "it's")
    source_in(estate, place, "a b")
    well(estate.ours.command("-O", f"server:{place.remote}/\"it's\" {place.remote}/a\\ *", place.local))
    same("names", ["a b", "it's"], sorted(os.listdir(place.local)))
    well(estate.ours.command("-O", f"{place.local}/a b", f"server:'{place.remote}/$(x)'"))
    holds("it is there", os.path.exists(f"{place.remote}/$(x)"), os.listdir(place.remote))


# -- From one host to another.

def through_here(estate, place, one, other):
    """-3: the two are called by two names, and know nothing of each other."""
    entries = [entry for entry in trees.TREE if not entry[0].startswith("readonly")]
    there = estate.world.give(trees.build(f"{place.remote}/tree", entries))
    config = sshd.write_text(f"{place.top}/config", "".join(
        sshd.read_text(host.config).replace("Host server", f"Host {name}", 1)
        for name, host in (("one", one), ("other", other))))
    since = transfers.now()
    got = estate.run("-F", config, "-3", "-r", "-p", f"one:{there}", f"other:{place.remote}/copy")
    well(got)
    transfers.compare(estate.ours.push_rules, there, f"{place.remote}/copy", True, estate.world.umask, since,
                      got)
    got = estate.run("-F", config, f"one:{there}/plain", f"one:{there}/none", f"one:{there}/it's",
                     f"other:{place.remote}")
    same("status", 1, got.code, got.log)
    # Some servers have them in another order.
    same("words", [sorted(f"one: scp: {there}/none: No such file or directory".split(": "))],
         [sorted(line.split(": ")) for line in got.err.splitlines()])
    same("content", b"plain text\n", get(f"{place.remote}/plain"))
    same("content", b"an apostrophe\n", get(f"{place.remote}/it's"))


def directly(estate, place, client):
    """-R: the source's host copies by itself, and there it is our program that does."""
    world = estate.world
    home = f"{world.account.home}/.ssh"
    with world.lock:
        if not os.path.exists(f"{home}/config"):
            os.makedirs(home, mode=0o700, exist_ok=True)
            shutil.copy(world.host.key, f"{home}/key")
            shutil.copy(world.host.known, f"{home}/known")
            config = sshd.read_text(estate.stock_host.config)
            config = config.replace("Host server", "Host onward").replace(world.host.key, f"{home}/key")
            sshd.write_text(f"{home}/config", config.replace(estate.stock_host.known, f"{home}/known"))
            world.give(home)
    there = world.give(trees.build(f"{place.remote}/tree", [
        ("a b", "file", 0o640, b"a"), ("it's", "file", 0o644, b"b"), ("d", "dir", 0o755, None)]))
    well(client.command("-R", "-r", "-p", f"server:{there}", f"onward:{place.remote}/copy"))
    same("names", ["a b", "d", "it's"], sorted(os.listdir(f"{place.remote}/copy")))
    same("mode", 0o640, stat.S_IMODE(os.stat(f"{place.remote}/copy/a b").st_mode))
    well(client.command("-R", f"server:{there}/it's", f"onward:{place.remote}/new"))
    same("content", b"b", get(f"{place.remote}/new"))
    got = client.command("-R", f"server:{there}/none", f"onward:{place.remote}/other")
    same("status", 1, got.code, got.log)
    holds("it says why", "No such file" in got.err, got.log)


def plain_tree(estate, place, client, entries):
    """
    OpenSSH's looks for what is in a directory by the name that it sends, which a newline is not in; asyncssh
    sends it as it is.
    """
    there = estate.world.give(trees.build(f"{place.remote}/tree", entries))
    since = transfers.now()
    outcome = client.pull([there], place.local, recursive=True, preserve=True)
    well(outcome)
    transfers.compare_pull(client, there, f"{place.local}/tree", True, since, outcome)


MORE = [
    ("through itself", through_itself), ("options", options_of_all), ("here alone", here_alone), ("the contents of a directory", contents),
    ("messages", said), ("into itself", into_itself), ("words for a shell", words_for_a_shell),
]


def in_a_place(estate, check, *args):
    with estate.world.place() as place:
        check(estate, place, *args)


def of_all_clients(world, client, name):
    check, args = CHECKS[name]
    transfers.in_a_place(world, client, check, *args)


def list_checks(estate):
    for name in CHECKS:
        yield f"hosts: our own scp: {name}", "dash", of_all_clients, estate.world, estate.ours, name
        if name not in TREES:
            yield f"hosts: OpenSSH's: {name}", "dash", of_all_clients, estate.world, estate.stock, name
    for name, form in FORMS:
        yield f"hosts: {name}", "dash", in_a_place, estate, addresses, form
    for name, form in URIS:
        yield f"hosts: {name}", "dash", in_a_place, estate, addresses, form, lambda port: []
    for name, check in MORE:
        yield f"hosts: {name}", "dash", in_a_place, estate, check
    for name, client in (("ours", estate.ours), ("OpenSSH's", estate.stock)):
        yield f"hosts: {name}: what is left out", "dash", in_a_place, estate, selected, client
        yield f"hosts: {name}: what is here already", "dash", in_a_place, estate, updated, client
    ours, stock = estate.world.host, estate.stock_host
    for name, one, other in (("OpenSSH's to ours", stock, ours), ("ours to OpenSSH's", ours, stock)):
        yield f"hosts: -3, {name}", "dash", in_a_place, estate, through_here, one, other
    yield "hosts: OpenSSH's: pull a tree and its times", "dash", \
        in_a_place, estate, plain_tree, estate.stock, trees.TREE + trees.NEWLINE
    yield "hosts: -R, ours", "dash", in_a_place, estate, directly, estate.ours
    yield "hosts: -R, OpenSSH's", "dash", in_a_place, estate, directly, estate.stock


def check_dropbear(report, estate):
    world = estate.world
    link = f"{world.base}/bin/ssh"
    with contextlib.ExitStack() as stack:
        try:
            host = stack.enter_context(servers.dropbear_for(world, hop=True))
        except Skipped as why:
            report.skip("hosts: dropbear", str(why))
            return
        os.symlink("/usr/bin/dbclient", link)
        ways = [("dropbear by ssh", None), ("dropbear by dbclient", servers.dbclient_way(world, host)),
                ("dropbear by dbclient that is called ssh", servers.dbclient_way(world, host, link))]
        for name, way in ways:
            if way and not os.path.exists(way[1]):
                report.skip(f"hosts: {name}", "there is no dbclient")
                continue
            client = Ours(estate.scp, host, world.env, way, f"{host.user}@{sshd.HOST}" if way else "server")
            # One after the other: it lets few come at a time.
            for check in FEW[:3] if "called" in name else FEW:
                report.run(f"hosts: {name}: {check}", of_all_clients, world, client, check)
        for name, one, other in (("from dropbear's", host, estate.stock_host), ("to dropbear's", estate.stock_host, host)):
            report.run(f"hosts: -3, {name}", in_a_place, estate, through_here, one, other)
        if os.path.exists("/usr/bin/dbclient"):
            for name, hop, log, came in (("another host", estate.stock_host, "sshd-stock.log", "Accepted publickey"),
                                         ("dropbear", host, "dropbear.log", "Pubkey auth succeeded")):
                report.run(f"hosts: dbclient by way of {name}", in_a_place, estate, by_hops, host, hop, log, came)


def check_asyncssh(report, estate):
    with contextlib.ExitStack() as stack:
        try:
            host = stack.enter_context(asyncssh_for(estate.world))
        except Skipped as why:
            report.skip("hosts: asyncssh", str(why))
            return
        client = Ours(estate.scp, host, estate.world.env)
        checks = [(f"hosts: asyncssh: {check}", "dash", of_all_clients, estate.world, client, check)
                  for check in FEW if check not in TREES]
        checks += [(f"hosts: -3, {name}", "dash", in_a_place, estate, through_here, *pair) for name, pair in (
            ("from asyncssh's", (host, estate.world.host)), ("to asyncssh's", (estate.world.host, host)))]
        checks.append(("hosts: asyncssh: pull a tree and its times", "dash", in_a_place, estate, plain_tree, client,
                       trees.TREE))
        accounts.run_at_once(report, checks)


def check_all(report, out, _base):
    os.umask(transfers.LOCAL_UMASK)
    scp = f"{out}/scp"
    with contextlib.ExitStack() as stack:
        world = stack.enter_context(world_with(scp))
        estate = Estate(scp, world, stack)
        accounts.run_at_once(report, list_checks(estate))
        trees.remove(f"{world.account.home}/.ssh")
        check_dropbear(report, estate)
        check_asyncssh(report, estate)
