#!/usr/bin/env python3
"""The taut command as a person meets it: helps, mistakes with their place and reason, the relay."""
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time

from cli import TAUT, check, done, finish, objects, relay, work

COMMANDS = ("demo", "call", "relay", "ice", "stun", "sdp", "doctor")
CALL = ["call", "http://localhost:1/"]
SECRET = "lovelace-1815"
TURN = ["--turn", "turn:127.0.0.1:9", "--turn-user", "ada", "--turn-password", SECRET]


def helps():
    for flag in ("--help", "-h"):
        code, out, err = done(flag)
        check(f"the_help_{flag}_names_every_command",
              code == 0 and not err and all(f"taut {c} " in out for c in COMMANDS), out)
    code, out, err = done("--version")
    check("the_version_is_a_number", code == 0 and out.startswith("taut 0.") and not err, out)
    for c in COMMANDS:
        code, out, err = done(c, "--help")
        check(f"{c}_has_a_help_with_examples", code == 0 and out.startswith(f"usage: taut {c}") and
              f"examples:\n  taut {c}" in out and "-h, --help" in out and not err, out + err)
        for name, arg in re.findall(r"^  (?:-\w, |    )--([\w-]+)( [A-Z]\S*)?", out, re.M):
            code, _, err = done(c, f"--{name}", *(["1"] if arg else []), "--help")
            check(f"{c}_knows_{name}", code in (0, 2) and "unrecognized" not in err, err)
        for bad in ("--no-such-option", "-Z"):
            code, out, err = done(c, bad)
            check(f"{c}_refuses_{bad}", code == 2 and bad[-1] in err and
                  f"see 'taut {c} --help'" in err and not out, err)
    code, out, err = done("call", "--help")
    check("an_option_has_its_letter_and_its_argument", "-r, --room NAME " in out and
          "    --width N" in out and "-j, --json  " in out and "    --loop  " in out, out)


def secrets():
    """While it runs: what others see of its arguments."""
    with subprocess.Popen([TAUT, "call", "http://127.0.0.1:9/", *TURN], stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL) as run:
        seen = b""
        deadline = time.monotonic() + 20
        while b"***" not in seen and time.monotonic() < deadline and run.poll() is None:
            with open(f"/proc/{run.pid}/cmdline", "rb") as f:
                seen = f.read()
        run.send_signal(signal.SIGINT)
        run.wait()
    check("a_password_is_gone_from_the_arguments", b"***" in seen and SECRET.encode() not in seen, seen)


