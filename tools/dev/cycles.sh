# cycles [N]              connect, carry, close: N times (10,000), with flat memory; --evidence keeps the figures
need $test_packages
{ [ -f build/sim/build.ninja ] || cmake --preset sim; } >build/sim.log 2>&1 &&
	cmake --build build/sim --target test_sim_cycles >>build/sim.log 2>&1 ||
	{ cat build/sim.log >&2; exit 1; }
if [ "${1:-}" != --evidence ]; then
	exec build/sim/bin/test_sim_cycles "${1:-10000}"
fi
build/sim/bin/test_sim_cycles 10000 >build/cycles.log 2>&1 || { cat build/cycles.log >&2; exit 1; }
figures=$(grep -o '[a-z_][a-z_]*=[0-9][0-9]*' build/cycles.log)
exec python3 -B tools/evidence.py write cycles "./dev cycles --evidence" $figures
