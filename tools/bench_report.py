#!/usr/bin/env python3
"""bench_report.py record ROWS COMMAND... | write | check

Makes docs/BENCH.md and docs/bench/*.svg from docs/evidence/bench.jsonl, whose lines are those of
`taut bench --json` behind one that says on what they were measured. No figure is typed by hand.

  record  takes ROWS as the new evidence, measured just now by COMMAND, and writes
  write   writes the page and the plots anew
  check   says whether they are what the evidence gives

examples:
  ./dev bench --report
  tools/bench_report.py check"""
import datetime
import json
import os
import pathlib
import platform
import re
import subprocess
import sys

import bench_plots
from tree import ROOT

ROWS = ROOT / "docs" / "evidence" / "bench.jsonl"
PAGE = ROOT / "docs" / "BENCH.md"
PLOTS = ROOT / "docs" / "bench"
BROWSER = ROOT / "docs" / "evidence" / "browser-rates.json"
OURS, LIMIT = "taut", "limit"
PACKET = "1,200 B"
TWO, NO_GSO = "two processes", "no GSO"
# The bare limits of data channels, by whether it is without GSO and whether in two processes.
CHANNEL_LIMIT = {(False, False): "1,200 B, GCM and CRC32c, a reply for 48",
                 (False, True): f"1,200 B, GCM and CRC32c, {TWO}",
                 (True, False): f"1,200 B, GCM and CRC32c, {NO_GSO}",
                 (True, True): f"1,200 B, GCM and CRC32c, {NO_GSO}, {TWO}"}


class Rows:
    """The lines of a run: what it ran on, versions of peers, rows, and what was left out."""

    def __init__(self, text):
        lines = [json.loads(line) for line in text.splitlines()]
        self.machine = lines[0]["machine"]
        self.versions = {r["subject"]: r["version"] for r in lines if "version" in r}
        self.left_out = [r for r in lines if "left_out" in r]
        self.rows = [r for r in lines if "cpu_us_per_packet" in r]

    def of(self, bench, wanted=lambda r: True):
        return [r for r in self.rows if r["bench"] == bench and wanted(r)]


# ---- the goals of the packet path ----

def named(profile):
    return lambda r: r["profile"].startswith(profile)


def burst(profile, low):
    return lambda r: r["profile"].startswith(profile) and r["burst"] >= low


def exactly(profiles, low=0):
    return lambda r: r["profile"] in profiles and r["burst"] >= low


def in_two(r):
    return TWO in r["profile"]


def quick(r):
    return r["bench"] == "rtp" and r["profile"].startswith(PACKET) and r["lost"] < 0.001


