//! What does it cost to read a disk, many reads at once?
//!
//! Measured: 32 tasks, each of which reads 4 KiB at one random place after the other from a file of 256 MiB that was opened
//! with `O_DIRECT`, every page's origin checked by its first eight bytes. The processor time is that of the whole process, in
//! user space and in the kernel: its pool's threads and the worker threads of its ring belong to it, as does what interrupts
//! them. The file lies beside the binaries, on the disk that the target directory is on. Not measured: latency, other depths,
//! files in the page cache.
//! Sketch: submitting and completing a read in the kernel's block layer takes 2 to 3 us, whoever asks; a ring adds 0.2, a
//! pool's thread two wakes and two switches, 5 to 15. Reads per second are the disk's, unless the processor is slower.

use core::cell::Cell;
use core::time::Duration;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use crate::clock::{Uniform, now};
use crate::{Direct, PAGE, Refusal, Sampled, Tasks, open_direct, planted, sys};

/// Reads at once.
pub const DEPTH: u64 = 32;
/// Bytes of the file.
const FILE_BYTES: u64 = 256 << 20;

/// The file of the row. It goes with the value that made it.
#[derive(Debug)]
pub struct Bytes {
    path: PathBuf,
    made: bool,
}

impl Bytes {
    /// The file beside this program, which is made unless it is there: the driver of the bench makes it once for all runtimes.
    ///
    /// # Errors
    /// It cannot be written; or its file system has no `O_DIRECT`, which the reason says.
    pub fn new() -> Result<Self, Refusal> {
        let this = std::env::current_exe().map_err(|error| Refusal::of("cannot find this program", error))?;
        Self::at(this.with_file_name("bespoke-peers-direct.bytes"))
    }

    fn at(path: PathBuf) -> Result<Self, Refusal> {
        let made = std::fs::metadata(&path).map_or(true, |known| known.len() != FILE_BYTES);
        let file = Bytes { path, made };
        if made {
            file.write().map_err(|error| Refusal::of("cannot write the file", error))?;
        }
        opens(&file.path)?;
        Ok(file)
    }

    /// Each page begins with its number. On the disk when it returns, else the first reads would wait for it.
    fn write(&self) -> io::Result<()> {
        let file = File::create(&self.path)?;
        let mut pages = io::BufWriter::with_capacity(1 << 20, &file);
        let mut page = [0; PAGE];
        for number in 0..FILE_BYTES / PAGE as u64 {
            page[..8].copy_from_slice(&number.to_le_bytes());
            pages.write_all(&page)?;
        }
        pages.flush()?;
        file.sync_all()
    }

