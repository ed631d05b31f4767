# SPDX-License-Identifier: ISC
"""What is expected of the drop box, by real clients and by who looks into it."""
import concurrent.futures
import contextlib
import json
import os
import re
import socket
import stat
import subprocess
import time

from containerfile import Mount
from stage import adapters, process, sshd, transfers, trees
from stage.report import holds, same

FILES, KEYS = "/srv/incoming", "/var/lib/host-keys"
CLIENTS = "/etc/ssh/clients/authorized_keys"
CONFIG, LOG = "/etc/scp.conf", "/dev/log"
MORE = "/etc/ssh/sshd_config.d/more.conf"
PROGRAM = "/usr/lib/scp-sink-source/scp"
MARK = "this must not be seen"
AT_ONCE = 20
UMASK = 0o022                   # of the sessions
VISIBLE = [entry for entry in trees.TREE if not entry[0].startswith(".")]
HINT = "scp: this account takes uploads by scp and sftp, and nothing else\n"
REFUSED = "Permission denied (publickey)."


class Lab:
    """The box, and a client of it."""

    def __init__(self, base, box):
        self.base, self.box = base, box
        self.env = sshd.client_environment(base)
        self.key = sshd.make_key(f"{base}/key")
        sshd.make_key(f"{base}/stranger")
        sshd.write_text(f"{base}/authorized_keys", sshd.read_text(f"{self.key}.pub"))
        self.volumes = {each.target: each.source for each in box.command.mounts if each.is_volume}
        self.host = self.client = None
        self.count = 0
        self.ended = None           # how the container of a check that ends it did
        self.shared = []            # options for ssh, where a connection is shared

    def mounts(self, *more):
        return self.box.mounts(self.base, more)

    def meet(self):
        """Learns the server's key, as its administrator would."""
        public = self.box.public_key(self.volumes[KEYS])
        self.host = sshd.Host(self.base, "box", self.box.command.port, "incoming", self.key, public)
        self.client = adapters.OpenSSH(self.host, self.env)

    @property
    def files(self):
        return self.box.place_of(self.volumes[FILES])

    def local(self, content=b"something\n"):
        """A new file of the client."""
        self.count += 1
        return transfers.put(f"{self.base}/file-{self.count}", content)

    def ssh(self, *words, options=(), stdin=None):
        return process.run(["/usr/bin/ssh", "-F", self.host.config, *self.shared, *options,
                            "server", *words], self.env, stdin=stdin)

    @contextlib.contextmanager
    def connection(self):
        """Commands and copies in here share one, which is most of what each takes."""
        path = f"{self.base}/connection"
        child = subprocess.Popen(["/usr/bin/ssh", "-F", self.host.config, "-M", "-N", "-S", path,
                                  "server"], env=self.env, stdin=subprocess.DEVNULL)
        try:
            end = time.monotonic() + sshd.START_PATIENCE
            while not os.path.exists(path) and time.monotonic() < end:
                time.sleep(0.02)
            self.shared = self.client.extra = ["-o", f"ControlPath={path}"]
            yield
        finally:
            self.shared = self.client.extra = []
            sshd.stop(child)

    def logged(self, pattern):
        """The log has a line like this, soon: it comes by way of whoever runs the container."""
        end = time.monotonic() + 10
        while time.monotonic() < end:
            log = self.box.log()
            if re.search(pattern, log, re.MULTILINE):
                return
            time.sleep(0.1)
        holds(f"the log has {pattern!r}", False, self.box.log()[-2000:])

    def there(self):
        """All that has been pushed: {path: digest, or where a link leads}."""
        found, files = {}, self.files
        for path, directories, names in os.walk(files):
            for name in directories:
                found[os.path.relpath(os.path.join(path, name), files)] = "directory"
            for name in names:
                full = os.path.join(path, name)
                known = os.readlink(full) if os.path.islink(full) else trees.digest(full)
                found[os.path.relpath(full, files)] = known
        return found

    @contextlib.contextmanager
    def nothing_lands(self):
        before = self.there()
        yield
        same("what is in the volume", before, self.there())


