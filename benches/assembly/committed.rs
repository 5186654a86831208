//! The committed code: a file for each seam, in it a section for each config.
//!
//! The first section is whole. Another one says `as base` if it is the same, and lists the lines that differ if there are as many, and
//! few of them differ; else it is whole, too.

use crate::claims::Listings;
use crate::listing::{Line, Listing};
use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::Command;

/// A file, and what it shows.
pub(crate) struct File {
    pub(crate) name: &'static str,
    /// What the reader sees in it.
    title: &'static str,
    /// The seam, as a function of `seams`.
    pub(crate) seam: &'static str,
    /// Of what the seam comes to, the function that is shown in its place.
    pub(crate) part: Option<&'static str>,
    /// The modules of `seams` that have it; the first is what the others are compared with.
    pub(crate) configs: &'static [&'static str],
}

/// All files.
pub(crate) const FILES: &[File] = &[
    File {
        name: "spawn",
        title: "`spawn` of a small future: allocate, write, list, queue.",
        seam: "spawn",
        part: None,
        configs: &["base", "numbers", "unbudgeted", "simulated", "driverless", "plain", "several"],
    },
    File {
        name: "poll",
        title: "The poll of a task that yields once.",
        seam: "spawn",
        part: Some("cell::Of<C,F,X,B>::poll"),
        configs: &["base", "simulated", "fatal", "several"],
    },
    File {
        name: "turns",
        title: "The loop of one thread, the main future in it, which yields.",
        seam: "turns",
        part: Some("scheduler::single::block_on"),
        configs: &["base", "numbers", "unbudgeted", "simulated", "driverless"],
    },
    File {
        name: "wake",
        title: "`Waker::wake_by_ref` of a task.",
        seam: "turns",
        part: Some("waker::Table<S,Q>::wake_by_ref"),
        configs: &["base", "several"],
    },
    File {
        name: "operate",
        title: "The poll of an operation that asks the driver for nothing: what stands around each.",
        seam: "operate",
        part: None,
        configs: &["base", "numbers", "unbudgeted", "simulated", "driverless", "several"],
    },
    File {
        name: "now",
        title: "What time it is.",
        seam: "now",
        part: None,
        configs: &["base", "simulated", "driverless", "several"],
    },
    File {
        name: "random",
        title: "A random number of the worker's.",
        seam: "random",
        part: None,
        configs: &["base", "simulated", "several"],
    },
    File {
        name: "park",
        title: "What a worker does that has nothing to run: inbox, timers, and the driver's park.",
        seam: "turns",
        part: Some("__bespoke_cold_idle"),
        configs: &["base", "simulated", "driverless"],
    },
];

/// How many instructions each seam takes, as Markdown.
pub(crate) fn table(listings: &Listings) -> String {
    let mut text = String::from(
        "| seam | config | instructions | calls | through a pointer | locked, fences, system calls |\n|---|---|---:|---:|---:|---:|\n",
    );
    for ((file, config), listing) in in_order(listings) {
        let [all, calls, pointers, shared] = figures(listing);
        // Writing to a String does not fail.
        let _ = writeln!(text, "| {file} | {config} | {all} | {calls} | {pointers} | {shared} |");
    }
    text
}

fn figures(listing: &Listing) -> [usize; 4] {
    let count = |what: fn(&Line) -> bool| listing.count(what);
    [listing.lines.len(), count(|line| line.call), count(|line| line.pointer), count(|line| line.shared)]
}

fn in_order(listings: &Listings) -> impl Iterator<Item = ((&'static str, &'static str), &Listing)> {
    FILES
        .iter()
        .flat_map(|file| file.configs.iter().map(|config| (file.name, *config)))
        .map(|key| (key, &listings[&key]))
}

/// The text of a file.
fn text(file: &File, listings: &Listings, compiler: &str) -> String {
    let mut text = format!(
        "# {}\n# Written by `cargo bench --manifest-path benches/Cargo.toml --bench assembly -- --write`; not by hand.\n\
         # compiler {compiler}\n",
        file.title
    );
    let first = &listings[&(file.name, file.configs[0])];
    for &config in file.configs {
        let listing = &listings[&(file.name, config)];
        let [all, calls, pointers, shared] = figures(listing);
        // Writing to a String does not fail.
        let _ = writeln!(
            text,
            "\n== {config}: instructions {all}, calls {calls}, through a pointer {pointers}, locked {shared}"
        );
        let pairs = listing.lines.iter().zip(&first.lines).enumerate();
        let differ: Vec<(usize, &Line)> =
            pairs.filter(|(_, (own, other))| own.text != other.text).map(|(n, (own, _))| (n, own)).collect();
        let alike = config != file.configs[0] && listing.lines.len() == first.lines.len() && differ.len() * 4 < all;
        if !alike {
            for line in &listing.lines {
                let _ = writeln!(text, "{}", line.text);
            }
        } else if differ.is_empty() {
            let _ = writeln!(text, "as {}", file.configs[0]);
        } else {
            let _ = writeln!(text, "as {}, but for", file.configs[0]);
            for (n, line) in differ {
                let _ = writeln!(text, "instruction {}: {}", n + 1, line.text);
            }
        }
    }
    text
}

fn path(file: &File) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/assembly")).join(file.name).with_extension("s")
}

/// Commits to the listings.
///
/// # Errors
/// When a file cannot be written.
pub(crate) fn write(listings: &Listings, compiler: &str) -> Result<(), String> {
    FILES.iter().try_for_each(|file| {
        let path = path(file);
        std::fs::write(&path, text(file, listings, compiler))
            .map_err(|error| format!("cannot write {}: {error}", path.display()))
    })
}

/// Compares the listings with the committed files, unless those belong to another compiler.
///
/// # Errors
/// The first line of each file that differs.
pub(crate) fn differences(listings: &Listings, compiler: &str) -> Result<(), String> {
    let mut found = Vec::new();
    for file in FILES {
        let path = path(file);
        let committed = std::fs::read_to_string(&path);
        let committed = committed.map_err(|error| format!("cannot read {}: {error}", path.display()))?;
        let other = committed.lines().find_map(|line| line.strip_prefix("# compiler ")).unwrap_or("none");
        if other != compiler {
            println!("\nThe committed code belongs to {other}; this is {compiler}: only the claims are checked.");
            return Ok(());
        }
        let current = text(file, listings, compiler);
        let (mut was, mut is) = (committed.lines(), current.lines());
        let differs = (1..).map(|n| (n, was.next(), is.next())).find(|(_, was, is)| was.is_none() || was != is);
        if let Some((n, was, is)) = differs.filter(|(_, was, is)| was != is) {
            let line = |line: Option<&str>| line.unwrap_or("(the end)").to_owned();
            found.push(format!("{}.s, line {n}: committed `{}`, now `{}`", file.name, line(was), line(is)));
        }
    }
    if found.is_empty() {
        return Ok(());
    }
    Err(format!(
        "the code is not the committed one:\n  {}\nIf that is meant, commit the new code with `-- --write` in the same change, and say \
         why",
        found.join("\n  ")
    ))
}

/// The compiler that is on the path, as it names itself.
///
/// # Errors
/// When there is none.
pub(crate) fn compiler() -> Result<String, String> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc).arg("--version").output().map_err(|error| format!("cannot ask rustc: {error}"))?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
