#!/usr/bin/env python3
"""check_abi.py [--write] PREFIX [PROMISED] - what the shared libraries of PREFIX promise is what they promised.

PREFIX is where taut was installed with -DBUILD_SHARED_LIBS=ON and symbols for a debugger. docs/abi has what
the first release of this minor version promised: functions, their types, the constants of the headers. A
program built then runs with the libraries of today, so nothing may vanish or mean something else. What
may happen: another function, another constant, and a member behind the last of a struct that begins with its
size or that taut lends (taut.h, "Conventions").

    check_abi.py PREFIX            what has changed; 1: something that may not
    check_abi.py PREFIX PROMISED   the same with another folder than docs/abi
    check_abi.py --write PREFIX    take what is there as promised; 1: it breaks a promise, and the
                                   version in CMakeLists.txt is still the promised one

Needs abidw and abidiff (Debian: abigail-tools). 2: PREFIX has no shared libraries."""
import pathlib
import re
import subprocess
import sys

from tree import ROOT

KEPT = ROOT / "docs" / "abi"
LIBRARIES = ("taut", "taut-media", "taut-signal")
# No size in front: taut makes them, one at a time, and hands out a pointer.
LENT = {"taut_event", "taut_transceiver_info", "taut_channel_info", "taut_io", "taut_error", "taut_why",
        "taut_drop_info", "taut_certificate", "taut_room_peer", "taut_rtp_source"}
# They have a size, but are lent in arrays as well, through which a program steps by the size that it knows.
IN_ARRAYS = {"taut_rtp_encoding", "taut_codec", "taut_ice_server"}
COUNTS = {"TAUT_DROPS"}  # of a list that grows
LAYOUT = ["--exported-interfaces-only", "--drop-private-types", "--no-corpus-path",
          "--no-comp-dir-path", "--no-show-locs", "--no-elf-needed", "--no-write-default-sizes"]
# What abidiff says around a change rather than of one.
AROUND = re.compile(r"(Leaf changes|Changed leaf types|Removed/Changed/Added \w+) summary:|"
                    r"\d+ (Added|Removed) functions?:|\d+ data member insertions?:|there are data member changes:|"
                    r"type size hasn't changed")
STRUCT = re.compile(r"'struct (\w+)' changed:")
GROWN = re.compile(r"type size changed from (\d+) to (\d+) \(in bits\)")
MEMBER = re.compile(r"'(.*)', at offset (\d+) \(in bits\)")
ADDED = re.compile(r"\[A\] '(?:function )?(.*?)'")


def version():
    found = re.search(r"project\(taut VERSION (\d+\.\d+)", (ROOT / "CMakeLists.txt").read_text())
    return found[1]


def library(prefix, name):
    found = sorted(prefix.rglob(f"lib{name}.so"))
    if not found:
        print(f"check_abi: no lib{name}.so below {prefix}", file=sys.stderr)
        sys.exit(2)
    return found[0]


def describe(prefix, name, out):
    subprocess.run(["abidw", *LAYOUT, "--headers-dir", str(prefix / "include"), "--out-file", str(out),
                    str(library(prefix, name))], check=True)


def constants(prefix):
    found = {}
    for header in sorted((prefix / "include" / "taut").glob("*.h")):
        for name, value in re.findall(r"^#define (TAUT_\w+) (-?\w+)", header.read_text(), re.M):
            found[name] = value
    return found


def promised_constants(promised):
    return dict(line.split() for line in (promised / "constants.txt").read_text().splitlines())


# ---- what abidiff says ----


def begins_with_size(kept, struct):
    """As it was promised: what is there now may have got one."""
    text = kept.read_text()
    found = re.search(rf"<class-decl name='{struct}'.*?</class-decl>", text, re.S)
    first = found and re.search(r"<var-decl name='(\w+)'", found[0])
    return bool(first) and first[1] == "size"


def judge(kept, said):
    """(what was added, what may not be) from abidiff's words, which are of one struct after another."""
    added, wrong = [], []
    struct, old = "", 0
    for line in said.splitlines():
        text = line.strip()
        named, grown = STRUCT.fullmatch(text), GROWN.fullmatch(text)
        member, function = MEMBER.fullmatch(text), ADDED.match(text)
        if named:
            struct, old = named[1], None
        elif grown and line.startswith("  type") and int(grown[2]) > int(grown[1]):
            old = int(grown[1])
        elif function:
            added.append(function[1])
        elif (member and old is not None and int(member[2]) >= old
              and struct not in IN_ARRAYS
              and (struct in LENT or begins_with_size(kept, struct))):
            added.append(f"{struct}: {member[1]}")
        elif text and not AROUND.match(text):
            wrong.append(f"{struct}: {text}" if struct else text)
    return added, wrong


def compare(prefix, promised, work):
    added, wrong = [], []
    for name in LIBRARIES:
        kept, now = promised / f"lib{name}.abi", work / f"lib{name}.abi"
        describe(prefix, name, now)
        if f"soname='lib{name}.so.{version()}'" not in kept.read_text():
            wrong.append(f"docs/abi is of another version than {version()}: --write")
            continue
        done = subprocess.run(["abidiff", "--no-show-locs", "--harmless", "--leaf-changes-only",
                               str(kept), str(now)],
                              capture_output=True, text=True)
        if done.returncode & 3:
            wrong.append(f"abidiff: {done.stderr.strip()}")
        elif done.returncode:
            more, bad = judge(kept, done.stdout)
            added += more
            wrong += [f"lib{name}: {text}" for text in bad]
    then, now = promised_constants(promised), constants(prefix)
    wrong += [f"{name} was {value} and is {now.get(name, 'no more')}"
              for name, value in then.items() if now.get(name) != value
              and not (name in COUNTS and int(now.get(name, -1)) > int(value))]
    added += [name for name in now if name not in then]
    return added, wrong


def write(prefix):
    KEPT.mkdir(exist_ok=True)
    for name in LIBRARIES:
        describe(prefix, name, KEPT / f"lib{name}.abi")
    (KEPT / "constants.txt").write_text("".join(f"{n} {v}\n" for n, v in sorted(constants(prefix).items())))
    print(f"docs/abi is what version {version()} promises")


def promised_version():
    kept = KEPT / "libtaut.abi"
    found = re.search(r"soname='libtaut\.so\.([\d.]+)'", kept.read_text()) if kept.exists() else None
    return found and found[1]


def main():
    words = [w for w in sys.argv[1:] if w != "--write"]
    if len(words) not in (1, 2) or words[0].startswith("-"):
        print(__doc__)
        return 0 if words == ["--help"] else 2
    prefix = pathlib.Path(words[0]).resolve()
    promised = pathlib.Path(words[1]) if len(words) == 2 else KEPT
    work = ROOT / "build" / "abi"
    work.mkdir(parents=True, exist_ok=True)
    renew = "--write" in sys.argv
    if renew and promised_version() != version():
        write(prefix)
        return 0
    added, wrong = compare(prefix, promised, work)
    for text in wrong:
        print("may not be:", text)
    if renew and not wrong:
        write(prefix)
    else:
        print(f"{len(wrong)} promises broken, {len(added)} additions since {promised_version()}"
              + "".join(f"\n  {a}" for a in added))
    return 1 if wrong else 0


sys.exit(main())
