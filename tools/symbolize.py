"""symbolize.py - names for the frames of a sanitizer's report that was written with symbolize=0.

The sanitizer would read the symbols of every library anew in each process; here each address is
looked up once, and only if it is told. Of the tree's own programs the debug information is
asked, of libraries what they export: a place between two exported functions has no name, since
the nearest one would be a guess."""
import bisect
import functools
import os
import pathlib
import re
import subprocess

from tree import ROOT

FRAME = re.compile(r"^( *#\d+ 0x[0-9a-f]+)  ?\((/[^+()]+)\+0x([0-9a-f]+)\)(.*)$", re.M)
SYMBOL = re.compile(r"^ *\d+: ([0-9a-f]+) +(\d+|0x[0-9a-f]+) I?FUNC +\S+ +\S+ +\d+ (\S+)", re.M)


def here(path):
    """Of this tree, as its compiler named it; else None."""
    name = os.path.normpath(re.sub(r"^.*/build/[^/]+/(?=\.\./\.\./)", f"{ROOT}/build/dev/", path))
    name = os.path.relpath(name, ROOT)
    return None if name.startswith("..") else f"../../{name}"


def from_debug_information(path, offsets):
    """{offset: [(function, place), ...]}, what is inlined first."""
    asked = "".join(f"0x{o:x}\n" for o in offsets)
    said = subprocess.run(["addr2line", "-a", "-f", "-i", "-e", path], input=asked, text=True,
                          capture_output=True, check=True).stdout.splitlines()
    found, at = {}, None
    pairs = iter(said)
    for line in pairs:
        if re.fullmatch(r"0x[0-9a-f]{16}", line):
            at = found.setdefault(int(line, 16), [])
            continue
        place = next(pairs).split(" (discriminator")[0]
        name, _, number = place.rpartition(":")
        if "??" not in (line, name) and here(name):
            at.append((line, f"{here(name)}:{number}"))
    return found


@functools.cache
def exported(path):
    """Two lists: where functions begin, and (end, name) of each."""
    said = subprocess.run(["readelf", "--dyn-syms", "-W", path], text=True, capture_output=True,
                          check=False).stdout
    rows = sorted((int(at, 16), int(at, 16) + int(size, 0), name.split("@")[0])
                  for at, size, name in SYMBOL.findall(said) if int(at, 16))
    return [r[0] for r in rows], [r[1:] for r in rows]


def function_at(path, offset):
    begins, rest = exported(path)
    i = bisect.bisect_right(begins, offset) - 1
    return rest[i][1] if i >= 0 and offset < rest[i][0] else None


class Names:
    def __init__(self):
        self.known = {}

    def learn(self, texts):
        asked = {}
        for text in texts:
            for _, path, offset, _ in FRAME.findall(text):
                if (path, int(offset, 16)) not in self.known:
                    asked.setdefault(path, set()).add(int(offset, 16))
        for path, offsets in asked.items():
            own = pathlib.Path(path).is_relative_to(ROOT)
            found = from_debug_information(path, sorted(offsets)) if own else {}
            for o in offsets:
                self.known[path, o] = found.get(o) or []

    def frame(self, m):
        head, path, offset, tail = m.groups()
        frames = self.known[path, int(offset, 16)]
        if frames:
            return "\n".join(f"{head} in {name} {place}" for name, place in frames)
        name = function_at(path, int(offset, 16))
        return f"{head} {f'in {name} ' if name else ''}({path}+0x{offset}){tail}"

    def write(self, texts):
        """The same texts, with names."""
        self.learn(texts)
        return [FRAME.sub(self.frame, t) for t in texts]
