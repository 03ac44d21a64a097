#!/usr/bin/env python3
"""usage: ./dev mutate [--fresh | --list] [--json] [--jobs N] [FILE...]

Does a test notice when a check of the parsers is broken? Each bound, limit and guard of the files in
tools/parsers.txt (tools/mutate_c.py says which) is broken in turn, and the unit tests and fuzz
replays that come by there run with AddressSanitizer until one fails: caught. What no test catches
survived, and must stand in tests/mutants/survivors.txt with the reason why no test can tell.

All happens in a copy of the tree, build/mutate. All mutants of a file are compiled at once, chosen
by a number in the environment, so that one costs only the run of its tests; the rows of tables cost
a build each. Status 1: fewer than 95 % caught, or a survivor without a reason, or a reason without
one.

Ctrl-C loses nothing. A result is kept as long as the file and what found it are the same: of a
mutant that was caught the test's sources and seeds, of a survivor those of each test that judges
the file. Other sources are not asked.

  --fresh   keep no result
  --list    what would be broken, and how
  --json    one object per line: mutants, then the sum, with figures for each folder
  --jobs N  that many at once (2)
  FILE      only those of this file, or below this folder

examples:
  ./dev mutate src/rtp
  ./dev mutate --fresh --json src/sdp/sdp_read.c"""
import argparse
import collections
import concurrent.futures
import dataclasses
import fcntl
import functools
import hashlib
import json
import os
import pathlib
import re
import resource
import shutil
import subprocess
import sys
import threading
import time

import mutate_c
from tree import ROOT, parsers, tracked

WORK = ROOT / "build" / "mutate"
TREE = WORK / "tree"
BUILD = WORK / "build"
RESULTS = WORK / "results.jsonl"
SURVIVORS = ROOT / "tests" / "mutants" / "survivors.txt"
GOAL = 0.95
PROGRAMS = re.compile(r"^(unit|fuzz)/(?!exercise$)") # the exercise has a bug to be found, and fails as it should
# A layer is judged by its own tests and the fuzz replays; the cursors also by those who use them.
JUDGES = {"base": {"base", "stun", "rtp"}}

SWITCH_H = """/* Put before every source in this copy of the tree: which mutant is alive. */
extern int tt_mutant;
extern unsigned char tt_site[];
"""
SWITCH_C = """#include <stdio.h>
#include <stdlib.h>

int tt_mutant = -1;
unsigned char tt_site[%d];

__attribute__((constructor)) static void choose(void)
{
	const char *text = getenv("TT_MUTANT");

	tt_mutant = text ? (int)strtol(text, NULL, 10) : -1;
}

__attribute__((destructor)) static void tell(void)
{
	const char *name = getenv("TT_SITES");
	FILE *f = name ? fopen(name, "wb") : NULL;

	if (!f)
		return;
	fwrite(tt_site, 1, sizeof tt_site, f);
	fclose(f);
}
"""


@dataclasses.dataclass
class Program:
    name: str
    command: list
    seconds: float  # of CPU, with no mutant
    wait: float  # for its end
    reached: bytes  # by site

    @property
    def kind(self):
        return self.name.split("/")[0]

    @property
    def layer(self):
        return self.name.split("/")[1]


@dataclasses.dataclass
class Case:
    number: int
    site: int
    key: str
    file: str
    line: int
    what: str
    table: object = None  # (line, line broken), where a build is needed


def digest(*parts):
    state = hashlib.sha256()
    for part in parts:
        state.update(len(part).to_bytes(8, "big") + part)
    return state.hexdigest()[:16]


INCLUDE = re.compile(r'^#include "([^"]+)"', re.M)


def with_headers(sources):
    """These files and the headers beside or below tests and fuzz that they name, and so on."""
    found, todo = set(), list(sources)
    while todo:
        path = todo.pop()
        if path in found or not path.is_file():
            continue
        found.add(path)
        for name in INCLUDE.findall(path.read_text(errors="replace")):
            todo += [path.parent / name, TREE / "tests" / name]
    return found


@functools.cache
def inputs(program):
    """Digest of what a test, or all tests of a layer (unit/LAYER/*), are made of beside the code
    under test, as it stands in the copy: sources, seeds, and the vectors that a source names."""
    kind, *names = program.split("/")
    if kind == "fuzz":
        found = with_headers([TREE / "fuzz" / f"fuzz_{names[0]}.c", TREE / "fuzz" / "replay.c"])
        for folder in ("seeds", "regressions"):
            found |= set((TREE / "fuzz" / folder / names[0]).glob("*"))
    else:
        found = with_headers([*(TREE / "tests" / "unit" / names[0]).glob(f"test_{names[1]}.c"),
                              *(TREE / "tests" / "support").glob("*")])
        text = "".join(p.read_text() for p in found)
        for entry in (TREE / "tests" / "vectors").iterdir():
            if entry.stem in text:
                found |= set(entry.rglob("*")) if entry.is_dir() else {entry}
    names = {str(p.relative_to(TREE)): p for p in found if p.is_file()}
    return digest(*(part for n in sorted(names) for part in (n.encode(), names[n].read_bytes())))


