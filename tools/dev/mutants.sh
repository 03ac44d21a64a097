# mutants [NAME...]       take guards out of src, one at a time, and see the tests fail
case " $* " in
*" --help "* | *" --list "*) ;;
*) need $test_packages patch ;;
esac
exec python3 -B tools/mutants.py "$@"
