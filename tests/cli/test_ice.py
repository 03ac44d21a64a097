#!/usr/bin/env python3
"""taut ice: candidates as they come, and each octet of what was said for them. Servers are asked in a
network namespace of its own, with a cable that leads nowhere."""
import os
import subprocess
import sys

from cli import TAUT, check, done, finish, objects, work

# A server of some lines, which has seen us elsewhere and lends nothing, over UDP and over TCP; then the command.
# Where its URL is to be, there is SERVER.
INSIDE = """
import socket, struct, subprocess, sys, threading
s, t = socket.socket(socket.AF_INET, socket.SOCK_DGRAM), socket.socket()
t.bind(("198.18.0.1", 0))
t.listen()
s.bind(t.getsockname())
def answer(request):
    ip = bytes(a ^ b for a, b in zip(socket.inet_aton("203.0.113.7"), request[4:8]))
    attr = struct.pack(">HHBBH", 0x20, 8, 0, 1, 7007 ^ 0x2112) + ip
    if request[1] == 3: # Allocate
        attr = struct.pack(">HHHBB", 9, 8, 0, 4, 3) + b"Sigh"
        if "--asks" in sys.argv:
            attr = struct.pack(">HHHBBHH4sHH4s", 9, 4, 0, 4, 1, 0x14, 4, b"real", 0x15, 4, b"once")
    return struct.pack(">HH", 0x113 if request[1] == 3 else 0x101, len(attr)) + request[4:20] + attr
def serve():
    while True:
        request, sender = s.recvfrom(2000)
        s.sendto(answer(request), sender)
def serve_streams():
    while True:
        one, _ = t.accept()
        one.sendall(answer(one.recv(2000)))
for job in serve, serve_streams:
    threading.Thread(target=job, daemon=True).start()
words = [w.replace("SERVER", f"198.18.0.1:{s.getsockname()[1]}") for w in sys.argv[2:] if w != "--asks"]
sys.exit(subprocess.run([sys.argv[1], "ice", *words]).returncode)
"""
SECRET = "not-to-be-seen"
CARD = ("ip link set lo up && ip link add card type veth peer name far && ip addr add 198.18.0.1/24 dev card && "
        "ip link set card up && ip link set far up && ")


def alone():
    code, out, err = done("ice", "--loopback-only", "--json")
    said = objects(out)
    check("loopback_is_told", code == 0 and said[-1]["complete"] is True and
          said[-1]["candidates"] == len(said) - 1 >= 1 and
          "127.0.0.1" in [o["address"] for o in said[:-1]] and
          all(o["type"] == "host" and o["protocol"] == "udp" and o["network"] == "loopback" and
              o["network_id"] == 1 and o["network_cost"] == 0 for o in said[:-1]), (out, err))
    code, out, err = done("ice", "--loopback-only")
    lines = out.splitlines()
    check("and_in_words", code == 0 and lines[0].split()[:3] == ["ms", "type", "over"] and
          " 127.0.0.1:" in out and "  loopback 0" in out and lines[-1].endswith(": all there are"), (out, err))


