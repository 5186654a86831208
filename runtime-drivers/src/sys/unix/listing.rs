//! The names in a folder that is open: `getdents64(2)`. Linux.

use super::call::count;
use super::fd::Owned;
use bespoke_core::driver::Errno;
use core::ffi::CStr;
use std::ffi::CString;
use std::os::fd::AsRawFd as _;
use std::vec::Vec;

/// What is left of a folder's list.
#[derive(Debug)]
pub(crate) struct Listing {
    /// Entries as the system writes them; none before the first call.
    room: Vec<u8>,
    /// Those that are not told yet.
    left: core::ops::Range<usize>,
    ended: bool,
}

/// One of them.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) name: CString,
    /// The bits of the mode that say what it is; `None` where the file system does not tell.
    pub(crate) kind: Option<u32>,
}

/// Bytes that one call fills.
const ROOM: usize = 32 << 10;

impl Listing {
    pub(crate) fn new() -> Self {
        Listing { room: Vec::new(), left: 0..0, ended: false }
    }

    /// The next name but `.` and `..` of `folder`, which is the same at each call; `None` after the last.
    pub(crate) fn next(&mut self, folder: &Owned) -> Option<Result<Entry, Errno>> {
        loop {
            if self.left.is_empty() {
                match self.fill(folder) {
                    Ok(0) => return None,
                    Ok(bytes) => self.left = 0..bytes,
                    Err(errno) => {
                        self.ended = true;
                        return Some(Err(errno));
                    }
                }
            }
            // An entry that is not as the system writes them is the end of the batch.
            let Some((entry, len)) = parse(&self.room[self.left.clone()]) else {
                self.left = 0..0;
                continue;
            };
            self.left.start += len;
            if !matches!(entry.name.as_bytes(), b"." | b"..") {
                return Some(Ok(entry));
            }
        }
    }

    fn fill(&mut self, folder: &Owned) -> Result<usize, Errno> {
        if self.ended {
            return Ok(0);
        }
        self.room.resize(ROOM, 0);
        let (folder, room) = (folder.as_raw_fd(), self.room.as_mut_ptr());
        // SAFETY: the room is live, writable, and as long as is said.
        let filled = unsafe { libc::syscall(libc::SYS_getdents64, folder, room, ROOM) };
        let filled = match count(filled as libc::ssize_t) {
            // The folder was removed meanwhile.
            Err(errno) if errno.code() == libc::ENOENT => 0,
            filled => filled?,
        };
        self.ended = filled == 0;
        Ok(filled)
    }
}

/// The first of the entries, and its length. `struct linux_dirent64`: number (8 bytes), position (8), length (2), kind (1), name.
fn parse(entries: &[u8]) -> Option<(Entry, usize)> {
    const NAME: usize = 19;
    let len = usize::from(u16::from_ne_bytes([*entries.get(16)?, *entries.get(17)?]));
    let kind = *entries.get(18)?;
    let name = CStr::from_bytes_until_nul(entries.get(NAME..len)?).ok()?;
    // These are the upper bits of a mode; 0 is unknown.
    let kind = (kind != 0).then(|| u32::from(kind) << 12);
    Some((Entry { name: name.into(), kind }, len))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_read_as_the_system_writes_them() {
        let mut bytes = std::vec![0_u8; 16];
        bytes.extend(32_u16.to_ne_bytes());
        bytes.push(libc::DT_DIR);
        bytes.extend(b"folder\0\0\0\0\0\0\0");
        assert_eq!(bytes.len(), 32);
        let (entry, len) = parse(&bytes).expect("whole");
        assert_eq!((entry.name.as_bytes(), entry.kind, len), (&b"folder"[..], Some(libc::S_IFDIR), 32));
        bytes[18] = libc::DT_UNKNOWN;
        assert_eq!(parse(&bytes).expect("whole").0.kind, None);
        assert!(parse(&bytes[..20]).is_none(), "cut off");
        assert!(parse(&[]).is_none());
        bytes[16] = 3;
        assert!(parse(&bytes).is_none(), "shorter than its own head");
    }
}
