#!/usr/bin/env python3
"""taut call and taut demo: two programs and a relay on loopback, and a peer that misbehaves."""
import json
import os
import pty
import signal
import socket
import subprocess
import sys

from cli import TAUT, DEADLINE, Peer, Run, check, finish, relay, work

QUICK = ("--width", "160", "--height", "120", "--fps", "15", "--loopback-only")


def events(run, kind):
    return [o for o in map(json.loads, run.lines) if o["event"] == kind]


def dump_is_whole(dump):
    """What reads dumps of chrome://webrtc-internals finds what it looks for."""
    connection = next(iter(dump["PeerConnections"].values()), {})
    stats = connection.get("stats", {})
    series = {k: json.loads(s["values"]) for k, s in stats.items()}
    last = {(s["statsType"], k.rsplit("-", 1)[1]): series[k][-1] for k, s in stats.items()}
    check("statistics_are_dumped_as_series", dump["getUserMedia"] == [] and len(stats) > 200 and all(
        s["startTime"] <= s["endTime"] and s["startTime"].endswith("Z") for s in stats.values()), len(stats))
    check("series_grow", all(a <= b for k, v in series.items() if k.endswith("-packetsSent")
                             for a, b in zip(v, v[1:])) and last["outbound-rtp", "packetsSent"] > 5)
    check("what_is_decoded_is_told", last["inbound-rtp", "framesDecoded"] > 0 and
          last["inbound-rtp", "frameWidth"] == 160 and last["inbound-rtp", "totalAudioEnergy"] > 0 and
          last["inbound-rtp", "totalSamplesDuration"] > 0.1, {k: v for k, v in last.items() if k[0] == "inbound-rtp"})
    out, hear = ({k[1]: v for k, v in last.items() if k[0] == t} for t in ("outbound-rtp", "inbound-rtp"))
    check("what_encoders_and_sources_did_is_told", out["qpSum"] > 0 and out["targetBitrate"] == 100000 and
          out["totalEncodedBytesTarget"] > 0 and out["hugeFramesSent"] >= 0 and last["media-source", "width"] == 160 and
          last["media-source", "totalAudioEnergy"] > 0, out)
    check("codecs_have_their_parameters", last["codec", "sdpFmtpLine"] == "minptime=10;useinbandfec=1", last.get(("codec", "sdpFmtpLine")))
    check("records_are_objects", sorted(out["qualityLimitationDurations"]) == ["bandwidth", "cpu", "none", "other"] and
          out["qualityLimitationDurations"]["none"] > 0, out["qualityLimitationDurations"])
    check("what_is_shown_and_played_is_told", hear["framesRendered"] > 0 and hear["totalInterFrameDelay"] > 0 and
          hear["freezeCount"] >= 0 and hear["pauseCount"] == 0 and hear["qpSum"] > 0 and
          hear["insertedSamplesForDeceleration"] == 0 and hear["concealedSamples"] >= 0 and
          0 < hear["totalDecodeTime"] < hear["totalProcessingDelay"], hear)
    check("states_are_logged", [e["value"] for e in connection["updateLog"] if e["type"] == "connectionstatechange"][:2]
          == ["connecting", "connected"], connection.get("updateLog"))


