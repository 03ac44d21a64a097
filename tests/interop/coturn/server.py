"""server.py - Debian's coturn: unpacked into build/coturn, never installed; a server of it for ada."""
import os
import pathlib
import re
import subprocess
import threading

import cli

PACKAGES = ["coturn", "libevent-core-2.1-7", "libevent-extra-2.1-7", "libevent-openssl-2.1-7",
            "libevent-pthreads-2.1-7", "libhiredis0.14", "libmariadb3", "libpq5", "libsqlite3-0"]
there = pathlib.Path(__file__).resolve().parents[3] / "build/coturn"
program = there / "usr/bin/turnserver"


def fetch():
    """None: it is there; otherwise the reason why not."""
    if program.exists():
        return None
    there.mkdir(parents=True, exist_ok=True)
    try:
        got = subprocess.run(["apt-get", "download", *PACKAGES], cwd=there, capture_output=True, text=True)
        debs = sorted(there.glob("*.deb"))
        if got.returncode != 0 or len(debs) != len(PACKAGES):
            return "Debian's coturn cannot be fetched: " + " ".join(got.stderr.split())[-200:]
        for deb in debs:
            subprocess.run(["dpkg-deb", "-x", deb, there], check=True)
    except FileNotFoundError as e:
        return f"this is no Debian: {e.filename} is missing"
    return None


class Server:
    """A turnserver for ada: its lines, and how it is ended. inside: the words that start a program
    in a network of its own."""

    def __init__(self, address, port, *more, inside=()):
        self.address, self.port = address, port
        libraries = ":".join(map(str, there.glob("usr/lib/*-linux-gnu")))
        self.lines, self.changed = [], threading.Condition()
        self.process = subprocess.Popen(
            [*inside, program, "-n", "--lt-cred-mech", "-u", "ada:lovelace", "-r", "example", "-L", address, "-E",
             address, "--no-cli", "-p", str(port), "--log-file", "stdout", "--pidfile", cli.work / "turn.pid",
             "--userdb", cli.work / "turn.db", "-v", *more],
            env=os.environ | {"LD_LIBRARY_PATH": libraries}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, errors="replace", cwd=cli.work)
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        for line in self.process.stdout:
            with self.changed:
                self.lines.append(line)
                self.changed.notify_all()

    def see(self, pattern, times=1):
        def count():
            return sum(bool(re.search(pattern, x)) for x in self.lines)
        with self.changed:
            return self.changed.wait_for(lambda: count() >= times or self.process.poll() is not None,
                                         cli.DEADLINE) and count() >= times

    def options(self, password="lovelace"):
        return ["--turn", f"turn:{self.address}:{self.port}", "--turn-user", "ada", "--turn-password", password]

    def end(self):
        self.process.kill()
        self.process.wait()
