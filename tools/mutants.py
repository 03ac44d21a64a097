#!/usr/bin/env python3
"""mutants.py [--json] [--list] [--jobs N] [--dir DIR] [NAME...] - does a test notice when a guard is
taken out?

Each tests/mutants/NAME.patch takes one guard out of src. Its first line says which, and the rows of
the list of hostile cases in brackets; its second line is "test: NAME [TEST]", the program test_NAME that
must fail then (of tests/hostile only the tests named after those rows), "run: PROGRAM ARGUMENTS", or
"torture: PART", of ./dev torture. All happens in copies of HEAD, one for each job: below
DIR, which is kept and used again, or in a directory that is thrown away. With --json there is one
object for each mutant, and one for the sum. Status 1: a mutant survived, or docs/TESTING.md shows
another finding of it; 2: no mutant could be tried.

examples:
    tools/mutants.py                              all of them, two at a time
    tools/mutants.py --json check_unsigned sctp_tag
    tools/mutants.py --dir build/mutants          quicker the second time"""
import argparse
import json
import os
import pathlib
import queue
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
FOLDER = ROOT / "tests" / "mutants"
LIMIT = 300  # seconds that a test may take ...
TORTURE_LIMIT = 1200  # ... and each point of one
# Of the start: a commit meanwhile would mix two trees.
HEAD = subprocess.run(["git", "-C", ROOT, "rev-parse", "HEAD"], capture_output=True,
                      text=True).stdout.strip()
# Tests are process groups of their own, which no Ctrl-C reaches.
RUNNING, STOPPED = set(), threading.Event()

TORTURE = "tools/torture.py"
# What docs show of a mutant has to be what is seen of it.
SHOWN = (ROOT / "docs" / "TESTING.md").read_text()


class Mutant:
    def __init__(self, name):
        self.name = name
        self.path = FOLDER / f"{name}.patch"
        lines = self.path.read_text().splitlines()
        self.what = lines[0]
        kind, _, rest = lines[1].partition(": ")
        if kind not in ("test", "run", "torture") or not rest:
            sys.exit(f"mutants: {self.path.name}: the second line names no test")
        self.rows = re.findall(r"\b[A-E]\d\d\b", lines[0])
        self.program = ("test_" if kind == "test" else "") + shlex.split(rest)[0]
        if kind == "torture":
            self.program = "test_" + rest.split("/", 1)[1].replace("/", "_")
        # Only the tests of its rows count, where there is one for each row.
        self.commands = [[self.program, f"{row.lower()}*"] for row in self.rows] \
            if rest.startswith("hostile_") else [[self.program, *shlex.split(rest)[1:]]]
        if kind == "torture":
            self.commands = [[TORTURE, "--again", "--jobs", "1", rest]]


class Copy:
    """A tree of its own, and its build."""

    def __init__(self, home):
        self.tree, self.build = home / "tree", home / "build"
        self.tree.mkdir(parents=True, exist_ok=True)
        self.fresh()
        if not (self.build / "build.ninja").exists():
            launcher = ["-DCMAKE_C_COMPILER_LAUNCHER=ccache"] if shutil.which("ccache") else []
            subprocess.run(["cmake", "--preset", "dev", "-S", self.tree, "-B", self.build,
                            "-DTAUT_WERROR=OFF", *launcher], cwd=self.tree, check=True,
                           stdout=subprocess.DEVNULL)

    def fresh(self, *paths):
        tar = subprocess.run(["git", "-C", ROOT, "archive", HEAD, *paths], check=True,
                             capture_output=True).stdout
        subprocess.run(["tar", "-x", "--touch", "-C", self.tree], input=tar, check=True)

    def make(self, target):
        run = subprocess.run(["ninja", "-C", self.build, target], capture_output=True, text=True)
        return run.returncode == 0

    def passes(self, command):
        program = [self.build / "bin" / command[0]]
        limit = TORTURE_LIMIT if command[0] == TORTURE else LIMIT
        if command[0] == TORTURE:
            if not self.make("torture"):
                return False, "does not compile"
            program = [sys.executable, self.tree / TORTURE, "--build", self.build]
        with subprocess.Popen([*program, *command[1:]], text=True, errors="replace", cwd=self.tree,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              start_new_session=True) as run:
            RUNNING.add(run.pid)
            if STOPPED.is_set():
                os.killpg(run.pid, signal.SIGKILL)
            try:
                said = "".join(run.communicate(timeout=limit))
            except subprocess.TimeoutExpired:
                os.killpg(run.pid, signal.SIGKILL) # its own children, too
                return False, "does not end"
            except KeyboardInterrupt: # before the threads begin
                os.killpg(run.pid, signal.SIGKILL)
                raise
            finally:
                RUNNING.discard(run.pid)
        failed = re.search(r"^\[  FAILED  \] ([a-z]\w*)$|^seed (?=.*: at)(.*)$|^    (at .* s: .*)$"
                           r"|^(\w+ in \w+/torture/\w+), ",
                           said, re.M)
        return run.returncode == 0, next(filter(None, failed.groups())) if failed else f"status {run.returncode}"

    def patch(self, path, *options):
        return subprocess.run(["patch", "-s", "-p1", *options, "-i", path], cwd=self.tree,
                              capture_output=True).returncode == 0

    def touched(self, path):
        return re.findall(r"^\+\+\+ b/(\S+)", path.read_text(), re.M)

    def attempt(self, m):
        if not self.patch(m.path):
            self.fresh("src")
            return "does not apply", ""
        outcome = "survived", ""
        if not self.make(m.program):
            outcome = "does not compile", ""
        for command in m.commands:
            passed, how = self.passes(command) if outcome[0] == "survived" else (True, "")
            outcome = outcome if passed else ("caught", how)
        if f"/{m.name}.patch" in SHOWN and outcome[0] == "caught" and outcome[1] not in SHOWN:
            outcome = "not as docs/TESTING.md shows it", outcome[1]
        self.fresh(*self.touched(m.path))
        return outcome


