# SPDX-License-Identifier: ISC
"""In a chroot that has nothing but the program, the directory that it serves, and what a check adds."""
import os
import shutil
import socket
import struct
import subprocess
import time

from stage.report import holds, same

PATIENCE = 60                   # seconds for one session
ANNA = 54321                    # a user of whom the machine knows nothing
CREW = 54322
FILE = b"C0644 5 f\nhello\0"
DONE = b"\0\0\0"
TREE = (b"T1000000000 0 1000000001 0\nD0750 0 tree\nT1000000002 0 1000000003 0\nC0640 5 f\nhello\0"
        b"T1000000004 0 1000000005 0\nD0700 0 e\nE\nE\n")
LONG = "n" * 256
EAST = 5 * 3600 + 45 * 60       # seconds that the cell's clocks are ahead
NO_LOG = b"scp: /dev/log: No such file or directory\n"


class Cell:
    def __init__(self, scp, path):
        self.path = path
        os.mkdir(path)
        shutil.copy(scp, f"{path}/scp")
        self.directory("d")

    def directory(self, name, owner=ANNA):
        os.makedirs(f"{self.path}/{name}")
        os.chown(f"{self.path}/{name}", owner, owner)

    def write(self, name, text):
        os.makedirs(os.path.dirname(f"{self.path}/{name}"), exist_ok=True)
        with open(f"{self.path}/{name}", "w", encoding="utf-8") as file:
            file.write(text)

    def names(self, below=""):
        return sorted(os.listdir(f"{self.path}/{below}"))

    def play(self, uid, words, said, command=None, groups=()):
        """What a client gets that says all of SAID at once: (replies, stderr, exit status)."""
        def enter():
            os.chroot(self.path)
            os.chdir("/")
            os.setgroups(groups)
            os.setgid(uid)
            os.setuid(uid)
        env = {"SSH_ORIGINAL_COMMAND": command} if command else {}
        done = subprocess.run(["/scp", *words], input=said, capture_output=True, env=env,
                              preexec_fn=enter, timeout=PATIENCE, check=False)
        return done.stdout, done.stderr, done.returncode

    def serve(self, uid, command, said, *options, **more):
        return self.play(uid, ["--serve", "--log=none", *options], said, command, **more)


def add_accounts(cell):
    cell.write("etc/passwd", f"root:x:0:0::/root:/bin/sh\nanna:x:{ANNA}:{ANNA}::/home/anna:/bin/sh\n")
    cell.write("etc/group", f"root:x:0:\nannas:x:{ANNA}:\ncrew:x:{CREW}:anna\n")
    cell.directory("home/anna")


def is_all_that_there_is(cell, uid):
    """A drop-in."""
    said = b"\0" * 20
    same("an upload", (DONE, b"", 0), cell.play(uid, ["-t", "/d"], FILE))
    same("an upload over it", (DONE, b"", 0), cell.play(uid, ["-t", "d/f"], FILE))
    same("a download", (FILE, b"", 0), cell.play(uid, ["-f", "d/f"], DONE))
    same("an upload of a tree", (b"\0" * 10, b"", 0), cell.play(uid, ["-r", "-p", "-t", "d"], TREE))
    same("a download of it", (TREE, b"", 0), cell.play(uid, ["-r", "-p", "-f", "d/tree"], said))
    same("what is there now", (["d", "scp"], ["f", "tree"]), (cell.names(), cell.names("d")))


def says_what_is_wrong(cell, uid):
    os.symlink("loop", f"{cell.path}/d/loop")
    for path, why in (("d/none", b"No such file or directory"), ("d", b"not a regular file"),
                      ("d/loop", b"Too many levels of symbolic links"),
                      (f"d/{LONG}", b"File name too long"), ("scp/x", b"Not a directory")):
        same(f"a download of {path}", (b"\1scp: %s: %s\n" % (path.encode(), why), b"", 1),
             cell.play(uid, ["-f", path], b"\0"))


def is_served_below_a_root(cell, uid):
    for options in (["--log=syslog"], ["--log=syslog", "--sandbox=require"], ["--log=none"]):
        words = ["--serve", "--root=/d", *options]
        same("an upload", (DONE, b"", 0), cell.play(uid, words, FILE, "scp -t ."))
        same("a download", (FILE, b"", 0), cell.play(uid, words, DONE, "scp -f f"))
        same("of what is outside", (b"\1scp: ../scp: it is outside the root\n", b"", 1),
             cell.play(uid, words, b"\0", "scp -f ../scp"))
    same("what is there now", (["d", "scp"], ["f"]), (cell.names(), cell.names("d")))


def is_not_served_without_a_log(cell, uid):
    words = ["--serve", "--root=/d", "--log=syslog", "--log-required=yes"]
    for command in ("scp -t .", "scp -f f"):
        same(command, (b"\1" + NO_LOG, b"", 1), cell.play(uid, words, b"\0", command))
    same("what is there now", [], cell.names("d"))


