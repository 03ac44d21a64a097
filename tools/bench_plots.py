"""bench_plots.py - the plots of docs/BENCH.md: plain SVG, bars, readable on light and dark.

Beside numbers there is nothing in them that changes from run to run."""
from xml.sax.saxutils import escape

WIDTH, LEFT, RIGHT, BAR, GAP = 760, 270, 90, 15, 5
KIND = {"taut": "ours", "limit": "limit"}
STYLE = """<style>
text{font:13px sans-serif;fill:#1f2328}.t{font-weight:600;font-size:15px}.n{fill:#59636e}
.ours{fill:#1f6feb}.limit{fill:#8c959f}.peer{fill:#d4813a}.goal{stroke:#cf222e;stroke-width:2}
.s0{fill:#1f6feb}.s1{fill:#d4813a}.s2{fill:#8c959f}
@media (prefers-color-scheme: dark){text{fill:#e6edf3}.n{fill:#9198a1}.ours,.s0{fill:#58a6ff}
.peer,.s1{fill:#e3a066}.limit,.s2{fill:#6e7681}}
</style>"""


def number(x):
    return f"{x:,.0f}" if x >= 1000 else f"{x:.3g}"


class Plot:
    """Bars below one another; the first line is the title."""

    def __init__(self, title, note=""):
        self.parts, self.y = [], 24
        self.text(10, "t", title)
        if note:
            self.y += 20
            self.text(10, "n", note)
        self.y += 14

    def text(self, x, kind, what, end=False):
        anchor = ' text-anchor="end"' if end else ""
        self.parts.append(f'<text x="{x:.1f}" y="{self.y:.1f}" class="{kind}"{anchor}>'
                          f"{escape(what)}</text>")

    def heading(self, what):
        self.y += 20
        self.text(10, "", what)
        self.y += 6

    def rect(self, x, width, kind):
        self.parts.append(f'<rect x="{x:.1f}" y="{self.y:.1f}" width="{max(width, 1):.1f}" '
                          f'height="{BAR}" class="{kind}"/>')

    def bar(self, label, pieces, most, goal=None):
        """pieces: (length, class) one behind the other; most is what fills the width."""
        room = WIDTH - LEFT - RIGHT
        at = LEFT
        for length, kind in pieces:
            self.rect(at, length / most * room, kind)
            at += length / most * room
        after = at + 6
        if goal is not None and goal <= most:
            x = LEFT + goal / most * room
            if -60 < after - x < 6:  # the number would stand on the line
                after = x + 6
            self.parts.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{self.y - 2:.1f}" '
                              f'y2="{self.y + BAR + 2:.1f}" class="goal"/>')
        self.y += BAR - 3
        self.text(LEFT - 8, "", label, end=True)
        self.text(after, "n", number(sum(length for length, _ in pieces)))
        self.y += 3 + GAP

    def legend(self, entries):
        self.y += 8
        x = LEFT
        for kind, what in entries:
            self.rect(x, BAR, kind)
            self.y += BAR - 3
            self.text(x + BAR + 5, "", what)
            self.y -= BAR - 3
            x += BAR + 24 + 7.5 * len(what)
        self.y += BAR + GAP

    def svg(self):
        height = self.y + 10
        return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" '
                f'width="{WIDTH}" height="{height:.0f}" role="img">\n{STYLE}\n'
                + "\n".join(self.parts) + "\n</svg>\n")


def kind_of(subject):
    return KIND.get(subject, "peer")


def bars(plot, rows, figure, goal=None):
    rows = [r for r in rows if r.get(figure)]
    most = max((r[figure] for r in rows), default=1)
    for r in sorted(rows, key=lambda r: r[figure]):
        plot.bar(r["subject"], [(r[figure], kind_of(r["subject"]))], most, goal)


def goals_plot(rows, goals):
    plot = Plot("The goals: taut, the best peer, the bare limit",
                "Each row has a scale of its own; the line is the goal.")
    for g in goals:
        found = [r for r in (g.limit(rows), g.ours(rows), g.peer(rows)) if r]
        values = [(r["subject"], g.value(r)) for r in found]
        if not values:
            continue
        plot.heading(f"{g.name}, {g.unit}" if g.unit else g.name)
        most = max([v for _, v in values] + [g.bound(rows) or 0]) or 1
        for subject, value in sorted(values, key=lambda v: v[1], reverse=g.most):
            plot.bar(subject, [(value, kind_of(subject))], most, g.bound(rows))
    return plot.svg()


def cases_plot(rows, bench, figure, title, note=""):
    """Every case that somebody beside us runs."""
    plot = Plot(title, note)
    groups = {}
    for r in rows.of(bench):
        groups.setdefault((r["profile"], r["burst"]), []).append(r)
    for (profile, burst), members in groups.items():
        if len({r["subject"] for r in members}) > 1:
            plot.heading(f"{profile}, bursts of {burst}" if burst else profile)
            bars(plot, members, figure)
    return plot.svg()


def stage_pieces(rows, profile, burst):
    """Ciphers, kernel, stack: the SRTP limit's row, what the bare path has above it, and the rest
    of ours. None: a row is missing."""
    def one(bench, subject, name, of_burst):
        found = [r for r in rows.of(bench) if r["subject"] == subject and r["profile"] == name
                 and r["burst"] == of_burst]
        return found[0]["cpu_us_per_packet"] if found else None

    cipher = one("srtp", "limit", "AEAD_AES_128_GCM, 1,200 B", 0)
    bare, ours = one("rtp", "limit", profile, burst), one("rtp", "taut", profile, burst)
    if None in (cipher, bare, ours):
        return None
    kernel = max(bare - cipher, 0)
    return [(bare - kernel, "s0"), (kernel, "s2"), (max(ours - bare, 0), "s1")]


def stages_plot(rows):
    plot = Plot("What a packet of 1,200 octets costs, us of CPU, both ends",
                "Ciphers: the SRTP bench's bare row. Kernel: the bare path less them. Stack: the rest.")
    found = [(b, stage_pieces(rows, "1,200 B, GCM", b)) for b in (1, 4, 16, 48)]
    found = [(b, p) for b, p in found if p]
    most = max((sum(v for v, _ in p) for _, p in found), default=1)
    for b, pieces in found:
        plot.bar(f"taut, bursts of {b}", pieces, most)
    plot.legend([("s0", "AES-128-GCM, both ways"), ("s2", "kernel"), ("s1", "taut's own")])
    return plot.svg()


CASES = {
    "rtp": ("cpu_us_per_packet", "RTP: us of CPU per packet, both ends"),
    "datachannel": ("cpu_s_per_gb", "Data channels: CPU-seconds per GB, both ends"),
    "setup": ("cpu_us_per_packet", "Set-up of a pair of connections: us of CPU, both ends"),
    "relay": ("cpu_us_per_packet",
              "The relay: us of CPU per message that arrives, with its clients"),
}


def plots(rows, goals):
    """Name -> SVG; of a bench that has no rows, none."""
    out = {"goals": goals_plot(rows, goals), "stages": stages_plot(rows)}
    return out | {bench: cases_plot(rows, bench, figure, title)
                  for bench, (figure, title) in CASES.items() if rows.of(bench)}
