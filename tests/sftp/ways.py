# SPDX-License-Identifier: ISC
"""How a session of SFTP is asked for, and how it ends: by words, exit statuses and standard error."""
import os
import signal
import subprocess

from lab import asking, get, put
from stage import packets as p
from stage.packets import fails, string, u32, u64, well
from stage.report import holds, same

NAME = "ways"
UPLOAD = p.W | p.CREAT | p.TRUNC
HINT = "scp: this account is for copying files: there is no shell here.\n"
NOT_SERVED = "scp: not served: this account is for copying files alone\n"
IDLE, TOO_LONG = "scp: idle for too long\n", "scp: the session took too long\n"
REPLIES = 16                    # to a client that is not served
INIT = p.packet(p.INIT, u32(3))
FIRST = u32(0) + u32(1)         # handle of a session


def rule_1_a_subsystem_serves_every_account(lab):
    """What the client asked for besides is not looked at."""
    for command in (None, "", "id", "scp -t x", "internal-sftp"):
        session = lab.begin(env=asking(command))
        same("where it begins", os.fsencode(lab.top), session.realpath(".").names[0].name)
        well(session.put(f"{lab.top}/file", b"x"))
        same("how it ends", (0, ""), session.end())


def rule_1_with_words_of_the_administrator(lab):
    os.mkdir(lab.root)
    session = lab.begin("--root", lab.root, "--download-only")
    same("where it begins", b"/", session.realpath(".").names[0].name)
    fails(p.PERMISSION_DENIED, session.open("/f", UPLOAD), "uploads are not allowed")


def rule_2_what_asks_for_sftp(lab):
    """All other words are the client's, and say nothing: it is served as everybody else is."""
    for command in ("internal-sftp", "internal-sftp -l INFO -f AUTH -u 077 -d /x", "sftp-server",
                    "/usr/lib/openssh/sftp-server -R -p stat", "scp --sftp --root=/ --hidden=yes",
                    "/any/where/scp --serve --download-only --umask=077", "scp-shell --sftp --list=no",
                    "'internal-sftp' ';id'", "scp --sftp --no-such-key"):
        session = lab.forced(command)
        same(f"where {command} begins", b"/", session.realpath(".").names[0].name)
        fails(p.NO_SUCH_FILE, session.stat(lab.top))
        well(session.put("/f", b"new", mode=0o666))
        same("mode", 0o644, os.stat(f"{lab.root}/f").st_mode & 0o7777)
        same("names", [b".", b"..", b"f"], session.names("/"))
        fails(p.PERMISSION_DENIED, session.open("/.hidden", UPLOAD))
        same(f"how {command} ends", (0, ""), session.end())


def rule_2_what_does_not(lab):
    for command in ("sftp", "x/internal-sftp", "internal-sftpd", "sftp-server.sh", "sh --sftp",
                    "-c sftp-server", "id internal-sftp", "", "SFTP-SERVER"):
        session = lab.forced(command, begin=False)
        session.send(INIT)
        same(f"what {command} comes to", (1, NOT_SERVED), session.end())
        same("what it hears", b"", session.input)
    for command in ("scp", "scp --sftpx", "scp -t", "scp -t --sftp"):
        same(f"what {command} comes to", 1, lab.forced(command, begin=False).end()[0])


def rule_4_without_a_command(lab):
    """Somebody who wants a shell, or a Subsystem: INIT shows which."""
    session = lab.forced(None)
    same("where it begins", b"/", session.realpath(".").names[0].name)
    same("how it ends", (0, HINT), session.end())
    for first in (b"ls\n", b"\n", p.request(p.STAT, 1, string("/")), b"", b"\0", INIT[:-1]):
        session = lab.forced(None, begin=False)
        session.send(first)
        same(f"how {first} ends", (1, HINT), session.end())
        same("what it hears", b"", session.input)


def rule_4_on_a_terminal(lab):
    """Nobody speaks SFTP there: it ends at once, whatever is typed."""
    os.mkdir(lab.root)
    ours, theirs = os.openpty()
    os.write(ours, INIT + b"\n")
    done = subprocess.run([lab.argv[0], "--serve", f"--root={lab.root}", "--log=none"],
                          stdin=theirs, env=asking(None), capture_output=True, check=False,
                          timeout=p.PATIENCE)
    os.close(ours)
    os.close(theirs)
    same("how it ends", (1, b"", HINT.encode()), (done.returncode, done.stdout, done.stderr))