def with_a_server():
    space = ["unshare", "-n"] if os.geteuid() == 0 else ["unshare", "-Urn"]
    if subprocess.run([*space, "sh", "-c", CARD + "true"], capture_output=True).returncode != 0:
        print("skip cli/ice no namespaces here")
        return

    def inside(*args, kind="stun", url=None):
        p = subprocess.run([*space, "sh", "-c", CARD + 'exec "$@"', "sh", sys.executable, "-c", INSIDE, TAUT,
                            "--" + kind, url or kind + ":SERVER", *args], capture_output=True, text=True, timeout=60,
                           cwd=work)
        return p.returncode, p.stdout, p.stderr

    code, out, err = inside("--json")
    said = objects(out)
    reflexive = [o for o in said if o.get("type") == "srflx"]
    check("a_server_s_answer_is_a_candidate", code == 0 and said[-1]["complete"] is True and
          len(reflexive) == 1 and reflexive[0]["address"] == "203.0.113.7" and
          reflexive[0]["port"] == 7007 and reflexive[0]["related_address"] == "198.18.0.1" and
          reflexive[0]["priority"] >> 24 == 100 and reflexive[0]["server"].startswith("stun:198.18.0.1:"), (out, err))
    code, out, err = inside("--mdns", "--json")
    said = objects(out)[:-1]
    check("our_addresses_are_hidden_behind_names", code == 0 and sorted(o["type"] for o in said) == ["host", "srflx"] and
          all(o["address"].endswith(".local") for o in said if o["type"] == "host") and
          all((o["related_address"], o["related_port"]) == ("0.0.0.0", 9) for o in said if o["type"] == "srflx") and
          not any("198.18.0.1" in o["candidate"] for o in said) and
          all("network" in o and "network_id" not in o for o in said), (out, err))
    code, out, err = inside("--mdns")
    hosts = [line for line in out.splitlines() if "  host " in line]
    check("and_so_in_words", code == 0 and hosts and all(".local:" in line for line in hosts) and "198.18.0.1:" not in
          "".join(hosts) and "  srflx " in out, (out, err))
    code, out, err = inside("--ice-tcp", "both", "--json")
    tcp = [o for o in objects(out)[:-1] if o["protocol"] == "tcp"]
    check("candidates_over_tcp_are_among_them", code == 0 and sorted(o["tcp_type"] for o in tcp) == ["active", "passive"] and
          all((o["port"] == 9) == (o["tcp_type"] == "active") and o["type"] == "host" for o in tcp), (out, err))
    code, out, err = inside("--ice-tcp", "listen")
    check("and_in_words_which_connects", code == 0 and out.count("passive") == 1 and "active" not in out, (out, err))
    code, out, err = inside("--hex")
    lines = out.splitlines()
    check("each_octet_is_shown", code == 0 and any(line.startswith("to 198.18.0.1:") for line in lines) and
          any("Binding request" in line and "RFC 8489 section 5" in line for line in lines) and
          any("203.0.113.7:7007, XORed with" in line for line in lines) and
          " from 198.18.0.1 port " in out and "  by stun:198.18.0.1:" in out, (out, err))
    code, out, err = inside("--hex", "--json")
    packets = [o for o in objects(out) if "packet" in o]
    check("and_so_in_json", code == 0 and [o["packet"] for o in packets][:2] == ["out", "in"] and
          packets[0]["octets"].startswith("0001") and packets[1]["octets"].startswith("0101"), (out, err))
    login = ["--turn-user", "ada", "--turn-password", SECRET]
    code, out, err = inside("--json", *login, kind="turn")
    errors = [o for o in objects(out) if "error" in o]
    check("a_server_that_refuses_is_told", code == 0 and [o["error"] for o in errors] == [403] and
          errors[0]["server"].startswith("turn:198.18.0.1:") and SECRET not in out + err, (out, err))
    code, out, err = inside(*login, "--relay-only", kind="turn")
    check("without_a_relay_there_is_nothing", code == 1 and " error  403 from turn:198.18.0.1:" in out and
          out.splitlines()[-1].startswith("0 candidates in ") and SECRET not in out + err, (out, err))
    code, out, err = inside(*login, "--hex", "--time", "20", kind="turn")
    check("and_each_octet_of_that", code == 0 and "Allocate request" in out and
          '403 Sigh"' not in out and "403 Sigh" in out and SECRET not in out + err, (out, err))
    code, out, err = inside(*login, "--relay-only", "--hex", kind="turn", url="turn:SERVER?transport=tcp")
    check("nor_over_tcp_octet_by_octet", code == 1 and "Allocate request" in out and "403 Sigh" in out and
          " error  403 from turn:198.18.0.1:" in out and "?transport=tcp" in out and SECRET not in out + err, (out, err))
    two = ["--asks", "--turn-user", "ada", "--turn-password", SECRET, "--turn", "turn:SERVER?transport=tcp",
           "--turn-user", "bob", "--turn-password", SECRET + "too"]
    code, out, err = inside(*two, "--hex", "--time", "2", "--relay-only", kind="turn")
    check("each_server_is_shown_its_own_name", code == 1 and '"ada"' in out and '"bob"' in out and
          SECRET not in out + err, (out, err))
    p = subprocess.run([*space, TAUT, "ice"], capture_output=True, text=True, timeout=60, cwd=work)
    check("no_address_at_all_is_a_failure", p.returncode == 1 and p.stdout.splitlines()[-1].startswith(
        "0 candidates in "), (p.stdout, p.stderr))


# Two networks, and the way out is by the second.
WAYS = ("ip link add vw0 type veth peer name vx0 && ip link add vy0 type veth peer name vz0 && "
        "ip addr add 198.18.0.1/24 dev vw0 && ip addr add 198.19.0.1/24 dev vy0 && "
        "for i in vw0 vx0 vy0 vz0; do ip link set $i up || exit 99; done && ip route add default dev vy0 && ")


