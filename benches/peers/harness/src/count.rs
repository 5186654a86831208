//! One loop of one variant, for an instruction counter outside (`valgrind --tool=callgrind`, `perf stat`).
//!
//! Counting is told to begin at [`count_loop`], so start-up is not in the figure; what a row sets up inside its sample
//! (a million timers) is, and falls out of the difference of two runs with different amounts.

use crate::{Refusal, Variant, rows};

/// Runs the loop of a row.
pub(crate) fn count(variant: Variant, row: &str, amount: &str) -> Result<(), String> {
    let row = rows::find(row).ok_or_else(|| format!("no row is called '{row}'"))?;
    let amount = amount.parse().map_err(|_| format!("'{amount}' is no number of operations"))?;
    let mut runner = (variant.start)()?;
    let mut result = Err(Refusal::Absent);
    count_loop(&mut || result = runner.sample(&row, amount).map(drop));
    match result {
        Ok(()) => std::process::exit(0),
        Err(Refusal::Absent) => Err(format!("{} does not offer {}", variant.name, row.name)),
        Err(Refusal::Failed(why)) => Err(why),
    }
}

/// The function that a counter is told to watch; its name is part of the driver's command.
#[inline(never)]
fn count_loop(body: &mut dyn FnMut()) {
    body();
    core::hint::black_box(());
}
