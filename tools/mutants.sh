#!/bin/sh
# mutants.sh [-d DIR] [NAME...] - does a test notice when a guard is taken out?
#
# Each tests/mutants/NAME.patch takes one guard out of src; its second line names the test that must
# fail then. All happens in a copy of HEAD: in DIR, which is kept and used again, or in one that is
# thrown away. Status 1: a mutant survived. Takes some minutes, so that it is no part of CI.
#
# example: tools/mutants.sh check_unsigned sctp_tag
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
scratch=
while getopts d: option; do
	case $option in
	d) scratch=$OPTARG ;;
	*) sed -n '2,9s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
	esac
done
shift $((OPTIND - 1))

if [ -z "$scratch" ]; then
	scratch=$(mktemp -d)
	trap 'rm -rf "$scratch"' EXIT
fi
mkdir -p "$scratch/tree"
git -C "$root" archive HEAD | tar -x -C "$scratch/tree"
cd "$scratch/tree"
[ -f ../build/build.ninja ] || cmake -S . -B ../build -G Ninja -DCMAKE_BUILD_TYPE=Debug -DTAUT_TESTS=ON \
	-DTAUT_SANITIZE=ON >../cmake.log

if [ $# -eq 0 ]; then
	set -- $(cd "$root/tests/mutants" && ls *.patch | sed 's/\.patch$//')
fi
test_of() { sed -n '2s/^test: //p' "$root/tests/mutants/$1.patch"; }
passes() { timeout 300 "../build/bin/test_$1" >../test.log 2>&1; }

for test in $(for name; do test_of "$name"; done | sort -u); do
	ninja -C ../build "test_$test" >../build.log || { cat ../build.log; exit 2; }
	passes "$test" || { echo "mutants: test_$test fails without any mutant" >&2; exit 2; }
done

survivors=0
for name; do
	patch=$root/tests/mutants/$name.patch
	test=$(test_of "$name")
	if ! patch -s -p1 <"$patch"; then
		echo "$name: does not apply any more"
		survivors=$((survivors + 1))
		git -C "$root" archive HEAD src | tar -x
		continue
	fi
	if ! ninja -C ../build "test_$test" >../build.log; then
		echo "$name: does not compile"
		survivors=$((survivors + 1))
	elif passes "$test"; then
		echo "$name: SURVIVED test_$test"
		survivors=$((survivors + 1))
	else
		failed=$(sed -n 's/^\[  FAILED  \] \([a-z]\w*\)$/\1/p' ../test.log | sort -u | head -n 1)
		echo "$name: caught by $test${failed:+ ($failed)}"
	fi
	patch -s -R -p1 <"$patch"
done
echo "$# mutants, $survivors not caught"
[ "$survivors" -eq 0 ]
