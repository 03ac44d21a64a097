#!/usr/bin/env python3
"""usage: ./dev coverage [--no-run | --tests REGEX] [--json] [--html] [PATH...]

Which branches of src the tests take. Builds the preset coverage (nothing optimized, asserts off, so
that no assert counts as a branch), runs the unit, sim, hostile, fuzz and torture tests without the
corpus, then many of them again with memory and system calls that fail (./dev torture judges that,
here it is only counted), and prints lines and branches per folder, then what each file lacks.

Two groups: the parsers (tools/parsers.txt) must have every branch taken, everything else 90 %.
if (TT_NEVER(condition, "why")) marks a branch that cannot be reached (src/base/never.h): it is
counted apart, and at most 1 % of the parsers' branches may be. Status 1: below that.

  --tests REGEX   only the tests that match (ctest -R), and nothing fails; judged like the whole
  --no-run        only the report, on what ran before
  --keep          add to what ran before
  --json          one object per line: files, then groups
  --html          also build/coverage/html/index.html, line by line
  PATH            show each branch not taken below PATH, not only the file's count

examples:
  ./dev coverage
  ./dev coverage --no-run src/sdp src/base/addr.c
  ./dev coverage --tests 'unit/sdp' src/sdp"""
import argparse
import collections
import concurrent.futures
import json
import os
import re
import signal
import subprocess
import sys

import mutate_c
import torture
from tree import ROOT, parsers, without_comments

BUILD = ROOT / "build" / "coverage"
GOAL = {"parsers": 1.0, "rest": 0.9}
MARKS_ALLOWED = 0.01  # of the parsers' branches
MARK = re.compile(r"\bTT_NEVER\(")
# Whole calls and floods: an hour of failures for branches that smaller tests take as well.
NOT_FAILED = re.compile(r"/hostile|/sim/|hostile$|soak$|flood$|/io/call$|/sctp/handshake$|"
                        r"^memory/(io/loop|signal/relay_(net|start))$")
FAILED_MOST = 180  # seconds of one program


def run(*command, quiet=True, **more):
    """A step of the way; its output is shown when it fails."""
    done = subprocess.run(command, cwd=ROOT, text=True, capture_output=quiet, **more)
    if done.returncode != 0 and quiet:
        sys.stderr.write(done.stdout[-4000:] + done.stderr[-4000:])
    return done.returncode


def build():
    if not (BUILD / "build.ninja").exists() and run("cmake", "--preset", "coverage") != 0:
        sys.exit(1)
    if run("cmake", "--build", str(BUILD)) != 0:
        sys.exit(1)


def run_tests(pattern, keep):
    if not keep:
        for old in BUILD.rglob("*.gcda"):
            old.unlink()
    empty = BUILD / "no-corpus"
    empty.mkdir(exist_ok=True)
    command = ["ctest", "--test-dir", str(BUILD), "--parallel", "2", "--timeout", "1800",
               "--label-exclude", "tools", "--exclude-regex", "^prove/"]
    if pattern:
        command += ["-R", pattern]
    log = BUILD / "tests.log"
    with open(log, "w") as out:
        status = subprocess.run(command, cwd=ROOT, stdout=out, stderr=out,
                                env=os.environ | {"TAUT_CORPUS": str(empty)}).returncode
    lines = log.read_text().splitlines()
    failed = [x.strip() for x in lines if re.search(r"\*\*\*(Failed|Timeout|Exception)", x)]
    for x in failed:
        print("failed:", x, file=sys.stderr)
    if status != 0 and not failed:
        sys.exit("coverage: the tests did not run, see build/coverage/tests.log")
    return not failed


def let_fail(part):
    """One test program, whose calls fail one by one: the first two of each way to a place in src."""
    out = BUILD / (part.name.replace("/", "-") + ".lines")
    opts = torture.options(["--build", str(BUILD), "--seed", "1", "--most", "0", "--each", "2"])
    env = torture.environment(part, out, opts, {
        "TORTURE_DEPTH": "6", "TORTURE_MODE": "0", "TAUT_CORPUS": str(BUILD / "no-corpus")})
    out.unlink(missing_ok=True)
    quiet = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.DEVNULL)
    with subprocess.Popen([part.program], cwd=ROOT, env=env, start_new_session=True,
                          **quiet) as program:
        try:
            program.wait(FAILED_MOST)
        except subprocess.TimeoutExpired:
            os.killpg(program.pid, signal.SIGKILL)
            print(f"cut short after {FAILED_MOST} s: {part.name}", file=sys.stderr)


def let_all_fail():
    parts = [p for p in torture.parts(BUILD) if not NOT_FAILED.search(p.name)]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        list(pool.map(let_fail, parts))


def collect(html):
    out = BUILD / "coverage.json"
    # with -j it hangs where it should fail
    command = ["gcovr", "--root", str(ROOT), "--object-directory", str(BUILD),
               "--filter", str(ROOT / "src") + "/", "--exclude-throw-branches", "--json", str(out)]
    if html:
        (BUILD / "html").mkdir(exist_ok=True)
        command += ["--html-details", str(BUILD / "html" / "index.html")]
    if run(*command, str(BUILD)) != 0:
        sys.exit(1)
    return json.loads(out.read_text())["files"]


