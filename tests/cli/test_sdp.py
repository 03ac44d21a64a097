#!/usr/bin/env python3
"""taut sdp: every field as JSON or in words, errors with their place, nothing that speaks to a terminal."""
import os
import pty
import re
import subprocess

from cli import ROOT, TAUT, check, done, finish, objects, work

HEAD = "v=0\r\no=- 1 2 IN IP4 0.0.0.0\r\n"
RICH = HEAD.replace("o=-", "o=ada") + """s=a name
c=IN IP4 192.0.2.7
b=AS:900
t=0 0
a=group:BUNDLE 0 1 2
a=msid-semantic: WMS s
a=ice-lite
a=extmap-allow-mixed
a=ice-options:trickle ice2
a=tls-id:abcdefghijklmnopqrstuvwx
a=strange:thing
a=flag
m=audio 9 UDP/TLS/RTP/SAVPF 111 0
c=IN IP4 0.0.0.0
a=rtcp:9 IN IP4 0.0.0.0
a=mid:0
a=sendonly
a=ice-ufrag:abcd
a=ice-pwd:0123456789012345678901
a=fingerprint:sha-256 00:01:02:03:04:05:06:07:08:09:0A:0B:0C:0D:0E:0F:10:11:12:13:14:15:16:17:18:19:1A:1B:1C:1D:1E:1F
a=setup:actpass
a=rtcp-mux
a=rtcp-rsize
a=extmap:1/sendonly urn:ietf:params:rtp-hdrext:ssrc-audio-level vad=on
a=extmap:2 urn:ietf:params:rtp-hdrext:sdes:mid
a=rtpmap:111 opus/48000/2
a=fmtp:111 minptime=10;useinbandfec=1
a=rtcp-fb:111 transport-cc
a=candidate:1 1 udp 2130706431 192.0.2.1 5000 typ host generation 0 ufrag abcd network-id 1
a=candidate:2 1 tcp 1518280447 192.0.2.1 9 typ host tcptype active
a=candidate:3 1 udp 1694498815 198.51.100.1 6000 typ srflx raddr 192.0.2.1 rport 5000
a=end-of-candidates
a=msid:s t
a=ssrc:7 cname:c
a=ssrc:8 cname:c
a=ssrc-group:FID 7 8
m=video 9 UDP/TLS/RTP/SAVPF 96
c=IN IP4 0.0.0.0
a=mid:1
a=bundle-only
a=rtcp-mux
a=rtcp-mux-only
a=rtpmap:96 VP8/90000
a=rtcp-fb:* nack pli
a=rid:h send
a=rid:l send max-width=320
a=rid:r recv
a=simulcast:send h;~l recv r
m=application 9 UDP/DTLS/SCTP webrtc-datachannel
c=IN IP4 0.0.0.0
a=mid:2
a=sctp-port:5000
a=max-message-size:262144
a=sctp-init:AQAAFA==
a=connection:new
""".replace("\n", "\r\n")


