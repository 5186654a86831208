#!/usr/bin/env bash
# What needs another machine, in an emulator: the core on a Cortex-M, timers while the wall clock of a machine jumps, and rings of
# older kernels, and of machines whose owner denies them. Called by `check.sh qemu`. Emulators and kernels come from Debian's archive
# into target/guest, and nothing is installed. `guest.sh [cortex_m | clock_jumps | rings]...`: some of it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

PACKAGES=(qemu-system-x86 qemu-system-arm qemu-system-data qemu-system-common seabios busybox-static
    # What the emulators link to and a small machine lacks.
    libcapstone4 libfdt1 libpmem1 librdmacm1 libibverbs1 libslirp0 libvdeplug2 libnl-3-200 libnl-route-3-200 libndctl6
    libdaxctl1)
# Kernels, and the suites of Debian that have or had them, the likeliest first.
KERNELS=("6.1 bookworm" "6.12 bookworm-backports trixie")
FOLDER=$PWD/target/guest
ROOT=$FOLDER/root

die() {
    echo "guest.sh: $*; nothing was checked in a guest" >&2
    exit 1
}

# Asks apt with lists of packages of our own, those of one suite.
apt_of() { # SUITE PROGRAM ARGUMENTS...
    local own=$FOLDER/apt/$1 program=$2
    shift 2
    "$program" -q -o Dir::Etc::sourcelist="$own/sources.list" -o Dir::Etc::sourceparts=- -o Dir::State::lists="$own/lists" \
        -o Dir::Cache="$own/cache" "$@"
}

# The lists of a suite, from where this machine has its packages.
suite() { # NAME
    local site
    site=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' 'Label: Debian' | head -n 1)
    [ -n "$site" ] || die "no archive of Debian is known here"
    mkdir -p "$FOLDER/apt/$1/lists/partial" "$FOLDER/apt/$1/cache/archives/partial"
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $site $1 main" >"$FOLDER/apt/$1/sources.list"
    apt_of "$1" apt-get update >/dev/null
}

# Downloads a kernel for guests from the first suite that has it.
kernel() { # VERSION SUITE...
    local version=$1 suite package
    shift
    for suite in "$@"; do
        suite "$suite" || continue
        package=$(apt_of "$suite" apt-cache depends linux-image-cloud-amd64 2>/dev/null |
            sed -n "s/.*Depends: \(linux-image-${version//./\\.}\.[^ ]*\)/\1/p" | head -n 1)
        [ -n "$package" ] || continue
        apt_of "$suite" apt-get download "$package" && return
    done
    die "no kernel $version can be fetched from: $*"
}

# Emulators, firmware and kernels, unless they are there.
fetch() {
    local wanted="${PACKAGES[*]} ${KERNELS[*]}" one deb
    [ "$(cat "$FOLDER/fetched" 2>/dev/null)" != "$wanted" ] || return 0
    if ! { command -v apt-get && command -v dpkg; } >/dev/null; then
        die "the emulators come as Debian packages, and apt-get or dpkg is not there"
    fi
    rm -rf "$ROOT" "$FOLDER/debs" "$FOLDER/apt" "$FOLDER/fetched"
    mkdir -p "$ROOT" "$FOLDER/debs"
    [ "$(id -u)" != 0 ] || apt-get update -q || die "the lists of packages cannot be fetched"
    cd "$FOLDER/debs"
    apt-get download -q "${PACKAGES[@]}" || die "the packages cannot be fetched"
    # shellcheck disable=SC2086 # a version and suites
    for one in "${KERNELS[@]}"; do kernel $one; done
    cd "$FOLDER/../.."
    for deb in "$FOLDER"/debs/*.deb; do dpkg -x "$deb" "$ROOT"; done
    rm -rf "$FOLDER/debs" "$FOLDER/apt"
    echo "$wanted" >"$FOLDER/fetched"
}

# Where a kernel lies.
image() { # VERSION
    local image
    image=$(echo "$ROOT/boot/vmlinuz-$1".*)
    [ -e "$image" ] || die "the packages hold no kernel $1"
    echo "$image"
}

emulator() { # NAME ARGUMENTS...
    local program=$ROOT/usr/bin/$1 libraries=$ROOT/usr/lib/x86_64-linux-gnu:$ROOT/lib/x86_64-linux-gnu missing
    shift
    missing=$(LD_LIBRARY_PATH=$libraries ldd "$program" | sed -n 's/ *\(.*\) => not found/\1/p' | tr -d '\n')
    [ -z "$missing" ] || die "$program needs libraries that are not there:$missing"
    # Nobody types into a guest.
    LD_LIBRARY_PATH=$libraries timeout "${GUEST_SECONDS:-300}" "$program" -L "$ROOT/usr/share/qemu" -L "$ROOT/usr/share/seabios" "$@" </dev/null
}

cortex_m_run() {
    emulator qemu-system-arm -M mps2-an386 -nographic -semihosting-config enable=on,target=native -kernel \
        tests/guest/cortex-m/target/thumbv7em-none-eabihf/release/bespoke-guest-cortex-m
}

cortex_m() {
    local rc=0
    rustup target add thumbv7em-none-eabihf || die "target thumbv7em-none-eabihf cannot be installed"
    # In its folder: the linker's arguments and the memory map are there. Flags of the caller would replace them.
    (cd tests/guest/cortex-m && unset RUSTFLAGS && cargo build --release --locked)
    cortex_m_run | tee "$FOLDER/cortex-m.log"
    grep -q '^all [0-9]* checks passed' "$FOLDER/cortex-m.log" || die "the program ended without its last line"
    # The same with a planted mistake: a status that is always 0 would show nothing.
    (cd tests/guest/cortex-m && unset RUSTFLAGS && cargo build --release --locked --features planted)
    cortex_m_run >"$FOLDER/planted.log" || rc=$?
    cat "$FOLDER/planted.log"
    [ $rc -eq 1 ] || die "a planted mistake ended with status $rc instead of 1"
    grep -q 'panicked' "$FOLDER/planted.log" || die "a planted mistake was not found"
    echo "the planted mistake was found, as it should be"
}

clock_jumps() {
    local program=tests/guest/clock-jumps/target/x86_64-unknown-linux-gnu/release/bespoke-guest-clock-jumps kernel
    kernel=$(image 6.1)
    (cd tests/guest/clock-jumps &&
        RUSTFLAGS="-C target-feature=+crt-static" cargo build --release --locked --target x86_64-unknown-linux-gnu)
    # The root of the guest: one file, which is the first process.
    rm -rf "$FOLDER/initramfs"
    mkdir "$FOLDER/initramfs"
    cp "$program" "$FOLDER/initramfs/init"
    (cd "$FOLDER/initramfs" && echo init | "$ROOT/bin/busybox" cpio -o -H newc) >"$FOLDER/initramfs.cpio"
    emulator qemu-system-x86_64 -accel tcg,thread=multi -smp 2 -m 256 -nographic -no-reboot -nic none \
        -kernel "$kernel" -initrd "$FOLDER/initramfs.cpio" -append "console=ttyS0 quiet panic=-1" |
        tr -d '\r' | tee "$FOLDER/clock-jumps.log"
    grep -q '^clock jumps: ok$' "$FOLDER/clock-jumps.log" || die "the guest did not end with: clock jumps: ok"
}

# A test program as cargo builds it here, without what only a debugger reads; and what it is linked to.
put_program() { # NAME CARGO-ARGUMENTS...
    local name=$1 program library
    shift
    program=$(cargo test "$@" --no-run --message-format=json | sed -n 's/.*"executable":"\([^"]*\)".*/\1/p' | tail -n 1)
    [ -x "$program" ] || die "cargo names no program for: $*"
    strip -g -o "$FOLDER/rings/tests/$name" "$program"
    for library in $(ldd "$program" | sed -n 's|^[^/]*\(/[^ ]*\) (.*|\1|p'); do
        mkdir -p "$FOLDER/rings${library%/*}"
        cp -L "$library" "$FOLDER/rings$library"
    done
}

