//! What does a switch of stacks cost?
//!
//! Measured: into a coroutine of corosensei and back, one value each way; per round trip, so two switches. Not measured: making
//! a stack, a scheduler above it. Sketch: a dozen instructions each way: 2 to 6 ns.

use corosensei::{Coroutine, CoroutineResult};
use harness::clock::now;
use harness::{Refusal, Row, Runner, Sampled, Work, rows};

struct Stacks;

pub(crate) fn start() -> Result<Box<dyn Runner>, String> {
    Ok(Box::new(Stacks))
}

impl Runner for Stacks {
    fn sample(&mut self, row: &Row, amount: u64) -> Sampled {
        if row.work != Work::Switch {
            return Err(Refusal::Absent);
        }
        let mut other = Coroutine::new(|yielder, mut value: u64| -> u64 {
            loop {
                let next = yielder.suspend(value + 1);
                if next == u64::MAX {
                    return value;
                }
                value = next;
            }
        });
        let begin = now();
        for op in 0..amount {
            match other.resume(op) {
                CoroutineResult::Yield(value) if value == op + 1 => (),
                _ => return Err(Refusal::Failed("the coroutine answered another value".into())),
            }
        }
        let elapsed = begin.elapsed();
        match other.resume(u64::MAX) {
            CoroutineResult::Return(_) => rows::per_op(elapsed, amount).unwrap_or(Err(Refusal::Absent)),
            CoroutineResult::Yield(_) => Err(Refusal::Failed("the coroutine did not end".into())),
        }
    }
}