def mistakes():
    for name, args, status, word in (
            ("no_command", [], 2, "usage"),
            ("an_unknown_command", ["cal"], 2, "no command 'cal'"),
            ("call_without_a_url", ["call"], 2, "one URL"),
            ("call_with_two_urls", [*CALL, "http://localhost:2/"], 2, "one URL"),
            ("call_to_no_url", ["call", "localhost:8080"], 1, "a relay is http"),
            ("call_with_an_empty_room", [*CALL, "--room", ""], 1, "join ''"),
            ("call_with_an_endless_name", [*CALL, "--name", "n" * 65], 1, "name"),
            ("call_with_a_strange_stun_server", [*CALL, "--stun", "no/where"], 2, "not 'no/where'"),
            ("call_with_a_turn_server_and_no_name", [*CALL, "--turn", "turn:127.0.0.1", "--turn-password", "x"], 2,
             "--turn, --turn-user and --turn-password belong together"),
            ("call_with_five_servers", [*CALL, *["--stun", "stun:127.0.0.1"] * 5], 2, "4 servers at most"),
            ("call_with_five_passwords", [*CALL, *["--turn-password", "x"] * 5], 2, "--turn-password is there more than 4"),
            ("call_with_a_turn_server_over_dtls", [*CALL, *TURN, "--turn", "turns:h?transport=udp"], 1,
             "turns:HOST[:PORT], not 'turns:h?transport=udp'"),
            ("call_with_a_strange_stun_server_and_turn", [*CALL, *TURN, "--stun", "no/where"], 2, "not 'no/where'"),
            ("call_with_an_endless_password", [*CALL, "--turn-password", "x" * 509], 2, "more than 508 octets"),
            ("call_of_a_missing_file", [*CALL, "--send", "gone.ivf"], 1, "gone.ivf: cannot be opened: No such"),
            ("call_of_a_strange_file", [*CALL, "--send", "film.mov"], 1, "film.mov"),
            ("call_of_three_files", [*CALL] + ["--send", "test"] * 3, 2, "at most two --send"),
            ("call_with_no_time", [*CALL, "--time", "0"], 2, "--time takes a number from 1 to 1000000, not '0'"),
            ("call_with_a_word_for_a_time", [*CALL, "--time", "soon"], 2, "not 'soon'"),
            ("call_with_a_time_and_a_word", [*CALL, "--time", "1s"], 2, "not '1s'"),
            ("call_with_an_empty_time", [*CALL, "--time", ""], 2, "not ''"),
            ("call_with_a_time_beyond_numbers", [*CALL, "--time", "9" * 30], 2, "--time"),
            ("call_with_a_narrow_card", [*CALL, "--width", "159"], 2, "--width takes a number from 160"),
            ("call_with_a_low_card", [*CALL, "--height", "119"], 2, "--height takes a number from 120"),
            ("call_with_fast_pictures", [*CALL, "--fps", "61"], 2, "--fps takes a number from 1 to 60"),
            ("call_with_few_bits", [*CALL, "--bitrate", "19999"], 2, "--bitrate takes a number from 20000"),
            ("call_saved_to_nowhere", [*CALL, "--save", "/proc/no"], 1, "/proc/no"),
            ("call_saved_to_a_file", [*CALL, "--save", "/etc/passwd"], 1, "/etc/passwd: is not a directory"),
            ("call_traced_to_nowhere", [*CALL, "--trace", "/no/file"], 1, "/no/file: No such file"),
            ("call_with_unknown_srtp", [*CALL, "--srtp", "nss"], 2, "libsrtp2"),
            ("relay_with_an_operand", ["relay", "8080"], 2, "takes no '8080'"),
            ("relay_on_a_strange_host", ["relay", "--host", "nowhere"], 2, "--host takes an IP address, not 'nowhere'"),
            ("relay_on_a_port_too_far", ["relay", "--port", "65536"], 2, "65535"),
            ("relay_on_somebody_elses_address", ["relay", "--host", "192.0.2.1"], 1,
             "no port from 8080 to 8099 is free on 192.0.2.1"),
            ("demo_saved_to_nowhere", ["demo", "--once", "--port", "8100", "--save", "/proc/no"], 1, "/proc/no"),
            ("demo_on_a_strange_host", ["demo", "--once", "--host", "nowhere"], 2, "nowhere"),
            ("demo_with_an_operand", ["demo", "now"], 2, "takes no 'now'"),
            ("demo_on_no_port", ["demo", "--port", "0"], 2, "--port"),
            ("demo_of_a_second", ["demo", "--seconds", "1"], 2, "--seconds takes a number from 2 to 3600"),
            ("demo_traced_to_nowhere", ["demo", "--trace", "/no/file"], 1, "/no/file"),
            ("sdp_of_a_missing_file", ["sdp", "gone.sdp"], 1, "gone.sdp: No such file"),
            ("sdp_of_a_directory", ["sdp", "/"], 1, "/: Is a directory"),
            ("sdp_without_a_file", ["sdp"], 2, "which file"),
            ("stun_of_two_servers", ["stun", "a", "b"], 2, "one server")):
        code, out, err = done(*args)
        check(name, code == status and word in err and "Sanitizer" not in err and SECRET not in err
              and (not out or args[0] == "demo"), (code, out, err))


def full_disk():
    """What cannot be written is a failure, whatever was to be said."""
    for args in (["--help"], ["sdp", "--help"], ["--version"]):
        with open("/dev/full", "w") as full:
            p = subprocess.run([TAUT, *args], stdout=full, stderr=subprocess.PIPE, text=True, timeout=60)
        check(f"a_full_disk_is_told_{'_'.join(args)}", p.returncode == 1 and
              "cannot be written: No space left" in p.stderr, (p.returncode, p.stderr))


def relays():
    for how in (signal.SIGINT, signal.SIGTERM):
        r, url = relay()
        check(f"a_relay_names_its_url_and_ends_with_{how.name}", url.startswith("http://localhost:") and
              r.end(how) == 0 and r.clean(), (r.lines, r.errors))
    r, url = relay("--tls", "--host", "0.0.0.0", "--quiet")
    port = int(url.strip("/").rsplit(":", 1)[1])
    check("a_relay_with_tls_says_https", url.startswith("https://localhost:"), url)
    code, out, err = done("relay", "--port", str(port), "--host", "0.0.0.0")
    # between 8080 and 8099 the next one would have been taken
    check("a_taken_port_is_told", code == 1 and f"cannot listen on port {port} of 0.0.0.0" in err, err)
    check("a_quiet_relay_prints_its_url_alone", r.end() == 0 and len(r.lines) == 1, r.lines)
    taken = socket.create_server(("127.0.0.1", 0))
    port = taken.getsockname()[1]
    code, out, err = done("demo", "--once", "--port", str(port))
    check("a_demo_on_a_taken_port_says_so", code == 1 and f"port {port} of 127.0.0.1" in err and not out, err)
    taken.close()


