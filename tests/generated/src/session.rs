//! A run over many functions: batches side by side, progress, and what was found.

use core::sync::atomic::{AtomicU64, Ordering};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use crate::check::{Verdict, check};
use crate::grammar::Function;
use crate::rows::{Counts, Row};
use crate::toolchain::{Kind, Toolchain};

/// What to run.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// A seed means the same functions everywhere.
    pub seed: u64,
    /// The number of the first function.
    pub from: u64,
    /// How many.
    pub count: u64,
    /// How many in one program.
    pub batch: u64,
    /// How many programs at a time.
    pub jobs: usize,
    /// How they are compiled.
    pub kind: Kind,
    /// Whether to end at the first failure.
    pub first: bool,
}

/// What a run found.
#[derive(Debug, Default)]
pub struct Findings {
    /// How many functions were checked.
    pub functions: u64,
    /// In how many ways they were driven.
    pub ways: usize,
    /// How often each row came.
    pub rows: Counts,
    /// The sizes of the futures, ours and rustc's, by the number of the function.
    pub sizes: BTreeMap<u64, (usize, usize)>,
    /// What is not as it should be, by the number of the function.
    pub failures: BTreeMap<u64, Verdict>,
}

/// Generates, compiles, runs and compares.
pub fn run(toolchain: &Toolchain, plan: &Plan) -> Findings {
    let next = AtomicU64::new(plan.from);
    let end = plan.from + plan.count;
    let findings = Mutex::new(Findings::default());
    std::thread::scope(|scope| {
        for _ in 0..plan.jobs.max(1) {
            scope.spawn(|| {
                loop {
                    let from = next.fetch_add(plan.batch, Ordering::Relaxed);
                    if from >= end {
                        return;
                    }
                    batch(toolchain, plan, from, end.min(from + plan.batch), &findings);
                    if plan.first && !lock(&findings).failures.is_empty() {
                        return;
                    }
                }
            });
        }
    });
    findings.into_inner().unwrap_or_else(PoisonError::into_inner)
}

fn lock(findings: &Mutex<Findings>) -> std::sync::MutexGuard<'_, Findings> {
    findings.lock().unwrap_or_else(PoisonError::into_inner)
}

fn batch(toolchain: &Toolchain, plan: &Plan, from: u64, to: u64, findings: &Mutex<Findings>) {
    let functions: Vec<Function> = (from..to).map(|index| Function::generate(plan.seed, index)).collect();
    let name = format!("batch_{}_{}_{from}", std::process::id(), plan.seed);
    let verdicts = check(toolchain, &name, &functions, plan.kind);
    let mut findings = lock(findings);
    for ((index, function), verdict) in (from..to).zip(&functions).zip(verdicts) {
        findings.functions += 1;
        findings.rows.add_all(&function.rows);
        match verdict {
            Verdict::Same { ways, ours, theirs } => {
                findings.ways += ways;
                findings.sizes.insert(index, (ours, theirs));
            }
            verdict => {
                println!("f{index}: {}", told(&verdict));
                findings.failures.insert(index, verdict);
            }
        }
    }
    let (done, failed) = (findings.functions, findings.failures.len());
    println!("seed {}: {done} of {} functions, {failed} failures", plan.seed, plan.count);
    let _ = std::fs::remove_file(toolchain.folder().join(format!("{name}.rs")));
}

/// A verdict as a line.
pub fn told(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Same { ways, .. } => format!("the same in {ways} ways"),
        Verdict::Compiles => "COMPILES".into(),
        Verdict::Differs(text) => format!("DIFFERS {text}"),
        Verdict::Crashed(text) => format!("CRASHED {text}"),
        Verdict::Refused(text) => format!("REFUSED {text}"),
        Verdict::Wrong(text) => format!("NOT A PROGRAM (the generator is wrong) {text}"),
    }
}

impl Findings {
    /// The rows with how often they came; those that came less often than `least` are marked.
    pub fn rows_text(&self, least: usize) -> String {
        let mut text = String::new();
        for (row, name) in Row::ALL {
            let count = self.rows.of(*row);
            let mark = if count < least { "  TOO SELDOM" } else { "" };
            text.push_str(&format!("{count:>9}  {name}{mark}\n"));
        }
        text
    }

    /// The rows that came less often than `least`.
    pub fn seldom(&self, least: usize) -> Vec<&'static str> {
        Row::ALL.iter().filter(|(row, _)| self.rows.of(*row) < least).map(|(_, name)| *name).collect()
    }

    /// The sizes of ours beside rustc's.
    pub fn sizes_text(&self) -> String {
        let (mut ours_all, mut theirs_all) = (0, 0);
        let (mut smaller, mut larger) = (0usize, 0usize);
        let mut worst: Option<(usize, u64)> = None;
        for (index, (ours, theirs)) in &self.sizes {
            ours_all += ours;
            theirs_all += theirs;
            smaller += usize::from(ours < theirs);
            larger += usize::from(ours > theirs);
            let more = ours.saturating_sub(*theirs);
            if worst.is_none_or(|(known, _)| more > known) {
                worst = Some((more, *index));
            }
        }
        let count = self.sizes.len().max(1);
        let percent = |n: usize| n * 100 / count;
        let (most, at) = worst.unwrap_or_default();
        let far = self.sizes.iter().filter(|(_, (ours, theirs))| *ours > theirs + 64);
        let far: Vec<String> = far.map(|(index, (ours, theirs))| format!("f{index}+{}", ours - theirs)).collect();
        format!(
            "sizes of {} futures: {ours_all} bytes, rustc's {theirs_all} ({:+.1} %); smaller {} %, equal {} %, larger {} %; \
             the most that one is larger: {most} bytes (f{at}); larger by more than 64 bytes: {} {}",
            self.sizes.len(),
            (ours_all as f64 / theirs_all.max(1) as f64 - 1.0) * 100.0,
            percent(smaller),
            percent(count - smaller - larger),
            percent(larger),
            far.len(),
            far.join(" ")
        )
    }
}
