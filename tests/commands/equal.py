# SPDX-License-Identifier: ISC
"""
What clients send, carried out by the program and by a real shell with coreutils, each in a tree of its
own that is the same: the status, the output and what is there afterwards are equal.  Lines of ls are
compared without padding, without the total, and in any order, for ours are not sorted.
"""
import os
import re
import stat
import subprocess

from stage.report import Failed, same

SHELL = "/bin/dash"
TIME = 1000000000               # of all that is there before
BOTH = ("--hidden=yes", "--make-links=yes", "--symlinks=beneath", "--file-mode=7777+0000",
        "--dir-mode=7777+0000")
PADDED = re.compile(r"^([-dlpsbc][-rwxsStT]{9}) +(\d+) +(\S+) +(\S+) +(\d+) ", re.MULTILINE)

# What stands in braces is the root, as an absolute path has to begin with it.
ROWS = {
    "winscp": r"""
        echo "$?"
        unset "LANG"
        cd "d" ; echo "WinSCP: this is end-of-file:$?"
        cd d ; ls -la -d --full-time "g h"
        ls -la --full-time "d"
        ls -la -d --full-time "f"
        ls -la -d --full-time "two  words" "l"
        ls -la -d --full-time "none"
        ls -la -d  "f"
        rm -f -r "f"
        rm -f -r "d"
        rm -f -r "none"
        rm -f -r "l"
        rm -f -r "to d"
        mv -f "f" "g"
        mv -f "f" "new"
        mv -f "f" "d"
        mv -f "d" "new"
        mv -f "d" "e"
        mv -f "d" "f"
        mv -f "f" "f"
        mv -f "d" "d/sub"
        mv -f "none" "new"
        mv -f "l" "new"
        mkdir "new"
        mkdir "d"
        mkdir "none/new"
        cp -p -r -f -T "f" "new"
        cp -p -r -f -T "f" "g"
        cp -p -r -f -T "d" "new"
        cp -p -r -f -T "d" "f"
        cp -p -r -f  "f" "d"
        cp -p -r -f  "d" "e"
        cp -p -r -f  "f" "f"
        cp -p -r -f  "none" "new"
        cp -p -r -f  "l" "new"
        ln -s "f" "new"
        ln -s "f" "g"
        ln  "f" "new"
        ln  "f" "g"
        chmod  0600 "f"
        chmod  00700 "d"
        chmod -R 00711 "d"
        chmod  u+rw-x,g-w "g"
        chmod  0600 "none"
        sha256sum "f" "g" "two  words"
        sha256sum "f" "none" "d"
        touch "new"
        rm -f -r "two  words" ; echo "WinSCP: this is end-of-file:$?"
        """,
    "modes": r"""
        chmod 7 f
        chmod 4711 f
        chmod 01777 d
        chmod 777777 f
        chmod 8 f
        chmod a+x f
        chmod +x f
        chmod -w f
        chmod u=rwx,go=rx f
        chmod go= f
        chmod ug+s f
        chmod +t e
        chmod -R a+X d
        chmod -R u-w,o+rX d
        chmod u+x-r,a=rw f
        chmod = f
        chmod z+x f
        chmod u*x f
        chmod 600 f none g
        """,
    "termscp": r"""
        cd "d"; echo $?
        test -d "d"; echo $?
        test -d "f"; echo $?
        test -e "none"; echo $?
        unset LANG; ls -la "d/"
        ls -ld "d"
        ls -ld "none"
        rm -f "f"; echo $?
        rm "d"; echo $?
        rm "none"; echo $?
        rm -rf "d"; echo $?
        rmdir "e"; echo $?
        rmdir "d"; echo $?
        mkdir -m 755 "new"; echo $?
        ln -s "f" "new"; echo $?
        cp -rf "d" "new"; echo $?
        cp -rf "f" "e"; echo $?
        mv -f "f" "new"; echo $?
        chmod 644 "f"; echo $?
        touch -a -t 202611282342.05 "f"; stat -c %X f
        touch -m -t 202611282342.05 "f"; stat -c %Y f
        touch -m -t 2611282342 "f"; stat -c %Y f
        touch -t 202602302342 "f"; echo $?
        touch -d "2026-11-28 23:42:05" "f"; stat -c "%X %Y" f
        touch -d 2026-11-28T23:42:05Z "f"; stat -c "%X %Y" f
        touch -d @5 "f"; stat -c "%X %Y" f
        cd "d"; rm -f "g h"; echo $?
        """,
    "doublecmd": r"""
        export LC_TIME=C; export LC_MESSAGES=C; ls -la d
        ls -la two\ \ words
        mkdir new\ one
        rmdir e
        rm -f f
        cp -p f new
        cp -p f e
        cp -p d new
        mv f new\ one
        mv -n f g
        cp f g none
        chmod 600 f
        touch -ct 202611282342.05 f
        touch -ct 202611282342.05 none
        """,
    "far2l": r"""
        stat --format="%n %f %s %X %Y %U %G" -L f l d
        stat --format="%n %f %a %A %F" d/*
        stat --format="%n %f %U %G %u %g %h %%" d f l p none
        readlink l
        readlink f
        readlink none
        LC_TIME=C LS_COLORS= ls -f -l -A -H d
        unlink f
        unlink d
        unlink none
        touch -t 202611282342.05 f && touch -a -t 202611282343.06 f
        ln -s f new
        """,
    "others": r"""
        ls -la -- 'd'
        mkdir -p -- 'x/y/z'
        mkdir -p -- 'd' 'e/x'
        mkdir -p f
        mkdir -p f/x
        touch -- 'new'
        touch none/new
        rm -rf -- 'd'
        rm -rf f none d
        rm -d e
        rm -d d
        rm -f
        mv -- 'f' 'new'
        mv f g e
        mv f g h
        cp -r -- 'd' 'new'
        cp d new
        cp -a d new
        cp f none e
        cp l e
        test -e 'f' && echo y || echo n
        test -e 'none' && echo y || echo n
        test -f f && test ! -f d && test -L l && test ! -L f && test -s f && test ! -s empty
        test ! none && echo y || echo n
        test none && echo y || echo n
        test
        test -r f; echo $?; test -w f; echo $?; test -x f; echo $?; test -x prog; echo $?; test -x d; echo $?
        [ -d d ] && echo y || echo n
        [ -d none ] || echo n
        stat -c '%s %n' -- 'f' 2>/dev/null
        stat -c '%s' -- 'none' 2>/dev/null
        ls -la 'd'
        ls -FLa d/
        ls -F
        ls -A
        ls -1 d e
        ls f d none e
        ls -d d f
        ls -n f
        ls -L l
        ls -lL l
        ls -lH l
        ls -l l
        ls -F l
        ls d f 2>&1 >/dev/null
        mkdir new
        rm -f  f
        rmdir d
        mv f new
        wc -c  f
        wc -c  d/f
        /bin/mkdir -p  {}/new/x
        ls {}/d
        [ -d {}/d ]; echo $?
        cat f d/f
        cat f none g; echo $?
        md5sum two\ \ words
        md5sum f g
        sha1sum f; sha384sum f; sha512sum f
        md5sum <d/none
        umask 0002; mkdir -p "new/x"
        umask 077; touch new
        umask
        ls -FlA "d"
        chmod -Rf g+w "d"
        mkdir -p new && cd new && touch x
        bash -c 'umask 0000; mkdir new'
        sh -c 'cd d; ls'; ls -d f
        ln -sf f l
        ln -sf f g
        ln -s none new
        ln -s -T d e
        ln -sfn f "to d"
        false || echo a && echo b; true && false || echo c
        false; echo $? ; false && true; echo $?
        echo -n a; echo b -n
        echo "a   b"  'c'\''d' e\ f
        echo d/* none* "d/*"
        echo *
        echo d/[a-f]* d/?
        exit 3
        true; exit
        printenv NOTHING
        : whatever; echo $?
        """,
}