def knows_no_names(cell, uid):
    """A user without a name is no error where no name is needed."""
    same("no user", (b"\1scp: ~anna/f: No such file or directory\n", b"", 1),
         cell.serve(uid, "scp -f ~anna/f", b"\0", "--root=/d"))
    for sign, what in (("u", "the account has no plain name"), ("g", "its group has no plain name"),
                       ("h", "the account has no home directory")):
        why = f"scp: --root=/d/%{sign}: %{sign}: {what}\n".encode()
        same(f"a root with %{sign}", (b"\1" + why, b"", 1),
             cell.serve(uid, "scp -t .", FILE, f"--root=/d/%{sign}"))


def knows_accounts(cell):
    """From /etc/passwd and /etc/group, and nothing else."""
    add_accounts(cell)
    for name in ("anna", "annas", "home/anna"):
        cell.directory(f"d/{name}")
    for root, where in (("/d/%u", "d/anna"), ("/d/%g", "d/annas"), ("/d%h", "d/home/anna")):
        same(f"an upload below {root}", (DONE, b"", 0),
             cell.serve(ANNA, "scp -t .", FILE, f"--root={root}"))
        same(f"what is below {root}", ["f"], cell.names(where))
    for uid, home in ((ANNA, "~"), (ANNA, "~anna"), (0, "~anna")):
        options = ["--root=/", "--start=/home/anna" if uid == ANNA else "--start=/d"]
        same(f"an upload to {home}", (DONE, b"", 0), cell.serve(
            uid, f"scp -t {home}", FILE, *options, "--hidden=no", "--symlinks=never"))
        same(f"a download from {home}", (FILE, b"", 0),
             cell.serve(uid, f"scp -f {home}/f", DONE, *options))
        os.unlink(f"{cell.path}/home/anna/f")
    same("a user who is not there", (b"\1scp: ~bert/f: No such file or directory\n", b"", 1),
         cell.serve(ANNA, "scp -f ~bert/f", b"\0", "--root=/"))


def knows_groups(cell):
    """Those that a process has, and those that the table says somebody else has."""
    add_accounts(cell)
    cell.write("etc/scp.conf", "match group crew\n\troot /d\nmatch user root\n\troot /\n")
    same("a member", (DONE, b"", 0), cell.serve(ANNA, "scp -t .", FILE, groups=[CREW]))
    same("what he left", ["f"], cell.names("d"))
    told, log, status = cell.play(0, ["--check", "/etc/scp.conf", "anna"], b"")
    same("what root is told", (b"scp: /dev/log: No such file or directory\n", 1), (log, status))
    holds("it says that anna's root is /d", b"root /d\n" in told, told)


def writes_to_the_log(cell):
    """In local time, which is in a file that a sandbox does not let anybody read."""
    cell.directory("dev")
    cell.directory("etc")
    with open(f"{cell.path}/etc/localtime", "wb") as zone:
        zone.write(2 * (b"TZif2" + b"\0" * 15 +
                        struct.pack(">7lBB4s", 0, 0, 0, 0, 1, 4, EAST, 0, 0, b"EST\0")) +
                   b"\nEST-5:45\n")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as log:
        log.bind(f"{cell.path}/dev/log")
        os.chmod(f"{cell.path}/dev/log", 0o666)
        log.settimeout(PATIENCE)
        minutes = {minute_of(time.time() + EAST)}
        same("an upload", (DONE, b"", 0),
             cell.play(ANNA, ["--serve", "--root=/d"], FILE, "scp -t ."))
        minutes.add(minute_of(time.time() + EAST))
        records = [log.recv(4096).decode() for _ in range(3)]
    for record, what in zip(records, ("session opened for local user 54321 ", 'close "/f" ',
                                      "session closed for local user 54321 ")):
        holds(f"a record {what!r} at {sorted(minutes)}",
              what in record and record.split()[2][:5] in minutes, record)


def minute_of(seconds):
    return time.strftime("%H:%M", time.gmtime(seconds))


FOR_ANYBODY = (is_all_that_there_is, says_what_is_wrong, is_served_below_a_root,
               is_not_served_without_a_log, knows_no_names)
ONCE = (knows_accounts, knows_groups, writes_to_the_log)


def check(report, out, base):
    if os.geteuid() != 0:
        report.skip("alone: all of it", "only root can have a chroot")
        return
    rows = [(one, uid) for one in FOR_ANYBODY for uid in (0, ANNA)] + [(one, None) for one in ONCE]
    for number, (one, uid) in enumerate(rows):
        cell = Cell(f"{out}/static/scp", f"{base}/cell{number}")
        name = f"alone: it {one.__name__.replace('_', ' ')}"
        if uid is None:
            report.run(name, one, cell)
        else:
            report.run(f"{name}, user {uid}", one, cell, uid)
