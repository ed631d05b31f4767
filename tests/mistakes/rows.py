# SPDX-License-Identifier: ISC
"""The mistakes: what each is, and who tells of it in which words."""
from dataclasses import dataclass

import made

IN = "--upload-only --root=BASE/srv/in"
FORCED = f"ForceCommand SCP --serve {IN}"
SERVED = "served"               # in the place of words: it copies, or the log has it so

# What an administrator asks.
CHECKED = "SCP --check /etc/scp.conf anna"
SSHD = "sshd -T -f CONFIG -C user=anna | grep -i -e forcecommand -e chrootdirectory"


def explained(options):
    return f"SCP --explain 'scp -t file' --user=anna {options}"


@dataclass
class Mistake:
    """
    NAME is made by STEPS and by what sshd is told.  In words BASE is the temporary directory, SCP the
    program, and dots are whatever there is.
    """
    name: str
    page: str                   # what TROUBLESHOOTING.md has it under
    sshd: str = FORCED          # lines for members of the group that anna is in; "" for none
    steps: tuple = ()
    first: str = ""             # lines of sshd_config that come before
    client: str = SERVED        # a line that scp -O shows
    log: str = ""               # the reason in our record; "" where there is none of ours
    sshds: str = ""             # a line of sshd's own log
    ask: str = ""
    told: str = ""              # a line of the answer
    sound: bool = False         # it answers that all is well, for it cannot see the mistake
    internal: bool = False      # Subsystem is internal-sftp


def forced(name, page, options, words, **more):
    """The options of the forced command are wrong: three are told the same."""
    return Mistake(name, page, sshd=f"ForceCommand SCP --serve {options}", client=words, log=words,
                   ask=explained(options), told=f"...{words}", **more)


def shell(name, page, text, client, log, told=None, steps=(), file=(0o644, "root"), **more):
    """/etc/scp.conf is wrong, for an account that has the login shell."""
    return Mistake(name, page, sshd="ForceCommand scp --serve", client=client, log=log, ask=CHECKED,
                   told=log if told is None else told,
                   steps=(made.shell("SCP-shell"), made.config(text, *file), *steps), **more)


def told_alike(name, page, text, words, **more):
    return shell(name, page, text, words, words, **more)


HOME = ("it holds the account's home, where .ssh and .profile are commands in disguise: uploads need "
        "hidden no and symlinks never, or another root")

DIRECTORIES = [
    forced("root missing", "No such file or directory", "--upload-only --root=BASE/srv/none",
           "scp: BASE/srv/none: No such file or directory"),
    told_alike("root missing, login shell", "No such file or directory", "root BASE/srv/%u\n",
               "scp: BASE/srv/anna: No such file or directory"),
    shell("root not writable, login shell", "Permission denied", "upload-only\nroot BASE/srv/shelf\n",
          "scp: key.pub: Permission denied", "Permission denied",
          "scp: BASE/srv/shelf: ...Permission denied",
          steps=(made.directory("BASE/srv/shelf", 0o755),)),
    Mistake("root not writable", "Permission denied", client="scp: key.pub: Permission denied",
            sshd="ForceCommand SCP --serve --upload-only --root=BASE/srv/shelf",
            log="Permission denied", steps=(made.directory("BASE/srv/shelf", 0o755),),
            ask=explained("--upload-only --root=BASE/srv/shelf"), told="...Permission denied"),
    forced("root 0700", "Permission denied", "--upload-only --root=BASE/srv/shut",
           "scp: BASE/srv/shut: Permission denied",
           steps=(made.directory("BASE/srv/shut", 0o700),)),
    told_alike("root below what is 0700", "Permission denied", "root BASE/srv/shut/in\n",
               "scp: BASE/srv/shut/in: Permission denied",
               steps=(made.directory("BASE/srv/shut", 0o700),
                      made.directory("BASE/srv/shut/in", 0o777))),
    Mistake("root a symlink", "a symbolic link", log=SERVED, ask=explained("--root=BASE/srv/link"),
            sshd="ForceCommand SCP --serve --root=BASE/srv/link", told="served", sound=True,
            steps=(made.link("BASE/srv/link", "BASE/srv/in"),)),
    forced("home as root", "it holds the account's home", "--upload-only --root=%h --hidden=yes",
           f"scp: BASE/home/anna: {HOME}"),
    forced("hidden home below root", "it holds the account's home",
           "--upload-only --root=BASE --hidden=yes", f"scp: BASE: {HOME}"),
    Mistake("disk full", "No space left on device", steps=(made.full_disk,), client="scp: key.pub: ...",
            sshd="ForceCommand SCP --serve --upload-only --root=BASE/full",
            log="No space left on device", ask=explained("--upload-only --root=BASE/full"),
            told="served", sound=True),
]

