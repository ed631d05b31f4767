# SPDX-License-Identifier: ISC
"""Reads case files; the format is described at the top of `run`."""

import os
import re


class BadCase(Exception):
    """A case file says something that is not in the format."""


class Case:
    def __init__(self, suite, name, shows, rules, where):
        self.suite = suite
        self.name = name
        self.shows = shows
        self.rules = rules
        self.where = where              # file:line, for complaints
        self.args = None
        self.options = {}               # as, umask, needs, whole, apart, once, packets, env, limit, stderr
        self.have = []                  # set-up: (verb, words)
        self.steps = []                 # the dialogue: (kind, what)
        self.then = []                  # the tree afterwards: (verb, words)
        self.status = None
        self.quits = False              # the server ends while the client keeps its side open
        self.command = None             # of an exec channel, where sshd starts the server for one

    @property
    def title(self):
        return "%s/%s" % (self.suite, self.name)

    @property
    def reads_much(self):
        """What comes in pieces can matter: records of a sink, lines of a session."""
        return b"--commands=yes" in self.args or any(
            re.fullmatch(r"-[a-z]*t[a-z]*", a.decode("latin-1")) for a in self.args)


LETTERS = {"n": b"\n", "t": b"\t", "r": b"\r", "s": b" ", "e": b"\x1b", "\\": b"\\", "W": b"\\W"}
FACT = re.compile(rb"\xff\[([^]]*)\]")          # what is known when the case is played


def take_repeat(text, at):
    """\\{N TEXT}: TEXT that many times, every # in it a five-digit number that counts."""
    end, depth = at + 2, 1
    while depth:
        depth += (text[end - 1:end + 1] == "\\{") - (text[end] == "}")
        end += 1
    count, body = text[at + 2:end - 1].split(" ", 1)
    one = unescape(body)
    if b"#" not in one:
        return one * int(count), end
    return b"".join(one.replace(b"#", b"%05d" % i) for i in range(int(count))), end


def take_escape(text, at):
    letter = text[at + 1:at + 2]
    if letter == "{":
        return take_repeat(text, at)
    if letter == "[":
        end = text.index("]", at)
        return b"\xff[" + unescape(text[at + 2:end]) + b"]", end + 1
    if letter in "UG":
        return b"\xff[%s]" % {"U": b"user", "G": b"group"}[letter], at + 2
    if letter == "x":
        return bytes([int(text[at + 2:at + 4], 16)]), at + 4
    if letter in "0126":
        return bytes([int(letter)]), at + 2
    if letter not in LETTERS or not letter:
        raise BadCase("no such escape: \\%s" % letter)
    return LETTERS[letter], at + 2


def unescape(text):
    out, at = b"", 0
    while at < len(text):
        stop = text.find("\\", at)
        if stop == -1:
            stop = len(text)
        out += text[at:stop].encode()
        at = stop
        if at < len(text):
            piece, at = take_escape(text, at)
            out += piece
    return out


def show(data, limit=300):
    """Bytes as a case file would have them, long ones cut in the middle."""
    def one(byte):
        for letter, raw in LETTERS.items():
            if letter not in "sW" and raw == bytes([byte]):
                return "\\" + letter
        if byte < 3:
            return "\\%d" % byte
        return chr(byte) if 32 <= byte < 127 else "\\x%02x" % byte
    if len(data) > limit:
        half = limit // 2
        return "%s ...(%d bytes)... %s" % (show(data[:half]), len(data) - 2 * half, show(data[-half:]))
    return "".join(map(one, data))


def words(text):
    """Split at blanks, but for those of a \\{N TEXT}."""
    return [b"" if w == "''" else unescape(w) for w in re.findall(r"(?:\\\{[^}]*\}|\S)+", text)]


def split_tree(text):
    """VERB WORD... [= CONTENT]; for links, VERB PATH -> TEXT."""
    content = None
    for sign in (" = ", " -> "):
        if sign in text:
            text, content = text.split(sign, 1)
            content = unescape(content)
            break
    if content is None and text.endswith(" ="):
        text, content = text[:-2], b""
    verb, _, rest = text.partition(" ")
    return verb, words(rest), content


class Parser:
    def __init__(self, path):
        self.path = path
        self.suite = os.path.basename(path).rsplit(".", 1)[0]
        self.cases = []
        self.case = None
        self.comment = []

    def option(self, key, rest):
        self.case.options.setdefault(key, []).append(rest)

    def take_case(self, rest):
        name, *more = rest.split()
        rules = [int(r) for r in more[1].split(",")] if more[:1] == ["rules"] else []
        if not self.comment:
            raise BadCase("a case without a comment that says what it shows")
        self.case = Case(self.suite, name, " ".join(self.comment), rules, None)
        self.cases.append(self.case)

    def take_end(self, rest, quits):
        self.case.status, self.case.quits = int(rest), quits
        self.case = None

    def take(self, line):
        word, _, rest = line.partition(" ")
        if word == "case":
            return self.take_case(rest)
        if self.case is None:
            raise BadCase("outside a case")
        c = self.case
        actions = {
            "args": lambda: setattr(c, "args", words(rest)),
            "have": lambda: c.have.append(split_tree(rest)),
            "then": lambda: c.then.append(split_tree(rest)),
            ">": lambda: c.steps.append(("send", unescape(rest))),
            "<": lambda: c.steps.append(("expect", unescape(rest))),
            "<any": lambda: c.steps.append(("any", unescape(rest))),
            "<2": lambda: c.steps.append(("error", unescape(rest))),
            "exec": lambda: setattr(c, "command", unescape(rest)),
            "now": lambda: c.steps.append(("now", split_tree(rest))),
            "while": lambda: c.steps.append(("while", split_tree(rest))),
            "limit-now": lambda: c.steps.append(("limit", rest.split())),
            "eof": lambda: c.steps.append(("eof", None)),
            "hup": lambda: c.steps.append(("hup", None)),
            "exit": lambda: self.take_end(rest, False),
            "quit": lambda: self.take_end(rest, True),
        }
        if word in actions:
            return actions[word]()
        if word in ("as", "umask", "needs", "whole", "apart", "once", "packets", "env", "limit", "stderr"):
            return self.option(word, rest)
        raise BadCase("no such word: %s" % word)

    def parse(self):
        with open(self.path, encoding="utf-8") as f:
            for number, raw in enumerate(f, 1):
                line = raw.rstrip("\n").lstrip()
                try:
                    if line.startswith("#"):
                        if self.case is None:
                            self.comment.append(line.lstrip("# "))
                    elif not line:
                        self.comment = []
                    else:
                        self.take(line)
                        if self.case is not None and self.case.where is None:
                            self.case.where = "%s:%d" % (os.path.basename(self.path), number)
                except (BadCase, ValueError, IndexError) as e:
                    raise BadCase("%s:%d: %s" % (self.path, number, e)) from None
        if self.case is not None:
            raise BadCase("%s: the last case has no end" % self.path)
        return self.cases


def load(directory):
    """All cases of all *.cases files there, in the files' order."""
    cases = []
    for name in sorted(os.listdir(directory)):
        if name.endswith(".cases"):
            cases += Parser(os.path.join(directory, name)).parse()
    titles = [c.title for c in cases]
    twice = {t for t in titles if titles.count(t) > 1}
    if twice:
        raise BadCase("the same name twice: %s" % ", ".join(sorted(twice)))
    return cases
