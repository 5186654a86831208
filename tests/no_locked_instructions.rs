//! Under `Local`, what a task does without leaving its thread executes no locked instruction, no fence and no system call:
//! proved on the machine code of a program, `no_locked_instructions/program`, built in release.
//!
//! The program's `bespoke_marked_local_loop` runs a worker that spawns, yields, wakes, joins, detaches, aborts, sleeps and
//! gives leases back, and whose tasks talk to each other through the channels, notifications and sets of a local config.
//! [`walk`] reads everything that this function may come to. In it there must be no `lock` prefix, no `xchg` with memory, no
//! `mfence`, `lfence` or `sfence`, no `syscall`, but for
//!
//! 1. functions whose name contains `__bespoke_cold_`: another thread, the inbox, the driver, a panic (the convention is
//!    in `runtime-core/src/task/mod.rs`);
//! 2. the standard library's count of panics, which landing pads count down;
//! 3. what stands on the lists of [`known`]: panics, and the C library.
//!
//! A *planted* twin, the same program with one `fetch_add` in the clone of a waker, shows that the walk finds what it looks
//! for. x86-64 Linux only: the promise is made by the same sources on every target, and read off on this one.
//!
//! Source: the idea of marking cold functions by name and walking the rest is ours; instruction forms: Intel SDM, volume 2.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]

#[path = "no_locked_instructions/image.rs"]
mod image;
#[path = "no_locked_instructions/known.rs"]
mod known;
#[path = "no_locked_instructions/walk.rs"]
mod walk;

use image::Image;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};
use walk::{Closure, Finding, walk};

const START: &str = "bespoke_marked_local_loop";
const PROGRAM: &str = "bespoke-local-loop";
const TARGET: &str = "x86_64-unknown-linux-gnu";

/// Builds the program, lets `look` at the executable before another build replaces it.
fn built<R>(flags: &str, look: impl FnOnce(&Path) -> R) -> R {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _one = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).with_file_name("walk");
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| env!("CARGO").to_string());
    let out = Command::new(cargo)
        // With a target named, flags are not for macros and build scripts: those are built once for both programs.
        .args(["build", "--release", "--offline", "--package", PROGRAM, "--target", TARGET])
        .arg("--target-dir")
        .arg(&folder)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .env("RUSTFLAGS", flags)
        .output()
        .expect("cargo can be run");
    assert!(out.status.success(), "cargo build: {}", String::from_utf8_lossy(&out.stderr));
    look(&folder.join(TARGET).join("release").join(PROGRAM))
}

fn closure(flags: &str) -> Closure {
    let bytes = built(flags, |program| std::fs::read(program).expect("the program was built"));
    walk(&mut Image::new(bytes), START)
}

fn lines(findings: &[Finding]) -> String {
    findings.iter().map(|finding| format!("  {finding}\n")).collect()
}

#[test]
fn the_local_path_has_no_locked_instruction() {
    let closure = closure("");
    println!(
        "{} functions and {} instructions read; stopped at {} cold functions; {} calls through a pointer",
        closure.functions.len(),
        closure.instructions,
        closure.cold.len(),
        closure.indirect
    );
    assert!(closure.findings.is_empty(), "{} finding(s):\n{}", closure.findings.len(), lines(&closure.findings));

    // The walk went where it should, and the lists say nothing that is not so.
    for row in known::INDIRECT {
        for part in row.reaches {
            let read = closure.functions.iter().any(|name| name.contains(part));
            assert!(read, "`{}` reaches `{part}` ({}), but the walk did not", row.place, row.why);
        }
    }
    let strange: Vec<_> =
        closure.unread.iter().filter(|name| !known::UNREAD.iter().any(|(part, _)| known::is(name, part))).collect();
    assert!(strange.is_empty(), "the program has these in a table, and the walk did not read them: {strange:#?}");
    for part in known::COLD_ENTRIES {
        let met = closure.cold.iter().any(|name| name.contains(part));
        assert!(met, "no cold `{part}` was met: the path that leads there was not walked");
    }
    let unknown: Vec<_> =
        closure.cold.iter().filter(|name| !known::COLD_ENTRIES.iter().any(|part| name.contains(part))).collect();
    assert!(unknown.is_empty(), "cold functions that the list does not know: {unknown:?}");
}

#[test]
fn a_planted_fetch_add_is_found() {
    let closure = closure("--cfg bespoke_planted_fetch_add");
    assert!(!closure.findings.is_empty(), "the walk did not find the planted instruction");
    for finding in &closure.findings {
        let locked = finding.what.starts_with("lock ");
        let named = finding.function.contains("task::waker::Table") && finding.function.contains("clone");
        assert!(locked && named && finding.address != 0, "not what was planted:\n{}", lines(&closure.findings));
    }
    println!("found, as it should be:\n{}", lines(&closure.findings));
}

#[test]
fn the_program_does_what_it_is_read_for() {
    let out = built("", |program| Command::new(program).arg("100").output().expect("the program runs"));
    // Twelve steps in each of 100 rounds.
    assert_eq!(String::from_utf8_lossy(&out.stdout), "1200\n", "{out:?}");
}

#[test]
fn each_forbidden_instruction_is_known() {
    let cases: &[(&[u8], Option<&str>)] = &[
        (b"\xf0\x48\xff\x07", Some("lock inc")),
        (b"\xf0\x48\x0f\xc1\x07", Some("lock xadd")),
        (b"\xf0\x48\x0f\xb1\x0f", Some("lock cmpxchg")),
        (b"\x48\x87\x07", Some("memory xchg")),
        (b"\x86\x07", Some("memory xchg")),
        (b"\x48\x87\xc3", None), // xchg rbx, rax
        (b"\x66\x90", None),     // nop, which is `xchg ax, ax`
        (b"\x0f\xae\xf0", Some("fence mfence")),
        (b"\x0f\xae\xe8", Some("fence lfence")),
        (b"\x0f\xae\xf8", Some("fence sfence")),
        (b"\x0f\x05", Some("system call syscall")),
        (b"\x0f\x34", Some("system call sysenter")),
        (b"\xcd\x80", Some("system call int")),
        (b"\x48\x8b\x07", None), // mov rax, [rdi]
        (b"\x48\x89\x07", None), // mov [rdi], rax
        (b"\xf3\x90", None),     // pause
        (b"\x0f\x0b", None),     // ud2
    ];
    for (bytes, wanted) in cases {
        let instruction = iced_x86::Decoder::new(64, bytes, iced_x86::DecoderOptions::NONE).decode();
        assert_eq!(instruction.len(), bytes.len(), "{bytes:x?}");
        assert_eq!(walk::forbidden(&instruction).as_deref(), *wanted, "{bytes:x?}");
    }
}
