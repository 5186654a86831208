//! What does it cost to start a child and to hear of its end?
//!
//! Measured: children one after the other, each a program that ends at once, `true` and `false` in turns, with the streams of this
//! process: the time from the call that starts it to its status in the task, and the user and system time of this process for it,
//! threads that a runtime keeps for its children included. Checked: each status is that of the program, and no child is left in
//! the system's table. Not measured: pipes, several children at once, and what the system charges to the child: its start after the
//! `vfork`, and its end.
//! Sketch: `vfork`, `execve` and the end of a program with one library take 150 to 300 us on one core, most of it the child's own;
//! of this process 15 to 50 us. What a runtime adds: a descriptor of the process and a turn of its loop, 5 us; a signal and a
//! look at each child, as much; a thread that waits, two switches.

use crate::clock::now;
use crate::{Processes, Refusal, Sampled, Tasks, planted, sys};

/// Starts `ops` children, and waits for each.
pub(super) fn children<P: Tasks, C: Processes>(peer: &mut P, ops: u64) -> Sampled {
    let spent = peer.run(async move {
        let (begin, before) = (now(), sys::process_cpu());
        for op in 0..ops {
            planted();
            let program = if op % 2 == 0 { "true" } else { "false" };
            let succeeded = C::succeeds(program).await?;
            assert_eq!(succeeded, op % 2 == 0, "this is not the status of `{program}`");
        }
        Ok((begin.elapsed(), sys::process_cpu().saturating_sub(before)))
    });
    let (elapsed, cpu) = spent.map_err(|error: std::io::Error| Refusal::of("cannot start a child", error))?;
    if sys::has_children()? {
        return Err(Refusal::Failed("a child is left that nobody has waited for".into()));
    }
    let us = |time: core::time::Duration| time.as_nanos() as f64 / ops as f64 / 1e3;
    Ok(vec![us(elapsed), us(cpu)])
}
