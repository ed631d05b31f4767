# SPDX-License-Identifier: ISC
"""The same by a real sshd: accounts that print, and those that are not for this."""
import os

import accounts
from accounts import RC, arrived, note, reads
from stage import process, sshd
from stage.report import holds, same
from stage.world import world_with


class Served:
    """The account of a real server, where that is ours to fill."""

    def __init__(self, stage, world):
        self.stage, self.world, self.home = stage, world, world.account.home
        sshd.must(["/usr/sbin/usermod", "--shell", "/bin/bash", world.account.name])
        self.only = sshd.make_key(f"{world.base}/sftp-only")
        public = sshd.read_text(self.only + ".pub")
        with open(f"{world.base}/authorized_keys", "a", encoding="utf-8") as file:
            file.write(f'command="internal-sftp" {public}')

    def argv(self, *words):
        return [self.stage.scp, "-F", self.world.host.config, *words]

    def run(self, *words):
        return process.run(self.argv(*words), self.world.env)

    def print_from(self, start, how):
        """No other file prints, or is there: for ~/.ssh/rc sshd starts the shell twice."""
        for name in (".bashrc", RC):
            path = f"{self.home}/{name}"
            os.makedirs(os.path.dirname(path), exist_ok=True)
            if name == start:
                sshd.write_text(path, how)
            elif os.path.exists(path):
                os.unlink(path)
        self.world.give(self.home)


def over_ssh(served, start, how, wanted):
    served.print_from(start, how)
    wanted = [line.replace(" host: ", " server: ", 1) for line in wanted]
    got = served.run(served.stage.file(), "server:")
    arrived(f"{served.home}/file", got)
    reads("what is said of an upload", wanted, got)
    to = served.stage.new_directory("local")
    got = served.run("server:file", to)
    arrived(f"{to}/file", got)
    reads("what is said of a download", wanted, got)


def sftp_only(served):
    served.print_from("", "")
    got = served.run("-i", served.only, served.stage.file(), "server:")
    same("status", 1, got.code, got.log)
    reads("what is said", ["scp: server: it said: This service allows sftp connections only."], got)


def unreached(served):
    """ssh has said why."""
    stranger = sshd.make_key(f"{served.world.base}/stranger")
    got = served.run("-i", stranger, "-oIdentitiesOnly=yes", "-F", "/dev/null", "-oBatchMode=yes", "-P",
                     str(served.world.host.port), f"-oUserKnownHostsFile={served.world.host.known}",
                     served.stage.file(), f"{sshd.HOST}:")
    same("status", 1, got.code, got.log)
    holds("no word of ours", "scp: " not in got.err and got.err, got.err)


def check_all(report, out, base):
    stage = accounts.Stage(out, base)
    if os.geteuid() != 0:
        report.skip("a real sshd", "no root, and no account that could be filled")
        return
    with world_with(stage.scp, first="PermitUserRC yes\n") as world:
        served = Served(stage, world)
        report.run("sshd: .bashrc", over_ssh, served, ".bashrc", "echo Welcome\n", note(["Welcome"]))
        report.run("sshd: no newline", over_ssh, served, ".bashrc", "printf Welcome\n",
                   note(["Welcome"]))
        report.run("sshd: an empty line", over_ssh, served, ".bashrc", "echo\n", note([""]))
        report.run("sshd: ~/.ssh/rc", over_ssh, served, RC, "echo Welcome\n", note(["Welcome"]))
        report.run("sshd: nothing", over_ssh, served, "", "", [])
        report.run("sshd: SFTP only", sftp_only, served)
        report.run("sshd: nobody may come", unreached, served)