def work(copy, todo, report):
    while not STOPPED.is_set():
        try:
            m = todo.get_nowait()
        except queue.Empty:
            return
        outcome = copy.attempt(m)
        if not STOPPED.is_set():
            report(m, *outcome)


def baseline(copy, mutants):
    if not all(copy.make(p) for p in sorted({m.program for m in mutants})):
        sys.exit("mutants: the tree does not build")
    for command in sorted({tuple(c) for m in mutants for c in m.commands}):
        if not copy.passes(list(command))[0]:
            sys.exit(f"mutants: {' '.join(command)} fails without any mutant")


def main():
    p = argparse.ArgumentParser(description=__doc__,
                                formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("names", nargs="*", metavar="NAME")
    p.add_argument("--json", action="store_true")
    p.add_argument("--list", action="store_true", help="say what there is, and try none")
    p.add_argument("--jobs", type=int, default=2)
    p.add_argument("--dir", type=pathlib.Path)
    a = p.parse_args()
    known = sorted(f.stem for f in FOLDER.glob("*.patch"))
    for name in a.names:
        if name not in known:
            p.error(f"there is no mutant {name}")
    mutants = [Mutant(n) for n in a.names or known]
    if a.list:
        for m in mutants:
            print(f"{m.name:28} {m.what}")
        return 0

    counts, lock, start = {}, threading.Lock(), time.time()

    def report(m, outcome, how):
        with lock:
            counts[outcome] = counts.get(outcome, 0) + 1
            if a.json:
                print(json.dumps({"mutant": m.name, "rows": m.rows, "outcome": outcome,
                                  "test": m.program, "by": how}), flush=True)
            else:
                print(f"{m.name}: {outcome}{f' by {m.program} ({how})' if how else ''}",
                      flush=True)

    with tempfile.TemporaryDirectory() as scratch:
        home = (a.dir or pathlib.Path(scratch)).resolve()
        copies = [Copy(home / str(i)) for i in range(max(1, min(a.jobs, len(mutants))))]
        baseline(copies[0], mutants)
        todo = queue.Queue()
        for m in sorted(mutants, key=lambda m: m.program):
            todo.put(m)
        threads = [threading.Thread(target=work, args=(c, todo, report)) for c in copies]
        for t in threads:
            t.start()
        try:
            for t in threads:
                t.join()
        except KeyboardInterrupt:
            STOPPED.set()
            for group in list(RUNNING):
                os.killpg(group, signal.SIGKILL)
            for t in threads:
                t.join()
            raise

    bad = len(mutants) - counts.get("caught", 0)
    if a.json:
        print(json.dumps({"mutants": len(mutants), **counts, "seconds": round(time.time() - start),
                          "commit": HEAD}))
    else:
        print(f"{len(mutants)} mutants, {bad} not caught")
    return 1 if bad else 0


try:
    sys.exit(main())
except KeyboardInterrupt:
    sys.exit(130)
