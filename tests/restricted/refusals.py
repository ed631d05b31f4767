# SPDX-License-Identifier: ISC
"""What is no request of a client of scp, and what becomes of it: a table, and how it is asked."""
import common
from stage import records, sshd, transfers
from stage.report import holds, same

ALONE = "not served: this account is for copying files alone"
NOT_SERVED = "not served: it has an unquoted "
OPTION = "this option is not allowed here"
UNKNOWN = "unknown option"
BOTH = "-t and -f exclude each other"
NEITHER = "neither -t nor -f: only copies that a client asks for are served"
LIMIT = "the limit is no number of kbit/s"
LACKING = "option requires an argument"

REFUSALS = [
    # why, and what the client asks for; "TOUCH" would leave something behind if it were run
    (ALONE, ["id", "/bin/sh", "bash -i", "TOUCH", "sh -c 'scp -t x'", "env scp -t x", "cat x",
             "exec scp -t x", "command scp -t x", "PATH=/tmp scp -t x", "xscp -t x", "scp.sh -t x",
             "scp-shell -c id", "''", "   ", "'scp -t x'", r"scp\ -t x", "scp/ -t x", "ls -la",
             "rsync --server -e.LsfxC . x", "git-upload-pack 'x'", "internal-sftp-x",
             "eval 'scp -t x'", "!scp -t x"]),
    (NOT_SERVED + "; & or |", ["scp -t x; TOUCH", "scp -t x && TOUCH", "scp -t x || TOUCH",
                               "scp -t x | TOUCH", "scp -t x & TOUCH", "umask 0; scp -t x",
                               "test -d x && scp -t x", "TOUCH; scp -t x", "scp -t x;"]),
    (NOT_SERVED + "$ or `", ["scp -t `TOUCH`", "scp -t $(TOUCH)", "scp -t x$(TOUCH)",
                             "scp -t $HOME/x", "$SHELL", "scp ${x:--t} x", "`TOUCH`"]),
    (NOT_SERVED + "< or >", ["scp -t x > file", "scp -t x >> file", "scp -t x < /etc/passwd",
                             "scp -t x 2>&1"]),
    (NOT_SERVED + "( or )", ["(scp -t x)", "scp -t x)", "f() { TOUCH"]),
    ("not served: it has more than one line", ["scp -t x\nTOUCH", "scp -t x\n\nTOUCH"]),
    ("the quote is not closed", ["scp -t 'x", 'scp -t "x', "scp -t x'"]),
    (OPTION, ["scp -S TOUCH -t x", "scp -STOUCH -t x", "scp -t -o ProxyCommand=TOUCH x",
              "scp -oProxyCommand=TOUCH -t x", "scp -F x -t x", "scp -D /bin/sh -t x",
              "scp -J x -t x", "scp -i x -t x", "scp -c x -t x", "scp -P 22 -t x",
              "scp -X nrequests=1 -t x", "scp -s -t x", "scp -R -t x", "scp -tBs x",
              "scp -rSt x", "scp -c\\ id -t x"]),
    (BOTH, ["scp -rft x", "scp -tf x", "scp -ft x", "scp -t -f x", "scp -f -t x", "scp -t -rf x",
            "scp -fpt x", "scp '-t' \"-f\" x"]),
    (NEITHER, ["scp", "scp x", "scp a host:b", "scp host:a b", "scp -r a b", "scp -- -t x",
               "scp x -t x", "scp ''", "scp -"]),
    (UNKNOWN, ["scp --help", "scp --version", "scp -h", "scp '-?'", "scp --check",
               "scp --check /etc/shadow", "scp --explain id", "scp -t --root=/ x", "scp -t --help",
               "scp --root=/ -t x", "scp -tZ x", "scp -\u00e9"]),
    (LIMIT, ["scp -l 0 -t x", "scp -lx -t x", "scp -t -l 10k x"]),
    (LACKING, ["scp -l", "scp -t -l"]),
    (common.ONLY_SCP, ["/usr/lib/openssh/sftp-server", "sftp-server -e", "internal-sftp"]),
]
# Lines by which somebody's sshd may ask for SFTP; to a login shell they may be the administrator's words.
SERVING = ["scp --serve", "scp --serve -t x", "scp --serve --hidden=yes --root=/"]


def refuse_commands(estate, name, also):
    """One line, one record, and nothing has happened."""
    account = sshd.Account(name)
    touch = f"touch {account.home}/it-was-run"
    rows = [(reason, command.replace("TOUCH", touch))
            for reason, commands in [*REFUSALS, *also] for command in commands]
    estate.log.forget()
    with common.connection(estate, name), common.unchanged(account.home):
        for reason, command in rows:
            got = estate.ssh(name, command)
            what = f"{command!r}: {got.log}"
            same("exit status and standard output", (1, ""), (got.code, got.out), what)
            same("lines on standard error", 1, len(got.err.splitlines()), what)
            holds(f"it says {reason!r}", got.err.startswith("scp: ") and reason in got.err, what)
            check_denial(estate, command, got.err.rstrip("\n"))


def check_denial(estate, command, reason):
    found = [(record.event, records.undo(record.fields["request"]).decode(),
              records.undo(record.fields["reason"]).decode()) for record in estate.log.take()]
    same("records", [("denied", command, reason)], found)


def refuse_much(estate, name):
    """More than any client has to say."""
    got = estate.ssh(name, "scp -t " + "x" * 70000)
    same("exit status and standard output", (1, ""), (got.code, got.out), got.log)
    same("lines on standard error", 1, len(got.err.splitlines()), got.log)


QUOTED = [
    ("'`id`'", "`id`"), ('"$(id)"', "$(id)"), (r"\;id", ";id"), ("'a\nid'", "a\nid"),
    ("x#y", "x#y"), ("-- --help", "--help"), ("-- -S", "-S"), ("{x", "{x"), ("'*'", "*"),
    ("nothing*", "nothing*"),
]


def quotes_are_no_escape(estate):
    """What a shell would run, were it not quoted, is the name of a file."""
    with common.connection(estate, "anna"):
        for quoted, name in QUOTED:
            got = common.talk(estate, "anna", f"scp -t {quoted}", b"C0644 4 file\nnew\n\0")
            same(f"exit status for {quoted!r}", 0, got.code, got.log)
            content = transfers.get(f"{estate.base}/srv/incoming/{name}")
            same(f"content of {name!r}", b"new\n", content)
