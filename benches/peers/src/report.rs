//! The table: what the samples say, with the machine that took them.
//!
//! Ratios are formed per round, peer over reference, and then summarised, so a drift of the machine cancels. An
//! interval is printed only where the number of rounds supports 95 %.

use core::fmt::Write;
use std::process::Command;

use crate::peers::Entry;
use crate::rows::Measure;
use crate::stats::{self, Summary};

/// The lock file that this binary was built from.
const LOCK: &str = include_str!("../Cargo.lock");

/// Where and how the figures were taken.
#[derive(Debug)]
pub(crate) struct Machine {
    facts: Vec<(&'static str, String)>,
}

/// One row of the run with the samples of all peers.
#[derive(Debug)]
pub(crate) struct Table {
    /// The row's name.
    pub(crate) name: &'static str,
    /// The row's line for the reader.
    pub(crate) title: String,
    /// What each figure of a sample is.
    pub(crate) measures: &'static [Measure],
    /// One per peer; the first is the reference.
    pub(crate) columns: Vec<Column>,
}

/// The samples of one peer in one row.
#[derive(Debug)]
pub(crate) struct Column {
    /// The peer's name.
    pub(crate) peer: &'static str,
    /// Per round, one figure per measure.
    pub(crate) samples: Vec<Vec<f64>>,
    /// Why there are no (more) samples.
    pub(crate) failure: Option<String>,
}

impl Machine {
    /// Asks the machine; what it does not tell is written as `unknown`.
    ///
    /// `pinned` says which cores the run uses.
    pub(crate) fn read(line: &[String], peers: &[Entry], pinned: &str) -> Self {
        let file = |path| std::fs::read_to_string(path).unwrap_or_default();
        let cpuinfo = file("/proc/cpuinfo");
        let model = cpuinfo.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
        let count = cpuinfo.lines().filter(|line| line.starts_with("processor")).count();
        let cores = format!("{count} x {} ({pinned})", model.map_or("unknown", |(_, model)| model));
        let versions: Vec<String> = peers.iter().map(|p| format!("{} {}", p.name, version(p.package))).collect();
        let facts = vec![
            ("cores", cores),
            ("kernel", file("/proc/sys/kernel/osrelease").trim().to_owned()),
            ("rustc", env!("PEERS_RUSTC").to_owned()),
            ("commit", git(&["describe", "--always", "--dirty", "--abbrev=12"])),
            ("peers", versions.join(", ")),
            ("command", format!("cargo run --release -- {}", line.join(" ")).trim_end().to_owned()),
        ];
        Self { facts }
    }
}

/// The run as Markdown.
pub(crate) fn markdown(machine: &Machine, tables: &[Table], peers: &[Entry]) -> String {
    let mut text = String::from("# The same work on other runtimes\n\n");
    for (fact, value) in &machine.facts {
        let _ = writeln!(text, "- {fact}: {value}");
    }
    let reference = tables.first().and_then(|table| table.columns.first()).map_or("?", |column| column.peer);
    let _ = writeln!(
        text,
        "\nRatios are to {reference}, formed per round; brackets hold the 95 % interval of the median (order \
         statistics).\n"
    );
    for table in tables {
        let _ = writeln!(text, "- **{}**: {}", table.name, table.title);
    }
    let _ = writeln!(text, "\n| row | measure | peer | min | median | ratio | 95 % | n |");
    let _ = writeln!(text, "|---|---|---|---:|---:|---:|---|---:|");
    for table in tables {
        for (index, measure) in table.measures.iter().enumerate() {
            for column in &table.columns {
                let _ = write!(text, "| {} | {} | {} ", table.name, measure.name, column.peer);
                text.push_str(&cells(table, column, index, measure));
            }
        }
    }
    text.push('\n');
    for peer in peers {
        for (row, note) in peer.notes.iter().filter(|(row, _)| tables.iter().any(|table| table.name == *row)) {
            let _ = writeln!(text, "- {row}, {}: {note}.", peer.name);
        }
    }
    text
}

/// The cells of one line from `min` on.
fn cells(table: &Table, column: &Column, measure: usize, unit: &Measure) -> String {
    let own = figures(column, measure);
    let failure = column.failure.as_deref().map(|why| why.replace(['|', '\n'], "/"));
    let Some(Summary { min, median, .. }) = stats::summary(&own) else {
        return format!("| {} | | | | 0 |\n", failure.as_deref().unwrap_or("no samples"));
    };
    let ratios = ratios(table, column, measure);
    let (ratio, interval) = match stats::summary(&ratios) {
        None => ("no reference".to_owned(), String::new()),
        Some(s) => {
            let interval = s.interval.map(|(low, high)| format!("[{}, {}]", ratio_text(low), ratio_text(high)));
            (ratio_text(s.median), interval.unwrap_or_else(|| "needs 6 rounds".into()))
        }
    };
    let note = failure.map(|why| format!(", then {why}")).unwrap_or_default();
    let unit = unit.unit;
    let (min, median) = (figure(min), figure(median));
    format!("| {min} {unit} | {median} {unit} | {ratio} | {interval}{note} | {} |\n", own.len())
}

/// All samples as JSON: `{"machine": {…}, "rows": [{"row", "measure", "unit", "peer", "failure", "samples"}]}`.
pub(crate) fn json(machine: &Machine, tables: &[Table]) -> String {
    let facts: Vec<String> =
        machine.facts.iter().map(|(fact, v)| format!("    {}: {}", quote(fact), quote(v))).collect();
    let mut rows = Vec::new();
    for table in tables {
        for (index, measure) in table.measures.iter().enumerate() {
            for column in &table.columns {
                let samples: Vec<String> = figures(column, index).iter().map(|f| format!("{f:.3}")).collect();
                rows.push(format!(
                    "    {{\"row\": {}, \"measure\": {}, \"unit\": {}, \"peer\": {}, \"failure\": {}, \"samples\": [{}]}}",
                    quote(table.name),
                    quote(measure.name),
                    quote(measure.unit),
                    quote(column.peer),
                    column.failure.as_deref().map_or("null".to_owned(), quote),
                    samples.join(", ")
                ));
            }
        }
    }
    format!("{{\n  \"machine\": {{\n{}\n  }},\n  \"rows\": [\n{}\n  ]\n}}\n", facts.join(",\n"), rows.join(",\n"))
}

fn figures(column: &Column, measure: usize) -> Vec<f64> {
    column.samples.iter().filter_map(|sample| sample.get(measure).copied()).collect()
}

/// Peer over reference, round by round.
fn ratios(table: &Table, column: &Column, measure: usize) -> Vec<f64> {
    let reference = table.columns.first().map(|first| figures(first, measure)).unwrap_or_default();
    figures(column, measure).iter().zip(&reference).filter(|(_, r)| **r != 0.0).map(|(own, r)| own / r).collect()
}

/// Three figures that matter, never an exponent.
fn figure(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

/// Two digits after the point, four for ratios that would otherwise read as nothing.
fn ratio_text(ratio: f64) -> String {
    if ratio < 0.1 { format!("{ratio:.4}") } else { format!("{ratio:.2}") }
}

fn quote(text: &str) -> String {
    let mut quoted = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' | '\\' => quoted.extend(['\\', letter]),
            control if control < ' ' => {
                let _ = write!(quoted, "\\u{:04x}", u32::from(control));
            }
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}

/// The version of `package` in the lock file (the highest, if there are several).
fn version(package: &str) -> &'static str {
    let head = format!("name = \"{package}\"\nversion = \"");
    LOCK.rsplit_once(&head).and_then(|(_, rest)| rest.split('"').next()).unwrap_or("unknown")
}

fn git(arguments: &[&str]) -> String {
    let output = Command::new("git").args(["-C", env!("CARGO_MANIFEST_DIR")]).args(arguments).output();
    match output {
        Ok(output) if output.status.success() => String::from_utf8_lossy(&output.stdout).trim().to_owned(),
        _ => "unknown".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NS: &[Measure] = &[Measure { name: "time", unit: "ns" }];

    fn table() -> Table {
        let column = |peer, samples: &[f64], failure: Option<&str>| Column {
            peer,
            samples: samples.iter().map(|figure| vec![*figure]).collect(),
            failure: failure.map(str::to_owned),
        };
        // The machine halves its speed in the last three rounds; the ratio must not notice.
        let columns = vec![
            column("a", &[10.0, 10.0, 10.0, 20.0, 20.0, 20.0], None),
            column("b", &[5.0, 5.0, 5.0, 10.0, 10.0, 10.0], None),
            column("c", &[], Some("unavailable: no ring | \"denied\"")),
        ];
        Table { name: "row", title: "title".into(), measures: NS, columns }
    }

    #[test]
    fn a_drift_of_the_machine_cancels_in_the_ratio() {
        let text = markdown(&Machine { facts: vec![] }, &[table()], &[]);
        assert!(text.contains("| row | time | b | 5.00 ns | 7.50 ns | 0.50 | [0.50, 0.50] | 6 |"), "{text}");
    }

    #[test]
    fn a_peer_without_samples_is_shown_with_its_reason() {
        let text = markdown(&Machine { facts: vec![] }, &[table()], &[]);
        assert!(text.contains("| c | unavailable: no ring / \"denied\" | | | | 0 |"), "{text}");
    }

    #[test]
    fn json_escapes_what_it_must() {
        let text = json(&Machine { facts: vec![("kernel", "6 \\ \n".into())] }, &[table()]);
        assert!(text.contains(r#""kernel": "6 \\ \u000a""#), "{text}");
        assert!(text.contains(r#""failure": "unavailable: no ring | \"denied\"""#), "{text}");
        assert!(text.contains(r#""samples": [5.000, 5.000, 5.000, 10.000, 10.000, 10.000]"#), "{text}");
    }

    #[test]
    fn the_lock_file_knows_every_peer() {
        for peer in crate::peers::PEERS {
            assert_ne!(version(peer.package), "unknown", "{}", peer.name);
        }
    }
}
