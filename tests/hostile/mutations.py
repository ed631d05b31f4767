# SPDX-License-Identifier: ISC
"""Sessions that are valid but for some bits, bytes or pieces: the same ones in every run."""

import os
import random
import tempfile

from conformance import casefile, play
from conformance.peer import Fault, Peer
from conformance.world import World

COUNT = 2000
CHANGES_MAX = 6                 # to one session
PIECE_MAX = 12                  # bytes that are lost, doubled or moved at a time

# The command line, and all that a client says.
SESSIONS = [(words.split(), casefile.unescape(text)) for words, text in (
    ("-t d", r"C0644 5 f\nhello\0"),
    ("-t d", r"C0644 5 a\nhello\0C0600 0 b\n\0C4755 12 c\nhello, world\0"),
    ("-p -t d", r"T1000000000 0 1000000000 0\nC0644 5 f\nhello\0T1 5 2 6\nC0400 3 g\nabc\0"),
    ("-r -t d", r"D0755 0 a\nC0644 5 f\nhello\0D0700 0 b\nC0644 1 x\n1\0E\nE\nC0644 2 z\n22\0"),
    ("-r -p -t d", r"T1 0 1 0\nD0555 0 sub\nT2 0 2 0\nC0640 5 f\nhello\0E\nT3 0 3 0\nC0644 0 f\n\0E\n"),
    ("-r -t d", r"\{40 D0755 0 a\n}C0644 1 f\n1\0\{40 E\n}"),
    ("-r -d -t d", r"\1a warning\nC0644 5 trap\nhello\0D0755 0 way\nC0644 4 file\nhell\0E\n"),
    ("-t d/f", r"C0644 5 other\nhello\0"),
    ("-t d/new", r"C0644 20000 other\n\{20000 x}\0"),
    ("-t d", r"C0644 5 f\nhello\1read error\nC0644 5 g\nhello\0\2the end\n"),
    ("-f d/f d/sub", r"\0\0\0"),
    ("-r -p -f d d/f", r"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"),
    ("-r -f d", r"\0\0\1no\n\0\0\1cannot write\n\0\0\0\0"),
)]


def pieces(rng, data):
    """A piece of the data: where it begins and ends."""
    at = rng.randrange(len(data) + 1)
    return at, min(len(data), at + rng.randint(1, PIECE_MAX))


def flip_bit(rng, data):
    if not data:
        return data
    at = rng.randrange(len(data))
    return data[:at] + bytes([data[at] ^ 1 << rng.randrange(8)]) + data[at + 1:]


def lose(rng, data):
    begin, end = pieces(rng, data)
    return data[:begin] + data[end:]


def double(rng, data):
    begin, end = pieces(rng, data)
    return data[:end] + data[begin:]


def move(rng, data):
    begin, end = pieces(rng, data)
    rest = data[:begin] + data[end:]
    at = rng.randrange(len(rest) + 1)
    return rest[:at] + data[begin:end] + rest[at:]


def truncate(rng, data):
    return data[:rng.randrange(len(data) + 1)]


def put_in(rng, data):
    at = rng.randrange(len(data) + 1)
    return data[:at] + rng.choice(SPICE) + data[at:]


def replace_digit(rng, data):
    digits = [i for i, b in enumerate(data) if chr(b).isdigit()]
    if not digits:
        return data
    at = rng.choice(digits)
    return data[:at] + rng.choice(NUMBERS) + data[at + 1:]


CHANGES = (flip_bit, flip_bit, lose, double, move, truncate, put_in, put_in, replace_digit)
SPICE = (b"\0", b"\n", b"\1", b"\2", b"/", b"..", b"../canary/file", b"E\n", b"D0777 0 ..\n", b"%n%s",
         b"\xff", b"\x1b[2J", b"C0644 5 trap\nhello\0", b"D0777 0 way\n", b"T0 0 0 0\n", b"x" * 9000)
NUMBERS = (b"", b"-1", b"8", b"00000000", b"9223372036854775807", b"18446744073709551615", b"4294967296",
           b" ", b"7777")


def mutate(seed):
    """The command line and the input of one session."""
    rng = random.Random(seed)
    args, data = rng.choice(SESSIONS)
    for _ in range(rng.randint(1, CHANGES_MAX)):
        data = rng.choice(CHANGES)(rng, data)
    return args, data, rng.choice(("pipe", "socketpair"))


def plant(world):
    """The target, with traps in it, and the canary beside it."""
    canary = [("dir", b"canary", b"0755"), ("dir", b"canary/dir", b"0755")]
    for verb, *args in canary + [("dir", b"d", b"0755"), ("dir", b"d/sub", b"0755"), ("fifo", b"d/p", b"0644")]:
        world.act(verb, args, None)
    for path in (b"canary/file", b"canary/dir/file", b"d/f", b"d/sub/f"):
        world.act("file", [path, b"0644"], b"old")
    if os.geteuid() == 0:
        for path, to in ((b"d/trap", b"../canary/file"), (b"d/way", b"../canary")):
            world.act("link", [path], to)
            world.act("owner", [path, b"54321"], None)
    for path in (b"canary/dir/file", b"canary/file", b"canary/dir", b"canary"):
        world.act("times", [path, b"1000000000", b"1000000000"], None)
    world.remember(set())


def talk(setup, world, args, data, transport):
    """Sends it all and reads whatever comes; the faults."""
    peer = Peer([setup.prog] + args, os.fsdecode(world.base), transport, 0, setup.timeout,
                env=play.environment(world.base, []))
    try:
        peer.send(data)
        peer.eof()
        peer.wait(lambda: peer.ended and peer.exited and peer.e == -1, "end of the server")
        status = peer.process.wait()
    except Fault as e:
        return [str(e)]
    finally:
        peer.close()
    faults = [] if status in (0, 1) else ["exit status %d" % status]
    return faults + (["standard error: %s" % casefile.show(peer.err, 2000)] if peer.err else [])


def play_one(job):
    seed, setup = job
    title = "mutations/%d" % seed
    args, data, transport = mutate(seed)
    base = tempfile.mkdtemp(dir=setup.top)
    world = World(base)
    old_umask = os.umask(0)
    try:
        plant(world)
        faults = talk(setup, world, args, data, transport) + world.check_canary()
    except Exception as e:              # a fault of ours, and never a silent one
        faults = ["the runner failed: %r" % e]
    finally:
        os.umask(old_umask)
    if not faults:
        return play.Result(title, "passed", "")
    lines = ["FAIL %s (%s): scp %s" % (title, transport, " ".join(args)), "    sent %s" % casefile.show(data, 2000)]
    return play.Result(title, "failed", "\n".join(lines + ["    " + f for f in faults]))


def jobs(setup):
    return [(seed, setup) for seed in range(COUNT)]


def is_wanted(job, only):
    return not only or "mutations" in only or "mutations/%d" % job[0] in only