def marks_of(text):
    """{line: line of its mark} for the lines that a mark spans."""
    spans = {}
    code = without_comments(text)
    for m in MARK.finditer(code):
        line = code.count("\n", 0, m.start()) + 1
        before = code[:m.start()]
        if before.rsplit("\n", 1)[-1].startswith("#define"):
            continue
        if not re.search(r"\b(if|while) \($", before):
            raise ValueError(f"{line}: a mark is a whole condition: if (TT_NEVER(")
        depth, end = 0, m.end() - 1
        while depth > 0 or end == m.end() - 1:
            depth += {"(": 1, ")": -1}.get(code[end], 0)
            end += 1
        for n in range(line, code.count("\n", 0, end) + 2):
            spans[n] = line
    return spans


def judge_file(entry, parser, inside):
    """Of a file that only some functions of are parsers, those, or what is around them."""
    path = ROOT / entry["file"]
    own = mutate_c.lines_of(parser) if parser and parser.functions else set()
    text = path.read_text().splitlines()
    try:
        marks = marks_of("\n".join(text))
    except ValueError as wrong:
        sys.exit(f"{entry['file']}:{wrong}")
    f = {"file": entry["file"], "lines": 0, "lines_taken": 0, "branches": 0, "taken": 0,
         "marked": 0, "marks": len(set(marks.values())), "missing": []}
    for line in entry["lines"]:
        n = line["line_number"]
        if own and (n in own) != inside:
            continue
        if not line.get("gcovr/noncode"):
            f["lines"] += 1
            f["lines_taken"] += line["count"] > 0
        branches = line["branches"]
        taken = sum(b["count"] > 0 for b in branches)
        f["branches"] += len(branches)
        f["taken"] += taken
        lacking = len(branches) - taken
        if lacking and n in marks:
            f["marked"] += lacking
        elif lacking:
            f["missing"].append((n, lacking, len(branches), text[n - 1].strip()))
    return f


def share(part, whole):
    return part / whole if whole else 1.0


def total(files):
    t = collections.Counter()
    for f in files:
        for key in ("lines", "lines_taken", "branches", "taken", "marked", "marks"):
            t[key] += f[key]
    return t


def rate(t):
    """Of the branches that are not marked."""
    return share(t["taken"], t["branches"] - t["marked"])


def row(name, t):
    print(f"{name:28} {100 * share(t['lines_taken'], t['lines']):7.2f} {t['branches']:9} "
          f"{100 * rate(t):7.2f} {t['branches'] - t['taken'] - t['marked']:8} {t['marked']:7}")


def show_missing(files, paths):
    for f in sorted(files, key=lambda f: -sum(m[1] for m in f["missing"])):
        if not f["missing"]:
            continue
        lacking = sum(m[1] for m in f["missing"])
        whole = any(f["file"] == p or f["file"].startswith(p.rstrip("/") + "/") for p in paths)
        if paths and not whole:
            continue
        where = " ".join(str(m[0]) for m in f["missing"][:12])
        more = " ..." if len(f["missing"]) > 12 and not whole else ""
        print(f"{f['file']}: {lacking} of {f['branches']}" + ("" if whole else f": {where}{more}"))
        for n, lack, of, text in f["missing"] if whole else []:
            print(f"  {f['file']}:{n}: {lack} of {of}: {text[:90]}")


def main():
    ask = argparse.ArgumentParser(add_help=False)
    for flag in ("--help", "--no-run", "--keep", "--json", "--html"):
        ask.add_argument(flag, action="store_true")
    ask.add_argument("--tests")
    ask.add_argument("paths", nargs="*")
    args = ask.parse_args()
    if args.help:
        print(__doc__)
        return 0
    passed = True
    if not args.no_run:
        build()
        passed = run_tests(args.tests, args.keep)
        if not args.tests:
            let_all_fail()
    files = collect(args.html)
    chosen = {str(p.path.relative_to(ROOT)): p for p in parsers()}
    groups = {"parsers": [judge_file(e, chosen[e["file"]], True) for e in files if e["file"] in chosen],
              "rest": [judge_file(e, chosen.get(e["file"]), False) for e in files
                       if e["file"] not in chosen or chosen[e["file"]].functions]}
    files = groups["parsers"] + groups["rest"]
    totals = {name: total(group) for name, group in groups.items()}
    ok = {name: rate(t) >= GOAL[name] for name, t in totals.items()}
    marks_ok = totals["parsers"]["marked"] <= MARKS_ALLOWED * totals["parsers"]["branches"]

    if args.json:
        for f in files:
            print(json.dumps(f))
        for name, t in totals.items():
            print(json.dumps({"group": name, **t, "rate": round(rate(t), 5), "goal": GOAL[name],
                              "ok": ok[name]}))
    else:
        print(f"{'':28} {'lines %':>7} {'branches':>9} {'taken %':>7} {'missing':>8} {'marked':>7}")
        for name, group in groups.items():
            folders = collections.defaultdict(list)
            for f in group:
                folders[f["file"].rsplit("/", 1)[0]].append(f)
            for folder in sorted(folders):
                row(folder, total(folders[folder]))
            row("== " + name, totals[name])
        show_missing(files, args.paths)
        for name, t in totals.items():
            print(f"{name}: {100 * rate(t):.2f} % of the branches that are not marked, "
                  f"{100 * GOAL[name]:.0f} % asked: {'ok' if ok[name] else 'NOT REACHED'}")
        print(f"marked unreachable in the parsers: {totals['parsers']['marked']} branches of "
              f"{totals['parsers']['branches']} at {totals['parsers']['marks']} marks, at most "
              f"1 %: {'ok' if marks_ok else 'TOO MANY'}")
    return 0 if passed and marks_ok and all(ok.values()) else 1


sys.exit(main())