def rule_5_refused_in_its_own_protocol(lab):
    """As often as a client needs to hear it, and not for ever."""
    session = lab.forced("internal-sftp", "--protocol=scp", begin=False)
    session.send(INIT + b"".join(p.request(p.STAT, number, string("/")) for number in range(40)))
    first, *replies = [session.reply() for _ in range(REPLIES)]
    same("version", (p.VERSION, 3), (first.kind, first.id))
    for number, reply in enumerate(replies):
        same("number", number, reply.id)
        fails(p.PERMISSION_DENIED, reply, "this account takes SCP only: use scp -O")
    same("how it ends", (1, "scp: this account takes SCP only: use scp -O\n"), session.end())
    same("what else it hears", b"", session.input)


def rule_5_refused_to_who_speaks_scp(lab):
    words = b"scp: this account takes SFTP only: use sftp, or scp without -O\n"
    for command, said in (("scp -t .", b""), ("scp -f x", b"\0")):
        session = lab.forced(command, "--protocol=sftp", begin=False)
        session.send(said)
        same("exit status", 1, session.end()[0])
        same("what it hears", b"\1" + words, session.input)


def nothing(_session):
    pass


def refused(session):
    """Half a dozen of them, and whatever else is left open."""
    for path in ("/none", "/.hidden", "../x", "/f/none"):
        session.open(path, p.R)
    session.ask(99)
    session.mkdir("/none/none")
    session.open("/new", UPLOAD)


def says(*text):
    def say(session):
        session.send(b"".join(text))
    return say


def deaf(session):
    """What it asks for is answered to nobody."""
    session.deafen()
    session.send(p.request(p.REALPATH, 1, string(".")))
    session.child.wait(p.PATIENCE)


def told(number):
    def tell(session):
        session.child.send_signal(number)
        session.child.wait(p.PATIENCE)
    return tell


def sleeps_over_it(session):
    """More than the rate lets through in the time that there is, into the first file of any session."""
    session.send(p.request(p.OPEN, 1, string("/new"), u32(UPLOAD), p.attrs()) +
                 p.request(p.WRITE, 2, string(FIRST), u64(0), string(bytes(100000))))


ENDS = (
    # what happens, exit status, standard error, options
    ("nothing", nothing, 0, "", ()),
    ("refusals", refused, 0, "", ()),
    ("refusals of all", refused, 0, "", ("--download-only", "--deny=*")),
    ("a length of 0", says(u32(0)), 1, "", ()),
    ("a length that is none", says(u32(262145)), 1, "", ()),
    ("a second INIT", says(INIT), 1, "", ()),
    ("half a length", says(b"\0\0"), 1, "", ()),
    ("half a packet", says(p.request(p.STAT, 1, string("/"))[:-1]), 1, "", ()),
    ("nobody listens", deaf, 1, "", ()),
    ("SIGTERM", told(signal.SIGTERM), 1, "", ()),
    ("SIGHUP", told(signal.SIGHUP), 1, "", ()),
    ("SIGINT", told(signal.SIGINT), 1, "", ()),
    ("it is idle", nothing, 1, IDLE, ("--idle-timeout=1",)),
    ("its time is up", nothing, 1, TOO_LONG, ("--max-duration=1",)),
    ("its time is up in a packet", sleeps_over_it, 1, TOO_LONG, ("--max-duration=1", "--rate=1K/s")),
)


def rule_6_exit_statuses_and_rule_7_standard_error(lab):
    """Clients take any status but 0 for a failure of their own, and show what stands there."""
    os.mkdir(lab.root)
    put(f"{lab.root}/f")
    same("the first handle", FIRST, lab.held().opened("/f", p.R))
    begun = []
    for name, happen, status, said, options in ENDS:
        session = lab.forced("internal-sftp", *options, begin=not said)
        if said:
            session.send(INIT)      # Its time may be up before that is answered.
        happen(session)
        begun.append((name, status, said, session))
    for name, status, said, session in begun:
        if said:
            session.child.wait(p.PATIENCE)
        same(f"how it ends: {name}", (status, said), session.end())
    same("what is there", ["f"], os.listdir(lab.root))
    same("what is in it", b"old", get(f"{lab.root}/f"))


def rule_6_a_required_log(lab):
    """It breaks, and what should be in it is not answered."""
    for required, status in (("yes", 1), ("no", 0)):
        reading, writing = os.pipe()
        session = lab.held(f"--log-required={required}", errors=writing)
        os.close(writing)
        holds("the first record", b"session opened" in os.read(reading, 9999), "")
        os.close(reading)
        session.send(p.request(p.MKDIR, 1, string(f"/{required}"), p.attrs()))
        if status == 0:
            well(session.reply())
        same("exit status", status, session.end()[0])
        same("what else it hears", b"", session.input)
