#!/usr/bin/env python3
"""sctp_path.py PROGRAM - the grid of docs/SCTP.md: what SCTP makes of paths of all kinds, in virtual time.

Runs PROGRAM (build/sim/bin/sctp-path) over rates, losses and round trips with each controller, beside the share that
theory allows; writes docs/evidence/sctp-path.json, docs/sctp/*.svg and the tables of docs/SCTP.md. Takes a quarter of
an hour.

examples:
  ./dev sctp-path --evidence
  python3 tools/sctp_path.py --draw     from the evidence that is there"""
import concurrent.futures
import json
import re
import subprocess
import sys

import bench_plots
from tree import ROOT

CONTROLS = ("cubic", "model", "rfc")
# Of a packet on a path of 1,500: SCTP with two chunks of I-DATA (sctp_pmtu.c), and IPv4, UDP and DTLS around it.
DATA, SCTP, AROUND = 1380, 1432, 65
PAYLOAD = DATA / (SCTP + AROUND)
PACKET = DATA * 8
EVIDENCE = ROOT / "docs" / "evidence" / "sctp-path.json"
DOC = ROOT / "docs" / "SCTP.md"


def theory(control, row):
    """The share of the link that RFC 9438 section 5's averages allow; the model has the link."""
    p, rtt = row["loss_percent"] / 100, row["rtt_ms"] / 1000
    if p == 0 or control == "model" or rtt == 0:
        return PAYLOAD * (1 - p)
    reno = (1.5 / p) ** 0.5
    window = max(reno, 1.0538 * (rtt / p) ** 0.75) if control == "cubic" else reno
    return min(PAYLOAD * (1 - p), window * PACKET / rtt / (row["mbit"] * 1e6))


def run(program, control):
    """The grid of one controller; progress on stderr."""
    rows = []
    with subprocess.Popen([program, "--grid", "--json", "--control", control], stdout=subprocess.PIPE,
                          text=True) as child:
        for line in child.stdout:
            rows.append(json.loads(line))
            print(f"\r{control}: {len(rows)} of 60 ", end="", file=sys.stderr, flush=True)
    if child.returncode != 0 or len(rows) != 60:
        sys.exit(f"sctp_path: {program} ended with {child.returncode}")
    return rows


def more(program):
    """Two of a kind, and of two kinds; a ping beside the bulk."""
    rows = []
    for controls in ("cubic,cubic", "model,model", "cubic,rfc", "cubic,model"):
        for queue in ("0.3", "1", "3"):
            said = subprocess.run([program, "--rtt", "50", "--rate", "50", "--queue", queue, "--seconds", "90",
                                   "--control", controls, "--json"], capture_output=True, text=True, check=True)
            rows.append([json.loads(line) for line in said.stdout.splitlines()])
    pings = []
    for control in CONTROLS:
        for queue in ("1", "4"):
            said = subprocess.run([program, "--rtt", "50", "--rate", "50", "--queue", queue, "--control", control,
                                   "--ping", "--json"], capture_output=True, text=True, check=True)
            pings.append(json.loads(said.stdout))
    return rows, pings


def table(rows):
    """Percent of the link, in brackets what theory allows; a row for each rate and loss."""
    rtts = sorted({r["rtt_ms"] for r in rows})
    out = ["| Mbit/s | loss | " + " | ".join(f"{t:g} ms" for t in rtts) + " |",
           "|---|---|" + "---|" * len(rtts)]
    for rate in sorted({r["mbit"] for r in rows}):
        for loss in sorted({r["loss_percent"] for r in rows}):
            cells = [next(r for r in rows if (r["mbit"], r["loss_percent"], r["rtt_ms"]) == (rate, loss, t))
                     for t in rtts]
            texts = [f"{percent(c['share'])} ({percent(theory(c['control'], c))})" for c in cells]
            out.append(f"| {rate:g} | {loss:g} % | " + " | ".join(texts) + " |")
    return "\n".join(out)


def percent(share):
    return f"{share * 100:.0f}" if share >= 0.0995 else f"{share * 100:.2g}"