def rows():
    for client, text in ROWS.items():
        for row in filter(None, map(str.strip, text.splitlines())):
            yield client, row


def plant(top):
    """What is there before: of each kind one."""
    for path, data in (("f", "eff\n"), ("g", "gee"), ("empty", ""), ("prog", "x"), ("two  words", "2"),
                       ("d/f", "below"), ("d/g h", "blank"), ("d/sub/x", "deep")):
        os.makedirs(os.path.dirname(f"{top}/{path}"), exist_ok=True)
        with open(f"{top}/{path}", "w", encoding="utf-8") as file:
            file.write(data)
    os.mkdir(f"{top}/e")
    os.chmod(f"{top}/prog", 0o755)
    os.chmod(f"{top}/g", 0o666)
    os.symlink("f", f"{top}/l")
    os.symlink("d", f"{top}/to d")
    os.mkfifo(f"{top}/p", 0o644)


def settle(top, uid):
    for path, dirs, files in os.walk(top, topdown=False):
        for name in [*dirs, *files, "."]:
            each = os.path.normpath(os.path.join(path, name))
            if uid is not None:
                os.chown(each, uid, uid, follow_symlinks=False)
            os.utime(each, (TIME, TIME), follow_symlinks=False)


def tree(top):
    """{path: kind, mode, links of a file, whether its time is that of before, content}"""
    found = {}
    for path, dirs, files in os.walk(top):
        for name in [*dirs, *files]:
            each = os.path.join(path, name)
            st = os.lstat(each)
            what = [stat.filemode(st.st_mode)]
            if stat.S_ISREG(st.st_mode):
                with open(each, "rb") as file:
                    what += [st.st_nlink, int(st.st_mtime) == TIME, file.read()]
            elif stat.S_ISLNK(st.st_mode):
                what.append(os.readlink(each))
            found[os.path.relpath(each, top)] = what
    return found


