//! Makes a failing function smaller, by removing statements as long as it fails in the same way.

use crate::check::{Verdict, check};
use crate::grammar::Function;
use crate::toolchain::{Kind, Toolchain};

/// The smallest function found, and its verdict.
pub fn reduce(toolchain: &Toolchain, function: &Function, verdict: &Verdict) -> (Function, Verdict) {
    let (mut best, mut of_best) = (function.clone(), verdict.clone());
    for _ in 0..ROUNDS_MAX {
        let candidates = smaller(&best);
        if candidates.is_empty() {
            break;
        }
        let verdicts = check(toolchain, "smaller", &candidates, Kind::Debug);
        let failing = candidates.into_iter().zip(verdicts).filter(|(_, found)| found.is_like(verdict));
        let Some((function, found)) = failing.min_by_key(|(function, _)| function.size()) else { break };
        (best, of_best) = (function, found);
    }
    (best, of_best)
}

/// What can be made of a function by one removal.
fn smaller(function: &Function) -> Vec<Function> {
    let mut found = Vec::new();
    for at in 0..function.items.len() {
        if at + 1 < function.items.len() {
            let mut candidate = function.clone();
            candidate.items.remove(at);
            found.push(candidate);
        }
        let count = function.items[at].body.clone().count();
        for number in 0..count {
            let mut candidate = function.clone();
            if candidate.items[at].body.remove(number) {
                found.push(candidate);
            }
            let mut candidate = function.clone();
            if candidate.items[at].body.unwrap(number) {
                found.push(candidate);
            }
        }
    }
    found
}

const ROUNDS_MAX: usize = 60;
