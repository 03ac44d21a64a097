#!/usr/bin/env python3
"""seeds             make fuzz/seeds anew out of what this project itself says
seeds --check       how much of the edges that seeds and corpus reach the seeds reach alone

Seeds come from four places, none of them another project's corpus: packets and descriptions of our
own simulated sessions (fuzz/capture.c), the facts in tests/vectors, what tools/seed_makers.py writes
by hand, and what our fuzzers made of all that (build/corpus, and the seeds there are). libFuzzer
then keeps, for each target, the inputs that reach an edge no shorter one reaches. Needs the builds
that ./dev seeds makes.

options: --own-only (leave those out), --json (one object per target), --evidence (of --check:
write docs/evidence/seeds.json), TARGET... (only these)

examples:
  ./dev seeds
  ./dev seeds --check --evidence"""
import argparse
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

import seed_makers
from tree import ROOT

FUZZ, BUILD = ROOT / "fuzz", ROOT / "build"
RAW, BIN = BUILD / "seeds-raw", BUILD / "fuzz" / "bin"
CORPUS = pathlib.Path(os.environ.get("TAUT_CORPUS", ROOT / ".." / "shared" / "corpus"))
# One seed of each profile, and three of chaos: profile = seed modulo 12.
SESSIONS = [str(n) for n in (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 23, 35, 47)]
MOST = 24 * 1024  # bytes of one seed


def targets():
    return sorted(p.stem.removeprefix("fuzz_") for p in FUZZ.glob("fuzz_*.c"))


def libfuzzer(name, *args):
    done = subprocess.run([BIN / f"fuzz_{name}", *args], cwd=BUILD, capture_output=True, text=True,
                          errors="replace")
    if done.returncode != 0:
        sys.exit(f"{done.stderr[-3000:]}\nseeds: fuzz_{name} failed; is there a finding?")
    return done.stderr


def captured():
    """{layer: [bytes]} of the simulated sessions; "sdp" holds descriptions and candidates."""
    folder = BUILD / "seeds-captured"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    subprocess.run([BUILD / "sim" / "bin" / "capture", folder, *SESSIONS], check=True)
    return {d.name: [p.read_bytes() for p in sorted(d.iterdir())] for d in sorted(folder.iterdir())}


def put(folder, data):
    (folder / hashlib.sha1(data).hexdigest()[:12]).write_bytes(data)


def write_raw():
    made = seed_makers.make(ROOT, captured())
    unknown = set(made) - set(targets())
    if unknown:
        sys.exit(f"seeds: made for targets that are not there: {unknown}")
    shutil.rmtree(RAW, ignore_errors=True)
    for name, inputs in made.items():
        folder = RAW / name
        folder.mkdir(parents=True)
        for data in inputs:
            if len(data) <= MOST:
                put(folder, data)


def minimise(name, own_only):
    out = BUILD / "seeds-min" / name
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    sources = [d for d in (RAW / name, FUZZ / "regressions" / name) if d.is_dir()]
    if not own_only:  # what fuzzing found: here, and before
        sources += [d for d in (FUZZ / "seeds" / name, BUILD / "corpus" / name) if d.is_dir()]
    # use_counters=0: an edge counts once, however often it is taken
    libfuzzer(name, "-merge=1", "-use_counters=0", f"-max_len={MOST}", out, *sources)
    seeds = FUZZ / "seeds" / name
    shutil.rmtree(seeds, ignore_errors=True)
    kept = sorted(p.read_bytes() for p in out.iterdir())
    if kept:
        seeds.mkdir(parents=True)
    for data in kept:
        put(seeds, data)
    return len(kept), sum(map(len, kept))


def make(names, own_only, as_json):
    write_raw()
    count = size = 0
    for name in names:
        n, length = minimise(name, own_only)
        count, size = count + n, size + length
        line = {"target": name, "seeds": n, "bytes": length}
        print(json.dumps(line) if as_json else f"{name:16} {n:5} seeds {length:8} bytes", flush=True)
    print(f"{count} seeds, {size} bytes")


def corpus_of(name):
    """The folders that the target's first line names, as in fuzz/CMakeLists.txt."""
    first = (FUZZ / f"fuzz_{name}.c").read_text().splitlines()[0]
    found = re.search(r"corpus: ([a-z0-9_ -]+)", first)
    return [CORPUS / w for w in (found.group(1).split() if found else [name])
            if (CORPUS / w).is_dir()]


def edges(name, folders):
    folders = [f for f in folders if f.is_dir()]
    if not folders:
        return 0
    text = libfuzzer(name, "-runs=0", "-use_counters=0", "-max_len=1000000", *folders)
    return int(re.findall(r"cov: (\d+)", text)[-1])


def check(names, as_json, evidence):
    if not CORPUS.is_dir():
        sys.exit(f"seeds: {CORPUS} is not there, so there is nothing to compare with")
    figures, own, both = {}, 0, 0
    for name in names:
        seeds, others = FUZZ / "seeds" / name, corpus_of(name)
        one = edges(name, [seeds])
        f = figures[name] = {"seeds": len(list(seeds.iterdir())) if seeds.is_dir() else 0,
                             "edges": one}
        if others:  # where nobody else has inputs there is nothing to compare with
            f["edges_with_corpus"] = edges(name, [seeds, *others])
            f["per_cent"] = round(100 * one / f["edges_with_corpus"], 1)
            own, both = own + one, both + f["edges_with_corpus"]
        print(json.dumps({"target": name, **f}) if as_json else
              f"{name:16} {f['seeds']:5} seeds {one:6} edges" +
              (f", {f['edges_with_corpus']:6} with the corpus: {f['per_cent']} %" if others else
               ", nobody else has any"), flush=True)
    part = round(100 * own / max(both, 1), 2)
    low = [n for n, f in figures.items() if f.get("per_cent", 100) < 95 or f["seeds"] == 0]
    print(f"in sum {own} of {both} edges: {part} %; below 95 % or empty: {' '.join(low) or 'none'}")
    if evidence:
        subprocess.run([sys.executable, ROOT / "tools" / "evidence.py", "write", "seeds",
                        "./dev seeds --check --evidence", f"edges={own}",
                        f"edges_with_corpus={both}", f"per_cent={part}",
                        f"targets={json.dumps(figures)}"], check=True)
    return 1 if low else 0


def main():
    p = argparse.ArgumentParser(add_help=False)
    p.add_argument("names", nargs="*")
    for flag in ("check", "own-only", "json", "evidence", "help"):
        p.add_argument(f"--{flag}", action="store_true")
    a = p.parse_args()
    if a.help:
        print(__doc__)
        return 0
    names = a.names or [n for n in targets() if (BIN / f"fuzz_{n}").exists()]
    if a.check:
        return check(names, a.json, a.evidence)
    return make(names, a.own_only, a.json)


sys.exit(main())