def comparable(text, top):
    text = PADDED.sub(r"\1 \2 \3 \4 \5 ", text.replace(top, ""))
    # What is above a root is the root, and only there.
    lines = [line for line in text.splitlines() if not line.startswith("total ") and not line.endswith(" ..")]
    return sorted(word for line in lines for word in ([line] if line[:1] in "-dlp" else line.split(" ")))


def is_equal(place, row):
    tops = [f"{place.base}/ours", f"{place.base}/real"]
    for top in tops:
        os.mkdir(top)
        plant(top)
        settle(top, place.uid)
    ours, real = tops
    program = [place.setup.prog, "--serve", "--commands=yes", f"--root={ours}", "--log=none", *BOTH]
    got = place.run(program, {"SSH_ORIGINAL_COMMAND": row.replace("{}", "")})
    wanted = place.run([SHELL, "-c", row.replace("{}", real)], cwd=real)
    log = f"{got.log}\nthe shell: {wanted.log}"
    same("exit status", wanted.code, got.code, log)
    same("output", comparable(wanted.out, real), comparable(got.out, ours), log)
    same("something on standard error", bool(wanted.err), bool(got.err), log)
    if tree(ours) != (expected := tree(real)):
        found = tree(ours)
        names = [name for name in sorted({*expected, *found}) if expected.get(name) != found.get(name)]
        raise Failed("what is there", {name: expected.get(name) for name in names},
                     {name: found.get(name) for name in names}, log)


def why_not():
    """Why nothing can be compared here, or nothing."""
    if not os.access(SHELL, os.X_OK):
        return f"there is no {SHELL}"
    told = subprocess.run(["/bin/ls", "--version"], capture_output=True, text=True, check=False).stdout
    return "" if "GNU coreutils" in told else "ls is not that of coreutils"


CHECKS = [(f"equal/{client}: {row}", is_equal, row) for client, row in rows()]
