# SPDX-License-Identifier: ISC
"""
Clients, and others beside them, that mean harm.  Beside the root is a tree of canaries, which the account
may change if it only gets there: whatever is sent, and whatever is exchanged meanwhile for a link that
leads there, they are as they were, and the session ends, not by a signal.
"""
import contextlib
import ctypes
import os
import random
import threading
import time

from conformance import casefile, play
from stage import trees
from stage.report import Failed, holds, same

HERE = os.path.dirname(os.path.abspath(__file__))
MUTATIONS, GROUPS = 120, 4      # sessions, and checks that they are shared out to
CHANGES = 6                     # to one session, at most
ENTRIES = 20000                 # of a directory that nobody reads to its end
GROWTH = 2048                   # KiB of memory that they may cost
ROUNDS = 10                     # sessions of each race
ATTEMPTS = 100                  # to meet the link where nothing keeps anybody from it
RENAME_EXCHANGE = 2
AT_FDCWD = -100
SPICE = (b"\0", b"\n", b";", b"'", b'"', b"\\", b"`", b"$(", b"&&", b"| ", b"\r", b"../", b"/", b"~", b"*", b"{a,b}",
         b" -rf ", b"\xff", b"$?", b"#", b">x", b"2>&1", b"\1", b"\2", b"E\n", b"C0644 5 ../x\n", b"sh\n", b"exec ")
WORDS = ("rm -rf / ../canary /../canary", "mv ../canary x", "mv f ../canary/file", "chmod -R 0 .. /.. ../canary",
         "cp -r d ../canary", "mkdir ../canary/x", "touch ../canary/file ../new", "cat ../canary/secret",
         "ln -s ../canary l; rm -rf l/* l/; chmod -R 0 l; ls -la l/; cat l/secret", "cd ../canary && rm -rf *",
         "cd d && rm -rf ../../canary", "sh -c 'cd /..; rm -rf canary'", "rm -rf {.,..}/{canary,../canary}",
         "scp -r -f ../canary", "scp -t ../canary", "rmdir ../canary/dir", "ls -la .. ../canary /../canary/*")


def plant(place):
    """The canaries, and what the session may have."""
    top = f"{place.base}/canary"
    os.makedirs(f"{top}/dir")
    for name in ("file", "secret", "dir/file"):
        with open(f"{top}/{name}", "wb") as file:
            file.write(b"tweet")
    os.makedirs(f"{place.root}/d/sub")
    for name in ("f", "g", "d/f", "d/sub/x"):
        with open(f"{place.root}/{name}", "wb") as file:
            file.write(b"data")
    os.symlink("../canary", f"{place.root}/out")
    for path in (place.root, top):
        place.give(path)
        for where, dirs, files in os.walk(path):
            for name in [*dirs, *files]:
                place.give(os.path.join(where, name))
    return top


def snapshot(top):
    found = {}
    for path, dirs, files in os.walk(top):
        for name in [".", *dirs, *files]:
            each = os.path.normpath(os.path.join(path, name))
            st = os.lstat(each)
            found[each] = (st.st_mode, st.st_uid, st.st_size, st.st_mtime_ns, st.st_ino, st.st_nlink)
    return found


def sings(outcome):
    return "tweet" in outcome.text


def serve(place, data, command=None, more=()):
    argv = [place.setup.prog, "--serve", "--commands=yes", f"--root={place.root}", "--log=none",
            "--make-links=yes", *more]
    env = {} if command is None else {"SSH_ORIGINAL_COMMAND": command}
    outcome = place.run(argv, env, data)
    holds("no signal ends it, and no sanitizer", outcome.code is not None and outcome.code >= 0 and
          outcome.code != play.SANITIZER_STATUS, outcome.log)
    return outcome


def leads_nowhere(place):
    """Each of the words, on a channel of its own and as a line of one, without and with links followed."""
    top = plant(place)
    before = snapshot(top)
    for more in ((), ("--symlinks=beneath", "--hidden=yes")):
        for words in WORDS:
            holds(f"{words}: nothing is told", not sings(serve(place, b"\0" * 9, words, more)), words)
        lines = "\n".join(WORDS[:13]) + "\n"
        holds("nothing is told", not sings(serve(place, lines.encode(), None, more)), "")
        place.empty()
        trees.remove(top)
        top = plant(place)
        before = snapshot(top)
        for words in WORDS:
            serve(place, b"\0" * 9, words, more)
        same("canaries", before, snapshot(top))


# -- Sessions that are valid but for some bytes: the same ones in every run.

def sessions():
    """What the clients of all dialogues say."""
    for case in casefile.load(HERE):
        said = b"".join(what for kind, what in case.steps if kind == "send")
        if case.command or said:
            yield case.command, casefile.FACT.sub(b"x", said)


def change(rng, data):
    at, end = sorted(rng.randrange(len(data) + 1) for _ in "12")
    kind = rng.randrange(5)
    if kind == 0 and data:
        at = min(at, len(data) - 1)
        return data[:at] + bytes([data[at] ^ 1 << rng.randrange(8)]) + data[at + 1:]
    if kind == 1:
        return data[:at] + data[min(end, at + 12):]
    if kind == 2:
        return data[:end] + data[at:]
    return data[:at] + rng.choice(SPICE) + data[at:]


def mutations(place, group, times):
    top = plant(place)
    before = snapshot(top)
    all_of_them = list(sessions())
    for number in range(group, MUTATIONS * times, GROUPS):
        rng = random.Random(number)
        command, said = rng.choice(all_of_them)
        parts = [part for part in (command, said) if part]
        for _ in range(rng.randint(1, CHANGES)):
            which = rng.randrange(len(parts))
            parts[which] = change(rng, parts[which])
        command = parts.pop(0).replace(b"\0", b"") if command else None
        outcome = serve(place, b"".join(parts), command, ("--symlinks=beneath", "--idle-timeout=30"))
        if snapshot(top) != before or sings(outcome):
            raise Failed(f"mutation {number}", "canaries that are silent", (command, parts), outcome.log)
        left = [name for _, _, files in os.walk(place.root) for name in files if name.startswith(".scp-")]
        same(f"mutation {number}: temporary files left", [], left)


