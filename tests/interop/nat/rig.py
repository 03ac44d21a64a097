"""rig.py - a small internet of network namespaces, and homes behind NATs made of nftables.

    203.0.113.1 .2 .3  servers, in namespace "net" with the bridge "net"
    203.0.113.10 ...   homes: the outer address of a NAT, or a machine without one
    10.N.0.2           the machine behind NAT N; 10.N.1.2 the inner NAT where there are two

enter() starts the runner anew in user, mount, process and network namespaces of its own: so it
needs no root, and when it ends, in whatever way, all it started ends and all it made is gone."""
import ctypes
import os
import signal
import subprocess
import sys

SERVERS = ("203.0.113.1", "203.0.113.2", "203.0.113.3")
FIRST_HOME = 10
PR_SET_PDEATHSIG = 1


class Cannot(Exception):
    """This machine has no namespaces or no nftables for us."""


def _sh(*words, stdin=None):
    try:
        p = subprocess.run(words, input=stdin, text=True, capture_output=True)
    except FileNotFoundError as e:
        raise Cannot(f"{e.filename} is missing")
    if p.returncode != 0:
        raise Cannot(f"{' '.join(words)}: {' '.join(p.stderr.split())[-300:]}")


def _with_parent():
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def enter(get_ready):
    """Returns inside the namespaces; the process outside gets ready, waits, and ends as that inside does."""
    os.environ["PATH"] += ":/usr/sbin:/sbin"  # where an ordinary user does not look
    if os.environ.pop("TAUT_NAT_INSIDE", None):
        _sh("mount", "-t", "tmpfs", "tmpfs", "/run")  # for ip netns
        os.environ["TMPDIR"] = "/run"  # and what is written goes with the rest
        return
    new = ["unshare", *(["--map-root-user"] if os.geteuid() else []), "--mount", "--pid", "--net", "--fork",
           "--kill-child", "--mount-proc"]
    _sh(*new, "true")
    get_ready()
    inside = subprocess.Popen([*new, sys.executable, *sys.argv], env=os.environ | {"TAUT_NAT_INSIDE": "1"},
                              preexec_fn=_with_parent)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: inside.kill())
    sys.exit(inside.wait() and 1)


# ---- NATs: RFC 4787 sections 4.1 (mapping) and 5 (filtering) ----

# One machine is behind each, and the port outside is that inside, so that the sets need only
# the one. Who comes unasked is dropped before conntrack remembers him: else the answer of a
# machine inside that calls him meanwhile would be given another port.
_NAT = """table ip nat {
	set open { type inet_service; size 4096; flags dynamic; timeout 5m; }
	set spoken { type inet_service . ipv4_addr; size 4096; flags dynamic; timeout 5m; }
	chain forward {
		type filter hook forward priority filter; policy drop;
		%(drops)s
		iifname lan meta l4proto udp update @open { udp sport }
		iifname lan meta l4proto udp update @spoken { udp sport . ip daddr }
		iifname lan accept
		ct state established,related accept
		ct status dnat accept
	}
	chain input {
		type filter hook input priority filter;
		iifname wan drop
	}
	chain incoming {
		type nat hook prerouting priority dstnat;
		%(admits)s
	}
	chain outgoing {
		type nat hook postrouting priority srcnat;
		oifname wan %(maps)s
	}
}
"""

# What is admitted of those that no mapping waits for, how it is mapped, what is dropped.
_ALL = "iifname wan udp dport @open dnat to %(inside)s"
_KNOWN = "iifname wan udp dport . ip saddr @spoken dnat to %(inside)s"
_KINDS = {
    "endpoint-independent": [(_ALL, "snat to %(outside)s", "")],
    "filters by address": [(_KNOWN, "snat to %(outside)s", "")],
    "filters by address and port": [("", "masquerade", "")],
    "maps per destination": [("", "masquerade fully-random", "")],
    "two in a row": [("", "masquerade", "")] * 2,
    "no UDP": [("", "masquerade", "meta l4proto udp drop")],
}
KINDS = ["no NAT", *_KINDS]