# The tests of the ring in guests: all of the driver's own, and of the choice between two; of the conformance suite the ring of one
# thread, its descriptors and its pipes, on the oldest kernel. Under several workers the same entries are made, by more threads than a guest has processors.
rings() {
    local one version
    rm -rf "$FOLDER/rings"
    mkdir -p "$FOLDER"/rings/{bin,dev,etc,proc,sys,tests,tmp}
    cp "$ROOT/bin/busybox" "$FOLDER/rings/bin/"
    cp tests/guest/rings/init "$FOLDER/rings/"
    put_program uring -p bespoke --test uring
    put_program drivers -p bespoke-drivers --lib
    put_program conformance -p bespoke --test conformance
    (cd "$FOLDER/rings" && find . | "$ROOT/bin/busybox" cpio -o -H newc) >"$FOLDER/rings.cpio"
    for one in "${KERNELS[@]}"; do
        version=${one%% *}
        rings_on "$version" ""
        rings_hold "$version" || die "the rings of Linux $version did not pass, or too few of their tests ran"
    done
    # What has to be seen, planted: tests that leave themselves out, and one that fails.
    for one in "denied ring" "failed disabled-2"; do
        rings_on 6.12 "PLANTED=${one% *}"
        grep -q '^guest: .*: passed' "$FOLDER/rings-6.12.log" || die "the guest with a planted mistake ($one) ran nothing"
        ! rings_hold 6.12 "${one#* }" >/dev/null 2>&1 || die "a planted mistake ($one) was not found"
    done
    echo "the planted mistakes were found, as they should be"
}

# `-cx16`: Linux 6.12 uses that instruction in its allocator, and this emulator makes of it what is none (double faults at boot).
rings_on() { # VERSION PLANTED
    GUEST_SECONDS=900 emulator qemu-system-x86_64 -accel tcg,thread=multi -cpu qemu64,-cx16 -smp 2 -m 1024 -nographic -no-reboot \
        -nic none -kernel "$(image "$1")" -initrd "$FOLDER/rings.cpio" -append "console=ttyS0 quiet panic=-1 $2" |
        tr -d '\r' | tee "$FOLDER/rings-$1.log"
}

# What a guest has said: its kernel, and of each program that all passed, and that they were not fewer than there are.
rings_hold() { # VERSION [PROGRAM]: that one alone
    local log=$FOLDER/rings-$1.log passed name
    local -A wanted=([ring]=16 [driver]=100)
    [ "$1" != 6.1 ] || wanted+=([suite]=135)
    [ "$1" = 6.1 ] || wanted+=([disabled-1]=1 [disabled-2]=1)
    grep -q "guest: Linux ${1//./\\.}\." "$log" || return 1
    for name in ${2:-"${!wanted[@]}"}; do
        passed=$(sed -n "s/^guest: $name: passed \([0-9]*\), failed 0, denied 0, ended well\$/\1/p" "$log")
        [ "${passed:-0}" -ge "${wanted[$name]}" ] || return 1
        echo "Linux $1: $name: passed $passed"
    done
}

parts=("$@")
[ $# -gt 0 ] || parts=(cortex_m clock_jumps rings)
for part in "${parts[@]}"; do
    case $part in cortex_m | clock_jumps | rings) ;; *) die "no part is called '$part'" ;; esac
done
fetch
for part in "${parts[@]}"; do "$part"; done
