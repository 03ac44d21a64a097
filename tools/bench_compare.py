#!/usr/bin/env python3
"""bench_compare.py [--json] REV [CASE...] | --layers [CASE...]

How many instructions a packet takes, in REV and in the working tree, counted by callgrind: another
load on the machine does not move them. What it does not count is the kernel, and waiting for
memory. Each case runs with two numbers of packets, and the difference counts, so that set-up is not in it.
Both are built with the bench of the working tree, under build/compare; REV may be too old for it.

--layers builds only the working tree, and says where its instructions are: by folder of src, by library.

CASE is BENCH:PROFILE/BURST, as the bench tells them; without one, those below:

%s

examples:
  ./dev bench --compare main
  ./dev bench --compare --layers "rtp:1,200 B, GCM/16"
  ./dev bench --compare HEAD~5 "rtp:1,200 B, GCM/16" "sdp:read Chromium's offer/0\""""
import collections
import io
import json
import re
import shutil
import subprocess
import sys
import tarfile
import time

from tree import ROOT

# Case -> the two numbers of packets.
CASES = {
    "srtp:AES_CM_128_HMAC_SHA1_80, 1,200 B/0": (500, 2500),
    "srtp:AEAD_AES_128_GCM, 1,200 B/0": (500, 2500),
    "stun:read and verify a check/0": (500, 2500),
    "stun:write and sign the answer/0": (500, 2500),
    "sdp:read Chromium's offer/0": (50, 250),
    "rtp:1,200 B, GCM/1": (1000, 5000),
    "rtp:1,200 B, GCM/16": (1600, 8000),
    "rtp:Opus, 80 B, GCM/1": (1000, 5000),
    "datachannel:16 KiB messages/0": (1000, 5000),
}
OTHER = (500, 2500)
WHERE = ROOT / "build" / "compare"


def run(*command, **more):
    done = subprocess.run(command, capture_output=True, text=True, **more)
    if done.returncode != 0:
        sys.exit(f"bench_compare: {' '.join(map(str, command))[:200]}\n"
                 + (done.stdout + done.stderr)[-2000:])
    return done


def source_of(rev):
    """REV's tree with our bench in it."""
    tree = WHERE / "source"
    shutil.rmtree(tree, ignore_errors=True)
    tree.mkdir(parents=True)
    packed = subprocess.run(["git", "-C", str(ROOT), "archive", rev], capture_output=True)
    if packed.returncode != 0:
        sys.exit(f"bench_compare: {packed.stderr.decode().strip()}")
    with tarfile.open(fileobj=io.BytesIO(packed.stdout)) as tar:
        for member in tar:
            member.mtime = int(time.time())  # the commit's time would be older than what was built
            tar.extract(member, tree)
    shutil.rmtree(tree / "bench", ignore_errors=True)
    shutil.copytree(ROOT / "bench", tree / "bench", ignore=shutil.ignore_patterns("node_modules"))
    return tree


def build(source, name):
    out = WHERE / name
    run("cmake", "-S", source, "-B", out, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=RelWithDebInfo",
        "-DTAUT_TESTS=OFF")
    run("cmake", "--build", out, "--target", "taut-bench")
    return out / "bin" / "taut-bench"


def one_run(program, case, packets):
    """Instructions of the process, and how many packets it did. None: it has no such case."""
    bench, name = case.split(":", 1)
    done = run("valgrind", "--tool=callgrind", f"--callgrind-out-file={WHERE / 'callgrind.out'}",
               program, "--quiet", "--json", "--rounds", "1", "--packets", str(packets), "--only",
               f"taut/{name}", bench)
    rows = [r for r in map(json.loads, done.stdout.splitlines()) if "packets" in r]
    collected = re.search(r"Collected\s*:\s*(\d+)", done.stderr)
    if not rows or not collected:
        sys.exit(f"bench_compare: no such case, or it did not run: {case}\n{done.stdout[-500:]}")
    return int(collected.group(1)), sum(r["packets"] for r in rows)


def per_packet(program, case):
    (some, few), (more, many) = (one_run(program, case, n) for n in CASES.get(case, OTHER))
    return (more - some) / max(many - few, 1)


# ---- where they are ----

# 1,234  /path/src/rtp/rtp_ring.c:tt_ring_put [/path/bin/taut-bench]
SELF = re.compile(r"^\s*([\d,]+)\s+(\S+?):(\S+)(?: \[(.*)\])?$")


def layer_of(file, object_file):
    if found := re.search(r"(?:^|/)src/(\w+)/", file):
        return f"src/{found.group(1)}"
    name = (object_file or "").rsplit("/", 1)[-1]
    return "other" if not name or name == "taut-bench" else name


def layers_of(program, case, packets):
    done = one_run(program, case, packets)[1]
    listed = run("callgrind_annotate", "--threshold=100", "--show-percs=no",
                 WHERE / "callgrind.out").stdout
    sums = collections.Counter()
    for line in listed.splitlines():
        if m := SELF.match(line):
            sums[layer_of(m.group(2), m.group(4))] += int(m.group(1).replace(",", ""))
    return sums, done


def layers(cases):
    program = build(ROOT, "now")
    for case in cases:
        (some, few), (more, many) = (layers_of(program, case, n) for n in CASES.get(case, OTHER))
        each = {k: (more[k] - some[k]) / max(many - few, 1) for k in more}
        total = sum(each.values())
        print(f"{case}: {total:,.0f} instructions per packet")
        for name, count in sorted(each.items(), key=lambda kv: -kv[1]):
            if count >= total / 200:
                print(f"  {name:24} {count:9,.0f} {100 * count / total:5.1f} %", flush=True)


def main():
    args = [a for a in sys.argv[1:] if a != "--json"]
    if args[:1] == ["--layers"]:
        return layers(args[1:] or CASES)
    if not args or args[0] in ("-h", "--help") or any(":" not in c for c in args[1:]):
        print(__doc__ % "\n".join(f"  {c}" for c in CASES))
        sys.exit(0 if args and args[0] in ("-h", "--help") else 2)
    as_json = "--json" in sys.argv
    then, now = build(source_of(args[0]), "then"), build(ROOT, "now")
    if not as_json:
        print(f"{'instructions per packet':44} {args[0][:14]:>14} {'working tree':>14} {'change':>8}")
    for case in args[1:] or CASES:
        a, b = per_packet(then, case), per_packet(now, case)
        change = 100 * (b - a) / a if a else 0.0
        if as_json:
            print(json.dumps({"case": case, "rev": args[0], "then": round(a, 1),
                              "now": round(b, 1), "change_percent": round(change, 2)}), flush=True)
        else:
            print(f"{case:44} {a:14,.0f} {b:14,.0f} {change:+7.2f} %", flush=True)


main()
