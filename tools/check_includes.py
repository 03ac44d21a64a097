#!/usr/bin/env python3
"""Includes follow the arrows of the layers, CMake's arrows are the same, and the core includes
no header of sockets, clocks or threads."""
import re

from tree import ARROWS, CORE, ROOT, finish, layer_of, sources

# Headers of POSIX that give a layer a way out of its box.
OUTSIDE = {"sys/socket.h", "netinet/in.h", "arpa/inet.h", "netdb.h", "unistd.h", "time.h",
           "pthread.h", "threads.h", "signal.h", "poll.h", "sys/epoll.h",
           "sys/random.h", "fcntl.h", "locale.h"}
ONCE = "srtp_once.c"  # libsrtp's process-wide state: behind a once, there only
INCLUDE = re.compile(r'^\s*#\s*include\s+([<"])([^>"]+)[>"]', re.M)
BELOW = {"taut/taut.h", "taut/trace.h", "taut/drop.h", "taut/stats.h", "taut/why.h"}  # what the core itself uses

problems = []
count = 0
for path in sources("src"):
    layer = layer_of(path)
    for mark, name in INCLUDE.findall(path.read_text()):
        count += 1
        where = f"{path.relative_to(ROOT)}: {name}"
        folder = name.split("/")[0]
        if mark == "<" and layer in CORE and name in OUTSIDE and path.name != ONCE:
            problems.append(f"{where}: the core knows no such header")
        if layer not in ARROWS or folder == layer:
            continue
        if folder in ARROWS and folder not in ARROWS[layer]:
            problems.append(f"{where}: no arrow from {layer} to {folder}")
        if folder == "taut" and layer in CORE and name not in BELOW:
            problems.append(f"{where}: the core is below that header")

cmake = (ROOT / "CMakeLists.txt").read_text()
for layer, deps in re.findall(r"taut_layer\((\w+)(?: DEPS ([\w ]+?))?(?: LIBS [^)]*)?\)", cmake):
    extra = set((deps or "").split()) - ARROWS.get(layer, set())
    count += 1
    if layer not in ARROWS:
        problems.append(f"CMakeLists.txt: tools/tree.py has no arrows for {layer}")
    elif extra:
        problems.append(f"CMakeLists.txt: {layer} must not depend on {' '.join(sorted(extra))}")

finish(problems, f"{count} includes and layers")
