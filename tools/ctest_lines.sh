#!/bin/sh
# ctest_lines.sh - ctest's output with a line "ok NAME", "not ok NAME" or "skip NAME REASON" for
# each test instead of its own. Ends with 1 when ctest said nothing at all.
exec awk '
/^ *[0-9]+\/[0-9]+ Test +#[0-9]+: / {
	name = $0
	sub(/^.*Test +#[0-9]+: /, "", name)
	sub(/ .*/, "", name)
	seen = 1
	if ($0 ~ /   Passed /)
		print "ok " name
	else if ($0 ~ /\*\*\*Skipped|\*\*\*Not Run \(Disabled\)/)
		print "skip " name " not possible on this machine"
	else
		print "not ok " name
	next
}
/^ +Start +[0-9]+: |^Test project |^Total Test time|^The following tests|tests passed,|^Label Time|sec\*proc|^Errors while running/ { next }
{ print }
END { exit !seen }'
