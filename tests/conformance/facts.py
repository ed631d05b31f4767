# SPDX-License-Identifier: ISC
"""What a listing says of a file, as ls of coreutils has it in the C locale; nothing is padded."""

import grp
import pwd
import stat
import time

HALF_A_YEAR = 31556952 // 2     # seconds


def user(st):
    try:
        return pwd.getpwuid(st.st_uid).pw_name
    except KeyError:
        return st.st_uid


def group(st):
    try:
        return grp.getgrgid(st.st_gid).gr_name
    except KeyError:
        return st.st_gid


def full_date(st):
    seconds, parts = divmod(st.st_mtime_ns, 10**9)
    at = time.localtime(seconds)
    return time.strftime("%Y-%m-%d %H:%M:%S", at) + ".%09d " % parts + time.strftime("%z", at)


def date(st):
    """A day and, of the last half year, the hour; else the year."""
    at = time.localtime(st.st_mtime)
    recent = time.time() - HALF_A_YEAR < st.st_mtime <= time.time()
    return time.strftime("%b ", at) + "%2d " % at.tm_mday + time.strftime("%H:%M" if recent else " %Y", at)


def line(st, when):
    return "%s %d %s %s %d %s" % (stat.filemode(st.st_mode), st.st_nlink, user(st), group(st), st.st_size,
                                  when(st))


FACTS = {
    # of a path; the case's directory where none is said
    "user": user,
    "group": group,
    "links": lambda st: st.st_nlink,
    "size": lambda st: st.st_size,
    "mtime": lambda st: int(st.st_mtime),
    "full-date": full_date,
    "date": date,
    "full": lambda st: line(st, full_date),
    "long": lambda st: line(st, date),
}
