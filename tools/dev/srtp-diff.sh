# srtp-diff [PACKETS]     our SRTP against libsrtp2, packet by packet; 100,000,000 if not told
case ${1:-} in
--help | -h)
	say "usage: ./dev srtp-diff [PACKETS]" "" \
		"Two SRTP stacks get the same packets, whole, damaged, late and twice; the first" \
		"difference ends it with status 1. Ten million take about a minute." "" \
		"example: ./dev srtp-diff 10000000"
	exit 0
	;;
esac
need $test_packages
cmake -S . -B build/diff -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo -DTAUT_TESTS=ON -DTAUT_MEDIA=OFF \
	-DTAUT_SIGNAL=OFF >build/diff.log 2>&1 && cmake --build build/diff --target srtp_diff >>build/diff.log 2>&1 ||
	{ cat build/diff.log >&2; exit 1; }
exec build/diff/bin/srtp_diff --packets "${1:-100000000}" --seed "$(date +%s)"
