//! Where and how the figures were taken: a table without its machine is worth nothing.

use core::time::Duration;
use std::process::Command;

use crate::args::Plan;
use crate::run::{SaidOf, seconds};

/// The lock file that all binaries are built from.
const LOCK: &str = include_str!("../Cargo.lock");

/// Facts that all sittings of a table must share: ratios of two machines, or of two versions, are not those of one.
pub(crate) const SHARED: [&str; 4] = ["cores", "kernel", "rustc", "commit"];
/// The versions of what was measured; each sitting has those of its columns.
pub(crate) const CRATES: &str = "crates";
/// How the sitting was started.
pub(crate) const COMMAND: &str = "command";
/// How long it took; a sitting that did not come to its end has none.
pub(crate) const TOOK: &str = "took";

/// What the table's head says.
#[derive(Debug, Default)]
pub(crate) struct Machine {
    facts: Vec<(String, String)>,
}

impl Machine {
    /// Asks the machine; what it does not tell is written as `unknown`. `pinned` says which cores the run uses.
    pub(crate) fn read(line: &[String], plan: &Plan, said: &SaidOf, pinned: &str) -> Self {
        let file = |path| std::fs::read_to_string(path).unwrap_or_default();
        let cpuinfo = file("/proc/cpuinfo");
        let model = cpuinfo.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
        let count = cpuinfo.lines().filter(|line| line.starts_with("processor")).count();
        let cores = format!("{count} x {} ({pinned})", model.map_or("unknown", |(_, model)| model));
        let mut crates: Vec<&str> = plan
            .columns
            .iter()
            .filter_map(|column| said.get(column.name))
            .map(|said| said.crate_name.as_str())
            .collect();
        crates.sort_unstable();
        crates.dedup();
        let versions: Vec<String> = crates.iter().map(|name| format!("{name} {}", version(name))).collect();
        let facts = [
            ("cores", cores),
            ("kernel", file("/proc/sys/kernel/osrelease").trim().to_owned()),
            ("rustc", env!("PEERS_RUSTC").to_owned()),
            ("commit", git(&["describe", "--always", "--dirty", "--abbrev=12"])),
            (CRATES, versions.join(", ")),
            (COMMAND, format!("cargo peers {}", line.join(" ")).trim_end().to_owned()),
        ];
        Self { facts: facts.map(|(fact, value)| (fact.to_owned(), value)).into() }
    }

    /// Notes that the run is over, and how busy the machine was; returns what it noted.
    pub(crate) fn ends(&mut self, took: Duration) -> (&str, &str) {
        let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
        let load = load.split(' ').take(2).collect::<Vec<_>>().join(", ");
        let value = format!("{}; load averages at its end, over 1 and 5 minutes: {load}", seconds(took));
        self.add(TOOK, &value);
        (TOOK, &self.facts[self.facts.len() - 1].1)
    }

    /// Notes one fact more.
    pub(crate) fn add(&mut self, fact: &str, value: &str) {
        self.facts.push((fact.to_owned(), value.to_owned()));
    }

    /// The value of a fact.
    pub(crate) fn fact(&self, fact: &str) -> Option<&str> {
        self.facts.iter().find(|(known, _)| known == fact).map(|(_, value)| value.as_str())
    }

    /// Name and value of each fact.
    pub(crate) fn facts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.facts.iter().map(|(fact, value)| (fact.as_str(), value.as_str()))
    }

    /// A machine with these facts.
    #[cfg(test)]
    pub(crate) fn of(facts: &[(&str, &str)]) -> Self {
        Self { facts: facts.iter().map(|(fact, value)| ((*fact).to_owned(), (*value).to_owned())).collect() }
    }
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

    #[test]
    fn the_lock_file_knows_the_runtimes() {
        for package in
            ["tokio", "bespoke", "monoio", "glommio", "async-executor", "flume", "compio", "tokio-uring", "may"]
        {
            assert_ne!(version(package), "unknown", "{package}");
        }
        assert_eq!(version("no such crate"), "unknown");
    }
}
