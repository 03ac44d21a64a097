#!/bin/sh
# same_hash.sh SIM [OTHER] - the same seeds in other processes, over more of them and, if there is one, by the other
# program: the same hash?
set -eu
hash_of() { timeout 300 "$@" --seeds 12 --quiet --json | sed -n 's/.*"kind":"total".*"hash":"\([0-9a-f]*\)".*/\1/p'; }

first=$(hash_of "$1" --jobs 1)
again=$(hash_of "${2:-$1}" --jobs 3)
other=$(hash_of "$1" --jobs 1 --first 2)
echo "seeds 1 to 12: $first, again over three processes: $again; seeds 2 to 13: $other"
[ -n "$first" ] && [ "$first" = "$again" ] && [ "$first" != "$other" ]
