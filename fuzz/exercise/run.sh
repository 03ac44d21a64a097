#!/bin/sh
# ./dev fuzz --exercise [SECONDS]: fuzzes open.c beside this file until it finds something.
set -eu
here=fuzz/exercise out=build/exercise seconds=60
for word in "$@"; do
	case $word in *[!0-9]*) ;; *) seconds=$word ;; esac
done
rm -rf $out
mkdir -p $out/corpus
clang -std=c11 -g -O1 -fsanitize=fuzzer,address,undefined -o $out/open $here/open.c
printf '%s\n' "Fuzzing $here/open.c for $seconds s at most ..."
begun=$(date +%s)
if $out/open -max_total_time="$seconds" -artifact_prefix=$out/ $out/corpus >$out/log 2>&1; then
	printf '%s\n' "No finding in $(($(date +%s) - begun)) s. If you mended it: well done."
	exit 0
fi
crash=$(ls $out/crash-* | head -1)
$out/open -minimize_crash=1 -runs=20000 -exact_artifact_path=$out/smallest "$crash" >$out/minimise.log 2>&1 || true
[ -f $out/smallest ] || cp "$crash" $out/smallest
$out/open $out/smallest >$out/report 2>&1 || true
cat <<END
A finding after $(($(date +%s) - begun)) s. What AddressSanitizer says of it ($out/report):

$(grep -E 'ERROR|^(READ|WRITE) of|open\.c:[0-9]|is located' $out/report | head -12)

The smallest input that still does it ($out/smallest):

$(od -An -tx1 $out/smallest)

Now read $here/README.md from "Reading it" on; mend open.c; run this again.
END
exit 1