OPTIONS = [
    forced("key misspelt in ForceCommand", "there is no such key", "--upload-ony --root=BASE/srv/in",
           "scp: --upload-ony: there is no such key..."),
    forced("-root=", "there is no such option", "--upload-only -root=BASE/srv/in",
           "scp: -root=BASE/srv/in: there is no such option"),
    forced("~ in root", "it takes an absolute path", "--upload-only --root=~/in",
           "scp: --root=~/in: it takes an absolute path"),
    forced("second root wider", "it is not beneath the root before it", IN,
           "scp: --root=BASE/srv/in: it is not beneath the root before it",
           steps=(made.config("root BASE/srv/in/anna\n"),)),
    Mistake("--serve forgotten", "only after --serve", f"ForceCommand SCP {IN}",
            client="scp: --upload-only: only after --serve",
            log="scp: --upload-only: only after --serve", ask=SSHD, told="forcecommand SCP --upload-only..."),
    Mistake("the program's path wrong", "not found", f"ForceCommand BASE/bni/scp --serve {IN}",
            client="sh: ...BASE/bni/scp: not found", ask=SSHD,
            told="forcecommand BASE/bni/scp --serve..."),
    Mistake("OpenSSH's scp found instead", "unknown option -- -", f"ForceCommand scp --serve {IN}",
            client="scp: unknown option -- -", ask=SSHD, told="forcecommand scp --serve..."),
]

FILE = [
    told_alike("key misspelt in the file", "there is no such key",
               "max-filesize 1G\nroot BASE/srv/in\n",
               "scp: /etc/scp.conf, line 1: max-filesize: there is no such key..."),
    told_alike("Match in capitals", "it is written match", "Match group incoming\n\troot BASE/srv/in\n",
               "scp: /etc/scp.conf, line 1: Match: it is written match"),
    told_alike("file not root's", "it does not belong to root", "root BASE/srv/in\n",
               "scp: /etc/scp.conf: it does not belong to root", file=(0o644, "emil")),
    told_alike("file 0600", "the account may not read it", "root BASE/srv/in\n",
               "scp: /etc/scp.conf: the account may not read it", file=(0o600, "root")),
    told_alike("root = /x", "it takes an absolute path", "root = BASE/srv/in\n",
               "scp: /etc/scp.conf, line 1: root: it takes an absolute path"),
    told_alike("comment behind a value", "a comment is a line of its own",
               "root BASE/srv/in # here\n", "scp: /etc/scp.conf, line 1: root: it has a blank and # in "
               "it: a comment is a line of its own"),
    told_alike("two patterns on a line", "it takes one pattern",
               "root BASE/srv/in\nallow *.pdf *.pub\n",
               "scp: /etc/scp.conf, line 2: allow: it takes one pattern..."),
    told_alike("group misspelt", "there is no such group",
               "match group incomming\n\troot BASE/srv/in\n",
               "scp: /etc/scp.conf, line 1: incomming: there is no such group"),
    told_alike("both directions forbidden", "exclude each other",
               "upload-only\ndownload-only\nroot BASE/srv/in\n",
               "scp: /etc/scp.conf, line 2: download-only: upload-only and download-only exclude each "
               "other"),
    shell("DOS line ends", "DOS line ends", "upload-only\r\nroot BASE/srv/in\r\n", SERVED, SERVED,
          "anna: uploads to BASE/srv/in, nothing else", sound=True),
    told_alike("account in no block", "no root is set for this account",
               "match user emil\n\troot BASE/srv/in\n",
               "scp: /etc/scp.conf: no root is set for this account"),
]

