#!/usr/bin/env python3
"""check_symbols.py BUILD: the archives of the core import no socket, clock, thread, random
number or file, and nobody a function that STYLE forbids."""
import pathlib
import re
import subprocess
import sys

from tree import ARROWS, CORE, finish

SOCKETS = ("socket bind connect accept accept4 listen send sendto sendmsg sendmmsg recv recvfrom "
           "recvmsg recvmmsg getaddrinfo gethostbyname poll ppoll select epoll_create1 epoll_wait "
           "getifaddrs inet_pton inet_ntop read write open openat close ioctl")
CLOCKS = ("time clock clock_gettime gettimeofday timespec_get localtime gmtime localtime_r "
          "strftime nanosleep usleep sleep alarm")
THREADS = (r"pthread_\w+ thrd_\w+ mtx_\w+ cnd_\w+ fork vfork sem_\w+")
RANDOM = "rand srand rand_r random srandom drand48 getrandom getentropy arc4random"
FILES = ("printf fprintf vprintf vfprintf puts putchar fputs fputc fwrite fopen fdopen perror "
         r"__printf_chk __fprintf_chk __vfprintf_chk stdout stderr stdin")
WORLD = "getenv setenv setlocale exit _exit abort system"
# Everywhere: what cannot be used safely.
NEVER = "strcpy strcat sprintf vsprintf sscanf __isoc99_sscanf atoi atol gets alloca strtok"
ONCE = "srtp_once.c.o"  # libsrtp's process-wide state: behind a once, there only
build = pathlib.Path(sys.argv[1])


def pattern(*lists):
    return re.compile("|".join(f"(?:{w})" for text in lists for w in text.split()))


core = pattern(SOCKETS, CLOCKS, THREADS, RANDOM, FILES, WORLD, NEVER)
others = pattern(NEVER)
problems = []
count = 0
for layer in ARROWS:
    archive = build / f"libtt_{layer}.a"
    if not archive.exists():
        if layer != "cc":
            problems.append(f"{archive} is not there")
        continue
    out = subprocess.run(["nm", "-u", "-A", archive], capture_output=True, text=True, check=True)
    for line in out.stdout.splitlines():
        where, _, symbol = line.rpartition(" U ")
        symbol = symbol.strip().split("@")[0]
        count += 1
        member = where.strip().split(":")[1]
        strict = layer in CORE and member != ONCE
        if (core if strict else others).fullmatch(symbol):
            problems.append(f"{layer}: {member} imports {symbol}")

finish(problems, f"{count} imported symbols")
