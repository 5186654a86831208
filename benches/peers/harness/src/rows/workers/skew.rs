//! How much faster are two workers than one, if the work is not spread evenly beforehand?
//!
//! Measured: tasks that compute, of which every eighth takes 32 times as long as the others, spawned one after the other by one task,
//! which then joins them; the time of all of them, each after the other in one task, divided by the time of the tasks on two
//! workers. Checked: the sum of what they computed is the same. So who places tasks in turn puts all the long ones on one worker, and
//! can win a ninth; who moves them can come near 2. Not measured: tasks that wait, more than two workers. The floor is two threads that
//! take the next part from a counter: what the machine has to give, which is less than 2 if its cores share something.
//! Sketch: 1.8 to 2 where tasks move, 1.1 where they are placed in turn.

use core::hint::black_box;
use core::time::Duration;

use crate::clock::now;
use crate::{Refusal, Sampled, Workers, planted};

/// The parts of the work, by number.
#[derive(Clone, Copy, Debug)]
pub struct Skew {
    parts: u64,
}

/// Parts between two long ones.
const EVERY: u64 = 8;
/// How many times as long a long part takes.
const LONG: u64 = 32;
/// Steps of a short part: some 25 us.
const STEPS: u64 = 20_000;

impl Skew {
    /// So many parts, of which every eighth is long.
    pub const fn new(parts: u64) -> Self {
        Self { parts }
    }

    /// How many there are.
    pub const fn parts(self) -> u64 {
        self.parts
    }

    /// Computes part number `part`: a chain in which each step needs the one before it.
    pub fn part(self, part: u64) -> u64 {
        planted();
        let steps = if part.is_multiple_of(EVERY) { LONG * STEPS } else { STEPS };
        (0..steps).fold(part, |value, step| black_box(value.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(step)))
    }

    /// Computes all parts in turn; the sum of what came out, and the time.
    pub fn alone(self) -> (u64, Duration) {
        let begin = now();
        let sum = (0..self.parts).fold(0, |sum: u64, part| sum.wrapping_add(self.part(part)));
        (sum, begin.elapsed())
    }

    /// The figures of a sample.
    ///
    /// # Errors
    /// If the parts came to something else than alone.
    pub fn figures(self, alone: (u64, Duration), together: (u64, Duration)) -> Sampled {
        if alone.0 != together.0 {
            return Err(Refusal::Failed("the parts came to another sum".into()));
        }
        let ratio = alone.1.as_secs_f64() / together.1.as_secs_f64();
        Ok(vec![ratio, together.1.as_nanos() as f64 / self.parts as f64 / 1e3])
    }
}

/// The speed-up, and the time of a part on two workers.
pub(super) fn speed_up<P: Workers>(peer: &mut P, parts: u64) -> Sampled {
    let skew = Skew::new(parts);
    let cx = peer.cx();
    // In a task, so that a worker does the work, and the other one has nothing to do.
    let alone = peer.run(async move { skew.alone() });
    let together = peer.run(async move {
        let begin = now();
        let mut tasks = Vec::with_capacity(parts as usize);
        for part in 0..parts {
            tasks.push(P::spawn(cx, async move { skew.part(part) }));
        }
        let mut sum = 0u64;
        for task in tasks {
            sum = sum.wrapping_add(P::join(task).await);
        }
        (sum, begin.elapsed())
    });
    skew.figures(alone, together)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_eighth_part_is_long_and_a_lost_part_is_told() {
        let skew = Skew::new(16);
        let (sum, _) = skew.alone();
        let parts: Vec<u64> = (0..16).map(|part| skew.part(part)).collect();
        assert_eq!(parts.iter().fold(0u64, |sum, part| sum.wrapping_add(*part)), sum);
        let second = Duration::from_secs(1);
        assert_eq!(skew.figures((sum, 2 * second), (sum, second)), Ok(vec![2.0, 62_500.0]));
        let lost = skew.figures((sum, second), (sum.wrapping_sub(parts[3]), second));
        assert!(matches!(lost, Err(Refusal::Failed(_))));
    }
}
