# SPDX-License-Identifier: ISC
"""Others that have a command carried out now and then: each by its own program, or in its words by ssh."""
import hashlib
import os
import stat
import subprocess

from fish import DATA, get, put
from stage import process
from stage.report import Skipped, holds, same

SSH, PSCP, VIM, RCLONE, RUBY = (f"/usr/bin/{name}" for name in ("ssh", "pscp", "vim", "rclone", "ruby"))
HERE = os.path.dirname(os.path.abspath(__file__))


def run(ground, *argv, **more):
    outcome = process.run(list(argv), ground.env, **more)
    same("exit status", 0, outcome.code, outcome.log)
    return outcome.out


def says(ground, place, command, stdin=None):
    """What `ssh server COMMAND` does, where {} is the directory of the check."""
    return process.run([SSH, "-F", ground.host.config, "server", command.replace("{}", place.name)],
                       ground.env, stdin=stdin)


WORDS = (
    # what is said; exit status; output; part of what is on standard error
    ("pwd", 0, "/\n", ""),
    ('cd "{}"; echo $?; pwd', 0, "0\n{}\n", ""),
    ('cd "{}/none"; echo $?; pwd', 0, "1\n/\n", "cd: {}/none: No such file or directory\n"),
    ('test -d "{}"; echo $?', 0, "0\n", ""),
    ("mkdir -p -- '{}/a/b' && test -e '{}/a' && echo y || echo n", 0, "y\n", ""),
    ('rm -rf "{}/a"; echo $?', 0, "0\n", ""),
    ("echo $LANG $LC_CTYPE $LC_ALL", 0, "C.UTF-8\n", ""),
    ("touch {}/f && stat --format='%s %F' {}/f", 0, "0 regular empty file\n", ""),
    ("stat -c '%s' -- '{}/none' 2>/dev/null", 1, "", ""),
    ("readlink /bin/sh", 1, "", ""),
    ("busybox 2>&1", 127, "busybox: command not found\n", ""),
    ("umask 0002; mkdir {}/w; ls -d {}/w", 0, "{}/w\n", ""),
    ('cd "{}"; unzip -q -o "x.zip"; rm -f "f"', 126, "", "rm: not done: "),
    ("ls {}/none; echo $?", 0, "2\n", "ls: {}/none: No such file or directory\n"),
    ("echo ${ShellId}%ComSpec%", 0, "%ComSpec%\n", ""),
    ("sudo rm {}/f", 127, "", ""),
    ("rm {}/f | cat", 2, "", ""),
    ("cat {}/f", 0, "", ""),
    ("rm {}/f && rmdir {}/w && ls {}", 0, "", ""),
)


def ssh(ground, place):
    for command, status, output, error in WORDS:
        outcome = says(ground, place, command)
        same(command, (status, output.replace("{}", place.name)), (outcome.code, outcome.out), outcome.log)
        holds(f"{command}: it says {error!r}", error.replace("{}", place.name) in outcome.err, outcome.err)


def ssh_shell(ground, place):
    """Lines on a channel without a command; and what a terminal is told."""
    path = f"{place.local}/script"
    put(path, f"cd {place.name}\nmkdir a\nls -a\nexit 3\nmkdir b\n".encode())
    with open(path, "rb") as file:
        outcome = process.run([SSH, "-T", "-F", ground.host.config, "server"], ground.env, stdin=file)
    same("what it says", (3, ".\n..\na\n"), (outcome.code, outcome.out), outcome.log)
    same("names", ["a"], os.listdir(place.top))
    outcome = process.run([SSH, "-tt", "-F", ground.host.config, "server"], ground.env)
    holds("a terminal is told that there is no shell", "there is no shell here" in outcome.text, outcome.log)


def copy_in_script(ground, place):
    """A copy with something around it."""
    path = f"{place.local}/sent"
    put(path, b"C0644 3 f\nabc\0")
    with open(path, "rb") as file:
        outcome = says(ground, place, "mkdir -p {}/d && scp -t {}/d", stdin=file)
    same("what it says", (0, "\0\0\0"), (outcome.code, outcome.out), outcome.log)
    same("what came", b"abc", get(f"{place.top}/d/f"))


