#!/usr/bin/env python3
"""torture.py [OPTIONS] [NAME...] - tests whose memory and system calls fail, one after the other.

NAME is a part of a part's name: "memory/sctp", "system", "scenario". Without, all.

  --quick          40 points of each of 5 programs, all drawn anew; prints the seed
  --sample N       so many points of each program
  --programs N     only so many programs, drawn
  --seed S         draw with this seed
  --all            every point of every test, however many (hours)
  --most N         of a test with more than N points of its own (100) only ...
  --each N         ... N with each stack of calls that the program meets (1) ...
  --drawn N        ... and about N that are drawn (30)
  --jobs N         programs at once (2)
  --shares N       so many processes for each program, each with its share of the points (1): for
                   those that mostly wait
  --again          also what was found clean before, with the same program and settings
  --evidence       enter what is clean in docs/evidence/torture.jsonl: such a part is not run again, here
                   or elsewhere, until what its program is made of changes
  --list           the parts, and whether they were found clean as they are now
  --rules          each rule of tests/torture/foreign.txt, and how many failures and parts of docs/evidence/torture.jsonl
                   it excused
  --both           ask LeakSanitizer too what was lost: where it says the contrary is a finding (slow)
  --count          nothing fails: how many points each part has, and how many would be taken
  --json           one object per line: a part, a finding, the sum
  --build DIR      where the programs are (build/dev)
  --replay PROGRAM:TEST:N:MODE:VARIANT   one point, with all that is said

examples:
  ./dev torture --quick
  ./dev torture memory/ice memory/peer
  ./dev torture --evidence
  ./dev torture --shares 16 system/io/call
  ./dev torture --replay test_ice_agent:3:17:0:0

Status 0: clean; 1: findings; 2: usage, or a replay that does not come to its point."""
import argparse
import concurrent.futures
import datetime
import fcntl
import functools
import hashlib
import json
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile
import threading
import time

from symbolize import Names
from tree import ROOT

SYSTEM_LAYERS = ("io_", "media_", "signal_", "torture_")
# tools/impair is no part of src; sim_oom is a sweep itself: each allocation that a connection makes by its
# environment, while it is made, in a negotiation and in a whole call (OpenSSL's and libsrtp's: torture_pc); the sim_jsep
# have the memory of their connections in a block of their own; a test of dtls_threads that falls does so
# in another thread than cmocka's, which ends the process.
NOT_SWEPT = {"test_impair_link", "test_sim_oom", "test_sim_jsep_model", "test_sim_jsep_perfect",
             "test_dtls_threads"}
# They make no system call through src; of all others a part with none saw nothing.
NO_CALLS = {"test_io_timers", "test_media_card", "test_media_codecs", "test_signal_json",
            "test_signal_relay_core", "test_signal_room", "test_signal_room_url", "test_torture_pc",
            "test_io_route", "test_io_ring", "test_media_render"}
# Of our own code alone: paths of the sanitizers' have a src as well.
FRAME = re.compile(r"^\s*#\d+ 0x[0-9a-f]+ in (\S+) (?:\.\./\.\.|%s)/((?:src|tests)/\S+?):(\d+)"
                   % re.escape(str(ROOT)), re.M)
ANY_FRAME = re.compile(r"^\s*#\d+ 0x[0-9a-f]+ (?:in (\S+) )?(\S+)", re.M)
NULL = re.compile(r"null pointer|unknown address 0x0+[0-9a-f]{0,3} ")
CRASHED = re.compile(r"^\s*#\d+ 0x[0-9a-f]+ (?:in (\S+) )?.*?\((\S+)\+0x", re.M)
WAITED = re.compile(r"^    (\S+) \((lib\S+)\)$", re.M)
KNOWN = ROOT / "tests" / "torture" / "left_behind.txt"
FOREIGN = ROOT / "tests" / "torture" / "foreign.txt"
EVIDENCE = ROOT / "docs" / "evidence" / "torture.jsonl"
MISSED = 50 # more than one failure in so many may not miss its point
TOLD = ("tests", "points", "own", "chosen", "injected", "clean", "refused", "reran", "missed", "fell")


