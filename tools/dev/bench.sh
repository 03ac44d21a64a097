# bench [ARGS]            CPU per packet beside the bare limit; --peers, --report, --compare REV, --ladder, --browser
bench_help() {
	cat <<-'END'
	usage: ./dev bench [ARGS]                   as of "taut bench --help"
	       ./dev bench --peers [ARGS]           and other stacks, in turns with ours
	       ./dev bench --report [ARGS]          all of it; writes docs/BENCH.md, its plots and its rows
	       ./dev bench --compare REV [CASE...]  instructions for each packet, then and now
	       ./dev bench --profile [CASE...]      in whose code the time of a row is, beside the limit's
	       ./dev bench --browser [ARGS]         data channels to and from Chromium; as of rates.mjs --help
	       ./dev bench --ladder [ARGS]          how long ICE takes, beside libnice; as of tools/ice_ladder.py --help

	--peers installs Pion and libnice from Debian, and node-datachannel, @roamhq/wrtc and sdp-transform
	from npm. --compare builds REV in build/compare and counts by callgrind, which a busy machine does
	not disturb; tools/bench_compare.py --help says more.

	examples:
	  ./dev bench srtp
	  ./dev bench --peers --only "16 KiB" datachannel
	  ./dev bench --report
	  ./dev bench --report --rounds 3 --seconds 0.05
	  ./dev bench --compare HEAD~5
	  ./dev bench --compare --layers
	  ./dev bench --compare main "rtp:1,200 B, GCM/16"
	  ./dev bench --profile --evidence
	  ./dev bench --ladder --rounds 5
	  ./dev bench --browser --rounds 5 --evidence
	END
}

bench_build() {
	build release >build/release.out 2>&1 || { cat build/release.out >&2; exit 1; }
}

need $run_packages
case ${1:-} in
-h | --help)
	bench_help
	exit 0
	;;
--peers)
	shift
	bench_build
	. bench/peers/prepare.sh
	prepare_peers
	exec build/release/bin/taut bench --peers "$peers_bin" "$@"
	;;
--report)
	shift
	need python3 git
	bench_build
	. bench/peers/prepare.sh
	prepare_peers
	mkdir -p build/bench
	# Each bench in a process of its own: after others the heap is in pieces, and a handshake, which
	# allocates two thousand times, takes a quarter longer.
	for bench in srtp stun sdp rtp datachannel setup idle relay; do
		build/release/bin/taut bench --peers "$peers_bin" --json "$@" "$bench"
	done >build/bench/rows.jsonl
	exec python3 -B tools/bench_report.py record build/bench/rows.jsonl ./dev bench --report "$@"
	;;
--profile)
	shift
	need python3 git linux-perf
	bench_build
	exec python3 -B tools/bench_profile.py "$@"
	;;
--ladder)
	shift
	need python3 git iproute2 nftables procps
	bench_build
	. bench/peers/prepare.sh
	mkdir -p build/peers
	make_libnice_ladder >build/peers/ladder.log 2>&1 || { cat build/peers/ladder.log >&2; exit 1; }
	exec python3 -B tools/ice_ladder.py run "$@"
	;;
--browser)
	shift
	need $test_packages
	build_peer && browser_packages || exit 1
	TAUT_RELEASE=build/peer exec node bench/browser/rates.mjs "$@"
	;;
--compare)
	shift
	need python3 git valgrind
	exec python3 -B tools/bench_compare.py "$@"
	;;
esac
bench_build
exec build/release/bin/taut bench "$@"
