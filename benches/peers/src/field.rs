//! Which binaries there are, and what they offer.

use std::process::Command;

use crate::build;

/// What a column is compared as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    /// A config of bespoke.
    Ours,
    /// A runtime of others: one of them is the best peer.
    Peer,
    /// What the machine allows: not a runtime.
    Floor,
}

/// One column: a variant of a binary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Column {
    /// The name on the command line and in the table.
    pub(crate) name: &'static str,
    /// The package whose binary offers it.
    pub(crate) package: &'static str,
    /// What it is compared as.
    pub(crate) side: Side,
    /// Whether a quick run leaves it out, because a neighbour says nearly the same.
    pub(crate) full_only: bool,
}

const fn column(package: &'static str, side: Side, name: &'static str) -> Column {
    Column { name, package, side, full_only: false }
}

const fn peer(package: &'static str, name: &'static str) -> Column {
    column(package, Side::Peer, name)
}

const fn ours(name: &'static str) -> Column {
    column("peer-bespoke", Side::Ours, name)
}

const fn floor(name: &'static str) -> Column {
    column("peers-floors", Side::Floor, name)
}

/// The reference of the first ratio.
pub(crate) const REFERENCE: &str = "tokio";
/// The same in the rows about two workers, which the first has not.
pub(crate) const REFERENCE_OF_WORKERS: &str = "tokio-mt2";

/// All columns, in the order in which a round samples them.
pub(crate) const COLUMNS: &[Column] = &[
    peer("peer-tokio", REFERENCE),
    ours("bespoke"),
    ours("bespoke-prompt"),
    Column { full_only: true, ..ours("bespoke-lowlat") },
    ours("bespoke-cli"),
    ours("bespoke-uring"),
    Column { full_only: true, ..ours("bespoke-lease") },
    Column { full_only: true, ..ours("bespoke-uring-lease") },
    ours("bespoke-uring-fixed"),
    Column { full_only: true, ..ours("bespoke-fallback") },
    Column { full_only: true, ..ours("bespoke-server") },
    Column { full_only: true, ..ours("bespoke-server-uring") },
    ours("bespoke-percore2"),
    ours("bespoke-steal2"),
    Column { full_only: true, ..ours("bespoke-deque2") },
    ours("bespoke-late2"),
    column("peer-bespoke-tokio-io", Side::Ours, "bespoke-tokio-io"),
    peer("peer-tokio", "tokio-multi"),
    peer("peer-tokio", "tokio-flume"),
    peer("peer-tokio", REFERENCE_OF_WORKERS),
    peer("peer-smol", "smol"),
    peer("peer-smol", "smol-mt2"),
    peer("peer-monoio", "monoio-epoll"),
    peer("peer-monoio", "monoio-uring"),
    peer("peer-glommio", "glommio"),
    peer("peer-compio", "compio-uring"),
    peer("peer-compio", "compio-poll"),
    peer("peer-tokio-uring", "tokio-uring"),
    peer("peer-may", "may"),
    floor("floor-executor"),
    floor("floor-malloc"),
    floor("floor-mimalloc"),
    floor("floor-jemalloc"),
    floor("floor-coroutine"),
    floor("floor-epoll"),
    floor("floor-uring"),
    floor("floor-uring-fixed"),
    floor("floor-uring-multi"),
    floor("floor-futex"),
    floor("floor-eventfd"),
    floor("floor-spin"),
    floor("floor-threads"),
    floor("floor-pread"),
    floor("floor-nap"),
    floor("floor-process"),
];

/// What a binary says of one of its variants.
#[derive(Clone, Debug, Default)]
pub(crate) struct Said {
    /// The crate whose version the table names.
    pub(crate) crate_name: String,
    /// Remarks: (row, remark).
    pub(crate) notes: Vec<(String, String)>,
}

/// Asks a built binary for what it says of `column`.
///
/// # Errors
/// When the binary does not run, or does not know the variant.
pub(crate) fn ask(column: &Column) -> Result<Said, String> {
    let output = Command::new(build::binary(column.package)?).arg("variants").output();
    let output = output.map_err(|error| format!("{} does not run: {error}", column.package))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let line = text.lines().map(|line| line.split('\t').collect::<Vec<_>>()).find(|words| words[0] == column.name);
    match line.as_deref() {
        Some([_, crate_name, notes @ ..]) => Ok(Said {
            crate_name: (*crate_name).to_owned(),
            notes: notes.chunks_exact(2).map(|pair| (pair[0].to_owned(), pair[1].to_owned())).collect(),
        }),
        _ => Err(format!("{} offers no {}", column.package, column.name)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_the_reference_is_first() {
        for (index, column) in COLUMNS.iter().enumerate() {
            assert_eq!(COLUMNS.iter().position(|other| other.name == column.name), Some(index));
        }
        assert_eq!(COLUMNS[0].name, REFERENCE);
    }
}
