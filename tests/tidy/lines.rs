//! Rules about what a line may say: system calls, clocks, threads, unfinished work, unsafe without its proof.

use crate::files::{all, is_source, sources};
use crate::text::{code, ident, line_of, matching, product, words};
use crate::{Finding, none, only};

/// Files that may read a clock of the standard library: the implementation of the role `Clock`, and waits that belong to
/// the machine and not to the program's time (how long an idle thread spins, how long a worker searches, how long a shutdown
/// waits, when a poll's timer rings, the timeouts of a driver).
const CLOCK_FILES: &[&str] = &[
    "runtime-core/src/time/clock.rs",
    "runtime-core/src/blocking/seat.rs",
    "runtime-core/src/worker/watchdog.rs",
    "runtime-core/src/task/steal/tally.rs",
    "runtime-core/src/runtime/mod.rs",
    "runtime-drivers/src/mio/timer.rs",
    "runtime-drivers/src/mio/timeouts.rs",
    "runtime-drivers/src/uring/drain.rs",
    "runtime-drivers/src/uring/handover.rs",
    "runtime-drivers/src/blocking/lower/slices.rs",
];

/// Files that may start a thread of the standard library: the implementations of the role `Threads`.
const THREAD_FILES: &[&str] = &["runtime-core/src/roles/threads.rs"];

/// A `SAFETY:` note stands at most this many lines above what it proves.
const SAFETY_LINES: usize = 6;

fn finding(rule: &'static str, path: &str, text: &str, at: usize, what: impl Into<String>) -> Finding {
    Finding { rule, path: path.into(), line: line_of(text, at), what: what.into() }
}

/// Rule: `libc` is named only in `sys/unix/` of drivers and in `sys.rs` files and `sys/` folders of alloc, `windows_sys` only
/// in `sys/windows/` of drivers.
fn system_calls_only_in_sys(path: &str, text: &str) -> Vec<Finding> {
    let unix = path.starts_with("runtime-drivers/src/sys/unix/")
        || path.starts_with("runtime-alloc/src/") && (path.ends_with("/sys.rs") || path.contains("/sys/"));
    let windows = path.starts_with("runtime-drivers/src/sys/windows/");
    let code = product(path, text);
    let mut found = Vec::new();
    for (name, fine) in [("libc", unix), ("windows_sys", windows)] {
        let what = format!("`{name}` outside its `sys` room: wrap the call there and name the wrapper here");
        if !fine {
            found.extend(words(&code, name).map(|at| finding("system calls", path, &code, at, what.clone())));
        }
    }
    found.sort_by_key(|f| f.line);
    found
}

/// Rule: nothing unfinished lands, and an ignored test says why.
fn unfinished(path: &str, text: &str) -> Vec<Finding> {
    let code = code(text);
    let mut found = Vec::new();
    for name in ["todo", "unimplemented", "dbg"] {
        for at in words(&code, name).filter(|at| code[at + name.len()..].starts_with('!')) {
            found.push(finding(
                "unfinished",
                path,
                text,
                at,
                format!("`{name}!` in the tree: finish it or take it out"),
            ));
        }
    }
    // In two parts, so that this file does not find itself.
    for mark in [concat!("FIX", "ME"), concat!("X", "XX")] {
        for at in words(text, mark) {
            found.push(finding("unfinished", path, text, at, format!("`{mark}`: mend it, or write down why it stays")));
        }
    }
    for at in words(&code, "ignore") {
        let rest = code[at + "ignore".len()..].trim_start();
        // The reason was blanked in `code`: it is read from the text, where offsets are the same.
        let reason = rest.starts_with('=') && text[at..].split('"').nth(1).is_some_and(|why| why.len() > 3);
        if in_attribute(&code, at) && !reason {
            found.push(finding("unfinished", path, text, at, "ignored without a reason: write `#[ignore = \"why\"]`"));
        }
    }
    found.sort_by_key(|f| f.line);
    found
}

fn in_attribute(code: &str, at: usize) -> bool {
    code[..at].rfind("#[").is_some_and(|open| matching(code, open + 1) > at)
}

/// Rule: clocks and threads are roles of the `Config`; the standard library's are named only where a role wraps them.
fn clocks_and_threads(path: &str, text: &str) -> Vec<Finding> {
    let code = product(path, text);
    let mut found = Vec::new();
    for (files, names, role) in [
        (CLOCK_FILES, ["Instant::now", "SystemTime::now"], "`C::Clock`"),
        (THREAD_FILES, ["thread::spawn", "thread::Builder"], "`C::Threads`"),
    ] {
        for name in names.into_iter().filter(|_| !files.contains(&path)) {
            for at in words(&code, name) {
                let what =
                    format!("`{name}` belongs to the Config: use {role}, or add the file to the list in this test");
                found.push(finding("clocks and threads", path, &code, at, what));
            }
        }
    }
    found.sort_by_key(|f| f.line);
    found
}

