# SPDX-License-Identifier: ISC
"""
On a machine of our own that has OpenSSH's scp, make install really writes to /usr and /etc.  Then
README.md and what is installed are followed to the letter, and real clients come.
"""
import contextlib
import os
import stat
import subprocess

import caged
import everybody
import texts
from stage import adapters, estate, installed, machine, process, sshd, trees
from stage.machine import Person
from stage.report import holds, same

PEOPLE = [Person("emil"), Person("anna"), Person("carl"), Person("nora"), Person("cato"),
          Person("bert", "/bin/bash")]
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


def five_lines():
    """Of README: four for the administrator, and one for the client."""
    block, = texts.blocks(texts.readme("An upload-only account in five lines"))
    lines = block.splitlines()
    same("lines", 5, len(lines), lines)
    return lines[:4], lines[4].partition("#")[0].split()


def make_upload_only_account():
    texts.typed("\n".join(five_lines()[0]))


def make_partners():
    """README's third way: what is typed, what sshd reads, and what stands in the configuration."""
    commands, lines, config = texts.way(3)
    texts.typed(commands)
    sshd.write_text("/etc/ssh/sshd_config.d/30.conf", lines)
    with open(machine.CONFIG, "a", encoding="utf-8") as file:
        file.write(config)


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


def upload_only(made, port):
    """README's fifth line, for the server that we have."""
    local = f"{made.base}/local-anna"
    os.mkdir(local)
    sshd.write_text(f"{local}/report.pdf", BODY.decode())
    line = five_lines()[1]
    same("the client's line", ["scp", "report.pdf", "anna@server:"], line)
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


def as_openssh(made, port):
    return ["-F", made.host("anna", port).config], {}


def as_pscp(made, port):
    """A session that somebody has saved as "server"."""
    host = made.host("anna", port)
    saved = f"{made.base}/putty/sessions"
    os.makedirs(saved)
    sshd.write_text(f"{saved}/server", f"Protocol=ssh\nHostName=127.0.0.1\nPortNumber={port}\n")
    return (["-batch", "-noagent", "-i", adapters.Pscp(host, made.env).key(),
             "-hostkey", host.fingerprint], {"PUTTYDIR": f"{made.base}/putty"})


def as_curl(made, port):
    host = made.host("anna", port)
    return (["-q", "-sS", "--insecure", "--connect-to", f"server:22:127.0.0.1:{port}",
             "--key", host.key, "--pubkey", host.key + ".pub"], {})


CLIENTS = {"scp": as_openssh, "sftp": as_openssh, "pscp": as_pscp, "curl": as_curl}


def what_users_type(made, port):
    """README's line for each client, which is told besides where the server is, and who we are."""
    local = f"{made.base}/typed"
    os.mkdir(local)
    block, = texts.blocks(texts.readme("What users type"))
    lines = [line.partition("#")[0].split() for line in block.splitlines()]
    same("clients", set(CLIENTS), {line[0] for line in lines})
    for number, (program, *words) in enumerate(lines):
        body = f"sent by {program}, line {number}\n"
        sshd.write_text(f"{local}/{program}.txt", body)
        options, env = CLIENTS[program](made, port)
        typed = [word.replace("FILE", f"{program}.txt") for word in words]
        got = process.run([f"/usr/bin/{program}", *options, *typed], {**made.env, **env}, cwd=local)
        same(f"exit status of {program}", 0, got.code, got.log)
        if typed == words:
            continue        # It waits for more to be typed.
        same(f"what {program} sent", body, sshd.read_text(f"/srv/incoming/{program}.txt"))


def login_shell(made, port):
    there_and_back(made, port, "carl", ".", "/srv/partners/carl/file")
    shell = made.ssh("carl", host=made.host("carl", port))
    holds("there is no shell", "there is no shell here" in shell.text, shell.log)
    same("his directory is his alone", "700 carl", texts.as_root(
        "stat --format='%a %U' /srv/partners/carl").out.strip())


