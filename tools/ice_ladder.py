#!/usr/bin/env python3
"""ice_ladder.py run [--rounds N] [--row TEXT] [--json] [--evidence] | write | check

How long it takes taut and libnice to gather candidates and to find a path, in the same network namespaces, with the
same coturn, in turns: ./dev bench --ladder prepares libnice and starts it. A round is two processes of one library in
two homes (bench/ladder/ladder.h); "go" is time 0, and what counts is when the later side got there.

  run    --evidence writes docs/evidence/ice-ladder.json, and the table of it into docs/ICE.md
  write  the table and its picture anew
  check  says whether they are what the evidence gives

examples:
  ./dev bench --ladder --rounds 5 --row TURN
  tools/ice_ladder.py check"""
import argparse
import json
import os
import select
import socket
import statistics
import subprocess
import sys
import time

sys.dont_write_bytecode = True
import bench_plots
from tree import ROOT

EVIDENCE = ROOT / "docs" / "evidence" / "ice-ladder.json"
PAGE = ROOT / "docs" / "ICE.md"
PICTURE = ROOT / "docs" / "ice-ladder.svg"
BEGIN, END = "<!-- ladder -->", "<!-- end of ladder -->"
OURS = "taut"
AGENTS = {
    OURS: [ROOT / "build/release/bin/taut-ladder"],
    "libnice": [ROOT / "build/peers/libnice-ladder", "--nomination", "aggressive"],
    "libnice, regular": [ROOT / "build/peers/libnice-ladder", "--nomination", "regular"],
}
NOWHERE = "198.51.100.1"  # the net has a route for it, and nobody is there
DEADLINE = 20
SIGNALING = 3  # LADDER_PEER
NAT, NONE = "filters by address and port", "no NAT"


class Row:
    def __init__(self, name, kind=NONE, rtt=0, stun=None, turn=False, relay=False, dead6=False, waits=True):
        self.name, self.kind, self.rtt, self.stun = name, kind, rtt, stun
        self.turn, self.relay, self.dead6 = turn, relay, dead6
        self.waits = waits  # for the end of gathering


def rows_for(rig):
    stun = rig.SERVERS[0]
    return [
        Row("host candidates"),
        Row("host candidates", rtt=50),
        Row("STUN, both behind NATs", NAT, stun=stun),
        Row("STUN, both behind NATs", NAT, rtt=50, stun=stun),
        Row("TURN, relay only", turn=True, relay=True),
        Row("TURN, relay only", rtt=50, turn=True, relay=True),
        Row("STUN and TURN, both behind NATs", NAT, rtt=50, stun=stun, turn=True),
        Row("a STUN server that is dead", stun=NOWHERE, waits=False),
        Row("IPv6 that leads nowhere", dead6=True),
        Row("IPv6 that leads nowhere", rtt=50, dead6=True),
    ]


# ---- one round ----