class Goal:
    """One row of the table: which rows count, which of their figures, what is to be reached.
    `goal` is a number, ("limit", ratio), or "peers": ahead of them all. Of others the best row
    counts; of ours as well, but the worst of those that `all_of` names, where it is given."""

    def __init__(self, name, unit, bench, wanted, figure, goal, most=False, scale=1.0, limit=True,
                 all_of=None):
        self.all_of = all_of
        self.name, self.unit, self.bench, self.wanted = name, unit, bench, wanted
        self.figure, self.goal, self.most, self.scale = figure, goal, most, scale
        self.has_limit = limit

    def best(self, rows, subjects):
        """The best row among those of the subjects that tell the figure; None: there is none."""
        have = [r for r in rows.of(self.bench, self.wanted)
                if subjects(r["subject"]) and self.figure in r]
        if not have:
            return None
        return (max if self.most else min)(have, key=lambda r: r[self.figure])

    def ours(self, rows):
        if self.all_of:
            have = [r for r in rows.of(self.bench, self.all_of) if r["subject"] == OURS]
            return max(have, key=lambda r: r[self.figure], default=None)
        return self.best(rows, lambda s: s == OURS)

    def limit(self, rows):
        return self.best(rows, lambda s: s == LIMIT) if self.has_limit else None

    def peer(self, rows):
        return self.best(rows, lambda s: s not in (OURS, LIMIT))

    def ratio(self, rows):
        """Of our row to the limit's of the same case and burst; None: there is none."""
        ours = self.ours(rows)
        if ours is None or not self.has_limit:
            return None
        limit = [r for r in rows.of(self.bench) if r["subject"] == LIMIT and self.figure in r
                 and r["profile"] == ours["profile"] and r["burst"] == ours["burst"]]
        return ours[self.figure] / limit[0][self.figure] if limit else None

    def value(self, row):
        return None if row is None else row[self.figure] * self.scale

    def bound(self, rows):
        """What is to be reached, as a number; None: nothing to compare with was measured."""
        if self.goal == "peers":
            return self.value(self.peer(rows))
        if isinstance(self.goal, tuple):
            limit = self.value(self.limit(rows))
            return None if limit is None else limit * self.goal[1]
        return self.goal

    def text(self):
        if self.goal == "peers":
            return "ahead of all"
        if isinstance(self.goal, tuple):
            return f"<= {self.goal[1]:.2f} x limit"
        return f"{'>=' if self.most else '<='} {number(self.goal)}"

    def reached(self, rows):
        ours, bound = self.value(self.ours(rows)), self.bound(rows)
        if ours is None or bound is None:
            return "not measured"
        if (ours >= bound) if self.most else (ours <= bound):
            return "yes"
        if bound == 0:
            return f"no, {number(ours)}"
        return f"no, {ours / bound:.2f} of it" if self.most else f"no, {ours / bound:.2f} times"


CPU = "cpu_us_per_packet"
GOALS = [
    Goal("RTP, bursts of 16 and more", "us of CPU per packet, both ends", "rtp",
         burst(PACKET, 16), CPU, 1.6, all_of=exactly(["1,200 B, GCM"], 16)),
    Goal("RTP packets in one process below 0.1 % loss", "per second", "rtp", quick,
         "packets_per_second", 550000, most=True),
    Goal("RTP, single small packets", "us of CPU per packet", "rtp", named("Opus"), CPU, 5.0),
    Goal("data channel", "CPU-seconds per GB", "datachannel", lambda r: True, "cpu_s_per_gb", 4.0,
         all_of=exactly(["16 KiB messages", "64 KiB messages"])),
    Goal("data channel, messages of 64 KiB", "MB/s", "datachannel",
         exactly(["64 KiB messages", f"64 KiB messages, {TWO}"]), "mb_per_second", 525, most=True),
    Goal("data channel, messages of 64 KiB", "CPU-seconds per GB", "datachannel",
         exactly(["64 KiB messages"]), "cpu_s_per_gb", 2.0),
    Goal("data channel, messages of 64 KiB without GSO", "CPU-seconds per GB", "datachannel",
         exactly(["64 KiB messages, no GSO"]), "cpu_s_per_gb", 4.2),
    Goal("data channel, messages of 64 KiB, beside the limit", "CPU-seconds per GB", "datachannel",
         exactly(["64 KiB messages", CHANNEL_LIMIT[False, False]]), "cpu_s_per_gb", ("limit", 1.8)),
    Goal("SRTP AES_CM_128_HMAC_SHA1_80, both ways", "ns per packet", "srtp",
         named("AES_CM_128_HMAC_SHA1_80"), CPU, ("limit", 1.08), scale=1000),
    Goal("SRTP AEAD_AES_128_GCM, both ways", "ns per packet", "srtp",
         named("AEAD_AES_128_GCM, 1,200"), CPU, ("limit", 1.08), scale=1000),
    Goal("SRTP with 10,000 SSRCs", "ns per packet", "srtp", named("AEAD_AES_128_GCM, 10,000"),
         CPU, 1000, scale=1000),
    Goal("set-up of a pair", "ms of CPU", "setup", named("to an open data channel"), CPU, 1.2,
         scale=0.001),
    Goal("set-up on loopback, median", "ms", "setup", named("to an open data channel"), "p50_ms",
         2.0),
    Goal("set-up on loopback, p99", "ms", "setup", named("to an open data channel"), "p99_ms", 5.0),
    Goal("memory of an idle connection", "KB", "idle", named("connected"), "kb_per_connection",
         64),
    Goal("CPU of an idle connection", "us per second", "idle", named("connected"), CPU, 8.0,
         limit=False),
    Goal("malloc per packet, steady state", "", "rtp", burst(PACKET, 16), "allocations_per_packet",
         0, limit=False, all_of=exactly(["1,200 B, GCM"], 16)),
    Goal("SDP: read Chromium's offer", "us", "sdp", named("read Chromium's offer"), CPU, "peers"),
    Goal("STUN: read and verify a check", "ns", "stun", named("read and verify"), CPU, "peers",
         scale=1000),
]


