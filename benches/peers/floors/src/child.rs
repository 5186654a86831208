//! A child and its end, with nobody between the program and the system: the thread sleeps until it is over.

use core::future::Future;
use std::io;
use std::process::Command;

use harness::{Processes, Refusal, Row, Runner, Sampled, rows};

/// `posix_spawn(3)` by the standard library and `waitpid(2)`, on the executor of `floor-executor`: its future is ready at once.
struct SpawnAndWait;

pub(crate) fn start() -> Result<Box<dyn Runner>, String> {
    Ok(Box::new(SpawnAndWait))
}

impl Runner for SpawnAndWait {
    fn sample(&mut self, row: &Row, amount: u64) -> Sampled {
        rows::processes::<_, Self>(&mut crate::executor::Executor, row, amount).unwrap_or(Err(Refusal::Absent))
    }
}

impl Processes for SpawnAndWait {
    fn succeeds(program: &'static str) -> impl Future<Output = io::Result<bool>> {
        core::future::ready(Command::new(program).status().map(|status| status.success()))
    }
}