def copy(path, text=None):
    """Into the copy of the tree; the time stays when nothing changed, so that little is rebuilt."""
    to = TREE / path.relative_to(ROOT)
    new = text.encode() if text is not None else path.read_bytes()
    if to.exists() and to.read_bytes() == new:
        return
    to.parent.mkdir(parents=True, exist_ok=True)
    to.write_bytes(new)
    shutil.copymode(path, to)


def with_sites(text, sites):
    """The source with all mutants of its sites in it, to be chosen while it runs."""
    out, at = [], 0
    for number, site, cases in sites:
        whole = text[site.start:site.end]
        chain = f"(tt_site[{number}] = 1, "
        for case, m in cases:
            a, b = m.start - site.start, m.end - site.start
            chain += f"tt_mutant == {case.number} ? ({whole[:a]}{m.text}{whole[b:]}) : "
        out += [text[at:site.start], chain, f"({whole}))"]
        at = site.end
    return "".join(out) + text[at:]


def row_of(text, mutant):
    """A row of a table as it is and broken: what finds it in the copy, where it is untouched."""
    begin, end = text.rindex("\n", 0, mutant.start), text.index("\n", mutant.end) + 1
    return (text[begin:end], text[begin:mutant.start] + mutant.text + text[mutant.end:end])


def prepare(chosen):
    """Writes the copy; the cases of the chosen files, the sites' number and the files' digests."""
    cases, count = [], 0
    files = tracked()
    switched, digests = {}, {}
    for parser in parsers():
        path, run_time = parser.path, []
        name = str(path.relative_to(ROOT))
        text = path.read_text()
        found = list(mutate_c.mutants_of(parser))
        digests[name] = digest(text.encode(), repr(found).encode())
        for site, keys in found:
            mine = []
            for key, line, m in keys:
                case = Case(len(cases), count, key, name, line, m.what,
                            row_of(text, m) if site.table else None)
                cases.append(case)
                mine.append((case, m))
            if not site.table:
                run_time.append((count, site, mine))
                count += 1
        switched[path] = with_sites(text, run_time)
    for path in files:
        copy(path, switched.get(path))
    kept = {TREE / p.relative_to(ROOT) for p in files}
    for old in (p for p in TREE.rglob("*") if p.is_file() and p not in kept):
        if old.name not in ("switch.h", "mutant_switch.c"):
            old.unlink()
    for where, text in (("switch.h", SWITCH_H), ("src/base/mutant_switch.c", SWITCH_C % count)):
        to = TREE / where
        if not to.exists() or to.read_text() != text:
            to.write_text(text)
    return [c for c in cases if not chosen or within(c.file, chosen)], count, digests


def within(file, chosen):
    return any(file == c or file.startswith(c.rstrip("/") + "/") for c in chosen)


def build_log(*command):
    return subprocess.run(command, capture_output=True, text=True)


def build(targets):
    if not (BUILD / "build.ninja").exists():
        done = build_log("cmake", "-S", str(TREE), "-B", str(BUILD), "-G", "Ninja",
                         "-DCMAKE_BUILD_TYPE=Debug", "-DTAUT_TESTS=ON", "-DTAUT_SANITIZE=ON",
                         "-DCMAKE_C_FLAGS_DEBUG=-O1 -g1",
                         f"-DCMAKE_C_FLAGS=-w -include {TREE}/switch.h")
        if done.returncode != 0:
            sys.exit("mutate: " + done.stdout + done.stderr)
    done = build_log("ninja", "-C", str(BUILD), *targets)
    if done.returncode != 0:
        sys.exit("mutate: the copy does not build\n" + done.stdout[-4000:])


def programs():
    """{name: command} of the tests that may catch a mutant."""
    build(["build.ninja"])
    found = {}
    for listing in BUILD.rglob("CTestTestfile.cmake"):
        for m in re.finditer(r"^add_test\(\[=\[(.*?)\]=\] (.*)\)$", listing.read_text(), re.M):
            if PROGRAMS.match(m.group(1)):
                found[m.group(1)] = re.findall(r'"([^"]*)"', m.group(2))
    return found


