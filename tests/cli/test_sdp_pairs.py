#!/usr/bin/env python3
"""taut sdp diff and lint: what an answer agreed to, and what browsers refuse."""
import re

from cli import ROOT, check, done, finish, objects, work

VECTORS = ROOT / "tests/vectors/browser-sdp"
PRINT = "a=fingerprint:sha-256 " + ":".join(f"{i:02X}" for i in range(32))
MID, LEVEL = "urn:ietf:params:rtp-hdrext:sdes:mid", "urn:ietf:params:rtp-hdrext:ssrc-audio-level"


def description(setup, audio, video=(), data=(), group="0 1 2", session=()):
    """Three sections, each with what all have and the lines that are given."""
    def section(m, mid, *lines):
        return [m, "c=IN IP4 0.0.0.0", f"a=mid:{mid}", "a=ice-ufrag:abcd", "a=ice-pwd:0123456789012345678901", PRINT,
                f"a=setup:{setup}", *lines]
    lines = ["v=0", "o=- 1 2 IN IP4 0.0.0.0", "s=-", "t=0 0", f"a=group:BUNDLE {group}", "a=ice-options:trickle", *session,
             *section("m=audio 9 UDP/TLS/RTP/SAVPF 111 0", 0, "a=rtpmap:111 opus/48000/2", "a=rtcp-mux", *audio),
             *section("m=video 9 UDP/TLS/RTP/SAVPF 96 97 98", 1, "a=rtpmap:96 VP8/90000", "a=rtpmap:97 rtx/90000",
                      "a=fmtp:97 apt=96", "a=rtpmap:98 H264/90000", "a=rtcp-mux", *video),
             *section("m=application 9 UDP/DTLS/SCTP webrtc-datachannel", 2, "a=sctp-port:5000", *data)]
    return "".join(x + "\r\n" for x in lines)


OFFER = description("actpass", ["a=extmap:1 " + MID, "a=extmap:2 " + LEVEL, "a=rtcp-rsize", "a=fmtp:111 usedtx=1"],
                    ["a=rtcp-fb:96 nack", "a=rtcp-fb:* nack pli", "a=fmtp:98 packetization-mode=1", "a=rid:h send",
                     "a=rid:l send", "a=rid:x recv", "a=simulcast:send h;l recv x", "a=extmap:1 " + MID],
                    ["a=max-message-size:0"], session=["a=extmap-allow-mixed"])
ANSWER = description("active", ["a=extmap:1 " + MID, "a=extmap:2/recvonly " + LEVEL, "a=rtcp-rsize", "a=recvonly"],
                     ["a=rtcp-fb:96 nack", "a=rtcp-fb:96 ccm fir", "a=rid:h recv", "a=rid:l recv",
                      "a=simulcast:recv h;~l"], ["a=max-message-size:1000"])


def diff(offer, answer):
    """Status and what was found: (section, verdict, topic, text)."""
    (work / "o.sdp").write_bytes(offer.encode())
    (work / "a.sdp").write_bytes(answer.encode())
    code, out, err = done("sdp", "diff", "--json", "o.sdp", "a.sdp")
    found = objects(out)
    assert all(x["spec"] for x in found) and not err, (out, err)
    return code, [(x["section"], x["verdict"], x["topic"], x["text"]) for x in found], found