def sanitizers(slow):
    asan = ("verify_asan_link_order=0:detect_leaks=1:exitcode=23:handle_abort=0:"
            "allocator_may_return_null=1:detect_stack_use_after_return=0:symbolize=0"
            # What is freed rests for 256 KB, not 256 MB, and what is given out is not written to: each page of new
            # memory is a fault in a child.
            ":quarantine_size_mb=0:thread_local_quarantine_size_kb=256:max_malloc_fill_size=0")
    asan += ":fast_unwind_on_malloc=0" if slow else ":malloc_context_size=12"
    return {
        "ASAN_OPTIONS": asan,
        "UBSAN_OPTIONS": "print_stacktrace=1:symbolize=0",
        "LSAN_OPTIONS": f"suppressions={KNOWN}:print_suppressions=0",
        # NSS would refuse to work in a child, which is what every point is.
        "NSS_STRICT_NOFORK": "DISABLED",
    }


class Part:
    def __init__(self, kind, program):
        self.kind, self.program = kind, program
        self.strict = "torture" in program.name
        name = program.name.removeprefix("test_")
        self.name = f"{kind}/{name.replace('_', '/', 1)}"


def parts(build):
    found = []
    for program in sorted((build / "bin").glob("test_*")):
        if program.name in NOT_SWEPT or program.suffix:
            continue
        found.append(Part("memory", program))
        if program.name.removeprefix("test_").startswith(SYSTEM_LAYERS):
            found.append(Part("system", program))
    return found


def environment(part, out, opts, extra=None):
    env = dict(os.environ, **sanitizers(opts.replay is not None))
    env.update({
        "LD_BIND_NOW": "1", # once, not in each child
        "LD_PRELOAD": str(opts.build / "tests" / "torture" / "libtorture.so"),
        # Whoever has ca-certificates would have a quarter of a million points in reading them.
        "SSL_CERT_FILE": os.devnull,
        "SSL_CERT_DIR": os.devnull,
        "TORTURE_OUT": str(out),
        "TORTURE_STRICT": str(int(part.strict)),
        "TORTURE_MEMORY": str(int(part.kind == "memory")),
        "TORTURE_SYSTEM": str(int(part.kind == "system")),
        "TORTURE_SAMPLE": str(opts.sample),
        "TORTURE_SEED": str(opts.seed),
        "TORTURE_MOST": str(opts.most),
        "TORTURE_EACH": str(opts.each),
        "TORTURE_DRAWN": str(opts.drawn),
        "TORTURE_DRY": str(int(opts.count)),
        "TORTURE_BOTH": str(int(opts.both)),
    })
    env.update(extra or {})
    return env


# ---- what a program said ----


def of_test(finding):
    """A test that walked through the NULL which it was given, by itself or in what compares strings
    for it: as good as an assertion."""
    frames = ANY_FRAME.findall(finding["said"])
    first = next((f for f in frames if not re.search(r"/lib(asan|c|cmocka)\.so", f[1])), None)
    return (finding["finding"] == "crash" and first is not None
            and not first[0].startswith("__wrap_")
            and re.match(r"\.\./\.\./tests/(?!torture/)", first[1]) is not None
            and NULL.search(finding["said"]) is not None)


def foreign_rules():
    lines = FOREIGN.read_text().splitlines()
    return [tuple(line.split()) for line in lines if line and not line.startswith("#")]


def openssl(library):
    return library.startswith(("libcrypto.so", "libssl.so"))


def foreign_leak(finding, rules):
    """The rule that excuses what we found lost and, with --both, what LeakSanitizer did."""
    ours, _, theirs = finding["said"].partition("LeakSanitizer says:\n")
    rule = None if finding["cut"] else foreign_loss(finding, ours, rules)
    return rule if not theirs or foreign_loss(finding, theirs, rules) else None


