//! The committed counts: `benches/instructions/counts.txt`, and `counts-stealing.txt` of the program with the feature
//! `crossbeam-deque`. A line `compiler VERSION`, then a line `PATH COUNT` for each.

use std::fmt::Write as _;

#[cfg(not(feature = "crossbeam-deque"))]
const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/instructions/counts.txt");
#[cfg(feature = "crossbeam-deque")]
const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/instructions/counts-stealing.txt");

#[cfg(not(feature = "crossbeam-deque"))]
const HEAD: &str =
    "# Instructions per operation. Written by `cargo bench --bench instructions -- --write`; not by hand.\n";
#[cfg(feature = "crossbeam-deque")]
const HEAD: &str = "# Instructions per operation. Written by `cargo bench --features crossbeam-deque --bench instructions -- \
                    --write`; not by hand.\n";

/// What was committed to.
#[derive(Debug, Default)]
pub(crate) struct Table {
    /// Which compiler made the code.
    pub(crate) compiler: String,
    /// Instructions per operation, by path.
    pub(crate) counts: Vec<(String, f64)>,
}

/// The committed counts; an empty table if there are none.
///
/// # Errors
/// The line that cannot be read.
pub(crate) fn read() -> Result<Table, String> {
    let text = match std::fs::read_to_string(FILE) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Table::default()),
        Err(error) => return Err(format!("cannot read {FILE}: {error}")),
    };
    let mut table = Table::default();
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let (name, value) = line.split_once(' ').ok_or_else(|| format!("counts.txt: no value in '{line}'"))?;
        if name == "compiler" {
            table.compiler = value.to_owned();
        } else {
            let count = value.trim().parse().map_err(|_| format!("counts.txt: no count in '{line}'"))?;
            table.counts.push((name.to_owned(), count));
        }
    }
    Ok(table)
}

/// Commits to `table`.
///
/// # Errors
/// When the file cannot be written.
pub(crate) fn write(table: &Table) -> Result<(), String> {
    let mut text = String::from(HEAD);
    let _ = writeln!(text, "compiler {}", table.compiler);
    for (name, count) in &table.counts {
        let _ = writeln!(text, "{name} {count:.1}");
    }
    std::fs::write(FILE, text).map_err(|error| format!("cannot write {FILE}: {error}"))
}
