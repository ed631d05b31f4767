# SPDX-License-Identifier: ISC
"""Programs that keep backups by SFTP, and libraries that know old algorithms alone."""
import os

from stage import process, world
from stage.report import Skipped, holds, same

SCRIPTS = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "stage/clients")
PHPSECLIB, JSCH = "/usr/share/php/phpseclib/autoload.php", "/usr/share/java/jsch.jar"
OLD = "HostKeyAlgorithms +ssh-rsa\nPubkeyAcceptedAlgorithms +ssh-rsa\n"
FORCED = "Subsystem sftp internal-sftp\nForceCommand {scp} --serve --root={root} --sandbox=require {more}\n"
DATA = bytes(range(256)) * 1500
TIME = 1000000000


def put(path, data):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(data)
    return path


def get(path):
    with open(path, "rb") as file:
        return file.read()


def tree(top):
    return {os.path.relpath(os.path.join(path, name), top): get(os.path.join(path, name))
            for path, _, files in os.walk(top) for name in files}


def fill(top):
    for name, data in (("a", b"first"), ("dir/b", DATA), ("dir/empty", b"")):
        put(f"{top}/{name}", data)
    return top


def needs(path):
    if not os.path.exists(path):
        raise Skipped(f"there is no {path}")


def restic(bench):
    """A repository beneath a root, of which one of two snapshots is forgotten; over pipes."""
    needs("/usr/bin/restic")
    base = f"{bench.base}/restic"
    source, root = fill(f"{base}/source"), f"{base}/root"
    os.mkdir(root)
    env = {"PATH": os.defpath, "HOME": base, "RESTIC_PASSWORD": "x", "RESTIC_CACHE_DIR": f"{base}/cache"}
    server = f"{bench.scp} --sftp --root={root} --sandbox=require"

    def run(*words):
        outcome = process.run(["/usr/bin/restic", "-q", "-r", "sftp:any:/repository", "-o",
                               f"sftp.command={server}", *words], env, cwd=base)
        same(f"exit status of {words[0]}", 0, outcome.code, outcome.log)

    run("init")
    run("backup", "source")
    put(f"{source}/later", DATA[::-1])
    run("backup", "source")
    run("forget", "--keep-last", "1", "--prune")
    run("check", "--read-data")
    run("restore", "latest", "--target", f"{base}/restored")
    same("what is restored", tree(source), tree(f"{base}/restored/source"))


def accounts(bench, more, check):
    """CHECK(made, root) with a server whose account is held to ROOT, and MORE is said of it."""
    root = f"{bench.base}/account{len(os.listdir(bench.base))}"
    os.mkdir(root)
    first = OLD + FORCED.format(scp=bench.scp, root=root, more=more)
    with world.world_with(bench.scp, first=first, kind="rsa") as made:
        made.give(root)
        check(made, root)


def duplicity(bench):
    needs("/usr/bin/duplicity")

    def check(made, root):
        source, host = fill(f"{made.base}/source"), made.host
        put(f"{made.base}/client-home/.ssh/known_hosts", get(host.known))
        url = f"sftp://{host.user}@127.0.0.1:{host.port}/backup"

        def run(*words):
            outcome = process.run(["/usr/bin/duplicity", words[0], "--no-encryption",
                                   f"--ssh-options=-oIdentityFile={host.key}", *words[1:]], made.env)
            same(f"exit status of {words[0]}", 0, outcome.code, outcome.log)

        run("full", source, url)
        put(f"{source}/later", DATA[::-1])
        run("incremental", source, url)
        run("restore", url, f"{made.base}/restored")
        same("what is restored", tree(source), tree(f"{made.base}/restored"))
        holds("it is there", os.listdir(f"{root}/backup"), "nothing")

    accounts(bench, "", check)


def library(bench, *argv):
    """Each account, by the program ARGV on a library."""
    def steps(made, *taken):
        return process.run([*argv, str(made.host.port), made.host.user, made.host.key,
                            *(word for step in taken for word in step)], made.env)

    def unrestricted(made, root):
        source = put(f"{made.base}/source", DATA)
        outcome = steps(made, ("put", source, "a"), ("times", "a", str(TIME)), ("rename", "a", "b"),
                        ("list", "."), ("get", "b", f"{made.base}/back"))
        same("exit status", 0, outcome.code, outcome.log)
        same("there and back", (DATA, DATA, TIME), (get(f"{root}/b"), get(f"{made.base}/back"),
                                                    int(os.stat(f"{root}/b").st_mtime)))
        holds("it is listed", "b" in outcome.out.split(), outcome.log)
        made.give(put(f"{root}/b", b"#" * 1000))
        outcome = steps(made, ("reput", source, "b"))
        same("exit status", 0, outcome.code, outcome.log)
        same("gone on with", b"#" * 1000 + DATA[1000:], get(f"{root}/b"))

    def upload_only(made, root):
        source = put(f"{made.base}/source", DATA)
        made.give(put(f"{root}/others", b"secret"))
        outcome = steps(made, ("put", source, "a"), ("times", "a", str(TIME)), ("put", source, "others"))
        same("exit status", 0, outcome.code, outcome.log)
        same("files", (DATA, DATA), (get(f"{root}/a"), get(f"{root}/others")))
        made.give(put(f"{root}/others", b"secret"))
        outcome = steps(made, ("list", "."), ("get", "others", f"{made.base}/leak"))
        same("exit status", 1, outcome.code, outcome.log)
        leak = get(f"{made.base}/leak") if os.path.exists(f"{made.base}/leak") else b""
        holds("nothing came", b"secret" not in leak and "others" not in outcome.out, outcome.log)

    def download_only(made, root):
        made.give(put(f"{root}/others", DATA))
        outcome = steps(made, ("get", "others", f"{made.base}/back"))
        same("exit status", 0, outcome.code, outcome.log)
        same("file", DATA, get(f"{made.base}/back"))
        same("exit status", 1, steps(made, ("put", f"{made.base}/back", "new")).code)
        same("what is there", ["others"], os.listdir(root))

    for more, check in (("", unrestricted), ("--upload-only", upload_only),
                        ("--download-only", download_only)):
        accounts(bench, more, check)


def phpseclib(bench):
    needs(PHPSECLIB)
    needs("/usr/bin/php")
    library(bench, "/usr/bin/php", "-d", "include_path=/usr/share/php", f"{SCRIPTS}/sftp_phpseclib.php")


def jsch(bench):
    needs(JSCH)
    needs("/usr/bin/javac")
    made = process.run(["/usr/bin/javac", "-cp", JSCH, "-d", f"{bench.base}/classes",
                        f"{SCRIPTS}/SftpJsch.java"], {"PATH": os.defpath})
    same("exit status of javac", 0, made.code, made.log)
    library(bench, "/usr/bin/java", "-Xshare:auto", "-XX:TieredStopAtLevel=1", "-cp",
            f"{JSCH}:{bench.base}/classes", "SftpJsch")


ALL = (restic, duplicity, phpseclib, jsch)
