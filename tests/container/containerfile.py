# SPDX-License-Identifier: ISC
"""What packaging/Containerfile says: its instructions, and how the comment at its top runs it."""
import json
import re
import shlex
from dataclasses import dataclass

HEREDOC = re.compile(r"<<-?\s*['\"]?\w")


class Wrong(Exception):
    """The file says something that is not understood."""


@dataclass(frozen=True)
class Instruction:
    word: str           # in capitals
    rest: str           # the lines that it continues on are joined
    line: int           # where it begins

    def words(self):
        return shlex.split(self.rest)

    def listed(self):
        """The words of one that may be a list in JSON; a command that is none is for a shell."""
        if self.rest.startswith("["):
            return json.loads(self.rest)
        if self.word in ("ENTRYPOINT", "CMD"):
            return ["/bin/sh", "-c", self.rest]
        return self.words()

    def wrong(self, why):
        return Wrong(f"line {self.line}: {self.word}: {why}")


def logical_lines(text):
    """Each line with those that it continues on, without comments: (number, text)."""
    begin, gathered = 0, ""
    for number, line in enumerate(text.splitlines(), 1):
        if line.lstrip().startswith("#") or not (line.strip() or gathered):
            continue
        begin = begin or number
        gathered += line
        if gathered.endswith("\\"):
            gathered = gathered[:-1]
            continue
        yield begin, gathered.strip()
        begin, gathered = 0, ""


def instructions(text):
    found = []
    for number, line in logical_lines(text):
        word, _, rest = line.partition(" ")
        each = Instruction(word.upper(), rest.strip(), number)
        if HEREDOC.search(each.rest):
            raise each.wrong("a document within it is not understood")
        found.append(each)
    return found


def expanded(text, values):
    """TEXT with the values of $NAME and ${NAME}; a name without one is a mistake of ours."""
    def value(match):
        name = match[1] or match[2]
        if name not in values:
            raise Wrong(f"nobody has said what ${name} is")
        return values[name]
    return re.sub(r"\$(?:\{(\w+)\}|(\w+))", value, text)


def default_of(text, name):
    """What ARG NAME is unless told otherwise."""
    for each in instructions(text):
        if each.word == "ARG" and each.rest.startswith(f"{name}="):
            return each.rest.partition("=")[2]
    raise Wrong(f"there is no ARG {name}")


@dataclass(frozen=True)
class Mount:
    source: str         # the name of a volume, or a path that may begin with $PWD
    target: str
    read_only: bool

    @property
    def is_volume(self):
        return "/" not in self.source


@dataclass(frozen=True)
class Command:
    """How the comment runs the image."""
    options: tuple      # without those about mounts and ports
    mounts: tuple
    port: int           # in the container
    image: str


def shown(text, begin):
    """The words of the command in the comment that begins like this."""
    lines = (line.lstrip("#").strip() for line in text.splitlines() if line.startswith("#\t"))
    command = ""
    for line in lines:
        if command or line.startswith(begin):
            command += line.removesuffix("\\")
            if not line.endswith("\\"):
                return shlex.split(command)
    raise Wrong(f"no {begin!r} is in the comment")


def documented(text):
    """How the comment says that it is run."""
    options, mounts, port = [], [], None
    words = iter(shown(text, "podman run")[2:])
    for word in words:
        if not word.startswith("-"):
            return Command(tuple(options), tuple(mounts), port, word)
        if word == "--publish":
            port = int(next(words).split(":")[-1])
        elif word == "--volume":
            source, target, *more = next(words).split(":")
            mounts.append(Mount(source, target, "ro" in more))
        elif word == "--name":
            next(words)
        else:
            options.append(word)
    raise Wrong("the comment runs no image")