def compared():
    code, found, raw = diff(OFFER, ANSWER)
    expected = [
        (0, "agreed", "bundle", "mid 0 is on the one transport"),
        (0, "agreed", "bundle", "mid 1 is on the one transport"),
        (0, "agreed", "bundle", "mid 2 is on the one transport"),
        (0, "agreed", "ICE", "the offerer controls: it chooses the pair"),
        (0, "agreed", "trickle", "candidates may come one by one"),
        (1, "agreed", "DTLS", "actpass was offered: the answerer is the client, the offerer the server"),
        (1, "narrowed", "direction", "sendrecv was offered, recvonly answered: the offerer sends"),
        (1, "agreed", "rtcp-mux", "RTCP comes on the port of RTP"),
        (1, "agreed", "rtcp-rsize", "RTCP may be shorter than a report"),
        (1, "agreed", "codec", "opus/48000/2 as 111; the offerer says usedtx=1, the answerer nothing more"),
        (1, "agreed", "codec", "PCMU/8000/1 as 0"),
        (1, "agreed", "extension", f"{MID} as 1"),
        (1, "narrowed", "extension", f"{LEVEL} as 2, in fewer directions than offered"),
        (1, "refused", "extension", "one- and two-byte forms mixed"),
        (2, "agreed", "DTLS", "actpass was offered: the answerer is the client, the offerer the server"),
        (2, "agreed", "direction", "sendrecv was offered, sendrecv answered: both send"),
        (2, "agreed", "rtcp-mux", "RTCP comes on the port of RTP"),
        (2, "agreed", "codec", "VP8/90000 as 96"),
        (2, "agreed", "feedback", "VP8/90000: nack"),
        (2, "refused", "feedback", "VP8/90000: nack pli, not in the answer"),
        (2, "added", "feedback", "VP8/90000: ccm fir, not in the offer"),
        (2, "agreed", "codec", "rtx/90000 as 97, with apt=96"),
        (2, "refused", "feedback", "rtx/90000: nack pli, not in the answer"),
        (2, "refused", "codec", "H264/90000 (98): the answer has it with another packetization-mode"),
        (2, "added", "codec", "H264/90000 (98): it was not offered; the offerer may send it"),
        (2, "refused", "extension", f"{MID} (1)"),
        (2, "refused", "extension", "one- and two-byte forms mixed"),
        (2, "agreed", "simulcast", "rid h of the offerer"),
        (2, "narrowed", "simulcast", "rid l of the offerer, paused for now"),
        (2, "refused", "simulcast", "rid x of the answerer"),
        (3, "agreed", "DTLS", "actpass was offered: the answerer is the client, the offerer the server"),
        (3, "agreed", "data", "SCTP from port 5000 of the offerer to port 5000 of the answerer"),
        (3, "agreed", "data", "the offerer may send messages of 1000 bytes"),
        (3, "agreed", "data", "the answerer may send messages of any size")]
    check("everything_is_compared", code == 0 and found == expected, [x for x in found if x not in expected] or found)
    check("a_finding_names_its_mid_and_rule", raw[9] == {
        "section": 1, "mid": "0", "verdict": "agreed", "topic": "codec", "text": found[9][3],
        "spec": "RFC 3264 section 6.1"}, raw[9])
    code, out, err = done("sdp", "diff", "o.sdp", "a.sdp")
    lines = out.split("\n")
    check("words_say_the_same", code == 0 and not err and "section 2: video, mid 1" in lines and
          [x for x in lines if x.startswith("  ")] == [f"  {v:8}  {t}: {x}  [{r['spec']}]"
                                                      for (_, v, t, x), r in zip(expected, raw)] and
          lines[-2] == "22 agreed, 3 narrowed, 7 refused, 2 added, 0 wrong", out)


