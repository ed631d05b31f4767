# SPDX-License-Identifier: ISC
"""What the file is, and what it is made of."""
import errno
import glob
import os
import platform
import re
import subprocess

from stage.report import Skipped, holds, same

HERE = os.path.dirname(os.path.abspath(__file__))
COMMON = os.path.join(HERE, "..", "..", "common")

# Whatever a file, a filesystem or a socket of Linux may give is not among these.
UNHEARD_OF = """
    ECHILD EDOM ECHRNG EL2NSYNC EL3HLT EL3RST ELNRNG EUNATCH ENOCSI EL2HLT EBADR EXFULL ENOANO
    EBADRQC EBADSLT EBFONT ENONET ENOPKG EADV ESRMNT ECOMM EDOTDOT ENOTUNIQ EREMCHG ELIBACC ELIBBAD
    ELIBSCN ELIBMAX ELIBEXEC ERESTART ESTRPIPE ETOOMANYREFS ENOTNAM ENAVAIL EISNAM EOWNERDEAD
""".split()
UNUSED = (41, 58)               # numbers that are no errors
RFKILL = 132                    # of radios; Python has no name for it


def output(*argv):
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    same(f"exit status of {' '.join(argv)}", 0, done.returncode, done.stderr)
    return done.stdout


def shows(tool, flags, scp, pattern):
    got = output(tool, flags, scp)
    holds(f"{tool} {flags} shows {pattern!r}", re.search(pattern, got, re.M), got)


def hides(tool, flags, scp, pattern):
    got = output(tool, flags, scp)
    holds(f"{tool} {flags} does not show {pattern!r}", not re.search(pattern, got, re.M), got)


def needs_nothing(scp):
    hides("readelf", "-lW", scp, r"INTERP")
    hides("readelf", "-dW", scp, r"NEEDED|RPATH|RUNPATH")


def is_hardened(scp):
    shows("readelf", "-hW", scp, r"Type: +DYN")
    shows("readelf", "-dW", scp, r"Flags:.* PIE")
    shows("readelf", "-dW", scp, r"BIND_NOW")
    hides("readelf", "-dW", scp, r"TEXTREL")
    shows("readelf", "-lW", scp, r"^ *GNU_STACK .* RW +0x")
    hides("readelf", "-lW", scp, r"^ *LOAD .* RWE ")
    shows("nm", "--defined-only", scp, r" __stack_chk_fail$")


def objects_are_hardened(out):
    """Those of the libraries, too; not those of the C library."""
    if platform.machine() != "x86_64":
        raise Skipped("only x86-64 has marks where branches may land")
    made = glob.glob(f"{out}/static/obj/**/*.o", recursive=True)
    for path in made + [f"{out}/musl/lib/{name}" for name in os.listdir(f"{out}/musl/lib")]:
        notes = output("readelf", "-nW", path)
        members = max(1, notes.count("\nFile: "))
        same(f"objects of {path} that are marked", members, len(re.findall("IBT.*SHSTK", notes)))


def relro_of(scp):
    """Where the part begins and ends that is read-only once it is relocated."""
    for line in output("readelf", "-lW", scp).splitlines():
        words = line.split()
        if words[:1] == ["GNU_RELRO"]:
            return int(words[2], 16), int(words[2], 16) + int(words[5], 16)
    return holds("it has a segment GNU_RELRO", False, "none")


def is_relocated_for_good(scp):
    """As it runs: nobody but itself does that, where there is no loader."""
    scp = os.path.realpath(scp)
    begin, end = relro_of(scp)
    page = os.sysconf("SC_PAGESIZE")
    with subprocess.Popen([scp, "-t", "."], cwd="/", stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE) as server:
        same("the greeting", b"\0", server.stdout.read(1))
        with open(f"/proc/{server.pid}/maps", encoding="ascii") as maps:
            lines = [line.split() for line in maps]
        server.stdin.close()
    spans = [(*(int(end, 16) for end in words[0].split("-")), words[1])
             for words in lines if words[-1] == scp]
    start = spans[0][0]
    first, last = start + begin // page * page, start + end // page * page
    rights = [right for low, high, right in spans if low < last and high > first]
    holds("pages of it are mapped", rights, spans)
    same("rights of the pages that are relocated", {"r--p"}, set(rights))


def calls_errors_what_others_do(out, base):
    """What clients read does not depend on the C library."""
    names = f"{base}/errors"
    output("gcc", f"-specs={out}/musl/specs", "-Wall", "-Wextra", "-Werror", "-I", COMMON, "-o",
           names, f"{HERE}/errors.c", f"{out}/static/obj/common/text/text.o",
           f"{out}/static/obj/common/text/utf8.o")
    spared = {getattr(errno, name) for name in UNHEARD_OF} | {*UNUSED, RFKILL}
    for number, got in enumerate(output(names).splitlines(), 1):
        if number not in spared:
            same(f"error {number}", os.strerror(number), got)


def check(report, out, base):
    scp = f"{out}/static/scp"
    report.run("program: it needs nothing", needs_nothing, scp)
    report.run("program: it is hardened", is_hardened, scp)
    report.run("program: so are its objects", objects_are_hardened, out)
    report.run("program: what it relocates is read-only", is_relocated_for_good, scp)
    report.run("program: errors are called what others call them", calls_errors_what_others_do,
               out, base)
