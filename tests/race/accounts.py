# SPDX-License-Identifier: ISC
"""Who is at work: one account has the sessions, and another one wishes it ill."""
import os
import pwd

# Whose home is known, for else nobody could tell what the root holds; and nobody's number.
UPLOADER, ATTACKER = pwd.getpwnam("nobody").pw_uid, 60002


def as_one(number):
    return {"user": number, "group": number, "extra_groups": []}


def user(hostile):
    """For subprocess: whose sessions they are; everybody is one where nobody is HOSTILE."""
    return as_one(UPLOADER) if hostile else {}


def attacker(hostile):
    return as_one(ATTACKER) if hostile else {}


def share_out(base):
    """All directories of the root are the attacker's, who lets everybody write there; what is in them, and
    the canaries, are the other's."""
    os.chmod(base, 0o755)
    for at, dirs, files in os.walk(base):
        for name in dirs + files:
            path = os.path.join(at, name)
            theirs = path.startswith(f"{base}/root") and \
                (os.path.islink(path) or os.path.isdir(path))
            number = ATTACKER if theirs else UPLOADER
            os.chown(path, number, number, follow_symlinks=False)
            if theirs and not os.path.islink(path):
                os.chmod(path, 0o777)
