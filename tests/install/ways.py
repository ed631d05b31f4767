# SPDX-License-Identifier: ISC
"""
On a machine of our own that has OpenSSH's scp, make install really writes to /usr and /etc.  Then
README.md and what is installed are followed to the letter, and real clients come.
"""
import contextlib
import os
import re
import stat
import subprocess

from stage import adapters, estate, installed, machine, process, sshd, trees
from stage.machine import Person
from stage.report import holds, same

EXAMPLES = f"/usr/{installed.EXAMPLES}"
PEOPLE = [Person("emil"), Person("anna"),
          Person("carl", f"/usr/{installed.LIB}/scp-shell", ("partners",))]
THEIRS = ("/usr/bin/scp", "/usr/bin/sftp", "/usr/share/man/man1/scp.1.gz",
          "/usr/share/bash-completion/completions/scp")
BODY = b"what is copied\n"


def new_files(upper):
    """What is in UPPER that hides nothing: a file of the one below is hidden by a device."""
    return {path: what for path, what in installed.found(upper).items()
            if not stat.S_ISCHR(os.lstat(f"{upper}/{path}").st_mode)}


def theirs():
    return {path: trees.digest(path) for path in THEIRS if os.path.exists(path)}


def installs(out, upper):
    before = theirs()
    holds("OpenSSH's scp is here", "/usr/bin/scp" in before, before)
    installed.made(out, "install", PREFIX="/usr")
    same("what is new in /usr", installed.FILES, new_files(upper))
    same("OpenSSH's files", before, theirs())
    holds("there is a configuration", os.path.exists(machine.CONFIG), os.listdir("/etc"))


def readme(heading):
    text = sshd.read_text(f"/usr/{installed.DOC}/README.md")
    return text.partition(f"## {heading}\n")[2].partition("\n## ")[0]


