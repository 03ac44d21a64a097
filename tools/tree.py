"""tree.py - what the checks share: the source root, its files, and the report."""
import dataclasses
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent

# DESIGN: base <- all, stun <- ice, rtp <- rtcp <- cc, sctp <- datachannel, these, sdp and dtls
# <- peer <- io. Trace writers read STUN messages. The rest stands above, on the public headers.
ARROWS = {
    "base": set(),
    "stun": {"base"},
    "ice": {"stun", "base"},
    "dtls": {"base"},
    "srtp": {"base"},
    "sctp": {"base"},
    "datachannel": {"sctp", "base"},
    "rtp": {"base"},
    "rtcp": {"rtp", "base"},
    "cc": {"rtcp", "rtp", "base"},
    "sdp": {"base"},
    "peer": {"sdp", "cc", "rtcp", "rtp", "datachannel", "sctp", "srtp", "dtls", "ice", "stun",
             "base"},
    "trace": {"stun", "base"},
    "io": {"peer", "stun", "base"},
    "media": {"base"},
    "signal": {"base"},
}
# What runs without a machine below it: no sockets, clocks, threads, random numbers.
CORE = ["base", "stun", "ice", "dtls", "srtp", "sctp", "datachannel", "rtp", "rtcp", "cc", "sdp",
        "peer"]


def tracked(*patterns):
    """Files that git knows, or would (not ignored), and that are there."""
    out = subprocess.run(["git", "-c", "safe.directory=*", "ls-files", "-co",
                          "--exclude-standard", "--", *patterns],
                         cwd=ROOT, capture_output=True, text=True)
    if out.returncode != 0:  # an unpacked archive has no git
        found = [p for p in ROOT.rglob("*") if p.is_file() and "build" not in p.parts]
        return sorted(p for p in found
                      if not patterns or any(p.match(q.removeprefix("*")) for q in patterns))
    return sorted({ROOT / line for line in out.stdout.splitlines() if (ROOT / line).is_file()})


def sources(*folders):
    """What npm brought is not ours."""
    return [p for f in folders for p in sorted((ROOT / f).rglob("*.[ch]")) if "node_modules" not in p.parts]


@dataclasses.dataclass(frozen=True)
class Parser:
    path: pathlib.Path
    functions: frozenset  # empty: the whole file
    tables: bool

    def has(self, function):
        return not self.functions or function in self.functions


def parsers():
    """What tools/parsers.txt names."""
    found = []
    for line in (ROOT / "tools" / "parsers.txt").read_text().splitlines():
        if not line or line.startswith("#"):
            continue
        pattern, _, behind = line.partition(" ")
        words = frozenset(behind.split())
        some = pattern.endswith(":")
        found += [Parser(p, words if some else frozenset(), not some and "tables" in words)
                  for p in sorted(ROOT.glob(pattern.rstrip(":")))]
    return found


def layer_of(path):
    return path.relative_to(ROOT / "src").parts[0]


def without_comments(text):
    """The same text with comments and strings blanked, line by line."""
    def blank(m):
        return re.sub(r"[^\n]", " ", m.group(0))
    return re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"', blank, text, flags=re.S)


def finish(problems, checked):
    """Prints what is wrong, or how much was looked at; the status to end with."""
    for p in problems:
        print(p)
    print(f"{checked}, {len(problems)} problems")
    sys.exit(1 if problems else 0)
