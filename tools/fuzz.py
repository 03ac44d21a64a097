#!/usr/bin/env python3
"""fuzz TARGET [SECONDS]          libFuzzer on fuzz/fuzz_TARGET.c, 60 s if not told
fuzz --all [SECONDS]            every target for so long, one after another
fuzz --afl TARGET [SECONDS]     AFL++ instead
fuzz --list                     the targets, and those that wait for their layer
fuzz --exercise [SECONDS]       find a planted bug; see fuzz/exercise/README.md
fuzz --evidence                 add what was run here to docs/evidence/fuzz.json, and try each finding of
                                all sessions that was open again on what is built

options: --jobs N (of --all: so many at once, 1), --json (one object per line), --bin DIR (programs
kept elsewhere; a file COMMIT in it says what they were built from)

What is found new goes to build/corpus/TARGET, a finding to build/findings and, named by its SHA-1, to
fuzz/regressions/TARGET; every run adds a line to build/fuzz-runs.jsonl. Status 1: there is a finding.

examples:
  ./dev fuzz sdp 300
  ./dev fuzz --all 30 --jobs 2 --json"""
import argparse
import concurrent.futures
import datetime
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import threading
import time

from tree import ROOT

FUZZ, BUILD = ROOT / "fuzz", ROOT / "build"
RUNS, FINDINGS = BUILD / "fuzz-runs.jsonl", BUILD / "findings"
EVIDENCE = ROOT / "docs" / "evidence" / "fuzz.json"
LOCK = threading.Lock()

# An input may take no longer and no more; the same where it is tried again.
LIMITS = ["-timeout=25", "-rss_limit_mb=2048"]


def targets():
    return sorted(p.stem.removeprefix("fuzz_") for p in FUZZ.glob("fuzz_*.c"))


def commit_of(folder):
    kept = folder / "COMMIT"
    if kept.exists():
        return kept.read_text().strip()
    return subprocess.run(["git", "-C", str(ROOT), "rev-parse", "HEAD"], capture_output=True,
                          text=True).stdout.strip()


def measured(command, log, env=None):
    """Runs it with its output in a file. Its status and the seconds of CPU it took."""
    with open(log, "wb") as out:
        child = subprocess.Popen(command, stdout=out, stderr=out, cwd=ROOT, env=env)
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    return child.returncode, usage.ru_utime + usage.ru_stime


def last_number(pattern, text):
    found = re.findall(pattern, text)
    return int(found[-1]) if found else 0


def record(result):
    with LOCK, open(RUNS, "a") as f:
        f.write(json.dumps(result) + "\n")
    return result


def sha1(path):
    return hashlib.sha1(path.read_bytes()).hexdigest()


def kept(name, digest):
    """The file in fuzz/regressions with these octets, under whatever name."""
    return next((p for p in sorted((FUZZ / "regressions" / name).glob("*")) if sha1(p) == digest), None)


def keep(name, path):
    """So that no finding is lost with build/, and its replay fails until it is mended."""
    digest = sha1(path)
    if not kept(name, digest):
        (FUZZ / "regressions" / name).mkdir(exist_ok=True)
        shutil.copy(path, FUZZ / "regressions" / name / digest[:12])


def libfuzzer(name, seconds, folder):
    corpus = BUILD / "corpus" / name
    for d in (corpus, FINDINGS):
        d.mkdir(parents=True, exist_ok=True)
    started = time.time()
    command = [folder / f"fuzz_{name}", f"-max_total_time={seconds}", "-print_final_stats=1",
               *LIMITS, f"-artifact_prefix={FINDINGS}/{name}-"]
    words = FUZZ / "dict" / f"{name}.dict"
    if words.exists():
        command.append(f"-dict={words}")
    command.append(corpus)
    command += [d for d in (FUZZ / "seeds" / name, FUZZ / "regressions" / name) if d.is_dir()]
    log = FINDINGS / f"{name}.log"
    status, cpu = measured(command, log)
    text = log.read_text(errors="replace")
    findings = re.findall(r"Test unit written to (\S+)", text)
    for path in filter(pathlib.Path.exists, map(pathlib.Path, findings)):
        keep(name, path)
    if status != 0 and not findings:
        findings = [str(log)]
    return record({
        "target": name, "tool": "libfuzzer", "commit": commit_of(folder),
        "started": int(started), "seconds": seconds, "cpu_seconds": round(cpu, 1),
        "executions": last_number(r"stat::number_of_executed_units: *(\d+)", text),
        "per_second": last_number(r"stat::average_exec_per_sec: *(\d+)", text),
        "edges": last_number(r"cov: (\d+)", text), "features": last_number(r"ft: (\d+)", text),
        "findings": findings,
    })


