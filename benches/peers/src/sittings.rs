//! Several sittings as one table: their JSON lines, read and joined.
//!
//! # Invariants
//! 1. A row is taken whole in one sitting, because ratios are formed within a round. Two sittings that have the same row are refused, and
//!    so is a row whose measures are not those of this program.
//! 2. All sittings were taken on one machine, with one compiler, at one commit.

use std::collections::HashSet;
use std::fs::{File, OpenOptions};
use std::io::Write as _;

use harness::rows::{self, ROWS};

use crate::compare::{Counter, Samples, Table};
use crate::field::{COLUMNS, Column};
use crate::json::Value;
use crate::jsonl;
use crate::machine::{COMMAND, CRATES, Machine, SHARED, TOOK};
use crate::run::SaidOf;

/// What the sittings of some files have come to.
#[derive(Debug, Default)]
pub(crate) struct Sittings {
    /// One machine for each.
    machines: Vec<Machine>,
    /// The rows, in the order of the table.
    pub(crate) tables: Vec<Table>,
    /// Remarks of the runtimes.
    pub(crate) said: SaidOf,
    /// Rows that a sitting before the current one has.
    done: HashSet<String>,
}

impl Sittings {
    /// Reads `files`.
    ///
    /// # Errors
    /// The file, the line, and what is wrong with it.
    pub(crate) fn read(files: &[String]) -> Result<Self, String> {
        let mut all = Self::default();
        for file in files {
            let text = std::fs::read_to_string(file).map_err(|error| format!("cannot read {file}: {error}"))?;
            all.add(&text).map_err(|why| format!("{file}, {why}"))?;
        }
        if all.tables.is_empty() {
            return Err("there is no sample in these files".into());
        }
        let place = |table: &Table| {
            let row = ROWS.iter().position(|row| row.name == table.name);
            row.unwrap_or_else(|| {
                ROWS.len() + ROWS.iter().take_while(|row| calls_of(&table.name, row.name).is_none()).count()
            })
        };
        all.tables.sort_by_key(place);
        Ok(all)
    }

    /// Was one of them a quick run?
    pub(crate) fn quick(&self) -> bool {
        let commands = self.machines.iter().filter_map(|machine| machine.fact(COMMAND));
        commands.flat_map(str::split_ascii_whitespace).any(|word| word == "--quick")
    }

    /// What they have in common, then what each has of its own.
    pub(crate) fn machine(&self) -> Machine {
        let mut joined = Machine::default();
        for fact in SHARED {
            joined.add(fact, self.machines.iter().find_map(|machine| machine.fact(fact)).unwrap_or("unknown"));
        }
        let mut crates: Vec<&str> =
            self.machines.iter().filter_map(|machine| machine.fact(CRATES)).flat_map(|list| list.split(", ")).collect();
        crates.sort_unstable();
        crates.dedup();
        joined.add(CRATES, &crates.join(", "));
        for machine in &self.machines {
            let command = machine.fact(COMMAND).unwrap_or("unknown");
            joined.add("sitting", &format!("{command}; {}", machine.fact(TOOK).unwrap_or("cut short")));
        }
        joined
    }

    fn add(&mut self, text: &str) -> Result<(), String> {
        for (n, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            let read = Value::read(line).and_then(|value| self.line(&value));
            read.map_err(|why| format!("line {}: {why}", n + 1))?;
        }
        Ok(())
    }

    fn line(&mut self, value: &Value) -> Result<(), String> {
        if let Some(Value::Object(facts)) = value.get("machine") {
            return self.begins(facts);
        }
        let machine = self.machines.last_mut().ok_or("a sitting begins with its machine")?;
        if let Some(took) = value.text("took") {
            machine.add(TOOK, took);
            return Ok(());
        }
        let (row, runtime) = value
            .text("row")
            .zip(value.text("runtime"))
            .ok_or("neither a machine, nor a remark, nor samples of a row")?;
        let column = COLUMNS.iter().find(|column| column.name == runtime);
        let column = *column.ok_or_else(|| format!("no runtime is called '{runtime}'"))?;
        match value.text("note") {
            Some(note) => {
                let notes = &mut self.said.entry(column.name).or_default().notes;
                let note = (row.to_owned(), note.to_owned());
                if !notes.contains(&note) {
                    notes.push(note);
                }
                Ok(())
            }
            None => self.samples(row, column, value),
        }
    }

    /// A sitting begins.
    fn begins(&mut self, facts: &[(String, Value)]) -> Result<(), String> {
        let mut machine = Machine::default();
        for (fact, value) in facts {
            if let Value::Text(value) = value {
                machine.add(fact, value);
            }
        }
        if let Some(first) = self.machines.first() {
            same_machine(first, &machine)?;
        }
        self.machines.push(machine);
        self.done.extend(self.tables.iter().map(|table| table.name.clone()));
        Ok(())
    }

