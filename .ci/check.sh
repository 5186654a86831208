#!/usr/bin/env bash
# Everything that must hold before a change lands. `.ci/check.sh --help` lists the steps.
# A new step is one function `step_NAME` with a line in one of the two lists below.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

STEPS=(fmt locks clippy docs tests interop instructions loom schedules thumb wasm windows darwin)
FULL_STEPS=(powerset benches loom_full schedules_full miri generated asan deep storms soak fallbacks rings eintr abort wine qemu)

# Tests that read the machine code of a program: the sanitizer's checks are in it, as calls and branches; and those that ask how many
# bytes the process takes, of which most are then the sanitizer's.
ASAN_SKIP=(a_planted_fetch_add_is_found the_local_path_has_no_locked_instruction sleepers::)
LOOM_CAP_SECONDS=1800

describe() {
    case $1 in
        fmt) echo "formatting" ;;
        locks) echo "the lock files of the other workspaces fit the packages" ;;
        clippy) echo "lints, warnings are errors" ;;
        docs) echo "rustdoc, warnings are errors" ;;
        tests) echo "cargo test --workspace" ;;
        interop) echo "the seams to other crates, with those crates at the other side; parts that are made of other crates" ;;
        instructions) echo "instructions of the hot paths, beside the committed counts" ;;
        loom) echo "loom models of the core at preemption bound 2" ;;
        schedules) echo "whole runtimes of three and four workers under random schedules, others each time; their planted mistakes" ;;
        thumb) echo "the core on Cortex-M: no features, alloc; a runtime without std, there and with threads as interrupts" ;;
        wasm) echo "the core on wasm32: no features, alloc, std" ;;
        windows) echo "the workspace and its tests for Windows: lints, warnings are errors" ;;
        wine) echo "core, drivers, examples and guide on Windows, as far as wine is one" ;;
        darwin) echo "the workspace type-checks for macOS" ;;
        loom_full) echo "each loom model at bound 3, or 2 where 3 does not finish, or the most it takes, with its executions" ;;
        schedules_full) echo "the same, 160,000 schedules of each model, of four kinds, or BESPOKE_SCHEDULES of each kind" ;;
        miri) echo "core, memory strategies and buffered reading under Miri with Tree Borrows" ;;
        generated) echo "500 random functions, or BESPOKE_GENERATED, through #[async_fn] and rustc; the planted defects" ;;
        asan) echo "all tests under AddressSanitizer" ;;
        powerset) echo "every package with none, each, each two and all of its features, warnings are errors" ;;
        storms) echo "shutdowns, resets, slow peers, no descriptors, hot tasks, by the ten thousand; some of it on several workers" ;;
        soak) echo "ten minutes of use, or BESPOKE_SOAK_SECONDS: memory and descriptors stay" ;;
        fallbacks) echo "the driver suites while epoll, eventfd and timerfd are denied" ;;
        rings) echo "the suites of drivers and files on rings as small as they may be, with options, and as older kernels would have them; on one of two drivers, per core" ;;
        eintr) echo "the drivers while every third system call is interrupted" ;;
        abort) echo "where tasks wait, told by a program that cannot unwind" ;;
        qemu) echo "in emulators: the core on a Cortex-M, timers while the wall clock jumps by ten years, rings on Linux 6.1 and 6.12" ;;
        deep) echo "the long tests, in release" ;;
        benches) echo "every bench, once, none is timed; the code of the hot paths, beside the committed code" ;;
        *) echo "(not described)" ;;
    esac
}

usage() {
    echo "usage: .ci/check.sh [full | STEP...] [--skip STEP]..."
    echo "  without arguments: the steps marked *;  full: all of them"
    local step
    for step in "${STEPS[@]}"; do printf '  * %-14s %s\n' "$step" "$(describe "$step")"; done
    for step in "${FULL_STEPS[@]}"; do printf '    %-14s %s\n' "$step" "$(describe "$step")"; done
}

die() {
    echo "check.sh: $*" >&2
    exit 1
}

need_target() { # TARGET [TOOLCHAIN]
    command -v rustup >/dev/null || die "target $1 is needed and rustup, which would install it, is not there"
    rustup target add ${2:+--toolchain "$2"} "$1" || die "target $1 cannot be installed; nothing was checked for it"
}

