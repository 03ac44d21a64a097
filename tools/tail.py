#!/usr/bin/env python3
"""Prints the longest files and functions, so that they are seen. Never fails."""
import re

from tree import ROOT, sources

FILE_LINES, FUNCTION_LINES, COLUMNS = 400, 40, 100
START = re.compile(r"^(?:static |const |inline |_Noreturn )*\w[\w *]*?\b(\w+)\(")

files, functions, wide = [], [], []
count = 0
for path in sources("src", "include", "fuzz", "examples", "bench"):
    lines = path.read_text().splitlines()
    name = str(path.relative_to(ROOT))
    files.append((len(lines), name))
    title, began = None, None
    for n, line in enumerate(lines, 1):
        if len(line.expandtabs(8)) > COLUMNS:
            wide.append(f"{name}:{n}")
        m = START.match(line)
        if m:
            title = m.group(1)
        if line == "{" and title:
            began = n
        if line == "}" and began:
            functions.append((n - began - 1, f"{title} in {name}"))
            title = began = None

for what, found, limit in (("files", files, FILE_LINES), ("functions", functions, FUNCTION_LINES)):
    sizes = sorted(s for s, _ in found)
    if not sizes:
        continue
    over = sum(s > limit for s in sizes)
    print(f"{len(sizes)} {what}: median {sizes[len(sizes) // 2]} lines, "
          f"p90 {sizes[len(sizes) * 9 // 10]}, longest {sizes[-1]}; {over} over {limit}")
    for size, name in sorted(found, reverse=True)[:8]:
        if size > limit:
            print(f"  {size:5} {name}")
if wide:
    print(f"{len(wide)} lines over {COLUMNS} columns: {' '.join(wide[:8])}")
