# coverage [ARGS]         which branches the tests take; ARGS as of "./dev coverage --help"
case " $* " in
*" --help "*) ;;
*) need $test_packages gcovr ;;
esac
exec python3 -B tools/coverage.py "$@"