def foreign_loss(finding, said, rules):
    """All that is lost was taken by the library itself, and is no more than the rule allows."""
    blocks = re.findall(r"[Ll]eak of (\d+) byte.*?allocated from:\n((?:    #.*\n)+)", said)
    if len(blocks) != len(re.findall(r"[Ll]eak of \d+ byte", said)):
        return None # nobody knows who took the rest
    names = [name for name, _ in map(split_frame, finding["stack"])]
    libraries = set()
    for _, frames in blocks:
        takers = [f for f in re.findall(r"#\d+ 0x[0-9a-f]+ (?:in (\S+))? ?(.*)", frames)
                  if "/torture/" not in f[1] and "/libasan.so" not in f[1]]
        library = re.search(r"/(lib[^/]+?)\+0x", takers[0][1]) if takers else None
        if not library:
            return None
        names.append(takers[0][0])
        libraries.add("libcrypto.so.3" if openssl(library[1]) else library[1])
    lost = sum(int(size) for size, _ in blocks)
    for rule in rules:
        if (rule[0] == "leak" and libraries == set(rule[1].split("+")) and rule[2] in names + ["*"]
                and lost <= int(rule[3]) and rule[4] == ("once", "good")[finding["mode"]]):
            return " ".join(rule)
    return None


def split_frame(text):
    name, library = text.rsplit(" (", 1)
    return name, library.rstrip(")")


def foreign(finding, rules):
    """The fault of a library whose own memory failed and that fell over it, if it is listed."""
    if not finding["stack"]:
        return None
    library = split_frame(finding["stack"][0])[1]
    if finding["finding"] == "leak":
        return foreign_leak(finding, rules)
    if finding["finding"] == "crash" and not ANY_FRAME.search(finding["said"]):
        below = [split_frame(f)[::-1] for f in finding["stack"]]
        for rule in rules:
            if (rule[0] == "abort" and (rule[1], rule[2]) in below
                    and rule[3] in finding["said"].split()):
                return " ".join(rule)
        return None
    if finding["mode"] == 0 and not library.startswith("lib"):
        return None
    if finding["finding"] == "deadlock":
        shows = WAITED.findall(finding["said"])
    elif finding["finding"] == "crash":
        shows = [(f, pathlib.Path(lib).name) for f, lib in CRASHED.findall(finding["said"])]
    else:
        return None
    # From the innermost frame down to the first one of ours.
    inside = []
    for name, lib in shows:
        if not lib.startswith("lib"):
            break
        inside.append((lib, name))
    for rule in rules:
        if rule[0] == finding["finding"] and (rule[1], rule[2]) in inside:
            return " ".join(rule)
    return None


def place(finding):
    """What makes two findings the same: their kind and where they show."""
    frames = [f for f in FRAME.findall(finding["said"]) if not f[1].startswith("tests/torture/")]
    if frames:
        return (finding["finding"],) + tuple(f"{f[0]} {f[1]}:{f[2]}" for f in frames[:2])
    return (finding["finding"],) + tuple(finding["stack"][:5])


def rows_of(out):
    rows = [json.loads(line) for line in out.read_text().splitlines()]
    found = [r for r in rows if "finding" in r]
    for row, said in zip(found, Names().write([r["said"] for r in found])):
        row["said"] = said
    return rows


def read(part, out, status):
    rules = foreign_rules()
    result = {"part": part.name, "tests": 0, "points": 0, "own": 0, "chosen": 0, "injected": 0, "clean": 0,
              "refused": 0, "reran": 0, "missed": 0, "fell": 0, "foreign": {}, "findings": []}
    for row in rows_of(out):
        if "finding" not in row:
            result["tests"] += 1
            for key in ("points", "own", "chosen", "injected", "clean", "refused", "reran", "missed"):
                result[key] += row[key]
        elif not part.strict and of_test(row):
            result["fell"] += 1
        elif foreign(row, rules):
            rule = foreign(row, rules)
            result["foreign"][rule] = result["foreign"].get(rule, 0) + 1
        else:
            row["replay"] = ":".join([part.program.name] + [
                str(row[k]) for k in ("index", "n", "mode", "variant")])
            row["kind"] = part.kind
            result["findings"].append(row)
    if status not in (0, 1) or result["tests"] == 0:
        result["findings"].append({"finding": "broken", "test": "", "stack": [], "said":
                                   f"the program ended with {status}", "n": -1, "replay": ""})
    if part.kind == "system" and (result["points"] == 0) != (part.program.name in NO_CALLS):
        result["findings"].append({"finding": "no point, or some against NO_CALLS", "test": "",
                                   "stack": [], "said": "", "n": -1, "replay": ""})
    return result


