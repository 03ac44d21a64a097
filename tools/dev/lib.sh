# lib.sh - what ./dev and the commands beside this file share: packages and builds.
# Sourced from the top of the tree.

# What the build needs, and what the tests need on top. nodejs and npm from elsewhere count.
run_packages="build-essential cmake ninja-build pkg-config libssl-dev libsrtp2-dev libopus-dev
	libvpx-dev libwebsockets-dev libjansson-dev libopusenc-dev libogg-dev libspeexdsp-dev
	zlib1g-dev"
test_packages="$run_packages clang libcmocka-dev libusrsctp-dev python3 python3-cffi chromium firefox-esr nodejs npm
	ffmpeg git iproute2 nftables openssl procps frama-c-base tshark abigail-tools"
fuzz_packages="$run_packages clang libclang-rt-14-dev"
fresh_packages="mmdebstrap git"

say() { printf '%s\n' "$@"; }
die() { status=$1; shift; printf '%s\n' "dev: $*" >&2; exit "$status"; }

# A tree built by root stands in the way of its owner afterwards.
refuse_sudo() {
	if [ "$(id -u)" = 0 ] && [ -n "${SUDO_USER:-}" ]; then
		die 2 "run ./dev without sudo: it calls sudo itself, for apt alone."
	fi
}

# ---- packages ----

installed() {
	case $1 in
	nodejs) command -v node >/dev/null 2>&1 && return 0 ;;
	npm) command -v npm >/dev/null 2>&1 && return 0 ;;
	esac
	[ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

missing_of() {
	for package in "$@"; do
		installed "$package" || printf '%s ' "$package"
	done
}

# The sum of what apt would fetch. Needs neither root nor locks; empty when the lists are.
download_size() {
	apt-get install --print-uris -qq -y --no-install-recommends "$@" 2>/dev/null |
		awk '$3 ~ /^[0-9]+$/ { n += $3 } END { if (n) printf "%.0f MB", n / 1000000 + 0.5 }'
}

need() {
	if ! command -v dpkg-query >/dev/null 2>&1; then
		say "dev: this is not Debian; taking the packages for granted"
		return
	fi
	missing=$(missing_of "$@")
	missing=${missing% }
	[ -z "$missing" ] && return
	install="apt-get install -y --no-install-recommends $missing"
	update="apt-get update"
	# A bare machine has no package lists; any other is spared the update.
	! apt-cache show ninja-build >/dev/null 2>&1 || update=true
	line="$update && $install"
	line=${line#true && }
	as_root=
	if [ "$(id -u)" != 0 ]; then
		if command -v sudo >/dev/null 2>&1 && { sudo -n true 2>/dev/null || [ -t 0 ]; }; then
			as_root=sudo
		else
			say "Packages are missing. As root, run" "" "    $line" ""
			show_size $missing
			exit 3
		fi
	fi
	say "Installing what is missing:" "" "    $line" ""
	$as_root $update >/dev/null || die 1 "apt-get update failed"
	show_size $missing
	$as_root env DEBIAN_FRONTEND=noninteractive $install || die 1 "apt-get install failed"
}

show_size() {
	size=$(download_size "$@")
	say "Download: ${size:-known after apt-get update}"
}

# ---- building ----

# build PRESET [cmake options]
build() {
	preset=$1
	shift
	if [ ! -f "build/$preset/build.ninja" ] || [ $# -gt 0 ]; then
		cmake --preset "$preset" "$@" >"build/$preset.log" 2>&1 ||
			{ cat "build/$preset.log" >&2; return 1; }
	fi
	cmake --build "build/$preset"
}

# build_targets PRESET TARGET...: only these.
build_targets() {
	preset=$1
	shift
	[ -f "build/$preset/build.ninja" ] || cmake --preset "$preset" || return
	cmake --build "build/$preset" --target "$@"
}

# Clean of warnings with both compilers: gcc's, some of which only what is optimized shows, with asserts, and clang's,
# which do not depend on that, without. gcc's programs are those that tests run where sanitizers are too slow, its archives those that
# tools/check_globals.py looks into; those, and clang's shared libraries, are what tests/interop/install installs.
# Without LTO, whose links would take four times as long as all compiling: ./dev run and the benches have it.
build_clean() {
	case $1 in
	gcc) shared=OFF flags=-O2 more=sim ;;
	clang) shared=ON flags="-O0 -g -DNDEBUG" more= ;; # abidiff reads types
	esac
	cmake -S . -B "build/$1" -G Ninja -DCMAKE_C_COMPILER="$1" -DTAUT_WERROR=ON -DTAUT_SIM=ON -DTAUT_LTO=OFF \
		-DBUILD_SHARED_LIBS=$shared -DCMAKE_BUILD_TYPE=RelWithDebInfo -DCMAKE_C_FLAGS_RELWITHDEBINFO="$flags" >"build/$1.log" 2>&1 &&
		cmake --build "build/$1" --target all $more >>"build/$1.log" 2>&1 && return
	cat "build/$1.log" >&2
	return 1
}

# The optimized programs that browsers are played and measured with.
build_peer() {
	cmake -S . -B build/peer -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo -DTAUT_TESTS=ON >build/peer.log 2>&1 &&
		cmake --build build/peer --target browser_channels impair >>build/peer.log 2>&1 && return
	tail -n 40 build/peer.log >&2
	return 1
}

# ---- packages of npm ----

# Also when the list of packages has changed since.
browser_packages() {
	[ tests/browser/node_modules/.package-lock.json -nt tests/browser/package-lock.json ] ||
		(cd tests/browser && npm ci --no-audit --no-fund --silent)
}