# -- The image.

def says_where(lab):
    facts = lab.box.facts()
    same("volumes", [FILES, KEYS], facts["volumes"])
    same("ports", [lab.box.command.port], facts["ports"])
    holds("the user is a number and not root", re.fullmatch(r"[1-9]\d*:[1-9]\d*", facts["user"]),
          facts["user"])
    same("volumes of the comment", [FILES, KEYS], sorted(lab.volumes))


# Paths of what has no business in there, but for one.
STRANGERS = ("*/bin/ssh", "*/bin/sftp", "*/bin/ssh-agent", "*/bin/gcc*", "*/bin/make", "*/scp",
             "*/sftp-server", "*/ssh_host_*", "/var/lib/apt/lists/*_*", "*.deb", "/src")


def holds_no_more(lab):
    """One scp, no client and no SFTP server, no keys, no compiler, nothing that is set-user-ID."""
    paths = " -o ".join(f"-path '{each}'" for each in STRANGERS)
    found = lab.box.inside(f"find / -xdev \\( {paths} -o -perm /6000 -type f \\) -print")
    same("what there is of all that", [PROGRAM], sorted(found.split()))


def explains_itself(lab):
    said = lab.box.inside("scp-sink-source --version; echo max-files 7 >/tmp/rules; "
                          "scp-sink-source --check /tmp/rules incoming; rm /tmp/rules")
    holds("it says its version", re.match(r"scp-sink-source \d", said), said)
    holds("and what a configuration allows", re.search(r"^max-files +7$", said, re.MULTILINE), said)


# -- A container, as the comment runs it.

def has_no_privileges(lab):
    status = lab.box.status()
    uid, gid = lab.box.owner()
    same("users", [str(uid)] * 4, status["Uid"].split())
    same("groups", [str(gid)] * 4, status["Gid"].split())
    for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
        same(name, 0, int(status[name], 16))
    same("no new privileges", "1", status["NoNewPrivs"])


def mounted(pid):
    """How what is at each path is mounted there: {path: rw or ro}."""
    found = {}
    for line in sshd.read_text(f"/proc/{pid}/mountinfo").splitlines():
        mount, _, filesystem = line.partition(" - ")
        options = mount.split()[5].split(",") + filesystem.split()[2].split(",")
        found[mount.split()[4]] = "ro" if "ro" in options else "rw"
    return found


def is_read_only(lab):
    """All but the volumes, and what is in memory alone."""
    found = mounted(lab.box.pid())
    same("how it is mounted", {"/": "ro", CLIENTS: "ro", FILES: "rw", KEYS: "rw"},
         {path: found.get(path) for path in ("/", CLIENTS, FILES, KEYS)})


def takes_a_file(lab):
    source = lab.local(b"a file\n" * 10000)
    os.chmod(source, 0o640)
    transfers.well(lab.client.push([source], "report.pdf", preserve=True))
    there = f"{lab.files}/report.pdf"
    same("content", transfers.get(source), transfers.get(there))
    st = os.stat(there)
    same("mode", 0o640, stat.S_IMODE(st.st_mode))
    same("time", trees.FIRST_TIME, int(st.st_mtime))
    same("owner", lab.box.owner(), (st.st_uid, st.st_gid))


def takes_a_tree(lab):
    source = trees.build(f"{lab.base}/tree", VISIBLE)
    since = transfers.now()
    outcome = lab.client.push([source], ".", recursive=True, preserve=True)
    transfers.well(outcome)
    there = f"{lab.files}/tree"
    transfers.compare(lab.client.push_rules, source, there, True, UMASK, since, outcome)


def logs_it(lab):
    """In the container's log and nowhere else, in a sandbox."""
    transfers.well(lab.client.push([lab.local(b"12345\n")], "logged"))
    lab.logged(r'^session opened for local user incoming from \[127\.0\.0\.1\] upload '
               r'root "/srv/incoming" request "scp -t logged" sandbox "landlock \d+, seccomp"$')
    lab.logged(r'^close "/logged" bytes read 0 written 6 ')
    lab.logged(r'^session closed for local user incoming from \[127\.0\.0\.1\] files 1 bytes 6 ')