def restricts_by_itself(made, port):
    """By README's lines alone, where all that may be locked is open and sshd serves SFTP itself."""
    config = made.host("carl", port).config
    got = process.run(["/usr/bin/ssh", "-F", config, "-W", f"127.0.0.1:{port}", "server"], made.env)
    holds("nothing is forwarded", "SSH-2.0" not in got.out and got.code != 0, got.log)
    held, free = (made.sftp(name, port, "ls -1 /") for name in ("carl", "emil"))
    holds("SFTP is held to his directory", "/etc" not in held.out.split(), held.log)
    same("but it is served", 0, held.code, held.log)
    holds("who is not restricted has all of it", "/etc" in free.out.split(), free.log)


def without_a_root(made, port):
    """An account with the shell that no block is for."""
    texts.as_root(f"usermod --shell /usr/{installed.LIB}/scp-shell nora")
    got = made.ssh("nora", "scp -f /etc/passwd", host=made.host("nora", port))
    holds("she reads why", "no root is set for this account" in got.err, got.log)
    holds("and nothing else", "root:" not in got.text, got.log)


def in_force():
    """README's questions: what sshd has is asked of the configuration that our server reads."""
    asked = texts.blocks(texts.readme("Is it in force?"))[0].splitlines()
    same("questions", 4, len(asked), asked)
    explained = texts.as_root(asked[1]).text
    checked = texts.as_root(asked[3], status=int(not os.path.exists("/dev/log"))).text
    holds("--explain says what becomes of it", "served" in explained, explained)
    explained = texts.as_root(asked[2]).text
    holds("and of SFTP", "served" in explained, explained)
    holds("--check says what she may do", "log syslog" in checked, checked)
    outside = texts.as_root(asked[1].replace("scp -t x", "scp -t ../x"), status=1).text
    holds("it says why not", "outside the root" in outside, outside)


def sshd_says(made, port):
    """As README asks it, of the server that we have."""
    line = texts.blocks(texts.readme("Is it in force?"))[0].splitlines()[0]
    config = f"{made.base}/sshd_config-{port}"
    said = texts.as_root(line.replace("sshd -T", f"sshd -T -f {config}")).out.splitlines()
    same("what holds for anna", [f"forcecommand /usr/{installed.LIB}/scp --serve --upload-only "
                                 "--root=/srv/incoming", "permittty no", "disableforwarding yes"],
         sorted(said, key=lambda text: ("permittty" in text) + 2 * ("disable" in text)))


def uninstalls(out, upper, before):
    said = installed.made(out, "uninstall", PREFIX="/usr")
    holds("a changed configuration stays, and that is said",
          os.path.exists(machine.CONFIG) and "stays" in said.text, said.log)
    same("what is left in /usr", {}, new_files(upper))
    same("OpenSSH's files", before, theirs())


def check_served(report, made, out):
    trees.remove("/etc/ssh/sshd_config.d")
    os.mkdir("/etc/ssh/sshd_config.d")
    report.run("ways: README's lines make an account", make_upload_only_account)
    report.run("ways: README's lines make a partner", make_partners)
    # As Debian's sshd_config has it.
    made.serve("all.conf", "Include /etc/ssh/sshd_config.d/*.conf\n")
    with made.server(sftp="internal-sftp", env={"PATH": everybody.path()}) as port:
        for name, test in (("PATH, for everybody", for_everybody),
                           ("a forced command", upload_only),
                           ("what users type", what_users_type), ("a login shell", login_shell),
                           ("a login shell restricts by itself", restricts_by_itself),
                           ("a login shell without a root", without_a_root),
                           ("what sshd says", sshd_says)):
            report.run(f"ways: {name}", test, made, port)
        everybody.check(report, made, port)
    caged.check(report, made, out)
    report.run("ways: is it in force", in_force)


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
        machine.mount("-t", "tmpfs", "-o", "mode=0755,size=64m", "none", "/srv")
        before = theirs()
        report.run("ways: make install touches nothing else", installs, out, upper)
        if not report.failed:
            check_served(report, made, out)
        report.run("ways: make uninstall", uninstalls, out, upper, before)
        everybody.check_alone(report, made, out)
