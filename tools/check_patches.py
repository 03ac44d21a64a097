#!/usr/bin/env python3
"""Every patch in tests/mutants still applies, word for word, and names a test that is there.

check_patches.py --renew: writes those anew of which only the lines around have changed."""
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

from tree import ROOT, finish

problems = []
patches = sorted((ROOT / "tests" / "mutants").glob("*.patch"))
layers = [p.name for p in (ROOT / "tests" / "unit").iterdir()]


def source_of(test):
    """tests/FOLDER/test_NAME.c or tests/unit/LAYER/test_NAME.c of the program test_FOLDER_NAME."""
    folder, _, name = test.partition("_")
    where = f"unit/{folder}" if folder in layers else folder
    return ROOT / "tests" / where / f"test_{name}.c"


def attempt(path, tree, *options):
    # --force: what looks turned round is not turned round
    return subprocess.run(["patch", "--force", "-p1", "-i", path, *options], cwd=tree,
                          capture_output=True, text=True)


def changes(text):
    return [line for line in text[text.index("--- a/"):].splitlines()
            if line[:1] in "+-" and not line.startswith(("--- ", "+++ "))]


def places(text):
    """Of what is only added, the line before it and the one behind: patch may find another place alike."""
    lines = text[text.index("--- a/"):].splitlines() + [" "]
    found, k = [], 0
    while k < len(lines):
        begin = k
        while lines[k][:1] in ("+", "-") and not lines[k].startswith(("--- ", "+++ ")):
            k += 1
        if k > begin and not any(line.startswith("-") for line in lines[begin:k]):
            found.append((lines[begin - 1], lines[k]))
        k += 1
    return found


def renewed(path):
    """The same change with the lines around it as they are now; None: it needs a look."""
    text = path.read_text()
    files = re.findall(r"^\+\+\+ b/(\S+)", text, re.M)
    with tempfile.TemporaryDirectory() as scratch:
        tree = pathlib.Path(scratch)
        for name in files:
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, tree / name)
        if attempt(path, tree, "--no-backup-if-mismatch").returncode != 0:
            return None
        diffs = [subprocess.run(["diff", "-U2", "--label", f"a/{name}", "--label", f"b/{name}",
                                 ROOT / name, tree / name], capture_output=True, text=True).stdout
                 for name in files]
    new = text[:text.index("--- a/")] + "".join(diffs)
    there = zip(places(text), places(new))
    return new if changes(new) == changes(text) and all(a == b or c == d for (a, c), (b, d) in there) else None


for path in patches:
    name = path.relative_to(ROOT)
    lines = path.read_text().splitlines()
    named = re.fullmatch(r"(test|run|torture): (\S+)(.*)", lines[1]) if len(lines) > 1 else None
    if not named:
        problems.append(f"{name}: its second line names no test")
    elif named.group(1) == "test" and not source_of(named.group(2)).exists():
        problems.append(f"{name}: there is no test {named.group(2)}")
    elif named.group(1) == "test" and named.group(2).startswith("hostile_"):
        # mutants.py runs no others of tests/hostile than those named after the rows.
        rows = re.findall(r"\b[A-E]\d\d\b", lines[0])
        tests = re.findall(r"cmocka_unit_test\((\w\d\d)_", source_of(named.group(2)).read_text())
        if not {row.lower() for row in rows} & set(tests):
            problems.append(f"{name}: {named.group(2)} has no test of {' or '.join(rows) or 'any row'}")
    # Nothing is forgiven: what applies beside its place breaks another line.
    done = attempt(path, ROOT, "--dry-run", "--fuzz=0")
    if done.returncode == 0:
        continue
    new = renewed(path) if "--renew" in sys.argv else None
    if new:
        path.write_text(new)
        print(f"{name}: renewed")
    else:
        problems.append(f"{name}: does not apply, see --renew: "
                        f"{' '.join(done.stdout.split())[:200]}")

finish(problems, f"{len(patches)} patches")
