#!/usr/bin/env python3
"""check_hostile.py [BUILD] [--list | --write]

Every row of the list of hostile cases (A01 to E18) has a test named after it in tests/hostile, a
test elsewhere that tests/hostile/rows.txt names and that is there, or is pending with the issue
that brings its feature. docs/HOSTILE-STATUS.md says the same; --write makes it, --list prints it."""
import re
import sys

from tree import ROOT, finish

FOLDER = ROOT / "tests" / "hostile"
STATUS = ROOT / "docs" / "HOSTILE-STATUS.md"
LAST = {"A": 23, "B": 18, "C": 30, "D": 25, "E": 18}
TITLES = {"A": "STUN and ICE", "B": "DTLS and certificates", "C": "SRTP, RTP and RTCP",
          "D": "SCTP and data channels", "E": "Descriptions, API and relay"}
problems = []

tests = {}
for path in sorted(FOLDER.glob("test_*.c")):
    text = path.read_text()
    for name in re.findall(r"cmocka_unit_test\((\w+)\)", text):
        row = re.match(r"([a-e]\d\d)_(\w+)", name)
        if row:
            tests.setdefault(row[1].upper(), []).append(row[2].replace("_", " "))

also, pending, none = {}, {}, {}
for n, line in enumerate((FOLDER / "rows.txt").read_text().splitlines(), 1):
    if not line or line.startswith("#"):
        continue
    row, kind, rest = line.split(" ", 2)
    if kind == "also":
        file, name = rest.split(" ", 1)
        if not (ROOT / file).exists() or name not in (ROOT / file).read_text():
            problems.append(f"rows.txt:{n}: {file} has no test {name}")
        also.setdefault(row, []).append(f"{name.replace('_', ' ')} ({file})")
    elif kind == "pending":
        pending[row] = rest.split(" ", 1)
    elif kind == "none":
        none[row] = rest
    else:
        problems.append(f"rows.txt:{n}: {kind} is no kind")

rows = [f"{k}{i:02}" for k, last in LAST.items() for i in range(1, last + 1)]
for row in sorted(set(tests) | set(also) | set(pending) | set(none)):
    if row not in rows:
        problems.append(f"{row} is no row")

out, done, waiting, partly = [], 0, 0, 0
for row in rows:
    if row.endswith("01"):
        out += ["", f"## {row[0]}: {TITLES[row[0]]}", "", "| row | status | tests |", "|---|---|---|"]
    proofs = tests.get(row, []) + also.get(row, [])
    if not proofs and row not in pending and row not in none:
        problems.append(f"{row} has no test and is not pending")
    if row in pending:
        who, what = pending[row]
        state = ("partly" if proofs else "pending") + ", " + \
            (f"issue {who}" if who.isdigit() else who) + ": " + what
        partly, waiting = partly + bool(proofs), waiting + (not proofs)
    else:
        state = none.get(row, "done")
        done += 1
    out.append(f"| {row} | {state} | {'; '.join(proofs)} |")

head = ["# Hostile cases: what is proved", "",
        "Written by `tools/check_hostile.py --write`; a test fails when it is not up to date.",
        "The tests are in tests/hostile, one or more for each row, and named after it; sweeps over",
        "lengths, fields and bits are in tests/hostile/test_sweep.c.", "",
        f"{len(rows)} rows: {done} done, {partly} done but for a part that is pending, "
        f"{waiting} pending."]
text = "\n".join(head + out) + "\n"
if "--list" in sys.argv:
    print(text, end="")
elif "--write" in sys.argv:
    STATUS.write_text(text)
elif not STATUS.exists() or STATUS.read_text() != text:
    problems.append("docs/HOSTILE-STATUS.md is stale: tools/check_hostile.py --write")
finish(problems, f"{len(rows)} rows, {waiting} pending")