# ---- parts, kept so that a run can be taken up again ----


@functools.cache
def content(path):
    """A program's without what names its folder, which is all in what debuggers and linkers add."""
    if path.read_bytes()[:4] != b"\x7fELF":
        return hashlib.sha256(path.read_bytes()).digest()
    with tempfile.NamedTemporaryFile() as bare:
        subprocess.run(["objcopy", "-S", "-R", ".note.gnu.build-id", str(path), bare.name], check=True)
        return hashlib.sha256(pathlib.Path(bare.name).read_bytes()).digest()


def key_of(part, opts):
    h = hashlib.sha256()
    for path in (part.program, opts.build / "tests" / "torture" / "libtorture.so", KNOWN):
        h.update(content(path))
    h.update(repr((part.kind, part.strict, opts.sample, opts.most, opts.each, opts.drawn, sanitizers(False)["ASAN_OPTIONS"],
                   opts.seed if opts.sample else 0)).encode())
    return h.hexdigest()


def folder_of(opts):
    """A sample keeps nothing, and does not stand in the way of a sweep."""
    return ROOT / "build" / ("torture-sample" if opts.sample else "torture")


def file_of(part, suffix, opts):
    return folder_of(opts) / f"{part.name.replace('/', '-')}.{suffix}"


def merge(results):
    """What the processes of one part found: each saw all its tests and points, and took its share."""
    whole = dict(results[0], foreign=dict(results[0]["foreign"]))
    for r in results[1:]:
        for key in ("chosen", "injected", "clean", "refused", "reran", "missed", "fell", "findings"):
            whole[key] = whole[key] + r[key]
        for rule, times in r["foreign"].items():
            whole["foreign"][rule] = whole["foreign"].get(rule, 0) + times
    if MISSED * whole["missed"] > whole["injected"] + whole["missed"]:
        whole["findings"] = whole["findings"] + [
            {"finding": f"{whole['missed']} failures did not come to their point", "test": "", "stack": [],
             "said": "", "n": -1, "replay": ""}]
    return whole


def run_share(part, opts, share):
    out = file_of(part, f"lines.{share}", opts)
    out.unlink(missing_ok=True)
    out.touch()
    took = file_of(part, "counted" if opts.count else "stacks", opts)  # all choose the same
    # What a child that did not come to its end leaves behind goes with the folder.
    with tempfile.TemporaryDirectory(prefix="taut-torture-") as place:
        done = subprocess.run([str(part.program)], env=environment(part, out, opts, {
                                  "TORTURE_SEEN": str(file_of(part, "seen", opts)),
                                  "TORTURE_TOOK": str(took) if share == 0 else "",
                                  "TORTURE_SHARE": str(share), "TORTURE_SHARES": str(opts.shares),
                                  "TMPDIR": place}), cwd=ROOT,
                              stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL, check=False)
    return read(part, out, done.returncode)


@functools.cache
def evidence():
    lines = EVIDENCE.read_text().splitlines() if EVIDENCE.exists() else []
    return {row["part"]: row for row in map(json.loads, lines)}


def kept(part, opts):
    """What a run with the same program and settings found, if the rules that it went by still stand."""
    path = file_of(part, "json", opts)
    here = json.loads(path.read_text()) if path.exists() else {}
    rules = [" ".join(rule) for rule in foreign_rules()]
    for old in (here, evidence().get(part.name, {})):
        if old.get("key") == key_of(part, opts) and all(rule in rules for rule in old["foreign"]):
            return dict(old, findings=old["findings"] or [])
    return None


def git(*words, check=True):
    return subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=check).stdout.strip()


