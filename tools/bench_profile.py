#!/usr/bin/env python3
"""bench_profile.py [--rounds N] [--seconds S] [--json] [--evidence] [BENCH:CASE...]

In whose code the CPU of a row is, and that of the bare limit beside it: by perf's samples, in turns, the
median of all rounds. The last column is what of the gap between the two each has. Samples cost time
themselves, a tenth of a lone packet, so the sums are above the rows of docs/BENCH.md.

--evidence writes docs/evidence/profile.json. Without cases: the rows that miss their goal.

examples:
  ./dev bench --profile
  ./dev bench --profile --rounds 3 "rtp:1,200 B, GCM/16"
"""
import argparse
import collections
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile

from tree import ROOT

BENCH = ROOT / "build" / "release" / "bin" / "taut-bench"
CASES = ["rtp:Opus, 80 B, GCM/1", "setup:to an open data channel/0"]
OURS = BENCH.name


def name_of(dso):
    if dso == OURS:
        return "ours"
    return "kernel" if "kernel" in dso else dso.split(".so")[0].strip("[]")


def sample(subject, bench, case, seconds):
    """Microseconds of a packet by whose code they were spent in."""
    with tempfile.TemporaryDirectory() as folder:
        data = pathlib.Path(folder) / "perf.data"
        done = subprocess.run(
            ["perf", "record", "-q", "-e", "cpu-clock", "-F", "8000", "-o", str(data), str(BENCH), "--quiet",
             "--json", "--rounds", "1", "--seconds", str(seconds), "--only", f"{subject}/{case}", bench],
            capture_output=True, text=True)
        rows = [json.loads(line) for line in done.stdout.splitlines() if '"cpu_us_per_packet"' in line]
        if done.returncode != 0 or not rows:
            sys.exit(f"bench_profile: {subject}/{case} of {bench} gave no row\n{done.stderr}")
        report = subprocess.run(["perf", "report", "-q", "-i", str(data), "--sort", "dso", "--stdio"],
                                capture_output=True, text=True)
    shares = collections.Counter()
    for line in report.stdout.splitlines():
        words = line.split()
        if len(words) > 1 and words[0].endswith("%"):
            shares[name_of(words[1])] += float(words[0].rstrip("%")) / 100
    return {who: share * rows[0]["cpu_us_per_packet"] for who, share in shares.items() if share > 0.002}


def profile(case, opts):
    bench, case = case.split(":", 1)
    rounds = {"taut": [], "limit": []}

    for i in range(opts.rounds):
        for subject, kept in rounds.items():
            if sys.stderr.isatty():
                print(f"\r{case}: round {i + 1} of {opts.rounds}, {subject} ", end="", file=sys.stderr)
            kept.append(sample(subject, bench, case, opts.seconds))
    mean = {subject: {who: statistics.median(r.get(who, 0) for r in kept)
                      for who in set().union(*kept)} for subject, kept in rounds.items()}
    gap = sum(mean["taut"].values()) - sum(mean["limit"].values())
    rows = []
    for who in sorted(mean["taut"], key=mean["taut"].get, reverse=True):
        ours, bare = mean["taut"][who], mean["limit"].get(who, 0)
        rows.append({"whose": who, "taut_us": round(ours, 3), "limit_us": round(bare, 3),
                     "of_gap": round((ours - bare) / gap, 3)})
    return {"bench": bench, "case": case, "taut_us": round(sum(mean["taut"].values()), 3),
            "limit_us": round(sum(mean["limit"].values()), 3), "parts": rows}


def show(p):
    print(f"{p['bench']}: {p['case']}: {p['taut_us']} us, the bare limit {p['limit_us']}")
    for r in p["parts"]:
        print(f"  {r['whose']:12} {r['taut_us']:9.3f} {r['limit_us']:9.3f} {100 * r['of_gap']:7.1f} % of the gap")


def main():
    parse = argparse.ArgumentParser(usage=__doc__, add_help=False)
    parse.add_argument("--rounds", type=int, default=5)
    parse.add_argument("--seconds", type=float, default=3)
    parse.add_argument("--json", action="store_true")
    parse.add_argument("--evidence", action="store_true")
    parse.add_argument("-h", "--help", action="store_true")
    parse.add_argument("cases", nargs="*", default=CASES)
    opts = parse.parse_args()
    if opts.help:
        print(__doc__)
        return
    figures = []
    for case in opts.cases:
        p = profile(case, opts)
        print(json.dumps(p), flush=True) if opts.json else show(p)
        for r in p["parts"]:
            figures.append(f"{p['bench']}_{r['whose']}=" + json.dumps(
                {k: r[k] for k in ("taut_us", "limit_us", "of_gap")}))
    if opts.evidence:
        subprocess.run([sys.executable, ROOT / "tools" / "evidence.py", "write", "profile",
                        "./dev bench --profile --evidence", *figures], check=True)


main()
