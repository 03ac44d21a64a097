#!/usr/bin/env python3
"""The programs of examples/, as somebody starts them who tries them out."""
import signal

from cli import DEADLINE, TAUT, Run, check, finish, objects, relay, work

CARD = ("--width", "160", "--height", "120", "--fps", "15")


def example(name, *args):
    return Run(*args, program=TAUT.parent / f"example_{name}")


def sees(run, peer):
    """It has decoded a picture of this one; whoever is in the same room is seen as well."""
    def told():
        return any('"first frame"' in x and f'"peer":"{peer}"' in x for x in run.lines)
    with run.changed:
        run.changed.wait_for(lambda: told() or run.open == 0, DEADLINE)
        return told()


def forward():
    """Who is in one room sees who came first to the other, both ways; a second one sees him as well."""
    r, url = relay()
    f = example("forward", url, "left", "right")
    left = Run("call", url, "--room", "left", "--name", "left", "--send", "test", "--json", *CARD)
    right = Run("call", url, "--room", "right", "--name", "right", "--send", "test", "--json", *CARD)
    check("both_sides_see_the_other_room", sees(left, "forward") and sees(right, "forward") and
          left.see('"first audio"'), (left.lines[-3:], f.errors))
    late = Run("call", url, "--room", "left", "--name", "late", "--send", "none", "--json")
    check("so_does_one_who_comes_late", sees(late, "forward"), (late.lines[-3:], f.errors))
    for name, run in (("late", late), ("right", right), ("left", left)):
        check(f"{name}_ends_in_its_sum", run.end() == 0 and run.clean(), (run.lines[-1:], run.errors))
    f.end(signal.SIGTERM)
    check("the_forwarder_has_no_complaint", f.clean(), f.errors)
    r.end()


def echo():
    r, url = relay()
    e = example("echo", url, "hall")
    c = Run("call", url, "--room", "hall", "--data-only", "--name", "ada", "--json")
    check("a_greeting_comes_back", c.see("this is ada"), (c.lines[-3:], e.errors))
    c.end()
    e.end(signal.SIGTERM)
    check("the_echo_has_no_complaint", e.clean(), e.errors)
    r.end()


def save_call():
    r, url = relay()
    c = Run("call", url, "--room", "studio", "--name", "ada", "--send", "test", *CARD)
    c.see("joined")
    s = example("save_call", url, "studio", "recorded", "5")
    code = s.end(None)
    check("a_call_is_recorded", code == 0 and s.clean() and (work / "recorded/video.ivf").stat().st_size > 1000,
          (code, s.lines, s.errors))
    c.end()
    r.end()


def plays(name, *args, says):
    """An example that needs nobody ends with 0 and nothing to complain of, and has said these."""
    run = example(name, *args)
    code = run.end(None)
    check(f"{name}_does_what_it_says", code == 0 and not run.errors and all(run.find(s) for s in says),
          (code, run.lines, run.errors))


def without_a_network():
    plays("core", says=["Bob has heard hello; then: the peer said goodbye"])
    plays("descriptions", says=["line 5: not a number", "offered, taken back, agreed, and offered anew"])
    plays("one_port", says=["2 clients have said hello to port 9000", "and again, from other addresses"])
    plays("streams", says=["which servers has _stun._udp.stun.example?", "where is one.example?",
                           "a channel is open, over TCP"])
    plays("senders", says=["Bob is given a picture, of the stream talk",
                           "of 2 sizes the smallest is sent, at 300 kbit/s"])


def over_loopback():
    plays("call", says=["Bob has heard the keys 12#"])
    plays("channels", says=['Bob is given "position", which is unordered', 'Bob reads {"x":1}',
                            "4194304 octets are over"])
    plays("loops", says=["typ host", "read line"])
    plays("rooms", says=["Ada says: see you", "Bob has left: the peer left the room"])


def measured():
    plays("codecs", "card.png", says=["a tone of 440 Hz"])
    check("a_picture_is_there", (work / "card.png").read_bytes().startswith(b"\x89PNG"))
    plays("files", "files", says=["30 frames by libvpx", "video.ivf: 30 pictures", "audio.ogg: 0 pictures"])
    check("a_snapshot_is_there", (work / "files/snapshot.png").read_bytes().startswith(b"\x89PNG"))
    for kind in ("text", "json"):
        plays("reports", kind, f"trace.{kind}", says=["of 160 x 120 pixels", "neither STUN, DTLS nor RTP",
                                                      "data goes here"])
    check("the_trace_tells_packets", "nominat" in (work / "trace.text").read_text())
    check("each_of_its_lines_is_an_object", len(objects((work / "trace.json").read_text())) > 50)


def what_is_wrong_is_said():
    run = example("files", "/dev/null/none")
    code = run.end(None)
    check("a_folder_that_cannot_be_is_an_error", code == 1 and run.find("/dev/null/none"), (code, run.errors))


finish(forward, echo, save_call, without_a_network, over_loopback, measured, what_is_wrong_is_said)
