#!/usr/bin/env python3
"""check_hostile.py [BUILD] [--list | --pending | --write]

Every row of the list of hostile cases (A01 to E18) has a test named after it in tests/hostile, a
test elsewhere that tests/hostile/rows.txt names and that is there, or is pending with the issue
that brings its feature. A row with a test has a mutant too (tests/mutants), or rows.txt says why
there can be none. A test of tests/hostile asks how many were dropped, for which reason, compares the
state with what it was, and lets a ping and a frame pass at its end, or rows.txt says why not.
docs/HOSTILE-STATUS.md says the same; --write makes it, --list prints it, and --pending prints the rows
that wait."""
import re
import sys

from tree import ROOT, finish

FOLDER = ROOT / "tests" / "hostile"
STATUS = ROOT / "docs" / "HOSTILE-STATUS.md"
LAST = {"A": 23, "B": 18, "C": 30, "D": 25, "E": 18}
TITLES = {"A": "STUN and ICE", "B": "DTLS and certificates", "C": "SRTP, RTP and RTCP",
          "D": "SCTP and data channels", "E": "Descriptions, API and relay"}
problems = []

# What counts exactly what was dropped, by its reason or that there was none; what compares the state; and
# what shows that the call goes on.
REFUSES = {"hostile_assert_refused", "hostile_assert_refused_but",
           "hostile_assert_description_refused"}  # no packet: an error, and nothing changed
COUNTS = REFUSES | {"hostile_assert_dropped", "hostile_assert_none_dropped"}
COMPARES = REFUSES | {"hostile_assert_unchanged", "hostile_assert_unchanged_but"}
LIVES = {"hostile_assert_alive", "hostile_assert_call"}
LIVES_BOTH = {"hostile_assert_ping", "hostile_assert_frame"}
# A call with sound and picture: in one of data alone no frame is tried.
MEDIA = re.compile(r"\bhostile_begin(_plain)?\(|\bhostile_init\([^;]*\bfalse\)")


def lives(texts, words):
    return LIVES_BOTH <= words or LIVES & words and MEDIA.search(texts)


def functions(text):
    """The body of each function of a file by its name."""
    return dict(re.findall(r"^static [^\n;=]*?\b(\w+)\([^;{]*\)\n\{\n(.*?)^\}", text, re.M | re.S))


def reached(name, bodies):
    """What a function says, and those of its file that it calls: the text, and the set of its words."""
    texts, seen, left = "", set(), [name]
    while left:
        text = bodies.get(left.pop(), "")
        texts += text
        for word in set(re.findall(r"\w+", text)) - seen:
            seen.add(word)
            left.append(word)
    return texts, seen


tests, floods, silent = {}, set(), {"uncounted": set(), "stateless": set(), "lifeless": set()}
for path in sorted(FOLDER.glob("test_*.c")):
    text = path.read_text()
    bodies = functions(text)
    for body in re.split(r"^static void (?=[a-e]\d\d_)", text, flags=re.M)[1:]:
        if "hostile_flood(" in body:
            floods.add(body[:3].upper())
    for name in re.findall(r"cmocka_unit_test\((\w+)\)", text):
        row = re.match(r"([a-e]\d\d)_(\w+)", name)
        if row:
            tests.setdefault(row[1].upper(), []).append(row[2].replace("_", " "))
            texts, words = reached(name, bodies)
            if not COUNTS & words:
                silent["uncounted"].add(name)
            if not COMPARES & words:
                silent["stateless"].add(name)
            if not lives(texts, words):
                silent["lifeless"].add(name)

also, pending, none, unpatched, fewer = {}, {}, {}, {}, {}
excused = {kind: {} for kind in silent}
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
        found = re.match(r"(\d+|no issue yet:) (.+)", rest)
        if not found:
            problems.append(f"rows.txt:{n}: pending, with neither the issue that brings it nor \"no issue yet:\"")
        else:
            pending[row] = found.groups()
    elif kind == "none":
        none[row] = rest
    elif kind == "unpatched":
        unpatched[row] = rest
    elif kind == "fewer":
        fewer[row] = rest
    elif kind in excused:
        name, _, why = rest.partition(" ")
        if not why or name[:3].upper() != row:
            problems.append(f"rows.txt:{n}: a test of {row} and why it is {kind}, not {rest}")
        excused[kind][name] = why
    else:
        problems.append(f"rows.txt:{n}: {kind} is no kind")

for kind, names in silent.items():
    for name in sorted(names ^ excused[kind].keys()):
        problems.append(f"{name} is {kind}, and rows.txt does not say why" if name in names else
                        f"rows.txt says why {name} is {kind}, and it is not, or is no test")

mutants = {}
for path in sorted((ROOT / "tests" / "mutants").glob("*.patch")):
    for row in re.findall(r"\b[A-Z]\d\d\b", path.read_text().split("\n", 1)[0]):
        mutants.setdefault(row, []).append(path.stem)

# ./dev hostile walks these further than the tests.
deep = re.search(r"^deep_rows=(.*)$", (ROOT / "tools/dev/hostile.sh").read_text(), re.M)[1].upper().split()
for row in sorted((floods | set(deep)) - set(fewer)):
    problems.append(f"{row}: hostile_flood(), or a deep row of ./dev hostile, and no line \"fewer\" in rows.txt")

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
        waits = (f"issue {who}:" if who.isdigit() else who) + " " + what
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
