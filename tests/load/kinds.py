# SPDX-License-Identifier: ISC
"""The kinds of sessions: what each does, and what must be there after it."""
import os
import random
import signal
import threading

from stage import transfers, trees
from stage.report import holds, same

MIB = 1 << 20
SIZES = {"empty": 0, "one": 1, "page": 4096, "small": 65535, "piped": 262145, "mib": MIB,
         "large": 3 * MIB + 7}
OLD = b"what has been there before, and is longer than some of what comes instead\n" * 200
FILES = [(name, "file", (0o644, 0o600, 0o664, 0o755)[number % 4], size)
         for number, (name, size) in enumerate(SIZES.items())]
# Restricted accounts see neither names that begin with a dot nor links.
PLAIN_TREE = [entry for entry in trees.TREE if entry[1] != "link" and "." not in
              (part[0] for part in entry[0].split("/"))]
# OpenSSH's client of SFTP does not follow links to directories, and makes them with its own umask.
SFTP_TREE = [(name, kind, mode & ~transfers.LOCAL_UMASK if kind == "dir" else mode, content)
             for name, kind, mode, content in PLAIN_TREE]
THOUSANDS = "thousands"         # in the titles of servers with much to do
PER_DIRECTORY = 100
SLOW = 4000                     # kbit/s, of a client that is to be cut off before it is done
CUT = (0.2, 2.0)                # seconds after which it is
PATIENCE = 600                  # seconds after which a session is said to hang
TOO_LARGE, FULL = "larger than allowed", "No space left on device"


def random_files(entries):
    return [(name, kind, mode, random.randbytes(content) if kind == "file" else None)
            for name, kind, mode, content in entries]


def thousands_of(count):
    """Many small files, in some directories."""
    found = []
    for number in range(count):
        directory = f"d{number // PER_DIRECTORY:04d}"
        if number % PER_DIRECTORY == 0:
            found.append((directory, "dir", 0o755, None))
        found.append((f"{directory}/f{number:06d}", "file", 0o640,
                      b"%d\n" % number * (number % 300)))
    return found


def build_sources(ground, many):
    """What is uploaded, and what is downloaded."""
    contents = {"files": random_files(FILES), "tree": trees.TREE, "plain": PLAIN_TREE,
                "sftp": SFTP_TREE, THOUSANDS: thousands_of(many)}
    for name, entries in contents.items():
        trees.build(f"{ground.pool}/{name}", entries)
        # A client that is not root's cannot fill directories that it made read-only.
        trees.build(f"{ground.shelf}/{name}",
                    [entry for entry in entries if not entry[0].startswith("readonly")])
    ground.world.give(ground.shelf)


class Sources:
    """What there is of each, as a copy must look; each is read once, for nobody changes them."""

    def __init__(self):
        self.known = {}

    def expected(self, top, preserve, umask):
        key = (top, preserve, umask)
        if key not in self.known:
            self.known[key] = trees.expected(top, trees.Rules(), preserve, umask)
        return self.known[key]


sources = Sources()


def bytes_of(entries, top):
    return sum(os.path.getsize(os.path.join(top, name)) for name, entry in entries.items()
               if entry.kind == "file")


def check_copy(session, top, copy, umask, names=None):
    """The whole of TOP, or the entries NAMES of it, is in the directory COPY, and nothing else."""
    wanted = sources.expected(top, session.preserve, umask)
    found = trees.read(copy, session.since)
    if names is not None:
        wanted = {name: wanted[name] for name in names}
        found.pop("", None)
    trees.compare(wanted, found, session.outcome.log)
    session.count(top, wanted)


class Session:
    """
    One client and what becomes of it.  KEY is how it comes, DIRECT by a connection of its own;
    LABEL is the name of its directory on either side.
    """
    kind = ""
    key = "free"
    patience = PATIENCE
    protocol = "-O"             # scp's option for it
    preserve = True
    was_cut = False

    def __init__(self, ground, number):
        self.ground, self.number = ground, number
        self.label = f"s{number:04d}"
        self.direct = number % 4 == 0
        self.there, self.here = f"{ground.there}/{self.label}", f"{ground.here}/{self.label}"
        self.outcome = None
        self.since = 0              # when it began, by the clock of files
        self.files = self.bytes = 0     # that have arrived and are as they should be

    def prepare(self):
        """The directories; THERE, with all that is in it, becomes the session's user's then."""
        os.mkdir(self.there)
        os.mkdir(self.here)

    def words(self):
        raise NotImplementedError

    def argv(self):
        preserve = ["-p"] if self.preserve else []
        return self.ground.scp(self.key, self.direct, self.number, *preserve, *self.words(),
                               protocol=self.protocol)

    def remote(self, path):
        return self.ground.remote(self.key, path)

    def released(self, child):
        """The client has stood at the gate, and may go on."""

    def check(self):
        raise NotImplementedError

    def count(self, top, entries):
        self.files += sum(entry.kind == "file" for entry in entries.values())
        self.bytes += bytes_of(entries, top)


