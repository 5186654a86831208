#!/usr/bin/env bash
# What needs another machine, in an emulator: the core on a Cortex-M, and timers while the wall clock of a machine jumps.
# Called by `check.sh qemu`. Emulators and kernel come from Debian's archive into target/guest, and nothing is installed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

PACKAGES=(qemu-system-x86 qemu-system-arm qemu-system-data qemu-system-common seabios busybox-static
    # What the emulators link to and a small machine lacks.
    libcapstone4 libfdt1 libpmem1 librdmacm1 libibverbs1 libslirp0 libvdeplug2 libnl-3-200 libnl-route-3-200 libndctl6
    libdaxctl1)
FOLDER=$PWD/target/guest
ROOT=$FOLDER/root

die() {
    echo "guest.sh: $*; nothing was checked in a guest" >&2
    exit 1
}

# Emulators, firmware and kernel, unless they are there.
fetch() {
    [ -e "$FOLDER/fetched" ] && return
    if ! { command -v apt-get && command -v dpkg; } >/dev/null; then
        die "the emulators come as Debian packages, and apt-get or dpkg is not there"
    fi
    rm -rf "$ROOT" "$FOLDER/debs"
    mkdir -p "$ROOT" "$FOLDER/debs"
    local kernel deb
    [ "$(id -u)" != 0 ] || apt-get update -q || die "the lists of packages cannot be fetched"
    kernel=$(apt-cache depends linux-image-cloud-amd64 2>/dev/null | sed -n 's/.*Depends: \(linux-image-[^ ]*\)/\1/p' | head -n 1)
    [ -n "$kernel" ] || die "no package linux-image-cloud-amd64 is known here"
    (cd "$FOLDER/debs" && apt-get download -q "${PACKAGES[@]}" "$kernel") || die "the packages cannot be fetched"
    for deb in "$FOLDER"/debs/*.deb; do dpkg -x "$deb" "$ROOT"; done
    rm -rf "$FOLDER/debs"
    touch "$FOLDER/fetched"
}

emulator() { # NAME ARGUMENTS...
    local program=$ROOT/usr/bin/$1 libraries=$ROOT/usr/lib/x86_64-linux-gnu:$ROOT/lib/x86_64-linux-gnu missing
    shift
    missing=$(LD_LIBRARY_PATH=$libraries ldd "$program" | sed -n 's/ *\(.*\) => not found/\1/p' | tr -d '\n')
    [ -z "$missing" ] || die "$program needs libraries that are not there:$missing"
    # Nobody types into a guest.
    LD_LIBRARY_PATH=$libraries timeout 300 "$program" -L "$ROOT/usr/share/qemu" -L "$ROOT/usr/share/seabios" "$@" </dev/null
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
    (cd tests/guest/clock-jumps &&
        RUSTFLAGS="-C target-feature=+crt-static" cargo build --release --locked --target x86_64-unknown-linux-gnu)
    kernel=$(echo "$ROOT"/boot/vmlinuz-*)
    [ -e "$kernel" ] || die "the package of the kernel holds no kernel"
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

fetch
cortex_m
clock_jumps
