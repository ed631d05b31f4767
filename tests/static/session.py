# SPDX-License-Identifier: ISC
"""What a C library may do differently: each time in a sandbox, which kills whoever calls what it
does not know.
"""
import errno
import os
import signal
import struct
import subprocess
import time

from stage.report import Skipped, holds, same

PATIENCE = 60                   # seconds for one session
FILE = b"C0644 5 f\nhello\0"
DONE = b"\0\0\0"
COMMANDS = range(1, 400, 7)     # lengths of a command
BODY = 200_000
ACCESS = "system.posix_acl_access"
ANYBODY = 0xffffffff            # an id in an ACL where none belongs


class Place:
    """A directory that is served, with one file of five bytes in it."""

    def __init__(self, scp, path):
        self.scp, self.path = scp, path
        os.mkdir(path)
        with open(f"{path}/f", "wb") as file:
            file.write(b"first")

    def argv(self, *options):
        return [self.scp, "--serve", f"--root={self.path}", "--log=stderr", *options]

    def play(self, command, said, *options, **env):
        """What a client gets that says all of SAID at once: (replies, stderr, exit status)."""
        done = subprocess.run(self.argv(*options), input=said, capture_output=True, timeout=PATIENCE,
                              env={"SSH_ORIGINAL_COMMAND": command, **env}, check=False)
        return done.stdout, done.stderr.decode(errors="replace"), done.returncode

    def begin(self, command, *options):
        """A session whose client has heard the greeting, and says nothing yet."""
        server = subprocess.Popen(self.argv(*options), stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                  env={"SSH_ORIGINAL_COMMAND": command})
        same("the greeting", b"\0", server.stdout.read(1))
        return server

    def content(self, name="f"):
        with open(f"{self.path}/{name}", "rb") as file:
            return file.read()


def ended(server, said=b""):
    """What comes of a session: (replies, stderr, exit status)."""
    replies, log = server.communicate(said, timeout=PATIENCE)
    return replies, log.decode(errors="replace"), server.returncode


def takes_commands_of_any_length(place):
    """What the environment says is read after the environment has gone."""
    for length in COMMANDS:
        command = f"scp -t {'./' * length}f"
        replies, log, status = place.play(command, b"", SSH_CONNECTION="192.0.2.7 1 192.0.2.8 22",
                                          OTHER="x" * length)
        same(f"a session of {length}", (b"\0", 0), (replies, status))
        holds("its record has the command and the address",
              f'from [192.0.2.7] upload root "{place.path}" request "{command}"' in log, log)


def writes_in_all_ways(place):
    for option in ("replace=atomic", "replace=in-place", "overwrite=backup", "sync=full",
                   "modes=inherit", "times=ignore", "min-free=1", "max-files=2"):
        same(f"an upload with {option}", (DONE, 0),
             place.play("scp -t .", FILE, f"--{option}")[::2])
        same(f"the file after {option}", b"hello", place.content())
    same("its backup", b"hello", place.content("f.~1~"))


def keeps_access(place):
    """An ACL with somebody else in it goes over to the file that takes the place of the old one."""
    acl = struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in (
        (0x01, 6, ANYBODY), (0x02, 4, 12345), (0x04, 4, ANYBODY), (0x10, 4, ANYBODY),
        (0x20, 0, ANYBODY)))
    try:
        os.setxattr(f"{place.path}/f", ACCESS, acl)
    except OSError as why:
        if why.errno == errno.EOPNOTSUPP:
            raise Skipped("this filesystem has no ACLs") from why
        raise
    before = os.stat(f"{place.path}/f").st_ino
    same("an upload", (DONE, 0), place.play("scp -t .", FILE, "--replace=atomic")[::2])
    holds("another file took its place", os.stat(f"{place.path}/f").st_ino != before, before)
    same("its ACL", acl, os.getxattr(f"{place.path}/f", ACCESS))


def sends_what_has_no_size(place):
    """It is read to its end before its size is told: into memory of its own."""
    with open("/proc/sys/kernel/ostype", "rb") as file:
        text = file.read()
    done = subprocess.run([place.scp, "--sandbox=try", "-f", "/proc/sys/kernel/ostype"],
                          input=DONE, capture_output=True, timeout=PATIENCE, check=False)
    same("a file of /proc", (b"C0444 %d ostype\n%s\0" % (len(text), text), b"", 0),
         (done.stdout, done.stderr, done.returncode))


def holds_to_a_rate(place):
    with open(f"{place.path}/large", "wb") as file:
        file.write(b"x" * BODY)
    replies, _, status = place.play("scp -f large", DONE, "--rate=1M/s")
    same("a download", (b"C0644 %d large\n%s\0" % (BODY, b"x" * BODY), 0), (replies, status))
    replies, _, status = place.play("scp -t large", b"C0644 %d large\n%s\0" % (BODY, b"y" * BODY),
                                    "--rate=1M/s")
    same("an upload", (DONE, 0), (replies, status))
    same("what arrived", b"y" * BODY, place.content("large"))


def ends_when_time_is_up(place):
    for option, why in (("idle-timeout", "idle for too long"),
                        ("max-duration", "the session took too long")):
        server = place.begin("scp -t .", f"--{option}=1s")
        same("exit status", 1, server.wait(PATIENCE))
        log = server.stderr.read().decode()
        holds(f"it says why: {why}", f"scp: {why}\n" in log and " exit 1" in log, log)
        server.communicate()


def ends_when_told(place):
    """Also in the middle of a file, of which nothing stays."""
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        server = place.begin("scp -t .")
        server.stdin.write(b"C0644 100 new\nhalf of it")
        server.stdin.flush()
        same("the reply to its record", b"\0", server.stdout.read(1))
        server.send_signal(number)
        same(f"exit status after {number.name}", 1, server.wait(PATIENCE))
        server.communicate()
        same("what is there", ["f"], os.listdir(place.path))


def title_of(server, wanted=b""):
    """What ps(1) shows, as soon as WANTED is in it."""
    end = time.monotonic() + PATIENCE
    while True:
        with open(f"/proc/{server.pid}/cmdline", "rb") as file:
            title = file.read()
        if wanted in title or time.monotonic() > end:
            return title
        time.sleep(0.01)


def has_a_title(place):
    """Who looks at processes sees what they do, and not their environment in its place."""
    server = place.begin("scp -t .")
    title = title_of(server)
    same("the session", (b"", 0), ended(server)[::2])
    holds("its title says that it receives", title.startswith(b"scp: receiving "), title)
    # Nothing is left of a longer one, nor of the arguments.
    server = place.begin("scp -r -t .")
    for record, at in ((b"D0755 0 a-directory-of-a-long-name\n", None),
                       (b"C0644 70000 file\n", b"./a-directory-of-a-long-name/file 0%"),
                       (bytes(70000) + b"\0", None), (b"E\n", None), (b"C0644 70000 f\n", b"./f 0%")):
        server.stdin.write(record)
        server.stdin.flush()
        same(f"the reply to {record[:9]}", b"\0", server.stdout.read(1))
        if at is not None:
            same("the title", b"scp: receiving " + at, title_of(server, at).rstrip(b"\0"))
    server.kill()
    server.communicate()


def check(report, out, base):
    for number, one in enumerate((
            takes_commands_of_any_length, writes_in_all_ways, keeps_access, sends_what_has_no_size,
            holds_to_a_rate, ends_when_time_is_up, ends_when_told, has_a_title)):
        place = Place(f"{out}/static/scp", f"{base}/session{number}")
        report.run(f"session: it {one.__name__.replace('_', ' ')}", one, place)