class PushFiles(Session):
    kind = "push files"
    names = tuple(SIZES)

    def words(self):
        return [*(f"{self.ground.pool}/files/{name}" for name in self.names),
                self.remote(self.there)]

    def check(self):
        transfers.well(self.outcome)
        check_copy(self, f"{self.ground.pool}/files", self.there, self.ground.world.umask, self.names)


class PushFilesPlainly(PushFiles):
    kind = "push files, without -p"
    preserve = False


class ReplaceFiles(PushFiles):
    """Each is there already, with other content; with -p, that one's mode is of no importance."""
    kind = "replace files"

    def prepare(self):
        super().prepare()
        for name in self.names:
            transfers.put(f"{self.there}/{name}", OLD)


class PullFiles(Session):
    """By a pattern, so that one session brings all."""
    kind = "pull files"

    def words(self):
        return ["-T", self.remote(f"{self.ground.shelf}/files") + "/*", self.here]

    def check(self):
        transfers.well(self.outcome)
        check_copy(self, f"{self.ground.shelf}/files", self.here, transfers.LOCAL_UMASK, SIZES)


class PushTree(Session):
    kind = "push a tree"
    tree = "tree"

    def words(self):
        return ["-r", f"{self.ground.pool}/{self.tree}", self.remote(f"{self.there}/copy")]

    def check(self):
        transfers.well(self.outcome)
        same("names there", ["copy"], os.listdir(self.there), self.outcome.log)
        check_copy(self, f"{self.ground.pool}/{self.tree}", f"{self.there}/copy",
                   self.ground.world.umask)


class PullTree(Session):
    kind = "pull a tree"
    tree = "tree"

    def words(self):
        return ["-r", self.remote(f"{self.ground.shelf}/{self.tree}"), f"{self.here}/copy"]

    def check(self):
        transfers.well(self.outcome)
        same("names here", ["copy"], os.listdir(self.here), self.outcome.log)
        check_copy(self, f"{self.ground.shelf}/{self.tree}", f"{self.here}/copy",
                   transfers.LOCAL_UMASK)


class RestrictedPushFiles(PushFiles):
    kind, key = "restricted: push files", "in"


class RestrictedPullFiles(PullFiles):
    kind, key = "restricted: pull files", "out"


class RestrictedPushTree(PushTree):
    kind, key, tree = "restricted: push a tree", "in", "plain"


class RestrictedPullTree(PullTree):
    kind, key, tree = "restricted: pull a tree", "out", "plain"


class RestrictedTooLarge(PushFiles):
    """What is refused is not there, the rest is, and the client knows."""
    kind, key = "restricted: one is refused", "limited"

    def check(self):
        refused = {"large"}
        same("exit status", 1, self.outcome.code, self.outcome.log)
        holds(f"the client says {TOO_LARGE!r}", TOO_LARGE in self.outcome.text, self.outcome.text)
        check_copy(self, f"{self.ground.pool}/files", self.there, self.ground.world.umask,
                   set(self.names) - refused)


# -- a disk that fills up

class PushToFull(PushFiles):
    """Several fill a small disk: whoever was told of success has his file there, whole."""
    kind = "push to a full disk"
    names = ("mib",)

    def __init__(self, ground, number):
        super().__init__(ground, number)
        self.there = f"{ground.full}/{self.label}"

    def check(self):
        fits = self.outcome.code == 0
        if not fits:
            same("exit status", 1, self.outcome.code, self.outcome.log)
            holds(f"the client says {FULL!r}", FULL in self.outcome.text, self.outcome.text)
        check_copy(self, f"{self.ground.pool}/files", self.there, self.ground.world.umask,
                   self.names if fits else ())


def check_full(ground, sessions):
    room = os.statvfs(ground.full).f_blocks * os.statvfs(ground.full).f_bsize
    found = [session for session in sessions if isinstance(session, PushToFull)]
    fit = sum(session.outcome.code == 0 for session in found)
    holds(f"at most {room // MIB} of {len(found)} files are said to fit", fit * MIB <= room, fit)


# -- one name

SHARED = "shared"               # the directory on the server, and what is in it
ONE = "one"


