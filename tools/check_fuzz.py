#!/usr/bin/env python3
"""check_fuzz.py [BUILD]: the table in docs/TESTING.md of how much work a fuzz target allows is what the targets'
files say. And the figures of docs/evidence/fuzz.json add up: each finding is open, lost, or closed with its input in
fuzz/regressions; each file there is in the README beside it.
check_fuzz.py --write: writes the table anew."""
import hashlib
import json
import re
import sys

from tree import ROOT, finish

PAGE = ROOT / "docs" / "TESTING.md"
CALL = re.compile(r"\bfuzz_check_work(?:_if)?\((?:[^;]*),\s*(\d+)\);")
TABLE = re.compile(r"^\| times the input, .*\n\|---\|---\|\n(?:\|.*\n)*", re.M)

times, without = {}, []
for path in sorted((ROOT / "fuzz").glob("fuzz_*.c")):
    name = path.stem.removeprefix("fuzz_")
    found = {int(n) for n in CALL.findall(path.read_text())}
    for n in found:
        times.setdefault(n, []).append(name)
    if not found:
        without.append(name)

rows = ["| times the input, and so many times 64 octets for the start | targets |", "|---|---|"]
rows += [f"| {n} | {', '.join(times[n])} |" for n in sorted(times)]
rows += [f"| not checked | {', '.join(without)} |"]
table = "\n".join(rows) + "\n"
page = PAGE.read_text()
shown = TABLE.findall(page)
problems = []
if len(shown) != 1:
    problems.append(f"{PAGE.name} has {len(shown)} tables of the work of fuzz targets")
elif "--write" in sys.argv:
    PAGE.write_text(page.replace(shown[0], table))
elif shown[0] != table:
    problems.append(f"{PAGE.name}: the work of fuzz targets is not what fuzz/ says: check_fuzz.py --write")

def inputs(name):
    return {p.name: hashlib.sha1(p.read_bytes()).hexdigest()
            for p in sorted((ROOT / "fuzz" / "regressions" / name).glob("*"))}


figures = json.loads((ROOT / "docs" / "evidence" / "fuzz.json").read_text())["figures"]
total = dict.fromkeys(("findings", "closed", "lost", "open"), 0)
for session in figures["sessions"]:
    for name, t in session["targets"].items():
        closed = t.get("closed_files", [])
        digests = inputs(name).values()
        for f in closed:
            if f.rpartition("-")[2] not in digests:
                problems.append(f"fuzz.json: {name}: {f} counts as closed, and its input is not in fuzz/regressions")
        if t["findings"] != len(closed) + t.get("lost", 0) + t["open"]:
            problems.append(f"fuzz.json: {name} of {session['id']}: some of its findings are not accounted for")
        for key, n in (("findings", t["findings"]), ("closed", len(closed)), ("lost", t.get("lost", 0)),
                       ("open", t["open"])):
            total[key] += n
for key, n in total.items():
    shown = figures["findings" if key == "findings" else f"{key}_findings"]
    if shown != n:
        problems.append(f"fuzz.json: {key}: {shown}, but its sessions have {n}")

text = (ROOT / "fuzz" / "regressions" / "README.md").read_text()
readme, rows = " ".join(text.split()), [line.split("|") for line in text.splitlines() if line.count("|") == 6]
says = f"Of {total['findings']} findings in {len(figures['sessions'])} recorded sessions {total['closed']} are closed, " \
    f"{total['lost']} lost and {total['open']} open."
if says not in readme:
    problems.append(f'fuzz/regressions/README.md does not say "{says}"')
for path in sorted((ROOT / "fuzz" / "regressions").glob("*/*")):
    if not any(re.search(rf"\b{path.parent.name}\b", row[1]) and re.search(rf"\b{re.escape(path.name)}\b", row[4])
               for row in rows):
        problems.append(f"fuzz/regressions/README.md does not name {path.parent.name}/{path.name}")
finish(problems, f"{sum(map(len, times.values()))} bounds of the work of fuzz targets")