def every_field():
    code, out, err = done("sdp", "--json", "-", input=RICH)
    lines = objects(out)
    session, audio, video, data = lines[:4] if len(lines) >= 4 else [{}] * 4
    check("a_description_of_all_fields_is_taken", code == 0 and not err, (code, out, err))
    for name, where, key, value in (
            ("user", session, "user", "ada"), ("name", session, "session_name", "a name"),
            ("id", session, "session_id", "1"), ("version", session, "session_version", "2"),
            ("sections", session, "sections", 3), ("lite", session, "ice_lite", True),
            ("groups", session, "groups", [{"semantics": "BUNDLE", "mids": ["0", "1", "2"]}]),
            ("bandwidth", session, "bandwidth", [{"type": "AS", "value": 900}]),
            ("connection", session, "connection", {"nettype": "IN", "addrtype": "IP4", "address": "192.0.2.7"}),
            ("mixed", session, "extmap_allow_mixed", True),
            ("kind", audio, "kind", "audio"), ("direction", audio, "direction", "sendonly"),
            ("formats", data, "formats", ["webrtc-datachannel"]), ("mux", audio, "rtcp_mux", True),
            ("ufrag", audio, "ice_ufrag", "abcd"), ("password", audio, "ice_pwd_length", 22),
            ("setup", audio, "setup", "actpass"), ("rtcp_port", audio, "rtcp_port", 9),
            ("extmaps", audio, "extmaps", [
                {"id": 1, "direction": "sendonly", "uri": "urn:ietf:params:rtp-hdrext:ssrc-audio-level",
                 "attributes": "vad=on"}, {"id": 2, "uri": "urn:ietf:params:rtp-hdrext:sdes:mid"}]),
            ("ssrc_groups", audio, "ssrc_groups", [{"semantics": "FID", "ids": [7, 8]}]),
            ("ssrcs", audio, "ssrcs", [{"id": 7, "attribute": "cname", "value": "c"},
                                       {"id": 8, "attribute": "cname", "value": "c"}]),
            ("msids", audio, "msids", [{"stream": "s", "track": "t"}]),
            ("end", audio, "end_of_candidates", True), ("bundle_only", video, "bundle_only", True),
            ("feedback_of_all", video, "rtcp_fb_all", ["nack pli"]), ("mux_only", video, "rtcp_mux_only", True),
            ("rids", video, "rids", [{"id": "h", "direction": "send"},
                                     {"id": "l", "direction": "send", "restrictions": "max-width=320"},
                                     {"id": "r", "direction": "recv"}]),
            ("simulcast", video, "simulcast", [{"rid": "h", "direction": "send", "stream": 0},
                                               {"rid": "l", "direction": "send", "stream": 1, "paused": True},
                                               {"rid": "r", "direction": "recv", "stream": 0}]),
            ("sctp", data, "sctp_port", 5000), ("message", data, "max_message_size", 262144),
            ("init", data, "sctp_init", "AQAAFA=="), ("use", data, "connection_use", "new")):
        check(f"a_description_has_its_{name}", where.get(key) == value, where.get(key))
    fingerprints = audio.get("fingerprints", [{}])
    check("a_fingerprint_is_written_as_it_came", fingerprints[0].get("value", "").startswith("00:01:02") and
          fingerprints[0]["value"].endswith(":1E:1F"), fingerprints)
    c = audio.get("candidates", [{}] * 3)
    check("candidates_have_what_they_say", c[0].get("generation") == 0 and c[0].get("ufrag") == "abcd" and
          c[0].get("extensions") == "network-id 1" and c[1].get("tcptype") == "active" and
          c[2].get("raddr") == "192.0.2.1" and c[2].get("rport") == 5000 and "raddr" not in c[0], c)
    codecs = audio.get("codecs", [])
    check("codecs_have_what_they_say", [x["name"] for x in codecs] == ["opus", "PCMU"] and
          codecs[0]["fmtp"] == "minptime=10;useinbandfec=1" and codecs[0]["channels"] == 2 and
          codecs[0]["rtcp_fb"] == ["transport-cc"] and codecs[1].get("static") is True, codecs)
    check("no_password_is_told", "0123456789012345678901" not in out, out)
    check("what_is_strange_is_kept", {"name": "strange", "value": "thing"} in session.get("other_attributes", []) and
          {"name": "flag"} in session.get("other_attributes", []), session.get("other_attributes"))
    code, words, err = done("sdp", "-", input=RICH)
    check("in_words_there_is_a_section_each", code == 0 and all(w in words for w in ("audio", "video", "opus", "VP8"))
          and "0123456789012345678901" not in words, words)
    code, out, err = done("sdp", "--json", "-", input=RICH.replace("connection:new", "connection:existing"))
    check("a_connection_may_exist_already", objects(out)[3]["connection_use"] == "existing", out)
    rare = RICH.replace("a=ice-lite", "a=ice-lite\r\na=ice-pacing:50").replace("m=video 9 ", "m=video 9/2 ")
    code, out, err = done("sdp", "--json", "-", input=rare)
    check("what_is_rare_is_told_too", objects(out)[0].get("ice_pacing") == "50" and objects(out)[2].get("port_count") == 2, (out, err))


