#!/usr/bin/env python3
"""evidence.py list | evidence.py write NAME COMMAND [KEY=VALUE...]

What CI does not run leaves docs/evidence/NAME.json: the commit it ran on, the command, the day and
the figures. `list` shows each, and whether what it speaks of has changed since (stale).

examples:
  tools/evidence.py write fresh "./dev fresh" root_run=ok user_run=ok
  tools/evidence.py list"""
import datetime
import json
import subprocess
import sys

from tree import ROOT

FOLDER = ROOT / "docs" / "evidence"
# What the evidence is about; docs and the evidence itself may change without making it stale. What measures an
# optimized build knows nothing of the tests, and what a browser plays nothing of the fuzzers.
CODE = ["CMakeLists.txt", "cmake", "src", "include"]
ABOUT = CODE + ["web", "tests", "fuzz", "bench", "tools", "dev"]
MEASURED = CODE + ["bench", "tests/browser", "tools/dev"]
PLAYED = CODE + ["web", "tests/browser", "tests/interop", "tools/dev"]
WORLD = CODE + ["tests/CMakeLists.txt", "tests/sim", "tests/support", "tests/hostile", "tools/dev"]
FUZZED = CODE + ["fuzz", "tools/fuzz.py", "tools/dev"]
NARROWER = {"sim": WORLD, "hostile": WORLD, "jsep": WORLD, "fuzz": FUZZED,
            "seeds": FUZZED + ["tests/vectors", "tools/seeds.py", "tools/seed_makers.py"],
            "mutants": CODE + ["tests", "tools/mutants.py", "tools/torture.py"],
            "mutate": CODE + ["tests", "fuzz", "tools/mutate.py", "tools/mutate_c.py", "tools/parsers.txt"],
            "coverage": CODE + ["tests", "fuzz", "tools/coverage.py", "tools/mutate_c.py", "tools/parsers.txt",
                                 "tools/torture.py"],
            "usrsctp": CODE + ["tests/CMakeLists.txt", "tests/sim", "tests/support", "tests/interop/usrsctp", "tools/dev"],
            "bench": MEASURED, "browser-rates": MEASURED, "ice-ladder": MEASURED, "profile": MEASURED,
            "cycles": MEASURED, "sctp-path": CODE + ["tests/sim", "tools/dev"], "srtp-diff": CODE + ["tests"],
            "browsers": PLAYED, "channels": PLAYED, "fallbacks": PLAYED, "mesh": PLAYED, "mobility": PLAYED}


# Nobody runs a text, and what libraries may do wrong only torture asks, whose parts stand by themselves.
NOT_RUN = [":(exclude)*.md", ":(exclude)tests/torture/foreign.txt"]


def git(*args):
    done = subprocess.run(["git", "-C", str(ROOT), *args], capture_output=True, text=True)
    return done.returncode, done.stdout.strip()


def about(name):
    return NARROWER.get(name, ABOUT) + NOT_RUN


def value_of(text):
    try:
        return json.loads(text)
    except ValueError:
        return text


def write(name, command, pairs):
    status, commit = git("rev-parse", "HEAD")
    if status != 0:
        sys.exit("evidence: no commit to speak of")
    figures = dict(p.split("=", 1) for p in pairs)
    FOLDER.mkdir(parents=True, exist_ok=True)
    what = {
        "name": name,
        "commit": commit,
        "command": command,
        "date": datetime.date.today().isoformat(),
        "figures": {k: value_of(v) for k, v in figures.items()},
    }
    if git("diff", "--quiet", "HEAD", "--", *about(name))[0] != 0:
        what["uncommitted"] = True
    (FOLDER / f"{name}.json").write_text(json.dumps(what, indent=1) + "\n")


def state_of(e):
    if e["name"] == "torture":  # each part has a commit of its own
        return "parts stand or fall by themselves: ./dev torture --list", e["figures"].get("clean", 0) < e["figures"]["parts"]
    status, out = git("diff", "--name-only", e["commit"], "HEAD", "--", *about(e["name"]))
    if status != 0:
        return "stale, commit unknown", True
    changed = len(out.split())
    return (f"stale, {changed} files changed since", True) if changed else ("current", False)


def show():
    stale = 0
    for path in sorted(FOLDER.glob("*.json")):
        e = json.loads(path.read_text())
        state, old = state_of(e)
        stale += old
        print(f"{e['name']:16} {e['date']} {e['commit'][:10]} {state}: {e['command']}")
    print(f"{stale} stale")


if len(sys.argv) >= 4 and sys.argv[1] == "write":
    write(sys.argv[2], sys.argv[3], sys.argv[4:])
elif sys.argv[1:] == ["list"]:
    show()
else:
    print(__doc__)
    sys.exit(0 if "--help" in sys.argv else 2)