need_component() { # COMPONENT [TOOLCHAIN]
    command -v rustup >/dev/null || die "component $1 is needed and rustup, which would install it, is not there"
    rustup component add ${2:+--toolchain "$2"} "$1" || die "component $1 cannot be installed"
}

need_command() { # COMMAND [PACKAGE]: the Debian package that holds it, if that has another name
    local package=${2:-$1}
    command -v "$1" >/dev/null && return
    command -v apt-get >/dev/null || die "$1 is needed, and apt-get, which would install it, is not there"
    apt-get install -y --no-install-recommends "$package" >/dev/null ||
        { apt-get update >/dev/null && apt-get install -y --no-install-recommends "$package" >/dev/null; } ||
        die "$1 is needed and cannot be installed"
}

need_nightly() {
    command -v rustup >/dev/null || die "a nightly toolchain is needed and rustup, which would install it, is not there"
    cargo +nightly --version >/dev/null 2>&1 || rustup toolchain install nightly --profile minimal ||
        die "a nightly toolchain cannot be installed"
}

# Runs a test command and fails if it ran no test although the sources hold some: a filter that matches nothing passes.
some_tests() { # PATTERN-IN-SOURCES COMMAND...
    local pattern=$1 log ran
    shift
    log=$(mktemp)
    "$@" 2>&1 | tee "$log"
    ran=$(awk '/^running [0-9]+ tests?$/ { n += $2 } END { print n + 0 }' "$log")
    rm -f "$log"
    [ "$ran" -gt 0 ] && return
    if git grep -qE "$pattern" -- '*.rs' ':!tests/tidy*'; then
        die "no test ran, but the sources hold some (they match: $pattern)"
    fi
    echo "none yet: no source matches $pattern"
}

loom_test() { # BOUND ARGUMENTS-OF-THE-TEST-BINARY...
    local bound=$1
    shift
    RUSTFLAGS="--cfg loom" CARGO_TARGET_DIR=target/loom LOOM_MAX_PREEMPTIONS=$bound \
        cargo test --release -p bespoke-core -p bespoke-alloc --features bespoke-core/std --lib loom "$@"
}

step_fmt() {
    cargo fmt --version >/dev/null 2>&1 || need_component rustfmt
    cargo fmt --all --check
}

# Their steps build with `--locked`, and run in full only.
step_locks() {
    local manifest
    for manifest in benches benches/peers benches/peers/size/echo-bespoke tests/guest/cortex-m tests/guest/clock-jumps \
        tests/interop; do
        cargo update --workspace --locked --manifest-path $manifest/Cargo.toml ||
            die "the lock file of $manifest is behind: cargo update --workspace --manifest-path $manifest/Cargo.toml"
    done
}

step_clippy() {
    cargo clippy --version >/dev/null 2>&1 || need_component clippy
    cargo clippy --workspace --all-targets -- -D warnings
}

step_docs() { RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps; }

step_tests() { cargo test --workspace; }

# A workspace of its own: with every feature of the facade, and the crates that the features are for.
step_interop() {
    local interop=(--manifest-path tests/interop/Cargo.toml --locked)
    export CARGO_TARGET_DIR=target/interop
    cargo fmt --manifest-path tests/interop/Cargo.toml --check
    cargo clippy "${interop[@]}" --all-targets -- -D warnings
    some_tests interop cargo test "${interop[@]}"
    # The queue that is made of a crate, in the suites of all queues and all schedulers.
    cargo clippy -p bespoke-core --features std,crossbeam-deque --all-targets -- -D warnings
    some_tests crossbeam-deque cargo test -p bespoke-core --features std,crossbeam-deque --lib deque
    some_tests crossbeam-deque cargo test -p bespoke --features crossbeam-deque --test schedulers --test queues -- deque queues
    some_tests crossbeam-deque cargo test -p bespoke --features crossbeam-deque --doc -- scheduler guide::threads
}

# Counts are compared on the compiler that they belong to; the bench says so if this is another.
step_instructions() {
    need_command valgrind
    cargo bench --bench instructions -- --check
    # The comparison must be able to fail.
    if cargo bench --bench instructions -- --check --planted --only yield >/dev/null 2>&1; then
        die "a path with work planted into it passed the comparison of instructions"
    fi
    # Tasks that any worker may run, on both queues: a program of its own.
    cargo clippy --features crossbeam-deque --bench instructions -- -D warnings
    cargo bench --features crossbeam-deque --bench instructions -- --check
    if cargo bench --features crossbeam-deque --bench instructions -- --check --planted --only stealing-steal >/dev/null 2>&1; then
        die "a steal with work planted into it passed the comparison of instructions"
    fi
}