def cannot_forge(lab):
    """What is between the records there has a beginning of its own, whatever a client says."""
    name = 'close "x" bytes read 0 written 1 seconds 0.000 mode 0644'
    source = transfers.put(f"{lab.base}/{name}", b"forged\n")
    lab.client.extra = ["-v"]
    try:
        outcome = lab.client.push([source], ".")
    finally:
        lab.client.extra = []
    same("exit status", 0, outcome.code, outcome.log)
    lab.logged(r'^scp: received C0644 7 close "x" ')
    lab.logged(r'^close "/close \\"x\\" bytes ')
    holds("no line of the client's", not re.search(r'^close "x"', lab.box.log(), re.MULTILINE),
          lab.box.log())


def sends_nothing(lab):
    transfers.put(f"{lab.files}/secret", MARK.encode(), 0o666)
    with lab.connection():
        for path in ("secret", "/etc/passwd", f"{FILES}/secret", f"{KEYS}/ed25519"):
            outcome = lab.client.pull([path], f"{lab.base}/pulled")
            transfers.badly(lab.client, outcome, "downloads are not allowed")
            holds(f"nothing comes of {path}", not os.path.exists(f"{lab.base}/pulled"), outcome.log)
    os.remove(f"{lab.files}/secret")
    lab.logged(r'^refused request "scp -f /etc/passwd" .*"scp: downloads are not allowed"$')


COMMANDS = ("id", "cat /etc/passwd", "scp -t .; id", "scp -t $(id)", "/bin/sh", "scp -S id -t .",
            "ls")


def runs_nothing(lab):
    with lab.connection(), lab.nothing_lands():
        for command in COMMANDS:
            outcome = lab.ssh(command)
            same(f"exit status of {command}", 1, outcome.code, outcome.log)
            for word in ("uid=", "root:"):
                holds("nobody does it", word not in outcome.text, outcome.log)
        same("what the person reads", HINT, lab.ssh("id").err)
    # As text, or in JSON.
    lab.logged(r'request"?:? ?"cat /etc/passwd".*"scp: not served: ')


def has_no_shell(lab):
    """A terminal there is not, either."""
    path = lab.local(b"id\nexit 0\n")
    for options, words in (([], HINT.strip()), (["-tt"], "PTY allocation request failed")):
        with open(path, "rb") as typed:
            outcome = lab.ssh(options=options, stdin=typed)
        holds("it fails", outcome.code != 0, outcome.log)
        holds(f"the person reads {words!r}", words in outcome.text, outcome.log)
        holds("nobody does what is typed", "uid=" not in outcome.text, outcome.log)


def takes_uploads_by_sftp(lab):
    """And nothing else."""
    config = lab.host.config
    source = lab.local(b"by SFTP\n")
    outcome = process.run(["/usr/bin/scp", "-s", "-B", "-F", config, source, "server:by-sftp"],
                          lab.env)
    same("scp by SFTP", 0, outcome.code, outcome.log)
    same("what landed", trees.digest(source), lab.there().get("by-sftp"))
    outcome = process.run(["/usr/bin/scp", "-s", "-B", "-F", config, "server:by-sftp",
                           f"{source}.back"], lab.env)
    holds("nothing can be pulled", outcome.code != 0 and not os.path.exists(f"{source}.back"),
          outcome.log)


def forwards_nothing(lab):
    """Where a server forwards, its own port answers here with a banner."""
    port = lab.box.command.port
    outcome = lab.ssh(options=["-W", f"127.0.0.1:{port}"])
    holds("it fails", outcome.code != 0, outcome.log)
    holds("nothing answers through it", "SSH-" not in outcome.text, outcome.log)
    outcome = lab.ssh(options=["-o", "ExitOnForwardFailure=yes", "-N", "-R", "0:127.0.0.1:1"])
    same("exit status with -R", 255, outcome.code, outcome.log)
    holds("remote forwarding is refused", "forwarding" in outcome.text, outcome.log)