SESSION = b"mkdir new ; scp -t new\nC0644 5 f\nhello\0E\nmv f moved ; cp g copy\nscp -f g\n\0\0\0rm -r d\n"


def cuts(place):
    """The client is gone after each byte of a session: what is there is whole, old or new."""
    for count in range(len(SESSION)):
        place.empty()
        trees.remove(f"{place.base}/canary")
        before = snapshot(plant(place))
        serve(place, SESSION[:count])
        same("canaries", before, snapshot(f"{place.base}/canary"))
        for path, _, files in os.walk(place.root):
            for name in files:
                with open(os.path.join(path, name), "rb") as file:
                    holds(f"after {count} bytes {name} is whole", file.read() in (b"data", b"hello"), path)


# -- Too much of something.

def operators(place):
    """A million operators are no line, and what comes behind them is one."""
    plant(place)
    outcome = serve(place, b";" * 10**6 + b"\necho alive $?\n" + b"; ;" * 15000 + b"\necho alive $?\n")
    same("what it says", "alive 2\nalive 2\n", outcome.out)


def shells(place):
    """Shells in one another: so many that each would cost something."""
    plant(place)
    outcome = serve(place, b"sh\n" * 10000 + b"pwd\n")
    same("what it says", "/\n", outcome.out)


def nothing(place):
    plant(place)
    outcome = serve(place, b"pwd\n" + b"\0" * 10**6 + b"pwd\n")
    same("what it says", "/\n/\n", outcome.out)


def peak(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return next((int(line.split()[1]) for line in file if line.startswith("VmHWM")), 0)


def memory_of_listing(place, entries):
    """KiB that it has taken at most when it ends, which it does by itself: nobody reads."""
    os.mkdir(f"{place.root}/{entries}")
    for number in range(entries):
        os.close(os.open(f"{place.root}/{entries}/{number:0200}", os.O_CREAT | os.O_WRONLY, 0o644))
    reader, writer = os.pipe()
    child = place.start(writer, "--idle-timeout=1", f"ls -la {entries}")
    os.close(writer)
    most = 0
    while child.poll() is None:
        with contextlib.suppress(OSError):
            most = max(most, peak(child.pid))
        time.sleep(0.02)
    os.close(reader)
    same("exit status", 1, child.returncode)
    return most


def still_reader(place, times):
    """Who does not read a long listing is waited for, as long as is said, and costs no memory."""
    plant(place)
    few, many = (memory_of_listing(place, entries) for entries in (ENTRIES // 20, ENTRIES * times))
    holds("memory was seen", few > 0, few)
    holds("it costs no memory", many - few <= GROWTH, f"{many - few} KiB")


# -- Races.

def exchange(one, other, told):
    """What two names stand for, as fast as it goes."""
    libc = ctypes.CDLL(None)
    while not told.is_set():
        libc.renameat2(AT_FDCWD, one, AT_FDCWD, other, RENAME_EXCHANGE)


@contextlib.contextmanager
def exchanged(place):
    """Again and again d/sub is a link that leads out."""
    os.symlink("../../canary", f"{place.root}/d/way")
    told = threading.Event()
    names = [os.fsencode(f"{place.root}/d/{name}") for name in ("sub", "way")]
    others = threading.Thread(target=exchange, args=(*names, told))
    others.start()
    try:
        yield
    finally:
        told.set()
        others.join()


def unconfined(place):
    """A real shell does meet the link: else the races below would show nothing."""
    plant(place)
    with exchanged(place):
        holds("the canary sings", any(sings(place.run(
            ["/bin/sh", "-c", "cat d/sub/secret;" * 20], cwd=place.root)) for _ in range(ATTEMPTS)), "silence")


def race(place, command, times):
    top = plant(place)
    before = snapshot(top)
    with exchanged(place):
        for _ in range(ROUNDS * times):
            outcome = serve(place, b"", "\n".join([command] * 20), ("--symlinks=beneath",))
            holds("nothing is told", not sings(outcome), outcome.log)
            os.makedirs(f"{place.root}/d", exist_ok=True)
            with contextlib.suppress(FileExistsError):
                os.mkdir(f"{place.root}/d/sub")
            with contextlib.suppress(FileExistsError):
                os.symlink("../../canary", f"{place.root}/d/way")
    same("canaries", before, snapshot(top))


SIMPLE = (leads_nowhere, cuts, operators, shells, nothing, unconfined)
RACES = (
    "rm -rf d/sub/x d/sub; mkdir -p d/sub; touch d/sub/x",
    "cp -r d e; cp f d/sub/file; cp -pr d/sub e; rm -r e",
    "chmod -R 0700 d; chmod -R 0755 d/sub",
    "touch d/sub/file d/sub/secret; cat d/sub/secret",
    "mv f d/sub/file; mv d/sub/file f; touch f",
    "ls -la d/sub; cat d/sub/file; md5sum d/sub/*; mkdir d/sub/new",
    "rm -rf d; mkdir -p d/sub; ln -s ../../canary d/way",
)


def checks(times):
    return [(f"hostile/{check.__name__.replace('_', '-')}", check) for check in SIMPLE] + \
        [("hostile/still-reader", still_reader, times)] + \
        [(f"hostile/mutations {group}", mutations, group, times) for group in range(GROUPS)] + \
        [(f"hostile/race: {command}", race, command, times) for command in RACES]