def afl(name, seconds, folder):
    out = BUILD / "afl-out" / name
    out.parent.mkdir(parents=True, exist_ok=True)
    seeds = FUZZ / "seeds" / name
    if not seeds.is_dir():
        seeds = BUILD / "afl-nothing"
        seeds.mkdir(exist_ok=True)
        (seeds / "zero").write_bytes(b"0")
    env = dict(os.environ, AFL_SKIP_CPUFREQ="1", AFL_NO_AFFINITY="1", AFL_NO_UI="1",
               AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES="1", AFL_AUTORESUME="1",
               AFL_FORKSRV_INIT_TMOUT="60000")
    started = time.time()
    command = ["afl-fuzz", "-i", seeds, "-o", out, "-V", str(seconds), "-t", "5000+"]
    words = FUZZ / "dict" / f"{name}.dict"
    if words.exists():
        command += ["-x", words]
    log = out.parent / f"{name}.log"
    status, cpu = measured(command + ["--", folder / f"fuzz_{name}"], log, env)
    stats = out / "default" / "fuzzer_stats"
    if status != 0 or not stats.exists():
        sys.exit(f"{log.read_text(errors='replace')[-3000:]}\nfuzz: afl-fuzz failed, see {log}")
    facts = dict(re.split(r"\s*:\s*", line, maxsplit=1)
                 for line in stats.read_text().splitlines() if ":" in line)
    crashes = sorted((out / "default" / "crashes").glob("id:*"))
    hangs = sorted((out / "default" / "hangs").glob("id:*"))
    findings = []
    for path in crashes + hangs:
        findings.append(str(FINDINGS / f"{name}-afl-{sha1(path)}"))
        FINDINGS.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, findings[-1])
        keep(name, path)
    return record({
        "target": name, "tool": "afl++", "commit": commit_of(folder), "started": int(started),
        "seconds": seconds, "cpu_seconds": round(cpu, 1), "executions": int(facts["execs_done"]),
        "per_second": int(float(facts["execs_per_sec"])), "edges": int(facts["edges_found"]),
        "features": 0, "findings": findings,
    })


def show(result, as_json):
    if as_json:
        print(json.dumps(result), flush=True)
        return
    found = len(result["findings"])
    print(f"{result['target']:16} {result['executions']:>10} runs {result['per_second']:>7}/s "
          f"{result['edges']:>6} edges {result['cpu_seconds']:>8} s CPU  "
          f"{found if found else 'no'} finding{'s' if found > 1 else ''}", flush=True)
    for path in result["findings"]:
        print(f"    {path}", flush=True)


def run_all(seconds, folder, jobs, as_json):
    found = 0
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        work = [pool.submit(libfuzzer, n, seconds, folder) for n in targets()
                if (folder / f"fuzz_{n}").exists()]
        for done in concurrent.futures.as_completed(work):
            show(done.result(), as_json)
            found += len(done.result()["findings"])
    return 1 if found else 0


