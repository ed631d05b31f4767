# SPDX-License-Identifier: ISC
"""
What AppArmor would say, without a kernel that has it: apparmor_parser's compiled profile holds an
automaton over paths, and in the state where a path ends the kernel finds what is allowed.  This is
that walk.
"""
import os
import struct
import subprocess

from stage.report import Failed

# What a kernel may have, of which a profile's own abi is the part that counts.
FEATURES = "/etc/apparmor.d/abi/3.0"
NAMED = b"\x04\x06\x00aadfa\x00\x06"    # a blob of that name: the last is about files
MAGIC = 0x1b5e783d
ACCEPT, BASE, CHECK, DEFAULT, CLASSES, NEXT = 1, 2, 3, 4, 5, 8
WIDTHS = {1: "B", 2: "H", 4: "I"}
HEADER = struct.Struct(">HHII")
START = 1
DIFFERS = 1 << 31               # of a base: the state has only what differs from its default
BITS = {"x": 1, "w": 2, "r": 4, "a": 8, "l": 0x10, "k": 0x20, "m": 0x40}
SUBSET = 0x20                   # of the second name of a link: it may do all that the first may
OTHERS = 14                     # where the bits of those begin who do not own the file


def parse(path, *options):
    """What apparmor_parser says of the profile: its output, in bytes."""
    done = subprocess.run(["apparmor_parser", "--skip-kernel-load", "--skip-cache",
                           f"--kernel-features={FEATURES}", "--warn=all", *options, path],
                          capture_output=True, check=False)
    said = [line for line in done.stderr.decode().splitlines() if "interface file" not in line]
    if done.returncode != 0 or said:
        raise Failed(f"apparmor_parser {path}", "exit 0, and no word", f"exit {done.returncode}",
                     "\n".join(said))
    return done.stdout


def tables(blob):
    """{id: numbers} of an automaton."""
    magic, size, total = struct.unpack_from(">III", blob)
    if magic != MAGIC:
        raise Failed("the automaton begins with", hex(MAGIC), hex(magic))
    found = {}
    while size < total:
        number, width, _, length = HEADER.unpack_from(blob, size)
        found[number] = struct.unpack_from(f">{length}{WIDTHS[width]}", blob, size + HEADER.size)
        size += -(-(HEADER.size + length * width) // 8) * 8
    return found


class Profile:
    def __init__(self, path):
        policy = parse(path, "--stdout")
        at = policy.rindex(NAMED) + len(NAMED)
        self.tables = tables(policy[policy.index(struct.pack(">I", MAGIC), at):])

    def step(self, state, byte):
        base, default = self.tables[BASE], self.tables[DEFAULT]
        if CLASSES in self.tables:
            byte = self.tables[CLASSES][byte]
        while True:
            at = (base[state] & 0xffffff) + byte
            if self.tables[CHECK][at] == state:
                return self.tables[NEXT][at]
            again = base[state] & DIFFERS
            state = default[state]
            if not again:
                return state

    def walk(self, text, state=START):
        for byte in text:
            state = self.step(state, byte)
        return state

    def bits(self, state, owner):
        return self.tables[ACCEPT][state] >> (0 if owner else OTHERS) & 0x7f

    def denied(self, path, wanted, owner):
        """Those of the letters WANTED that its owner, or somebody else, may not do with it."""
        bits = self.bits(self.walk(os.fsencode(path)), owner)
        return "".join(letter for letter in wanted if not bits & BITS[letter])

    def denies_link(self, name, target, owner):
        """May TARGET get NAME, too?  Why not, or nothing."""
        state = self.walk(os.fsencode(name))
        first = self.bits(state, owner)
        second = self.bits(self.walk(b"\0" + os.fsencode(target), state), owner)
        if not first & second & BITS["l"]:
            return "no such link"
        third = self.bits(self.walk(os.fsencode(target)), owner)
        more = first & ~third & ~BITS["l"]
        return f"{more:#x} more than the file" if second & SUBSET and more else ""

    def allowed_somewhere(self, letter):
        """Is there any path with which, whoever owns it, that may be done?"""
        return any((bits | bits >> OTHERS) & BITS[letter] for bits in self.tables[ACCEPT])