def doctor():
    """What it says of this machine, and of one without a network."""
    def checks(out):
        return {r["check"]: r for r in objects(out)}

    code, out, err = done("doctor", "--json")
    said = checks(out)
    check("doctor_finds_this_machine_well", code == 0 and not err and said["udp send"]["verdict"] == "ok"
       and said["srtp"]["verdict"] == "ok" and "works" in said["srtp"]["text"], out + err)
    code, out, err = done("doctor")
    check("doctor_sums_up", code == 0 and out.rstrip().endswith("0 bad"), out + err)
    code, out, err = done("doctor", "please")
    check("doctor_takes_no_words", code == 2 and "please" in err and not out, err)
    alone = ["unshare", "-n"] if os.geteuid() == 0 else ["unshare", "-Urn"]
    if subprocess.run([*alone, "true"], capture_output=True).returncode != 0:
        print("skip cli/doctor no namespaces here")
        return

    def inside(before):
        p = subprocess.run([*alone, "sh", "-c", before + ' "$@"', "sh", TAUT, "doctor", "--json"],
                           capture_output=True, text=True, timeout=60, cwd=work)
        return p.returncode, checks(p.stdout)

    code, said = inside("ip link set lo up &&")
    check("doctor_sees_that_there_is_only_loopback", code == 0 and said["interfaces"]["verdict"] == "slow"
       and said["udp receive"]["verdict"] == "ok", str(said))
    code, said = inside("")
    check("doctor_sees_that_nothing_can_be_sent", code == 1 and said["udp"]["verdict"] == "bad", str(said))


def bench():
    code, out, err = done("bench", "--help")
    check("bench_is_the_program_beside", code == 0 and "taut" in out, (code, out, err))
    alone = work / "alone"
    alone.mkdir()
    shutil.copy(TAUT, alone / "taut")
    p = subprocess.run([alone / "taut", "bench"], capture_output=True, text=True, timeout=60)
    check("without_it_there_is_a_sentence", p.returncode == 1 and
          f"{alone}/taut-bench: No such file or directory" in p.stderr and not p.stdout, p.stderr)


def without(call, *args):
    """The command while a call of the system fails, each time."""
    # the sanitizers want to be loaded first, and do without
    more = {"LD_PRELOAD": sys.argv[3], "TAUT_FAIL": call, "ASAN_OPTIONS": "verify_asan_link_order=0"}
    return done(*args, env=os.environ | more)


def refusals():
    """What the system refuses is told, with its reason."""
    code, out, err = without("access", *CALL, "--save", "here")
    check("a_directory_that_cannot_be_written_is_told_before_the_call", code == 1 and not out and
          err == "taut: here: cannot be written: Read-only file system\n", (code, out, err))
    code, out, err = without("readlink", "bench")
    check("a_program_that_cannot_be_found_is_told", code == 1 and
          err == "taut bench: where is this program? Permission denied\n", (code, err))
    code, out, err = without("socket", "stun", "127.0.0.1")
    check("without_a_socket_nothing_is_asked", code == 1 and
          err == "taut stun: cannot send to 127.0.0.1, port 3478: Too many open files\n", (code, err))
    code, out, err = without("getrandom", "stun", "127.0.0.1", "--json")
    check("nor_without_random_numbers", code == 1 and "random source failed" in objects(out)[0]["reason"], (code, out))

    code, out, err = without("eventfd", "stun", "localhost")
    check("without_a_descriptor_no_name_is_resolved", code == 1 and
          err == "taut stun: cannot find the address of localhost, port 3478: no descriptor is left\n", (code, err))
    code, out, err = without("sendmsg sendmmsg", "stun", "127.0.0.1")
    check("what_a_firewall_refuses_is_told", code == 1 and
          err == "taut stun: cannot send to 127.0.0.1, port 3478: Operation not permitted\n", (code, err))
    code, out, err = without("sendmsg sendmmsg", "demo", "--once", "--seconds", "2", "--port", "8140")
    check("a_demo_that_does_not_work_says_so", code == 1 and "THE SELF-CALL FAILED" in out and
          "taut: not connected\n" in out and "guest: not connected\n" in out and not err, (code, out[-600:], err))

    def said(call):
        code, out, err = without(call, "doctor", "--json")
        return code, {o["check"]: (o["verdict"], o["text"]) for o in objects(out)}

    code, c = said("setsockopt")
    check("doctor_tells_what_the_kernel_does_not_offer", code == 0 and
          c["udp send"] == ("slow", "no UDP_SEGMENT: 4 packets left one by one") and
          c["udp receive"] == ("slow", "no UDP_GRO: 4 packets came in 4 pieces") and
          c["mdns"][0] == c["ipv6"][0] == "slow" and "Protocol not available" in c["mdns"][1], c)
    code, c = said("socket")
    check("doctor_tells_that_there_are_no_sockets", code == 1 and
          c["udp"] == ("bad", "no socket on 127.0.0.1: Too many open files"), c)
    code, c = said("getsockopt")
    check("doctor_does_not_guess_a_buffer", code == 0 and "udp buffers" not in c and "udp send" in c, c)
    code, c = said("uname")
    check("doctor_does_not_guess_a_kernel", code == 0 and "kernel" not in c and "taut" in c, c)


finish(helps, mistakes, secrets, full_disk, relays, doctor, refusals, bench)