def pair_table(pairs):
    out = ["| queue | who | shares of the link | queue, on average | dropped |", "|---|---|---|---|---|"]
    for pair in pairs:
        who = " and ".join(r["control"] for r in pair)
        shares = " and ".join(percent(r["share"]) + " %" for r in pair)
        out.append(f"| {pair[0]['queue_bdp']:g} | {who} | {shares} | {pair[0]['queue_ms']:.0f} ms | "
                   f"{pair[0]['dropped']:,} |")
    return "\n".join(out)


def ping_table(pings):
    out = ["| queue | bulk | its share | ping, median | most | most, in round trips |", "|---|---|---|---|---|---|"]
    for r in pings:
        out.append(f"| {r['queue_bdp']:g} | {r['control']} | {percent(r['share'])} % | {r['ping_median_ms']:.1f} ms | "
                   f"{r['ping_most_ms']:.1f} ms | {r['ping_most_ms'] / r['rtt_ms']:.2f} |")
    return "\n".join(out)


def plot(grids, rate):
    """Of one rate: a block for each loss and round trip, a bar for each controller."""
    out = bench_plots.Plot(f"SCTP on a path of {rate:,} Mbit/s: percent of the link",
                           "In virtual time, a queue of one round trip (10 ms at least); the line is what theory "
                           "allows.")
    for loss in (0, 0.1, 1, 3):
        for rtt in (0, 10, 50, 100, 300):
            out.heading(f"{rtt} ms, {loss:g} % lost")
            for control in CONTROLS:
                r = next(r for r in grids[control]
                         if (r["mbit"], r["loss_percent"], r["rtt_ms"]) == (rate, loss, rtt))
                out.bar(control, [(r["share"] * 100, f"s{CONTROLS.index(control)}")], 100,
                        theory(control, r) * 100)
    return out.svg()


def ping_plot(pings):
    """The median, and from there to the most; the line is the goal, one and a half round trips."""
    rtt = pings[0]["rtt_ms"]
    out = bench_plots.Plot(f"Small messages beside bulk, {pings[0]['mbit']:g} Mbit/s and {rtt:g} ms: ms there and back",
                           "The number is the most; the line is one and a half round trips.")
    most = max(r["ping_most_ms"] for r in pings)
    for queue in sorted({r["queue_bdp"] for r in pings}):
        out.heading(f"a queue of {queue:g} round trip{'s' if queue != 1 else ''}")
        for r in (r for r in pings if r["queue_bdp"] == queue):
            half = r["ping_median_ms"]
            out.bar(r["control"], [(half, "s0"), (r["ping_most_ms"] - half, "s1")], most, 1.5 * rtt)
    out.legend([("s0", "median"), ("s1", "most")])
    return out.svg()


def draw(figures):
    folder = ROOT / "docs" / "sctp"
    folder.mkdir(exist_ok=True)
    for rate in (10, 100, 1000):
        (folder / f"grid-{rate}.svg").write_text(plot(figures["grids"], rate))
    (folder / "pings.svg").write_text(ping_plot(figures["pings"]))
    text = DOC.read_text()
    for name, what in [(c, table(figures["grids"][c])) for c in CONTROLS] + [
            ("pairs", pair_table(figures["pairs"])), ("pings", ping_table(figures["pings"]))]:
        text, n = re.subn(rf"(<!-- {name} begins -->\n).*?(<!-- {name} ends -->)",
                          lambda m: m[1] + what + "\n" + m[2], text, flags=re.S)  # pylint: disable=cell-var-from-loop
        if n != 1:
            sys.exit(f"sctp_path: {DOC} has no place for {name}")
    DOC.write_text(text)


def main():
    if sys.argv[1:] == ["--draw"]:
        draw(json.loads(EVIDENCE.read_text())["figures"])
        return
    if len(sys.argv) != 2 or sys.argv[1] in ("--help", "-h"):
        print(__doc__)
        sys.exit(0 if "--help" in sys.argv else 2)
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        grids = dict(zip(CONTROLS, pool.map(lambda c: run(sys.argv[1], c), CONTROLS)))
    pairs, pings = more(sys.argv[1])
    figures = {"grids": grids, "pairs": pairs, "pings": pings}
    subprocess.run([sys.executable, ROOT / "tools" / "evidence.py", "write", "sctp-path",
                    "./dev sctp-path --evidence"] + [f"{k}={json.dumps(v)}" for k, v in figures.items()],
                   check=True)
    draw(figures)


if __name__ == "__main__":
    main()