def as_root(line, status=0):
    outcome = process.run(["/bin/sh", "-ec", line], {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"})
    same(f"exit status of {line!r}", status, outcome.code, outcome.log)
    return outcome


def five_lines():
    """Of README: four for the administrator, and one for the client."""
    text = readme("An upload-only account in five lines")
    lines = [line.strip() for line in text.splitlines() if line.startswith("    ")]
    same("lines", 5, len(lines), lines)
    return lines[:4], lines[4].partition("#")[0].split()


def make_upload_only_account():
    for line in five_lines()[0]:
        # There is no service here: a server of ours is to read the same directory.
        as_root(line.replace(" && systemctl reload ssh", ""))


def make_partners():
    """The third way, as the comment of its file has it."""
    name = "30-scp-login-shell.conf"
    ready = sshd.read_text(f"{EXAMPLES}/sshd_config.d/{name}")
    sshd.write_text(f"/etc/ssh/sshd_config.d/{name}", ready)
    shown = ready[ready.index("#\tlog syslog"):].split("\n#\n")[0]
    with open(machine.CONFIG, "a", encoding="utf-8") as file:
        file.writelines(line.removeprefix("#\t") + "\n" for line in shown.splitlines())
    carl = sshd.Account("carl")
    os.makedirs("/srv/partners/carl")
    os.chown("/srv/partners/carl", carl.uid, carl.gid)


def path_of_manual():
    """The first way: the line of the manual's examples."""
    page = sshd.read_text(f"/usr/{installed.MANUALS}/scp-sink-source.1")
    line = re.search(r"^\.Dl SetEnv PATH=(\S+)$", page, re.MULTILINE).group(1)
    holds("README says the same", f"SetEnv PATH={line}\n" in readme("Three ways in"), line)
    return line


def client_of(made, port, name):
    return adapters.OpenSSH(made.host(name, port), made.env)


def there_and_back(made, port, name, remote, there):
    """A file each way, through the program that is installed."""
    local = f"{made.base}/local-{name}"
    os.mkdir(local)
    sshd.write_text(f"{local}/file", BODY.decode())
    client = client_of(made, port, name)
    for outcome in (client.push([f"{local}/file"], remote),
                    client.pull([f"{remote}/file"], f"{local}/back")):
        same("exit status", 0, outcome.code, outcome.log)
    for path in (there, f"{local}/back"):
        same(f"content of {path}", BODY.decode(), sshd.read_text(path))


def for_everybody(made, port):
    home = sshd.Account("emil").home
    there_and_back(made, port, "emil", home, f"{home}/file")
    found = made.ssh("emil", "command -v scp", host=made.host("emil", port))
    same("the scp of a session", f"/usr/{installed.LIB}/scp\n", found.out, found.log)


def upload_only(made, port):
    """README's fifth line, for the server that we have."""
    local = f"{made.base}/local-anna"
    os.mkdir(local)
    sshd.write_text(f"{local}/report.pdf", BODY.decode())
    line = five_lines()[1]
    same("the client's line", ["scp", "-O", "report.pdf", "anna@server:"], line)
    client = client_of(made, port, "anna")
    pushed = process.run(["/usr/bin/scp", "-F", made.host("anna", port).config, *line[1:]],
                         made.env, cwd=local)
    same("exit status", 0, pushed.code, pushed.log)
    there = "/srv/incoming/report.pdf"
    same("content", BODY.decode(), sshd.read_text(there))
    same("group", os.stat("/srv/incoming").st_gid, os.stat(there).st_gid)
    pulled = client.pull(["report.pdf"], f"{local}/back")
    holds("nothing can be pulled", pulled.code != 0 and not os.path.exists(f"{local}/back"),
          pulled.log)
    shell = made.ssh("anna", "id", host=made.host("anna", port))
    holds("there is no shell", shell.code != 0 and "uid=" not in shell.text, shell.log)
    holds("the log tells of it", "anna" in str(made.log.tail(20)), made.log.tail(20))


def login_shell(made, port):
    there_and_back(made, port, "carl", ".", "/srv/partners/carl/file")
    shell = made.ssh("carl", host=made.host("carl", port))
    holds("there is no shell", "there is no shell here" in shell.text, shell.log)


def administrators_command():
    """README's two questions, answered by what is in PATH."""
    text = readme("An upload-only account in five lines")
    asked = re.findall(r"`(scp-sink-source --[^`]*)`", text)
    same("questions in README", 2, len(asked), text)
    logged = os.path.exists("/dev/log")
    explained, checked = as_root(asked[0], status=1).text, as_root(asked[1], status=not logged).text
    holds("--explain says what becomes of it", "outside the root" in explained, explained)
    holds("--check says what she may do", "log syslog" in checked, checked)


def uninstalls(out, upper, before):
    said = installed.made(out, "uninstall", PREFIX="/usr")
    holds("a changed configuration stays, and that is said",
          os.path.exists(machine.CONFIG) and "stays" in said.text, said.log)
    same("what is left in /usr", {}, new_files(upper))
    same("OpenSSH's files", before, theirs())


def check_served(report, made):
    trees.remove("/etc/ssh/sshd_config.d")
    os.mkdir("/etc/ssh/sshd_config.d")
    report.run("ways: README's lines make an account", make_upload_only_account)
    make_partners()
    # As Debian's sshd_config has it.
    made.serve("all.conf", "Include /etc/ssh/sshd_config.d/*.conf\n")
    with made.server(env={"PATH": path_of_manual()}) as port:
        report.run("ways: PATH, for everybody", for_everybody, made, port)
        report.run("ways: a forced command", upload_only, made, port)
        report.run("ways: a login shell", login_shell, made, port)
    report.run("ways: the administrator's command", administrators_command)


def check(report, base, out):
    if not report.wants("ways"):
        return
    with contextlib.ExitStack() as stack:
        made = stack.enter_context(estate.made(base, out, PEOPLE))
        try:
            upper = machine.overlay()
        except subprocess.CalledProcessError as error:
            report.skip("ways: all of it", f"no overlay filesystem: {error}")
            return
        machine.mount("-t", "tmpfs", "-o", "mode=0755,size=16m", "none", "/srv")
        before = theirs()
        report.run("ways: make install touches nothing else", installs, out, upper)
        if not report.failed:
            check_served(report, made)
        report.run("ways: make uninstall", uninstalls, out, upper, before)