# ---- text ----

def number(x):
    if x is None:
        return "-"
    if x == 0:
        return "0"
    if abs(x) >= 1000:
        return f"{x:,.0f}"
    return f"{x:.3g}" if abs(x) >= 0.001 else f"{x:.1g}"


def table(head, lines):
    out = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return out + ["| " + " | ".join(str(c).replace("|", "/") for c in line) + " |"
                  for line in lines]


def goal_line(goal, rows):
    peer = goal.peer(rows)
    who = f"{number(goal.value(peer))} ({peer['subject']})" if peer else "-"
    metric = f"{goal.name}, {goal.unit}" if goal.unit else goal.name
    return [metric, who, number(goal.value(goal.limit(rows))), number(goal.value(goal.ours(rows))),
            number(goal.ratio(rows)), goal.text(), goal.reached(rows)]


def bench_lines(rows, bench):
    extra = []
    for r in rows.of(bench):
        extra += [k for k in r if k.endswith(("_ms", "_us", "_per_connection"))
                  and k not in extra]
    head = ["subject", "case", "burst", "CPU us", "quartiles", "per second", "CPU s/GB", "mallocs",
            *extra, "without"]
    lines = []
    for r in sorted(rows.of(bench), key=lambda r: (r["profile"], r["burst"], r[CPU])):
        lines.append([r["subject"], r["profile"], r["burst"] or "", number(r[CPU]),
                      f"{number(r['cpu_us_low'])} to {number(r['cpu_us_high'])}",
                      number(r["packets_per_second"]), number(r["cpu_s_per_gb"] or None),
                      number(r.get("allocations_per_packet")), *[number(r.get(k)) for k in extra],
                      r.get("bypasses", "")])
    return table(head, lines)


def times(a, b):
    return f"{a / b:.2f}" if a and b else "-"


def channel_lines(rows):
    """Messages beside the bare limit and the best peer of as many processes."""
    lines = []
    for two in (False, True):
        group = rows.of("datachannel", lambda r: in_two(r) == two)
        limits = {r["profile"]: r for r in group if r["subject"] == LIMIT}
        for r in sorted(group, key=lambda r: (r["subject"] != LIMIT, r["profile"],
                                              -r["mb_per_second"])):
            limit = limits.get(CHANNEL_LIMIT[NO_GSO in r["profile"], two], {})
            same = [p for p in group if p["profile"] == r["profile"]
                    and p["subject"] not in (OURS, LIMIT)]
            peers = same if r["subject"] == OURS else []
            lines.append([
                r["subject"], r["profile"], number(r["mb_per_second"]), number(r["cpu_s_per_gb"]),
                number(r["peak_rss_kb"] / 1000),
                times(r["cpu_s_per_gb"], limit.get("cpu_s_per_gb")),
                times(r["mb_per_second"], max((p["mb_per_second"] for p in peers), default=0)),
                times(r["cpu_s_per_gb"], min((p["cpu_s_per_gb"] for p in peers), default=0))])
    return table(["subject", "case", "MB/s", "CPU s/GB", "peak MB", "x limit's CPU",
                  "x best peer's MB/s", "x best peer's CPU"], lines)


