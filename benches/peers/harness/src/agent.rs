//! The command line of a peer's binary, and the lines that it exchanges with the driver.
//!
//! | arguments | what it does |
//! |---|---|
//! | `variants` | prints a line per variant: name, package, and then pairs of row and remark, with tabs between |
//! | `agent VARIANT CORE OTHER` | starts it on that core (OTHER is a second one, or `-`), says `up`, then answers each `ROW AMOUNT` on standard input |
//! | `agent VARIANT CORE OTHER both` | the same on both cores, for runtimes with several workers |
//! | `serve VARIANT CORE TRANSPORT BUFFER` | an echo server; see `server` |
//! | `count VARIANT ROW AMOUNT` | one loop, and the instructions that it took; with `CORE OTHER` behind it, on both cores |
//!
//! An answer is one line: `ok FIGURE…`, `absent`, or `failed WHY`. An agent ends when its standard input does, without freeing
//! what the samples left behind (200k parked tasks): that is nobody's figure.

use core::fmt::Write as _;
use std::io::Write as _;
use std::process::ExitCode;

use crate::{Refusal, Sampled, Variant, count, rows, server, sys};

const USAGE: &str = "usage: variants | agent VARIANT CORE OTHER [both] | serve VARIANT CORE TRANSPORT BUFFER | count VARIANT ROW \
                     AMOUNT [CORE OTHER]";

/// The `main` of a peer's binary.
pub fn main(variants: &[Variant]) -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let done = match words[..] {
        ["variants"] => {
            list(variants);
            Ok(())
        }
        ["agent", name, core, other] => find(variants, name).and_then(|variant| {
            pin(core)?;
            agent(variant, other)
        }),
        ["agent", name, core, other, "both"] => find(variants, name).and_then(|variant| {
            both(core, other)?;
            agent(variant, other)
        }),
        ["serve", name, core, transport, buffer] => {
            find(variants, name).and_then(|variant| server::child(variant, core, transport, buffer))
        }
        ["count", name, row, amount] => find(variants, name).and_then(|variant| count::count(variant, row, amount)),
        ["count", name, row, amount, core, other] => find(variants, name).and_then(|variant| {
            both(core, other)?;
            count::count(variant, row, amount)
        }),
        _ => Err(USAGE.into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}

fn find(variants: &[Variant], name: &str) -> Result<Variant, String> {
    variants.iter().copied().find(|one| one.name == name).ok_or_else(|| format!("no variant is called '{name}'"))
}

fn list(variants: &[Variant]) {
    for variant in variants {
        let mut line = format!("{}\t{}", variant.name, variant.package);
        for (row, remark) in variant.notes {
            let _ = write!(line, "\t{row}\t{remark}");
        }
        println!("{line}");
    }
}

/// Pins this thread to the core with the number `text`.
pub(crate) fn pin(text: &str) -> Result<(), String> {
    let core = number(text)?;
    sys::pin(core).map_err(|error| format!("cannot pin to core {core}: {error}"))
}

/// Keeps this thread to two cores.
fn both(core: &str, other: &str) -> Result<(), String> {
    let cores = [number(core)?, number(other)?];
    sys::keep_to(&cores).map_err(|error| format!("cannot keep to the cores {cores:?}: {error}"))
}

fn number(text: &str) -> Result<usize, String> {
    text.parse().map_err(|_| format!("'{text}' is not the number of a core"))
}

fn agent(variant: Variant, other: &str) -> Result<(), String> {
    if other != "-" {
        sys::set_other_core(number(other)?);
    }
    let mut runner = (variant.start)()?;
    say("up");
    for line in std::io::stdin().lines() {
        let line = line.map_err(|error| format!("cannot hear the driver: {error}"))?;
        let asked = line.split_once(' ').and_then(|(row, amount)| Some((rows::find(row)?, amount.parse().ok()?)));
        let (row, amount) = asked.ok_or_else(|| format!("the driver asked '{line}' where 'ROW AMOUNT' was due"))?;
        say(&answer(runner.sample(&row, amount), row.measures.len()));
    }
    std::process::exit(0)
}

/// A sample as the line that says it. A bench that measures nothing fails: figures are finite and none is below zero, and
/// there is one per measure.
fn answer(sampled: Sampled, measures: usize) -> String {
    match sampled {
        Ok(figures)
            if figures.len() == measures && figures.iter().all(|figure| figure.is_finite() && *figure >= 0.0) =>
        {
            figures.iter().fold("ok".to_owned(), |line, figure| format!("{line} {figure}"))
        }
        Ok(figures) => format!("failed the sample is no measurement: {figures:?}"),
        Err(Refusal::Absent) => "absent".to_owned(),
        Err(Refusal::Failed(why)) => format!("failed {}", why.replace('\n', " / ")),
    }
}

/// Prints a line; a driver that is gone ends this process by the other pipe.
pub(crate) fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_measures_nothing_fails() {
        assert_eq!(answer(Ok(vec![1.5, 2.0]), 2), "ok 1.5 2");
        assert!(answer(Ok(vec![]), 1).starts_with("failed"));
        assert!(answer(Ok(vec![1.0]), 2).starts_with("failed"));
        assert!(answer(Ok(vec![f64::NAN]), 1).starts_with("failed"));
        assert!(answer(Ok(vec![f64::INFINITY]), 1).starts_with("failed"));
        assert!(answer(Ok(vec![-1.0]), 1).starts_with("failed"));
        assert_eq!(answer(Err(Refusal::Absent), 1), "absent");
    }
}
