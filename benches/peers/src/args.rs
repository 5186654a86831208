//! The command line: parsed by hand, one clear line per mistake.

use core::fmt::Write;

use harness::Row;
use harness::rows::{Place, ROWS};

use crate::compare::Counter;
use crate::field::{COLUMNS, Column};

/// What the command line asks for.
#[derive(Debug)]
pub(crate) enum Command {
    /// Print the help.
    Help,
    /// Run rows and print the table.
    Bench(Plan),
    /// Count instructions.
    Count(Plan),
    /// Measure bytes, crates and first builds.
    Hello,
    /// See whether a slowed build is noticed.
    Planted(Plan),
    /// Make one table of several sittings.
    Join(Joined),
}

/// Sittings that were taken before, and where their table goes.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Joined {
    /// Files of JSON lines.
    pub(crate) files: Vec<String>,
    /// Where the Markdown goes besides standard output.
    pub(crate) markdown: Option<String>,
    /// The folder that the drawings go to.
    pub(crate) plots: Option<String>,
}

/// What a run measures and where its table goes.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    /// The rows, in table order.
    pub(crate) rows: Vec<Row>,
    /// The columns, in table order.
    pub(crate) columns: Vec<Column>,
    /// Whether samples are short and few.
    pub(crate) quick: bool,
    /// Rounds for every row, instead of each row's own number.
    pub(crate) rounds: Option<u32>,
    /// Where the JSON lines go.
    pub(crate) json: Option<String>,
    /// Whether they go behind those that are there, and rows that are among those are left out.
    pub(crate) append: bool,
    /// Minutes after which no row begins.
    pub(crate) within: Option<u32>,
    /// Where the Markdown goes besides standard output.
    pub(crate) markdown: Option<String>,
    /// The folder that the drawings go to.
    pub(crate) plots: Option<String>,
    /// By whom system calls of the echo servers are counted.
    pub(crate) calls: Vec<Counter>,
}

/// Parses the arguments that follow the program's name.
///
/// # Errors
/// One line that names the first mistake.
pub(crate) fn parse(line: &[String]) -> Result<Command, String> {
    if line.iter().any(|word| word == "--from") {
        return joined(line).map(Command::Join);
    }
    let mut plan = Plan { rows: ROWS.to_vec(), columns: COLUMNS.to_vec(), ..Plan::default() };
    let (mut count, mut planted, mut chosen_columns) = (false, false, false);
    let mut words = line.iter();
    while let Some(word) = words.next() {
        let mut value = || words.next().map(String::as_str).ok_or_else(|| format!("{word} needs a value"));
        match word.as_str() {
            "-h" | "--help" => return Ok(Command::Help),
            "--hello" => return Ok(Command::Hello),
            "--only" => plan.rows = rows(value()?)?,
            "--rts" => {
                chosen_columns = true;
                plan.columns = columns(value()?)?;
            }
            "--rounds" => plan.rounds = Some(number(word, value()?)?),
            "--json" => plan.json = Some(value()?.to_owned()),
            "--append" => (plan.json, plan.append) = (Some(value()?.to_owned()), true),
            "--within" => plan.within = Some(number(word, value()?)?),
            "--md" => plan.markdown = Some(value()?.to_owned()),
            "--plots" => plan.plots = Some(value()?.to_owned()),
            "--strace" => plan.calls.push(Counter::Strace),
            "--syscalls" => plan.calls.push(Counter::Kernel),
            "--quick" => plan.quick = true,
            "--count" => count = true,
            "--planted" => planted = true,
            other => return Err(format!("unknown argument '{other}'")),
        }
    }
    if plan.quick && !chosen_columns {
        plan.columns.retain(|column| !column.full_only);
    }
    match (count, planted) {
        (true, true) => Err("--count and --planted exclude each other".into()),
        (false, true) if chosen_columns => Err("--planted compares bespoke with itself: no --rts".into()),
        (true, false) => Ok(Command::Count(plan)),
        (false, true) => Ok(Command::Planted(plan)),
        (false, false) => Ok(Command::Bench(plan)),
    }
}

