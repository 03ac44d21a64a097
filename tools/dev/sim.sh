# sim [ARGS]              whole calls in virtual time, from seeds; ARGS as of "./dev sim --help"
need $test_packages
{ [ -f build/sim/build.ninja ] || cmake --preset sim; } >build/sim.log 2>&1 &&
	cmake --build build/sim --target sim >>build/sim.log 2>&1 ||
	{ cat build/sim.log >&2; exit 1; }
exec build/sim/bin/sim "$@"
