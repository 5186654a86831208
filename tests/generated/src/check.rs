//! Compiles and runs functions, and says of each whether both futures do the same.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::batch::{Batch, Side};
use crate::grammar::Function;
use crate::toolchain::{Kind, Toolchain};

/// What became of a function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Both futures did the same.
    Same {
        /// In how many ways they were driven.
        ways: usize,
        /// The size of ours, in bytes.
        ours: usize,
        /// The size of rustc's, in bytes.
        theirs: usize,
    },
    /// Both compile. They were not run: nothing but types and borrows was to be checked.
    Compiles,
    /// They did not do the same: the first difference.
    Differs(String),
    /// The program was ended by the system, or did not end.
    Crashed(String),
    /// Ours does not compile, and rustc's does.
    Refused(String),
    /// Neither compiles: the generator is wrong.
    Wrong(String),
}

impl Verdict {
    /// Whether it is what it should be.
    pub fn is_same(&self) -> bool {
        matches!(self, Verdict::Same { .. })
    }

    /// Whether both are failures of one kind, with the same error of rustc's.
    pub fn is_like(&self, other: &Verdict) -> bool {
        core::mem::discriminant(self) == core::mem::discriminant(other) && self.error() == other.error()
    }

    /// The error's number, or its text if it has none.
    fn error(&self) -> Option<&str> {
        let (Verdict::Refused(text) | Verdict::Wrong(text)) = self else { return None };
        let error = text.split_once(": error").map_or(&**text, |(_, error)| error);
        error.split(['`', ']', '|']).next()
    }
}

/// Checks functions, in one program if they compile. `name` is that of the program.
///
/// # Panics
/// If the program cannot be written or run.
pub fn check(toolchain: &Toolchain, name: &str, functions: &[Function], kind: Kind) -> Vec<Verdict> {
    let mut verdicts: Vec<Option<Verdict>> = vec![None; functions.len()];
    let source = toolchain.folder().join(format!("{name}.rs"));
    loop {
        let left: Vec<usize> = (0..functions.len()).filter(|n| verdicts[*n].is_none()).collect();
        if left.is_empty() {
            break;
        }
        let some: Vec<Function> = left.iter().map(|n| functions[*n].clone()).collect();
        let batch = Batch::new(&some, &[Side::Ours, Side::Theirs]);
        fs::write(&source, &batch.text).expect("the batch can be written");
        match toolchain.compile(&source, kind) {
            Ok(program) => {
                let seen = match kind {
                    Kind::Check => vec![Verdict::Compiles; some.len()],
                    Kind::Debug | Kind::Release => run(&program, some.len()),
                };
                for (n, verdict) in left.iter().zip(seen) {
                    verdicts[*n] = Some(verdict);
                }
                let _ = fs::remove_file(program);
            }
            Err(errors) => {
                let found = blamed(&batch, &source, &errors);
                if found.is_empty() {
                    halves(toolchain, name, &some, kind, &errors).into_iter().zip(&left).for_each(|(verdict, n)| {
                        verdicts[*n] = Some(verdict);
                    });
                }
                for (n, verdict) in found {
                    verdicts[left[n]] = Some(verdict);
                }
            }
        }
    }
    only_functions(toolchain, &source, functions, &mut verdicts);
    verdicts.into_iter().flatten().collect()
}

/// Errors of one kind hide those of another: what rustc refuses by itself is not a function.
fn only_functions(toolchain: &Toolchain, source: &Path, functions: &[Function], verdicts: &mut [Option<Verdict>]) {
    loop {
        let refused = |n: &usize| matches!(verdicts[*n], Some(Verdict::Refused(_)));
        let left: Vec<usize> = (0..functions.len()).filter(refused).collect();
        if left.is_empty() {
            return;
        }
        let some: Vec<Function> = left.iter().map(|n| functions[*n].clone()).collect();
        let batch = Batch::new(&some, &[Side::Theirs]);
        fs::write(source, &batch.text).expect("the batch can be written");
        let Err(errors) = toolchain.compile(source, Kind::Check) else { return };
        let found = blamed(&batch, source, &errors);
        assert!(!found.is_empty(), "rustc names no function: {errors}");
        for (n, verdict) in found {
            let (Verdict::Wrong(text) | Verdict::Refused(text)) = verdict else { continue };
            verdicts[left[n]] = Some(Verdict::Wrong(text));
        }
    }
}

