#!/bin/sh
# works.sh TAUT-BENCH: every bench runs to its end and tells each row as one JSON object, a peer's
# rows among them. Times nothing.
set -eu
peers=$(mktemp -d)
trap 'rm -rf "$peers"' EXIT
cat >"$peers/peer" <<'END'
#!/usr/bin/env python3
import json, os, sys
say = lambda **o: print(json.dumps(o), flush=True)
assert os.environ["BENCH_OFFER"].startswith("v=0") and bytes.fromhex(os.environ["BENCH_CHECK"])
if sys.argv[1:] == ["--cases"]:
    say(subject="other", version="1.0")
    say(bench="sdp", profile="read Chromium's offer", burst=0)
    say(bench="rtp", profile="1,200 B", burst=16, left_out="it has no media")
    say(bench="stun", profile="late", burst=0)
    print("some library: {a remark}", flush=True)
    say(bench="srtp", profile="tired", burst=0)
    say(bench="setup", profile="gone", burst=0)
elif sys.argv[1] == "stun":
    say(left_out="no socket")
elif sys.argv[1] == "srtp":
    say(ready=True)
    for turn in (1, 2):
        sys.stdin.readline()
        say(packets=1000, bytes=1, cpu_us=5000, wall_us=100, lost=0, rss_kb=1)
    say(left_out="enough")
elif sys.argv[1] == "setup":
    say(ready=True)
else:
    assert sys.argv[1:] == ["sdp", "read Chromium's offer", "0"], sys.argv
    say(ready=True)
    for line in sys.stdin:
        assert line.startswith("run ")
        say(packets=10, bytes=20000, cpu_us=50, wall_us=100, lost=0.25, rss_kb=4321, whole=True,
            more={"p99_ms": 3.5})
END
chmod +x "$peers/peer"
out=$("$1" --rounds 2 --seconds 0.001 --quiet --json --peers "$peers" all)
printf '%s\n' "$out" | python3 -c '
import json, sys
lines = [json.loads(line) for line in sys.stdin]
assert lines[0] == {"subject": "other", "version": "1.0"}, lines[0]
rows = [r for r in lines[1:] if "left_out" not in r]
benches = {r["bench"] for r in rows}
assert benches == {"srtp", "stun", "crc", "sdp", "rtp", "datachannel", "setup", "idle", "relay"}, benches
for r in rows:
    assert r["cpu_us_per_packet"] > 0 or r["subject"] == "limit" and "kb_per_connection" in r, r
    assert r["subject"] and r["profile"], r
    assert r["bench"] != "rtp" or r["lost"] < 0.5, r
    assert ("allocations_per_packet" in r) == (r["subject"] != "other"), r
channels = [r for r in rows if r["bench"] == "datachannel"]
for subject in "taut", "limit":
    for two in False, True:
        assert any(r["subject"] == subject and ("two processes" in r["profile"]) == two
                   for r in channels), (subject, two)
for r in channels:
    assert r["mb_per_second"] > 0 and r["cpu_s_per_gb"] > 0 and r["peak_rss_kb"] > 0, r
    assert "two processes" not in r["profile"] or r["packets"] > 10, r
peer, = [r for r in rows if r["subject"] == "other"]
assert peer["cpu_us_per_packet"] == 5 and peer["packets_per_second"] == 1e5, peer
assert peer["cpu_s_per_gb"] == 2.5 and peer["lost"] == 0.25 and peer["p99_ms"] == 3.5, peer
assert peer["peak_rss_kb"] == 4321, peer
why = {(r["bench"], r["subject"]): r["left_out"] for r in lines if "left_out" in r}
assert why["srtp", "other"] == "gave up: enough", why
assert why["setup", "other"] == "gave up: no answer", why
assert why["rtp", "other"] == "it has no media" and why["stun", "other"] == "no socket", why
print(len(rows), "rows")'
"$1" --quiet --rounds 2 --packets 7 --json --only taut/1,200 rtp | grep -q '"packets":14,' || {
	echo "--packets was not obeyed"
	exit 1
}
# Given a number of packets, all but the second process of "two processes" is in one: callgrind counts that.
"$1" --quiet --rounds 1 --packets 500 --json --only "taut/64 KiB messages" datachannel |
	grep -c '"mb_per_second"' | grep -qx 5 || {
	echo "--packets and data channels do not agree"
	exit 1
}
if "$1" nonsense 2>/dev/null; then exit 1; fi
