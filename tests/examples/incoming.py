# SPDX-License-Identifier: ISC
"""
A drop box, made by systemd as the examples say it, and used by the forced command of the ready file
for it: what arrives belongs to whom they say.
"""
import os
import re
import subprocess

from stage import installed, machine, process, sshd, trees
from stage.report import holds, same

EXAMPLES = f"/usr/{installed.EXAMPLES}"
SYSUSERS = f"{EXAMPLES}/sysusers.d/scp-incoming.conf"
TMPFILES = f"{EXAMPLES}/tmpfiles.d/scp-incoming.conf"
FORCED = f"{EXAMPLES}/sshd_config.d/10-scp-upload-only.conf"
DIRECTORY = "/srv/incoming"
ENV = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"}
PATIENCE = 60                   # seconds for a session

ACL = """\
user::rwx
group::rwx
group:incoming-readers:rwx
mask::rwx
other::---
"""
DEFAULT = "".join(f"default:{line}\n" for line in ACL.splitlines())
# Of a file that the client sends with 0644: as the directory says, less what the mode keeps back.
FILE_ACL = """\
user::rw-
group::rwx	#effective:r--
group:incoming-readers:rwx	#effective:r--
mask::r--
other::---
"""
OPEN_ACL = """\
user::rw-
group::rwx	#effective:rw-
group:incoming-readers:rwx	#effective:rw-
mask::rw-
other::---
"""


def does(*argv):
    outcome = process.run(argv, ENV)
    same(f"exit status of {' '.join(argv)}", 0, outcome.code, outcome.log)
    same(f"what {argv[0]} says", "", outcome.err)
    return outcome.out


def shown(path):
    """The blocks of lines that the comment at the head of a file shows, without their indentation."""
    head = sshd.read_text(path).split("\n\n")[0]
    blocks = re.findall(r"(?:^#\t.*\n)+", head, re.MULTILINE)
    return [re.sub(r"(?m)^#\t", "", block) for block in blocks]


def follows(path):
    """What the first block says is typed, a line after the other."""
    for line in shown(path)[0].splitlines():
        outcome = process.run(["sh", "-ec", line], ENV)
        same(f"exit status of {line!r}", 0, outcome.code, outcome.log)


def as_user(name, *argv, said=b"", command=None):
    """What NAME's command does, with the groups that he has by now."""
    account = sshd.Account(name)
    env = {**ENV, "SSH_ORIGINAL_COMMAND": command} if command else ENV
    return subprocess.run(["setpriv", f"--reuid={account.uid}", f"--regid={account.gid}",
                           "--init-groups", *argv], input=said, env=env, cwd="/",
                          capture_output=True, timeout=PATIENCE, check=False)


def acl(path):
    return does("getfacl", "--omit-header", "--absolute-names", "--no-effective",
                path).strip() + "\n"


def effective(path):
    text = does("getfacl", "--omit-header", "--absolute-names", "--all-effective", path)
    return re.sub(r"\t+", "\t", "".join(
        line.split("\t#effective")[0].rstrip() + "\n" if line.startswith(("user::", "mask", "other"))
        else line + "\n" for line in text.strip().splitlines()))


def makes_groups():
    """On a system without the directory, by what the file says; members stand there as a comment."""
    trees.remove("/etc/sysusers.d")
    follows(SYSUSERS)
    path = "/etc/sysusers.d/scp-incoming.conf"
    for members in (("", ""), ("anna", "rita")):
        if any(members):
            sshd.write_text(path, re.sub(r"(?m)^#m ", "m ", sshd.read_text(path)))
            process.run(["systemd-sysusers", path], ENV)
        for name, member in zip(("incoming", "incoming-readers"), members):
            same(f"members of {name}", member, does("getent", "group", name).strip().split(":")[3])


def makes_directory():
    """Once, and at each start of the machine again."""
    for _ in range(2):
        follows(TMPFILES)
        same("mode, owner and group", "2770 root incoming",
             does("stat", "--format=%a %U %G", DIRECTORY).strip())
        same("ACL", "user::rwx\ngroup::rwx\ngroup:incoming-readers:rwx\nmask::rwx\nother::---\n"
             + DEFAULT, acl(DIRECTORY))