def body_of(number):
    """What the session of this number sends: no two are alike, nor as long."""
    return b"%08d" % number * (MIB // 16 + number * 111)


class PushOne(Session):
    """Several, and restricted ones among them, upload the same name."""
    kind = "push one name"

    def __init__(self, ground, number):
        super().__init__(ground, number)
        self.key = "in" if number % 3 == 0 else "free"

    def prepare(self):
        super().prepare()
        shared = f"{self.ground.there}/{SHARED}"
        if not os.path.exists(shared):
            os.mkdir(shared)
            transfers.put(f"{shared}/{ONE}", body_of(0))
        transfers.put(f"{self.here}/{ONE}", body_of(self.number))

    def words(self):
        return [f"{self.here}/{ONE}", self.remote(f"{self.ground.there}/{SHARED}")]

    def check(self):
        transfers.well(self.outcome)
        self.files, self.bytes = 1, len(body_of(self.number))


class PullOne(PushOne):
    """Meanwhile it is downloaded: it is what one of them sent, or was there before."""
    kind = "pull one name"

    def __init__(self, ground, number):
        super().__init__(ground, number)
        self.key = "free"

    def words(self):
        return [self.remote(f"{self.ground.there}/{SHARED}/{ONE}"), f"{self.here}/{ONE}"]

    def check(self):
        transfers.well(self.outcome)
        self.bytes = check_one(f"{self.here}/{ONE}", self.outcome.log)
        self.files = 1


def check_one(path, log=""):
    """It is wholly one of those that were sent: its length."""
    found = transfers.get(path)
    number = int(found[:8] or b"0")
    holds(f"{path} is what one session sent", found == body_of(number),
          f"{len(found)} bytes, as {found[:40]!r}", log)
    return len(found)


def check_shared(ground, sessions):
    """What is there in the end is what somebody sent who was told that it arrived."""
    top = f"{ground.there}/{SHARED}"
    pushes = [s for s in sessions if type(s) in (PushOne, SftpPushOne) and s.outcome and s.outcome.code == 0]
    if not pushes:
        return
    same("names there", [ONE], os.listdir(top))
    check_one(f"{top}/{ONE}")
    number = int(transfers.get(f"{top}/{ONE}")[:8])
    holds("somebody sent it", number in {s.number for s in pushes}, f"that of session {number}")


# -- clients that vanish

class Cut(Session):
    """They are ended in the middle; the few that are done by then have done well."""

    def __init__(self, ground, number):
        super().__init__(ground, number)
        self.pause = random.Random(number).uniform(*CUT)

    def released(self, child):
        def end():
            if child.poll() is None:
                os.killpg(child.pid, signal.SIGKILL)
        timer = threading.Timer(self.pause, end)
        timer.daemon = True
        timer.start()

    @property
    def was_cut(self):
        return self.outcome.code == -signal.SIGKILL


class CutPush(Cut):
    """The file that was under way is the old one; nothing is beside it."""
    kind = "push, cut off"
    names = ("small", "large")

    def prepare(self):
        super().prepare()
        transfers.put(f"{self.there}/large", OLD, when=trees.FIRST_TIME)

    def words(self):
        return ["-l", str(SLOW), *(f"{self.ground.pool}/files/{name}" for name in self.names),
                self.remote(self.there)]

    def check(self):
        if not self.was_cut:
            transfers.well(self.outcome)
        wanted = sources.expected(f"{self.ground.pool}/files", True, self.ground.world.umask)
        found = trees.read(self.there, self.since)
        found.pop("")
        large = found.get("large")
        old = large is not None and transfers.get(f"{self.there}/large") == OLD
        holds("the large file is the old one or the new one", old or large == wanted["large"],
              large)
        holds("it is the new one if the client was told so", self.was_cut or not old, large)
        holds("the small file is whole, or not there",
              found.get("small", wanted["small"]) == wanted["small"], found.get("small"))
        same("other names", set(), set(found) - set(self.names))
        if not old:
            self.count(f"{self.ground.pool}/files", {n: wanted[n] for n in self.names})


class RestrictedCutPush(CutPush):
    kind, key = "restricted: push, cut off", "in"


class CutPull(Cut):
    """The server ends, which is seen when all must be gone."""
    kind = "pull, cut off"

    def words(self):
        return ["-l", str(SLOW), self.remote(f"{self.ground.shelf}/files/large"), self.here]

    def check(self):
        if not self.was_cut:
            transfers.well(self.outcome)
        same("names there", [], os.listdir(self.there), self.outcome.log)


def check_cut(sessions):
    cuts = [session for session in sessions if isinstance(session, Cut)]
    if cuts:
        holds(f"some of {len(cuts)} clients were ended before they were done",
              any(session.was_cut for session in cuts), 0)


# -- those that last

class PushThousands(PushTree):
    """Twice the same: new files at first, which are replaced then."""
    kind, tree = "push thousands", THOUSANDS

    def __init__(self, ground, number):
        super().__init__(ground, number)
        self.label = f"{THOUSANDS}-{number}"
        self.there, self.here = f"{ground.there}/{self.label}", f"{ground.here}/{self.label}"

    def words(self):
        return ["-r", *[f"{self.ground.pool}/{self.tree}"] * 2, self.remote(self.there)]

    def check(self):
        transfers.well(self.outcome)
        same("names there", [self.tree], os.listdir(self.there), self.outcome.log)
        check_copy(self, f"{self.ground.pool}/{self.tree}", f"{self.there}/{self.tree}",
                   self.ground.world.umask)
        self.files, self.bytes = 2 * self.files, 2 * self.bytes


class RestrictedPullThousands(PullTree):
    kind, key, tree = "restricted: pull thousands", "out", THOUSANDS


# -- the same by SFTP

class Sftp:
    """Before a kind of SCP: paths are what they are, and no shell's words."""
    protocol = "-s"

    def remote(self, path):
        return "server:" + self.ground.beneath(self.key, path)


class SftpPushFiles(Sftp, PushFiles):
    kind = "SFTP: push files"


class SftpReplaceFiles(Sftp, ReplaceFiles):
    kind = "SFTP: replace files"


class SftpPullFiles(Sftp, PullFiles):
    kind = "SFTP: pull files"


class SftpPushTree(Sftp, PushTree):
    kind, tree = "SFTP: push a tree", "sftp"


class SftpPullTree(Sftp, PullTree):
    kind, tree = "SFTP: pull a tree", "sftp"


class SftpRestrictedPushFiles(Sftp, RestrictedPushFiles):
    kind = "SFTP, restricted: push files"


class SftpRestrictedPullFiles(Sftp, RestrictedPullFiles):
    kind = "SFTP, restricted: pull files"


class SftpRestrictedPushTree(Sftp, RestrictedPushTree):
    kind, tree = "SFTP, restricted: push a tree", "sftp"


class SftpRestrictedPullTree(Sftp, RestrictedPullTree):
    kind, tree = "SFTP, restricted: pull a tree", "sftp"


class SftpPushOne(Sftp, PushOne):
    kind = "SFTP: push one name"


class SftpPullOne(Sftp, PullOne):
    kind = "SFTP: pull one name"


class SftpCutPush(Sftp, CutPush):
    kind = "SFTP: push, cut off"


class SftpRestrictedCutPush(Sftp, RestrictedCutPush):
    kind = "SFTP, restricted: push, cut off"


class SftpPushThousands(Sftp, PushThousands):
    """Once.  The server's title names large files alone, and so one of these comes first."""
    kind = "SFTP: push thousands"

    def words(self):
        return ["-r", f"{self.ground.pool}/files/large", f"{self.ground.pool}/{self.tree}",
                self.remote(self.there)]

    def check(self):
        transfers.well(self.outcome)
        same("names there", ["large", self.tree], sorted(os.listdir(self.there)), self.outcome.log)
        check_copy(self, f"{self.ground.pool}/{self.tree}", f"{self.there}/{self.tree}",
                   self.ground.world.umask)


LASTING = (PushThousands, RestrictedPullThousands, SftpPushThousands)
WEIGHTS = {                     # of a hundred
    PushFiles: 7, PushFilesPlainly: 4, ReplaceFiles: 5, PullFiles: 6, PushTree: 5, PullTree: 5,
    RestrictedPushFiles: 4, RestrictedPullFiles: 4, RestrictedPushTree: 3, RestrictedPullTree: 3,
    RestrictedTooLarge: 4, PushToFull: 4, PushOne: 6, PullOne: 3, CutPush: 2, RestrictedCutPush: 2,
    CutPull: 2, SftpPushFiles: 4, SftpReplaceFiles: 3, SftpPullFiles: 4, SftpPushTree: 2,
    SftpPullTree: 2, SftpRestrictedPushFiles: 3, SftpRestrictedPullFiles: 2,
    SftpRestrictedPushTree: 2, SftpRestrictedPullTree: 2, SftpPushOne: 3, SftpPullOne: 1,
    SftpCutPush: 2, SftpRestrictedCutPush: 1,
}


def mixture(count):
    """The kinds of COUNT sessions, as mixed as may be."""
    total = sum(WEIGHTS.values())
    places = sorted(((n + 0.5) / weight, kind.kind, kind) for kind, weight in WEIGHTS.items()
                    for n in range(weight))
    return [places[n % total][2] for n in range(count)]
