//! What the listings must show, whatever compiler made them.
//!
//! 1. Under a scheduler of one thread, no seam of the hot path has a locked instruction, a fence or a system call. Where threads share
//!    tasks, a wake has one: the reading sees them.
//! 2. A choice that a seam does not use leaves no trace in it: the code of spawn, poll and loop is the same under another clock,
//!    another source of random numbers and another driver, to the last instruction.
//! 3. A number is a constant: another one changes the numbers of some instructions, and no instruction.
//! 4. No budget leaves no counter: what the loop and each operation write under a budget, nothing writes without one. (Each
//!    operation reads the word all the same: close shuts the driver by it.)
//! 5. A turn of the loop calls the task's poll through its table, and nothing else: there is a way from that call to the next one
//!    without another call. In a task, a yield calls once through a pointer, which is that of `core`'s waker; the wake behind it
//!    calls through none.

use crate::listing::{Line, Listing};
use std::collections::{BTreeMap, VecDeque};

/// The listings, by file and config.
pub(crate) type Listings = BTreeMap<(&'static str, &'static str), Listing>;

/// The seams of the hot path: those of time and sleep belong to the clock and the driver.
const HOT: [&str; 5] = ["spawn", "poll", "turns", "wake", "operate"];
/// Configs whose tasks threads share.
const SHARED: [&str; 1] = ["several"];
/// The numbers of `base`, and those of `numbers` in their place; one more is what a `block_on` counts that ends.
const NUMBERS: [(u32, u32); 3] = [(61, 17), (61 + 1, 17 + 1), (128, 33)];
/// The budget of `base`.
const BUDGET: u32 = 128;

/// Checks every claim.
///
/// # Errors
/// Those that do not hold, a line each.
pub(crate) fn check(listings: &Listings) -> Result<(), String> {
    let mut found = Vec::new();
    locked(listings, &mut found);
    without_a_trace(listings, &mut found);
    numbers(listings, &mut found);
    budget(listings, &mut found);
    pointers(listings, &mut found);
    if found.is_empty() {
        return Ok(());
    }
    Err(format!("the code does not show what it must:\n  {}", found.join("\n  ")))
}

/// 1.
fn locked(listings: &Listings, found: &mut Vec<String>) {
    for ((file, config), listing) in listings {
        if !HOT.contains(file) || SHARED.contains(config) {
            continue;
        }
        if let Some(line) = listing.lines.iter().find(|line| line.shared) {
            found.push(format!("{file}, {config}: `{}` under a scheduler of one thread", line.text));
        }
    }
    if listings[&("wake", "several")].count(|line| line.shared) == 0 {
        found.push(
            "wake, several: no locked instruction where threads share tasks: the reading does not see them".into(),
        );
    }
}

/// 2.
fn without_a_trace(listings: &Listings, found: &mut Vec<String>) {
    let same = [
        ("spawn", &["numbers", "unbudgeted", "simulated", "driverless"][..]),
        ("poll", &["simulated"]),
        ("turns", &["simulated"]),
    ];
    for (file, config) in same.into_iter().flat_map(|(file, configs)| configs.iter().map(move |config| (file, *config)))
    {
        let (own, base) = (&listings[&(file, config)], &listings[&(file, "base")]);
        let differs = own.lines.iter().zip(&base.lines).find(|(own, base)| own.text != base.text);
        if let Some((own, base)) = differs {
            found.push(format!("{file}, {config}: `{}` where base has `{}`", own.text, base.text));
        } else if own.lines.len() != base.lines.len() {
            found.push(format!("{file}, {config}: {} instructions, base has {}", own.lines.len(), base.lines.len()));
        }
    }
    // An operation names its config when it finds none of it, and the length of the name is a number.
    changed("operate", "simulated", listings, found);
}