ACCOUNT = [
    Mistake("shell nologin", "This account is currently not available.",
            steps=(made.shell("/usr/sbin/nologin"),),
            client="This account is currently not available.", ask="getent passwd anna",
            told="...:/usr/sbin/nologin"),
    Mistake("shell /bin/false", "lost connection", steps=(made.shell("/bin/false"),),
            client="lost connection", ask="getent passwd anna", told="...:/bin/false"),
    Mistake("shell missing", "does not exist", steps=(made.shell("/bin/not-there"),),
            client="anna@...: Permission denied (publickey)...",
            sshds="User anna not allowed because shell /bin/not-there does not exist"),
    Mistake("package removed", "not found", steps=(made.removed,), client="sh: ...SCP: not found",
            ask=SSHD, told="forcecommand SCP --serve..."),
    Mistake("package removed, login shell", "does not exist", "",
            steps=(made.removed, made.shell("SCP-shell")),
            client="anna@...: Permission denied (publickey)...",
            sshds="User anna not allowed because shell SCP-shell does not exist"),
    Mistake("account not in the group", "forcecommand none", steps=(made.not_a_member("incoming"),),
            ask=SSHD, told="forcecommand none"),
    Mistake("another ForceCommand first", "This service allows sftp connections only.",
            first="Match User anna\n\tForceCommand internal-sftp\n", ask=SSHD,
            client="This service allows sftp connections only.", told="forcecommand internal-sftp"),
    Mistake("ChrootDirectory out of habit", "/bin/sh: No such file or directory",
            f"ChrootDirectory /run/cage\n{FORCED}", steps=(made.directory("/run/cage", 0o755),),
            client="/bin/sh: No such file or directory", ask=SSHD,
            told="chrootdirectory /run/cage"),
    Mistake("ChrootDirectory that is not root's", "bad ownership or modes for chroot directory",
            f"ChrootDirectory /run/cage\n{FORCED}", ask=SSHD, client="lost connection",
            steps=(made.directory("/run/cage", 0o755, "anna"),), told="chrootdirectory /run/cage",
            sshds="bad ownership or modes for chroot directory \"/run/cage\""),
    Mistake("key listed twice", "The key is listed twice", "",
            steps=(made.keys("KEY", f'command="SCP --serve {IN}",restrict KEY'),),
            ask=SSHD, told="forcecommand none"),
    Mistake("noisy start-up file", "A start-up file of the shell says something",
            steps=(made.shell("/bin/bash"), made.start_up_file(".bashrc", "echo Welcome\n")),
            client="Welcome", log=SERVED, ask=explained(IN), told="served", sound=True),
    Mistake("internal-sftp with a login shell", "SFTP is served", "", internal=True, ask=SSHD,
            steps=(made.shell("SCP-shell"), made.config("root BASE/srv/in\n")), log=SERVED,
            told="forcecommand none"),
]

LOG = [
    Mistake("no /dev/log", "/dev/log", f"ForceCommand SCP --serve {IN}", steps=(made.no_log,),
            ask=explained(IN), told="...scp: /dev/log: No such file or directory"),
    Mistake("no /dev/log, and it is required", "/dev/log",
            f"ForceCommand SCP --serve {IN} --log-required=yes", steps=(made.no_log,),
            client="scp: /dev/log: No such file or directory",
            ask=explained(f"{IN} --log-required=yes"),
            told="...scp: /dev/log: No such file or directory"),
]

ROWS = [*DIRECTORIES, *OPTIONS, *FILE, *ACCOUNT, *LOG]