def forced(*more):
    line = re.search(r"^\s+ForceCommand (.*)$", sshd.read_text(FORCED), re.MULTILINE).group(1)
    holds("it serves the same directory", line.endswith(f" --root={DIRECTORY}"), line)
    return [*line.split(), *more]


def push(command, said, *more):
    done = as_user("anna", *forced(*more), said=said, command=command)
    same("exit status", 0, done.returncode, f"{done.stdout!r} {done.stderr!r}")


def may(name, what, path, expected):
    """Whether NAME can read, append to, or remove a file, list a directory, or remove a tree."""
    script = {"read": 'cat "$1"', "write": 'echo more >>"$1"', "remove": 'rm -f "$1"',
              "list": 'ls "$1"', "take": 'rm -r "$1" </dev/null'}[what]
    done = as_user(name, "sh", "-c", script, "sh", path)
    same(f"{name} can {what} {path}", expected, done.returncode == 0, done.stderr)


def takes_a_file():
    push("scp -t .", b"C0644 6 report\nhello\n\0")
    path = f"{DIRECTORY}/report"
    same("owner and group", "anna incoming", does("stat", "--format=%U %G", path).strip())
    same("ACL", FILE_ACL, effective(path))
    may("emil", "list", DIRECTORY, False)
    may("emil", "read", path, False)
    may("rita", "list", DIRECTORY, True)
    may("rita", "read", path, True)
    may("rita", "write", path, False)
    may("rita", "remove", path, True)


def takes_a_tree():
    """The directories are for the readers, too, by the lines that the file shows."""
    tree = b"D0755 0 tree\nC0644 6 file\nhello\n\0D0700 0 below\nC0644 6 file\nhello\n\0E\nE\n"
    top = f"{DIRECTORY}/tree"
    with machine.configured(shown(TMPFILES)[1]):
        for command in ("scp -r -t .", "scp -r -p -t ."):
            push(command, tree)
            for path in (top, f"{top}/below"):
                same("mode and group", "2770 incoming",
                     does("stat", "--format=%a %G", path).strip())
                same("default ACL", DEFAULT, "".join(line + "\n" for line in acl(path).splitlines()
                                                     if line.startswith("default:")))
            # With -p the mode is the client's to the last bit, but nobody else gets that far.
            if "-p" not in command:
                same("ACL of what is in it", FILE_ACL, effective(f"{top}/below/file"))
            may("emil", "list", top, False)
            may("rita", "read", f"{top}/below/file", True)
            may("rita", "take", top, True)
            holds("nothing is left", not os.path.lexists(top), os.listdir(DIRECTORY))


def needs_these_lines():
    """Without them the client's mode keeps the readers from what is in a directory."""
    push("scp -r -t .", b"D0755 0 shut\nC0644 6 file\nhello\n\0E\n")
    may("rita", "read", f"{DIRECTORY}/shut/file", True)
    may("rita", "take", f"{DIRECTORY}/shut", False)


def keeps_what_is_private():
    """The client's mode counts, unless the administrator says otherwise."""
    push("scp -t .", b"C0600 6 private\nhello\n\0")
    may("rita", "read", f"{DIRECTORY}/private", False)
    may("rita", "remove", f"{DIRECTORY}/private", True)
    push("scp -t .", b"C0600 6 inherited\nhello\n\0", "--modes=inherit")
    same("ACL", OPEN_ACL, effective(f"{DIRECTORY}/inherited"))
    may("rita", "read", f"{DIRECTORY}/inherited", True)
    may("rita", "write", f"{DIRECTORY}/inherited", True)


def stays():
    """What was received is there after the next start, as it was, and never too old."""
    lines = [line.split() for line in sshd.read_text(TMPFILES).splitlines() if line[0] not in "#"]
    same("ages", {"-"}, {fields[5] for fields in lines}, lines)
    before = does("getfacl", "--recursive", "--absolute-names", DIRECTORY)
    does("systemd-tmpfiles", "--create", "--remove", "--clean", TMPFILES)
    same("files, modes and ACLs", before,
         does("getfacl", "--recursive", "--absolute-names", DIRECTORY))


def check(report):
    for test in (makes_groups, makes_directory, takes_a_file, takes_a_tree, needs_these_lines,
                 keeps_what_is_private, stays):
        report.run(f"incoming: {test.__name__.replace('_', ' ')}", test)
