# SPDX-License-Identifier: ISC
"""
AppArmor's profile, as it is installed: it parses, it allows what sessions were seen to do, and it
does not allow what it is there to keep from them.
"""
import os
import re
import subprocess

import calls
import compiled
from stage import installed, machine, sshd
from stage.report import holds, same

PROFILE = f"/usr/{installed.EXAMPLES}/apparmor/scp-sink-source"
PROGRAM = f"/usr/{installed.LIB}/scp"
PATIENCE = 60                   # seconds for a session
FILE = b"C0644 6 file\nhello\n\0"
TREE = b"T1 0 1 0\nD0755 0 tree\nT1 0 1 0\nC0640 6 file\nhello\n\0E\n"
READY = b"\0" * 64

SESSIONS = {
    # the configuration, whose it is, how it is started, what its client asks for and says
    "a tree, by a forced command":
        ("log syslog\n", "anna", ["--serve", "--upload-only", "--root=/srv/incoming"],
         "scp -r -p -t .", TREE),
    "a file in the place of another, which is kept":
        ("", "anna", ["--serve", "--root=/srv/incoming", "--overwrite=backup"], "scp -t tree",
         FILE + FILE),
    "a file in the place of another, in place":
        ("", "anna", ["--serve", "--root=/srv/incoming", "--replace=in-place"], "scp -t tree",
         FILE + FILE),
    "what others have written":
        ("", "anna", ["--serve", "--download-only", "--root=/srv/outgoing"], "scp -r -f .", READY),
    "a pattern, on the whole system, with a required log":
        ("log syslog\nlog-required yes\n", "anna", ["--serve", "--sandbox=none"],
         "scp -r -f ~anna/*", READY),
    "an ordinary account's upload, to itself":
        ("log syslog\n", "anna", ["-t", "BASE/home/anna"], None, FILE),
    "a configuration that has all kinds of names":
        ("match user root,nobody\n\tmax-files 1\nmatch group nogroup\n\tmax-files 2\n", "anna",
         ["--sandbox=require", "-f", "/srv/outgoing/file"], None, READY),
}

# Paths, the letters of what would be done, whether the account owns the file.
ALLOWED = [
    # A temporary that has a name, on filesystems that need it.
    ("/srv/incoming/.scp-0123456789abcdef-1000-0", "rwk", True),
    # Where other systems have it.
    ("/run/systemd/journal/dev-log", "w", False),
    ("/usr/lib64/libseccomp.so.2.5.5", "rm", False),
    ("/usr/lib/x86_64-linux-gnu/libnss_sss.so.2", "rm", False),
    ("/var/lib/sss/pipes/nss", "rw", False),
    ("/run/nscd/socket", "rw", False),
    # Where an administrator asks for --check, and a login shell says that it is none.
    ("/dev/pts/0", "rw", True),
]
DENIED = [
    ("/etc/shadow", "rw", False),
    ("/etc/scp.conf", "w", False),
    ("/etc/passwd", "w", False),
    ("/home/anna/.ssh/authorized_keys", "rw", True),
    ("/home/anna/.profile", "rw", True),
    ("/root/.ssh/id_ed25519", "r", True),
    ("/tmp/file", "rw", True),
    ("/srv", "w", False),
    ("/srvfile", "rw", True),
    ("/srv/incoming/file", "m", True),
    ("/srv/incoming/somebody's", "wlk", False),
    (PROGRAM, "w", True),
    ("/usr/lib/x86_64-linux-gnu/libc.so.6", "w", True),
    ("/bin/sh", "r", False),
    ("/proc/1/environ", "r", True),
    ("/proc/self/mem", "rw", True),
    ("/dev/sda", "rw", False),
    ("/run/docker.sock", "rw", False),
]
# A rule of the profile and of all that it includes: what else AppArmor could allow.
RULES = re.compile(r"^\s*(?:audit\s+|allow\s+|deny\s+)*"
                   r"(capability|network|unix|mount|remount|umount|pivot_root|ptrace|signal|dbus"
                   r"|userns|change_profile|change_hat|io_uring|mqueue|hat|profile)\b(.*),",
                   re.MULTILINE)


def profile_for(base, text):
    """The installed profile, changed; its variables stay before it."""
    path = f"{base}/profile"
    sshd.write_text(path, text)
    return compiled.Profile(path)


def with_homes(base):
    """Whose homes are elsewhere."""
    text = sshd.read_text(PROFILE)
    commented = re.search(r"^#(@\{scp_served\} \+= .*)$", text, re.MULTILINE)
    holds("the profile has a line for ordinary accounts", commented, text)
    return text.replace(commented.group(), f"@{{scp_served}} += {base}/home/")


def parses(base):
    compiled.parse(PROFILE)
    text = sshd.read_text(PROFILE)
    profile = profile_for(base, text.replace("\n#@{scp_served}", "\n@{scp_served}"))
    for path in ("/home/anna/.ssh/authorized_keys", "/root/file", "/tmp/file", "/srv/file"):
        same(f"with the line for ordinary accounts, denied of {path}", "",
             profile.denied(path, "rwlk", True))
        same(f"somebody else's {path}", "wlk", profile.denied(path, "rwlk", False))
    same("still not allowed", "rw", profile.denied("/etc/shadow", "rw", False))