    /// Where it lies.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Bytes {
    fn drop(&mut self) {
        if self.made {
            // What is left of it after an error is overwritten by the next run, and cleared with the target directory.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// Is there a way past the page cache?
fn opens(path: &Path) -> Result<(), Refusal> {
    open_direct(path).map(drop).map_err(|error| {
        let path = path.display();
        Refusal::Failed(format!(
            "the file system of {path} has no way past its cache (O_DIRECT): {error}; set CARGO_TARGET_DIR to a disk"
        ))
    })
}

/// The places of one of the readers: the same ones in the same order for all runtimes.
#[derive(Debug)]
pub struct Blocks(Uniform);

impl Blocks {
    /// Those of reader `number`.
    pub fn new(number: u64) -> Self {
        let mut blocks = Blocks(Uniform::new(number + 1));
        // Its first numbers are nearly those of its neighbours: the low bits of a seed come to the places one after the other.
        for _ in 0..16 {
            blocks.next_offset();
        }
        blocks
    }

    /// The next place, in bytes.
    pub fn next_offset(&mut self) -> u64 {
        let pages = Duration::from_nanos(FILE_BYTES / PAGE as u64);
        self.0.below(pages).as_nanos() as u64 * PAGE as u64
    }

    /// Checks what was read at `offset`.
    ///
    /// # Panics
    /// When these are other bytes.
    pub fn check(offset: u64, bytes: &[u8]) {
        assert_eq!(bytes[..8], (offset / PAGE as u64).to_le_bytes(), "these are other bytes");
    }
}

/// What the reads of a sample take, from its making to its end.
#[derive(Debug)]
pub struct Spent {
    begin: std::time::Instant,
    cpu: Duration,
}

impl Spent {
    /// The first read comes next.
    #[expect(clippy::new_without_default, reason = "it reads two clocks")]
    pub fn new() -> Self {
        Spent { begin: now(), cpu: sys::process_cpu() }
    }

    /// The figures of the row, of so many reads.
    pub fn on(self, reads: u64) -> Vec<f64> {
        let (cpu, elapsed) = (sys::process_cpu() - self.cpu, self.begin.elapsed());
        vec![cpu.as_secs_f64() * 1e6 / reads as f64, reads as f64 / elapsed.as_secs_f64()]
    }
}

/// Takes `ops` reads.
pub(super) fn reads<P: Tasks, D: Direct>(peer: &mut P, ops: u64) -> Sampled {
    let bytes = Bytes::new()?;
    let (cx, path) = (peer.cx(), bytes.path().to_owned());
    let figures = peer.run(async move {
        let file = D::open(&path).await?;
        let left = Rc::new(Cell::new(ops));
        let mut readers: Vec<_> = (0..DEPTH).map(|number| reader::<D>(number, file.clone(), left.clone())).collect();
        let mut handles = Vec::with_capacity(readers.len());
        let spent = Spent::new();
        handles.extend(readers.drain(..).map(|reader| P::spawn(cx, reader)));
        let mut reads = 0;
        for handle in handles {
            reads += P::join(handle).await?;
        }
        Ok((reads, spent.on(ops)))
    });
    match figures {
        Ok((reads, figures)) if reads == ops => Ok(figures),
        Ok(_) => Err(Refusal::Failed("reads were lost".into())),
        Err::<_, io::Error>(error) => Err(Refusal::of("cannot read", error)),
    }
}

/// Reads until none are left; how many it took.
fn reader<D: Direct>(number: u64, file: D::File, left: Rc<Cell<u64>>) -> impl Future<Output = io::Result<u64>> {
    let (mut page, mut blocks) = (D::page(&file), Blocks::new(number));
    async move {
        let mut reads = 0;
        while let Some(less) = left.get().checked_sub(1) {
            left.set(less);
            planted();
            let offset = blocks.next_offset();
            page = D::read_at(&file, offset, page).await?;
            Blocks::check(offset, D::bytes(&page));
            reads += 1;
        }
        Ok(reads)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_pages_of_the_file_all_over_it() {
        let mut blocks = Blocks::new(0);
        let offsets: Vec<u64> = (0..1000).map(|_| blocks.next_offset()).collect();
        assert!(offsets.iter().all(|offset| offset % PAGE as u64 == 0 && *offset < FILE_BYTES));
        assert!(offsets.iter().any(|offset| *offset < FILE_BYTES / 8));
        assert!(offsets.iter().any(|offset| *offset > FILE_BYTES / 8 * 7));
        let mut first: Vec<u64> = (0..DEPTH).map(|number| Blocks::new(number).next_offset()).collect();
        first.sort_unstable();
        first.dedup();
        assert_eq!(first.len(), DEPTH as usize, "each reads elsewhere");
    }

    #[test]
    #[should_panic(expected = "these are other bytes")]
    fn a_page_of_another_place_is_seen() {
        Blocks::check(PAGE as u64, &[0; PAGE]);
    }

    #[test]
    fn a_file_system_without_it_is_told_by_a_sentence() {
        // procfs has files, and no such way.
        let Err(Refusal::Failed(why)) = opens(Path::new("/proc/self/status")) else { panic!("it was opened") };
        assert!(why.contains("/proc/self/status has no way past its cache (O_DIRECT)"), "{why}");
    }

    #[test]
    fn the_file_goes_with_who_made_it_alone() {
        let path = std::env::temp_dir().join(format!("bespoke-peers-direct-{}.bytes", std::process::id()));
        File::create(&path).unwrap().set_len(FILE_BYTES).unwrap();
        drop(Bytes { path: path.clone(), made: false });
        assert!(path.exists());
        drop(Bytes { path: path.clone(), made: true });
        assert!(!path.exists());
    }
}