step_loom() { some_tests 'loom::model|model::Builder' loom_test 2; }

# What fails tells the seed of its schedule, and how that one runs again.
schedules_test() {
    RUSTFLAGS="--cfg loom --cfg shuttle" CARGO_TARGET_DIR=target/schedules \
        cargo test --release -p bespoke-core --features std --lib scheduler::tests -- --nocapture
}

step_schedules() { some_tests 'cfg\(shuttle\)' schedules_test; }

step_thumb() {
    local target=thumbv7em-none-eabihf
    need_target $target
    cargo check -p bespoke-core --target $target
    cargo check -p bespoke-core --target $target --features alloc
    cargo check -p bespoke-test-library --target $target --no-default-features
    cargo check -p bespoke-alloc --target $target --no-default-features
    cargo check -p bespoke-alloc --target $target --no-default-features --features alloc
    # The program that `qemu` runs on a board, and the same runtime here, where threads are the interrupts of one.
    cargo fmt --manifest-path tests/guest/cortex-m/Cargo.toml --check
    (cd tests/guest/cortex-m && unset RUSTFLAGS && cargo clippy --release --locked -- -D warnings)
    cargo clippy -p bespoke-core --features alloc --lib --test bare -- -D warnings
    some_tests 'unsafe impl Board' cargo test -p bespoke-core --features alloc --test bare
}

step_wasm() {
    local target=wasm32-unknown-unknown
    need_target $target
    cargo check -p bespoke-core --target $target
    cargo check -p bespoke-core --target $target --features alloc
    cargo check -p bespoke-alloc --target $target --no-default-features
    cargo check -p bespoke-alloc --target $target --no-default-features --features alloc
    cargo check -p bespoke-core --target $target --features std
}

step_windows() {
    need_target x86_64-pc-windows-gnu
    cargo clippy --workspace --all-targets --target x86_64-pc-windows-gnu -- -D warnings
}

# Not here, but under Linux only: what reads the repository or starts cargo (`tidy`, `ui`, the macros' tests).
step_wine() {
    local target=x86_64-pc-windows-gnu
    need_target $target
    need_command x86_64-w64-mingw32-gcc gcc-mingw-w64-x86-64
    # Debian keeps it beside the path.
    command -v wine64 >/dev/null || need_command /usr/lib/wine/wine64 wine64
    .ci/wine/run --prepare || die "wine cannot be set up: nothing was run for Windows"
    export CARGO_TARGET_X86_64_PC_WINDOWS_GNU_RUNNER=$PWD/.ci/wine/run
    cargo test --target $target -p bespoke-core --features bespoke-core/std
    # Left out: an example with the figures of keepalive, which Windows 10 knows and wine 8 does not.
    cargo test --target $target -p bespoke-alloc -p bespoke-drivers -p bespoke-test-library -- --skip set_keepalive
    cargo build --target $target --examples
    cargo test --target $target -p bespoke --test all_send --test blocking --test conformance --test ctrl_c \
        --test examples --test schedulers --test transfers
    cargo test --target $target -p bespoke --doc
}

step_darwin() {
    need_target aarch64-apple-darwin
    cargo check --workspace --target aarch64-apple-darwin
}

# NAME FEATURE... of each package of the workspace, a line each, as cargo understands them: optional dependencies included.
packages_and_features() {
    local json
    json=$(cargo metadata --no-deps --format-version 1 --offline 2>/dev/null || cargo metadata --no-deps --format-version 1)
    python3 -c '
import json, sys
for package in json.load(sys.stdin)["packages"]:
    print(package["name"], *(feature for feature in sorted(package["features"]) if feature != "default"))
' <<<"$json"
}

