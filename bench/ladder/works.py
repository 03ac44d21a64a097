#!/usr/bin/env python3
"""works.py TAUT-LADDER TAUT-WIRE: two agents of the ladder find each other and say so. Times nothing."""
import os
import socket
import subprocess
import sys

LADDER, WIRE = sys.argv[1:]
ends = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
agents = [subprocess.Popen([LADDER, side], pass_fds=[3], preexec_fn=lambda: os.dup2(end.fileno(), 3), text=True,
                           stdin=subprocess.PIPE, stdout=subprocess.PIPE)
          for side, end in zip(("offers", "answers"), ends)]
for end in ends:
    end.close()
assert [a.stdout.readline() for a in agents] == ["ready\n"] * 2
agents[0].stdin.write("go\n")
agents[0].stdin.flush()
for a in agents:
    said = {}
    while not {"gathered", "connected", "nominated", "cpu"} <= said.keys():
        line = a.stdout.readline()
        assert line, said
        word, number = line.split()
        said[word] = int(number)
    assert said["began"] <= said["host"] <= said["connected"] <= said["nominated"], said
    assert "failed" not in said and said["cpu"] > 0, said
for a in agents:
    a.stdin.close()
    assert a.wait() == 0
assert subprocess.run([LADDER, "offers", "--nonsense"], stderr=subprocess.DEVNULL).returncode == 2
assert subprocess.run([WIRE], stderr=subprocess.DEVNULL).returncode == 2