def enter(results, opts):
    """Parts that are clean, each with the commit it was found so at; those of other runs stay as they are. What
    stands in all."""
    if git("status", "--porcelain", "src", "tests", "include"):
        sys.exit("torture: not entered, since src, include or tests differ from the commit")
    names = {p.name for p in parts(opts.build)}
    rows = {name: row for name, row in evidence().items() if name in names}
    for r in results:
        if r["findings"]:
            rows.pop(r["part"], None)
        elif not r.get("kept") or r["part"] not in rows or rows[r["part"]]["key"] != r["key"]:
            rows[r["part"]] = {"part": r["part"], "key": r["key"], "commit": r["commit"],
                               "date": datetime.date.today().isoformat(), "seconds": r["seconds"],
                               **{k: r[k] for k in TOLD}, "foreign": r["foreign"], "findings": 0}
    EVIDENCE.write_text("".join(json.dumps(rows[name]) + "\n" for name in sorted(rows)))
    return rows


def conclude(results, opts):
    """docs/evidence/torture.json: all parts, those that were found clean as they are now, and their sums."""
    rows = enter(results, opts)
    stand = [row for p in parts(opts.build) if (row := rows.get(p.name)) and row["key"] == key_of(p, opts)]
    sums = {key: sum(row[key] for row in stand) for key in TOLD}
    sums["foreign"] = sum(sum(row["foreign"].values()) for row in stand)
    figures = {"parts": len(parts(opts.build)), "clean": len(stand),
               "failures": sums["injected"],
               "points": sums["points"],
               "findings_left": sum(len(r["findings"]) for r in results), **shares(sums)}
    subprocess.run([sys.executable, ROOT / "tools" / "evidence.py", "write", "torture",
                    "./dev torture --evidence, each part until what its program is made of changes",
                    *(f"{name}={value}" for name, value in figures.items())], check=True)


def taken(part, opts):
    """The stacks of libraries that other parts have let fail, or, of --count, would have."""
    if opts.sample:
        return b""
    files = (file_of(p, "counted" if opts.count else "stacks", opts) for p in parts(opts.build)
             if p.name != part.name and (opts.count or kept(p, opts)))
    return b"".join(f.read_bytes() for f in files if f.exists())


def run_part(part, opts):
    old = kept(part, opts)
    if old and not old["findings"] and not opts.again and not opts.count:
        return dict(old, kept=True)
    file_of(part, "seen", opts).write_bytes(taken(part, opts))
    if not opts.count:
        file_of(part, "json", opts).unlink(missing_ok=True)
    began = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(opts.shares) as pool:
        result = merge(list(pool.map(lambda share: run_share(part, opts, share), range(opts.shares))))
    result["seconds"] = round(time.monotonic() - began, 1)
    result["key"], result["commit"] = key_of(part, opts), opts.commit
    if not opts.count:
        file_of(part, "json", opts).write_text(json.dumps(result))
    return result


# ---- telling ----


def unique(results):
    groups = {}
    for r in results:
        for f in r["findings"]:
            groups.setdefault(place(f), []).append(dict(f, part=r["part"]))
    return groups


def tell_finding(place_of, group):
    f = group[0]
    mode = ("once", "for good")[f.get("mode", 0)]
    print(f"\n{f['finding']} in {f['part']}, {len(group)} times; first: {f['test']}, "
          f"{f.get('call', '')} {f['n']} fails {mode} {f.get('error', '')}")
    for frame in f["stack"][:6]:
        print(f"    fails at {frame}")
    for where in place_of[1:]:
        print(f"    shows at {where}")
    if f["replay"]:
        print(f"    ./dev torture {'--system ' if f.get('kind') == 'system' else ''}"
              f"--replay {f['replay']}")


def total_of(results, groups, opts):
    total = {k: sum(r[k] for r in results) for k in TOLD}
    total["foreign"] = sum(n for r in results for n in r["foreign"].values())
    total["programs"] = len({r["part"].split("/", 1)[1] for r in results})
    total["parts"] = len(results)
    total["findings"] = sum(len(r["findings"]) for r in results)
    total["different"] = len(groups)
    total.update((k, v) for k, v in shares(total).items() if k not in ("chosen", "own_points"))
    if opts.sample:
        total["seed"] = opts.seed
    return total


def shares(total):
    """What part of the points was chosen, and what became of the failures there."""
    def percent(n, of):
        return round(100 * n / of, 1) if of else 0.0

    fell = total["refused"] + total["fell"]
    return {"chosen": total["chosen"], "chosen_percent": percent(total["chosen"], total["points"]),
            "own_points": total["own"],
            "ran_to_their_end_percent": percent(total["clean"], total["injected"]),
            "ended_by_own_check_percent": percent(fell, total["injected"]),
            "listed_fault_percent": percent(total["foreign"], total["injected"])}