def forwards_local(lab):
    """The same with a port of the client's."""
    port = lab.box.command.port
    ours = port + 1
    child = subprocess.Popen(["/usr/bin/ssh", "-F", lab.host.config, "-N",
                              "-L", f"{ours}:127.0.0.1:{port}", "server"],
                             env=lab.env, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        holds("the client listens", sshd.listens_in_time(child, ours), "it does not")
        with socket.create_connection((sshd.HOST, ours), 60) as probe:
            probe.settimeout(60)
            with contextlib.suppress(ConnectionResetError):
                same("what answers through it", b"", probe.recv(100))
    finally:
        sshd.stop(child)


ELSEWHERE = ("../escaped", "/../escaped", f"{KEYS}/ed25519", "/etc/ssh/sshd_config", "/tmp/x",
             "/proc/self/mem", "tree/../../escaped", CLIENTS, "/dev/shm/x")


def stays_inside(lab):
    with lab.connection(), lab.nothing_lands():
        for target in ELSEWHERE:
            outcome = lab.client.push([lab.local()], target)
            holds(f"{target} is refused", outcome.code != 0, outcome.log)
            holds("with a reason", "scp: " in outcome.text, outcome.log)
    for target in ("/../escaped", "/tree/../../escaped"):
        # Not because of who owns what is there.
        lab.logged(rf'^refused "{re.escape(target)}.*" reason "it is outside the root"$')


def links_lead_nowhere(lab):
    """As somebody else may have put them into the volume."""
    for name, where in (("out", ".."), ("keys", KEYS), ("shm", "/dev/shm")):
        link = f"{lab.files}/{name}"
        os.symlink(where, link)
        try:
            with lab.nothing_lands():
                outcome = lab.client.push([lab.local()], f"{name}/escaped")
        finally:
            os.remove(link)
        holds(f"through {name} it is refused", outcome.code != 0, outcome.log)
    names = os.listdir(lab.box.place_of(lab.volumes[KEYS]))
    same("what came among the keys", [], [name for name in names if "escaped" in name])


def knows_its_keys(lab):
    """Neither another key nor a password, nor another name."""
    options = ["-o", "PreferredAuthentications=none,password,keyboard-interactive"]
    outcome = lab.ssh("id", options=options)
    holds("a key is all that is taken", REFUSED in outcome.text, outcome.log)
    stranger = sshd.Host(lab.base, "stranger", lab.host.port, "incoming", f"{lab.base}/stranger",
                         lab.box.public_key(lab.volumes[KEYS]))
    outcome = process.run(["/usr/bin/ssh", "-F", stranger.config, "server", "id"], lab.env)
    holds("another key is not", REFUSED in outcome.text, outcome.log)
    outcome = lab.ssh("id", options=["-l", "root"])
    holds("nor root", REFUSED in outcome.text, outcome.log)


def serves_many(lab):
    """All at once, and all from one address."""
    sources = [lab.local(b"%d\n" % number) for number in range(AT_ONCE)]
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        outcomes = list(pool.map(lambda each: lab.client.push([sources[each]], f"many-{each}"),
                                 range(AT_ONCE)))
    failed = [outcome.log for outcome in outcomes if outcome.code != 0]
    same("clients that failed", [], failed)
    files = lab.files
    same("what arrived", [b"%d\n" % number for number in range(AT_ONCE)],
         [transfers.get(f"{files}/many-{number}") for number in range(AT_ONCE)])


def is_receiving(name):
    """Some process says of itself that it has a part of the file NAME."""
    for pid in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            title = sshd.read_text(f"/proc/{pid}/cmdline")
            if re.search(rf"receiving .*{name} [1-9]\d*%", title):
                return True
    return False


def ends_in_the_middle(lab):
    """A container that is stopped leaves the old file, not half of the new, and ends by itself."""
    old = transfers.put(f"{lab.files}/half", b"the old one\n")
    os.chown(old, *lab.box.owner())
    before = lab.there()
    source = lab.local(bytes(4 << 20))
    child = subprocess.Popen(["/usr/bin/scp", "-O", "-B", "-q", "-l", "4000", "-F", lab.host.config,
                              source, "server:half"], env=lab.env, stdin=subprocess.DEVNULL,
                             stderr=subprocess.DEVNULL)
    try:
        end = time.monotonic() + 20
        while not is_receiving("half"):
            holds("some of it arrives", child.poll() is None and time.monotonic() < end, "nothing")
            time.sleep(0.02)
        lab.ended = lab.box.stop()
        holds("the client fails", child.wait(60) != 0, child.returncode)
    finally:
        sshd.stop(child)
    same("what is in the volume", before, lab.there())
    same("the old file", b"the old one\n", transfers.get(old))
    holds("it ended when it was told to", lab.ended.told, lab.ended)
    holds("and sshd says so", "Received signal 15; terminating." in lab.ended.log, lab.ended.log)


# -- Another container on the same volumes, with a configuration.

RULES = "log-format json\nmax-file-size 1K\n"
SSHD_RULES = "LogLevel VERBOSE\nForceCommand id\nPermitTTY yes\nDisableForwarding no\n"


def again(lab):
    """The host keys are those of the first, and files are still there."""
    keys = lab.box.place_of(lab.volumes[KEYS])
    before = {name: transfers.get(f"{keys}/{name}") for name in sorted(os.listdir(keys))}
    same("keys", ["ecdsa", "ecdsa.pub", "ed25519", "ed25519.pub", "rsa", "rsa.pub"], list(before))
    for name in before:
        mode = stat.S_IMODE(os.stat(f"{keys}/{name}").st_mode)
        same(f"mode of {name}", 0o644 if name.endswith(".pub") else 0o600, mode)
    rules = sshd.write_text(f"{lab.base}/scp.conf", RULES)
    more = sshd.write_text(f"{lab.base}/more.conf", SSHD_RULES)
    lab.box.start(lab.mounts(Mount(rules, CONFIG, True), Mount(more, MORE, True)))
    same("keys of the second container", before,
         {name: transfers.get(f"{keys}/{name}") for name in sorted(os.listdir(keys))})
    # The client knows the first one's key, and takes no other.
    transfers.well(lab.client.push([lab.local()], "again"))
    holds("what the first one took is there", "report.pdf" in os.listdir(lab.files),
          os.listdir(lab.files))


def obeys_a_file(lab):
    with lab.nothing_lands():
        outcome = lab.client.push([lab.local(bytes(2000))], "larger")
    transfers.badly(lab.client, outcome, "larger than allowed")
    lab.logged(r'^\{"event":"refusal".*"reason":"larger than allowed"')
    lines = [line for line in lab.box.log().splitlines() if line.startswith("{")]
    events = [json.loads(line)["event"] for line in lines]
    holds("records are objects", {"start", "file", "refusal", "end"} <= set(events), events)


def narrows_sshd(lab):
    """What is mounted for sshd adds to what ours says, and changes nothing of it."""
    lab.logged(r"^Connection from 127\.0\.0\.1 port \d+ on ")
    runs_nothing(lab)
    has_no_shell(lab)
    forwards_nothing(lab)


# -- And one that is run without anything, but the host's log.

def takes_back(lab, clients):
    """A key that is taken out of the directory of keys is not taken any more."""
    new = sshd.write_text(f"{clients}/new", sshd.read_text(f"{lab.base}/stranger.pub"))
    os.replace(new, f"{clients}/authorized_keys")
    outcome = lab.ssh("id")
    holds("the key is not taken any more", REFUSED in outcome.text, outcome.log)


def without_more(lab):
    """
    No volume is named, nothing is locked, there is a directory of keys, and the records go to the
    socket of the host's log.
    """
    clients = f"{lab.base}/clients"
    os.mkdir(clients)
    sshd.write_text(f"{clients}/authorized_keys", sshd.read_text(f"{lab.key}.pub"))
    path = f"{lab.base}/log"
    rules = sshd.write_text(f"{lab.base}/scp-syslog.conf", "log syslog\n")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as daemon:
        daemon.bind(path)
        os.chmod(path, 0o666)
        daemon.settimeout(60)
        lab.box.start([Mount(rules, CONFIG, True), Mount(path, LOG, False),
                       Mount(lab.box.place_of(lab.volumes[KEYS]), KEYS, False),
                       Mount(clients, os.path.dirname(CLIENTS), True)], ["--detach"])
        try:
            transfers.well(lab.client.push([lab.local()], "unnamed"))
            records = [daemon.recv(8192).decode() for _ in range(3)]
            takes_back(lab, clients)
        finally:
            lab.box.stop()
    holds("the records are those of the session", "session opened" in records[0] and
          'close "/unnamed"' in records[1] and "session closed" in records[2], records)


# -- What cannot work says why.

def cannot_start(lab):
    closed = f"{lab.base}/closed"
    os.mkdir(closed, 0o755)
    for mounts, user, reason in (
            (lab.mounts(), "0:0", "it can only run as the user incoming, not as 0"),
            (lab.mounts(), "4711:4711", "it can only run as the user incoming, not as 4711"),
            (lab.mounts(Mount(closed, KEYS, False)), None, "must belong to user")):
        ended = lab.box.fails(mounts, user=user)
        holds(f"it fails ({reason})", ended.code == 1, ended)
        holds(f"and says {reason!r}", reason in ended.log, ended.log)


def warns(lab):
    """Without keys of clients, or a place for files, it starts, and says what nobody can do."""
    closed = f"{lab.base}/closed"
    missing = [each for each in lab.mounts(Mount(closed, FILES, False)) if each.target != CLIENTS]
    lab.box.start(missing)
    log = lab.box.stop().log
    holds("nobody can log in", "nobody can log in" in log, log)
    holds("nothing can be pushed", "nothing can be pushed" in log, log)


FIRST = [("says where what is", says_where), ("holds no more than it needs", holds_no_more),
         ("explains itself", explains_itself)]
RUNNING = [
    ("has no privileges", has_no_privileges),
    ("is read-only", is_read_only),
    ("takes a file", takes_a_file),
    ("takes a tree", takes_a_tree),
    ("logs it", logs_it),
    ("cannot be made to log what a client likes", cannot_forge),
    ("sends nothing", sends_nothing),
    ("runs nothing", runs_nothing),
    ("has no shell", has_no_shell),
    ("takes uploads by SFTP", takes_uploads_by_sftp),
    ("forwards nothing", forwards_nothing),
    ("forwards no port of the client", forwards_local),
    ("stays inside", stays_inside),
    ("links lead nowhere", links_lead_nowhere),
    ("knows its keys", knows_its_keys),
    ("serves twenty at once", serves_many),
    ("leaves nothing when it is stopped", ends_in_the_middle),
]
AGAIN = [("is the same server again", again), ("obeys a configuration file", obeys_a_file),
         ("stays locked, whatever sshd is told", narrows_sshd)]
LAST = [("runs without more, to the host's log", without_more),
        ("cannot start, and says why", cannot_start), ("warns of what is missing", warns)]


def all_of(report, lab):
    kind = lab.box.kind

    def run(rows):
        for name, check in rows:
            report.run(f"{kind}: {name}", check, lab)

    def starts():
        lab.box.start(lab.mounts())
        lab.meet()

    run(FIRST)
    wanted, report.only = report.only, ""
    report.run(f"{kind}: starts as the comment says", starts)
    report.only = wanted
    if lab.client is None:
        return
    run(RUNNING)
    if lab.ended is None:
        lab.box.stop()
    run(AGAIN)
    with contextlib.suppress(Exception):
        lab.box.stop()
    run(LAST)
