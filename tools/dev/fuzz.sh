# fuzz TARGET [SECONDS]   feed libFuzzer one of fuzz/fuzz_*.c, 60 s if not told
[ $# -ge 1 ] && [ -f "fuzz/fuzz_$1.c" ] ||
	die 2 "which target? $(ls fuzz | sed -n 's/^fuzz_\(.*\)\.c$/\1/p' | tr '\n' ' ')"
need $fuzz_packages
build fuzz
mkdir -p "build/corpus/$1"
seeds="fuzz/seeds/$1"
[ -d "$seeds" ] || seeds=
# What is found goes to build/corpus, findings to build; seeds are only read.
exec "build/fuzz/bin/fuzz_$1" -max_total_time="${2:-60}" -artifact_prefix=build/ \
	-print_final_stats=1 "build/corpus/$1" $seeds
