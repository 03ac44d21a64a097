"""seed_makers.py - inputs for the fuzz targets that are written by hand, or cut out of what sessions
said and of the facts in tests/vectors. No chance in it: the same tree gives the same inputs."""
import json
import re
import struct

OURS = re.compile("RFC|derived|built|browser|Chromium|Firefox")


def vectors(root, name, kinds=(None,)):
    """Those of RFCs, of browsers and of our own; other projects' tests are left to them."""
    path = root / "tests" / "vectors" / f"{name}.json"
    return [bytes.fromhex(v["bytes"]) for v in json.loads(path.read_text())["vectors"]
            if "bytes" in v and v.get("kind") in kinds and OURS.match(v["source"])]


def cut(inputs, step=1):
    """Each of them, and short of its end by one byte and by half."""
    return [part for i in inputs[::step] for part in (i, i[:-1], i[:len(i) // 2])]


def candidates(texts):
    lines = {line.removeprefix("a=") for t in texts for line in t.split("\r\n")
             if line.removeprefix("a=").startswith("candidate:")}
    by_hand = [
        "candidate:1 1 udp 2122260223 192.0.2.1 46243 typ host generation 0 ufrag EvtL network-id 1",
        "candidate:842163049 1 UDP 1677729535 203.0.113.9 1 typ srflx raddr 10.0.0.1 rport 65535",
        "candidate:a+/ 256 tcp 1 2001:db8::1 9 typ host tcptype active",
        "candidate:1 1 tcp 1 fe80::1%eth0 9 typ prflx raddr :: rport 0 tcptype passive x y",
        "candidate:1 1 tcp 1 ::ffff:192.0.2.1 9 typ relay raddr 0.0.0.0 rport 0 tcptype so",
        "candidate:1 2 udp 4294967295 35a10f90-5976-42fd-96f6-e7dd052840f2.local 9 typ host\r\n",
        "a=candidate:1 1 sctp 0 host.example 0 typ new generation 4294967296",
        "candidate:1 1 udp 1 1.2.3.4 9 typ host ufrag", "candidate:1 0 udp 1 1.2.3.4 9 typ host",
        "candidate:" + 33 * "f" + " 1 udp 1 1.2.3.4 9 typ host", "candidate:", "",
        "candidate:1 1 udp 1 256.2.3.4 65536 typ host", "candidate:1 1 udp 1 1.2.3.4 9 host",
        "candidate:1 1 udp 1 1.2.3.4 9 typ srflx rport 1",
    ]
    return [line.encode() for line in sorted(lines) + by_hand]


def dcep():
    def message(kind, label, protocol, priority=256, parameter=0):
        return struct.pack(">BBHIHH", 3, kind, priority, parameter, len(label),
                           len(protocol)) + label + protocol
    return [message(kind, label, protocol, parameter=5)
            for kind in (0, 1, 2, 0x80, 0x81, 0x82, 3, 0x7f) for label, protocol in
            ((b"", b""), (b"chat", b""), ("ä".encode(), b"p"), (1024 * b"l", 1024 * b"p"),
             (1025 * b"l", b""))] + [b"\2", b"\3", b"\4" + bytes(11), message(0, b"a", b"") + b"x"]


def srv():
    def name(*labels):
        return b"".join(bytes([len(x)]) + x for x in labels) + b"\0"

    def record(target, kind=33, cls=1, more=b""):
        data = struct.pack(">3H", 1, 2, 3478) + target + more
        return b"\xc0\x0c" + struct.pack(">HHIH", kind, cls, 60, len(data)) + data

    def message(*records, flags=0x8180, questions=1):
        return struct.pack(">6H", 7, flags, questions, len(records), 0, 0) + \
            questions * (asked + struct.pack(">HH", 33, 1)) + b"".join(records)
    asked, host = name(b"_turn", b"_udp", b"example", b"net"), name(b"a", b"example", b"net")
    long = b"".join(bytes([63]) + 63 * b"a" for _ in range(4)) + b"\0"
    return cut([
        message(record(host)), message(*[record(host)] * 9), message(record(b"\0")), message(),
        message(record(b"\1b\xc0\x16")), message(record(b"\xc0\xff")), message(record(b"\xc0\x40")),
        message(record(long)), message(record(name(b"a b"))), message(record(host, 1), record(host)),
        message(record(host, 33, 3)), message(record(host, more=b"x"), record(host)),
        message(record(b"\x40a\0")), message(record(b"\x80a\0")), message(record(host), flags=0x8183),
        message(record(host), flags=0x0100), message(record(host), questions=0)])


def mdns():
    def name(*labels):
        return b"".join(bytes([len(x)]) + x for x in labels) + b"\0"

    def record(owner, kind, data, cls=0x8001):
        return owner + struct.pack(">HHIH", kind, cls, 120, len(data)) + data

    def message(flags, questions, *records):
        return struct.pack(">6H", 0, flags, len(questions), len(records), 0, 0) + \
            b"".join(questions) + b"".join(records)
    host = name(b"35a10f90-5976-42fd-96f6-e7dd052840f2", b"local")
    ask = host + struct.pack(">HH", 1, 1)
    v4, v6 = bytes([192, 0, 2, 1]), bytes(range(16))
    point = b"\xc0\x0c"
    long = b"".join(bytes([63]) + 63 * b"a" for _ in range(4)) + b"\0"
    return cut([
        message(0, [ask]), message(0x8400, [ask], record(point, 1, v4)),
        message(0x8400, [], record(host, 1, v4), record(point, 28, v6)),
        message(0x8400, [], record(host, 28, v6, 1), record(point, 47, point + b"\0\1\x40")),
        message(0x8400, [], record(host, 1, v4 + b"x"), record(host, 28, v4), record(host, 1, v4, 2)),
        message(0x8400, [], record(long, 1, v4)), message(0x8400, [], record(b"\xc0\xff", 1, v4)),
        message(0x8400, [], record(b"\x40a\0", 1, v4)), message(0x8400, [], record(b"\x80a\0", 1, v4)),
        message(0x8400, [], record(name(b"A.b \x7f\xff", b"LOCAL"), 1, v4)),
        message(0x8400, [], record(name(b"a", b"local"), 16, b"\0" + 20 * point),
                record(b"\xc0\x40", 1, v4), record(name(b"local"), 1, v4), record(b"\0", 1, v4)),
        message(0xf800, [ask]), message(0x8400, [long + b"\0\1\0\1"]),
        message(0, [host + struct.pack(">HH", 28, 0x8001), point + b"\0\xff\0\xff"], record(point, 1, v4, 1)),
        message(0x8400, [], record(host, 1, v4), record(point, 47, point + b"\0\1\x40")),
        message(0, 64 * [b"\0\0\1\0\1"]), message(0, 65 * [b"\0\0\1\0\1"]),
    ])


SDP = "v=0\r\no=- 1 2 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n"


def signaling():
    room = {"room": "tea", "to": "0123456789abcdef0123", "call": "0011223344556677"}
    objects = [
        {"type": "ready", "name": "Ada", "rooms": ["tea", "chat"], "agent": "native",
         "secret": "0123456789abcdef"},
        {"type": "user_here", **room},
        {"type": "description", **room, "description": {"type": "offer", "sdp": SDP}},
        {"type": "candidate", **room, "candidate": {"candidate": "candidate:1 1 udp 1 1.2.3.4 9 typ "
                                                   "host", "sdpMid": "0", "sdpMLineIndex": 0}},
        {"type": "candidate", **room, "candidate": None},
        {"type": "chat", "room": "tea", "text": "häß\n\u2028\U0001f375\\\""},
        {"type": "turn_request", **room}, {"type": "turn_done", **room},
        {"type": "leave", "room": "tea"}, {"type": 1, "a": [1.5, True, False, -3e9, {}, []]},
        {"x": 64 * "ä", "y": 65 * "a", "z": "", "c": "\x7f", "d": "\u0085", "e": "\u00a0"},
    ]
    texts = [json.dumps(o).encode() for o in objects] + [
        json.dumps(o, ensure_ascii=False).encode() for o in objects]
    return texts + [31 * b'{"a":' + b"{}" + 31 * b"}", b'{"a":' + 32 * b"[" + 32 * b"]" + b"}",
                    b'{"a":1,"a":2}', b'{"a":"\\u0000"}', b'{"a":"\\ud834\\udd1e"}', b"[]", b"{",
                    b'{"a":"\xc3\x28"}', b'{"a":"\xed\xa0\x80"}', b'{"a":"\xf4\x90\x80\x80"}',
                    b'{"a":"\xe0\x80\x80\xf0\x80\x80\x80"}', b'{"a":1e400}', b'{"a":01}', b"null",
                    b"\xe2\x82\xac", b"\xf0\x9f\x8d\xb5", b"\xc2\x80", b"word"]


def urls():
    return [u.encode() for u in (
        "ws://localhost:8080/ws?room=a#b", "wss://relay.example", "HTTP://[::1]:8080/", "https://[::1]",
        "http://[::1", "http://[::1]x", "http://user@host/", "ws://:80", "ws://h:", "ws://h:0",
        "ws://h:65536", "ws://h:99999999999", "ws://h:8a", "ftp://h", "", "ws://" + 300 * "h",
        "stun:stun.example", "stun:stun.example:3478", "stun:[2001:db8::1]:1", "stun:[2001:db8::1]",
        "stun:[::1", "stun:[::1]x", "stun:h:", "stun:h:0", "stun:h:65536", "stun:h:123456789", "stun:",
        "stun:a b", "stun:a@b", "stun:" + 300 * "h", "turn:turn.example?transport=tcp", "stuns:h",
        "turn:t.example:3478?transport=udp", "turns:t.example", "stun:192.0.2.1:1x")]


def vp8():
    key = b"\x10\x02\x00\x9d\x01\x2a\x40\x01\xf0\x00" + 4 * b"x"
    heads = [b"\x10", b"\x00", b"\x30", b"\x15", b"\x90\x80\x05", b"\x90\x80\x85\x06",
             b"\x90\xc0\x80\x07\x08", b"\x90\xf0\x81\x02\x03\xff", b"\x90\x20\x40", b"\x90\x10\x1f",
             b"\x90\x40\x09", b"\x90\x00", b"\x80\xf0\x7f\x09\xe5"]
    return cut([h + body for h in heads for body in (key, b"\x11rest", b"")])


def opus():
    out = [b""]
    for config in range(0, 256, 4):
        out += [bytes([config]) + 20 * b"f", bytes([config | 1]) + 20 * b"f",
                bytes([config | 2, 4]) + 20 * b"f", bytes([config | 2, 252, 1]) + 300 * b"f"]
        for count in (0, 1, 3, 6, 12, 24, 48, 63):
            out += [bytes([config | 3, count]) + 4 * count * b"f",
                    bytes([config | 3, count | 0x80]) + (max(count, 1) - 1) * b"\1" + 70 * b"f",
                    bytes([config | 3, count | 0x40, 3]) + (4 * count + 3) * b"f",
                    bytes([config | 3, count | 0xc0, 255, 2]) + (max(count, 1) - 1) * b"\1" + 400 * b"f"]
    return out + [b"\0" + 1275 * b"f", b"\0" + 1276 * b"f", b"\1" + 2550 * b"f", b"\1" + 2552 * b"f",
                  b"\3\x41\xff", b"\3\x41", b"\3", b"\2", b"\2\xff"]


def tone():
    def packet(step, *reports):
        body = b"".join(bytes((event, 0x8a if end else 10, *divmod(lasted, 256)))
                        for event, lasted, end in reports)
        return bytes((len(body), *divmod(step & 0xffff, 256))) + body

    def with_list(text, *packets):
        return bytes((len(text),)) + text.encode() + b"".join(packets)
    key = [packet(0, (5, 960, False)), packet(0, (5, 1920, False)), packet(0, (5, 2400, True))]
    long = [packet(9000, (5, 65535, False)), packet(32767, (5, 960, False)),
            packet(32767, (5, 960, False)), packet(1, (5, 960, True))]
    return [with_list(t, *key) for t in ("0-15", "0-15,66,70", "", "3-", "-5", "999,1x", "256")] + [
        with_list("", *long), with_list("", packet(1, (1, 480, True), (2, 480, True), (3, 0, False))),
        with_list("", *key, packet(-4000, (5, 2400, True)), b"\x05\0\0abcde"),
        with_list("", *[packet(500, *[(i, 1, True) for i in range(8)]) + b"\1\0\0\1"] * 4)]


def rtcp_by_hand():
    def packet(kind, count, body, pad=0):
        body += (bytes(pad - 1) + bytes([pad]) if pad else b"")
        return struct.pack(">BBH", 0x80 | (0x20 if pad else 0) | count, kind, len(body) // 4) + body
    two = struct.pack(">II", 1, 2)
    block = struct.pack(">IIIIII", 9, 0x05fffffe, 70000, 3, 0x12345678, 0x10000)
    sr = packet(200, 1, struct.pack(">IQIII", 1, 1 << 60, 2, 3, 4) + block)
    cname = packet(202, 1, struct.pack(">IBB", 1, 1, 3) + b"abc\0\0\0")

    def twcc(base, count, chunks, deltas):
        fci = struct.pack(">HHI", base, count, 5 << 8 | 1) + b"".join(
            struct.pack(">H", c) for c in chunks) + deltas
        return packet(205, 15, two + fci, -len(fci) % 4 or 0)
    remb = b"REMB" + bytes([1, 5 << 2 | 1, 0, 9]) + struct.pack(">I", 7)
    rr = packet(201, 0, struct.pack(">I", 1))
    xr = packet(207, 0, struct.pack(">I", 1) + b"\4\0\0\2" + bytes(8) + b"\5\0\0\3" + bytes(12) +
                b"\1\0\0\1" + bytes(4))
    # about a question of fuzz_rtcp_session's sender, and behind a report of the stream that it hears
    asked = packet(207, 0, struct.pack(">IIQ", 0x12345678, 0x04000002, 1 << 40) +
                   struct.pack(">IIII", 0x05000003, 0x23456789, 0x10000, 0x8000))
    answered = packet(200, 0, struct.pack(">IQIII", 0x12345678, 1 << 60, 2, 3, 4)) + asked
    ones = [
        sr + cname, rr, packet(201, 2, struct.pack(">I", 1) + block + block), xr, asked, answered,
        packet(203, 2, two + b"\3bye"), packet(203, 1, struct.pack(">I", 1), 4), packet(203, 0, b""),
        packet(204, 3, two), packet(205, 1, two + struct.pack(">HHHH", 7, 0x8001, 65530, 0xffff)),
        packet(206, 1, two), packet(206, 2, two + bytes(4)), packet(206, 3, two + b"\0\1ab"),
        packet(206, 4, two + struct.pack(">II", 2, 7 << 24)), packet(206, 15, two + remb),
        packet(206, 15, two + b"APPL"), packet(205, 3, two + bytes(8)),
        twcc(65534, 5, [0x2005], bytes(5)), twcc(1, 7, [0xd555], struct.pack(">7h", *range(-3, 4))),
        twcc(1, 14, [0xa555], bytes(7)), twcc(1, 20, [0x4003, 0xbfff], bytes(40)),
        twcc(1, 9, [0x6009], b""), twcc(1, 65535, 8 * [0x1fff], b""), twcc(0, 0, [0x2000], b""),
        packet(192, 0, two), packet(202, 2, struct.pack(">I", 1) + b"\1\1a\0" + struct.pack(">I", 2) +
                                    b"\0\0\0\0"), b"\x80\xc9\0\0", b"\x40\xc9\0\1" + bytes(4),
    ]
    return cut(ones + [rr + one for one in ones])


def sessions_of_rtp(packets):
    """What fuzz_rtp_session.c reads: kind, step of the number, milliseconds, length, content."""
    runs = []
    vp8_key = b"\x90\x80\x85\x06\x10\x02\x00\x9d\x01\x2a\x40\x01\xf0\x00"
    middle, opus_frame = b"\x80\x80\x85\x06zzz", b"\x78frame"
    for steps in ((1, 1, 1, 1), (1, 2, 255, 3), (1, 1, 0, 1), (2, 255, 2, 255), (1, 100, 1, 156)):
        for wait in (0, 20, 255):
            run = b""
            for i, step in enumerate(steps * 3):
                for kind, body in ((0x40 | i << 2 & 0x3c, vp8_key if i % 4 == 0 else middle),
                                   (2 | i << 2 & 0x3c, opus_frame),
                                   (0x41 | i << 2 & 0x3c, struct.pack(">H", 65530 + i & 0xffff) +
                                    vp8_key)):
                    run += bytes([kind, step, wait, len(body)]) + body
            runs.append(run)
    return runs + packets[::7]


def payload():
    frames = b"".join(struct.pack(">H", n) + bytes((i * 7 + n) & 255 for i in range(n))
                      for n in (1, 10, 100, 1000, 1200, 3000, 5999))
    audio = b"".join(struct.pack(">H", n) + bytes([0x78]) + (n - 1) * b"a" for n in (1, 2, 60, 1200))
    return [bytes([how, room]) + body for how in range(4) for room in (0, 90, 255)
            for body in (frames, audio)]


def sctp_records(packets):
    """What fuzz_sctp.c reads: length, control, chunks."""
    chunks = [p[12:] if len(p) > 12 else p for p in packets]
    return [struct.pack(">HB", len(c), control) + c for c in chunks if len(c) < 1500
            for control in (4, 6, 0x0e)] + [b"".join(struct.pack(">HB", len(c), 14) + c
                                                     for c in chunks[k::9] if len(c) < 300)
                                            for k in range(9)]


def ivf():
    head = b"DKIF" + struct.pack("<HH", 0, 32) + b"VP80" + struct.pack("<HHIIII", 64, 48, 90000, 1, 2, 0)

    def frame(data, at):
        return struct.pack("<IQ", len(data), at) + data
    whole = head + frame(b"\x10\x02\x00\x9d\x01\x2a\x40\x00\x30\x00", 0) + frame(50 * b"x", 3000)
    other = [head.replace(b"VP80", b"VP90"), head.replace(b"DKIF", b"DKIX"), head[:12] + bytes(20),
             head[:16] + bytes(16), head[:6] + b"\xff\0" + head[8:], head[:6] + b"\x24\0" + head[8:] +
             bytes(4), head + frame(b"", 0), head + frame(b"x", 1 << 60),
             head + frame(b"x", 9000) + frame(b"y", 1), head + frame(b"x", 0) + frame(b"y", 1 << 30),
             head + struct.pack("<IQ", 1 << 25, 0)]
    return cut([whole]) + other


def wav():
    def chunk(name, body):
        return name + struct.pack("<I", len(body)) + body + (b"\0" if len(body) & 1 else b"")

    def riff(*chunks):
        body = b"WAVE" + b"".join(chunks)
        return b"RIFF" + struct.pack("<I", len(body)) + body

    def fmt(kind=1, channels=2, rate=48000, bits=16, more=b""):
        return chunk(b"fmt ", struct.pack("<HHIIHH", kind, channels, rate, rate * 4, 4, bits) + more)
    data = chunk(b"data", bytes(range(200)))
    more = struct.pack("<HHIH", 22, 16, 3, 1) + bytes(14)
    return cut([riff(fmt(), data), riff(chunk(b"LIST", b"abc"), fmt(channels=1), data)]) + [
        riff(fmt(0xfffe, more=more), data), riff(fmt(3, bits=32), data), riff(fmt(channels=3), data),
        riff(fmt(rate=1), data), riff(data, fmt()), riff(fmt()), riff(fmt(), b"data\xff\xff\xff\xffabcdef"),
        riff(fmt(), b"data\xff\0\0\0abc"), riff(chunk(b"fmt ", b"short"), data), b"RIFF", b"RIFX" +
        bytes(8), riff(b"junk\xff\xff\xff\x7f")]


def y4m():
    frame = b"FRAME\n" + bytes(16 * 16 * 3 // 2)
    heads = ["W16 H16 F30:1 Ip A1:1 C420jpeg", "W16 H16", "W16 H16 C420mpeg2 I? Xabc", "W8 H16",
             "W16 H16 F0:1", "W16 H16 F30", "W16 H16 C422", "W16 H16 It", "W9999999999 H16",
             "W16 H5000", "Wx H16", "W16 H16 F1:100", "W16 H16 F999:1", "W16 H16 C420 C420paldv"]
    return [f"YUV4MPEG2 {h}\n".encode() + 2 * frame for h in heads] + cut(
        [b"YUV4MPEG2 W16 H16\n" + frame]) + [b"YUV4MPEG2 W16 H16\nFRAMX\n", b"YUV4MPEG2 " + 300 * b"a",
                                             b"YUV4MPEG2 W16 H16\n" + frame + b"FRAME"]


def ogg():
    def page(flags, serial, number, packets):
        lacing = b"".join(bytes(len(p) // 255 * [255] + [len(p) % 255]) for p in packets)
        return b"OggS" + struct.pack("<BBQIIIB", 0, flags, 960 * number, serial, number, 0,
                                     len(lacing)) + lacing + b"".join(packets)

    def head(channels=2, family=0, version=1):
        return b"OpusHead" + struct.pack("<BBHIhB", version, channels, 312, 48000, 0, family)
    tags = b"OpusTags" + bytes(8)
    begin, audio = page(2, 7, 0, [head()]), page(0, 7, 2, [b"\x78abc", b"\x7bx", b"", 300 * b"\x78"])
    whole = begin + page(0, 7, 1, [tags]) + audio + page(4, 7, 3, [b"\x78end"])
    return cut([whole, whole + whole, page(2, 8, 0, [b"other"]) + page(0, 8, 1, [b"x"]) + whole]) + [
        page(2, 7, 0, [head(3)]), page(2, 7, 0, [head(2, 1)]), page(2, 7, 0, [head(version=16)]),
        page(2, 7, 0, [b"OpusHead"]), begin + audio, begin + page(0, 7, 2, [tags]) + page(0, 7, 4, [
            b"\xff\xff"]), b"garbage" + whole + b"OggS", begin + page(0, 7, 1, [tags]) + page(1, 7, 3, [
                b"\x78c"]), b"", page(2, 8, 0, [b"nothing of ours"])]


def stun_by_hand():
    """One message for each attribute there is, of each length it may have and one beside."""
    out = []
    for kind in (1, 6, 8, 9, 0xa, 0xc, 0xd, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18, 0x19, 0x1a, 0x1c,
                 0x1d, 0x1e, 0x20, 0x22, 0x24, 0x25, 0x8000, 0x8002, 0x8003, 0x8022, 0x8023, 0x8028,
                 0x8029, 0x802a, 0xc057, 0x7777, 0x9999):
        for length in (0, 1, 4, 8, 20, 32):
            value = (b"\0\2" if length == 20 else b"\0\1\4\4") + bytes(range(1, 33))
            attr = struct.pack(">HH", kind, length) + value[:length] + bytes(-length % 4)
            for method in (0x0001, 0x0111):
                out.append(struct.pack(">HHI", method, len(attr), 0x2112a442) + 12 * b"t" + attr)
    many = 70 * struct.pack(">HH", 0x8022, 0)
    return out + [struct.pack(">HHI", 1, len(many), 0x2112a442) + 12 * b"t" + many]


def channels(messages):
    """ChannelData alone, and as a stream with STUN messages between."""
    ones = [struct.pack(">HH", number, length) + length * b"d" + pad for number in
            (0x4000, 0x4fff, 0x3fff, 0x5000) for length in (0, 1, 4) for pad in (b"", b"\0", 3 * b"\0")]
    return ones + [b"\x40\0\0\5abc", b"\x40\0\xff\xff", b"\x40\0", b"\xff", b"\0\1\0\5" + bytes(16),
                   ones[0] + messages[0] + ones[9] + messages[1][:-1], messages[2] + messages[3] + b"\x80"]


def sctp_by_hand():
    def chunk(kind, flags, body):
        return struct.pack(">BBH", kind, flags, len(body) + 4) + body + bytes(-len(body) % 4)

    def param(kind, body):
        return struct.pack(">HH", kind, len(body) + 4) + body + bytes(-len(body) % 4)
    init = struct.pack(">IIHHI", 7, 100000, 10, 10, 1)
    params = [param(0xc000, b""), param(0x8008, bytes([130, 192, 64])), param(7, b"cookie"),
              param(5, bytes(4)), param(0x4001, b"report"), param(0xc001, b"go on and report"),
              param(0x8001, b"go on"), param(1, b"stop"), param(9, bytes(4)), param(12, b"\0\5")]
    bodies = [chunk(1, 0, init + b"".join(params)), chunk(2, 0, init + b"".join(params[2:])),
              chunk(1, 0, init), chunk(1, 0, init[:8]), chunk(0, 3, struct.pack(">IHHI", 1, 0, 0, 51) +
                                                              b"data"), chunk(0, 7, bytes(12)),
              chunk(3, 0, struct.pack(">IIHH4HI", 1, 99, 2, 1, 1, 2, 4, 5, 9)),
              chunk(3, 0, struct.pack(">IIHH4H", 1, 99, 2, 0, 4, 5, 1, 2)),
              chunk(3, 0, struct.pack(">IIHH", 1, 99, 9, 0)), chunk(4, 0, param(1, b"info")),
              chunk(5, 0, param(1, b"info")), chunk(6, 1, param(12, b"why")), chunk(7, 0, bytes(4)),
              chunk(8, 0, b""), chunk(9, 0, param(6, b"\x99\0\0\4")), chunk(10, 0, b"cookie"),
              chunk(11, 0, b""), chunk(14, 1, b""), chunk(0x99, 0, b"?"), chunk(0xc9, 0, b"?"),
              chunk(130, 0, param(13, struct.pack(">III2H", 5, 4, 3, 1, 2)) + param(
                  16, struct.pack(">II", 5, 1))), chunk(130, 0, param(14, struct.pack(">IH", 5, 1))),
              chunk(130, 0, param(15, bytes(4))), chunk(130, 0, param(17, bytes(8))),
              chunk(192, 0, struct.pack(">IHH", 9, 1, 1)),
              chunk(64, 2, struct.pack(">IHHII", 1, 2, 0, 65536, 51) + b"data"),
              chunk(64, 5, struct.pack(">IHHII", 2, 2, 9, 65536, 7) + b"more"), chunk(64, 3, bytes(15)),
              chunk(194, 0, struct.pack(">IHHIHHI", 9, 1, 0, 65536, 2, 1, 4)),
              chunk(194, 0, struct.pack(">IHH", 9, 1, 0)),
              chunk(1, 0, init + param(0x8008, bytes([130, 192, 64, 194])) + param(0x8001, b"\0\0\0\1")),
              b"\0\0\0\3", b"\0\0\0\0", b"\3\0\xff\xff"]
    head = struct.pack(">HHII", 5000, 5000, 7, 0)
    return [head + b for b in bodies] + [head + b"".join(bodies[k:k + 3]) for k in range(20)]


def turn_client():
    """Operations of fuzz_turn_client.c: an allocation, with MD5 and with SHA-256, and what may follow."""
    relayed, peer = bytes([0, 0xc3, 0x50, 203, 2]), bytes([0, 0x0f, 0xa0, 192, 7])
    six = bytes([1, 0x0f, 0xa0, 0x20, 1])
    made = []

    def answer(how, what, rest=b""):
        return bytes([3, how]) + struct.pack(">H", what) + relayed + rest

    for how, said, signed in ((1, 3, 16), (1, 15, 48), (7, 3, 16)):
        login = bytes([how]) + answer(5, said)
        there = login + answer(signed, 112, struct.pack(">H", 600))
        permit = there + bytes([6]) + peer + answer(signed, 0)
        bound = permit + bytes([7]) + peer + answer(signed, 0)
        say, heard = bytes([8]) + peer + bytes([9]), bytes([9]) + peer + bytes([3])
        later = bytes([2, 239])
        made += [login + answer(5, said), login + answer(11, said) * 4, there, permit + say + heard,
                 bound + say + heard + bytes([5, 8, 0x40, 0, 0, 4]) + b"data",
                 bound + bytes([5, 8, 0x40, 9, 0, 4]) + b"data" + bytes([9]) + six + bytes([3]),
                 bound + (later + answer(signed, 16, struct.pack(">H", 600))) * 6,
                 bound + later * 8, there + bytes([11, 0]), login + bytes([11, 0]),
                 there + bytes([6]) + six + answer(signed | 7, 0) + bytes([10]) + answer(
                     signed | 9, 0), permit + bytes([10]) + answer(signed | 11, said)]
        made += [login + answer(signed | 1 | code << 1, 0) for code in range(8)]
    made += [b"\1" + answer(1, 128) * 5, b"\5" + bytes([2, 9]), b"\1" + bytes([1, 2, 0]) * 90,
             b"\1" + answer(0, 112, b"\0\xff"), b"\1" + answer(5, 3) + answer(16, 256 | 16, struct.pack(
                 ">HHB", 600, 0x7777, 4) + b"what")]
    return made


def upgrades():
    """The first octet of fuzz_upgrade.c, then lines: path, host, origin."""
    hosts = ["localhost", "LocalHost:8080", "a.localhost:1", ".localhost", "127.0.0.1", "127.1.2.3:443",
             "[::1]", "[::1]:8080", "127.0.0.1.example", "localhost.example", "xlocalhost", "[::2]", "example.org:80",
             "", 254 * "h", 255 * "h", "127.x", "localhost:80@example.org"]
    made = [bytes([how]) + b"\n".join(x.encode() for x in ("/ws", host, ""))
            for how in (2, 4, 6, 7, 8) for host in hosts]
    return made + [f"{how}{path}\n{host}\n{origin}".encode() for how in "\0\2\1\3" for path, host, origin in (
        ("/ws", "localhost:8080", "http://localhost:8080"), ("/ws", "localhost", "HTTPS://LOCALHOST"),
        ("/ws", "localhost", "null"), ("/", "localhost", ""), ("/ws?a", "localhost", ""), (20 * "/", "a", ""),
        ("/ws", "a", "http://a.example"), ("/ws", "a", 400 * "o"), ("/ws", "localhost", "https://localhost"))]


def streams(messages):
    """Operations of fuzz_stream.c: frames at the edges of their lengths, in one piece, in two, octet by octet."""
    made = []
    for how in range(8):
        for kind in (0, 2):  # ChannelData and STUN, where a server sends
            ones = [bytes([7 | 128, kind | (n > 255)]) + (struct.pack(">H", n) if n > 255 else bytes([n]))
                    for n in (0, 1, 3, 4, 200, 1528, 1532, 1548, 1549, 1550, 1553, 65532, 65535)]
            cut_short = [bytes([7 | 128, kind | 4 | (n > 255)]) + (
                struct.pack(">H", n) if n > 255 else bytes([n])) for n in (40, 1548, 1600, 65535)]
            rest = bytes([3 | 30 << 3]) + 31 * b"r" + 4 * (b"\1\xff" + 255 * b"s" + b"\0")
            made += [bytes([how]) + b"".join(ones), bytes([how]) + ones[4] + cut_short[0] + rest]
            made += [bytes([how]) + c + rest + ones[4] for c in cut_short]
        framed = [(struct.pack(">H", len(m)) if how & 2 else b"") + m for m in messages if len(m) < 250]
        made += [bytes([how]) + b"".join(b"\1" + bytes([len(m)]) + m for m in framed[k::7][:12]) + b"\0"
                 for k in range(7)]
        made += [bytes([how]) + bytes([3 | 31 << 3]) + m[:32] + bytes([4 | 31 << 3, 5]) for m in framed[:3]]
        made += [bytes([how]) + b"\1\4\x80\0\0\4\0", bytes([how]) + b"\1\4\0\1\0\3\0"]
    return made


def routes(messages):
    """Operations of fuzz_route.c; and datagrams, which it takes as such first."""
    def name(end, how):
        return bytes([1 | end << 4, how])

    def sent(end, to, how, tid):
        return bytes([2 | end << 4, to, how, tid])

    def came(at, how, tid, authentic=128):
        return bytes([6 | authentic, at, how, tid])
    check, answer, error = 0, 66, 67  # the last two without a USERNAME
    named = name(0, 3) + name(1, 5) + name(2, 7)
    met = b"".join(sent(k % 3, k, check | 64, k) + came(k, answer, k) for k in range(12))
    return messages + [
        named + came(1, check, 1) + came(1, check | 4, 2) + came(2, check | 12, 3), named + met,
        named + sent(0, 5, 64, 9) + came(6, answer, 9) + came(5, error, 9) + came(5, 65, 1),
        named + b"".join(came(k, check, k) for k in range(70)) + met,
        named + b"".join(sent(0, 9, 64, k) for k in range(140)) + came(9, answer, 139) + b"\xf8" +
        sent(0, 8, 64, 1), named + name(0, 4) + came(1, 16, 1) + name(0, 3) + name(0, 9) + came(1, 16, 2),
        named + met + b"\4\1" + came(0, answer, 0) + b"\x14\1\x24\1" + name(0, 3) + came(0, check, 1),
        named + met + came(3, check | 4, 1) + sent(1, 3, 64, 77) + came(3, answer, 77),
        named + came(1, 32, 1) + came(1, 128, 1) + bytes([5, 1, 8]) + messages[0][:8] + came(1, 132, 3)]


def ice():
    """fuzz_ice.c with each kind of help: two that meet, data, a restart, trouble with the server, and an end."""
    run, data, close = b"\0\0\x10\0", b"\x03\x0e\x40\x83\x0e\x40", b"\x03\x0f\xff"
    trouble = [b"\x03\x0a" + bytes([how]) for how in (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 128)]
    return [bytes([kind << 5 | how]) + run + data + part + run + data + close + run + b"\x20\0"
            for kind in range(8) for how in (0, 4, 24)
            for part in (b"", b"\3\0\3\2", b"\3\0\3\1", b"\3\x0d\xff\3\5\3\2", b"\3\x0b\0\3\x0b\x83",
                         b"\3\x0c\0\x83\x0c\0", *[t + b"\3\0\3\2" for t in trouble])]


# What fuzz_snap.h does to a=sctp-init: another character, some less, some more, too many.
DAMAGE = [(0, 255), (1, 63), (3, 0), (4, 5), (40, 32), (0, 193), (5, 193), (2, 192), (1, 240), (250, 250), (255, 255)]


def snap_pc():
    """First bytes of fuzz_pc.c: both leave out the handshake, and the offer's or the answer's INIT is damaged."""
    return [struct.pack(">BBHB", how, 0xc0 | k, answer << 14 | where, what) + b"\x08\0\4\0\0\5\0\x08\0" * 2
            for how in (0, 0x20, 0x80) for k in (0, 40) for answer in (0, 1) for where, what in DAMAGE]


def snap_jsep():
    """Wild operations of fuzz_jsep.c: a channel, an offer that is damaged, an answer that is damaged."""
    ask = b"\x31\0\0\4\x0a"
    return [ask + struct.pack(">BBHB", 0x8c, 0x20, where, what) + b"\x8a" + struct.pack(">BBHB", 0x0c, 0x21, w, x)
            for where, what in DAMAGE for w, x in DAMAGE] + [b"\x30\0\0\4\7\x0c\x0c", b"\x10\0\0\4\7\x8c\x8c"]


def make(root, captured):
    """{target: [bytes]}"""
    rtp, rtcp = captured.get("rtp", []), captured.get("rtcp", [])
    sctp, stun, dtls = (captured.get(k, []) for k in ("sctp", "stun", "dtls"))
    texts = captured.get("sdp", []) + [p.read_bytes() for folder in (
        root / "tests" / "vectors" / "browser-sdp", root / "fuzz" / "made" / "sdp")
        for p in sorted(folder.glob("*.sdp"))]
    rfc = json.loads((root / "tests" / "vectors" / "sdp-rfc.json").read_text())
    texts += [v["sdp"].encode() for v in rfc["vectors"] if "sdp" in v]
    all_rtp = vectors(root, "rtp") + rtp
    all_rtcp = vectors(root, "rtcp") + rtcp_by_hand() + rtcp
    packets = vectors(root, "sctp", ("packet", None)) + sctp_by_hand() + sctp
    descriptions = [t for t in texts if t.startswith(b"v=")]
    # Lines of their own, too: a description that ends anywhere, and in LF alone.
    shorter = [d[:len(d) * k // 4] for d in descriptions[::9] for k in (1, 2, 3)]
    made = {
        "stun": vectors(root, "stun") + cut(stun_by_hand(), 3) + stun_by_hand() + stun,
        "channeldata": channels(stun_by_hand()), "rtp": cut(vectors(root, "rtp")) + all_rtp,
        "rtp_session": sessions_of_rtp(all_rtp),
        "rtcp": all_rtcp, "rtcp_session": all_rtcp,
        "sctp_packet": cut(vectors(root, "sctp", ("packet", None))) + packets,
        "sctp": sctp_records(packets[:150]),
        "sdp": descriptions + shorter + [d.replace(b"\r\n", b"\n") for d in descriptions[::11]],
        "candidate": candidates([t.decode(errors="replace") for t in texts]),
        "explain": stun[::4] + sctp[::9] + rtp[::9] + all_rtcp[::3] + dtls + stun_by_hand()[::5] +
        sctp_by_hand() + [bytes([22]) + d[1:] for d in dtls[:3]],
        "dcep": dcep(), "mdns": mdns(), "srv": srv(), "json": signaling(), "url": urls(), "opus": opus(), "tone": tone(),
        "vp8": vectors(root, "vp8") + vp8(), "payload": payload(), "ivf": ivf(), "wav": wav(),
        "y4m": y4m(), "ogg": ogg(), "turn_client": turn_client(),
        "upgrade": upgrades(), "ice": ice(), "pc": snap_pc(), "jsep": snap_jsep(), "stream": streams(stun + stun_by_hand()[::7]), "route": routes(vectors(root, "stun") + stun),
    }
    hello = json.loads((root / "tests" / "vectors" / "dtls-hello.json").read_text())
    made["explain"] += [bytes.fromhex(d) for v in hello["vectors"] for d in v["datagrams"]]
    return made
