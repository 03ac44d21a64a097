#!/bin/sh
# fresh.sh - the README's two commands in a bare Debian 12, as root and as an ordinary user.
#
# The root is made once by mmdebstrap and kept as build/fresh/base.tar. The machine's own package
# sources, proxies and certificates are lent to it at run time; nothing of them is stored here.
# A user without sudo must be told the apt line (status 3), and it must suffice.
set -eu
cd "$(dirname "$0")/.."
fresh=build/fresh
users="root user"
parts="run test"

for word in "$@"; do
	case $word in
	root | user) users=$word ;;
	run | test) parts=$word ;;
	base) users= ;;
	*) echo "usage: ./dev fresh [root|user] [run|test] | base" >&2; exit 2 ;;
	esac
done
[ "$(id -u)" = 0 ] || { echo "fresh: needs root, for chroot" >&2; exit 2; }
mkdir -p "$fresh"

# Never into something that is mounted below: --one-file-system stops there.
remove() {
	! grep -q " $PWD/$1/" /proc/self/mounts || { echo "fresh: $1 is in use" >&2; exit 1; }
	rm -rf --one-file-system "$1"
}

make_base() {
	[ -f "$fresh/base.tar" ] && return
	set -- --variant=minbase --include=ca-certificates,adduser
	for file in /etc/apt/apt.conf.d/*; do
		case $file in
		*proxy* | *registry*) set -- "$@" --aptopt="$PWD/$fresh/${file##*/}"; cp "$file" "$fresh/" ;;
		esac
	done
	sources=/etc/apt/sources.list.d/debian.sources
	[ -f "$sources" ] || sources=/etc/apt/sources.list
	mmdebstrap "$@" bookworm "$fresh/base.new.tar" "$sources"
	mv "$fresh/base.new.tar" "$fresh/base.tar"
}

# What this machine needs to reach its packages.
lend_network() {
	cp -L /etc/resolv.conf /etc/hosts "$1/etc/" 2>/dev/null || true
	rm -f "$1"/etc/apt/sources.list
	for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.sources \
		/etc/apt/sources.list.d/*.list; do
		[ ! -f "$file" ] || cp "$file" "$1/etc/apt/${file#/etc/apt/}"
	done
	for file in /etc/apt/apt.conf.d/*proxy* /etc/apt/apt.conf.d/*registry*; do
		[ ! -f "$file" ] || cp "$file" "$1/etc/apt/apt.conf.d/"
	done
	mkdir -p "$1/usr/local/share/ca-certificates"
	cp -rL /etc/ssl/certs/ca-certificates.crt "$1/etc/ssl/certs/" 2>/dev/null || true
	if [ -f "${NODE_EXTRA_CA_CERTS:-}" ]; then
		mkdir -p "$1/$(dirname "$NODE_EXTRA_CA_CERTS")"
		cp -L "$NODE_EXTRA_CA_CERTS" "$1/$NODE_EXTRA_CA_CERTS"
	fi
}

# inside ROOT USER COMMAND: in a mount and process namespace of its own.
inside() {
	registry=
	! command -v npm >/dev/null 2>&1 || registry=$(npm config get registry 2>/dev/null || true)
	unshare --mount --pid --fork --kill-child sh -eu -c '
		root=$1 user=$2 command=$3
		mount --make-rprivate /
		mount --bind "$root" "$root"
		mount -t proc proc "$root/proc"
		mount --rbind /dev "$root/dev"
		mount --rbind /sys "$root/sys"
		mkdir -p "$root/dev/shm"
		# The mode that Debian gives it by udev, which does not run here.
		if [ -c "$root/dev/net/tun" ]; then
			[ -c "$root/run/tun" ] || mknod -m 666 "$root/run/tun" c 10 200
			mount --bind "$root/run/tun" "$root/dev/net/tun"
		fi
		# Not chroot: inside one the kernel gives no user namespaces, which tests need.
		cd "$root"
		mkdir -p .host
		pivot_root . .host
		cd /
		umount -l /.host
		rmdir /.host
		exec su -s /bin/sh - "$user" -c "$command"
	' fresh "$1" "$2" "${registry:+npm_config_registry='$registry'; export npm_config_registry; }
${NODE_EXTRA_CA_CERTS:+NODE_EXTRA_CA_CERTS='$NODE_EXTRA_CA_CERTS'; export NODE_EXTRA_CA_CERTS; }
${CI:+CI='$CI'; export CI; }
[ ! -d ~/taut ] || cd ~/taut
$3"
}

# The command as the user; when packages are missing, the line it prints is run by root.
as_user() {
	root=$1 user=$2 command=$3
	status=0
	inside "$root" "$user" "$command" >"$fresh/output" 2>&1 || status=$?
	if [ "$user" != root ] && [ "$status" = 3 ]; then
		line=$(sed -n 's/^    \(apt-get .*\)$/\1/p' "$fresh/output")
		echo "fresh: $user was told: $line"
		inside "$root" root "cd / && DEBIAN_FRONTEND=noninteractive && export DEBIAN_FRONTEND &&
$line" >"$fresh/apt" 2>&1 || { tail -20 "$fresh/apt"; return 1; }
		status=0
		inside "$root" "$user" "$command" >"$fresh/output" 2>&1 || status=$?
	fi
	tail -40 "$fresh/output"
	return "$status"
}

prepare() {
	root=$1 user=$2
	remove "$root"
	mkdir -p "$root"
	tar -C "$root" -xf "$fresh/base.tar"
	lend_network "$root"
	mkdir -p "$root/root"
	git clone -q --no-hardlinks . "$root/root/taut"
	[ "$user" = root ] && return
	chroot "$root" adduser --quiet --disabled-password --gecos "" "$user"
	mv "$root/root/taut" "$root/home/$user/taut"
	chroot "$root" chown -R "$user:$user" "/home/$user/taut"
}

make_base
failed=0
: >"$fresh/summary"
for who in $users; do
	name=$who
	[ "$who" = root ] || name=tester
	prepare "$fresh/$who" "$name"
	for part in $parts; do
		case $part in
		run) command="./dev run --once" ;;
		test) command="./dev test" ;;
		esac
		echo "== fresh: $command as $name"
		began=$(date +%s)
		if as_user "$PWD/$fresh/$who" "$name" "$command"; then
			result=ok
		else
			result="not ok"
			failed=1
		fi
		echo "$result fresh/$name \"$command\" in $(($(date +%s) - began)) s" | tee -a "$fresh/summary"
		cp "$fresh/output" "$fresh/output.$who.$part"
	done
	remove "$fresh/$who"
done
echo
cat "$fresh/summary"
if [ "$failed" = 0 ] && [ "$users $parts" = "root user run test" ]; then
	set --
	while read -r _ what command_and_time; do
		words=${what#fresh/}
		case $command_and_time in *run*) words=${words}_run ;; *) words=${words}_test ;; esac
		seconds=${command_and_time##* in }
		set -- "$@" "${words}_seconds=${seconds% s}"
	done <"$fresh/summary"
	tests=$(grep -hE '^[0-9]+ passed' "$fresh/output.user.test" | tail -n 1)
	python3 tools/evidence.py write fresh "./dev fresh" "$@" "user_test=$tests"
fi
exit "$failed"
