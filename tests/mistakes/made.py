# SPDX-License-Identifier: ISC
"""
How a mistake is made, and taken back: each is a function of an Estate that is a context manager.  In
texts BASE is the temporary directory and SCP the program.
"""
import contextlib
import os
import shutil

from stage import machine, sshd

WHO = "anna"


def here(estate, text):
    return text.replace("BASE", estate.base).replace("SCP", f"{estate.base}/bin/scp")


def shell(path):
    """The account's login shell is PATH, which sshd and everybody sees."""
    @contextlib.contextmanager
    def make(estate):
        before = sshd.read_text("/etc/passwd")
        lines = [line.rpartition(":")[0] + ":" + here(estate, path) if line.startswith(f"{WHO}:")
                 else line for line in before.splitlines()]
        sshd.write_text("/etc/passwd", "\n".join(lines) + "\n")
        try:
            yield
        finally:
            sshd.write_text("/etc/passwd", before)
    return make


def config(text, mode=0o644, owner="root"):
    @contextlib.contextmanager
    def make(estate):
        with machine.configured(here(estate, text), mode, sshd.Account(owner).uid):
            yield
    return make


def directory(name, mode, owner="root"):
    @contextlib.contextmanager
    def make(estate):
        path = here(estate, name)
        os.makedirs(path)
        os.chown(path, sshd.Account(owner).uid, -1)
        os.chmod(path, mode)
        try:
            yield
        finally:
            shutil.rmtree(path)
    return make


def link(name, target):
    @contextlib.contextmanager
    def make(estate):
        os.symlink(here(estate, target), here(estate, name))
        try:
            yield
        finally:
            os.remove(here(estate, name))
    return make


def start_up_file(name, text):
    """In the account's home, which is his."""
    @contextlib.contextmanager
    def make(_estate):
        account = sshd.Account(WHO)
        path = sshd.write_text(f"{account.home}/{name}", text)
        os.chown(path, account.uid, account.gid)
        try:
            yield
        finally:
            os.remove(path)
    return make


def keys(*lines):
    """The account's authorized_keys; KEY is the client's."""
    @contextlib.contextmanager
    def make(estate):
        estate.write_keys(WHO, *(here(estate, line).replace("KEY", estate.public_key())
                                 for line in lines))
        try:
            yield
        finally:
            estate.write_keys(WHO, estate.public_key())
    return make


@contextlib.contextmanager
def full_disk(estate):
    """BASE/full is a filesystem without room."""
    with machine.tmpfs(f"{estate.base}/full", "64k") as top:
        with contextlib.suppress(OSError), open(f"{top}/filler", "wb", buffering=0) as file:
            while True:
                file.write(bytes(4096))
        yield


@contextlib.contextmanager
def no_log(estate):
    with estate.log.away():
        yield


@contextlib.contextmanager
def removed(estate):
    """The program is, as its package does it."""
    path = f"{estate.base}/bin/scp"
    os.rename(path, f"{path}.gone")
    try:
        yield
    finally:
        os.rename(f"{path}.gone", path)


def not_a_member(group):
    @contextlib.contextmanager
    def make(_estate):
        before = sshd.read_text("/etc/group")
        lines = [line.replace(WHO, "") if line.startswith(f"{group}:") else line
                 for line in before.splitlines()]
        sshd.write_text("/etc/group", "\n".join(lines) + "\n")
        try:
            yield
        finally:
            sshd.write_text("/etc/group", before)
    return make