def variants():
    """One thing changed in the offer or the answer, and one thing found."""
    no_mid = ("a=mid:1\r\n", "")
    for name, of, fa, code, wanted in (
            ("a_lite_offerer_is_controlled", ("a=extmap-allow-mixed", "a=ice-lite"), None, 0,
             (0, "agreed", "ICE", "the answerer controls, because the offerer is lite")),
            ("a_lite_answerer_is_controlled", None, ("s=-", "s=-\r\na=ice-lite"), 0,
             (0, "agreed", "ICE", "the offerer controls; the answerer is lite and only answers")),
            ("of_two_lite_agents_the_offerer_chooses", ("a=extmap-allow-mixed", "a=ice-lite"), ("s=-", "s=-\r\na=ice-lite"), 0,
             (0, "agreed", "ICE", "the offerer controls: it chooses the pair")),
            ("trickling_may_be_refused", None, ("a=ice-options:trickle", "a=ice-options:ice2"), 0,
             (0, "refused", "trickle", "the answer does not say a=ice-options:trickle")),
            ("a_mid_may_leave_the_bundle", None, ("BUNDLE 0 1 2", "BUNDLE 0 2"), 0,
             (0, "refused", "bundle", "mid 1: the answer's group does not have it")),
            ("a_mid_may_not_come_into_the_bundle", ("BUNDLE 0 1 2", "BUNDLE 0 2"), None, 1,
             (0, "wrong", "bundle", "mid 1: the offer's group does not have it")),
            ("another_kind_is_wrong", None, ("m=video", "m=text"), 1, (2, "wrong", "section", "video was offered, text answered")),
            ("another_transport_is_wrong", None, ("UDP/DTLS", "TCP/DTLS"), 1,
             (3, "wrong", "section", "UDP/DTLS/SCTP was offered, TCP/DTLS/SCTP answered")),
            ("another_mid_is_wrong", None, ("a=mid:1\r\n", "a=mid:7\r\n"), 1, (2, "wrong", "section", "mid 1 was offered, 7 answered")),
            ("a_section_may_be_refused", None, ("m=video 9", "m=video 0"), 0, (2, "refused", "section", "the answer has port 0")),
            ("a_stopped_one_may_not_be_started", ("m=video 9", "m=video 0"), None, 1,
             (2, "wrong", "section", "the offer stopped it with port 0, the answer has port 9")),
            ("bundle_only_is_not_stopped", ("m=video 9", "m=video 0"), None, 0, (2, "agreed", "codec", "VP8/90000 as 96")),
            ("an_active_answerer_needs_another_offerer", ("a=setup:actpass", "a=setup:active"), None, 1,
             (1, "wrong", "DTLS", "active was offered, active answered: nobody knows who opens it")),
            ("a_passive_answerer_needs_another_offerer", ("a=setup:actpass", "a=setup:passive"), ("a=setup:active", "a=setup:passive"), 1,
             (1, "wrong", "DTLS", "passive was offered, passive answered: nobody knows who opens it")),
            ("a_passive_answerer_waits", None, ("a=setup:active", "a=setup:passive"), 0,
             (1, "agreed", "DTLS", "actpass was offered: the offerer is the client, the answerer the server")),
            ("an_answer_decides", None, ("a=setup:active", "a=setup:actpass"), 1,
             (1, "wrong", "DTLS", "actpass was offered, actpass answered: nobody knows who opens it")),
            ("no_setup_in_the_offer_will_do", ("a=setup:actpass\r\n", ""), None, 0,
             (1, "agreed", "DTLS", "nothing was offered: the answerer is the client, the offerer the server")),
            ("no_setup_in_the_answer_will_not", None, ("a=setup:active\r\n", ""), 1,
             (1, "wrong", "DTLS", "actpass was offered, nothing answered: nobody knows who opens it")),
            ("an_answer_may_not_take_more", ("a=rtcp-rsize", "a=rtcp-rsize\r\na=recvonly"), None, 1,
             (1, "wrong", "direction", "recvonly was offered, recvonly answered: nobody sends; the answer takes more than was offered")),
            ("inactive_is_less", None, ("a=recvonly", "a=inactive"), 0,
             (1, "narrowed", "direction", "sendrecv was offered, inactive answered: nobody sends")),
            ("the_answerer_may_send_alone", ("a=rtcp-rsize", "a=rtcp-rsize\r\na=recvonly"), ("a=recvonly", "a=sendonly"), 0,
             (1, "agreed", "direction", "recvonly was offered, sendonly answered: the answerer sends")),
            ("rtcp_may_have_its_port", None, ("a=rtcp-mux\r\n", ""), 0, (1, "refused", "rtcp-mux", "RTCP has a port of its own")),
            ("rtcp_may_not_begin_to_share_a_port", ("a=rtcp-mux\r\n", ""), None, 1,
             (1, "wrong", "rtcp-mux", "it is answered, and was not offered")),
            ("who_can_only_share_a_port_gets_that", ("a=rtcp-mux\r\n", "a=rtcp-mux\r\na=rtcp-mux-only\r\n"), ("a=rtcp-mux\r\n", ""), 1,
             (1, "wrong", "rtcp-mux", "the offerer has no other way, so the section had to be refused")),
            ("reports_may_be_whole", None, ("a=rtcp-rsize\r\n", ""), 0, (1, "refused", "rtcp-rsize", "RTCP begins with a report")),
            ("a_number_may_be_another", None, ("SAVPF 111 0", "SAVPF 109 0"), 0,
             (1, "agreed", "codec", "opus/48000/2 as 111 in the offer, 109 in the answer; "
              "the offerer says usedtx=1, the answerer nothing more")),
            ("both_say_their_parameters", ("a=fmtp:111 usedtx=1\r\n", ""), ("a=recvonly", "a=recvonly\r\na=fmtp:111 stereo=1"), 0,
             (1, "agreed", "codec", "opus/48000/2 as 111; the offerer says nothing more, the answerer stereo=1")),
            ("a_codec_may_be_refused", None, ("SAVPF 111 0", "SAVPF 0"), 0, (1, "refused", "codec", "opus/48000/2 (111): the answer does not have it")),
            ("one_without_a_name_as_well", ("SAVPF 111 0", "SAVPF 111 35"), None, 0,
             (1, "refused", "codec", "(no a=rtpmap) (35): the answer does not have it")),
            ("none_in_common_is_wrong", None, ("SAVPF 111 0", "SAVPF 8"), 1,
             (1, "wrong", "codec", "none is in both: the section should have been refused, with port 0")),
            ("a_retransmission_goes_with_its_codec", None, ("a=fmtp:97 apt=96", "a=fmtp:97 apt=98"), 0,
             (2, "refused", "codec", "rtx/90000 (97): the answer has it with another apt")),
            ("and_with_none_if_it_does_not_say", ("a=fmtp:97 apt=96\r\n", ""), None, 0,
             (2, "refused", "codec", "rtx/90000 (97): the answer has it with another apt")),
            ("or_says_one_that_is_not_there", None, ("a=fmtp:97 apt=96", "a=fmtp:97 apt=33"), 0,
             (2, "refused", "codec", "rtx/90000 (97): the answer has it with another apt")),
            ("numbers_of_retransmissions_may_be_others", None, ("VIDEO", "VIDEO"), 0,
             (2, "agreed", "codec", "rtx/90000 as 97")),
            ("a_number_of_an_extension_stays", None, ("a=extmap:2/recvonly", "a=extmap:3/recvonly"), 1,
             (1, "wrong", "extension", f"{LEVEL}: 2 was offered, 3 answered; the number stays")),
            ("a_number_too_high_is_to_be_chosen", ("a=extmap:2", "a=extmap:4096"), None, 0,
             (1, "narrowed", "extension", f"{LEVEL} as 2, in fewer directions than offered")),
            ("an_extension_is_not_answered_first", ("a=extmap:2", "a=x:2"), None, 1,
             (1, "wrong", "extension", f"{LEVEL} (2): it was not offered")),
            ("an_extension_may_be_of_the_session", ("a=extmap-allow-mixed", f"a=extmap:9 urn:x"), None, 0,
             (1, "refused", "extension", "urn:x (9)")),
            ("both_may_mix_forms", None, ("s=-", "s=-\r\na=extmap-allow-mixed"), 0,
             (1, "agreed", "extension", "one- and two-byte forms mixed")),
            ("nobody_need_answer_simulcast", None, ("a=simulcast:recv h;~l\r\n", ""), 0,
             (2, "refused", "simulcast", "3 encodings were offered; the answer has no a=simulcast, so there is one")),
            ("an_encoding_may_be_paused_from_the_start", ("a=simulcast:send h;l recv x", "a=simulcast:send h;~l recv x"), None, 0,
             (2, "agreed", "simulcast", "rid l of the offerer")),
            ("nobody_answers_rids_first", None, ("a=simulcast:recv h;~l", "a=simulcast:recv h send l"), 1,
             (2, "wrong", "simulcast", "rid l was not offered in that direction")),
            ("messages_may_have_any_size", ("a=max-message-size:0", "a=max-message-size:7"),
             ("a=max-message-size:1000", "a=max-message-size:0"), 0, (3, "agreed", "data", "the offerer may send messages of any size")),
            ("or_one", ("a=max-message-size:0", "a=max-message-size:7"), None, 0,
             (3, "agreed", "data", "the answerer may send messages of 7 bytes")),
            ("a_section_without_a_mid_is_one_too", no_mid, no_mid, 0, (2, "agreed", "codec", "VP8/90000 as 96"))):
        offer, answer = OFFER, ANSWER
        if name.startswith("bundle_only"):
            offer = offer.replace("a=mid:1", "a=mid:1\r\na=bundle-only")
        if no_mid in (of, fa) or name == "another_mid_is_wrong":
            offer, answer = offer.replace("E 0 1 2", "E 0 2"), answer.replace("E 0 1 2", "E 0 2")
        if name == "a_number_may_be_another":
            answer = answer.replace("rtpmap:111", "rtpmap:109")
        if name == "numbers_of_retransmissions_may_be_others":
            answer = answer.replace("96", "100").replace(":97 apt", ":97  apt")
        offer = offer.replace(*of) if of else offer
        answer = answer.replace(*fa) if fa else answer
        got, found, raw = diff(offer, answer)
        check(name, got == code and wanted in found and (code == 1) == any(x[1] == "wrong" for x in found),
              (got, wanted, [x for x in found if x[0] == wanted[0]]))
    head = "v=0\r\no=- 1 2 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n"
    code, found, raw = diff(OFFER, head)
    check("an_answer_has_all_sections", code == 1 and
          (0, "wrong", "sections", "3 were offered, 0 are answered; an answer has them all") in found, found)
    code, found, raw = diff(head, head)
    check("nothing_agrees_with_nothing", code == 0 and len(found) == 1, found)
    text = head + "m=text 9 FOO x\r\n"
    code, found, raw = diff(text, text)
    check("what_is_not_rtp_has_no_codecs", code == 0 and len(found) == 1, found)
    code, out, err = done("sdp", "diff", "o.sdp", "a.sdp")
    check("nor_a_mid", "section 1: text, no mid" in out, out)
    bundled = OFFER.replace(f"{PRINT}\r\na=setup:actpass\r\na=rtpmap:96", "a=rtpmap:96")
    code, found, raw = diff(bundled, ANSWER.replace(f"{PRINT}\r\na=setup:active\r\na=rtpmap:96", "a=rtpmap:96"))
    check("a_bundle_tells_its_transport_once", code == 0 and not any(x[0] == 2 and x[2] == "DTLS" for x in found), found)
    for first, second in (("o.sdp", "gone.sdp"), ("gone.sdp", "o.sdp")):
        code, out, err = done("sdp", "diff", first, second)
        check(f"{second}_after_{first}_is_an_end", code == 1 and not out and "gone.sdp" in err, (out, err))
    (work / "bad.sdp").write_text("v=1\n")
    for first, second in (("o.sdp", "bad.sdp"), ("bad.sdp", "o.sdp")):
        code, out, err = done("sdp", "diff", first, second)
        check(f"{second}_after_{first}_cannot_be_read", code == 1 and not out and err.startswith("bad.sdp:1:3: "), (out, err))


