# fallbacks [--json] [--evidence]  calls with Chromium, hostile cases and sessions over every path of packets
usage="usage: ./dev fallbacks [--json] [--evidence]

  What ./dev test tries over the fast paths, over each fallback: Chromium's calls with UDP_SEGMENT and
  UDP_GRO on and off and with both SRTP backends, the hostile cases and the simulator with both backends, and
  the sockets' own tests. A line for each, with what passed and failed. Takes about a quarter of an hour.
  --json: an object for each. --evidence: and docs/evidence/fallbacks.json, if all passed. Status 1:
  something failed.

examples:
  ./dev fallbacks
  ./dev fallbacks --json --evidence"
json=false evidence=false
for arg in "$@"; do
	case $arg in
	--help | -h) say "$usage"; exit 0 ;;
	--json) json=true ;;
	--evidence) evidence=true ;;
	*) say "$usage" >&2; exit 2 ;;
	esac
done
need $test_packages
{ build dev && build_clean gcc && build_targets sim sim; } >build/fallbacks.log 2>&1 ||
	{ tail -n 40 build/fallbacks.log >&2; exit 1; }
TAUT_BUILD=$PWD/build/dev TAUT_RELEASE=$PWD/build/gcc
export TAUT_BUILD TAUT_RELEASE
total=0 bad=0 figures=

# NAME COMMAND...: what it printed is kept in build/fallbacks/NAME.log.
over() {
	name=$1 status=0
	shift
	"$@" >"build/fallbacks/$name.log" 2>&1 || status=$?
	# The runner of Chromium says "N passed, N failed", ctest and the simulator say it their way.
	passed=$(sed -n 's/^\([0-9]*\) passed, .*/\1/p; s/.* tests passed, [0-9]* tests failed out of \([0-9]*\)$/\1/p
		s/^\([0-9]*\) sessions, .*/\1/p' "build/fallbacks/$name.log" | tail -n 1)
	[ "$status" = 0 ] && [ "${passed:-0}" -gt 0 ] && ok=true || ok=false
	$ok || bad=$((bad + 1))
	total=$((total + 1))
	figures="$figures $name=${passed:-0}"
	if $json; then
		printf '{"over":"%s","ok":%s,"passed":%s}\n' "$name" "$ok" "${passed:-0}"
	else
		$ok && word=ok || word='not ok'
		say "$word $name: ${passed:-0} passed"
		$ok || tail -n 20 "build/fallbacks/$name.log" >&2
	fi
}

mkdir -p build/fallbacks
for path in '' '--no-gso' '--no-gro' '--no-gso --no-gro' '--srtp libsrtp2' '--no-gso --no-gro --srtp libsrtp2'; do
	name=$(printf '%s' "chromium${path:+ $path}" | sed 's/ --/_/g; s/[ -]/_/g')
	over "$name" env TAUT_CALL_ARGS="$path" tests/interop/chromium/run
done
over hostile_taut ctest --test-dir build/dev --timeout 600 -R '^hostile/' -E libsrtp2
over hostile_libsrtp2 ctest --test-dir build/dev --timeout 600 -R '^hostile/.*libsrtp2'
over sim_taut build/sim/bin/sim --seeds 600 --quiet
over sim_libsrtp2 build/sim/bin/sim --seeds 600 --quiet --srtp libsrtp2
over sockets ctest --test-dir build/dev --timeout 600 -R '^unit/io/'
$json || say "$((total - bad)) of $total paths are green"
[ "$bad" = 0 ] || exit 1
# shellcheck disable=SC2086
! $evidence || python3 tools/evidence.py write fallbacks "./dev fallbacks --evidence" $figures