def browser_lines():
    """Rates with Chromium, which ./dev bench --browser has measured. Nothing: it has not."""
    if not BROWSER.exists():
        return []
    e = json.loads(BROWSER.read_text())
    f = e["figures"]
    lines = [[r["from"], r["to"], r["round_trip_ms"], number(r["mb_per_second"]),
              f"{number(r['low'])} to {number(r['high'])}", number(r["cpu_s_per_gb"]),
              number(r["link_lost"]), number(r["socket_lost"]),
              times(r["mb_per_second"], next((c["mb_per_second"] for c in f["rows"]
                                              if c["from"] == c["to"] == "Chromium"
                                              and c["round_trip_ms"] == r["round_trip_ms"]), 0))]
             for r in f["rows"]]
    return ["## With Chromium", "",
            f"`{e['command']}`, {e['date']}, commit {e['commit'][:12]}, {f['chromium']}: messages "
            f"of 64 KiB, {f['megabytes']} MB in each of {f['rounds']} rounds, medians. Each end is "
            "in a network of its own, with tools/impair between them, which carries each packet "
            "through a TUN pair and takes a processor itself: what taut does with taut over it is "
            "what it carries. CPU is of the sender and the receiver, Chromium with all its "
            "processes. Lost, in all rounds: packets for which the link had no room (it was to "
            "lose none), and those for which the socket of who should have read them had none.", "",
            *table(["from", "to", "round trip, ms", "MB/s", "quartiles", "CPU s/GB",
                    "lost by the link", "by sockets", "x Chromium to Chromium"], lines), ""]


def page(rows):
    m = rows.machine
    out = ["# The bench", "",
           "Written by `./dev bench --report` from [evidence/bench.jsonl](evidence/bench.jsonl); no "
           "figure is typed by hand. How it measures, and what leans to which side: "
           "[TESTING.md](TESTING.md). Where the time goes: [PERFORMANCE.md](PERFORMANCE.md).", ""]
    out += table(["", ""], [[k, v] for k, v in m.items()])
    out += ["", "## Goals", "",
            "The best peer and the bare limit of each row are the best of their cases that do that "
            "work, whatever they leave out (see below). Of taut, RTP in bursts, data channels and "
            "malloc show the worst of the plain cases: all bursts of 16 and more, messages of 16 "
            "and of 64 KiB. \"x limit\": taut beside the bare limit of the very same case.", ""]
    out += table(["metric", "best peer", "bare limit", "taut", "x limit", "goal", "reached"],
                 [goal_line(g, rows) for g in GOALS])
    out += ["", "![Each goal: taut, the best peer and the bare limit](bench/goals.svg)", "",
            "![What a packet costs, stage by stage](bench/stages.svg)", "", "## Peers", ""]
    out += table(["peer", "version"], sorted(rows.versions.items()))
    if rows.left_out:
        out += ["", "Left out:", ""]
        out += table(["subject", "bench", "case", "why"],
                     [[r["subject"], r["bench"], r["profile"], r["left_out"]]
                      for r in rows.left_out])
    if rows.of("datachannel"):
        out += ["", "## Data channels", "",
                "Messages over one channel on loopback, both ends in one process or in one each; "
                "CPU and peak memory are those of both ends"
                + (", which do nothing else. " if rows.of("datachannel", in_two) else
                   "; of taut and the limit, peak memory was still that of all cases in one process. ")
                + "The limit is UDP with UDP_SEGMENT and UDP_GRO (without GSO: sendmmsg and "
                "recvmmsg), AES-128-GCM and CRC32c, with one small packet back for 48. Peers "
                "\"through Node\" pay for JavaScript as well.", ""]
        out += channel_lines(rows)
    out += ["", *browser_lines(), "## All rows", "",
            "CPU is of both ends, for each packet (setup: each pair; idle: each second of a "
            "connection; datachannel: each datagram of ours and each message of a peer's, so only "
            "s/GB compares; relay: each message that arrived). `?` and `-`: not measured.", ""]
    for bench in dict.fromkeys(r["bench"] for r in rows.rows):
        out += [f"### {bench}", ""] + bench_lines(rows, bench) + [""]
        if bench in bench_plots.CASES:
            out += [f"![{bench}](bench/{bench}.svg)", ""]
    return "\n".join(out).rstrip("\n") + "\n"