/// Rule: every unsafe block and impl has a `SAFETY:` note just above it or on its line. A kept expansion is printed from
/// tokens, among which are no comments: its notes are in the `emit.rs` that made it.
fn unproven(path: &str, text: &str) -> Vec<Finding> {
    if path.starts_with("runtime-macros/tests/expand/") && path.ends_with(".expanded.rs") {
        return Vec::new();
    }
    let code = code(text);
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    for at in words(&code, "unsafe") {
        let rest = code[at + "unsafe".len()..].trim_start();
        if !rest.starts_with('{') && ident(rest) != "impl" {
            continue;
        }
        let line = line_of(&code, at);
        if !proven(&lines[..line]) {
            let what =
                format!("no `SAFETY:` note within {SAFETY_LINES} lines above: say which invariant makes it sound");
            found.push(Finding { rule: "safety", path: path.into(), line, what });
        }
    }
    found
}

/// Rule: a text in front of an error keeps its code: `in_context` does, `io::Error::new` with the kind of another error does not.
fn codes_that_are_lost(path: &str, text: &str) -> Vec<Finding> {
    if path == "runtime-core/src/error/context.rs" {
        return Vec::new();
    }
    let code = product(path, text);
    let mut found = Vec::new();
    for at in words(&code, "Error::new") {
        let first = code[at + "Error::new".len()..].trim_start().strip_prefix('(').unwrap_or_default();
        let kind = first.split(',').next().unwrap_or_default().trim();
        let text = first[first.find(',').map_or(0, |at| at + 1)..].trim_start();
        if kind.ends_with(".kind()") && ["std::format!", "format!", "format_args!"].iter().any(|f| text.starts_with(f))
        {
            let what = "the code of the error is lost: `bespoke_core::error::in_context` keeps it";
            found.push(finding("codes", path, &code, at, what));
        }
    }
    found
}

/// Rule: a test that is left out says so where the harness shows it, which swallows what a test prints that passes.
fn skips_that_are_swallowed(path: &str, text: &str) -> Vec<Finding> {
    let code = code(text);
    let mut found = Vec::new();
    for name in ["println", "eprintln"] {
        for at in words(&code, name).filter(|at| code[at + name.len()..].starts_with('!')) {
            if text[at..].lines().take(2).any(|line| line.contains("skipped")) {
                let what =
                    "the harness swallows this line: `skipped` of `tests/common/runs.rs` writes it to the terminal";
                found.push(finding("skips", path, text, at, what));
            }
        }
    }
    found
}

/// Whether the last of `lines`, or one of the lines above it, carries a note. A note may itself be long: its lines
/// count as one.
fn proven(lines: &[&str]) -> bool {
    let mut left = SAFETY_LINES + 1;
    for line in lines.iter().rev() {
        if line.contains("SAFETY:") {
            return true;
        }
        if !line.trim_start().starts_with("//") {
            left -= 1;
        }
        if left == 0 {
            break;
        }
    }
    false
}

fn rust() -> Vec<(String, String)> {
    let mut files = all();
    files.retain(|(path, _)| path.ends_with(".rs"));
    files
}

#[test]
fn system_calls_are_named_in_sys_rooms_only() {
    none(&sources().iter().flat_map(|(path, text)| system_calls_only_in_sys(path, text)).collect::<Vec<_>>());
}

#[test]
fn system_calls_elsewhere_are_found() {
    let text = "use libc::c_int;\n// libc::read\nfn f() { libc::read(); }\n#[cfg(test)]\nmod t { use libc::x; }\n\
                fn g() { \"libc::x\"; }\nuse libc as c;\nuse windows_sys::core::BOOL;";
    only(&system_calls_only_in_sys("runtime-drivers/src/mio/mod.rs", text), &[1, 3, 7, 8]);
    only(&system_calls_only_in_sys("runtime-core/src/sys.rs", text), &[1, 3, 7, 8]);
    only(&system_calls_only_in_sys("runtime-drivers/src/sys/mod.rs", text), &[1, 3, 7, 8]);
    only(&system_calls_only_in_sys("runtime-drivers/src/sys/unix/fd.rs", text), &[8]);
    only(&system_calls_only_in_sys("runtime-drivers/src/sys/windows/fd.rs", text), &[1, 3, 7]);
    only(&system_calls_only_in_sys("runtime-alloc/src/numa/sys.rs", text), &[8]);
}

