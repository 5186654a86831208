//! Memory for tests that nobody can use any more once it was given back: not this process, and not the kernel for it, whose
//! calls fail with `EFAULT` then. A sanitizer does not see what the kernel reads and writes.

/// Bytes in pages of their own, which are closed when this is dropped. The addresses are never used again.
pub(crate) struct Guarded {
    start: *mut u8,
    len: usize,
}

// SAFETY: plain memory, owned by this value.
unsafe impl Send for Guarded {}
// SAFETY: a shared reference reads bytes, or tells where they are.
unsafe impl Sync for Guarded {}

impl Guarded {
    /// `len` bytes, all `byte`.
    pub(crate) fn new(len: usize, byte: u8) -> Self {
        let (rights, kind) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
        // SAFETY: asks for new pages.
        let start = unsafe { libc::mmap(core::ptr::null_mut(), len, rights, kind, -1, 0) };
        assert_ne!(start, libc::MAP_FAILED, "no pages");
        let start = start.cast::<u8>();
        // SAFETY: so many were just mapped.
        unsafe { start.write_bytes(byte, len) };
        Guarded { start, len }
    }

    /// The bytes.
    pub(crate) fn bytes(&self) -> &[u8] {
        // SAFETY: mapped and initialised, until the drop.
        unsafe { core::slice::from_raw_parts(self.start, self.len) }
    }

    /// From now on nobody may use them by their addresses: not even the kernel, but for pages that it has locked before.
    pub(crate) fn close(&self) {
        self.protect(libc::PROT_NONE);
    }

    /// Runs `f` while they may be used.
    pub(crate) fn open_for<R>(&self, f: impl FnOnce() -> R) -> R {
        self.protect(libc::PROT_READ | libc::PROT_WRITE);
        let done = f();
        self.close();
        done
    }

    fn protect(&self, rights: libc::c_int) {
        // SAFETY: the pages are this value's own. Who borrows the bytes meanwhile would be ended by a signal, not misled.
        let done = unsafe { libc::mprotect(self.start.cast(), self.len, rights) };
        assert_eq!(done, 0, "the pages keep their rights");
    }

    /// Where they are, for the kernel to write to.
    pub(crate) fn room(&mut self) -> *mut u8 {
        self.start
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        let (rights, kind) =
            (libc::PROT_NONE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_FIXED | libc::MAP_NORESERVE);
        // New pages without rights in their place: the memory goes back, the addresses do not.
        // SAFETY: the pages are this value's own, which nobody uses any more.
        let closed = unsafe { libc::mmap(self.start.cast(), self.len, rights, kind, -1, 0) };
        assert_ne!(closed, libc::MAP_FAILED, "the pages are not closed");
    }
}
