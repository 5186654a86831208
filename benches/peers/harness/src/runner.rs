//! A started runtime as the driver sees it.

use core::fmt;

use crate::{Row, Service};

/// What a sample gives: one figure per measure of its row.
pub type Sampled = Result<Vec<f64>, Refusal>;

/// Why there is no sample.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The runtime has no such part.
    Absent,
    /// It has, and it failed: why, in one line.
    Failed(String),
}

impl Refusal {
    /// A failure that says what was under way.
    pub fn of(what: &str, error: impl fmt::Display) -> Self {
        Self::Failed(format!("{what}: {error}"))
    }
}

impl From<std::io::Error> for Refusal {
    fn from(error: std::io::Error) -> Self {
        Self::Failed(error.to_string())
    }
}

/// A started runtime: which rows it has is what it answers.
pub trait Runner {
    /// Takes one sample of `row` with `amount` operations.
    ///
    /// # Errors
    /// [`Refusal::Absent`] for a row that is not offered.
    fn sample(&mut self, row: &Row, amount: u64) -> Sampled;

    /// Serves echo on this thread until the process ends.
    ///
    /// # Errors
    /// [`Refusal::Absent`] for a transport that is not offered, or why the server cannot listen.
    fn serve(&mut self, service: Service) -> Result<(), Refusal> {
        let _ = service;
        Err(Refusal::Absent)
    }
}

/// One column of the table that a binary offers.
#[derive(Clone, Copy)]
pub struct Variant {
    /// The name on the command line and in the table.
    pub name: &'static str,
    /// The package whose version the table names.
    pub package: &'static str,
    /// Remarks for the table: (row, remark).
    pub notes: &'static [(&'static str, &'static str)],
    /// Starts it.
    pub start: fn() -> Result<Box<dyn Runner>, String>,
}

impl fmt::Debug for Variant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}