def browsers():
    files = sorted((ROOT / "tests/vectors/browser-sdp").glob("*.sdp"))
    wrong = []
    for f in files[::8]:
        code, out, err = done("sdp", "--json", str(f))
        sections = len(re.findall(r"^m=", f.read_text(), re.M))
        lines = objects(out)
        if code or lines[0]["sections"] != sections or lines[sections]["section"] != sections:
            wrong.append((f.name, err))
    check("what_browsers_write_is_told_section_by_section", files and not wrong, wrong)


def errors():
    for name, text, line, found in (
            ("the_first_line", "x=0\r\n", 1, "x"),
            ("a_later_line", HEAD + "s=-\r\nt=0 0\r\nm=audio x UDP/TLS/RTP/SAVPF 0\r\n", 5, "x"),
            ("a_long_line", HEAD + "s=-\r\nt=0 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF " + "0 " * 100 + "z\r\n", 5, ""),
            ("a_place_far_to_the_right", "v=0\r\no=" + "x" * 150 + " z 2 IN IP4 0.0.0.0\r\n", 2, "z"),
            ("a_place_far_to_the_right_of_a_short_line", "v=0\r\no=" + "x" * 70 + " z 2\r\n", 2, "z"),
            ("a_line_without_its_end", HEAD + "s=-\r\nt=0 0\r\nm=audio x UDP 0", 5, "x"),
            ("control_characters", HEAD + "s=-\r\n\x1b\x7f\xff=\r\n", 4, ""),
            ("nothing_at_all", "", 1, "")):
        code, out, err = done("sdp", "--json", "-", input=text.encode("latin1"), text=False)
        e = objects(out.decode())[0]
        check(f"json_names_the_place_in_{name}", code == 1 and e["line"] == line and found in (e["found"] or "")
              and e["file"] == "stdin" and e["error"] and e["expected"] and e["spec"] and not err, (out, err))
        code, out, err = done("sdp", "-", input=text.encode("latin1"), text=False)
        err = err.decode()
        first, shown, caret = err.split("\n")[:3]
        check(f"words_name_the_place_in_{name}", code == 1 and not out and
              first.startswith(f"stdin:{line}:{e['column']}: ") and caret.strip() == "^" and
              len(shown) <= 104 and len(caret) <= 105 and shown.isprintable(), err)
        at = len(caret) - 1  # the caret stands under the character that was found
        if found:
            check(f"the_caret_points_at_it_in_{name}", shown[at] == found, err)
    (work / "bad.sdp").write_text("v=1\n")
    code, out, err = done("sdp", "bad.sdp")
    check("an_error_names_its_file", code == 1 and err.startswith("bad.sdp:1:3: "), err)
    good = work / "good.sdp"
    good.write_bytes(RICH.encode())
    code, out, err = done("sdp", str(good), "gone.sdp", str(good))
    check("one_bad_file_does_not_hide_the_others", code == 1 and "gone.sdp" in err and out.count("opus") >= 2, out)
    with open("/dev/full", "w") as full:
        p = subprocess.run([TAUT, "sdp", "--json", str(good)], stdout=full, stderr=subprocess.PIPE, text=True,
                           timeout=60)
    check("a_full_disk_is_told", p.returncode == 1 and "the output cannot be written" in p.stderr, p)


