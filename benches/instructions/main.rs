//! How many instructions do the hot paths take? `cargo bench --bench instructions` prints a table beside the committed
//! counts; `-- --check` fails if a path grew by more than 3 %; `-- --write` commits to new counts. With `--features
//! crossbeam-deque` it is the same for tasks that any worker may run, on both queues: another program, with counts of its own.
//!
//! Times on a shared machine move by a tenth between two runs; instruction counts do not move at all. So a claim about a
//! few per cent is a claim about these figures.
//!
//! **What is measured.** User-space instructions of this program under `valgrind --tool=callgrind`: each path runs twice, with
//! few and with many operations, and the difference of the two divided by the difference of the operations is the figure; so
//! what starts and ends a run falls out of it. Each path checks its own result.
//!
//! **What is not.** The kernel, caches, branch misses, other machines' code. Counts belong to one compiler: with another one the
//! table is printed and nothing is compared.
//!
//! **Sketch.** A spawn with its join allocates, queues, polls and frees once: 150 to 300 instructions. A yield queues and polls:
//! 40 to 80. A round trip is two wakes and two polls: 200 to 300. A request over a socket is a read, a write and their share of
//! a park: 500 to 800. A poll down a chain of eight futures is a jump a level: 50 to 150. Where any worker may run a task, spawns
//! and wakes have locked instructions and look at what others do: twice as many. A task that another worker takes with others is
//! spawned, moved and polled: 400 to 600.
//!
//! | file | holds |
//! |---|---|
//! | `main` | the command line, the comparison |
//! | `paths` | the paths: one function each |
//! | `channels` | those of tools between tasks |
//! | `machines` | those of futures alone: `#[async_fn]` beside rustc's `async fn` |
//! | `stealing` | those of tasks that any worker may run, on both queues: with the feature `crossbeam-deque` |
//! | `count` | a path under valgrind |
//! | `table` | the committed counts |
#![allow(clippy::std_instead_of_core, reason = "a program reads better with one name for the library")]
#![cfg_attr(not(target_os = "linux"), allow(unused, reason = "valgrind is run on Linux only"))]

#[cfg(target_os = "linux")]
mod channels;
#[cfg(target_os = "linux")]
mod count;
#[cfg(target_os = "linux")]
mod machines;
#[cfg(target_os = "linux")]
mod paths;
// A program of its own, which has no others: more functions in it move these, and what is inlined there with them.
#[cfg(all(target_os = "linux", feature = "crossbeam-deque"))]
mod stealing;
#[cfg(target_os = "linux")]
mod table;

#[cfg(not(target_os = "linux"))]
fn main() {
    eprintln!("instructions: valgrind is run on Linux only");
    std::process::exit(1);
}

#[cfg(target_os = "linux")]
fn main() -> std::process::ExitCode {
    use std::process::ExitCode;

    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let done = match command(&words) {
        Ok(Command::Help) => {
            print!("{}", help());
            Ok(())
        }
        Ok(Command::Path { name, ops, planted }) => paths::run(&name, ops, planted),
        Ok(Command::Table(plan)) => compare(&plan),
        Err(message) => {
            eprintln!("instructions: {message} (see --help)");
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("instructions: {message}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(target_os = "linux")]
enum Command {
    Help,
    /// One path, for the counter: this program calls itself so.
    Path {
        name: String,
        ops: u64,
        planted: bool,
    },
    Table(Plan),
}

#[cfg(target_os = "linux")]
#[derive(Default)]
struct Plan {
    only: Option<Vec<String>>,
    check: bool,
    write: bool,
    /// Runs every path with work planted into each operation: `--check` must fail then.
    planted: bool,
}

#[cfg(target_os = "linux")]
fn command(words: &[String]) -> Result<Command, String> {
    let mut plan = Plan::default();
    let mut path = None;
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let mut value = || words.next().cloned().ok_or_else(|| format!("{word} needs a value"));
        match word.as_str() {
            "-h" | "--help" => return Ok(Command::Help),
            "--check" => plan.check = true,
            "--write" => plan.write = true,
            "--planted" => plan.planted = true,
            "--only" => {
                let names: Vec<String> = value()?.split(',').map(str::to_owned).collect();
                if let Some(unknown) = names.iter().find(|name| paths::find(name).is_none()) {
                    return Err(format!("no path is called '{unknown}'"));
                }
                plan.only = Some(names);
            }
            "--path" => {
                let (name, ops) = (value()?, value()?);
                let ops = ops.parse().map_err(|_| format!("--path needs a number of operations, not '{ops}'"))?;
                path = Some((name, ops));
            }
            other => return Err(format!("there is no option '{other}'")),
        }
    }
    if plan.write && (plan.planted || plan.only.is_some()) {
        return Err("--write goes with neither --planted nor --only".into());
    }
    Ok(match path {
        Some((name, ops)) => Command::Path { name, ops, planted: plan.planted },
        None => Command::Table(plan),
    })
}

#[cfg(target_os = "linux")]
fn help() -> String {
    let mut text = String::from(
        "How many instructions the hot paths take, beside the committed counts.\n\n\
         usage: cargo bench --bench instructions -- [--only PATH[,PATH]] [--check | --write] [--planted]\n\n\
         \x20 --only PATHS  only these paths\n\
         \x20 --check       fail if a path takes 3 % more than the committed count\n\
         \x20 --write       commit to what is measured now\n\
         \x20 --planted     with work planted into every operation: --check must fail then\n\npaths:\n",
    );
    for path in paths::PATHS {
        text.push_str(&format!("  {:<20} {}\n", path.name, path.title));
    }
    text
}

/// Growth beyond this fails, in parts of the committed count.
#[cfg(target_os = "linux")]
const TOLERANCE: f64 = 0.03;

#[cfg(target_os = "linux")]
fn compare(plan: &Plan) -> Result<(), String> {
    let committed = table::read()?;
    let compiler = count::compiler()?;
    let comparable = committed.compiler == compiler;
    if !comparable {
        println!("The committed counts belong to {}; this is {compiler}: nothing is compared.\n", committed.compiler);
    }
    let program = count::Program::copy()?;
    println!("| path | instructions per operation | committed | change |\n|---|---|---|---|");
    let (mut measured, mut grown) = (Vec::new(), Vec::new());
    for path in
        paths::PATHS.iter().filter(|path| plan.only.as_ref().is_none_or(|only| only.iter().any(|o| o == path.name)))
    {
        let count = program.per_operation(path, plan.planted)?;
        let before = committed.counts.iter().find(|(name, _)| name == path.name).map(|&(_, count)| count);
        let (before_text, change) = match before {
            Some(before) if comparable => (format!("{before:.1}"), Some(count / before - 1.0)),
            Some(before) => (format!("{before:.1}"), None),
            None => ("none".to_owned(), None),
        };
        let change_text = change.map_or("-".to_owned(), |change| format!("{:+.1} %", change * 100.0));
        println!("| {} | {count:.1} | {before_text} | {change_text} |", path.name);
        if before.is_none() || change.is_some_and(|change| change > TOLERANCE) {
            grown.push(path.name);
        }
        measured.push((path.name.to_owned(), count));
    }
    if plan.write {
        return table::write(&table::Table { compiler, counts: measured });
    }
    if plan.check && !grown.is_empty() {
        return Err(format!(
            "more than 3 % above the committed counts, or not among them: {}. If that is meant, commit new counts with \
             `cargo bench --bench instructions -- --write`, with the features of this run, in the same change and say why",
            grown.join(", ")
        ));
    }
    Ok(())
}
