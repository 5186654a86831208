//! The samples of a row, and what each column is compared with.
//!
//! Ratios are formed per round, column over reference, and then summarised, so a drift of the machine cancels.

use harness::Row;
use harness::rows::Measure;
use harness::stats::{self, Summary};

use crate::field::{Column, REFERENCE, REFERENCE_OF_WORKERS, Side};

/// One row of the run with the samples of all columns.
#[derive(Debug)]
pub(crate) struct Table {
    /// The row's name.
    pub(crate) name: String,
    /// The row's line for the reader.
    pub(crate) title: String,
    /// What each figure of a sample is.
    pub(crate) measures: &'static [Measure],
    /// One per column that has the row's part.
    pub(crate) columns: Vec<Samples>,
}

/// The samples of one column in one row.
#[derive(Debug)]
pub(crate) struct Samples {
    /// Whose they are.
    pub(crate) column: Column,
    /// Per round, one figure per measure.
    pub(crate) rounds: Vec<Vec<f64>>,
    /// Why there are no (more) samples.
    pub(crate) failure: Option<String>,
}

/// Who counts the system calls of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Counter {
    /// `strace -c`, which stops the server at each, and takes a core that the load shares.
    Strace,
    /// The kernel, at its tracepoint, asked by `perf stat`: the server runs as ever.
    Kernel,
}

impl Counter {
    pub(crate) const ALL: [Counter; 2] = [Counter::Strace, Counter::Kernel];

    /// Behind the name of the row.
    pub(crate) const fn suffix(self) -> &'static str {
        match self {
            Counter::Strace => "-calls",
            Counter::Kernel => "-syscalls",
        }
    }

    const fn measures(self) -> &'static [Measure] {
        match self {
            Counter::Strace => &[Measure { name: "system calls per request, under strace", unit: "", more: false }],
            Counter::Kernel => &[Measure { name: "system calls per request", unit: "", more: false }],
        }
    }

    const fn title(self) -> &'static str {
        match self {
            Counter::Strace => "system calls; the start is included, and strace slows the server",
            Counter::Kernel => "system calls, counted by the kernel at full speed; the start is included",
        }
    }
}

impl Table {
    /// A row without samples.
    pub(crate) fn new(row: &Row) -> Self {
        Self { name: row.name.into(), title: row.title.into(), measures: row.measures, columns: Vec::new() }
    }

    /// The system calls of an echo row, without samples.
    pub(crate) fn system_calls(row: &Row, by: Counter) -> Self {
        let title = format!("{}: {}", row.title, by.title());
        Self { name: format!("{}{}", row.name, by.suffix()), title, measures: by.measures(), columns: Vec::new() }
    }

    /// The column that the first ratio is to.
    pub(crate) fn reference(&self) -> Option<&Samples> {
        let named = |name: &str| self.columns.iter().find(|samples| samples.column.name == name);
        named(REFERENCE).or_else(|| named(REFERENCE_OF_WORKERS))
    }

    /// The runtime of others with the best median of `measure`.
    pub(crate) fn best_peer(&self, measure: usize) -> Option<&Samples> {
        self.best(measure, Side::Peer)
    }

    /// The best floor.
    pub(crate) fn floor(&self, measure: usize) -> Option<&Samples> {
        self.best(measure, Side::Floor)
    }

    fn best(&self, measure: usize, side: Side) -> Option<&Samples> {
        let more = self.measures[measure].more;
        let medians = self.columns.iter().filter(|samples| samples.column.side == side);
        let medians = medians.filter_map(|samples| Some((samples, stats::summary(&samples.figures(measure))?.median)));
        let best = medians.min_by(|(_, a), (_, b)| if more { b.total_cmp(a) } else { a.total_cmp(b) });
        best.map(|(samples, _)| samples)
    }
}

impl Samples {
    /// The figures of one measure.
    pub(crate) fn figures(&self, measure: usize) -> Vec<f64> {
        self.rounds.iter().filter_map(|sample| sample.get(measure).copied()).collect()
    }

    /// These figures over `reference`'s, round by round, summarised.
    pub(crate) fn over(&self, reference: &Self, measure: usize) -> Option<Summary> {
        let (own, others) = (self.figures(measure), reference.figures(measure));
        let ratios: Vec<f64> =
            own.iter().zip(&others).filter(|(_, other)| **other != 0.0).map(|(own, other)| own / other).collect();
        stats::summary(&ratios)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::field::COLUMNS;

    const NS: &[Measure] = &[Measure { name: "time", unit: "ns", more: false }];

    /// A row of tokio, bespoke, smol and a floor; the machine halves its speed in the last three rounds.
    pub(crate) fn table() -> Table {
        let samples = |name: &str, factor: f64| {
            let column = *COLUMNS.iter().find(|column| column.name == name).unwrap();
            let rounds = [10.0, 10.0, 10.0, 20.0, 20.0, 20.0].iter().map(|figure| vec![figure * factor]).collect();
            Samples { column, rounds, failure: None }
        };
        let mut glommio = samples("glommio", 1.0);
        (glommio.rounds, glommio.failure) = (vec![], Some("unavailable: no ring | \"denied\"".into()));
        let mut floor = samples("smol", 0.25);
        floor.column.side = Side::Floor;
        floor.column.name = "a-floor";
        let columns = vec![samples("tokio", 1.0), samples("bespoke", 0.5), samples("smol", 0.8), glommio, floor];
        Table { name: "row".into(), title: "title".into(), measures: NS, columns }
    }

    #[test]
    fn a_drift_of_the_machine_cancels_in_the_ratio() {
        let table = table();
        let ratio = table.columns[1].over(table.reference().unwrap(), 0).unwrap();
        assert_eq!((ratio.median, ratio.interval), (0.5, Some((0.5, 0.5))));
    }

    #[test]
    fn rows_of_two_workers_are_compared_with_tokio_on_two() {
        let mut table = table();
        table.columns[0].column = *COLUMNS.iter().find(|column| column.name == REFERENCE_OF_WORKERS).unwrap();
        assert_eq!(table.reference().unwrap().column.name, "tokio-mt2");
    }

    #[test]
    fn the_best_peer_is_neither_ours_nor_a_floor() {
        let mut table = table();
        assert_eq!(table.best_peer(0).unwrap().column.name, "smol");
        assert_eq!(table.floor(0).unwrap().column.name, "a-floor");
        table.measures = &[Measure { name: "requests", unit: "", more: true }];
        assert_eq!(table.best_peer(0).unwrap().column.name, "tokio");
    }
}