def table(results, total):
    head = ("part", "tests", "points", "chosen", "failures", "findings", "seconds")
    rows = [(r["part"], r["tests"], r["points"], r["chosen"], r["injected"], len(r["findings"]), r["seconds"])
            for r in results]
    rows.append(("all", total["tests"], total["points"], total["chosen"], total["injected"],
                 total["findings"], round(sum(r["seconds"] for r in results), 1)))
    for part, *numbers in [head] + rows:
        print(f"{part:32}" + "".join(f"{n:>10}" for n in numbers))


def tell(results, groups, opts):
    total = total_of(results, groups, opts)
    if opts.json:
        for r in results:
            print(json.dumps({k: v for k, v in r.items() if k not in ("findings", "key")} |
                             {"findings": len(r["findings"])}))
        for group in groups.values():
            print(json.dumps(group[0] | {"times": len(group)}))
        print(json.dumps({"sum": total}))
        return
    for where, group in groups.items():
        tell_finding(where, group)
    for rule in sorted({rule for r in results for rule in r["foreign"]}):
        times = sum(r["foreign"].get(rule, 0) for r in results)
        print(f"not ours, {times} times: {rule}")
    if not opts.sample and not opts.names and not opts.count:
        for rule in foreign_rules():
            if not any(" ".join(rule) in r["foreign"] for r in results):
                print("not met:", " ".join(rule))
    print()
    table(results, total)
    part = shares(total)
    print(f"{total['points']} points ({total['own']} of src itself), {total['chosen']} chosen ({part['chosen_percent']} %); "
          f"of the {total['injected']} failures there {part['ran_to_their_end_percent']} % let the test run to its end, "
          f"{part['ended_by_own_check_percent']} % ended it by its own check, "
          f"{part['listed_fault_percent']} % by a library's listed fault")
    print(f"{total['programs']} programs, {total['tests']} tests, {total['points']} points, "
          f"{total['injected']} failures: {total['clean']} passed, "
          f"{total['refused'] + total['fell']} ended by the test's own check, "
          f"{total['foreign']} by a library's listed fault, {total['missed']} did not come to their point, "
          f"{total['findings']} findings ({total['different']} different)")


def tell_rules():
    for rule in map(" ".join, foreign_rules()):
        met = [row["foreign"][rule] for row in evidence().values() if rule in row["foreign"]]
        print(f"{sum(met):7} in {len(met):3} parts: {rule}")


def replay(opts):
    name, test, n, mode, variant = opts.replay.split(":")
    part = Part("system" if opts.system else "memory", opts.build / "bin" / name)
    out = ROOT / "build" / "torture" / "replay.lines"
    out.parent.mkdir(parents=True, exist_ok=True)
    out.unlink(missing_ok=True)
    env = environment(part, out, opts, {
        "TORTURE_SAMPLE": "0", "TORTURE_TEST": test, "TORTURE_N": n, "TORTURE_MODE": mode,
        "TORTURE_VARIANT": variant})
    subprocess.run([str(part.program)], env=env, cwd=ROOT, check=False)
    found, injected = 0, 0
    for row in rows_of(out):
        injected += row.get("injected", 0)
        if "finding" in row:
            found += 1
            print(f"{row['finding']} in {row['test']}")
            print("".join(f"    fails at {f}\n" for f in row["stack"]) + row["said"])
        else:
            print(row)
    if injected == 0:
        print("torture: the test did not come to that point, or has no such point", file=sys.stderr)
        return 2
    return found > 0