class Agent:
    def __init__(self, words, end):
        self.process = subprocess.Popen(
            [*map(str, words)], pass_fds=[SIGNALING], preexec_fn=lambda: os.dup2(end.fileno(), SIGNALING),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.rest, self.said = b"", {}
        os.set_blocking(self.process.stdout.fileno(), False)

    def read(self):
        self.rest += self.process.stdout.read() or b""
        *lines, self.rest = self.rest.split(b"\n")
        for line in lines:
            word, _, value = line.decode().partition(" ")
            self.said[word] = int(value or 0)

    def end(self):
        self.process.stdin.close()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def until(agents, names):
    """All of them said by both, or the deadline."""
    end = time.monotonic() + DEADLINE
    while any(n not in a.said for a in agents for n in names):
        left = end - time.monotonic()
        if left <= 0 or any("failed" in a.said for a in agents):
            return False
        for ready in select.select([a.process.stdout for a in agents], [], [], left)[0]:
            agent = next(a for a in agents if a.process.stdout is ready)
            agent.read()
            if agent.process.poll() is not None:
                return False
    return True


def one_round(subject, homes, options, waits):
    """Milliseconds from "go" until the later side was there; CPU of both. None: they did not meet."""
    ends = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    agents = [Agent([*home.inside(), AGENTS[subject][0], side, *AGENTS[subject][1:], *options], end)
              for home, side, end in zip(homes, ("offers", "answers"), ends)]
    for end in ends:
        end.close()
    out = None
    if until(agents, ["ready"]):
        agents[0].process.stdin.write(b"go\n")
        agents[0].process.stdin.flush()
        if until(agents, ["nominated", "cpu"] + ["gathered"] * waits):
            began = agents[0].said["began"]
            out = {name: max(a.said[name] - began for a in agents) / 1000
                   for name in ("host", "srflx", "relay", "gathered", "connected", "nominated")
                   if all(name in a.said for a in agents)}
            out["cpu"] = sum(a.said["cpu"] for a in agents) / 1000
    for a in agents:
        a.end()
    return out


# ---- the net ----

def slow_rig(rig):
    class SlowRig(rig.Rig):
        """Homes hang on the net by a cable that delays each frame by `delay` microseconds."""
        delay, wires = 0, []

        def _cable(self, space, device, above, far):
            if not (self.delay and above == "net"):
                super()._cable(space, device, above, far)
                return
            wire = subprocess.Popen([ROOT / "build/release/bin/taut-wire", str(self.delay), f"/run/netns/{space}",
                                     device, f"/run/netns/{above}", far], stdin=subprocess.PIPE,
                                    stdout=subprocess.PIPE)
            if wire.stdout.readline() != b"ready\n":
                raise rig.Cannot("there is no TUN device here")
            self.wires.append(wire)

        def dead6(self, home):
            """A global address, and a route for all of IPv6 that ends on a wire to nobody."""
            self._sh_in(home.space, "for f in /proc/sys/net/ipv6/conf/*/disable_ipv6; do echo 0 >$f; done")
            self._ip(home.space, "link add six type veth peer name nowhere", "link set six arp off up",
                     "link set nowhere up", f"addr add 2001:db8::{home.outside.rpartition('.')[2]}/128 dev six nodad")
            self._sh_in(home.space, "ip -6 route add default dev six")

        def _sh_in(self, space, script):
            subprocess.run(["nsenter", f"--net=/run/netns/{space}", "sh", "-c", script], check=True)

        def unplug(self):
            for wire in self.wires:
                wire.stdin.close()
                wire.wait()
            self.wires.clear()

    return SlowRig()


def measure(net, row, opts, turn):
    net.delay = row.rtt * 1000 // 4  # two cables, there and back
    homes = [net.home(row.kind) for _ in range(2)]
    options = []
    if row.dead6:
        for home in homes:
            net.dead6(home)
    if row.stun:
        options += ["--stun", row.stun, str(turn.port)]
    if row.turn:
        options += ["--turn", turn.address, str(turn.port), "ada", "lovelace"]
    if row.relay:
        options.append("--relay-only")
    took = {subject: [] for subject in AGENTS}
    for i in range(opts.rounds):
        for subject, kept in took.items():
            got = one_round(subject, homes, options, row.waits)
            kept.append(got)
            if got is None:
                print(f"ladder: {row.name}, {subject}: round {i + 1}: no path", file=sys.stderr)
    for home in homes:
        net.leave(home)
    net.unplug()
    return {"row": row.name, "rtt_ms": row.rtt, "subjects": {s: figures(k) for s, k in took.items()}}


def figures(rounds):
    good = [r for r in rounds if r]
    out = {"rounds": len(rounds), "met": len(good)}
    for name in ("host", "srflx", "relay", "gathered", "connected", "nominated", "cpu"):
        values = sorted(r[name] for r in good if name in r)
        if values:
            cut = statistics.quantiles(values, n=4, method="inclusive") if len(values) > 1 else values * 3
            out[name] = [round(x, 3) for x in (cut[1], cut[0], cut[2])]
    return out


# ---- what is told ----

def ms(x):
    return f"{x:.0f}" if x >= 100 else f"{x:.1f}" if x >= 10 else f"{x:.2f}"


def cell(f, name):
    return f"{ms(f[name][0])} ({ms(f[name][1])} to {ms(f[name][2])})" if name in f else "-"


def ratio(subjects, name):
    """Ours to the best of the others."""
    others = [f[name][0] for s, f in subjects.items() if s != OURS and name in f]
    return f"{subjects[OURS][name][0] / min(others):.2f}" if others and name in subjects[OURS] else "-"


def title(r):
    return f"{r['row']}, RTT {r['rtt_ms']} ms" if r["rtt_ms"] else r["row"]


def table(rows):
    out = ["| | | host | reflexive | relayed | can send | x | decided | x | CPU of both | x |",
           "|---|---|---|---|---|---|---|---|---|---|---|"]
    for r in rows:
        for subject, f in r["subjects"].items():
            ours = subject == OURS
            line = [title(r) if ours else "", subject, *(ms(f[n][0]) if n in f else "-" for n in ("host", "srflx", "relay"))]
            for name in ("connected", "nominated", "cpu"):
                line += [cell(f, name), ratio(r["subjects"], name) if ours else ""]
            out.append("| " + " | ".join(line) + " |")
    return "\n".join(out) + "\n"


def plot(rows):
    p = bench_plots.Plot("From the offer until both can send, ms", "Each row has a scale of its own; medians.")
    for r in rows:
        found = [(s, f["connected"][0]) for s, f in r["subjects"].items() if "connected" in f]
        p.heading(title(r))
        for subject, value in sorted(found, key=lambda x: x[1]):
            p.bar(subject, [(value, bench_plots.kind_of(subject))], max(v for _, v in found))
    return p.svg()


def evidence():
    return json.loads(EVIDENCE.read_text())["figures"]["rows"]


def files():
    """What the evidence gives: path -> text."""
    before, _, rest = PAGE.read_text().partition(BEGIN + "\n")
    _, _, after = rest.partition(END)
    return {PAGE: before + BEGIN + "\n" + table(evidence()) + END + after, PICTURE: plot(evidence())}


def write():
    for path, text in files().items():
        path.write_text(text)


def problems():
    if not EVIDENCE.exists():
        return [f"{EVIDENCE.relative_to(ROOT)} is not there"]
    return [f"{p.relative_to(ROOT)} is not what the evidence gives: tools/ice_ladder.py write"
            for p, text in files().items() if not p.exists() or p.read_text() != text]


def version():
    """Of libnice, as prepare.sh noted it; in quotes, because it is no number."""
    return json.dumps((ROOT / "build/peers/nice/version").read_text().strip())


def run(opts):
    sys.path[1:1] = [str(ROOT / "tests/cli"), str(ROOT / "tests/interop/coturn"), str(ROOT / "tests/interop/nat")]
    import fetch
    import rig

    def get_ready():
        reason = fetch.fetch()
        if reason:
            sys.exit(f"ladder: {reason}")

    try:
        rig.enter(get_ready)
        net = slow_rig(rig)
    except rig.Cannot as e:
        sys.exit(f"ladder: {e}")
    words, sys.argv[1:] = sys.argv[1:], [str(ROOT / "build/release/bin/taut")]
    import server
    turn = server.Server(rig.SERVERS[0], 3478, inside=net.net.inside())
    if not turn.see("UDP listener opened"):
        sys.exit("ladder: coturn does not start")
    rows = []
    for row in rows_for(rig):
        if opts.row and opts.row not in f"{row.name}, RTT {row.rtt} ms":
            continue
        rows.append(measure(net, row, opts, turn))
        if opts.json:
            print(json.dumps(rows[-1]), flush=True)
        else:
            print(table(rows[-1:]), flush=True)
    turn.end()
    if opts.evidence:
        subprocess.run([sys.executable, ROOT / "tools" / "evidence.py", "write", "ice-ladder",
                        " ".join(["./dev bench --ladder", *words[1:]]), "libnice=" + version(),
                        "rows=" + json.dumps(rows)], check=True)
        write()


def main():
    parse = argparse.ArgumentParser(usage=__doc__, add_help=False)
    parse.add_argument("command", choices=("run", "write", "check"))
    parse.add_argument("--rounds", type=int, default=15)
    parse.add_argument("--row")
    parse.add_argument("--json", action="store_true")
    parse.add_argument("--evidence", action="store_true")
    opts = parse.parse_args()
    if opts.command == "run":
        run(opts)
    elif opts.command == "write":
        write()
    else:
        found = problems()
        print("\n".join(found) or "as the evidence gives")
        sys.exit(bool(found))


if __name__ == "__main__":
    main()
