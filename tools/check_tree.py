#!/usr/bin/env python3
"""The small promises: CI's script, no notes to ourselves, no path of one machine, no registry in
a lock file, no forbidden function, no space at the end of a line."""
import os
import re

from tree import ROOT, finish, sources, tracked, without_comments

MARKER = re.compile(r"\b(TO" r"DO|FIX" r"ME|X" r"XX|HA" r"CK)\b")
MACHINE = re.compile(r"/wo" r"rk/|/home/(?!\$|tester)\w+/|/Us" r"ers/")
NEVER = re.compile(r"\b(strcpy|strcat|sprintf|vsprintf|sscanf|atoi|atol|rand|srand|alloca|gets|"
                   r"strtok)\s*\(")
TEXT = {".c", ".h", ".md", ".js", ".mjs", ".html", ".css", ".py", ".sh", ".cmake", ".txt", ".json",
        ""}
problems = []
files = [p for p in tracked() if "third_party" not in p.parts]

ci = ROOT / ".ci/run"
if not os.access(ci, os.X_OK):
    problems.append(".ci/run is not there, or cannot be run")
elif not re.search(r"\bdev\b.* test\b", ci.read_text()):
    problems.append(".ci/run does not call ./dev test")

for path in files:
    name = path.relative_to(ROOT)
    if path.suffix not in TEXT or "vectors" in path.parts or "seeds" in path.parts:
        continue
    try:
        text = path.read_text()
    except UnicodeDecodeError:
        continue
    for n, line in enumerate(text.splitlines(), 1):
        if MARKER.search(line):
            problems.append(f"{name}:{n}: a note to ourselves: {line.strip()[:60]}")
        if MACHINE.search(line):
            problems.append(f"{name}:{n}: a path of one machine")
        if path.suffix in (".c", ".h") and line.rstrip() != line:
            problems.append(f"{name}:{n}: space at the end")
    if path.name == "package-lock.json" and re.search(r'"resolved"\s*:', text):
        problems.append(f"{name}: names a registry (resolved)")

for path in sources("src", "include", "tests", "fuzz", "examples", "tools", "bench"):
    for n, line in enumerate(without_comments(path.read_text()).splitlines(), 1):
        m = NEVER.search(line)
        if m:
            problems.append(f"{path.relative_to(ROOT)}:{n}: {m.group(1)}")

finish(problems, f"{len(files)} files")