    /// The samples of one measure of a row.
    fn samples(&mut self, row: &str, column: Column, value: &Value) -> Result<(), String> {
        if self.done.contains(row) {
            return Err(format!("another sitting has the row {row}: a row is taken whole in one"));
        }
        let Some(Value::List(list)) = value.get("samples") else { return Err(format!("{row}: no samples")) };
        let number = |value: &Value| if let Value::Number(number) = value { Some(*number) } else { None };
        let figures: Option<Vec<f64>> = list.iter().map(number).collect();
        let figures = figures.ok_or_else(|| format!("{row}: a sample that is no number"))?;
        let at = match self.tables.iter().position(|table| table.name == row) {
            Some(at) => at,
            None => {
                self.tables.push(blank(row)?);
                self.tables.len() - 1
            }
        };
        let table = &mut self.tables[at];
        let measure = value.text("measure").unwrap_or_default();
        let index = table.measures.iter().position(|known| known.name == measure);
        let index = index.ok_or_else(|| format!("{row} measures no '{measure}' in this version of the bench"))?;
        let known = table.columns.iter().position(|samples| samples.column == column);
        let samples = match known {
            Some(at) => &mut table.columns[at],
            None => {
                let failure = value.text("failure").map(str::to_owned);
                table.columns.push(Samples { column, rounds: vec![vec![]; figures.len()], failure });
                table.columns.last_mut().ok_or("a column was added")?
            }
        };
        // What a machine does not count is missing at the end of a sample, for all measures from some one on.
        for (round, figure) in samples.rounds.iter_mut().zip(&figures) {
            if round.len() != index {
                return Err(format!("{row}, {}: the measures are in another order, or twice", column.name));
            }
            round.push(*figure);
        }
        Ok(())
    }
}

/// Is `name` a row about the system calls of the row `of`? By whom they are counted.
fn calls_of(name: &str, of: &str) -> Option<Counter> {
    Counter::ALL.into_iter().find(|by| name.strip_suffix(by.suffix()) == Some(of))
}

/// A row without samples.
fn blank(name: &str) -> Result<Table, String> {
    if let Some(row) = rows::find(name) {
        return Ok(Table::new(&row));
    }
    let counted = ROWS.iter().find_map(|row| calls_of(name, row.name).map(|by| Table::system_calls(row, by)));
    counted.ok_or_else(|| format!("no row is called '{name}'"))
}

/// May two sittings stand in one table?
fn same_machine(one: &Machine, other: &Machine) -> Result<(), String> {
    let differs = SHARED.into_iter().find(|fact| one.fact(fact) != other.fact(fact));
    match differs {
        None => Ok(()),
        Some(fact) => {
            let say = |machine: &Machine| machine.fact(fact).unwrap_or("unknown").to_owned();
            Err(format!("the {fact} of another sitting was '{}', and here it is '{}'", say(one), say(other)))
        }
    }
}

/// The file that a sitting writes to, row by row.
#[derive(Debug)]
pub(crate) struct Book {
    file: File,
    path: String,
    /// Of those before this sitting.
    earlier: Sittings,
}

impl Book {
    /// A new file, or with `append` one that goes on where others stopped.
    ///
    /// # Errors
    /// When it cannot be written, or what is in it cannot be read.
    pub(crate) fn open(path: &str, append: bool) -> Result<Self, String> {
        let mut earlier = Sittings::default();
        if append {
            match std::fs::read_to_string(path) {
                Ok(text) => earlier.add(&text).map_err(|why| format!("{path}, {why}"))?,
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => (),
                Err(error) => return Err(format!("cannot read {path}: {error}")),
            }
        }
        let file = OpenOptions::new().create(true).write(true).append(append).truncate(!append).open(path);
        let file = file.map_err(|error| format!("cannot write {path}: {error}"))?;
        Ok(Self { file, path: path.to_owned(), earlier })
    }

    /// Has an earlier sitting this row?
    pub(crate) fn has(&self, row: &str) -> bool {
        self.earlier.tables.iter().any(|table| table.name == row)
    }

    /// The sitting begins.
    ///
    /// # Errors
    /// When it is on another machine than the earlier ones.
    pub(crate) fn begins(&mut self, machine: &Machine, said: &SaidOf) -> Result<(), String> {
        if let Some(first) = self.earlier.machines.first() {
            same_machine(first, machine).map_err(|why| format!("{}: {why}", self.path))?;
        }
        self.write(&jsonl::begins(machine, said))
    }

    /// A row is over.
    ///
    /// # Errors
    /// When the file takes no more.
    pub(crate) fn row(&mut self, table: &Table) -> Result<(), String> {
        self.write(&jsonl::row(table))
    }

    /// The sitting is over.
    ///
    /// # Errors
    /// When the file takes no more.
    pub(crate) fn ends(&mut self, took: &str) -> Result<(), String> {
        self.write(&jsonl::ends(took))
    }

    fn write(&mut self, text: &str) -> Result<(), String> {
        self.file.write_all(text.as_bytes()).map_err(|error| format!("cannot write {}: {error}", self.path))
    }
}

#[cfg(test)]
mod tests;
