# seeds [--check]         make the fuzzers' seeds out of what we say ourselves; see --help
case " $* " in
*" --help "*) ;;
*)
	need $test_packages $fuzz_packages
	{ build_targets fuzz fuzzers && build_targets sim capture; } >build/seeds.log 2>&1 ||
		{ cat build/seeds.log >&2; exit 1; }
	;;
esac
exec python3 tools/seeds.py "$@"
