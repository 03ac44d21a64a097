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
# What the evidence is about; docs and the evidence itself may change without making it stale.
ABOUT = ["CMakeLists.txt", "cmake", "src", "include", "web", "tests", "fuzz", "bench", "tools",
         "dev"]


def git(*args):
    done = subprocess.run(["git", "-C", str(ROOT), *args], capture_output=True, text=True)
    return done.returncode, done.stdout.strip()


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
    if git("diff", "--quiet", "HEAD", "--", *ABOUT)[0] != 0:
        what["uncommitted"] = True
    (FOLDER / f"{name}.json").write_text(json.dumps(what, indent=1) + "\n")


def show():
    stale = 0
    for path in sorted(FOLDER.glob("*.json")):
        e = json.loads(path.read_text())
        status, out = git("diff", "--name-only", e["commit"], "HEAD", "--", *ABOUT)
        changed = len(out.split()) if status == 0 else -1
        state = "current" if changed == 0 else "stale, commit unknown" if changed < 0 else \
            f"stale, {changed} files changed since"
        stale += changed != 0
        print(f"{e['name']:16} {e['date']} {e['commit'][:10]} {state}: {e['command']}")
    print(f"{stale} stale")


if len(sys.argv) >= 4 and sys.argv[1] == "write":
    write(sys.argv[2], sys.argv[3], sys.argv[4:])
elif sys.argv[1:] == ["list"]:
    show()
else:
    print(__doc__)
    sys.exit(0 if "--help" in sys.argv else 2)
