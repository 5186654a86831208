//! Asks the processor for a line before somebody needs it.
//!
//! One miss takes some hundred times as long as an instruction, and several at once hardly longer than one. Code that is about
//! to touch many places far from each other asks for all of them first. An address that is wrong costs a line of the cache and
//! nothing else.

/// Asks for the line at `address`, into all caches. Any address will do.
#[inline(always)]
pub(super) fn prefetch<T>(address: *const T) {
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    {
        use core::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: a hint, which neither reads nor faults, whatever the address (Intel SDM, volume 2, PREFETCHh).
        unsafe { _mm_prefetch::<_MM_HINT_T0>(address.cast()) };
    }
    #[cfg(all(target_arch = "aarch64", not(miri)))]
    // SAFETY: a hint, which neither reads nor faults, whatever the address (Arm ARM, PRFM).
    unsafe {
        core::arch::asm!("prfm pldl1keep, [{address}]", address = in(reg) address, options(nostack, preserves_flags, readonly));
    }
    #[cfg(not(all(any(target_arch = "x86_64", target_arch = "aarch64"), not(miri))))]
    let _ = address;
}
