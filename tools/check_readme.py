#!/usr/bin/env python3
"""check_readme.py BUILD [FILE...]: code blocks of README.md and docs/ hold what they promise.

A ```c block whose first line is a comment that begins with a file name is compiled with all
warnings and linked with the libraries of BUILD; "```c run" is run as well and must end with 0.
A "```sh test" block is run by sh in an empty folder, with BUILD/bin in the PATH. Blocks without
such a mark are for reading."""
import os
import pathlib
import re
import subprocess
import sys
import tempfile

from tree import ROOT, finish

FENCE = re.compile(r"^```(\w+)([^\n]*)\n(.*?)^```", re.M | re.S)
NAME = re.compile(r"\s*/\* (\w[\w-]*\.c)\b")
WARN = ["-std=c11", "-Wall", "-Wextra", "-Wpedantic", "-Werror"]
build = pathlib.Path(sys.argv[1]).resolve()
pages = [pathlib.Path(p) for p in sys.argv[2:]] or [ROOT / "README.md",
                                                    *sorted((ROOT / "docs").glob("*.md"))]
problems = []
count = 0
sanitize = []
if "TAUT_SANITIZE:BOOL=ON" in (build / "CMakeCache.txt").read_text():
    sanitize = ["-fsanitize=address,undefined"]


def run(where, command, **more):
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, **more)
    except subprocess.TimeoutExpired:
        problems.append(f"{where}: not done after two minutes")
        return False
    if done.returncode != 0:
        problems.append(f"{where}: status {done.returncode}\n{done.stdout}{done.stderr}")
    return done.returncode == 0


def libraries():
    """The core's archives as one group, for programs that need no more than libtaut."""
    flags = subprocess.run(["pkg-config", "--libs", "openssl", "libsrtp2"], text=True,
                           capture_output=True).stdout.split()
    for name in ("taut-sim", "taut-signal", "taut-media", "taut"):
        for kind in (".a", ".so"):
            if (build / f"lib{name}{kind}").exists():
                yield str(build / f"lib{name}{kind}")
                break
    yield from flags
    for pkg in ("opus vpx libopusenc ogg speexdsp zlib", "libwebsockets jansson"):
        yield from subprocess.run(["pkg-config", "--libs", *pkg.split()], text=True,
                                  capture_output=True).stdout.split()
    yield from ("-lpthread", "-lm")


for page in pages:
    for m in FENCE.finditer(page.read_text() if page.exists() else ""):
        language, mark, text = m.group(1), m.group(2).strip(), m.group(3)
        line = page.read_text()[:m.start()].count("\n") + 1
        where = f"{page.name}:{line}"
        with tempfile.TemporaryDirectory() as folder:
            name = NAME.match(text)
            if language == "c" and name:
                count += 1
                source = pathlib.Path(folder) / name.group(1)
                source.write_text(text)
                program = source.with_suffix("")
                ok = run(where, ["cc", *WARN, *sanitize, f"-I{ROOT}/include",
                                 f"-I{ROOT}/tests/sim", str(source), "-o", str(program),
                                 f"-Wl,-rpath,{build}", *libraries()])
                if ok and mark == "run":
                    run(where, [str(program)], cwd=folder)
            elif language == "sh" and mark == "test":
                count += 1
                path = f"{build}/bin:{os.environ['PATH']}"
                run(where, ["sh", "-eu", "-c", text], cwd=folder,
                    env={**os.environ, "PATH": path, "TAUT_SOURCE": str(ROOT)})

finish(problems, f"{count} code blocks")