def calls():
    """One sends the card and records, the other sends everything back."""
    r, url = relay()
    a = Run("call", url, "--room", "c", "--name", "ada", "--send", "test", "--save", "saved", "--json",
            "--bitrate", "100000", "--trace", "a.txt", "--stun", "stun:127.0.0.1:9", "--stats-json", "a.json",
            *QUICK)
    a.see('"joined"')
    b = Run("call", url, "--room", "c", "--name", "bob", "--send", "echo", "--no-gso", "--loopback-only")
    check("what_is_echoed_is_seen_again", a.see('"first frame"') and a.see('"first audio"'), a.lines[-3:])
    check("live_statistics_are_objects", a.see('"frames_decoded"') is not None)
    code = a.end()
    summary = a.last()
    side = summary.get("sides", [{}])[0]
    check("an_interrupted_call_ends_in_its_sum", code == 0 and a.clean() and summary["event"] == "summary" and
          summary["ok"] is True and side["name"] == "ada" and side["frames_decoded"] > 0 and
          side["connected_ms"] >= 0 and side["srtp_profile"] != "no media" and side["path"], (code, summary, a.errors))
    check("every_line_is_one_object", all("event" in json.loads(x) for x in a.lines))
    check("the_peer_says_goodbye", b.see("peer left") is not None, b.lines[-3:])
    code = b.end()
    check("in_words_the_sum_is_a_table", code == 0 and b.clean() and any(
        x.startswith("bob: connected after ") for x in b.lines) and any("pictures sent" in x for x in b.lines),
        (code, b.lines[-5:], b.errors))
    saved = work / "saved"
    check("what_came_is_recorded", (saved / "video.ivf").stat().st_size > 1000 and
          (saved / "audio.ogg").stat().st_size > 500 and
          (saved / "snapshot.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n", list(saved.iterdir()))
    dump_is_whole(json.loads((work / "a.json").read_text()))
    trace = (work / "a.txt").read_text()
    check("the_trace_has_steps_and_no_password", len(trace) > 5000 and "ice-pwd" not in trace, len(trace))
    check("an_interrupted_relay_ends_with_0", r.end() == 0 and r.clean(), r.errors)


def lines():
    """What is typed: a restart of ICE while the picture goes on, and words for the chat."""
    r, url = relay()
    a = Run("call", url, "--room", "l", "--name", "ada", "--send", "test", "--stdin", "--json", "--trace", "lines.txt",
            *QUICK, stdin=subprocess.PIPE)
    b = Run("call", url, "--room", "l", "--name", "bob", "--send", "test", "--json", *QUICK)

    def type_in(text):
        a.process.stdin.write(text)
        a.process.stdin.flush()

    def nominated(run):
        return len(events(run, "nominated pair"))

    def until(what):
        with a.changed:
            for _ in range(DEADLINE * 20):
                if what():
                    return True
                a.changed.wait(0.05)
        return False
    check("they_meet", a.see('"first frame"') and b.see('"first frame"'), a.lines[-3:])
    before = nominated(a)
    type_in("/restart\n")
    check("a_line_restarts_ice", a.see("ICE restarts") and until(lambda: nominated(a) == before + 1), a.lines[-5:])
    states = [e["text"] for e in events(a, "state")]
    frames = events(b, "stats")[-1]["frames_decoded"] if events(b, "stats") else 0
    check("pictures_go_on", until(lambda: events(b, "stats") and events(b, "stats")[-1]["frames_decoded"] > frames + 10) and
          [s.split(":")[0] for s in states] == ["connecting", "connected"], (states, b.lines[-2:]))
    type_in("hello\nthere, bob\n" + "x" * 5000 + "\n/leave\n\nlast")
    check("other_lines_are_chat", until(lambda: [e["text"] for e in events(b, "chat")][-2:] == ["hello", "there, bob"]),
          events(b, "chat"))
    check("a_command_that_is_none_is_told", a.see("/restart, or a text for the chat"), a.errors)
    a.process.stdin.close()
    check("the_last_line_needs_no_end", until(lambda: [e["text"] for e in events(b, "chat")][-1] == "last"), events(b, "chat"))
    check("the_end_of_input_ends_nothing", until(lambda: b.process.poll() is None and a.process.poll() is None))
    code = a.end()
    check("and_the_call_ends_as_always", code == 0 and a.clean() and a.last()["ok"] is True, (code, a.errors))
    check("nothing_more_was_said", [e["text"] for e in events(b, "chat")][-3:] == ["hello", "there, bob", "last"], events(b, "chat"))
    trace = (work / "lines.txt").read_text()
    check("new_credentials_were_told", trace.count("restart ufrag=") == 1, trace.count("restart"))
    b.end()
    r.end()


def files():
    """What the first call recorded goes out, and the call ends by itself."""
    r, url = relay()
    saver = Run("call", url, "--room", "f", "--name", "saver", "--send", "none", "--save", "again", "--json",
                "--loopback-only")
    saver.see('"joined"')
    sender = Run("call", url, "--room", "f", "--name", "sender", "--send", "saved/video.ivf", "--send",
                 "saved/audio.ogg", "--loopback-only", "--trace", "-")
    code = sender.end(None)
    check("a_call_ends_when_its_files_do", code == 0 and sender.clean(), (code, sender.lines[-3:]))
    check("the_trace_goes_to_stderr", len(sender.errors) > 50, sender.errors[:3])
    saver.see('"peer left"')
    code = saver.end()
    side = saver.last().get("sides", [{}])[0]
    check("all_of_them_arrived", code == 0 and side["frames_decoded"] > 0 and
          (work / "again/video.ivf").stat().st_size > 1000, (code, saver.last()))
    # a file that breaks off is told; one that is repeated goes on until the time is over
    whole = (work / "saved/video.ivf").read_bytes()
    (work / "cut.ivf").write_bytes(whole[:len(whole) - 20])
    other = Run("call", url, "--room", "g", "--data-only", "--loopback-only")
    other.see("joined")
    cut = Run("call", url, "--room", "g", "--send", "cut.ivf", "--loopback-only", "--time", "20")
    check("a_file_that_breaks_off_is_told_with_its_place", cut.see("source ended") and
          "cut.ivf: at byte " in cut.find("source ended"), cut.lines)
    cut.end()
    loop = Run("call", url, "--room", "g", "--send", "saved/video.ivf", "--loop", "--json", "--time", "4",
               "--loopback-only")
    code = loop.end(None)
    check("a_call_ends_when_its_time_is_over", code == 0 and loop.last()["sides"][0]["bytes_sent"] > 0,
          (code, loop.lines[-1:]))
    other.end()
    r.end()


def strangers():
    r, url = relay()
    c = Run("call", url, "--room", "t", "--data-only", "--name", "taut")
    c.see("joined")
    e = Run("call", url, "--room", "t", "--send", "echo", "--json", "--name", "echo")
    check("two_of_them_meet", c.see("chat "), c.lines)  # the greeting, or its echo
    p = Peer(url)
    # U+009B is what ESC [ is; U+202E turns the direction of writing.
    p.say(type="ready", name="x\u009b31m", rooms=["t"])
    check("a_name_with_a_control_character_is_refused", p.hear("error")["code"] == "bad_field")
    p.join("t", "\u202eeve")
    c.see("eve")
    p.say(type="chat", room="t", text="\x1b]0;owned\x07 \u009b31m\n\r\t fake line é")
    line = c.see("fake")
    check("chat_cannot_speak_to_the_terminal",
          line is not None and "\\x1b]0;owned\\x07 \\u009b31m\\n\\r\\t fake line é" in line, line)
    check("nor_can_a_name", r.see("\\u202eeve") and not any("\u202e" in x for x in c.lines + r.lines), r.lines)
    check("an_echo_answers_a_browser_by_the_relay", "fake line" in p.hear("chat")["text"])
    offer = p.hear("description")
    check("who_was_there_makes_the_offer", offer["description"]["type"] == "offer", offer)
    p.say(type="description", room="t", to=offer["from"], call=offer["call"],
          description={"type": "answer", "sdp": "v=0\r\nrubbish"})
    refused = (c if offer["name"] == "taut" else e).see("an answer was refused")
    check("an_answer_of_rubbish_is_told_with_its_place", refused and "line 2" in refused, c.lines[-3:])
    p.say(type="user_here", room="t")  # the call is not alive, so it begins anew
    while (again := p.hear("description"))["from"] != offer["from"]:
        pass
    check("a_call_begins_anew_with_a_new_name", again["call"] != offer["call"], (offer["call"], again["call"]))
    p.say(type="leave", room="t")
    check("a_peer_that_leaves_is_told", c.see("peer left") is not None, c.lines[-3:])
    check("an_echo_ends", e.end(signal.SIGTERM) == 0 and e.clean() and e.last()["event"] == "summary", e.errors)
    check("an_interrupted_call_ends", c.end() == 0 and c.clean(), (c.lines[-3:], c.errors))
    r.end()


def channels():
    """More of them than are remembered, one that sends back, and a chat that is too long."""
    r, url = relay()
    c = Run("call", url, "--room", "d", "--data-only", "--json", "--loopback-only")
    c.see('"joined"')
    p = subprocess.run([sys.argv[2], url, "d"], capture_output=True, text=True, timeout=90)
    check("what_a_channel_named_echo_brings_goes_back", p.returncode == 0, (p.returncode, p.stdout, p.stderr, c.lines[-3:]))
    c.see('"peer left"')
    said = [o["text"] for o in events(c, "chat")]
    check("chat_is_cut_between_characters", len(said) == 1 and said[0] == "x" + "ä" * 4095, (len(said), said[:1]))
    code = c.end()
    check("its_messages_are_counted", code == 0 and c.clean() and
          c.last()["sides"][0]["messages_received"] >= 122, (code, c.last(), c.errors))
    r.end()


def natives():
    """Who has no media answers who has, and echoes do not answer what might be an echo."""
    r, url = relay()
    e = Run("call", url, "--room", "n", "--send", "echo", "--json", "--name", "echo", "--loopback-only")
    e.see('"joined"')
    late = Run("call", url, "--room", "n", "--data-only", "--name", "late", "--loopback-only",
               "--srtp", "taut")
    check("who_has_no_media_answers_who_has", late.see("connected") and late.see("chat"), late.lines)
    native, browser = Peer(url).join("n", "native", "native"), Peer(url).join("n", "browser")
    native.say(type="chat", room="n", text="one")
    browser.hear("chat")
    browser.say(type="chat", room="n", text="two")
    check("an_echo_does_not_answer_a_native_peer", native.hear("chat")["text"] == "two" and
          native.hear("chat")["text"] == "two", native.passed)
    code = late.end()
    check("a_call_without_media_says_so", code == 0 and late.clean() and late.find("late: connected after"),
          (code, late.lines[-4:]))
    e.end()
    r.end()


def lite():
    """Who waits for checks is found, whoever offers; two who wait say so."""
    r, url = relay()
    for first, second in ((["--ice-lite"], []), ([], ["--ice-lite"])):
        room = f"lite{len(first)}"
        one = Run("call", url, "--room", room, "--data-only", "--name", "one", "--loopback-only", *first)
        one.see("joined")
        two = Run("call", url, "--room", room, "--data-only", "--name", "two", "--loopback-only", *second)
        check(f"a_lite_agent_is_found_{len(first)}", one.see("connected") and two.see("connected"), one.lines + two.lines)
        two.end()
        one.end()
    both = []
    for name in "ab":
        both.append(Run("call", url, "--room", "both", "--data-only", "--name", name, "--loopback-only", "--ice-lite"))
        both[-1].see("joined")
    check("two_lite_agents_say_so", both[1].see("lite agent as well"), [run.lines + run.errors for run in both])
    for run in both:
        run.end()
    for wrong in (["--stun", "stun:192.0.2.1"], ["--relay-only"], ["--ice-tcp", "both"], ["--addresses", "public"]):
        bad = Run("call", url, "--ice-lite", *wrong)
        check(f"a_lite_agent_goes_without_{wrong[0][2:]}", bad.end(None) == 2 and any(
            "--ice-lite waits" in x for x in bad.errors), bad.errors)
    r.end()


def simulcast():
    """Both send three sizes of the card; who comes second is asked for them, under other names."""
    r, url = relay()
    options = ("--send", "test", "--simulcast", "--width", "640", "--height", "480", "--fps", "10", "--loopback-only")
    one = Run("call", url, "--room", "s", "--name", "one", "--json", "--save", "three", *options)
    one.see('"joined"')
    two = Run("call", url, "--room", "s", "--name", "two", *options)
    names = {"one": ("lo", "mid", "hi"), "two": ("f", "h", "q")}
    for run, who in ((one, "one"), (two, "two")):
        for rid in names[who]:
            check(f"{who}_sees_{rid}", run.see(f"encoding {rid}") is not None, run.lines[-5:])
    code = one.end()
    side = one.last().get("sides", [{}])[0]
    check("encodings_are_summed_up", code == 0 and one.clean() and sorted(
        (e["rid"], e["width"], e["card_frames"] > 0) for e in side["encodings"]) ==
        [("hi", 640, True), ("lo", 160, True), ("mid", 320, True)] and
        side["frames_decoded"] == sum(e["frames_decoded"] for e in side["encodings"]), (code, side, one.errors))
    two.see("peer left")
    code = two.end()
    check("and_told_in_words", code == 0 and two.clean() and two.find("encoding f: 640 x 480, decoded "),
          (code, two.lines[-8:]))
    check("each_is_recorded", all((work / f"three/{rid}/video.ivf").stat().st_size > 100 for rid in names["one"]))
    for wrong in (["--send", "echo"], ["--send", "saved/video.ivf"], ["--send", "test", "--send", "test"]):
        bad = Run("call", url, "--simulcast", *wrong)
        check(f"no_simulcast_of_{len(wrong)}_{wrong[1][:4]}", bad.end(None) == 2 and bad.errors, bad.errors)
    small = Run("call", url, "--simulcast", "--send", "test", "--width", "320", "--height", "240")
    check("a_card_too_small_to_divide_is_told", small.end(None) == 1 and
          any("80 x 60" in x for x in small.errors), small.errors)
    r.end()


def full_room():
    r, url = relay()
    peers = [Peer(url).join("full", f"p{i}") for i in range(8)]
    for more, where in (([], "room_full"), (["--json"], '"code":"room_full"')):
        c = Run("call", url, "--room", "full", "--data-only", *more)
        code = c.end(None)
        check(f"a_full_room_ends_the_call{'_in_json' if more else ''}", code == 1 and c.find(where) and c.clean(),
              (code, c.lines))
    check("and_nobody_was_connected", "nobody was connected" in Run(
        "call", url, "--room", "alone", "--data-only", "--time", "1").see("nobody"))
    for p in peers:
        p.s.close()
    r.end()


def relay_goes():
    taken = socket.create_server(("127.0.0.1", 0))
    port = taken.getsockname()[1]
    taken.close()
    c = Run("call", f"http://127.0.0.1:{port}/", "--room", "g", "--data-only")
    check("no_relay_is_said_and_tried_again", c.see("unreachable") is not None, c.lines)
    r = Run("relay", "--port", str(port))
    check("the_relay_comes", c.see("joined") is not None, c.lines + r.errors)
    r.process.kill()
    r.end(None)
    with c.changed:
        c.lines.clear()
    check("the_relay_goes", c.see("unreachable") is not None, c.lines)
    check("a_call_without_its_relay_ends", c.end() == 1 and c.clean(), c.errors)
    r, url = relay("--tls")
    c = Run("call", url, "--data-only")
    check("a_certificate_of_its_own_making_is_not_trusted", c.see("certificate is not trusted") is not None, c.lines)
    c.end()
    c = Run("call", url, "--data-only", "--insecure")
    check("unless_it_is_asked_to", c.see("joined") is not None, c.lines)
    c.end()
    # who reads has gone away: the next line that is to be written is the end
    rd, wr = os.pipe()
    c = Run("call", url, "--data-only", "--insecure", stdout=wr)
    os.close(wr)
    seen = b""
    while b"joined" not in seen:
        seen += os.read(rd, 4096)
    os.close(rd)
    r.end()
    code = c.end(None)
    check("a_call_that_nobody_reads_ends", code == 1 and c.find("cannot be written") and c.clean(), (code, c.errors))


def demos():
    # long enough for a machine that is busy with other tests
    d = Run("demo", "--once", "--json", "--seconds", "6", "--port", "8110", "--tls", "--save", "demo")
    code = d.end(None)
    check("a_demo_proves_that_it_works", code == 0 and d.clean() and d.last().get("ok") is True and
          len(d.last()["sides"]) == 2 and events(d, "saved")[0] == {"event": "saved", "dir": "demo", "ok": True},
          (code, d.lines[-2:], d.errors))
    check("its_files_are_there", all((work / "demo" / f).stat().st_size > 0 for f in
                                     ("snapshot.png", "audio.ogg", "video.ivf")))
    d = Run("demo", "--once", "--seconds", "3", "--port", "8115", "--save", "words")
    code = d.end(None)
    works = d.find("the self-call works: received picture words/snapshot.png")
    check("and_in_words", code == (0 if works else 1) and bool(works) != bool(d.find("THE SELF-CALL FAILED")) and
          any(" pictures | in " in x for x in d.lines) and d.find("taut: connected after "), (code, d.lines[-5:]))
    d = Run("demo", "--json", "--port", "8116", "--save", "early")
    d.see('"side":"guest","text":"connected"')
    d.end()
    check("a_demo_that_is_ended_in_its_call_says_what_it_saw", d.last()["event"] == "summary" and
          d.last()["ok"] is False and d.last()["sides"][1]["connected_ms"] >= 0, d.lines[-1:])
    # at a terminal, and on after the proof, until somebody ends it
    master, slave = pty.openpty()
    p = subprocess.Popen([TAUT, "demo", "--seconds", "2", "--port", "8120", "--save", "tty"], cwd=work,
                         stdout=slave, stderr=subprocess.PIPE, text=True)
    os.close(slave)
    seen = b""
    try:
        while seen.count(b"in Chrome (Ctrl-C ends)") < 2:
            seen += os.read(master, 65536)
        p.send_signal(signal.SIGINT)
        while True:
            seen += os.read(master, 65536)
    except OSError:  # the program has ended
        pass
    code = p.wait(DEADLINE)
    text = seen.decode()
    works = "the self-call works: received picture tty/snapshot.png" in text
    check("at_a_terminal_it_goes_on_until_it_is_ended", code == (0 if works else 1) and "\r" in text and
          works != ("THE SELF-CALL FAILED" in text) and
          text.count("guest: connected after ") == 2, (code, text[-2000:], p.stderr.read()))
    os.close(master)
    d = Run("demo", "--json", "--port", "8130", "--save", "cut")
    d.see("serving")
    code = d.end()
    check("an_interrupted_demo_says_its_sum", code in (0, 1) and d.clean() and d.last()["event"] == "summary", d.lines)


finish(calls, lines, files, strangers, channels, natives, lite, simulcast, full_room, relay_goes, demos)
