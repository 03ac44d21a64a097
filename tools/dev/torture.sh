# torture [ARGS]          tests whose memory and system calls fail; ARGS as of "./dev torture --help"
case " $* " in
*" --help "* | *" --list "*) ;;
*)
	need $test_packages
	build dev >build/dev.log 2>&1 || { cat build/dev.log >&2; exit 1; }
	;;
esac
exec python3 tools/torture.py "$@"
