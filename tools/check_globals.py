#!/usr/bin/env python3
"""check_globals.py BUILD: no object of the core has anything in .data, .bss or thread-local
storage. BUILD is optimized and not sanitized. Constants that point somewhere are in
.data.rel.ro and fine."""
import pathlib
import re
import subprocess
import sys

from tree import CORE, finish

# libsrtp's process-wide state is counted behind a once, in this one file.
EXCEPT = re.compile(r"srtp/srtp_once\.c")
MUTABLE = re.compile(r"\.(data|bss|tdata|tbss)(?!\.rel\.ro)(\.|$)")
build = pathlib.Path(sys.argv[1])

problems = []
count = 0
for layer in CORE + ["io", "trace"]:
    for path in sorted(build.glob(f"CMakeFiles/tt_{layer}.dir/src/{layer}/**/*.o")):
        count += 1
        if EXCEPT.search(str(path)):
            continue
        out = subprocess.run(["size", "-A", path], capture_output=True, text=True, check=True)
        for line in out.stdout.splitlines():
            words = line.split()
            if len(words) >= 2 and MUTABLE.match(words[0]) and words[1] != "0":
                problems.append(f"{path.relative_to(build)}: {words[0]} has {words[1]} bytes")
if count == 0:
    problems.append(f"{build} has no objects")

finish(problems, f"{count} objects")