#[test]
fn nothing_is_unfinished() {
    none(&rust().iter().flat_map(|(path, text)| unfinished(path, text)).collect::<Vec<_>>());
}

#[test]
fn unfinished_work_is_found() {
    let marks = [concat!("FIX", "ME"), concat!("X", "XX")];
    let text = format!(
        "fn f() {{ todo!() }}\nunimplemented!(\"x\");\ndbg!(x);\n// {}: x\n// {} x\n#[ignore]\n#[ignore = \"\"]\n\
         #[ignore = \"needs a kernel with rings\"]\n#[cfg_attr(miri, ignore)]\n/// ```ignore\n// todo!()\nlet ignore = 1;\n\
         #[cfg_attr(miri, ignore = \"makes system calls\")]",
        marks[0], marks[1]
    );
    only(&unfinished("src/a.rs", &text), &[1, 2, 3, 4, 5, 6, 7, 9]);
}

#[test]
fn clocks_and_threads_belong_to_the_config() {
    none(&sources().iter().flat_map(|(path, text)| clocks_and_threads(path, text)).collect::<Vec<_>>());
}

#[test]
fn a_clock_or_a_thread_is_found() {
    let text = "let a = std::time::Instant::now();\nSystemTime::now();\nstd::thread::spawn(f);\nthread::Builder::new();\n\
                // Instant::now\n#[cfg(test)]\nmod t { fn f() { Instant::now(); } }";
    only(&clocks_and_threads("src/a.rs", text), &[1, 2, 3, 4]);
    only(&clocks_and_threads(CLOCK_FILES[0], text), &[3, 4]);
    only(&clocks_and_threads(THREAD_FILES[0], text), &[1, 2]);
    assert!(CLOCK_FILES.iter().chain(THREAD_FILES).all(|path| is_source(path)), "a list names what is no source");
}

#[test]
fn every_unsafe_has_its_proof() {
    none(&rust().iter().flat_map(|(path, text)| unproven(path, text)).collect::<Vec<_>>());
}

#[test]
fn an_unsafe_without_proof_is_found() {
    let far = "x\n".repeat(SAFETY_LINES);
    let text = format!(
        "unsafe {{ a() }}\n// SAFETY: a\n// long\n// note\nlet a =\n    unsafe {{ a() }};\n{far}unsafe impl A for B {{}}\n\
         unsafe impl C for D {{}} // SAFETY: it has no fields\n{far}unsafe fn e() {{}}\n// unsafe {{\n"
    );
    only(&unproven("src/a.rs", &text), &[1, 7 + SAFETY_LINES]);
    let expansion = unproven("runtime-macros/tests/expand/a.expanded.rs", &text);
    none(&expansion);
    only(&unproven("src/a.rs", &format!("// SAFETY: a\n{far}unsafe {{ a() }}")), &[2 + SAFETY_LINES]);
}

#[test]
fn skips_are_said_aloud() {
    none(&rust().iter().flat_map(|(path, text)| skips_that_are_swallowed(path, text)).collect::<Vec<_>>());
}

#[test]
fn a_skip_that_is_swallowed_is_found() {
    let text = "println!(\"skipped: a\");\nprintln!(\"b\");\nreturn println!(\n    \"in part skipped\");\n// println!(\"skipped\")\n\
                eprintln!(\"skipped\");";
    only(&skips_that_are_swallowed("tests/a.rs", text), &[1, 3, 6]);
}

#[test]
fn errors_with_a_text_keep_their_code() {
    let sources = sources();
    let own = sources.iter().filter(|(path, _)| path.starts_with("runtime-") || path.starts_with("src/"));
    none(&own.flat_map(|(path, text)| codes_that_are_lost(path, text)).collect::<Vec<_>>());
}

#[test]
fn an_error_that_loses_its_code_is_found() {
    let text = "io::Error::new(error.kind(), std::format!(\"a: {error}\"));\nio::Error::new(ErrorKind::Other, \"b\");\n\
                Error::new(\n    e.kind(),\n    format!(\"c\"));\nio::Error::new(error.kind(), Named { error });\n\
                #[cfg(test)]\nmod t { fn f() { io::Error::new(e.kind(), format!(\"d\")); } }";
    only(&codes_that_are_lost("runtime-drivers/src/net/udp.rs", text), &[1, 3]);
    none(&codes_that_are_lost("runtime-core/src/error/context.rs", text));
}