class Home:
    """A machine on the net, alone or behind a NAT. space: its namespace, nats: those before it; address: what
    the machine has; outside: what the net sees of it."""

    def __init__(self, space, address, outside, nats=()):
        self.space, self.address, self.outside, self.nats = space, address, outside, nats

    def inside(self):
        """The words before a command that is to run there."""
        return ["nsenter", f"--net=/run/netns/{self.space}"]


class Rig:
    def __init__(self):
        self.homes = 0
        self._space("net")
        # With an address of its own: else it takes the lowest of its ports', another one now and then as
        # homes come, and nobody who has asked before finds it for some seconds.
        self._ip("net", "link add net address 02:00:00:00:00:01 type bridge", "link set net up",
                 *(f"addr add {a}/24 dev net" for a in SERVERS),
                 # What goes to nobody is lost on the way, as elsewhere: coturn gives up who makes it send to
                 # where no route leads.
                 "link add out type veth peer name nowhere", "link set out arp off up", "link set nowhere up",
                 "route add default dev out")
        self.net = Home("net", SERVERS[0], SERVERS[0])

    def home(self, kind):
        self.homes += 1
        n, outside = self.homes, f"203.0.113.{FIRST_HOME + self.homes}"
        nats = _KINDS.get(kind, [])
        # From the net inwards: whom the next namespace hangs on, and by which address.
        above, address, device = "net", outside, "wan" if nats else "eth0"
        for depth, (admits, maps, drops) in enumerate(nats):
            space = f"nat{n}-{depth}"
            last = depth + 1 == len(nats)
            net = f"10.{n}.{0 if last else 1}"
            self._hang(space, device, address, above, n)
            self._nat(space, {"inside": f"{net}.2", "outside": address}, admits, maps, drops)
            above, address, device = space, f"{net}.2", "eth0" if last else "wan"
        self._hang(f"home{n}", device, address, above, n)
        return Home(f"home{n}", address, outside, [f"nat{n}-{depth}" for depth in range(len(nats))])

    def leave(self, home):
        """Nothing runs there any more. The kernel's table of neighbours is one for all namespaces."""
        for space in (home.space, *home.nats):
            _sh("ip", "netns", "del", space)

    def _space(self, name):
        _sh("ip", "netns", "add", name)
        self._ip(name, "link set lo up")
        self._write(name, "ipv6/conf/*/disable_ipv6")  # else each wire has addresses that no NAT is in the way of

    def _write(self, space, switch, value=1):
        """Turns it on or off, if this kernel has it."""
        _sh("nsenter", f"--net=/run/netns/{space}", "sh", "-c",
            f'for f in /proc/sys/net/{switch}; do [ ! -e "$f" ] || echo {value} >"$f"; done')

    def _ip(self, space, *lines):
        _sh("ip", "-n", space, "-batch", "-", stdin="\n".join(lines))

    def _hang(self, space, device, address, above, n):
        """A namespace with one wire: to the bridge of the net, or to the lan of a NAT."""
        far = f"home{n}" if above == "net" else "lan"
        self._space(space)
        self._cable(space, device, above, far)
        self._ip(space, f"addr add {address}/24 dev {device}", f"link set {device} up")
        self._ip(above, *([f"link set {far} master net"] if above == "net" else
                 [f"addr add {address.rpartition('.')[0]}.1/24 dev {far}"]), f"link set {far} up")
        self._ip(space, f"route add default via {address.rpartition('.')[0]}.1")

    def _cable(self, space, device, above, far):
        self._ip(space, f"link add {device} type veth peer name {far} netns {above}")

    def _nat(self, space, names, admits, maps, drops):
        self._write(space, "ipv4/ip_forward")
        _sh("nsenter", f"--net=/run/netns/{space}", "nft", "-f", "-",
            stdin=_NAT % {"admits": admits % names, "maps": maps % names, "drops": drops})