def files(rows):
    """What the evidence gives: path -> text."""
    out = {PAGE: page(rows)}
    for name, text in bench_plots.plots(rows, GOALS).items():
        out[PLOTS / f"{name}.svg"] = text
    return out


# ---- what it ran on ----

def said(*command):
    try:
        return subprocess.run(command, capture_output=True, text=True, cwd=ROOT).stdout.strip()
    except OSError:
        return ""


DOCTOR = ("openssl", "kernel", "processor", "srtp", "udp send", "udp receive")


def machine(command):
    model = re.search(r"^model name\s*:\s*(.*)$", pathlib.Path("/proc/cpuinfo").read_text(), re.M)
    out = {"model": f"{model.group(1) if model else platform.machine()}, {os.cpu_count()} processors"}
    for line in said("build/release/bin/taut", "doctor").splitlines():
        key, value = line[2:18].strip(), line[18:].strip()
        if key in DOCTOR:
            out[key] = f"{out[key]}; {value}" if key in out else value
    out |= {
        "libsrtp2-1": said("dpkg-query", "-W", "-f", "${Version}", "libsrtp2-1"),
        "compiler": said("cc", "--version").splitlines()[0],
        "load when it ended": "%.1f" % os.getloadavg()[0],
        "date": datetime.date.today().isoformat(),
        "commit": said("git", "rev-parse", "--short=12", "HEAD"),
        "command": command,
    }
    return out


def write(rows):
    PLOTS.mkdir(parents=True, exist_ok=True)
    made = files(rows)
    for old in PLOTS.glob("*.svg"):
        if old not in made:
            old.unlink()
    for path, text in made.items():
        path.write_text(text)
    print(f"wrote {', '.join(str(p.relative_to(ROOT)) for p in made)}")


def record(path, command):
    text = pathlib.Path(path).read_text()
    first = json.dumps({"machine": machine(command)}, ensure_ascii=False)
    ROWS.write_text(first + "\n" + text)
    rows = Rows(ROWS.read_text())
    write(rows)
    subprocess.run([sys.executable, str(ROOT / "tools" / "evidence.py"), "write", "bench", command,
                    f"rows={len(rows.rows)}", f"left_out={len(rows.left_out)}"], check=True)
    for g in GOALS:
        print(f"{g.name:44} {number(g.value(g.ours(rows))):>10}  {g.text():18} {g.reached(rows)}")


def check():
    """Problems: a page or plot that is not what the evidence gives."""
    if not ROWS.exists():
        return [f"{ROWS.relative_to(ROOT)} is not there"]
    made = files(Rows(ROWS.read_text()))
    bad = [f"{p.relative_to(ROOT)} is not what the evidence gives: tools/bench_report.py write"
           for p, text in made.items() if not p.exists() or p.read_text() != text]
    return bad + [f"{p.relative_to(ROOT)} belongs to no evidence"
                  for p in PLOTS.glob("*.svg") if p not in made]


if __name__ == "__main__":
    if len(sys.argv) > 3 and sys.argv[1] == "record":
        record(sys.argv[2], " ".join(sys.argv[3:]))
    elif sys.argv[1:] == ["write"]:
        write(Rows(ROWS.read_text()))
    elif sys.argv[1:] == ["check"]:
        found = check()
        print("\n".join(found) or "as the evidence gives")
        sys.exit(1 if found else 0)
    else:
        print(__doc__)
        sys.exit(0 if "--help" in sys.argv else 2)
