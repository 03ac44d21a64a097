# bench [ARGS]            CPU per packet beside the bare limit; ARGS as of "taut bench --help"
need $run_packages
build release >build/release.out 2>&1 || { cat build/release.out >&2; exit 1; }
exec build/release/bin/taut bench "$@"
