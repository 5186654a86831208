//! What `#[async_fn]` costs at compile time: the same functions through it and as they are.
//!
//! A round compiles both, the next one in the opposite order, and gives a ratio. One rustc runs at a time, and what counts is
//! the time that it spends in its own code: how long it waits for a core and for the disk is the machine's affair.

use std::fs;
use std::path::Path;

use crate::batch::{Batch, Side};
use crate::grammar::Function;
use crate::toolchain::{Kind, Toolchain};

const FUNCTIONS: usize = 100;

/// Compiles the largest of many functions both ways, `rounds` times, and says how long rustc took, in seconds of the
/// processor, and what the ratio is.
///
/// # Errors
/// What rustc says, or that this system does not tell such times.
///
/// # Panics
/// If the source cannot be written.
pub fn run(seed: u64, rounds: usize) -> Result<String, String> {
    let toolchain = Toolchain::new(None)?;
    let mut functions: Vec<Function> = (0..FUNCTIONS as u64 * 4).map(|index| Function::generate(seed, index)).collect();
    functions.sort_by_key(|function| core::cmp::Reverse(function.size()));
    functions.truncate(FUNCTIONS);
    let lines: usize = functions.iter().map(|function| function.text().lines().count()).sum();
    let sources = [Side::Theirs, Side::Ours].map(|side| {
        let source = toolchain.folder().join(format!("bench_{}_{side:?}.rs", std::process::id()));
        fs::write(&source, Batch::new(&functions, &[side]).text).expect("the batch can be written");
        source
    });
    let mut text = format!(
        "{FUNCTIONS} functions of {} lines on average; {rounds} rounds; medians; user time\n\n\
         | | `async fn`, s | `#[async_fn]`, s | ratio | a function more |\n|---|---|---|---|---|\n",
        lines / FUNCTIONS
    );
    for (kind, what) in [(Kind::Check, "check"), (Kind::Debug, "debug"), (Kind::Release, "release")] {
        let mut took = [Vec::new(), Vec::new()];
        for round in 0..rounds {
            for side in if round % 2 == 0 { [0, 1] } else { [1, 0] } {
                took[side].push(compile(&toolchain, &sources[side], kind)?);
            }
        }
        text.push_str(&row(what, &took));
    }
    sources.iter().for_each(|source| drop(fs::remove_file(source)));
    Ok(text)
}

/// The seconds of one compilation.
fn compile(toolchain: &Toolchain, source: &Path, kind: Kind) -> Result<f64, String> {
    let before = children()?;
    let program = toolchain.compile(source, kind)?;
    let took = children()? - before;
    let _ = fs::remove_file(program);
    Ok(took)
}

/// A row of the table. The ratios are those of the rounds.
fn row(what: &str, [plain, ours]: &[Vec<f64>; 2]) -> String {
    let mut ratios: Vec<f64> = plain.iter().zip(ours).map(|(plain, ours)| ours / plain.max(f64::EPSILON)).collect();
    let [plain, ours, ratio] =
        [median(&mut plain.clone()), median(&mut ours.clone()), median(&mut ratios)].map(Option::unwrap_or_default);
    let interval = match interval(ratios.len()) {
        Some(k) => format!("[{:.2}, {:.2}]", ratios[k], ratios[ratios.len() - 1 - k]),
        None => "[too few rounds]".to_owned(),
    };
    let each = (ours - plain) * 1000.0 / FUNCTIONS as f64;
    format!("| {what} | {plain:.2} | {ours:.2} | {ratio:.2} {interval} | {each:.0} ms |\n")
}

/// The median of some numbers, which are sorted by it.
fn median(numbers: &mut [f64]) -> Option<f64> {
    numbers.sort_by(f64::total_cmp);
    let (half, odd) = (numbers.len() / 2, numbers.len() % 2 == 1);
    let (last, first) = (numbers.get(half)?, numbers.get(half.checked_sub(usize::from(!odd))?)?);
    Some((first + last) / 2.0)
}

/// The 95 % interval of a median, without a word on how the numbers are distributed: from which of the sorted numbers,
/// counted from either end and from 0. `None` below six numbers.
fn interval(count: usize) -> Option<usize> {
    let (mut tail, mut term, mut found) = (0.0, 0.5f64.powi(i32::try_from(count).ok()?), None);
    for k in 0..count / 2 {
        tail += term;
        if tail > 0.025 {
            break;
        }
        found = Some(k);
        term *= (count - k) as f64 / (k + 1) as f64;
    }
    found
}

/// How long the children of this process that ended ran their own code: in seconds of the processor.
fn children() -> Result<f64, String> {
    /// How Linux counts on every platform that Rust knows, whatever the kernel's own ticks are.
    const TICKS_A_SECOND: f64 = 100.0;
    // Source: proc_pid_stat(5), field 16; the second one may hold spaces, and ends with the last parenthesis.
    let text = fs::read_to_string("/proc/self/stat").map_err(|error| format!("/proc/self/stat: {error}"))?;
    let user = text.rsplit(')').next().unwrap_or_default().split_whitespace().nth(16 - 3);
    let ticks = user.and_then(|ticks| ticks.parse::<f64>().ok()).ok_or("/proc/self/stat has no times")?;
    Ok(ticks / TICKS_A_SECOND)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_are_those_of_the_tables() {
        let known = [(5, None), (6, Some(0)), (8, Some(0)), (9, Some(1)), (12, Some(2)), (15, Some(3)), (20, Some(5))];
        for (count, from) in known {
            assert_eq!(interval(count), from, "{count}");
        }
    }

    #[test]
    fn a_median_lies_in_the_middle() {
        assert_eq!(median(&mut []), None);
        assert_eq!(median(&mut [3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&mut [4.0, 1.0, 2.0, 9.0]), Some(3.0));
    }

    #[test]
    fn a_row_is_made_of_the_ratios_of_its_rounds() {
        let row = row("check", &[vec![1.0, 2.0, 1.0, 1.0, 1.0, 1.0], vec![3.0, 6.0, 2.0, 4.0, 3.0, 3.0]]);
        assert_eq!(row, "| check | 1.00 | 3.00 | 3.00 [2.00, 4.00] | 20 ms |\n");
    }
}