def reads_what_the_site_says(base):
    """In the place that the profile names."""
    name = re.search(r"include if exists <(local/.*)>", sshd.read_text(PROFILE)).group(1)
    os.makedirs("/etc/apparmor.d/local", exist_ok=True)
    path = f"/etc/apparmor.d/{name}"
    sshd.write_text(path, "/opt/** r,\n")
    try:
        profile = compiled.Profile(PROFILE)
    finally:
        os.remove(path)
    same("denied of /opt/file", "", profile.denied("/opt/file", "r", False))
    same("without it", "r", compiled.Profile(PROFILE).denied("/opt/file", "r", False))
    same(f"{base} is served", "r", profile.denied(f"{base}/file", "r", True))


def allows(_base):
    profile = compiled.Profile(PROFILE)
    for path, wanted, owner in ALLOWED:
        same(f"denied of {path}", "", profile.denied(path, wanted, owner))
    # A file that has no name gets one, only as what it is.
    target = "/srv/incoming/#1234"
    same("the last name", "", profile.denies_link("/srv/incoming/file", target, True))
    for name, what, owner in (("/etc/cron.d/file", target, True), ("/srv/incoming/passwd",
                              "/etc/passwd", False), ("/srv/incoming/theirs", target, False)):
        holds(f"{name} for {what} is denied", profile.denies_link(name, what, owner), "allowed")


def denies(_base):
    profile = compiled.Profile(PROFILE)
    for path, wanted, owner in DENIED:
        same(f"denied of {path}", wanted, profile.denied(path, wanted, owner))
    same("a path that may be started", False, profile.allowed_somewhere("x"))


def has_no_other_rights(_base):
    """Of what is not a file."""
    text = re.sub(r"#.*", "", compiled.parse(PROFILE, "--preprocess").decode())
    rules = [(kind, rest) for kind, rest in RULES.findall(text)]
    same("kinds of rules", ["signal", "unix"], sorted({kind for kind, _ in rules}), rules)
    for kind, rest in rules:
        if kind == "signal":
            holds("signals are received", rest.split()[0] == "receive", rest)
        else:
            words = re.search(r"\(([^)]*)\)", rest)
            holds("unix says what", words, rest)
            same("of sockets", set(),
                 {"bind", "listen", "accept"} & set(re.split(r"[, ]+", words[1])), rest)
    flags = re.search(r"flags=\((.*)\)", text)
    same("flags", "mediate_deleted", flags and flags.group(1))
    same("what it is for", [PROGRAM], re.findall(r"^profile \S+ (\S+)", text, re.MULTILINE))


def trace(base, who, words, command, said):
    """What the system calls of one session were, of which each has to be expected."""
    path = f"{base}/trace"
    words = [word.replace("BASE", base) for word in words]
    env = {"PATH": "/usr/bin:/bin", "SSH_CONNECTION": "192.0.2.7 1 192.0.2.1 22"}
    if command:
        env["SSH_ORIGINAL_COMMAND"] = command
    done = subprocess.run([*calls.STRACE, "-u", who, "-o", path, PROGRAM, *words], input=said,
                          env=env, cwd=sshd.Account(who).home, capture_output=True,
                          timeout=PATIENCE, check=False)
    same("exit status", 0, done.returncode, f"{done.stdout!r} {done.stderr!r}")
    return sshd.read_text(path)


def is_owner(path, who):
    try:
        return os.lstat(path).st_uid == sshd.Account(who).uid
    except FileNotFoundError:
        return True             # It was a temporary.


def session_of(base, config, who, words, command, said):
    """What one session needs."""
    with machine.configured(config):
        wanted, links = calls.needs(trace(base, who, words, command, said))
    holds("it was seen", len(wanted) > 5 and (machine.CONFIG, "r") in wanted, wanted)
    return wanted, links


def allows_session(base, who, wanted, links):
    profile = profile_for(base, with_homes(base))
    denied = [(path, letters) for path, all_letters in wanted
              if (letters := profile.denied(path, all_letters, is_owner(path, who)))]
    same("what would be denied", [], denied)
    for name, target in links:
        same(f"why {name} cannot be", "",
             profile.denies_link(name, target, is_owner(name, who)))


def all_sessions(report, base):
    seen, linked = set(), []

    def session(*words):
        wanted, links = session_of(base, *words)
        seen.update(wanted)
        linked.extend(links)
        allows_session(base, words[1], wanted, links)
    for name, words in SESSIONS.items():
        report.run(f"apparmor: {name}", session, *words)

    def saw_all():
        """Of each kind something, so that none of the above passes because nothing was seen."""
        for what in (("/etc/passwd", "r"), ("/dev/log", "w"), ("/srv/incoming/tree/", "w")):
            holds(f"{what} was seen", what in seen, seen)
        holds("a library was mapped", any("m" in letters for _, letters in seen), seen)
        holds("a file got its name", linked, seen)
    if not report.only:
        report.run("apparmor: all kinds were seen", saw_all)


def prepare(base):
    for name, owner in (("incoming", "anna"), ("outgoing", "root")):
        os.mkdir(f"/srv/{name}")
        account = sshd.Account(owner)
        os.chown(f"/srv/{name}", account.uid, account.gid)
    sshd.write_text("/srv/outgoing/file", "of root\n")
    os.mkdir("/srv/outgoing/below")
    sshd.write_text("/srv/outgoing/below/file", "of root, too\n")
    sshd.write_text(f"{base}/home/anna/mine", "of anna\n")


def check(report, base):
    for test in (parses, reads_what_the_site_says, allows, denies, has_no_other_rights):
        report.run(f"apparmor: {test.__name__.replace('_', ' ')}", test, base)
    if os.environ.get("SAN"):
        report.skip("apparmor: sessions", "a sanitizer does not let itself be traced")
        return
    prepare(base)
    all_sessions(report, base)