/// The text of `--help`.
pub(crate) fn help() -> String {
    let mut text = String::from(
        "The same small pieces of work on several async runtimes, interleaved in one run.

usage: cargo peers [--quick] [--only ROW[,ROW]] [--rts NAME[,NAME]] [--rounds N] [--strace] [--syscalls] [--json FILE | --append FILE]
                   [--within MINUTES] [--md FILE] [--plots FOLDER]
       cargo peers --from FILE… [--md FILE] [--plots FOLDER]
       cargo peers --count [--only ROW[,ROW]] [--rts NAME[,NAME]]
       cargo peers --planted [--only ROW[,ROW]]
       cargo peers --hello

  --quick         short samples, six rounds: figures within some 20 %
  --only ROWS     only rows that begin with one of these words
  --rts NAMES     only these runtimes and floors; ratios are to those of the references that are among them
  --rounds N      N samples per runtime and row (six or more for a 95 % interval); each row has its own default
  --strace        also count system calls per request of the echo rows (quick: of echo-50), once (needs strace)
  --syscalls      the same, counted by the kernel at full speed (needs perf, and the right to use its tracepoints)
  --json FILE     write all samples, a JSON object per line, each row when it is over
  --append FILE   the same behind what the file holds, without the rows that it has: a run in several sittings
  --within N      begin no row after N minutes; what is left is another sitting's (a row takes up to ten minutes)
  --from FILES    measure nothing: one table of the sittings in these files, of one machine and one commit
  --md FILE       write the table as Markdown (it goes to standard output in any case)
  --plots FOLDER  draw the ratios to tokio as SVG files
  --count         count instructions per operation instead (under valgrind where the processor does not count them)
  --hello         bytes of a hello, crates, time of a first build; minutes
  --planted       see whether the bench notices a build of bespoke that is slowed on purpose; fails if it does not

rows (rounds of a full run):
",
    );
    for row in ROWS {
        let place = match row.place {
            Place::Agent => "",
            Place::Fresh => ", a process per sample",
            Place::Both => ", a process per sample, on both cores",
            Place::Server => ", server on a core of its own",
        };
        // Writing to a String does not fail.
        let _ = writeln!(text, "  {:<16} {} ({}{place})", row.name, row.title, row.rounds);
    }
    text.push_str("\nruntimes and floors:\n ");
    for column in COLUMNS {
        let _ = write!(text, " {}", column.name);
    }
    text.push('\n');
    text
}

/// What follows `--from`, up to the next option, are files.
fn joined(line: &[String]) -> Result<Joined, String> {
    let mut joined = Joined::default();
    let mut words = line.iter().peekable();
    while let Some(word) = words.next() {
        let mut value = || words.next().cloned().ok_or_else(|| format!("{word} needs a value"));
        match word.as_str() {
            "--md" => joined.markdown = Some(value()?),
            "--plots" => joined.plots = Some(value()?),
            "--from" => {
                while let Some(file) = words.next_if(|word| !word.starts_with("--")) {
                    joined.files.push(file.clone());
                }
            }
            other => return Err(format!("--from measures nothing: no {other}")),
        }
    }
    if joined.files.is_empty() { Err("--from needs a file".into()) } else { Ok(joined) }
}

fn number(option: &str, text: &str) -> Result<u32, String> {
    let parsed = text.parse().ok().filter(|&n: &u32| n >= 1);
    parsed.ok_or_else(|| format!("{option} needs a number of 1 or more, not '{text}'"))
}

