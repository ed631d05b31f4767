# SPDX-License-Identifier: ISC
"""
What a client of SFTP does to files: each deed says whether it is DONE, and brings what was read.  It
goes on after a failure as clients do, which close whatever they have opened.
"""

from collections import namedtuple

from dialogue import MODE, TIMES
from stage import packets as p

DONE, REFUSED, DATA = "done", "refused", "data"     # the last: it is there, without its attributes
PIECE = 100000                  # bytes of a READ or WRITE: more than is copied

# CALLED is what it does, of these PATHS; what is there when it failed may be ANY, if it is in place.
Deed = namedtuple("Deed", "called paths words any")


def deed(called, *paths, any_content=False, **words):
    return Deed(called, paths, words, any_content)


def verdict(done):
    return DONE if done else REFUSED


# -- files

def put(talk, path, body, flags=p.W | p.CREAT | p.TRUNC, at=0, cut=False, sync=False, then=None,
        size=PIECE):
    handle = talk.open(p.OPEN, path, p.u32(flags), p.attrs(mode=0o640))
    if handle is None:
        return REFUSED
    written = all([write(talk, handle, at + begin, body[begin:begin + size])
                   for begin in range(0, len(body), size)])
    if cut:
        written &= talk.does(p.FSETSTAT, p.string(handle), p.attrs(size=len(body)))
    if sync:
        written &= talk.extended("fsync@openssh.com", handle)
    if then:
        written &= talk.extended("posix-rename@openssh.com", path, then)
        written &= write(talk, handle, at + len(body), body)
    modes = talk.does(p.FSETSTAT, p.string(handle), p.attrs(mode=MODE, times=TIMES))
    closed = talk.does(p.CLOSE, p.string(handle))
    return REFUSED if not closed or not written else DONE if modes else DATA


def write(talk, handle, at, data):
    return talk.does(p.WRITE, p.string(handle), p.u64(at), p.string(data))


def get(talk, path, size=PIECE):
    """To its end: what comes there is EOF, and nothing else is."""
    handle = talk.open(p.OPEN, path, p.u32(p.R), p.attrs())
    if handle is None:
        return REFUSED, None
    content, reply = b"", None
    while (reply := talk.ask(p.READ, p.string(handle), p.u64(len(content)), p.u32(size))) and \
            reply.kind == p.DATA:
        content += reply.data
    ended = reply is not None and reply.code == p.EOF
    talk.does(p.CLOSE, p.string(handle))
    return verdict(ended), content if ended else None


def copy(talk, path, to):
    old = talk.open(p.OPEN, path, p.u32(p.R), p.attrs())
    new = talk.open(p.OPEN, to, p.u32(p.W | p.CREAT | p.TRUNC), p.attrs()) if old else None
    done = new is not None and talk.does(p.EXTENDED, p.string("copy-data"), p.string(old),
                                         p.u64(0), p.u64(0), p.string(new), p.u64(0))
    closed = [talk.does(p.CLOSE, p.string(handle)) for handle in (old, new) if handle]
    return verdict(done and closed[-1])


# -- what is asked of paths

def listing(talk, path):
    handle = talk.open(p.OPENDIR, path)
    if handle is None:
        return REFUSED, None
    names, reply = [], None
    while (reply := talk.ask(p.READDIR, p.string(handle))) and reply.kind == p.NAME:
        names += [(entry.name, shown(entry.attributes)) for entry in reply.names]
    ended = reply is not None and reply.code == p.EOF
    talk.does(p.CLOSE, p.string(handle))
    return verdict(ended), sorted(names) if ended else None


def shown(attributes):
    """Of a directory its own size and time are no matter."""
    is_dir = attributes.mode & 0o170000 == 0o040000
    return attributes.mode, *(() if is_dir else (attributes.size, attributes.mtime))


def look(talk, path, kind=p.STAT):
    reply = talk.ask(kind, p.string(path))
    there = reply is not None and reply.kind == p.ATTRS
    return verdict(there), shown(reply.attributes) if there else None


def name_of(talk, path, kind=p.READLINK):
    reply = talk.ask(kind, p.string(path))
    there = reply is not None and reply.kind == p.NAME
    return verdict(there), reply.names[0].name.rpartition(b"/")[2] if there else None


def room(talk, path):
    reply = talk.ask(p.EXTENDED, p.string("statvfs@openssh.com"), p.string(path))
    there = reply is not None and reply.kind == p.EXTENDED_REPLY
    return verdict(there), len(reply.rest) if there else None


# -- what changes them

def mkdir(talk, path):
    return verdict(talk.does(p.MKDIR, p.string(path), p.attrs(mode=0o750)))


def set_path(talk, path, kind=p.SETSTAT, **what):
    if kind != p.SETSTAT:
        return verdict(talk.does(p.EXTENDED, p.string(kind), p.string(path), p.attrs(**what)))
    return verdict(talk.does(kind, p.string(path), p.attrs(**what)))


def by_path(talk, *paths, kind):
    return verdict(talk.path(kind, *paths))


def move_over(talk, *paths):
    return verdict(talk.extended("posix-rename@openssh.com", *paths))


def link(talk, *paths):
    return verdict(talk.extended("hardlink@openssh.com", *paths))


def symlink(talk, path, text):
    return verdict(talk.path(p.SYMLINK, text, path))
