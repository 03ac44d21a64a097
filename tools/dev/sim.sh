# sim [ARGS]              whole calls in virtual time, from seeds; ARGS as of "./dev sim --help"; --evidence [ARGS] keeps the table
need $test_packages
{ [ -f build/sim/build.ninja ] || cmake --preset sim; } >build/sim.log 2>&1 &&
	cmake --build build/sim --target sim >>build/sim.log 2>&1 ||
	{ cat build/sim.log >&2; exit 1; }
if [ "${1:-}" != --evidence ]; then
	exec build/sim/bin/sim "$@"
fi
shift
[ $# -gt 0 ] || set -- --seeds 6000
build/sim/bin/sim --json "$@" >build/sim.json || { cat build/sim.json >&2; exit 1; }
# The members of the last line, and in one more all lines of profiles.
figures=$(sed -n 's/^{"kind":"total",\(.*\)}$/\1/p' build/sim.json | tr , '\n' | sed 's/^"\([^"]*\)":/\1=/')
profiles=$(sed -n 's/^{"kind":"profile",/{/p' build/sim.json | paste -sd , -)
exec python3 -B tools/evidence.py write sim "./dev sim --evidence $*" $figures "profiles=[$profiles]"