def pscp(ground, place):
    os.mkdir(f"{place.top}/a b")
    place.put("a b/f", b"12345")
    key = f"{place.local}/key.ppk"
    subprocess.run(["puttygen", ground.host.key, "-O", "private", "-o", key], check=True,
                   stdin=subprocess.DEVNULL, env=ground.env)
    words = [PSCP, "-scp", "-batch", "-noagent", "-P", str(ground.host.port), "-l", ground.host.user,
             "-i", key, "-hostkey", ground.host.fingerprint]
    listed = run(ground, *words, "-ls", f"127.0.0.1:{place.name}/a b")
    holds("the listing", "-rw-r--r-- 1 " in listed and listed.rstrip().endswith(" f"), listed)
    put(f"{place.local}/up", DATA)
    run(ground, *words, "-q", f"{place.local}/up", f"127.0.0.1:{place.name}/up")
    same("what came", DATA, get(f"{place.top}/up"))


NETRW = """\
set nomore
let g:netrw_silent = 1
let g:netrw_ssh_cmd = "ssh -F {config}"
let g:netrw_scp_cmd = "scp -O -q -F {config}"
let g:netrw_list_cmd = "ssh -F {config} USEPORT HOSTNAME ls -FLa"
runtime plugin/netrwPlugin.vim
edit scp://server/{name}/
silent write! {local}/listing
enew!
silent edit scp://server/{name}/file
call append(line("$"), "a line more")
silent write
qall!
"""


def netrw(ground, place):
    os.mkdir(f"{place.top}/dir")
    place.put("file", b"a line\n")
    place.put("two words", b"x")
    script = f"{place.local}/script.vim"
    put(script, NETRW.format(config=ground.host.config, name=place.name.lstrip("/"), local=place.local).encode())
    outcome = process.run([VIM, "-N", "-u", "NONE", "-i", "NONE", "-es", "-S", script], ground.env,
                          cwd=place.local)
    shown = get(f"{place.local}/listing").decode().split("\n") if os.path.exists(
        f"{place.local}/listing") else []
    same("names that it shows", {"dir/", "file", "two words"},
         {"dir/", "file", "two words"} & {line.rstrip("*") for line in shown}, f"{shown} {outcome.log}")
    same("file", b"a line\na line more\n", get(f"{place.top}/file"), outcome.log)


def rclone(ground, place):
    """It copies by SFTP, and has sums computed and room told by commands."""
    words = ["--config", f"{place.local}/rclone.conf", "--retries", "1"]
    put(f"{place.local}/rclone.conf", f"""\
[server]
type = sftp
host = 127.0.0.1
port = {ground.host.port}
user = {ground.host.user}
key_file = {ground.host.key}
known_hosts_file = {ground.host.known}
""".encode())
    here, there = f"{place.local}/here", f"server:{place.name}"
    os.mkdir(here)
    for number, name in enumerate(("plain", "two  words", "it's", 'say "hello"', "gr\u00fc\u00dfe", "$HOME `id`")):
        put(f"{here}/{name}", DATA * number)
    run(ground, RCLONE, *words, "copy", here, there)
    for kind, names in (("md5sum", hashlib.md5), ("sha1sum", hashlib.sha1)):
        told = run(ground, RCLONE, *words, kind, there)
        same(kind, {f"{names(get(f'{here}/{name}')).hexdigest()}  {name}" for name in os.listdir(here)},
             set(told.splitlines()))
    run(ground, RCLONE, *words, "check", here, there)
    holds("room", "Free:" in run(ground, RCLONE, *words, "about", there), "")
    place.put("plain", b"something else")
    outcome = process.run([RCLONE, *words, "check", here, there], ground.env)
    holds("it sees what differs", outcome.code != 0 and "1 differences" in outcome.text, outcome.text)


def sshkit(ground, place):
    if subprocess.run([RUBY, "-e", "require 'sshkit'"], check=False, stderr=subprocess.DEVNULL).returncode:
        raise Skipped("there is no SSHKit")
    put(f"{place.local}/up", DATA)
    os.mkdir(f"{place.local}/tree")
    put(f"{place.local}/tree/below", b"below")
    told = run(ground, RUBY, f"{HERE}/sshkit.rb", str(ground.host.port), ground.host.user, ground.host.key,
               ground.host.known, place.local, place.name)
    same("what it says", f"true\nfalse\n{place.name}/new\n", told)
    same("what came", (DATA, b"below"), (get(f"{place.top}/up"), get(f"{place.top}/tree/below")))
    same("what came back", DATA, get(f"{place.local}/back"))
    same("mode", 0o755, stat.S_IMODE(os.stat(f"{place.top}/new").st_mode))


CHECKS = [("what others say by ssh", SSH, ssh), ("a channel without a command", SSH, ssh_shell),
          ("a copy in a script", SSH, copy_in_script), ("pscp", PSCP, pscp), ("vim's netrw", VIM, netrw),
          ("rclone", RCLONE, rclone), ("SSHKit", RUBY, sshkit)]