def escapes():
    """What stands in a name, as it is shown, and as JSON has it."""
    bad = "\ufffd"
    for raw, words, text in (
            (b"plain", "plain", "plain"),
            (b"\x1b[31m", "\\x1b[31m", "\x1b[31m"),
            (b"\x7f", "\\x7f", "\x7f"),
            ("é€😀".encode(), "é€😀", "é€😀"),
            ("\u009b".encode(), "\\u009b", "\u009b"),
            ("\u00a0".encode(), "\u00a0", "\u00a0"),
            ("\u061c\u200e\u200f".encode(), "\\u061c\\u200e\\u200f", "\u061c\u200e\u200f"),
            ("\u200d\u2010".encode(), "\u200d\u2010", "\u200d\u2010"),
            ("\u2028\u202e\u202f".encode(), "\\u2028\\u202e\u202f", "\u2028\u202e\u202f"),
            ("\u2066\u2069\u206a".encode(), "\\u2066\\u2069\u206a", "\u2066\u2069\u206a"),
            (b"a\xffb", "a\\xffb", f"a{bad}b"),
            (b"\xc0\x80", "\\xc0\\x80", bad * 2),              # longer than needed
            (b"\xe0\x9f\xbf", "\\xe0\\x9f\\xbf", bad * 3),
            (b"\xf0\x8f\xbf\xbf", "\\xf0\\x8f\\xbf\\xbf", bad * 4),
            (b"\xed\xa0\x80", "\\xed\\xa0\\x80", bad * 3),     # a surrogate
            (b"\xed\x9f\xbf", "\ud7ff", "\ud7ff"),
            (b"\xee\x80\x80", "\ue000", "\ue000"),
            (b"\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80", bad * 4),  # past U+10FFFF
            (b"\xe2\x82", "\\xe2\\x82", bad * 2),              # cut
            (b"\xe2\x28\xa1", "\\xe2(\\xa1", f"{bad}({bad}"),
            (b"\x80", "\\x80", bad)):
        sdp = HEAD.encode() + b"s=" + raw + b"\r\nt=0 0\r\n"
        code, out, err = done("sdp", "--json", "-", input=sdp, text=False)
        check(f"json_mends_{raw!r}", code == 0 and out.isascii() and
              objects(out.decode())[0]["session_name"] == text, (out, err))
        sdp = HEAD.encode().replace(b"o=-", b"o=" + raw) + b"s=-\r\nt=0 0\r\n"
        code, out, err = done("sdp", "-", input=sdp, text=False)
        check(f"words_escape_{raw!r}", code == 0 and f" by {words} at " in out.decode(), (out, err))


def explained():
    code, out, err = done("sdp", "explain", "-", input=RICH)
    lines = out.split("\n")
    check("each_line_is_shown", code == 0 and not err and
          all(x in lines for x in RICH.split("\r\n") if x and not x.startswith("a=ice-pwd")), (code, out, err))
    check("each_has_its_meaning_and_rule_below", out.count("[RFC ") >= 50 and
          lines[lines.index("a=setup:actpass") + 1] ==
          "    who opens the DTLS connection: either; the answer decides  [RFC 4145 section 4; RFC 8842 section 5.2]", out)
    check("what_nobody_knows_is_said", lines[lines.index("a=strange:thing") + 1].startswith("    unknown: ") and
          lines[-2] == f"{RICH.count(chr(10))} lines, 2 unknown, 0 wrong", lines[-2:])
    check("no_password_is_explained", "0123456789012345678901" not in out and "a=ice-pwd:..." in lines and
          "22 characters" in out, out)
    code, out, err = done("sdp", "explain", "--json", "-", input=RICH)
    told = objects(out)
    check("json_has_a_line_each", code == 0 and [x["line"] for x in told] == list(range(1, RICH.count("\n") + 1)) and
          "0123456789012345678901" not in out, out)
    by = {x["text"]: x for x in told}
    check("json_has_what_words_have", by["a=rtcp-fb:111 transport-cc"] == {
        "line": 30, "section": 1, "text": "a=rtcp-fb:111 transport-cc", "kind": "a=rtcp-fb", "known": True,
        "meaning": "what a receiver may report of a payload type",
        "value": "111 is opus; the receiver tells when each packet of the transport came", "spec": "RFC 4585 section 4.2",
        "value_spec": "draft-holmer-rmcat-transport-wide-cc-extensions-01"}, by.get("a=rtcp-fb:111 transport-cc"))
    check("json_hides_a_password", by[None]["kind"] == "a=ice-pwd" and by[None]["value"] == "22 characters", by.get(None))
    wrong = RICH.replace("RTP/SAVPF 111 0", "RTP/SAVPF 111 x").replace("a=bundle-only", "a=fmtp:99 x")
    wrong = wrong.replace("a=ice-pwd:0123456789012345678901", "a=ice-pwd:sec:secret")
    code, out, err = done("sdp", "explain", "-", input=wrong)
    lines = out.split("\n")
    at = lines.index("m=audio 9 UDP/TLS/RTP/SAVPF 111 x")
    check("a_caret_stands_under_the_mistake", code == 1 and lines[at + 1] == " " * 32 + "^" and
          lines[at + 2].startswith("    wrong: not a number of the range: found x, expected a payload type, from 0 to 127") and
          lines[at + 3].startswith("    a section begins"), lines[at:at + 4])
    check("and_does_not_hide_the_rest", "video" in out and "2 wrong" in lines[-2] and
          lines[lines.index("a=fmtp:99 x") + 2] == "    left out: its payload type is not on the m-line", out)
    check("a_wrong_password_is_not_shown", "secret" not in out and "found what is not shown" in out, out)
    code, out, err = done("sdp", "explain", "--json", "-", input=wrong)
    told = [x for x in objects(out) if "error" in x]
    check("json_has_the_mistakes", code == 1 and len(told) == 2 and "secret" not in out and told[0]["error"] == {
        "column": 33, "message": "not a number of the range", "found": "x",
        "expected": "a payload type, from 0 to 127", "spec": "RFC 8866 section 5.14"} and
        told[1]["error"]["found"] is None, told)
    code, out, err = done("sdp", "explain", "-", input=HEAD + "k=clear:secret\r\na=mid\r\n\x1b[31m=\r\n")
    check("keys_are_not_shown_and_the_terminal_is_not_spoken_to", code == 1 and "secret" not in out and "k=..." in out and
          "\x1b" not in out, out)
    for name, text in (("too_long", "v=0\r\n" + "x" * 9000), ("too_many_mistakes", "v=0\r\n" + "x\r\n" * 65)):
        code, out, err = done("sdp", "explain", "-", input=text)
        check(f"what_is_{name}_is_not_explained", code == 1 and not out and err.startswith("stdin:"), (out, err))
        code, out, err = done("sdp", "explain", "--json", "-", input=text)
        check(f"nor_in_json_what_is_{name}", code == 1 and "error" in objects(out)[0] and not err, (out, err))