/// Finds out which functions do not compile when the errors do not say so.
fn halves(toolchain: &Toolchain, name: &str, functions: &[Function], kind: Kind, errors: &str) -> Vec<Verdict> {
    if functions.len() == 1 {
        return vec![Verdict::Refused(errors.to_owned())];
    }
    let (a, b) = functions.split_at(functions.len() / 2);
    let mut verdicts = check(toolchain, name, a, kind);
    verdicts.extend(check(toolchain, name, b, kind));
    verdicts
}

/// The functions in which rustc found errors, and the first one of each.
fn blamed(batch: &Batch, source: &Path, errors: &str) -> Vec<(usize, Verdict)> {
    let source = source.display().to_string();
    let mut found: Vec<(usize, Verdict)> = Vec::new();
    let mut before = "";
    for line in errors.lines() {
        let place = line.strip_prefix(&source).and_then(|rest| rest.strip_prefix(':'));
        let number = place.and_then(|rest| rest.split_once(':')?.0.parse::<usize>().ok());
        // What is found when code is generated lies in the runtime; a note names the function.
        let note = line.contains("note: the above error was encountered");
        if let Some((n, side)) = number.filter(|_| line.contains(": error") || note).and_then(|line| batch.find(line)) {
            let text = if note { format!("{before} | {line}") } else { line.to_owned() };
            let verdict = if side == Side::Theirs { Verdict::Wrong(text) } else { Verdict::Refused(text) };
            match found.iter_mut().find(|(known, _)| *known == n) {
                Some((_, known)) if side == Side::Theirs => *known = verdict,
                Some(_) => {}
                None => found.push((n, verdict)),
            }
        }
        before = line;
    }
    found
}

/// Runs a batch: the verdict on each of its functions.
fn run(program: &Path, count: usize) -> Vec<Verdict> {
    let mut verdicts: Vec<Option<Verdict>> = vec![None; count];
    loop {
        let left: Vec<String> = (0..count).filter(|n| verdicts[*n].is_none()).map(|n| n.to_string()).collect();
        if left.is_empty() {
            return verdicts.into_iter().flatten().collect();
        }
        let (text, end) = output(program, &left);
        let mut begun = None;
        for line in text.lines() {
            let mut words = line.splitn(3, ' ');
            let (word, n) = (words.next().unwrap_or_default(), words.next().and_then(|n| n.parse::<usize>().ok()));
            let rest = words.next().unwrap_or_default();
            let Some(n) = n.filter(|n| *n < count) else { continue };
            match word {
                "begin" => begun = Some(n),
                "same" => {
                    let numbers: Vec<usize> = rest.split(' ').filter_map(|number| number.parse().ok()).collect();
                    if let [ways, ours, theirs] = numbers[..] {
                        verdicts[n] = Some(Verdict::Same { ways, ours, theirs });
                    }
                }
                "differs" => verdicts[n] = Some(Verdict::Differs(rest.to_owned())),
                _ => {}
            }
        }
        match begun.filter(|n| verdicts[*n].is_none()) {
            Some(n) => verdicts[n] = Some(Verdict::Crashed(end)),
            // It ended between two functions: what is left would not come either.
            None => verdicts.iter_mut().filter(|verdict| verdict.is_none()).for_each(|verdict| {
                *verdict = Some(Verdict::Crashed(end.clone()));
            }),
        }
    }
}

/// What a program wrote, and how it ended.
fn output(program: &Path, arguments: &[String]) -> (String, String) {
    let written = program.with_extension("output");
    let file = fs::File::create(&written).expect("the output can be written");
    let mut command = Command::new(program);
    let mut child = command.args(arguments).stdout(file).stderr(Stdio::null()).spawn().expect("a batch can be run");
    let mut size = 0;
    let mut silent = 0;
    let end = loop {
        if let Some(status) = child.try_wait().expect("a child can be waited for") {
            break status.to_string();
        }
        std::thread::park_timeout(core::time::Duration::from_millis(5));
        let now = fs::metadata(&written).map_or(0, |file| file.len());
        silent = if now == size { silent + 1 } else { 0 };
        size = now;
        if silent > SILENT_MAX {
            let _ = child.kill();
            let _ = child.wait();
            break "it did not end".to_owned();
        }
    };
    let text = fs::read(&written).unwrap_or_default();
    let _ = fs::remove_file(&written);
    (String::from_utf8_lossy(&text).into_owned(), end)
}

/// As many waits of 5 ms without a line are an endless loop: a minute.
const SILENT_MAX: usize = 12_000;