# A name server of a few records; then the command.
NAMES = """
import socket, struct, subprocess, sys, threading
stun, usual, names = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(3))
stun.bind(("198.18.0.1", 0))
usual.bind(("198.18.0.1", 3478))
names.bind(("198.18.0.1", 53))
def labels(text):
    return b"".join(bytes([len(x)]) + x.encode() for x in text.split(".")) + b"\\0"
SRV = {"_stun._udp.example.net": [(20, 1, stun.getsockname()[1], "a.example.net"), (10, 1, 9, "nobody.example.net")],
       "_stun._udp.empty.net": [(0, 0, 0, "")],
       "_stun._udp.odd.net": [(1, 1, 0, "a.example.net"), (2, 1, 9, ""), (3, 1, stun.getsockname()[1], "a.example.net")],
       "_stun._udp.gone.net": [(1, 1, 9, "nobody.example.net"), (2, 1, 9, "nowhere.example.net")]}
A = {"a.example.net": "198.18.0.1", "lost.net": "198.18.0.1"}
def answer(request):
    at, words = 12, []
    while request[at]:
        words.append(request[at + 1:at + 1 + request[at]].decode())
        at += 1 + request[at]
    name, kind = ".".join(words).lower(), struct.unpack(">H", request[at + 1:at + 3])[0]
    if kind == 33 and name.endswith(".lost.net"):
        return b""
    found = [struct.pack(">3H", *r[:3]) + (labels(r[3]) if r[3] else b"\\0") for r in SRV.get(name, [])] if kind == 33 else \
        [socket.inet_aton(A[name])] if kind == 1 and name in A else []
    known = name in SRV or name in A
    return request[:2] + struct.pack(">5H", 0x8180 if known else 0x8183, 1, len(found), 0, 0) + request[12:at + 5] + \
        b"".join(struct.pack(">HHHIH", 0xc00c, kind, 1, 60, len(d)) + d for d in found)
def serve(sock, what):
    while True:
        request, sender = sock.recvfrom(2000)
        said = what(request)
        if said:
            sock.sendto(said, sender)
def mapped(request):
    ip = bytes(a ^ b for a, b in zip(socket.inet_aton("203.0.113.7"), request[4:8]))
    return struct.pack(">HH", 0x101, 12) + request[4:20] + struct.pack(">HHBBH", 0x20, 8, 0, 1, 7007 ^ 0x2112) + ip
for job in (stun, mapped), (usual, mapped), (names, answer):
    threading.Thread(target=serve, args=job, daemon=True).start()
sys.exit(subprocess.run(sys.argv[1:]).returncode)
"""


def by_srv_records():
    """glibc asks a server of names for the records of a domain, and then for the address of what they say."""
    space = ["unshare", "-nm"] if os.geteuid() == 0 else ["unshare", "-Urnm"]
    with open(os.path.join(work, "resolv.conf"), "w") as f:
        f.write("nameserver 198.18.0.1\noptions timeout:1 attempts:1\n")
    mount = f"mount --bind {work}/resolv.conf /etc/resolv.conf && "
    if subprocess.run([*space, "sh", "-c", mount + CARD + "true"], capture_output=True).returncode != 0:
        print("skip cli/ice no namespaces with mounts here")
        return
    asked = [*space, "sh", "-c", mount + CARD + 'exec "$0" "$@"', sys.executable, "-c", NAMES]

    def inside(command, *args):
        p = subprocess.run([*asked, TAUT, command, *args], capture_output=True, text=True, timeout=60)
        return p.returncode, p.stdout, p.stderr
    code, out, err = inside("ice", "--stun", "stun:example.net", "--srv", "--json")
    said = objects(out)
    check("a_domain_names_its_servers", code == 0 and [o["address"] for o in said if o.get("type") == "srflx"] ==
          ["203.0.113.7"] and said[-1]["complete"] and not [o for o in said if "error" in o], (out, err))
    code, out, err = inside("ice", "--stun", "stun:example.net", "--json")
    said = objects(out)
    check("without_srv_it_is_a_server", [o["reason"] for o in said if "error" in o] == ["its name was not found"], (out, err))
    code, out, err = inside("stun", "--srv", "example.net", "--json")
    check("taut_stun_asks_them_as_well", code == 0 and objects(out)[0].get("mapped") == "203.0.113.7:7007", (out, err))
    code, out, err = inside("stun", "--srv", "empty.net")
    check("and_hears_of_none", code == 1 and "has no STUN server" in out + err, (code, out, err))
    code, out, err = inside("stun", "--srv", "odd.net", "--json")
    check("a_record_without_a_port_or_a_name_is_passed_over", code == 0 and
          objects(out)[0].get("mapped") == "203.0.113.7:7007", (out, err))
    code, out, err = inside("stun", "--srv", "gone.net")
    check("servers_without_an_address_are_told", code == 1 and "none of the domain's STUN servers has an address" in out + err,
          (code, out, err))
    for place in ("198.18.0.1", "198.18.0.1:3478", "a.example.net:3478"):
        code, out, err = inside("stun", "--srv", place, "--json")
        check(f"{place}_is_no_domain", code == 0 and objects(out)[0].get("mapped") == "203.0.113.7:7007", (out, err))
    code, out, err = inside("ice", "--stun", "stun:empty.net", "--srv", "--trace", "-")
    check("or_says_that_there_is_none", "its domain says that it has no such server" in out and
          "local candidate" in err, (out, err))
    with open(os.path.join(work, "resolv.conf"), "w") as f:
        f.write("nameserver 198.18.0.1\noptions timeout:30\n")
    code, out, err = inside("stun", "--srv", "lost.net", "--json")
    check("a_question_that_is_lost_leaves_time_for_the_name",
          code == 0 and objects(out)[0].get("mapped") == "203.0.113.7:7007", (out, err))


