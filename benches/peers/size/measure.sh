#!/usr/bin/env bash
# What a program costs in bytes and in building time: the echo server of `echo-bespoke` against that of `echo-tokio`.
# `measure.sh [ROUNDS]` prints a Markdown table to standard output and progress to standard error.
#
# Not measured: downloads (everything is fetched first), and an edit. A rebuild follows a `touch` of main.rs: in release that
# compiles the program again whole, in dev it checks that nothing has changed and links.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

ROUNDS=${1:-5}
PROGRAMS=(bespoke tokio)
case $ROUNDS in
    '' | *[!0-9]* | 0*)
        echo "usage: measure.sh [ROUNDS], at least 1 (5)" >&2
        exit 2
        ;;
esac
die() {
    echo "measure.sh: $*" >&2
    exit 1
}
for tool in cargo size strip; do
    command -v "$tool" >/dev/null || die "$tool is needed"
done
# What the caller's shell says about builds would hold for one kind of build and not for the other.
unset CARGO_INCREMENTAL RUSTFLAGS CARGO_ENCODED_RUSTFLAGS CARGO_BUILD_TARGET
for name in $(compgen -e | grep '^CARGO_PROFILE_' || true); do unset "$name"; done

target() { echo "$PWD/target/$1"; }
program() { echo "$(target "$1")/release/echo-$1"; }
build() { # PROGRAM PROFILE
    CARGO_TARGET_DIR=$(target "$1") cargo build --quiet --locked --offline --profile "$2" --manifest-path "echo-$1/Cargo.toml"
}

# The wall time of a command, in milliseconds, appended to a file.
timed() { # FILE COMMAND...
    local file=$1 begun
    shift
    begun=$(date +%s%N)
    "$@"
    echo $((($(date +%s%N) - begun) / 1000000)) >>"$file"
}

# Both are the same program only if they do the same: an echo, then totals after an interrupt.
server=
works() { # PROGRAM
    local out="$samples/$1-says" answer port=$((20000 + RANDOM % 10000))
    "$(program "$1")" "127.0.0.1:$port" >"$out" &
    server=$!
    for _ in $(seq 100); do
        grep -q listening "$out" && break
        kill -0 "$server" 2>/dev/null || die "echo-$1 does not start"
        sleep 0.05
    done
    exec 3<>"/dev/tcp/127.0.0.1/$port"
    echo "sixteen letters" >&3
    read -r -t 5 answer <&3 || die "echo-$1 does not answer"
    exec 3<&-
    [ "$answer" = "sixteen letters" ] || die "echo-$1 answers: $answer"
    kill -s INT "$server"
    wait "$server" || die "echo-$1 ends with status $?"
    server=
    grep -q '^left open   0$' "$out" && grep -q '^bytes       16$' "$out" || die "echo-$1 counts wrong: $(cat "$out")"
}

text() { size -A "$(program "$1")" | awk '$1 == ".text" { print $2 }'; }
stripped() {
    local file
    file=$(mktemp)
    strip -o "$file" "$(program "$1")"
    stat -c %s "$file" 2>/dev/null || stat -f %z "$file"
    rm -f "$file"
}
# Each once, the program included; `(*)` marks a crate that stands higher up already.
crates() { # PROGRAM EDGES
    cargo tree --locked --offline --manifest-path "echo-$1/Cargo.toml" --edges "$2" --prefix none |
        sed 's/ (\*)$//' | sort -u | wc -l
}

median() { sort -n "$1" | awk '{ a[NR] = $1 } END { print NR % 2 ? a[(NR + 1) / 2] : (a[NR / 2] + a[NR / 2 + 1]) / 2 }'; }
range() { sort -n "$1" | awk 'NR == 1 { least = $1 } END { print least "–" $1 }'; }
ratio() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.3f", a / b }'; }
row() { echo "| $1 | $2 | $3 | $(ratio "${4:-$2}" "${5:-$3}") |"; }
times() { # NAME KIND
    local a="$samples/bespoke-$2" b="$samples/tokio-$2"
    row "$1" "$(median "$a") ms ($(range "$a"))" "$(median "$b") ms ($(range "$b"))" "$(median "$a")" "$(median "$b")"
}

samples=$(mktemp -d)
trap '[ -z "$server" ] || kill -s KILL "$server"; rm -rf "$samples"' EXIT
for p in "${PROGRAMS[@]}"; do cargo fetch --quiet --locked --manifest-path "echo-$p/Cargo.toml"; done

for round in $(seq "$ROUNDS"); do
    echo "clean builds, round $round of $ROUNDS" >&2
    for p in "${PROGRAMS[@]}"; do
        rm -rf "$(target "$p")"
        timed "$samples/$p-clean" build "$p" release
    done
done
for p in "${PROGRAMS[@]}"; do
    works "$p"
    build "$p" dev
done
for round in $(seq "$ROUNDS"); do
    echo "rebuilds, round $round of $ROUNDS" >&2
    for profile in release dev; do
        for p in "${PROGRAMS[@]}"; do
            touch "echo-$p/src/main.rs"
            timed "$samples/$p-$profile" build "$p" "$profile"
        done
    done
done

echo "| medians of $ROUNDS, least–greatest | bespoke | tokio | ratio |"
echo "|---|---|---|---|"
row "\`.text\`, bytes" "$(text bespoke)" "$(text tokio)"
row "stripped file, bytes" "$(stripped bespoke)" "$(stripped tokio)"
times "clean build, release" clean
times "rebuild, release" release
times "rebuild, dev" dev
row "crates, the program included" "$(crates bespoke normal)" "$(crates tokio normal)"
row "crates without macros" "$(crates bespoke normal,no-proc-macro)" "$(crates tokio normal,no-proc-macro)"
