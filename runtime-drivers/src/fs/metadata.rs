//! What the system knows about a file.

use crate::op::Stat;
use crate::sys::stat::kind;
use core::fmt;
use core::time::Duration;
use std::fs::Permissions;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::time::{SystemTime, UNIX_EPOCH};

/// What a path leads to.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct FileType(u32);

impl FileType {
    pub(super) fn of(mode: u32) -> Self {
        FileType(mode & kind::MASK)
    }

    /// A regular file?
    #[must_use]
    pub fn is_file(&self) -> bool {
        self.0 == kind::FILE
    }

    /// A folder?
    #[must_use]
    pub fn is_dir(&self) -> bool {
        self.0 == kind::DIR
    }

    /// A symbolic link?
    #[must_use]
    pub fn is_symlink(&self) -> bool {
        self.0 == kind::SYMLINK
    }

    /// A FIFO: a pipe with a name?
    #[must_use]
    pub fn is_fifo(&self) -> bool {
        self.0 == kind::FIFO
    }

    /// A socket?
    #[must_use]
    pub fn is_socket(&self) -> bool {
        self.0 == kind::SOCKET
    }

    /// A block device: a disk?
    #[must_use]
    pub fn is_block_device(&self) -> bool {
        self.0 == kind::BLOCK_DEVICE
    }

    /// A character device: a terminal, `/dev/null`?
    #[must_use]
    pub fn is_char_device(&self) -> bool {
        self.0 == kind::CHAR_DEVICE
    }
}

impl From<std::fs::FileType> for FileType {
    fn from(of: std::fs::FileType) -> Self {
        use std::os::unix::fs::FileTypeExt;
        FileType(match of {
            of if of.is_file() => kind::FILE,
            of if of.is_dir() => kind::DIR,
            of if of.is_symlink() => kind::SYMLINK,
            of if of.is_fifo() => kind::FIFO,
            of if of.is_socket() => kind::SOCKET,
            of if of.is_block_device() => kind::BLOCK_DEVICE,
            _ => kind::CHAR_DEVICE,
        })
    }
}

impl fmt::Debug for FileType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            kind::FILE => "FileType(file)",
            kind::DIR => "FileType(dir)",
            kind::SYMLINK => "FileType(symlink)",
            kind::FIFO => "FileType(fifo)",
            kind::SOCKET => "FileType(socket)",
            kind::BLOCK_DEVICE => "FileType(block device)",
            _ => "FileType(char device)",
        })
    }
}

/// What the system knows about a file, when it was asked.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Metadata(Stat);

impl Metadata {
    pub(super) fn of(stat: Stat) -> Self {
        Metadata(stat)
    }

    /// What it is.
    #[must_use]
    pub fn file_type(&self) -> FileType {
        FileType::of(self.0.mode)
    }

    /// A regular file?
    #[must_use]
    pub fn is_file(&self) -> bool {
        self.file_type().is_file()
    }

    /// A folder?
    #[must_use]
    pub fn is_dir(&self) -> bool {
        self.file_type().is_dir()
    }

    /// A symbolic link? Only [`symlink_metadata`](super::symlink_metadata) says so.
    #[must_use]
    pub fn is_symlink(&self) -> bool {
        self.file_type().is_symlink()
    }

    /// Its length in bytes, if it is a regular file.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "as of the metadata of the standard library")]
    pub fn len(&self) -> u64 {
        self.0.len
    }

    /// Who may do what with it.
    #[must_use]
    pub fn permissions(&self) -> Permissions {
        Permissions::from_mode(self.0.mode)
    }

    /// When it was last written.
    ///
    /// # Errors
    /// A time that this system's clock has no value for.
    pub fn modified(&self) -> io::Result<SystemTime> {
        time(self.0.modified)
    }

    /// When it was last read, as far as the system keeps account of it.
    ///
    /// # Errors
    /// As [`modified`](Self::modified).
    pub fn accessed(&self) -> io::Result<SystemTime> {
        time(self.0.accessed)
    }

    /// When it was made.
    ///
    /// # Errors
    /// As [`modified`](Self::modified). [`Unsupported`](io::ErrorKind::Unsupported): the file system does not keep it, or the
    /// system does not tell it.
    pub fn created(&self) -> io::Result<SystemTime> {
        self.0.created.map_or_else(
            || Err(io::Error::new(io::ErrorKind::Unsupported, "when the file was made is not known here")),
            time,
        )
    }

    /// All that the system said: owner, device, number of names, …
    #[must_use]
    pub fn stat(&self) -> &Stat {
        &self.0
    }
}

impl fmt::Debug for Metadata {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metadata")
            .field("file_type", &self.file_type())
            .field("len", &self.len())
            .field("permissions", &self.permissions())
            .finish_non_exhaustive()
    }
}

/// A point in time, from seconds and nanoseconds since 1970.
fn time((seconds, nanos): (i64, u32)) -> io::Result<SystemTime> {
    let whole = Duration::from_secs(seconds.unsigned_abs());
    let whole = if seconds < 0 { UNIX_EPOCH.checked_sub(whole) } else { UNIX_EPOCH.checked_add(whole) };
    whole
        .and_then(|whole| whole.checked_add(Duration::from_nanos(u64::from(nanos))))
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "the file's time is beyond the clock of this system"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_before_1970_are_times() {
        assert_eq!(time((0, 5)).unwrap(), UNIX_EPOCH + Duration::from_nanos(5));
        // The system counts nanoseconds forwards, also before its epoch.
        assert_eq!(time((-2, 500_000_000)).unwrap(), UNIX_EPOCH - Duration::from_millis(1500));
        assert_eq!(time((i64::MAX, u32::MAX)).unwrap_err().kind(), io::ErrorKind::InvalidData);
    }

    #[test]
    fn a_type_is_one_type() {
        type Question = fn(&FileType) -> bool;
        let asked: [(u32, Question); 7] = [
            (kind::FILE, FileType::is_file),
            (kind::DIR, FileType::is_dir),
            (kind::SYMLINK, FileType::is_symlink),
            (kind::FIFO, FileType::is_fifo),
            (kind::SOCKET, FileType::is_socket),
            (kind::BLOCK_DEVICE, FileType::is_block_device),
            (kind::CHAR_DEVICE, FileType::is_char_device),
        ];
        for (mode, _) in asked {
            let of = FileType::of(mode | 0o644);
            let says: std::vec::Vec<u32> = asked.iter().filter(|(_, is)| is(&of)).map(|(mode, _)| *mode).collect();
            assert_eq!(says, [mode]);
        }
        let null = std::fs::metadata("/dev/null").expect("null(4)").file_type();
        assert!(FileType::from(null).is_char_device());
    }
}