def list_all(as_json):
    for name in targets():
        lines = (FUZZ / f"fuzz_{name}.c").read_text().splitlines()
        what = lines[1].partition(" - ")[2].rstrip("*/ ")
        print(json.dumps({"target": name, "what": what}) if as_json else f"{name:16} {what}")
    for line in (FUZZ / "pending.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            name, what = line.split(None, 1)
            print(json.dumps({"pending": name, "waits_for": what}) if as_json
                  else f"{name:16} pending: {what}")


def input_of(name, finding):
    """Its file: where it was found, or kept in fuzz/regressions; names end in the SHA-1 of what is in them.
    None: it is lost."""
    found = FINDINGS / finding
    return found if found.exists() else kept(name, finding.rpartition("-")[2])


def state_of(name, finding):
    """"open": the program as it is built now fails on it, or cannot be tried, as a log without an input. "lost": there is
    no input any more, so that nobody can say. "closed": neither, and the input is kept."""
    if finding.endswith(".log"):
        return "open"
    path, program = input_of(name, finding), BUILD / "fuzz" / "bin" / f"fuzz_{name}"
    if path is None:
        return "lost"
    if not program.exists() or subprocess.run([program, *LIMITS, path], capture_output=True, cwd=BUILD).returncode != 0:
        return "open"
    keep(name, path)
    return "closed"


def sort(name, t, findings):
    """Into open_files, closed_files and lost_files, with their numbers."""
    t.setdefault("open", 0)
    t.setdefault("lost", 0)
    for f in findings:
        state = state_of(name, f)
        t.setdefault(f"{state}_files", []).append(f)
        if state != "closed":
            t[state] += 1


def try_again(sessions):
    """What earlier sessions left open: closed by now? Of what the first ones lost only the number is known."""
    for name, t in ((n, t) for s in sessions for n, t in s["targets"].items()):
        t["open"] = 0
        sort(name, t, t.pop("open_files", []))


def tally(sessions):
    every = [t for s in sessions for t in s["targets"].values()]
    found, lost, still = (sum(t.get(key, 0) for t in every) for key in ("findings", "lost", "open"))
    return {"findings": found, "closed_findings": found - lost - still, "lost_findings": lost,
            "open_findings": still}


def sum_up(runs):
    """One entry per target out of the lines of build/fuzz-runs.jsonl."""
    total = {}
    for r in runs:
        t = total.setdefault(r["target"], {"cpu_seconds": 0, "executions": 0, "afl_cpu_seconds": 0,
                                           "edges": 0, "findings": set()})
        t["cpu_seconds"] += r["cpu_seconds"]
        t["executions"] += r["executions"]
        t["findings"] |= {pathlib.Path(f).name for f in r["findings"]}
        if r["tool"] == "afl++":
            t["afl_cpu_seconds"] += r["cpu_seconds"]
        else:
            t["edges"] = r["edges"]  # what the corpus of the last run reaches
    for name, t in total.items():
        sort(name, t, sorted(t["findings"]))
        t["findings"] = len(t["findings"])
        t["cpu_seconds"] = round(t["cpu_seconds"])
        t["afl_cpu_seconds"] = round(t["afl_cpu_seconds"])
        t["per_cpu_second"] = round(t["executions"] / max(t["cpu_seconds"], 1))
    return total


def add_evidence():
    runs = [json.loads(line) for line in RUNS.read_text().splitlines()]
    session = {"id": runs[0]["started"], "commits": sorted({r["commit"][:12] for r in runs}),
               "targets": sum_up(runs)}
    session["cpu_seconds"] = sum(t["cpu_seconds"] for t in session["targets"].values())
    sessions = []
    if EVIDENCE.exists():
        sessions = json.loads(EVIDENCE.read_text())["figures"]["sessions"]
    sessions = [s for s in sessions if s["id"] != session["id"]] + [session]
    try_again(sessions)
    what = {
        "name": "fuzz", "commit": runs[-1]["commit"],
        "command": "./dev fuzz --all SECONDS, again and again; ./dev fuzz --evidence",
        "date": datetime.date.today().isoformat(),
        "figures": {
            **tally(sessions),
            "cpu_hours": round(sum(s["cpu_seconds"] for s in sessions) / 3600, 2),
            "split": "CPU seconds per target below, of one process at a time or two",
            "sessions": sessions,
        },
    }
    EVIDENCE.write_text(json.dumps(what, indent=1) + "\n")
    print("{cpu_hours} CPU-hours, {findings} findings: {closed_findings} closed, {lost_findings} lost, "
          "{open_findings} open".format(**what["figures"]))


def main():
    p = argparse.ArgumentParser(prog="./dev fuzz", usage=__doc__, add_help=False)
    p.add_argument("words", nargs="*")
    for flag in ("all", "afl", "list", "evidence", "json", "help"):
        p.add_argument(f"--{flag}", action="store_true")
    p.add_argument("--jobs", type=int, default=1)
    p.add_argument("--bin", type=pathlib.Path)
    a = p.parse_args()
    if a.help:
        print(__doc__)
        return 0
    if a.list:
        return list_all(a.json)
    if a.evidence:
        return add_evidence()
    folder = (a.bin or BUILD / ("afl" if a.afl else "fuzz") / "bin").resolve()
    if a.all:
        return run_all(int(a.words[0]) if a.words else 60, folder, a.jobs, a.json)
    if not a.words or a.words[0] not in targets():
        print(f"fuzz: which target? {' '.join(targets())}", file=sys.stderr)
        return 2
    seconds = int(a.words[1]) if len(a.words) > 1 else 60
    result = (afl if a.afl else libfuzzer)(a.words[0], seconds, folder)
    show(result, a.json)
    if result["findings"] and not a.afl and not a.json:
        print((FINDINGS / f"{a.words[0]}.log").read_text(errors="replace")[-6000:])
    return 1 if result["findings"] else 0


sys.exit(main())
