//! A read of a cached file, with nobody between the program and the kernel.

use core::future::Future;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

use harness::{Files, Refusal, Row, Runner, Sampled, rows};

/// pread(2), on the executor of `floor-executor`: its future is ready at once.
struct Pread;

pub(crate) fn start() -> Result<Box<dyn Runner>, String> {
    Ok(Box::new(Pread))
}

impl Runner for Pread {
    fn sample(&mut self, row: &Row, amount: u64) -> Sampled {
        rows::files::<_, Self>(&mut crate::executor::Executor, row, amount).unwrap_or(Err(Refusal::Absent))
    }
}

impl Files for Pread {
    type File = File;

    fn open(path: &Path) -> impl Future<Output = io::Result<File>> {
        core::future::ready(File::open(path))
    }

    async fn read_at(file: &mut File, offset: u64, mut buffer: Vec<u8>) -> io::Result<(usize, Vec<u8>)> {
        let count = FileExt::read_at(file, &mut buffer, offset)?;
        Ok((count, buffer))
    }
}
