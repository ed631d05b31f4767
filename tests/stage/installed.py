# SPDX-License-Identifier: ISC
"""What make install puts where."""
import os
import stat

from stage import process
from stage.report import same

TOP = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
LIB = "lib/scp-sink-source"
DOC = "share/doc/scp-sink-source"
MANUALS = "share/man/man1"
COMPLETIONS = "share/bash-completion/completions"
EXAMPLES = f"{DOC}/examples"
SSHD = f"{EXAMPLES}/sshd_config.d"
CONFIG = "etc/scp.conf"

# All that there is, below PREFIX: a mode, or where a link leads.
FILES = {
    f"{LIB}/scp": 0o755,
    f"{LIB}/scp-shell": "scp",
    "bin/scp-sink-source": "../lib/scp-sink-source/scp",
    f"{MANUALS}/scp-sink-source.1": 0o644,
    f"{MANUALS}/scp-shell.1": "scp-sink-source.1",
    "share/man/man5/scp.conf.5": 0o644,
    f"{COMPLETIONS}/scp-sink-source": 0o644,
    **{f"{DOC}/{name}": 0o644 for name in ("README.md", "TROUBLESHOOTING.md", "SECURITY.md",
                                          "CHANGELOG.md", "LICENSE", "SELINUX.md")},
    f"{EXAMPLES}/scp.conf": 0o644,
    f"{EXAMPLES}/authorized_keys.example": 0o644,
    f"{SSHD}/00-scp-every-account.conf": 0o644,
    f"{SSHD}/10-scp-upload-only.conf": 0o644,
    f"{SSHD}/20-scp-download-only.conf": 0o644,
    f"{SSHD}/30-scp-login-shell.conf": 0o644,
    f"{SSHD}/40-scp-chroot.conf": 0o644,
    f"{EXAMPLES}/apparmor/scp-sink-source": 0o644,
    f"{EXAMPLES}/profile.d/scp-sink-source.sh": 0o644,
    f"{EXAMPLES}/sudoers.d/scp-sink-source": 0o644,
    f"{EXAMPLES}/sysusers.d/scp-incoming.conf": 0o644,
    f"{EXAMPLES}/tmpfiles.d/scp-incoming.conf": 0o644,
}


def make(out, target, **where):
    """make TARGET of what was built, which needs nobody's login environment."""
    env = {**os.environ, "LC_ALL": "C.UTF-8"}
    variables = [f"{name}={value}" for name, value in where.items()]
    return process.run(["make", "--no-print-directory", "-C", TOP, f"OUT={out}", *variables,
                        target], env, patience=300)


def made(out, target, **where):
    outcome = make(out, target, **where)
    same(f"exit status of make {target}", 0, outcome.code, outcome.log)
    return outcome


def found(top):
    """{path: mode, or where a link leads} of all that is no directory."""
    there = {}
    for path, _, names in os.walk(top):
        for name in names:
            full = f"{path}/{name}"
            st = os.lstat(full)
            there[os.path.relpath(full, top)] = (
                os.readlink(full) if stat.S_ISLNK(st.st_mode) else stat.S_IMODE(st.st_mode))
    return there


def expected(prefix, config=CONFIG):
    return {f"{prefix}/{path}": what for path, what in FILES.items()} | {config: 0o644}
