# prepare.sh - installs and builds the peers of the bench; sourced by tools/dev/bench.sh.
#
# Each becomes a program in build/peers/bin. One that cannot be had becomes a program that says why, so
# that its rows are in the table with the reason.
peers_bin=$PWD/build/peers/bin

# left_out NAME SUBJECT LOG BENCH...
left_out() {
	name=$1
	subject=$2
	why=$(grep -v '^ *$' "$3" | tail -1 | tr -d '\\"' | tr '\t' ' ' | cut -c1-200)
	shift 3
	say "bench: $subject is left out: $why" >&2
	{
		echo "#!/bin/sh"
		echo "cat <<'END'"
		echo "{\"subject\": \"$subject\", \"version\": \"not installed\"}"
		for bench in "$@"; do
			echo "{\"bench\": \"$bench\", \"profile\": \"\", \"burst\": 0, \"left_out\": \"$why\"}"
		done
		echo END
	} >"$peers_bin/$name"
	chmod +x "$peers_bin/$name"
}

# peer NAME SUBJECT "BENCH..." MAKE: MAKE builds it, in a shell of its own.
peer() {
	log=build/peers/$1.log
	if (set -e && "$4" "$1") >"$log" 2>&1 </dev/null; then
		return
	fi
	left_out "$1" "$2" "$log" $3
}

make_node() {
	need nodejs npm || return
	(cd "bench/peers/$1" && { [ -d node_modules ] || npm ci --no-audit --no-fund --silent; }) || return
	printf '#!/bin/sh\nexec node --expose-gc "%s" "$@"\n' "$PWD/bench/peers/$1/main.mjs" \
		>"$peers_bin/$1" && chmod +x "$peers_bin/$1"
}

make_pion() {
	need golang-go golang-github-pion-webrtc.v3-dev || return
	GO111MODULE=off GOPATH=/usr/share/gocode GOCACHE=$PWD/build/peers/go \
		go build -o "$peers_bin/pion" bench/peers/pion/*.go
}

make_libnice() {
	need build-essential pkg-config libnice-dev || return
	cc -std=c11 -D_GNU_SOURCE -O2 -DNICE_VERSION="\"$(pkg-config --modversion nice)\"" \
		bench/peers/libnice/libnice.c -o "$peers_bin/libnice" $(pkg-config --cflags --libs nice)
}

prepare_peers() {
	rm -rf "$peers_bin"
	mkdir -p "$peers_bin"
	peer libdatachannel libdatachannel "rtp datachannel setup idle" make_node
	peer libwebrtc libwebrtc "datachannel setup idle" make_node
	peer sdp-transform sdp-transform sdp make_node
	peer pion Pion "rtp datachannel setup idle stun sdp" make_pion
	peer libnice libnice stun make_libnice
}
