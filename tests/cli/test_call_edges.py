#!/usr/bin/env python3
"""taut call where it is less usual: keys that are dialled, sizes that nobody chose, input that is none, and two who
find no way to each other."""
import json
import os
import subprocess

from cli import DEADLINE, Run, check, finish, relay, work

SMALL = ("--width", "160", "--height", "120", "--fps", "10", "--loopback-only", "--json")


def said(run, kind):
    return [o for o in map(json.loads, run.lines) if o["event"] == kind]


def call(url, room, name, *args, **more):
    run = Run("call", url, "--room", room, "--name", name, *args, **more)
    run.name = name
    return run


def no_way(url):
    """Both speak through a server alone, which is not there. It takes as long as ICE is patient, and the rest is tried meanwhile."""
    dead = ("--relay-only", "--turn", "turn:127.0.0.1:9", "--turn-user", "ada", "--turn-password", "not-to-be-seen",
            "--loopback-only", "--json", "--send", "test")
    one = call(url, "no-way", "one", *dead, "--stats-json", "no-way.json")
    one.see('"joined"')
    return one, call(url, "no-way", "two", *dead)


def keys(url):
    one = call(url, "keys", "one", "--send", "test", *SMALL)
    one.see('"joined"')
    two = call(url, "keys", "two", "--send", "test", "--dial", "1,#A", *SMALL)
    with one.changed:
        one.changed.wait_for(lambda: len(said(one, "key")) == 3 or one.open == 0, DEADLINE)
    check("keys_are_heard_one_by_one", [o["text"] for o in said(one, "key")] == ["1", "#", "A"], said(one, "key"))
    check("and_told_as_they_are_dialled", [o["text"] for o in said(two, "dials")] == ["1", ",", "#", "A"], said(two, "dials"))
    check("nobody_else_dials", not said(one, "dials") and not said(two, "key"))
    for run in (two, one):
        check(f"{run.name}_ends", run.end() == 0 and run.clean(), run.errors)
    mute = call(url, "mute", "mute", "--data-only", "--loopback-only")
    mute.see("joined")
    dials = call(url, "mute", "dials", "--send", "test", "--dial", "5", *SMALL)
    check("who_takes_no_sound_takes_no_keys", dials.see('"not dialled"') and "takes no keys" in said(dials, "not dialled")[0]["text"],
          dials.lines[-3:])
    for run in (dials, mute):
        run.end()
    for what, wrong in (("--dial", "5x"), ("--dial", "E"), ("--srtp", "none")):
        bad = Run("call", url, what, wrong)
        check(f"{what}_{wrong}_is_refused", bad.end(None) == 2 and bad.find(wrong), bad.errors)


def unchosen(url):
    """Three sizes of the card as it is when nobody says how large; who has no use for three takes one."""
    three = ("--send", "test", "--simulcast", "--loopback-only", "--json")
    one = call(url, "sizes", "one", *three, "--stats-json", "sizes.json")
    one.see('"joined"')
    two = call(url, "sizes", "two", *three)
    for rid in ("lo", "mid", "hi"):
        check(f"encoding_{rid}_comes", one.see(f"encoding {rid}"), one.lines[-4:])
    plain = call(url, "sizes", "plain", "--send", "none", "--loopback-only", "--json")
    check("who_takes_one_gets_one", plain.see('"first frame"'), plain.lines[-4:])
    for run in (one, two, plain): # its sum is of who it met first
        check(f"{run.name}_ends_as_well", run.end() == 0 and run.clean(), run.errors)
    sizes = sorted((e["width"], e["height"]) for s in one.last()["sides"] for e in s["encodings"])
    check("they_are_the_usual_sizes", sizes == [(160, 120), (320, 240), (640, 480)], sizes)
    dump = json.loads((work / "sizes.json").read_text())
    rids = {json.loads(s["values"])[-1] for c in dump["PeerConnections"].values() for k, s in c["stats"].items()
            if k.endswith("-rid") and s["statsType"] == "outbound-rtp"}
    check("each_encoding_has_its_statistics", rids == {"f", "h", "q"}, rids)


def input_that_is_none(url):
    folder = os.open(work, os.O_RDONLY)
    one = call(url, "input", "one", "--data-only", "--stdin", "--loopback-only", "--json", stdin=folder)
    os.close(folder)
    check("a_folder_is_read_as_nothing", one.see('"joined"') and one.process.poll() is None, one.errors)
    two = call(url, "input", "two", "--data-only", "--stdin", "--loopback-only", "--json", stdin=subprocess.PIPE)
    two.process.stdin.write("said too early\n/restart\n\n")
    two.process.stdin.flush()
    check("they_meet_all_the_same", one.see('"connected"') and two.see('"connected"') and two.see('"chat"'), two.lines[-3:])
    two.process.stdin.write("not\0 a line\na line\n")
    two.process.stdin.flush()
    check("a_line_with_a_zero_is_left_out", one.see('"a line"'), one.lines[-3:])
    texts = [o["text"] for o in said(one, "chat")]
    check("and_what_nobody_could_hear_is_not_kept", texts[-1] == "a line" and not any("early" in t or "not" in t for t in texts), texts)
    for run in (two, one):
        check(f"{run.name}_ends_with_0", run.end() == 0 and run.clean(), run.errors)


def no_way_is_told(one, two):
    ended = [run.see('"text":"failed') or run.see('"peer failed"') for run in (one, two)]
    check("both_hear_that_there_is_no_way", all(ended), (one.lines[-3:], two.lines[-3:]))
    check("why_is_said_point_by_point", any(said(run, "why") for run in (one, two)), one.lines[-5:])
    check("the_server_is_named", said(one, "server error") and "turn:127.0.0.1:9" in said(one, "server error")[0]["text"],
          said(one, "server error"))
    for run in (two, one):
        code = run.end()
        check("nobody_was_connected", code == 1 and run.clean() and run.last()["ok"] is False, (code, run.errors))
        check("no_password_is_shown", not run.find("not-to-be-seen"))
    dump = json.loads((work / "no-way.json").read_text())
    logged = [e["value"] for c in dump["PeerConnections"].values() for e in c["updateLog"] if e["type"] == "connectionstatechange"]
    check("what_became_of_it_is_logged", logged[:1] == ["connecting"], logged)


def all_of_it():
    r, url = relay()
    patient = no_way(url)
    for part in (keys, unchosen, input_that_is_none):
        part(url)
    no_way_is_told(*patient)
    check("the_relay_ends", r.end() == 0 and r.clean(), r.errors)


finish(all_of_it)
