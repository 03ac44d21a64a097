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

# Unpacked and not installed: libnice-dev wants the development files of GTK. nice_needs is what their libraries
# are linked with.
nice_needs="build-essential libblkid1 libbrotli1 libffi8 libgnutls30 libgssapi-krb5-2 libmount1 libnghttp2-14
	libpcre2-8-0 libpsl5 libselinux1 libsqlite3-0 libxml2 zlib1g"
nice_packages="libnice-dev libnice10 libgupnp-igd-1.0-4 libgupnp-1.6-0 libgssdp-1.6-0 libsoup-3.0-0
	libglib2.0-dev libglib2.0-0"
nice_root=$PWD/build/peers/nice

unpack_libnice() {
	[ ! -f "$nice_root/version" ] || return 0
	rm -rf "$nice_root"
	mkdir -p "$nice_root"
	(cd "$nice_root" && apt-get download $nice_packages) || return
	for deb in "$nice_root"/*.deb; do
		dpkg-deb -x "$deb" "$nice_root" || return
	done
	dpkg-deb -f "$nice_root"/libnice10_*.deb Version >"$nice_root/version"
}

# cc_nice SOURCE PROGRAM: with the unpacked libraries, found again by their place.
cc_nice() {
	lib=$(dirname "$(ls "$nice_root"/usr/lib/*/libnice.so)")
	include=$nice_root/usr/include
	cc -std=c11 -D_GNU_SOURCE -O2 -DNICE_VERSION="\"$(cut -d- -f1 "$nice_root/version")\"" "$1" -o "$2" \
		-I"$include" -I"$include/nice" -I"$include/glib-2.0" -I"$lib/glib-2.0/include" -L"$lib" \
		-Wl,-z,now -Wl,--disable-new-dtags,-rpath,"$lib:$nice_root/lib/${lib##*/}" \
		-Wl,--unresolved-symbols=ignore-in-shared-libs -lnice -lgio-2.0 -lgobject-2.0 -lglib-2.0
}

make_libnice() {
	need $nice_needs || return
	unpack_libnice && cc_nice bench/peers/libnice/libnice.c "$peers_bin/libnice"
}

# The agent of the ladder, which is no peer of the bench.
make_libnice_ladder() {
	need $nice_needs || return
	unpack_libnice && cc_nice bench/peers/libnice/ladder.c build/peers/libnice-ladder
}

prepare_peers() {
	rm -rf "$peers_bin"
	mkdir -p "$peers_bin"
	peer libdatachannel "libdatachannel through Node" "rtp datachannel setup idle" make_node
	peer libwebrtc "libwebrtc through Node" "datachannel setup idle" make_node
	peer sdp-transform sdp-transform sdp make_node
	peer pion Pion "rtp datachannel setup idle stun sdp" make_pion
	peer libnice libnice stun make_libnice
}
