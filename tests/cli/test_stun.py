#!/usr/bin/env python3
"""taut stun against a server of twenty lines: the answer, silence, refusal, a name of nobody; and one of
two addresses (RFC 5780), which says what a NAT would."""
import json
import socket
import struct
import threading

from cli import Run, check, done, finish, objects

COOKIE = 0x2112A442


def answer(request, sender, error):
    tid = request[8:20]
    if error:
        reason = b"no such"
        attr = struct.pack(">HHHBB", 9, 4 + len(reason), 0, 4, 4) + reason + b"\0"
        return struct.pack(">HHI", 0x111, len(attr), COOKIE) + tid + attr
    key = struct.pack(">I", COOKIE) + tid
    family = 2 if ":" in sender[0] else 1
    packed = socket.inet_pton(socket.AF_INET6 if family == 2 else socket.AF_INET, sender[0])
    ip = bytes(a ^ b for a, b in zip(packed, key))
    attr = struct.pack(">HHBBH", 0x20, 4 + len(ip), 0, family, sender[1] ^ COOKIE >> 16) + ip
    return struct.pack(">HHI", 0x101, len(attr), COOKIE) + tid + attr


def serve(sock, lose, error):
    """Answers from the lose-th request on; a forged answer goes first."""
    for n in range(100):
        try:
            request, sender = sock.recvfrom(2000)
        except OSError:
            return
        if n >= lose:
            forged = bytearray(answer(request, sender, error))
            forged[8] ^= 1
            sock.sendto(forged, sender)
            sock.sendto(answer(request, sender, error), sender)


def server(lose=0, error=False, host="127.0.0.1"):
    sock = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind((host, 0))
    threading.Thread(target=serve, args=(sock, lose, error), daemon=True).start()
    return sock.getsockname()[1]


def attribute(type_, address):
    ip = socket.inet_aton(address[0])
    return struct.pack(">HHBBH", type_, 8, 0, 1, address[1]) + ip


def two(maps, lets):
    """A server at 127.0.0.1 and 127.0.0.2, two ports each. maps: what our address depends on, of the
    address and the port that were asked; lets: whose answers come, of them that were asked to change."""
    ips = ("127.0.0.1", "127.0.0.2")
    socks = {}
    for n in range(2):
        for ip in ips:
            s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            s.bind((ip, 0 if ip == ips[0] else socks[ips[0], n].getsockname()[1]))
            socks[ip, n] = s

    def run(ip, n):
        while True:
            request, sender = socks[ip, n].recvfrom(2000)
            change = request.find(b"\0\3\0\4\0\0\0")
            change = request[change + 7] if change > 0 else 0
            if change and not lets(change):
                continue
            other = (ips[ip == ips[0]], 1 - n)
            seen = (sender[0], sender[1] if not maps else 40000 + maps(ips.index(ip), n))
            reply = answer(request, seen, False)[20:]
            reply += attribute(0x802c, (other[0], socks[other].getsockname()[1]))
            back = (other[0] if change & 4 else ip, other[1] if change & 2 else n)
            socks[back].sendto(struct.pack(">HHI", 0x101, len(reply), COOKIE) + request[8:20] + reply,
                               sender)

    for ip, n in socks:
        threading.Thread(target=run, args=(ip, n), daemon=True).start()
    return f"127.0.0.1:{socks[ips[0], 0].getsockname()[1]}"


def nats():
    """Silence is an answer here and takes its seconds: all are asked at once."""
    rows = [
        ("no_nat", two(None, lambda c: True), "none", "endpoint-independent"),
        ("cone", two(lambda a, p: 1, lambda c: True), "endpoint-independent", "endpoint-independent"),
        ("address", two(lambda a, p: a, lambda c: c == 2), "address-dependent", "address-dependent"),
        ("symmetric", two(lambda a, p: 2 * a + p, lambda c: False), "address-and-port-dependent",
         "address-and-port-dependent"),
    ]
    runs = [(Run("stun", "--nat", "--json", row[1]), row) for row in rows]
    words = Run("stun", "-n", rows[3][1])
    for run, (name, _, mapping, filtering) in runs:
        code = run.end(None)
        o = json.loads(run.lines[0]) if code == 0 else {}
        check(f"nat_{name}", o.get("mapping") == mapping and o["filtering"] == filtering and
              "unknown" not in o, (code, run.lines, run.errors))
    code = words.end(None)
    check("nat_in_words", code == 0 and len(words.lines) == 6 and
          words.lines[3] == "mapping     address-and-port-dependent (RFC 4787 section 4.1)" and
          "TURN" in words.lines[5], (words.lines, words.errors))
    code, out, err = done("stun", "--nat", "-j", f"127.0.0.1:{server()}", f"localhost:{server()}")
    o = objects(out)[0] if code == 0 else {}
    check("two_servers_without_a_nat", o.get("mapping") == "none" and o["filtering"] == "unknown" and
          o["unknown"].startswith("the server has no second address"), (out, err))
    code, out, err = done("stun", "--nat", f"127.0.0.1:{server()}", "nobody.invalid")
    check("a_second_server_of_nobody", code == 0 and
          "cannot ask nobody.invalid, port 3478, as well: " in err, (out, err))