def pairs():
    """What browsers answer to each other is not wrong, section by section."""
    wrong, count = [], 0
    for offer in sorted(VECTORS.glob("*_offer*.sdp")):
        answer = offer.with_name(offer.name.replace("_offer", "_answer"))
        if not answer.exists():
            continue
        code, out, err = done("sdp", "diff", "--json", str(offer), str(answer))
        found, count = objects(out), count + 1
        sections = len(re.findall(r"^m=", offer.read_text(), re.M))
        if code or err or {x["section"] for x in found} != set(range(sections + 1)):
            wrong.append((offer.name, code, err, [x for x in found if x["verdict"] == "wrong"]))
    check("no_answer_of_a_browser_is_wrong", count == 149 and not wrong, (count, wrong))


def lint(text, *more):
    code, out, err = done("sdp", "lint", "--json", "-", input=text.encode(), text=False)
    found = objects(out.decode())
    assert found[-1]["problems"] == len(found) - 1 and (code == 0) == (len(found) == 1) and not err, (out, err)
    return found[:-1]


def refused():
    """The rows of a table that was measured, as variants of an offer that both browsers take."""
    plain = OFFER.replace("a=rid", "a=x").replace("a=simulcast", "a=x").replace("a=extmap:1 " + MID + "\r\nm=", "m=")
    chromium, both = ["Chromium"], ["Chromium", "Firefox"]
    for name, old, new, line, by in (
            ("nothing", "a=sctp-port", "a=sctp-port", None, None),
            ("feedback_of_nobody", "a=rtcp-fb:96 nack", "a=rtcp-fb:99 nack", "", chromium),
            ("parameters_of_nobody", "a=fmtp:97", "a=fmtp:99", "", chromium),
            ("feedback_of_all", "a=rtcp-fb:96 nack", "a=rtcp-fb:* nack", None, None),
            ("one_number_for_two_extensions", "a=rtcp-fb:96 nack", "a=extmap:1 urn:x", "", chromium),
            ("one_number_for_two_with_directions", "a=rtcp-fb:96 nack", "a=extmap:1/sendonly urn:x", "", chromium),
            ("one_number_for_two_spaced_out", "a=rtcp-fb:96 nack", "a=extmap: 1 urn:x", "m=video", chromium),
            ("one_extension_with_two_numbers", "a=rtcp-fb:96 nack", "a=extmap:7 " + MID, None, None),
            ("one_number_in_two_transports", "a=rtcp-fb:96 nack", "a=extmap:1 urn:x", None, None),
            ("line_feeds", "\r\n", "\n", None, None),
            ("no_bundle", "a=group:BUNDLE 0 1 2\r\n", "", None, None),
            ("other_groups", "a=group:BUNDLE 0 1 2", "a=group:LS 0 1 2", None, None),
            ("no_mid", "a=mid:", "a=x-mid:", None, None),
            ("ice_lite", "s=-", "s=-\r\na=ice-lite", None, None),
            ("sha_512", PRINT, "a=fingerprint:sha-512 " + ":".join(["AB"] * 64), None, None),
            ("old_data_channels", "UDP/DTLS/SCTP webrtc-datachannel", "DTLS/SCTP 5000", None, None),
            ("rtcp_on_its_own_port", "a=rtpmap:111 opus/48000/2\r\na=rtcp-mux\r\n", "a=rtpmap:111 opus/48000/2\r\n", 8, both),
            ("no_fingerprint", PRINT + "\r\na=setup:actpass\r\na=rtpmap:111", "a=rtpmap:111", 8, both),
            ("no_fingerprint_of_what_is_bundled", PRINT + "\r\na=setup:actpass\r\na=rtpmap:96", "a=rtpmap:96", None, None),
            ("a_short_user_name", "a=mid:0\r\na=ice-ufrag:abcd", "a=mid:0\r\na=ice-ufrag:abc", 11, both),
            ("a_short_password", "a=mid:1\r\na=ice-ufrag:abcd\r\na=ice-pwd:0123456789012345678901",
             "a=mid:1\r\na=ice-ufrag:abcd\r\na=ice-pwd:012345678901234567890", 25, both),
            ("a_stopped_section", "m=video 9", "m=video 0", None, None),
            ("what_taut_cannot_read", "a=sctp-port:5000", "a=sctp-port:x", "", [])):
        text = plain.replace(old, new)
        if name == "one_number_in_two_transports":
            text = text.replace("BUNDLE 0 1 2", "BUNDLE 0 2")
        if name == "no_mid":
            text = text.replace("a=group:BUNDLE 0 1 2\r\n", "")
        if name == "a_stopped_section":
            text = text.replace("a=rtcp-mux\r\na=rtcp-fb", "a=rtcp-fb").replace("BUNDLE 0 1 2", "BUNDLE 0 2")
        if isinstance(line, str):  # where that begins, or what was put there
            line = 1 + [x.startswith(line or new) for x in text.split("\r\n")].index(True)
        found = lint(text)
        if not by and by != []:
            check(f"browsers_take_{name}", not found, found)
            continue
        check(f"browsers_refuse_{name}", any(x["line"] == line and x["refused_by"] == by and x["problem"] for x in found), found)
    found = lint(plain[:-2])
    check("browsers_refuse_a_last_line_without_an_end", [x["refused_by"] for x in found] == [chromium] and
          found[0]["line"] == plain.count("\n"), found)
    found = lint(plain.replace("m=video 9", "m=video 0").replace("a=mid:1", "a=mid:1\r\na=bundle-only").replace("a=rtcp-mux\r\na=rtcp-fb", "a=rtcp-fb"))
    check("what_is_bundle_only_is_looked_at", [x["refused_by"] for x in found] == [both], found)
    found = lint("")
    check("an_empty_text_cannot_be_read", found and all(x["refused_by"] == [] for x in found), found)
    for secret, by in (("secret", both), ("sec:secret", [])):
        found = lint(plain.replace("a=ice-pwd:0123456789012345678901", "a=ice-pwd:" + secret, 1))
        check(f"a_wrong_password_is_not_shown_{len(by)}", len(found) == 1 and found[0]["refused_by"] == by and
              "secret" not in str(found), found)
    short = plain.replace("m=video 9", "m=video 0").replace("a=mid:1\r\na=ice-ufrag:abcd", "a=mid:1\r\na=ice-ufrag:ab")
    found = lint(short.replace("BUNDLE 0 1 2", "BUNDLE 0 2"))
    check("credentials_of_a_stopped_section_are_not_looked_at", not found, found)
    code, out, err = done("sdp", "lint", "-", input=plain[:-2].replace("a=rtcp-fb:96", "a=rtcp-fb:99").replace("s=-", "s=-\r\nt=x")
                          .replace("a=ice-ufrag:abcd", "a=ice-ufrag:ab", 1))
    check("words_say_who_and_where", code == 1 and not err and [x.split(": ")[:2] for x in out.splitlines()] == [
        ["stdin:4", "taut cannot read it"], ["stdin:34", "Chromium refuses it"],
        ["stdin:12", "Chromium and Firefox refuse it"], ["stdin:" + str(plain.count("\n") + 1), "Chromium refuses it"]] and
        out.splitlines()[1].endswith('; it says "Failed to parse codecs correctly"'), out)
    (work / "good.sdp").write_bytes(plain.encode())
    code, out, err = done("sdp", "lint", "good.sdp")
    check("words_say_that_nothing_is_known", code == 0 and
          out == "good.sdp: nothing is known that Chromium or Firefox would refuse\n", out)
    for args in ((), ("--json",)):
        code, out, err = done("sdp", "lint", *args, "-", input="v=0\r\n" + "x" * 9000)
        check(f"what_is_too_long_is_not_looked_at{args}", code == 1 and "too long" in out + err, (out, err))


def browsers():
    """Of what browsers write, only feedback that Firefox leaves behind is refused, as was seen."""
    code, out, err = done("sdp", "lint", "--json", *map(str, sorted(VECTORS.glob("*.sdp"))))
    lines, found = objects(out), {}
    for x in lines:
        if "problem" in x:
            found.setdefault((x.get("says"), tuple(x["refused_by"])), set()).add(x["file"].split("/")[-1])
    check("each_file_has_its_end", code == 1 and sum("problems" in x for x in lines) == 323 and
          sum(x.get("problems", 0) for x in lines) == 240, err)
    (reason, files), = found.items() if len(found) == 1 else [(None, set())]
    check("only_firefox_leaves_feedback_behind", reason == ("Failed to parse codecs correctly", ("Chromium",)) and
          len(files) == 13 and all(re.match(r"firefox.*_(pref|svc)_.*_offer", x) for x in files), found)


finish(compared, variants, pairs, refused, browsers)
