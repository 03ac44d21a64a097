"""calls.py - two `taut call` in two homes: whether they meet, and on which path, is what theory says."""
import itertools
import json
import re
import threading
from concurrent.futures import ThreadPoolExecutor

import cli
import rig

TRIED = ("no TURN", "TURN/UDP", "TURN/TCP", "TURN/TLS")  # what both sides are told of, beside a STUN server
UNNAMED = "maps per destination"
BLOCKED = "no UDP"
BY_PORT = ("filters by address and port", "two in a row", UNNAMED)
AT_ONCE = 6  # calls that are set up; those that fail do nothing but wait


def theory(a, b, servers):
    """"direct", "relay" or None: RFC 4787 sections 4.1 and 5. Who maps per destination sends from a port that
    nobody can name beforehand, and who filters by port lets in only those that it has named."""
    blocked = BLOCKED in (a, b)
    if not blocked and not any(x == UNNAMED and y in BY_PORT for x, y in ((a, b), (b, a))):
        return "direct"
    return None if servers == "no TURN" or (blocked and servers == "TURN/UDP") else "relay"


# A side that fails waits 39.5 s (RFC 8863 section 4), so only some do, side by side. What the first
# of the two says in the end; the other may hear of its ICE restart before it gives up itself.
NOTHING = r"failed: \d+ requests? on \d+ pairs? and no answer, and no check of the peer came"
HELP = "; a TURN server would help if NATs are in the way"
SILENT = "; no server answers over UDP, which may be blocked here: a TURN server over TCP or TLS would help"
FAILING = [
    ("filters by address and port", UNNAMED, "no TURN", HELP),
    (UNNAMED, "filters by address and port", "no TURN", HELP),
    (UNNAMED, UNNAMED, "no TURN", HELP),
    ("two in a row", UNNAMED, "no TURN", HELP),
    (BLOCKED, "no NAT", "no TURN", SILENT + r"; stun:203\.0\.113\.2:3478: it does not answer"),
    (BLOCKED, "no NAT", "TURN/UDP", SILENT + r"; turn:203\.0\.113\.1:3478: the TURN server does not answer"),
    ("no NAT", BLOCKED, "TURN/UDP", "; a relay did not help: the peer is gone, or nothing reaches it"),
]


def connecting():
    """All pairs that meet; over TCP and TLS only those that need it."""
    for servers in TRIED:
        for a, b in itertools.combinations_with_replacement(rig.KINDS, 2):
            how = theory(a, b, servers)
            if how == "relay" or (how and servers in ("no TURN", "TURN/UDP")):
                yield a, b, servers, how


# ---- what both say of their path: "host 10.1.0.2:4001 -> srflx 203.0.113.12:4002" ----

PATH = re.compile(r"(\w+) ([\d.]+):(\d+) -> (\w+) ([\d.]+):(\d+)")


class Side:
    def __init__(self, kind, home, command):
        self.kind, self.home, self.command = kind, home, command
        line = command.find('"nominated pair"')
        said = PATH.fullmatch(json.loads(line)["text"] if line else "")
        self.local, ip, port, self.remote, far, far_port = said.groups() if said else ("",) * 6
        self.near, self.far = (ip, port), (far, far_port)


def sees(one, other):
    """A NAT keeps the port unless it maps per destination. What the peer named may be learned from its
    check first (RFC 8445 section 7.3.1.3); what it could not name can be learned in no other way."""
    if one.local != "host" or one.near[0] != one.home.address or one.far[0] != other.home.outside:
        return False
    if other.kind == UNNAMED:
        return one.remote == "prflx"
    named = "host" if other.kind == "no NAT" else "srflx"
    return one.remote in (named, "prflx") and one.far[1] == other.near[1]


def is_direct(a, b):
    return sees(a, b) and sees(b, a)


def is_relayed(a, b):
    """One relay, that of either side: a second one would only be another way round. Two where both have
    nothing but theirs."""
    if a.kind == b.kind == BLOCKED:
        return all((x.local, x.remote, x.far) == ("relay", "relay", y.near) for x, y in ((a, b), (b, a)))
    for one, other in ((a, b), (b, a)):
        if one.local == "relay" and one.remote in ("host", "srflx", "prflx"):
            return one.near[0] == rig.SERVERS[0] and (other.local, other.remote, other.far) == (
                "host", "relay", one.near)
    return False


# ---- the calls ----

class Calls:
    def __init__(self, net, start, url, servers, check):
        """start(home, ...): a taut command there. servers: the options that go with each of TRIED."""
        self.net, self.start, self.url, self.servers, self.check = net, start, url, servers, check
        self.rooms = itertools.count()
        self.lock = threading.Lock()

    def begin(self, a, b, servers):
        """The one who is there first makes the offer."""
        with self.lock:
            homes, room = [self.net.home(a), self.net.home(b)], f"r{next(self.rooms)}"
        commands = []
        for name, home in zip(("ada", "bob"), homes):
            commands.append(self.start(home, "call", self.url, "--room", room, "--name", name, "--json", "--data-only",
                                       *self.servers[servers]))
            commands[-1].see('"joined"')
        return homes, commands

    def end(self, homes, commands):
        for c in commands:
            c.end()
        for home in homes:
            self.net.leave(home)
        return all(c.clean() for c in commands)

    def meet(self, row):
        a, b, servers, how = row
        homes, commands = self.begin(a, b, servers)
        met = all(c.see('"nominated pair"') and c.see('"chat"') for c in commands)
        clean = self.end(homes, commands)
        sides = [Side(*x) for x in zip((a, b), homes, commands)]
        good = met and clean and (is_direct if how == "direct" else is_relayed)(*sides)
        self.check(f"{a} with {b}, {servers}: {how}", good, [c.lines + c.errors for c in commands])

    def miss(self, row):
        a, b, servers, sentence = row
        homes, commands = self.begin(a, b, servers)
        line = commands[0].see('"failed: ')
        said = json.loads(line)["text"] if line else ""
        clean = self.end(homes, commands)
        good = re.fullmatch(NOTHING + sentence, said) and clean and not any(c.find('"chat"') for c in commands)
        self.check(f"{a} with {b}, {servers}: no path, and the reason is true", good,
                   [c.lines + c.errors for c in commands])

    def run(self, beside, after):
        """All of them; beside() from the start, and after() when no call is set up, while some still fail."""
        assert all(theory(a, b, servers) is None for a, b, servers, _ in FAILING)
        with ThreadPoolExecutor(len(FAILING) + 1) as slow, ThreadPoolExecutor(AT_ONCE) as quick:
            waited_for = [slow.submit(beside), *(slow.submit(self.miss, row) for row in FAILING)]
            list(quick.map(self.meet, connecting()))
            after()
            for one in waited_for:
                one.result()
