# mutate [ARGS]           break each check of the parsers, one test must fail; see --help
case " $* " in
*" --help "*) ;;
*) need $test_packages ;;
esac
exec nice python3 -B tools/mutate.py "$@"
