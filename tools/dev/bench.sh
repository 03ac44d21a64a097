# bench [ARGS]            CPU per packet beside the bare limit; --peers: and other stacks
bench_help() {
	cat <<-'END'
	usage: ./dev bench [ARGS]                   as of "taut bench --help"
	       ./dev bench --peers [ARGS]           and other stacks, in turns with ours

	--peers installs Pion and libnice from Debian, and node-datachannel, @roamhq/wrtc and sdp-transform
	from npm.

	examples:
	  ./dev bench srtp
	  ./dev bench --peers --only "16 KiB" datachannel
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
esac
bench_build
exec build/release/bin/taut bench "$@"
