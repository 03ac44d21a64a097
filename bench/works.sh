#!/bin/sh
# works.sh TAUT-BENCH: every bench runs to its end and tells each row as one JSON object. Times nothing.
set -eu
out=$("$1" --rounds 2 --seconds 0.001 --quiet --json all)
printf '%s\n' "$out" | python3 -c '
import json, sys
rows = [json.loads(line) for line in sys.stdin]
benches = {r["bench"] for r in rows}
assert benches == {"srtp", "stun", "sdp", "rtp"}, benches
for r in rows:
    assert r["cpu_us_per_packet"] > 0 and r["subject"] and r["profile"], r
    assert r["bench"] != "rtp" or r["lost"] < 0.5, r
print(len(rows), "rows")'
if "$1" nonsense 2>/dev/null; then exit 1; fi
