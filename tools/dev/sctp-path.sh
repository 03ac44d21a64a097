# sctp-path [ARGS]        SCTP over a bottleneck in virtual time; --evidence: the grid of docs/SCTP.md
need $test_packages
{ [ -f build/sim/build.ninja ] || cmake --preset sim; } >build/sim.log 2>&1 &&
	cmake --build build/sim --target sctp-path >>build/sim.log 2>&1 ||
	{ cat build/sim.log >&2; exit 1; }
case " $* " in
*" --evidence "*) exec python3 -B tools/sctp_path.py build/sim/bin/sctp-path ;;
*) exec build/sim/bin/sctp-path "$@" ;;
esac