/// The rows whose names begin with one of `words`.
fn rows(words: &str) -> Result<Vec<Row>, String> {
    let words: Vec<&str> = words.split(',').collect();
    let begins = |row: &Row, word: &str| {
        row.name.strip_prefix(word).is_some_and(|rest| rest.is_empty() || !rest.starts_with(char::is_alphanumeric))
    };
    match words.iter().find(|word| !ROWS.iter().any(|row| begins(row, word))) {
        Some(unknown) => Err(format!("no row begins with '{unknown}'")),
        None => Ok(ROWS.iter().copied().filter(|row| words.iter().any(|word| begins(row, word))).collect()),
    }
}

/// The named columns, in the order of the table.
fn columns(names: &str) -> Result<Vec<Column>, String> {
    let names: Vec<&str> = names.split(',').collect();
    match names.iter().find(|name| !COLUMNS.iter().any(|column| column.name == **name)) {
        Some(unknown) => Err(format!("no runtime is called '{unknown}'")),
        None => Ok(COLUMNS.iter().copied().filter(|column| names.contains(&column.name)).collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Command, String> {
        parse(&line.split_ascii_whitespace().map(str::to_owned).collect::<Vec<_>>())
    }

    fn bench(line: &str) -> Plan {
        let Ok(Command::Bench(plan)) = parsed(line) else { panic!("'{line}' is a bench") };
        plan
    }

    #[test]
    fn nothing_means_everything() {
        let plan = bench("");
        assert_eq!((plan.rows.len(), plan.columns.len(), plan.rounds), (ROWS.len(), COLUMNS.len(), None));
    }

    #[test]
    fn a_word_means_the_rows_that_begin_with_it() {
        let names = |line| bench(line).rows.iter().map(|row| row.name).collect::<Vec<_>>();
        assert_eq!(names("--only echo-1"), ["echo-1", "echo-1-4k"]);
        assert_eq!(names("--only ping-pong,udp").len(), 4);
        assert_eq!(names("--only echo").len(), 6);
    }

    #[test]
    fn the_order_is_that_of_the_table() {
        let plan = bench("--rts smol,tokio --only timers");
        assert_eq!(plan.columns.iter().map(|column| column.name).collect::<Vec<_>>(), ["tokio", "smol"]);
    }

    #[test]
    fn a_quick_run_leaves_out_what_is_not_asked_for() {
        assert!(bench("--quick").columns.iter().all(|column| !column.full_only));
        assert_eq!(bench("--quick --rts bespoke-lowlat").columns.len(), 1);
    }

    #[test]
    fn sittings_are_files_up_to_the_next_option() {
        let Ok(Command::Join(joined)) = parsed("--from a.jsonl b.jsonl --md t.md --plots d") else { panic!("a table") };
        assert_eq!(joined.files, ["a.jsonl", "b.jsonl"]);
        assert_eq!((joined.markdown.as_deref(), joined.plots.as_deref()), (Some("t.md"), Some("d")));
        let plan = bench("--append a.jsonl --within 50");
        assert_eq!((plan.json.as_deref(), plan.append, plan.within), (Some("a.jsonl"), true, Some(50)));
        assert!(!bench("--json a.jsonl").append);
    }

    #[test]
    fn each_mistake_has_its_line() {
        for (line, message) in [
            ("--only", "--only needs a value"),
            ("--only spwan", "no row begins with 'spwan'"),
            ("--only e", "no row begins with 'e'"),
            ("--rts tokio,mio", "no runtime is called 'mio'"),
            ("--rounds 0", "--rounds needs a number of 1 or more, not '0'"),
            ("--within 0", "--within needs a number of 1 or more, not '0'"),
            ("--from --md t.md", "--from needs a file"),
            ("--quick --from a.jsonl", "--from measures nothing: no --quick"),
            ("--fast", "unknown argument '--fast'"),
            ("--count --planted", "--count and --planted exclude each other"),
            ("--planted --rts tokio", "--planted compares bespoke with itself: no --rts"),
        ] {
            assert_eq!(parsed(line).err().as_deref(), Some(message), "{line}");
        }
    }
}