def on_a_terminal(*args, **env):
    """What is written to one."""
    leader, follower = pty.openpty()
    p = subprocess.Popen([TAUT, *args], stdout=follower, stderr=subprocess.PIPE, cwd=work,
                         env={k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "TERM")} | env)
    os.close(follower)
    out = b""
    try:
        while got := os.read(leader, 65536):
            out += got
    except OSError:  # its end, on Linux
        pass
    os.close(leader)
    p.communicate(timeout=60)
    return out.decode()


def colours():
    (work / "rich.sdp").write_bytes(RICH.encode())
    plain = done("sdp", "explain", "rich.sdp")[1]
    check("there_are_none_in_a_file", "\x1b" not in plain, plain)
    out = on_a_terminal("sdp", "explain", "rich.sdp", TERM="xterm")
    check("there_are_some_on_a_terminal", "\x1b[1mm=audio" in out and "\x1b[33munknown: " in out and
          re.sub("\x1b\\[[0-9]+m", "", out).replace("\r\n", "\n") == plain, out)
    for env in ({"NO_COLOR": "1", "TERM": "xterm"}, {"TERM": "dumb"}):
        out = on_a_terminal("sdp", "explain", "rich.sdp", **env)
        check(f"there_are_none_with_{env}", "\x1b" not in out and "a=strange" in out, out)
    check("one_that_has_no_name_is_none_the_less", "\x1b[1m" in on_a_terminal("sdp", "explain", "rich.sdp"))
    out = on_a_terminal("sdp", "explain", "rich.sdp", TERM="xterm", NO_COLOR="")
    check("an_empty_NO_COLOR_says_nothing", "\x1b[1m" in out, out)


def usage():
    for args in (("sdp",), ("sdp", "explain"), ("sdp", "lint"), ("sdp", "diff"), ("sdp", "diff", "a"),
                 ("sdp", "diff", "a", "b", "c"), ("sdp", "--what", "a")):
        code, out, err = done(*args)
        check(f"{' '.join(args)}_is_wrong_usage", code == 2 and not out and "taut sdp --help" in err, (code, out, err))


finish(every_field, browsers, errors, escapes, explained, colours, usage)
