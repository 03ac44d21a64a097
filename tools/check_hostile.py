#!/usr/bin/env python3
"""check_hostile.py [BUILD] [--list | --pending | --write]

Every row of the list of hostile cases (A01 to E18) has a test named after it in tests/hostile, a
test elsewhere that tests/hostile/rows.txt names and that is there, or is pending with the issue
that brings its feature. A row with a test has a mutant too (tests/mutants), or rows.txt says why
there can be none. docs/HOSTILE-STATUS.md says the same; --write makes it, --list prints it, and
--pending prints the rows that wait."""
import re
import sys

from tree import ROOT, finish

FOLDER = ROOT / "tests" / "hostile"
STATUS = ROOT / "docs" / "HOSTILE-STATUS.md"
LAST = {"A": 23, "B": 18, "C": 30, "D": 25, "E": 18}
TITLES = {"A": "STUN and ICE", "B": "DTLS and certificates", "C": "SRTP, RTP and RTCP",
          "D": "SCTP and data channels", "E": "Descriptions, API and relay"}
problems = []

tests, floods = {}, set()
for path in sorted(FOLDER.glob("test_*.c")):
    text = path.read_text()
    for body in re.split(r"^static void (?=[a-e]\d\d_)", text, flags=re.M)[1:]:
        if "hostile_flood(" in body:
            floods.add(body[:3].upper())
    for name in re.findall(r"cmocka_unit_test\((\w+)\)", text):
        row = re.match(r"([a-e]\d\d)_(\w+)", name)
        if row:
            tests.setdefault(row[1].upper(), []).append(row[2].replace("_", " "))

also, pending, none, unpatched, fewer = {}, {}, {}, {}, {}
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
    elif kind == "unpatched":
        unpatched[row] = rest
    elif kind == "fewer":
        fewer[row] = rest
    else:
        problems.append(f"rows.txt:{n}: {kind} is no kind")

mutants = {}
for path in sorted((ROOT / "tests" / "mutants").glob("*.patch")):
    for row in re.findall(r"\b[A-Z]\d\d\b", path.read_text().split("\n", 1)[0]):
        mutants.setdefault(row, []).append(path.stem)

# ./dev hostile walks these further than the tests.
deep = re.search(r"^deep_rows=(.*)$", (ROOT / "tools/dev/hostile.sh").read_text(), re.M)[1].upper().split()
for row in sorted((floods | set(deep)) ^ set(fewer)):
    problems.append(f"{row}: hostile_flood(), or a deep row of ./dev hostile, and a line \"fewer\" in rows.txt go together")

rows = [f"{k}{i:02}" for k, last in LAST.items() for i in range(1, last + 1)]
for row in sorted({*tests, *also, *pending, *none, *unpatched, *mutants}):
    if row not in rows:
        problems.append(f"{row} is no row")

out, done, waiting, partly = [], 0, 0, 0
for row in rows:
    if row.endswith("01"):
        out += ["", f"## {row[0]}: {TITLES[row[0]]}", "", "| row | status | tests | mutants |",
                "|---|---|---|---|"]
    proofs = tests.get(row, []) + also.get(row, [])
    if not proofs and row not in pending and row not in none:
        problems.append(f"{row} has no test and is not pending")
    if proofs and row not in mutants and row not in unpatched:
        problems.append(f"{row} has no mutant, and rows.txt does not say why")
    if row in mutants and row in unpatched:
        problems.append(f"{row} has a mutant, and rows.txt says that there can be none")
    if row in pending:
        who, what = pending[row]
        waits = (f"issue {who}" if who.isdigit() else who) + ": " + what
        state = ("partly" if proofs else "pending") + ", " + waits
        partly, waiting = partly + bool(proofs), waiting + (not proofs)
        if "--pending" in sys.argv:
            print(f"pending {row}{' in part' if proofs else ''}, {waits}")
    else:
        state = none.get(row, "done" + (f"; {fewer[row]}" if row in fewer else ""))
        done += 1
    taken_out = ", ".join(mutants.get(row, [])) or unpatched.get(row, "")
    out.append(f"| {row} | {state} | {'; '.join(proofs)} | {taken_out} |")

head = ["# Hostile cases: what is proved", "",
        "Written by `tools/check_hostile.py --write`; a test fails when it is not up to date.",
        "The tests are in tests/hostile, one or more for each row, and named after it; sweeps over",
        "lengths, fields and bits are in tests/hostile/test_sweep*.c. A mutant takes a guard of the row",
        "out (`./dev mutants`); where there can be none, the reason stands in its place.", "",
        f"{len(rows)} rows: {done} done, {partly} done but for a part that is pending, "
        f"{waiting} pending.", f"{sum(r in mutants for r in rows)} rows have "
        f"{len({m for r in rows for m in mutants.get(r, [])})} mutants, {len(unpatched)} can have none."]
text = "\n".join(head + out) + "\n"
if "--list" in sys.argv:
    print(text, end="")
elif "--write" in sys.argv:
    STATUS.write_text(text)
elif not STATUS.exists() or STATUS.read_text() != text:
    problems.append("docs/HOSTILE-STATUS.md is stale: tools/check_hostile.py --write")
if "--pending" not in sys.argv or problems:
    finish(problems, f"{len(rows)} rows, {waiting} pending")
