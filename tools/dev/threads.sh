# threads [--evidence]    what has threads under ThreadSanitizer, built without any other sanitizer
programs="test_dtls_threads test_io_loop test_io_loop_time test_io_resolve test_signal_relay_start
	test_signal_relay_net test_signal_room_line example_loops"
case ${1:-} in
--help | -h)
	say "usage: ./dev threads [--evidence]" "" \
		"The test programs in which a second thread touches what is ours (a post to a loop, a resolver, the" \
		"relay's thread, two loops over one DTLS environment) in the preset threads, one after the other. A" \
		"race is a failure and is printed with both stacks: status 1. Libraries are as Debian has them, so of" \
		"what they do inside only the calls to libc and to pthread are seen." \
		"--evidence: writes docs/evidence/threads.json as well." "" \
		"example: ./dev threads"
	exit 0
	;;
"" | --evidence) ;;
*) say "usage: ./dev threads [--evidence]" >&2; exit 2 ;;
esac
need $test_packages
{ [ -f build/threads/build.ninja ] || cmake --preset threads; } >build/threads.log 2>&1 &&
	cmake --build --preset threads >>build/threads.log 2>&1 || { cat build/threads.log >&2; exit 1; }

# The loader may put a library where the sanitizer has its shadow: so every address is the usual one.
export TSAN_OPTIONS="halt_on_error=0 exitcode=66 second_deadlock_stack=1 history_size=5 ${TSAN_OPTIONS:-}"
ran=0 failed=0 races=0
for program in $programs; do
	ok=true
	echo line | setarch -R "build/threads/bin/$program" >build/threads.out 2>&1 || ok=false
	found=$(grep -c '^WARNING: ThreadSanitizer' build/threads.out) || true
	ran=$((ran + 1)) races=$((races + found))
	if $ok && [ "$found" = 0 ]; then
		say "ok $program"
	else
		failed=$((failed + 1))
		cat build/threads.out
		say "not ok $program ($found reports)"
	fi
done
[ -z "${1:-}" ] || python3 tools/evidence.py write threads "./dev threads" programs=$ran failed=$failed reports=$races
[ "$failed" = 0 ]
