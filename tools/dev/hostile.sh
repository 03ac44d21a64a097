# hostile [--json] [ROW...]  the hostile cases with as many packets as the list says, not as CI has time for
usage="usage: ./dev hostile [--json] [ROW...]

  The tests of rows A01 to E18, or of some, in the sanitized build. Where ./dev test sends fewer packets
  than the list of hostile cases (docs/HOSTILE-STATUS.md names those rows), here it is all of them.
  --json: an object for each test. Status 1: one failed; 2: usage.

examples:
  ./dev hostile D07
  ./dev hostile --json"
json=false rows=
for arg in "$@"; do
	case $arg in
	--help | -h) say "$usage"; exit 0 ;;
	--json) json=true ;;
	[A-Ea-e][0-9][0-9]) rows="$rows $(printf %s "$arg" | tr A-E a-e)" ;;
	*) say "$usage" >&2; exit 2 ;;
	esac
done
need $test_packages
build dev >build/dev.log 2>&1 || { cat build/dev.log >&2; exit 1; }

# Programs and the filter of their tests: all, or a row.
runs() {
	for program in a_ice b_dtls b_certificate c_srtp c_rtcp c_media d_sctp d_data e_api; do
		[ -n "$rows" ] || say "$program *"
		for row in $rows; do
			case $program in "${row%??}"_*) say "$program $row*" ;; esac
		done
	done
}

# Of row E09 the list wants six calls in every order; the model walks as far.
deep_rows=e09
wanted() { # ROW
	[ -z "$rows" ] || case "$rows " in *" $1 "*) ;; *) return 1 ;; esac
}

runs | (
	set -f
	status=0
	for row in $deep_rows; do
		wanted "$row" || continue
		ok=true
		build/dev/bin/test_sim_jsep_model --depth 6 >build/hostile.log 2>&1 || ok=false status=1
		$json || cat build/hostile.log
		! $json || printf '{"test":"%s_every_sequence_of_six_calls","ok":%s}\n' "$row" "$ok"
	done
	while read -r program filter; do
		TAUT_LONG=1 "build/dev/bin/test_hostile_$program" "$filter" >build/hostile.log 2>&1 || status=1
		$json || cat build/hostile.log
		! $json || sed -n 's/^\[ *\(OK\|FAILED\) *\] \([a-e][0-9][0-9]_[a-z0-9_]*\)$/\2 \1/p' build/hostile.log |
			sort -u | while read -r name how; do
				printf '{"test":"%s","ok":%s}\n' "$name" "$([ "$how" = OK ] && echo true || echo false)"
			done
	done
	exit $status
)