def options(words=None):
    p = argparse.ArgumentParser(usage=__doc__, add_help=False)
    p.add_argument("names", nargs="*")
    for flag in ("--quick", "--all", "--again", "--list", "--rules", "--count", "--json", "--both",
                 "--system", "--evidence", "--help"):
        p.add_argument(flag, action="store_true")
    for number, default in (("--sample", 0), ("--seed", 0), ("--programs", 0),
                            ("--most", 100), ("--each", 1), ("--drawn", 30), ("--jobs", 2), ("--shares", 1)):
        p.add_argument(number, type=int, default=default)
    p.add_argument("--build", type=pathlib.Path, default=ROOT / "build" / "dev")
    p.add_argument("--replay")
    opts = p.parse_args(words)
    if opts.help:
        print(__doc__)
        sys.exit(0)
    opts.build = opts.build.resolve()
    if opts.evidence and (opts.quick or opts.sample or opts.count):
        p.error("--evidence is of whole sweeps")
    if opts.quick:
        opts.sample = opts.sample or 40
        opts.programs = opts.programs or 5
    if opts.sample and not opts.seed:
        opts.seed = time.time_ns() // 1000 % 1000000
    if opts.all:
        opts.most = 1 << 40
    opts.again = opts.again or opts.both
    return opts


def lock_folder(opts):
    """Two runs would write the same files."""
    folder = folder_of(opts)
    folder.mkdir(parents=True, exist_ok=True)
    f = (folder / "lock").open("w")
    try:
        fcntl.flock(f, fcntl.LOCK_EX | (0 if opts.sample else fcntl.LOCK_NB))
    except BlockingIOError:
        sys.exit("torture: another run is under way")
    for counted in folder.glob("*.counted"):
        counted.unlink()
    return f


def by_program(wanted):
    """Parts of one program share its temporary files, so they run one after the other."""
    groups = {}
    for part in wanted:
        groups.setdefault(part.program, []).append(part)
    return groups.values()


def progress(done, count, result, opts):
    if not opts.json:
        state = "kept" if result.get("kept") else f"{result['seconds']} s"
        print(f"[{done}/{count}] {result['part']}: {result['injected']} failures, "
              f"{len(result['findings'])} findings, {state}", flush=True)


def tell_seed(opts):
    """First, so that it is seen whatever happens to the rest."""
    words = [f"--sample {opts.sample}", f"--seed {opts.seed}"]
    words += [f"--programs {opts.programs}"] * (opts.programs > 0) + ["--both"] * opts.both
    if opts.build != ROOT / "build" / "dev":
        words.append(f"--build {opts.build}")
    print(f"seed {opts.seed}; again: ./dev torture {' '.join(words + opts.names)}", flush=True)


def main():
    opts = options()
    if opts.rules:
        tell_rules()
        return 0
    if opts.replay:
        return replay(opts)
    wanted = [p for p in parts(opts.build)
              if not opts.names or any(n in p.name for n in opts.names)]
    if not (opts.build / "tests" / "torture" / "libtorture.so").exists():
        sys.exit(f"torture: nothing is built in {opts.build}: ./dev torture does it")
    if opts.list:
        for p in wanted:
            old = kept(p, opts)
            print(f"{p.name:36}" + (f"clean at {old.get('commit', 'the last run here')[:18]}"
                                    if old and not old["findings"] else "to run"))
        return 0
    if not wanted:
        print("torture: no such part; see --list", file=sys.stderr)
        return 2
    if opts.sample and not opts.json:
        tell_seed(opts)
    if opts.programs:
        chosen = random.Random(opts.seed).sample(wanted, min(opts.programs, len(wanted)))
        wanted = [p for p in wanted if p in chosen]
    results = []
    lock = threading.Lock()
    own = lock_folder(opts)
    # Others may commit meanwhile; where the tree is no repository there is none.
    opts.commit = git("rev-parse", "HEAD", check=opts.evidence)

    def run_group(group):
        for part in group:
            result = run_part(part, opts)
            with lock:
                results.append(result)
                progress(len(results), len(wanted), result, opts)
                if opts.evidence:
                    enter(results, opts)

    with concurrent.futures.ThreadPoolExecutor(opts.jobs) as pool:
        for future in [pool.submit(run_group, group) for group in by_program(wanted)]:
            future.result()
    own.close()
    results.sort(key=lambda r: r["part"])
    if opts.evidence:
        conclude(results, opts)
    groups = unique(results)
    tell(results, groups, opts)
    return 1 if groups else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except BrokenPipeError: # whoever read has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