def run(command, folder, seconds, **env):
    """The status, after at most so many seconds of CPU: a loop without end is caught as well."""
    environment = os.environ | {
        "TAUT_CORPUS": str(WORK / "no-corpus"),
        "ASAN_OPTIONS": "hard_rss_limit_mb=1500:max_allocation_size_mb=1024:symbolize=0",
        "UBSAN_OPTIONS": "symbolize=0",
        "TMPDIR": str(folder),  # a test that ends half way leaves its files
    } | env
    try:
        return subprocess.run(["prlimit", f"--cpu={seconds}", "--core=0",
                               f"--fsize={1 << 28}", *command], cwd=folder,
                              env=environment, timeout=60 + 20 * seconds,
                              stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL).returncode
    except subprocess.TimeoutExpired:
        return None  # waits for something that does not come


def cpu_of_children():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def measure(found, count):
    """The programs that come by any site, the quick ones first. What fails without a mutant (a
    planted bug, say) can judge none."""
    measured = []
    sites = WORK / "sites"
    (WORK / "no-corpus").mkdir(exist_ok=True)
    for name, command in found.items():
        sites.unlink(missing_ok=True)
        begin, start = cpu_of_children(), time.monotonic()
        if run(command, WORK, 300, TT_SITES=str(sites)) != 0:
            print(f"left out: {name} fails without any mutant", file=sys.stderr)
            continue
        reached = sites.read_bytes() if sites.exists() else bytes(count)
        if any(reached):
            measured.append(Program(name, command, cpu_of_children() - begin,
                                    time.monotonic() - start, reached))
    measured.sort(key=lambda p: p.wait)
    for p in measured:
        print(f"{p.seconds:7.2f} s  {p.wait:7.2f} s  {p.name}", file=sys.stderr)
    return measured


def layers_of(file):
    layer = pathlib.Path(file).parts[1]
    return JUDGES.get(layer, {layer})


def judges(case, measured, hits):
    """Who may catch it, the likely and quick ones first."""
    layers = layers_of(case.file)
    some = [p for p in measured if (p.kind == "fuzz" and not case.table or p.layer in layers and
                                    p.kind == "unit") and (case.table or p.reached[case.site])]
    return sorted(some, key=lambda p: p.wait / (1 + hits[case.file, p.name]))


def try_case(case, some, folder):
    """The test that catches it, or None."""
    for p in some:
        limit = 2 + int(4 * p.seconds)
        failed = run(p.command, folder, limit, TT_MUTANT=str(case.number)) != 0
        for left in folder.iterdir():
            shutil.rmtree(left) if left.is_dir() else left.unlink()
        if failed:
            return p.name
    return None


def try_table(case, some, folder, original):
    """A row of a table: built in, and out again by the next one or by work()."""
    row, broken = case.table
    if original[case.file].count(row) != 1:
        sys.exit(f"mutate: {case.file}:{case.line}: two rows are the same")
    (TREE / case.file).write_text(original[case.file].replace(row, broken))
    for p in some:
        build([f"bin/{pathlib.Path(p.command[0]).name}"])
        if try_case(case, [p], folder):
            return p.name
    return None


class Results:
    """What is known of each mutant: {"caught": by whom, "file": digest, "tests": {name: digest}}."""

    def __init__(self, digests, fresh):
        lines = [] if fresh or not RESULTS.exists() else RESULTS.read_text().splitlines()
        self.known = {r["key"]: r for r in map(json.loads, lines)}
        self.digests = digests
        self.lock = threading.Lock()

    def holds(self, case):
        r = self.known.get(case.key)
        return bool(r) and r["file"] == self.digests[case.file] and \
            all(inputs(name) == was for name, was in r["tests"].items())

    def note(self, case, caught, some):
        names = {caught} if caught else \
            {p.name for p in some} | {f"unit/{layer}/*" for layer in layers_of(case.file)}
        r = {"key": case.key, "caught": caught, "file": self.digests[case.file],
             "tests": {n: inputs(n) for n in sorted(names)}}
        with self.lock:
            self.known[case.key] = r
            with open(RESULTS, "a") as log:
                log.write(json.dumps(r) + "\n")


def explained():
    """{key: reason} of survivors.txt: a key a line, its reason indented below."""
    reasons, key = {}, None
    for line in SURVIVORS.read_text().splitlines() if SURVIVORS.exists() else []:
        if line.startswith("#") or not line.strip():
            continue
        if line[0] in " \t":
            if key is None:
                sys.exit("mutate: survivors.txt begins with a reason")
            reasons[key] = (reasons[key] + " " + line.strip()).strip()
        else:
            key = line.strip()
            reasons[key] = ""
    return reasons


