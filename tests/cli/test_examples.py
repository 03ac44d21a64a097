#!/usr/bin/env python3
"""The programs of examples/, as somebody starts them who tries them out."""
import signal

from cli import DEADLINE, TAUT, Run, check, finish, relay, work

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


finish(forward, echo, save_call)
