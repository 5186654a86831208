//! What `#[async_fn]` costs at compile time: the same functions through it and as they are.

use std::fs;

use crate::batch::{Batch, Side};
use crate::grammar::Function;
use crate::toolchain::{Kind, Toolchain};

const FUNCTIONS: usize = 100;

/// Compiles the largest of many functions both ways, and says how long rustc took, in seconds of the processor.
///
/// # Errors
/// What rustc says, or that this system does not tell such times.
///
/// # Panics
/// If the source cannot be written.
pub fn run(seed: u64) -> Result<String, String> {
    let toolchain = Toolchain::new(None)?;
    let mut functions: Vec<Function> = (0..FUNCTIONS as u64 * 4).map(|index| Function::generate(seed, index)).collect();
    functions.sort_by_key(|function| core::cmp::Reverse(function.size()));
    functions.truncate(FUNCTIONS);
    let lines: usize = functions.iter().map(|function| function.text().lines().count()).sum();
    let mut text =
        format!("{FUNCTIONS} functions of {} lines on average, seconds of the processor\n\n", lines / FUNCTIONS);
    text.push_str("| | `async fn` | `#[async_fn]` | ratio | a function more |\n|---|---|---|---|---|\n");
    for (kind, what) in [(Kind::Check, "check"), (Kind::Debug, "debug"), (Kind::Release, "release")] {
        let mut seconds = [0.0; 2];
        for (side, took) in [Side::Theirs, Side::Ours].into_iter().zip(&mut seconds) {
            let source = toolchain.folder().join(format!("bench_{}.rs", std::process::id()));
            fs::write(&source, Batch::new(&functions, &[side]).text).expect("the batch can be written");
            let before = children()?;
            let program = toolchain.compile(&source, kind)?;
            *took = children()? - before;
            let _ = (fs::remove_file(program), fs::remove_file(source));
        }
        let [plain, ours] = seconds;
        let each = (ours - plain) * 1000.0 / FUNCTIONS as f64;
        let ratio = ours / plain.max(f64::EPSILON);
        text.push_str(&format!("| {what} | {plain:.2} | {ours:.2} | {ratio:.1} | {each:.0} ms |\n"));
    }
    Ok(text)
}

/// How long the children of this process ran that ended: in seconds of the processor.
fn children() -> Result<f64, String> {
    /// How Linux counts on every platform that Rust knows, whatever the kernel's own ticks are.
    const TICKS_A_SECOND: f64 = 100.0;
    // Source: proc_pid_stat(5), fields 16 and 17; the second one may hold spaces, and ends with the last parenthesis.
    let text = fs::read_to_string("/proc/self/stat").map_err(|error| format!("/proc/self/stat: {error}"))?;
    let fields: Vec<&str> = text.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |field: usize| fields.get(field - 3).and_then(|ticks| ticks.parse::<f64>().ok());
    let (user, system) = ticks(16).zip(ticks(17)).ok_or("/proc/self/stat has no times")?;
    Ok((user + system) / TICKS_A_SECOND)
}
