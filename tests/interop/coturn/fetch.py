"""fetch.py - Debian's coturn, unpacked into build/coturn and never installed."""
import pathlib
import subprocess

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
