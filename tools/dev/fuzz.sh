# fuzz TARGET [SECONDS]   feed a parser what libFuzzer invents; --all, --afl, --list: see --help
case " $* " in
*" --exercise "*) need $fuzz_packages; shift; exec sh fuzz/exercise/run.sh "$@" ;;
*" --help "* | *" --list "* | *" --evidence "* | *" --bin "*) ;;
*" --afl "*)
	need $fuzz_packages afl++
	build_targets afl fuzzers >build/afl.log 2>&1 || { cat build/afl.log >&2; exit 1; }
	;;
*)
	need $fuzz_packages
	build_targets fuzz fuzzers >build/fuzz.log 2>&1 || { cat build/fuzz.log >&2; exit 1; }
	;;
esac
exec python3 tools/fuzz.py "$@"
