# prove [NAME...]         show by Frama-C Eva that readers of packets stay within any packet
need frama-c-base
exec sh tests/prove/run "$@"
