# channels [ARGS]         1 GB each way with Chromium and with Firefox, 200 channels, and the rest; writes the evidence
usage="usage: ./dev channels [ARGS]

  Every session of data channels between an optimized taut and each browser, offered by either, with files of
  1,000 MB. ARGS as of \"node tests/browser/channels.mjs --help\"; without any: all, and
  docs/evidence/channels.json. Takes about ten minutes. ./dev test --browsers plays them with 16 MB, sanitized.

examples:
  ./dev channels
  ./dev channels --whole --release --browser firefox file"
case " $* " in
*" --help "*) say "$usage"; exit 0 ;;
esac
need $test_packages
build_peer && browser_packages || exit 1
[ $# -gt 0 ] || set -- --whole --release --evidence
TAUT_RELEASE=build/peer exec node tests/browser/channels.mjs "$@"
