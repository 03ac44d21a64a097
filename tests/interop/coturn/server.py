"""server.py - a coturn for ada: its lines, and how it is ended."""
import os
import re
import subprocess
import threading

import cli
from fetch import program, there


class Server:
    """inside: the words that start a program in a network of its own."""

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
