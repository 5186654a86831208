//! What does it cost to read a file that the kernel has in memory?
//!
//! Measured: reads of 4 KiB one after the other from a file of 4 MiB that was read once before, the buffer handed in and back,
//! every byte's origin checked by its first eight. Not measured: disks, `O_DIRECT`, many readers at once, opening.
//! Sketch: the copy is 0.3 us; through a pool's thread, two wakes and two context switches on one core: 5 to 15 us; through a
//! ring, 1 to 2 us.

use std::io::Write;

use crate::clock::{now, ns_per_op};
use crate::{Files, Refusal, Sampled, Tasks, planted};

/// Bytes of the file.
pub const FILE_BYTES: u64 = 4 << 20;
/// Bytes of a read.
const READ: usize = 4096;

/// Takes `ops` reads.
pub(super) fn reads<P: Tasks, F: Files>(peer: &mut P, ops: u64) -> Sampled {
    let path = std::env::temp_dir().join(format!("bespoke-peers-{}.bytes", std::process::id()));
    let write = || -> std::io::Result<()> {
        let mut file = std::io::BufWriter::new(std::fs::File::create(&path)?);
        for word in 0..FILE_BYTES / 8 {
            file.write_all(&word.to_le_bytes())?;
        }
        file.flush()
    };
    write().map_err(|error| Refusal::of("cannot write the file", error))?;
    let file = path.clone();
    let elapsed = peer.run(async move {
        let mut file = F::open(&file).await?;
        let mut buffer = vec![0; READ];
        let begin = now();
        for op in 0..ops {
            planted();
            let offset = op * READ as u64 % FILE_BYTES;
            let (count, back) = F::read_at(&mut file, offset, buffer).await?;
            assert_eq!(count, READ, "a short read of a file that is long enough");
            assert_eq!(back[..8], (offset / 8).to_le_bytes(), "these are other bytes");
            buffer = back;
        }
        Ok(begin.elapsed())
    });
    // The file is ours alone; what is left of it after an error is cleared with the folder of temporary files.
    let _ = std::fs::remove_file(&path);
    elapsed
        .map(|elapsed| vec![ns_per_op(elapsed, ops)])
        .map_err(|error: std::io::Error| Refusal::of("cannot read", error))
}
