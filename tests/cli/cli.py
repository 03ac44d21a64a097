"""cli.py - what the tests of the taut command share: programs that go on, a rude peer, and checks.

A test is started with the path of the program. Nothing sleeps: whoever waits does so for a line, a
byte or an end, with a deadline. Only what a test started is ended, by its id."""
import base64
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading

TAUT = pathlib.Path(sys.argv[1]).resolve()
ROOT = pathlib.Path(__file__).resolve().parents[2]
DEADLINE = 60
work = pathlib.Path(tempfile.mkdtemp(prefix="taut-cli-"))
running = []
failed = []


def check(name, good, detail=""):
    print("ok" if good else "not ok", name, "" if good else f"\n  got {detail!r}"[:3000], flush=True)
    if not good:
        failed.append(name)


def done(*args, text=True, **more):
    """A command to its end: status, output, errors."""
    p = subprocess.run([TAUT, *args], capture_output=True, text=text, timeout=DEADLINE, cwd=work, **more)
    return p.returncode, p.stdout, p.stderr


def objects(text):
    """One JSON object a line, nothing else."""
    found = [json.loads(line) for line in text.splitlines()]
    assert all(isinstance(o, dict) for o in found), text
    return found


class Run:
    """A command that goes on: its lines so far, and what it ended with."""

    def __init__(self, *args, program=TAUT, **more):
        self.lines, self.changed = [], threading.Condition()
        self.open = 2
        self.process = subprocess.Popen([program, *args], cwd=work, text=True, errors="backslashreplace",
                                        **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | more)
        running.append(self)
        self.errors = []
        for stream, into in ((self.process.stdout, self.lines), (self.process.stderr, self.errors)):
            threading.Thread(target=self.read, args=(stream, into), daemon=True).start()

    def read(self, stream, into):
        for line in stream or ():
            with self.changed:
                into.append(line.rstrip("\n"))
                self.changed.notify_all()
        with self.changed:
            self.open -= 1
            self.changed.notify_all()

    def find(self, text):
        return next((x for x in self.lines + self.errors if text in x), None)

    def see(self, text):
        """The first line that has it; None: the program ended, or the deadline passed."""
        with self.changed:
            self.changed.wait_for(lambda: self.find(text) or self.open == 0, DEADLINE)
            return self.find(text)

    def end(self, how=signal.SIGINT):
        """Its status; how: a signal, or None to wait for it."""
        if how and self.process.poll() is None:
            self.process.send_signal(how)
        try:
            self.process.wait(DEADLINE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return "hangs"
        with self.changed:
            self.changed.wait_for(lambda: self.open == 0, DEADLINE)
        return self.process.returncode

    def clean(self):
        """No sanitizer has spoken."""
        return not any("Sanitizer" in x or "runtime error" in x for x in self.errors)

    def last(self):
        return json.loads(self.lines[-1]) if self.lines else {}


class Peer:
    """A WebSocket client of RFC 6455, as far as it is needed to be a rude one."""

    def __init__(self, url):
        host, port = url.split("//")[1].strip("/").rsplit(":", 1)
        self.s = socket.create_connection((host, int(port)), DEADLINE)
        self.s.sendall((f"GET /ws HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\n"
                        "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: "
                        f"{base64.b64encode(bytes(16)).decode()}\r\n\r\n").encode())
        self.rest = b""
        while b"\r\n\r\n" not in self.rest:
            self.more()
        self.rest = self.rest.split(b"\r\n\r\n", 1)[1]
        self.passed = []  # what was heard while something else was waited for

    def more(self):
        got = self.s.recv(65536)
        if not got:
            raise EOFError
        self.rest += got

    def take(self, n):
        while len(self.rest) < n:
            self.more()
        out, self.rest = self.rest[:n], self.rest[n:]
        return out

    def say(self, **message):
        data = json.dumps(message).encode()
        head = bytes([0x81]) + (bytes([0x80 | len(data)]) if len(data) < 126 else
                                bytes([0xfe]) + len(data).to_bytes(2, "big"))
        self.s.sendall(head + bytes(4) + data)  # a mask of zeros is one, too

    def hear(self, kind):
        for m in self.passed:
            if m["type"] == kind:
                self.passed.remove(m)
                return m
        while True:
            first, second = self.take(2)
            n = second & 127
            if n > 125:
                n = int.from_bytes(self.take(2 if n == 126 else 8), "big")
            data = self.take(n)
            if first & 15 != 1:
                continue
            m = json.loads(data)
            if m["type"] == kind:
                return m
            self.passed.append(m)

    def join(self, room, name, agent="browser"):
        self.say(type="ready", name=name, agent=agent, rooms=[room])
        self.id = self.hear("joined")["id"]
        self.say(type="user_here", room=room)
        return self


def relay(*args):
    r = Run("relay", "--port", "0", *args)
    line = r.see("http")
    return r, line.split()[1] if line else None


def finish(*parts):
    """Runs the parts; one's end is not the others'."""
    try:
        for part in parts:
            try:
                part()
            except Exception as e:
                check(part.__name__, False, repr(e))
    finally:
        for r in running:
            if r.process.poll() is None:
                r.process.kill()
        shutil.rmtree(work, ignore_errors=True)
    sys.exit(1 if failed else 0)