/// 3.
fn numbers(listings: &Listings, found: &mut Vec<String>) {
    let pairs = changed("turns", "numbers", listings, found);
    if pairs.is_empty() {
        found.push("turns, numbers: no number of the config is in the loop: nothing was compared".into());
    }
    for (base, own) in pairs {
        let known = NUMBERS
            .iter()
            .any(|(was, is)| base.ends_with(&format!(", {was:#x}")) && own.ends_with(&format!(", {is:#x}")));
        if !known {
            found.push(format!("turns, numbers: `{own}` where base has `{base}`, which is no number of the config"));
        }
    }
    changed("operate", "numbers", listings, found);
}

/// The lines that differ between a config and `base`; finds fault if they differ in more than a number.
fn changed(
    file: &'static str,
    config: &'static str,
    listings: &Listings,
    found: &mut Vec<String>,
) -> Vec<(String, String)> {
    let (own, base) = (&listings[&(file, config)], &listings[&(file, "base")]);
    if own.lines.len() != base.lines.len() {
        found.push(format!("{file}, {config}: {} instructions, base has {}", own.lines.len(), base.lines.len()));
        return Vec::new();
    }
    let differ = own.lines.iter().zip(&base.lines).filter(|(own, base)| own.text != base.text);
    let pairs: Vec<(String, String)> = differ.map(|(own, base)| (base.text.clone(), own.text.clone())).collect();
    for (base, own) in &pairs {
        let shape = |text: &str| text.rsplit_once("0x").map(|(shape, _)| shape.to_owned());
        if shape(own).is_none() || shape(own) != shape(base) {
            found.push(format!("{file}, {config}: `{own}` where base has `{base}`: more than a number"));
        }
    }
    pairs
}

/// 4.
fn budget(listings: &Listings, found: &mut Vec<String>) {
    let granted = listings[&("turns", "base")].lines.iter().find_map(|line| match line.writes {
        Some((place, Some(BUDGET))) => Some(place),
        _ => None,
    });
    let Some(place) = granted else {
        found.push("turns, base: nothing writes the budget: nothing was compared".into());
        return;
    };
    let writes = |line: &Line| line.writes.is_some_and(|(at, _)| at == place);
    for file in ["turns", "operate"] {
        if listings[&(file, "base")].count(writes) == 0 {
            found.push(format!("{file}, base: nothing writes the budget: nothing was compared"));
        }
        if let Some(line) = listings[&(file, "unbudgeted")].lines.iter().find(|line| writes(line)) {
            found.push(format!("{file}, unbudgeted: `{}` writes the budget that is none", line.text));
        }
    }
}

/// 5.
fn pointers(listings: &Listings, found: &mut Vec<String>) {
    let lines = &listings[&("turns", "base")].lines;
    // The loop's own, of which the first is the poll: what completes a task stands behind it.
    match lines.iter().position(|line| line.pointer) {
        None => found.push("turns, base: no call through a pointer: the loop polls nobody".into()),
        Some(poll) if !comes_again(lines, poll) => {
            found.push("turns, base: no way from one poll to the next without another call".into());
        }
        Some(_) => {}
    }
    for (file, config, wanted) in
        [("poll", "base", 1), ("wake", "base", 0), ("wake", "several", 0), ("spawn", "base", 0)]
    {
        let has = listings[&(file, config)].count(|line| line.pointer);
        if has != wanted {
            found.push(format!("{file}, {config}: {has} calls through a pointer, where {wanted} were due"));
        }
    }
}

/// Is there a way from behind line `at` to it that calls nothing?
fn comes_again(lines: &[Line], at: usize) -> bool {
    let mut seen = vec![false; lines.len()];
    let mut queue = VecDeque::from([at + 1]);
    while let Some(next) = queue.pop_front() {
        if next == at {
            return true;
        }
        let Some(line) = lines.get(next).filter(|line| !seen[next] && !line.call && !line.pointer) else { continue };
        seen[next] = true;
        queue.extend(line.goes);
        queue.extend(line.falls.then_some(next + 1));
    }
    false
}
