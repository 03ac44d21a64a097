#!/bin/sh
# bad_scenarios.sh SIM - is each mistake in a scenario told with its file, line and reason?
set -u
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
file=$dir/s.txt
failed=0

# expect STATUS WORDS: the scenario on standard input ends so, and says so.
expect() {
	cat >"$file"
	said=$("$sim" --scenario "$file" 2>&1)
	status=$?
	if [ "$status" != "$1" ] || ! printf '%s\n' "$said" | grep -qF "$2"; then
		echo "status $status, not $1, or not \"$2\":"
		printf '%s\n' "$said"
		failed=1
	fi
}
sim=$1

expect 2 's.txt:2: "teleport" begins no statement' <<'END'
profile lan
teleport alice
END
expect 2 's.txt:1: "wlan" is no profile' <<'END'
profile wlan
END
expect 2 's.txt:1: "carol" is no name' <<'END'
at 0s carol close
END
expect 2 's.txt:1: "3" is no time: it ends in ms or s' <<'END'
at 3 alice close
END
expect 2 's.txt:1: "soon" is no time' <<'END'
end soon
END
expect 2 's.txt:1: "outer" says nothing about a peer' <<'END'
peer alice nat ei/ei outer ei/apd
END
expect 2 's.txt:1: "ipv6" says nothing about a carrier' <<'END'
carrier ei/ei ipv6
END
expect 2 "a carrier's NAT has two homes" <<'END'
peer alice nat ei/ei
carrier ei/ei
end 1s
END
expect 2 's.txt:1: "deep" is no depth' <<'END'
link both reorder 10% deep
END
expect 2 's.txt:1: "ei" is no mapping/filtering' <<'END'
peer alice nat ei
END
expect 2 's.txt:1: "purple" says nothing about a link' <<'END'
link alice purple 3%
END
expect 2 's.txt:1: "dance" is nothing that one can do' <<'END'
at 1s bob dance
END
expect 2 's.txt:1: size is missing' <<'END'
at 1s bob send 3
END
expect 2 's.txt:1: "70000" is no size from 1 to 65536' <<'END'
at 1s bob send 3 70000
END
expect 2 's.txt:1: "now" is one word too many' <<'END'
at 1s bob close now
END
expect 2 's.txt:1: "boredom" is no reason' <<'END'
expect bob reason boredom
END
expect 2 's.txt:1: only messages, audio and video have a per cent' <<'END'
expect bob stun >= 3%
END
expect 2 's.txt:1: no line says when it ends' <<'END'
profile lan
END
"$sim" --scenario "$dir/absent.txt" 2>&1 | grep -q 'absent.txt: No such file' || failed=1
# What does not hold is told with its line as well.
expect 1 's.txt:4: bob has 3 messages, not = 4' <<'END'
at 0s alice add data
at up+0s alice send 3 10
end up+2s
expect bob messages = 4
END
expect 1 's.txt:3: alice is "connected" at' <<'END'
at 0s alice add data
end 3s
never alice connected
END
expect 1 's.txt:2: alice is "new", not "connected"' <<'END'
end 3s
expect alice connected
END
expect 1 's.txt:3: bob is "connected" only at' <<'END'
at 0s alice add data
end 3s
expect bob connected by 1ms
END
exit $failed