# None, each, each two, and all: what one feature breaks in another shows there, and sets of three cost twice the time for each
# feature that is added.
step_powerset() {
    local package set bit sets=0 features line
    command -v python3 >/dev/null || die "python3 is needed, to read what cargo says of the packages"
    line=$(packages_and_features)
    [ -n "$line" ] || die "cargo names no package"
    while read -r package features; do
        # shellcheck disable=SC2206 # names of features have no spaces
        features=($features)
        for ((set = 0; set < 1 << ${#features[@]}; set++)); do
            local chosen=() of=${#features[@]}
            for ((bit = 0; bit < ${#features[@]}; bit++)); do
                ((set >> bit & 1)) && chosen+=("${features[bit]}")
            done
            [ ${#chosen[@]} -le 2 ] || [ ${#chosen[@]} -eq "$of" ] || continue
            printf '%s [%s]\n' "$package" "${chosen[*]-}"
            # In a folder of its own: flags are part of what makes a build new.
            RUSTFLAGS="-D warnings" CARGO_TARGET_DIR=target/powerset cargo check --quiet -p "$package" --no-default-features \
                --features "$(IFS=, && echo "${chosen[*]-}")"
            sets=$((sets + 1))
        done
    done <<<"$line"
    echo "$sets sets of features"
}

# One model alone, its output in LOG. Status: 0 passed, 124 out of time, else failed.
one_model() { # BOUND SECONDS MODEL LOG
    local rc=0
    # `timeout` runs programs, not functions: this file runs itself. The models are built by now.
    LOOM_LOG=loom::model=info timeout "$2" .ci/check.sh --loom-model "$1" "$3" >"$4" 2>&1 || rc=$?
    if [ $rc -eq 0 ] && ! grep -q '^test result: ok. 1 passed' "$4"; then rc=1; fi
    return $rc
}

step_loom_full() {
    local list log models model left share rc bound taken executions begun=$SECONDS
    list=$(loom_test 2 -- --list)
    mapfile -t models < <(sed -n 's/: test$//p' <<<"$list")
    if [ ${#models[@]} -eq 0 ]; then
        some_tests 'loom::model|model::Builder' loom_test 2
        return
    fi
    log=$(mktemp)
    left=${#models[@]}
    printf '%-64s %6s %12s %6s\n' model bound executions s
    for model in "${models[@]}"; do
        local at=$SECONDS
        # What is left of the cap, shared among the models that are left.
        share=$(((LOOM_CAP_SECONDS - (SECONDS - begun)) / left))
        [ $share -ge 10 ] || share=10
        bound=3 rc=0
        one_model 3 $share "$model" "$log" || rc=$?
        if [ $rc -eq 124 ]; then
            bound=2 rc=0
            one_model 2 600 "$model" "$log" || rc=$?
        fi
        if [ $rc -ne 0 ]; then
            cat "$log"
            rm -f "$log"
            die "loom model $model failed at bound $bound (status $rc; 124 is out of time)"
        fi
        # A test may run several models; a planted twin stops at its bug and prints no count.
        # Some models count themselves, the others leave it to loom.
        executions=$(sed -n -e 's/.*Completed in \([0-9]*\) iterations.*/\1/p' \
            -e 's/^model .*: bound [0-9]*, \([0-9]*\) executions.*/\1/p' "$log" | awk '{ n += $1 } END { print NR ? n : "-" }')
        # Those that count themselves say which bound they took: some are too large for the one that they were asked for.
        taken=$(sed -n 's/^model .*: bound \([0-9]*\), .*/\1/p' "$log" | sort -un | paste -sd, -)
        printf '%-64s %6s %12s %6s\n' "$model" "${taken:-$bound}" "$executions" $((SECONDS - at))
        left=$((left - 1))
    done
    rm -f "$log"
}

# Who goes next is chosen at each step; then it changes once, twice and four times only. Nothing is planted: `schedules` does.
step_schedules_full() {
    local depth
    export BESPOKE_SCHEDULES=${BESPOKE_SCHEDULES:-40000}
    for depth in 0 2 3 5; do BESPOKE_DEPTH=$depth some_tests 'cfg\(shuttle\)' schedules_test; done
}

# What makes no system calls. Tests that Miri cannot run say so themselves, and why: `cfg_attr(miri, ignore = "…")`.
step_miri() {
    local miri=(cargo +nightly miri test)
    need_nightly
    need_component miri nightly
    need_component rust-src nightly
    export MIRIFLAGS="-Zmiri-tree-borrows ${MIRIFLAGS:-}" CARGO_TARGET_DIR=target/miri
    "${miri[@]}" -p bespoke-core --features std
    "${miri[@]}" -p bespoke-core --features alloc --test bare
    "${miri[@]}" -p bespoke-alloc
    # Of the drivers, the rooms above the system calls.
    "${miri[@]}" -p bespoke-drivers --lib -- io:: op::
    # Functions that nobody wrote: the same ones each time.
    cargo run -p bespoke-test-generated -- --miri --seed 1 --count 10
}

# Other functions each time: the seed is printed, and `--seed` makes them again.
step_generated() {
    need_command valgrind
    cargo run -p bespoke-test-generated -- --planted all
    cargo run -p bespoke-test-generated -- --count "${BESPOKE_GENERATED:-500}"
}

step_asan() {
    local skips=() part
    need_nightly
    for part in "${ASAN_SKIP[@]}"; do skips+=(--skip "$part"); done
    # Doc tests are linked by rustdoc, which has flags of its own. Leaks are told at the end of each test program.
    LSAN_OPTIONS="suppressions=$PWD/.ci/leaks.txt:print_suppressions=0" RUSTFLAGS=-Zsanitizer=address RUSTDOCFLAGS=-Zsanitizer=address CARGO_TARGET_DIR=target/asan \
        cargo +nightly test --target x86_64-unknown-linux-gnu --workspace --no-fail-fast -- "${skips[@]}"
}

step_benches() {
    cargo clippy --manifest-path benches/Cargo.toml --benches -- -D warnings
    cargo bench --manifest-path benches/Cargo.toml -- --test
    # The comparison of code must be able to fail.
    if cargo bench --manifest-path benches/Cargo.toml --bench assembly -- --check --planted >/dev/null 2>&1; then
        die "code with a locked instruction planted into it passed the comparison with the committed code"
    fi
    # Of the peers, what is ours: the driver, the library, and our binary, which follows every change of our names.
    local ours=(-p bespoke-peers -p peers-harness -p peer-bespoke -p peer-bespoke-tokio-io -p peer-planted -p hello-bespoke)
    cargo clippy --manifest-path benches/peers/Cargo.toml "${ours[@]}" --all-targets -- -D warnings
    cargo test --manifest-path benches/peers/Cargo.toml "${ours[@]}"
}

# What reads BESPOKE_DEEP, but for the storms: the wheel against its model, the tasks and both queues under stress, the driver
# suite (ten thousand connections in turn among it), the signals, tasks that roam, workers that end alone, and what is counted by
# the million. Not the ring alone: its long counts take more than five minutes by themselves.
step_deep() {
    export BESPOKE_DEEP=1
    some_tests BESPOKE_DEEP cargo test --release -p bespoke-core --features std,crossbeam-deque --lib -- --nocapture model stress
    some_tests BESPOKE_DEEP cargo test --release -p bespoke --test roaming --test orphans --test scale -- --nocapture
    some_tests BESPOKE_DEEP cargo test --release -p bespoke --test conformance --test signals -- --nocapture
}

# One at a time: they measure.
step_storms() {
    export BESPOKE_DEEP=1
    cargo test --release -p bespoke --test storms -- --nocapture --test-threads=1
}

step_soak() {
    BESPOKE_SOAK_SECONDS=${BESPOKE_SOAK_SECONDS:-600} \
        cargo test --release -p bespoke --test soak -- --nocapture --test-threads=1
}

# What stands in for them: poll(2), a pipe, the timeout of the poll. `tests/denied.rs`, which always runs, is the short part.
step_fallbacks() {
    local program
    program=$(cargo test -p bespoke --test conformance --no-run --message-format=json |
        sed -n 's/.*"executable":"\([^"]*\)".*/\1/p' | tail -n 1)
    [ -x "$program" ] || die "cargo names no program for the test conformance"
    BESPOKE_DENY=eventfd2,timerfd_create "$program" mio::
    # Left out: what has a second runtime, which is over epoll.
    BESPOKE_DENY=epoll_create1,eventfd2,timerfd_create "$program" mio_poll:: mio_poll_per_core:: \
        --skip in_the_wrong_runtime --skip used_on_another_worker
    # The denial must be able to fail a case.
    if BESPOKE_DENY=epoll_create1 "$program" mio::echo >/dev/null 2>&1; then
        die "the driver over epoll passed a case while epoll was denied"
    fi
}

# Programs of their own, which `--all-targets` and `--workspace` leave out.
step_rings() {
    local programs=(-p bespoke --test conformance_rings --test files_rings)
    cargo clippy "${programs[@]}" -- -D warnings
    some_tests 'suite!' cargo test "${programs[@]}"
}

# What a signal may interrupt, of the calls that the drivers and their tests make. Left out: `connect` and `close`, which go
# on after the interruption, while an injected error replaces the call; `futex`, whose wake is never interrupted; the first
# reads of a process, which are the dynamic linker's.
step_eintr() {
    local calls=recvfrom,recvmsg,sendto,sendmsg,accept4,epoll_wait,poll,ppoll,write target program call log counts
    need_command strace
    # First with nothing injected: says so if tracing is not allowed here.
    strace -f -qq -o /dev/null true || die "strace is there, but may trace nothing here: nothing was interrupted"
    log=$(mktemp)
    for target in blocking transfers conformance; do
        program=$(cargo test -p bespoke --test "$target" --no-run --message-format=json |
            sed -n 's/.*"executable":"\([^"]*\)".*/\1/p' | tail -n 1)
        [ -x "$program" ] || die "cargo names no program for the test $target"
        # The C library's look-up of names gives up when its own reading of files is interrupted.
        strace -f -qq -o "$log.$target" -e "trace=$calls,read" -e "inject=$calls:error=EINTR:when=1+3" \
            -e inject=read:error=EINTR:when=10+3 "$program" --skip first_that_answers
    done
    counts=$(cat "$log".* | grep -F '(INJECTED)' | sed -n 's/^[0-9]* *<\?[. ]*\([a-z0-9_]*\)[( ].*/\1/p' | sort | uniq -c)
    rm -f "$log" "$log".*
    printf 'interrupted, by call:\n%s\n' "$counts"
    for call in ${calls//,/ } read; do
        # Which of the two polls is called is the C library's choice.
        case $call in poll | ppoll) call='p*poll' ;; esac
        grep -qE " $call\$" <<<"$counts" || die "no $call was interrupted: the tests say nothing about it"
    done
}

# A question about a machine ends there by a return; everywhere else it unwinds.
step_abort() {
    local told
    told=$(CARGO_PROFILE_DEV_PANIC=abort CARGO_TARGET_DIR=target/abort cargo run --example dump)
    echo "$told"
    [ "$(grep -c ': from.recv().await$' <<<"$told")" -eq 2 ] || die "the example does not say where its two tasks wait"
}

step_qemu() { .ci/guest.sh; }

known() {
    local step
    for step in "${STEPS[@]}" "${FULL_STEPS[@]}"; do [ "$step" = "$1" ] && return; done
    echo "check.sh: no step is called '$1'; --help lists them" >&2
    exit 2
}

if [ "${1:-}" = --loom-model ]; then
    loom_test "$2" -- --exact "$3" --nocapture
    exit
fi

chosen=() skipped=()
while [ $# -gt 0 ]; do
    case $1 in
        -h | --help)
            usage
            exit
            ;;
        --skip)
            [ $# -ge 2 ] || { echo "check.sh: --skip wants a step" >&2 && exit 2; }
            known "$2"
            skipped+=("$2")
            shift
            ;;
        full) chosen+=("${STEPS[@]}" "${FULL_STEPS[@]}") ;;
        *)
            known "$1"
            chosen+=("$1")
            ;;
    esac
    shift
done
[ ${#chosen[@]} -gt 0 ] || chosen=("${STEPS[@]}")

summary=""
for step in "${chosen[@]}"; do
    case " ${skipped[*]-} " in *" $step "*)
        summary+=$(printf '%-14s skipped on request' "$step")$'\n'
        continue
        ;;
    esac
    printf '\n== %s: %s\n' "$step" "$(describe "$step")"
    begun=$SECONDS
    # Not in a condition: there `set -e` would be off inside the step.
    set +e
    (
        set -euo pipefail
        "step_$step"
    )
    rc=$?
    set -e
    verdict=ok
    [ $rc -eq 0 ] || verdict="FAILED (status $rc)"
    printf -- '-- %s: %s, %d s\n' "$step" "$verdict" $((SECONDS - begun))
    summary+=$(printf '%-14s %5d s  %s' "$step" $((SECONDS - begun)) "$verdict")$'\n'
    if [ $rc -ne 0 ]; then
        printf '\n== summary\n%sstopped at the first failure\n' "$summary"
        exit $rc
    fi
done
printf '\n== summary\n%s%-14s %5d s\n' "$summary" total "$SECONDS"
