//! One loop of one variant, counted by the processor, or by a counter outside (`valgrind --tool=callgrind`).
//!
//! Counting is told to begin at [`count_loop`], so start-up is not in the figure; what a row sets up inside its sample
//! (a million timers) is, and falls out of the difference of two runs with different amounts.

use crate::agent::say;
use crate::instructions::Instructions;
use crate::{Refusal, Variant, rows};

/// Runs the loop of a row and says `instructions USER ALL`, `-` for what this machine does not count.
pub(crate) fn count(variant: Variant, row: &str, amount: &str) -> Result<(), String> {
    let row = rows::find(row).ok_or_else(|| format!("no row is called '{row}'"))?;
    let amount = amount.parse().map_err(|_| format!("'{amount}' is no number of operations"))?;
    // Before the runtime, so that all its threads are counted.
    let mut instructions = Instructions::start();
    let mut runner = (variant.start)()?;
    let mut result = Err(Refusal::Absent);
    let mut read = || instructions.as_mut().map(Instructions::read).unwrap_or_default();
    let before = read();
    count_loop(&mut || result = runner.sample(&row, amount).map(drop));
    let retired = read().since(before);
    match result {
        Ok(()) => {
            say(&format!("instructions {retired}"));
            std::process::exit(0)
        }
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