class Progress:
    def __init__(self, total):
        self.total, self.done, self.survived = total, 0, 0
        self.begin, self.lock = time.monotonic(), threading.Lock()

    def step(self, caught):
        with self.lock:
            self.show(caught)

    def show(self, caught):
        self.done += 1
        self.survived += not caught
        if sys.stderr.isatty() or self.done % 100 == 0 or self.done == self.total:
            took = time.monotonic() - self.begin
            left = took / self.done * (self.total - self.done)
            print(f"\r{self.done} of {self.total}, {self.survived} survived, {took:.0f} s, about "
                  f"{left:.0f} s left   ", end="" if sys.stderr.isatty() else "\n",
                  file=sys.stderr, flush=True)


def work(cases, count, results, jobs):
    todo = [c for c in cases if not results.holds(c)]
    if not todo:
        return
    wanted = set().union(*(layers_of(c.file) for c in todo))
    found = {name: command for name, command in programs().items()
             if name.startswith("fuzz/") or name.split("/")[1] in wanted}
    build(sorted(f"bin/{pathlib.Path(c[0]).name}" for c in found.values()))
    measured = measure(found, count)
    hits = collections.Counter()
    progress = Progress(len(todo))

    def note(case, caught, some):
        results.note(case, caught, some)
        hits[case.file, caught] += 1
        progress.step(caught)

    def one(case):
        folder = WORK / f"run-{threading.get_ident()}"
        folder.mkdir(exist_ok=True)
        some = judges(case, measured, hits)
        note(case, try_case(case, some, folder), some)

    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        try:
            list(pool.map(one, [c for c in todo if not c.table]))
        except KeyboardInterrupt:
            pool.shutdown(cancel_futures=True)
            sys.exit(130)
    rows = [c for c in todo if c.table]
    folder = WORK / "run-table"
    folder.mkdir(exist_ok=True)
    original = {f: (TREE / f).read_text() for f in {c.file for c in rows}}
    try:
        for case in rows:
            some = judges(case, measured, hits)
            note(case, try_table(case, some, folder, original), some)
    finally:
        for name, text in original.items():
            (TREE / name).write_text(text)


def by_folder(by_file):
    sums = {}
    for name, all_of in by_file.items():
        folder = sums.setdefault(str(pathlib.Path(name).parent), {"mutants": 0, "caught": 0})
        folder["mutants"] += len(all_of)
        folder["caught"] += sum(all_of)
    return sums


def report(cases, results, args):
    reasons = explained()
    by_file = collections.OrderedDict()
    problems = 0
    for c in cases:
        caught = results.known[c.key]["caught"]
        by_file.setdefault(c.file, []).append(bool(caught))
        if args.json:
            print(json.dumps({"file": c.file, "line": c.line, "what": c.what, "caught": caught,
                              "key": c.key, "reason": reasons.get(c.key)}))
        elif not caught:
            print(f"survived  {c.file}:{c.line}: {c.what}")
            print(f"          {reasons.get(c.key) or 'NO REASON GIVEN: ' + c.key}")
        problems += not caught and not reasons.get(c.key)
    chosen = {c.key for c in cases}
    for key in reasons:
        if args.files and not within(key.split(":")[0], args.files):
            continue
        if key not in chosen or results.known[key]["caught"]:
            print(f"survivors.txt explains what is caught, or is not there: {key}")
            problems += 1
    caught = sum(map(sum, by_file.values()))
    total = len(cases)
    if args.json:
        print(json.dumps({"mutants": total, "caught": caught, "survived": total - caught,
                          "without_reason": problems, "folders": by_folder(by_file)}))
    else:
        for name, all_of in by_file.items():
            print(f"{name:36} {sum(all_of):5} of {len(all_of):5}")
    print(f"{total} mutants, {caught} caught ({100 * caught / max(1, total):.2f} %), "
          f"{total - caught} survived, {problems} without a reason, or with one too many",
          file=sys.stderr if args.json else sys.stdout)
    return 0 if caught >= GOAL * total and problems == 0 else 1


def main():
    ask = argparse.ArgumentParser(add_help=False)
    for flag in ("--help", "--fresh", "--list", "--json"):
        ask.add_argument(flag, action="store_true")
    ask.add_argument("--jobs", type=int, default=2)
    ask.add_argument("files", nargs="*")
    args = ask.parse_args()
    if args.help:
        print(__doc__)
        return 0
    WORK.mkdir(parents=True, exist_ok=True)
    alone = open(WORK / "lock", "w")
    try:
        fcntl.flock(alone, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        sys.exit("mutate: another run is at work in build/mutate")
    cases, count, digests = prepare(args.files)
    if args.list:
        for c in cases:
            print(f"{c.file}:{c.line}: {c.what}")
        print(f"{len(cases)} mutants")
        return 0
    results = Results(digests, args.fresh)
    work(cases, count, results, args.jobs)
    return report(cases, results, args)


sys.exit(main())
