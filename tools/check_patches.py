#!/usr/bin/env python3
"""Every patch in tests/mutants still applies, word for word, and names a test that is there."""
import re
import subprocess

from tree import ROOT, finish

problems = []
patches = sorted((ROOT / "tests" / "mutants").glob("*.patch"))
layers = [p.name for p in (ROOT / "tests" / "unit").iterdir()]


def source_of(test):
    """tests/<folder>/test_NAME.c or tests/unit/<layer>/test_NAME.c of a program test_<folder>_NAME."""
    folder, _, name = test.partition("_")
    where = f"unit/{folder}" if folder in layers else folder
    return ROOT / "tests" / where / f"test_{name}.c"


for path in patches:
    name = path.relative_to(ROOT)
    lines = path.read_text().splitlines()
    named = re.fullmatch(r"(test|run): (\S+)(.*)", lines[1]) if len(lines) > 1 else None
    if not named:
        problems.append(f"{name}: its second line names no test")
    elif named.group(1) == "test" and not source_of(named.group(2)).exists():
        problems.append(f"{name}: there is no test {named.group(2)}")
    # As mutants.py does, but nothing is forgiven: what applies beside its place breaks another line.
    done = subprocess.run(["patch", "--dry-run", "--batch", "--fuzz=0", "-p1", "-i", path], cwd=ROOT,
                          capture_output=True, text=True)
    if done.returncode != 0:
        problems.append(f"{name}: does not apply: {' '.join(done.stdout.split())[:200]}")

finish(problems, f"{len(patches)} patches")
