#!/usr/bin/env python3
"""check_fuzz.py [BUILD]: the table in docs/TESTING.md of how much work a fuzz target allows is what the targets'
files say, with those that allow any.
check_fuzz.py --write: writes it anew."""
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
finish(problems, f"{sum(map(len, times.values()))} bounds of the work of fuzz targets")
