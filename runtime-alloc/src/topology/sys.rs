//! On which processors a thread runs.

use bespoke_core::error::Error;
use bespoke_core::roles::Cpu;
use std::io;
use std::vec::Vec;

/// Lets the calling thread run on `cpus` only: sched_setaffinity(2).
///
/// # Errors
/// The system's: `EINVAL` if it has none of these processors, or lets the process use none of them.
pub(super) fn pin(cpus: &[Cpu]) -> Result<(), Error> {
    let mask = mask(cpus);
    let bytes = size_of_val(mask.as_slice());
    // SAFETY: the mask is `bytes` long, and is read only during the call; thread 0 is the calling one.
    let answer = unsafe { libc::sched_setaffinity(0, bytes, mask.as_ptr().cast()) };
    if answer == 0 { Ok(()) } else { Err(io::Error::last_os_error().into()) }
}

/// One bit a processor, as many words as the highest asks for: the system takes masks of any length.
fn mask(cpus: &[Cpu]) -> Vec<libc::c_ulong> {
    let bits = libc::c_ulong::BITS;
    let words = cpus.iter().map(|cpu| cpu.id / bits + 1).max().unwrap_or(0);
    let mut mask = std::vec![0; words as usize];
    for cpu in cpus {
        mask[(cpu.id / bits) as usize] |= 1 << (cpu.id % bits);
    }
    mask
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cpu(id: u32) -> Cpu {
        Cpu { id, core: id, cache: 0, node: 0 }
    }

    #[test]
    fn a_processor_is_a_bit() {
        let bits = libc::c_ulong::BITS;
        assert_eq!(mask(&[cpu(0), cpu(3)]), [0b1001]);
        assert_eq!(mask(&[cpu(bits + 1)]), [0, 0b10]);
    }

    #[test]
    fn a_processor_that_is_not_there_is_refused() {
        let error = pin(&[cpu(1 << 20)]).unwrap_err();
        assert_eq!(error.code(), Some(libc::EINVAL));
        let error = pin(&[]).unwrap_err();
        assert_eq!(error.code(), Some(libc::EINVAL));
    }
}