def by_the_routing_table():
    space = ["unshare", "-n"] if os.geteuid() == 0 else ["unshare", "-Urn"]
    if subprocess.run([*space, "sh", "-c", WAYS + "true"], capture_output=True).returncode != 0:
        print("skip cli/ice no namespaces with veth here")
        return
    for which, there in (("all", ["198.18.0.1", "198.19.0.1"]), ("default", ["198.19.0.1"]), ("public", []),
                         ("proxy", [])):
        p = subprocess.run([*space, "sh", "-c", WAYS + 'exec "$@"', "sh", TAUT, "ice", "--json", "--addresses",
                            which], capture_output=True, text=True, timeout=60, cwd=work)
        seen = [o["address"] for o in objects(p.stdout)[:-1] if ":" not in o["address"]]
        check(f"addresses_{which}", sorted(seen) == there, (p.stdout, p.stderr))


# The address that stays, and one that the kernel has just made and asks the link about (RFC 4862 section 5.4).
NEW = ("ip link add vw0 type veth peer name vx0 && ip link set vx0 up && "
       "echo 2 >/proc/sys/net/ipv6/conf/vw0/use_tempaddr && ip link set vw0 up && "
       "ip addr add 2001:db8::ff/64 dev vw0 nodad mngtmpaddr && ")


def while_an_address_is_new():
    space = ["unshare", "-n"] if os.geteuid() == 0 else ["unshare", "-Urn"]
    if subprocess.run([*space, "sh", "-c", NEW + "true"], capture_output=True).returncode != 0:
        print("skip cli/ice no namespaces with IPv6 here")
        return
    p = subprocess.run([*space, "sh", "-c", NEW + 'exec "$@"', "sh", TAUT, "ice", "--json"], capture_output=True,
                       text=True, timeout=60, cwd=work)
    seen = [o["address"] for o in objects(p.stdout)[:-1] if o["address"].startswith("2001:db8:")]
    check("until_it_can_be_used_the_other_one_is", len(seen) == 1, (p.stdout, p.stderr))


def mistakes():
    code, out, err = done("ice", "--hex", "--trace", "-")
    check("hex_and_trace_are_two", code == 2 and err == "taut ice: --hex or --trace, not both\n", (out, err))
    code, out, err = done("ice", "--loopback-only", "--trace", "no/such/folder")
    check("a_trace_that_cannot_be_written_is_told", code == 1 and "no/such/folder" in err and not out, (code, out, err))
    for args, said in ((["x"], "takes no operand"), (["--time", "0"], "--time takes a number"),
                       (["--stun", "http://x"], "--stun takes stun:HOST[:PORT]"),
                       (["--stun", "stun:a"] * 9, "4 servers at most"), (["--ice-tcp", "so"], "takes connect, listen or both"), (["--nonsense"], "nonsense"),
                       (["--addresses", "some"], "--addresses takes all, default, public or proxy, not 'some'"),
                       (["--turn", "turn:a"], "belong together"), (["--turn-user", "a"], "belong together"),
                       (["--turn-password", "x" * 509], "more than 508 octets"),
                       (["--turn", "turns:a?transport=udp", "--turn-user", "a", "--turn-password", "b"],
                        "--turn takes turn:HOST[:PORT]")):
        code, out, err = done("ice", "--loopback-only", *args)
        check(f"refused_{args[0].strip('-')}_{len(args)}", code == 2 and said in err, (code, out, err))


finish(alone, with_a_server, by_srv_records, by_the_routing_table, while_an_address_is_new, mistakes)