def silence():
    """Begun first, because it takes its eight seconds."""
    global silent
    silent = [Run("stun", f"127.0.0.1:{server(lose=99)}", *more) for more in ([], ["--json"])]


def answers():
    code, out, err = done("stun", f"127.0.0.1:{server()}", "--json")
    reply = objects(out)[0] if code == 0 else {}
    check("the_mapped_address_is_told", reply.get("mapped") == f"127.0.0.1:{reply.get('local_port')}" and
          reply["round_trip_ms"] < 5000 and not err, (code, out, err))
    port = server(lose=1)
    code, out, err = done("stun", f"stun:127.0.0.1:{port}")
    lines = out.splitlines()
    check("a_lost_request_is_sent_again", code == 0 and len(lines) == 3 and
          lines[0].startswith(f"server      127.0.0.1, port {port}") and
          lines[1].startswith("mapped      127.0.0.1:") and lines[2].startswith("round trip  "), (code, out, err))
    port = server()
    code, out, err = done("stun", f"localhost:{port}", "-j")
    check("a_name_is_resolved", code == 0 and objects(out)[0]["server"] == f"127.0.0.1:{port}", (code, out, err))
    try:
        port = server(host="::1")
    except OSError:
        return  # a machine without IPv6
    code, out, err = done("stun", f"[::1]:{port}", "--json")
    check("ipv6_stands_in_brackets", code == 0 and objects(out)[0]["mapped"].startswith("[::1]:"), (code, out, err))


def refusals():
    port = server(error=True)
    code, out, err = done("stun", f"127.0.0.1:{port}")
    check("an_error_is_told_with_its_code", code == 1 and not out and
          f"taut stun: refused by 127.0.0.1, port {port}: " in err and err.endswith(", 404\n"), err)
    code, out, err = done("stun", f"127.0.0.1:{server(error=True)}", "--json")
    o = objects(out)[0]
    check("and_so_in_json", code == 1 and o["failed"] == "request" and o["code"] == 404, out)
    code, out, err = done("stun", "nobody.invalid", "--json")
    check("an_unknown_name_fails_at_resolving", code == 1 and objects(out)[0]["failed"] == "resolve", out)
    code, out, err = done("stun", "nobody.invalid")
    check("and_so_in_words", code == 1 and "cannot find the address of nobody.invalid, port 3478: " in err, err)
    code, out, err = done("stun", "255.255.255.255")  # broadcast: the system refuses
    check("what_cannot_be_sent_is_told", code == 1 and
          "cannot send to 255.255.255.255, port 3478: Permission denied" in err, err)


def mistakes():
    code, out, err = done("stun", "--nat", "127.0.0.1:9", "a:0")
    check("a_second_server_is_read_as_well", code == 2 and "--port takes" in err and not out, (code, err))
    for host in ("[::1", "[]", "", ":5", "[::1]5", "h" * 256, "[::1]x:5"):
        code, out, err = done("stun", host)
        check(f"no_host_is_{host[:10]!r}", code == 2 and "is not HOST[:PORT]" in err and not out, (code, err))
    for port in ("0", "65536", "x", ""):
        code, out, err = done("stun", f"127.0.0.1:{port}")
        check(f"no_port_is_{port!r}", code == 2 and "--port takes a number from 1 to 65535" in err, (code, err))


    for more, said in ((("a", "b"), "one server at a time; two with --nat"),
                       (("--nat", "a", "b", "c"), "two servers at most")):
        code, out, err = done("stun", *more)
        check(f"too_many_servers_{len(more)}", code == 2 and said in err, err)


def silence_ends():
    words, objects_ = silent
    code = words.end(None)
    check("silence_ends_after_eight_seconds", code == 1 and words.errors[0].startswith(
        "taut stun: no answer from 127.0.0.1, port ") and not words.lines, (code, words.errors))
    code = objects_.end(None)
    check("and_so_does_it_in_json", code == 1 and json.loads(objects_.lines[0])["failed"] == "answer" and
          not objects_.errors, (code, objects_.lines))


finish(silence, answers, nats, refusals, mistakes, silence_ends)
