//! Files of the real disk.

use std::ffi::CString;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::vec::Vec;

use super::super::file::{self, Join, OpenHow};
use super::super::stat::{self, Of};
use super::super::transfer::IoVec;
use super::Owned;

const READ_WRITE: OpenHow = OpenHow {
    read: true,
    write: true,
    append: false,
    truncate: false,
    create: true,
    create_new: false,
    mode: 0o600,
    flags: 0,
};

/// A folder that goes with the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(std::format!("bespoke-sys-{}-{name}", std::process::id()));
        std::fs::create_dir(&folder).unwrap();
        Folder(folder)
    }

    fn path(&self, name: &str) -> CString {
        CString::new(self.0.join(name).as_os_str().as_bytes()).unwrap()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).unwrap();
    }
}

fn open(path: &CString, how: &OpenHow) -> Owned {
    // SAFETY: a C string, which stays.
    Owned(unsafe { file::open(path.as_ptr(), how) }.unwrap())
}

fn write(fd: i32, bytes: &[u8], at: Option<u64>) -> usize {
    // SAFETY: `bytes` is borrowed during the call.
    unsafe { file::write(fd, bytes.as_ptr(), bytes.len(), at) }.unwrap()
}

fn read(fd: i32, len: usize, at: Option<u64>) -> Vec<u8> {
    let mut bytes = std::vec![0; len];
    // SAFETY: `bytes` is live and used by nobody else during the call.
    let got = unsafe { file::read(fd, bytes.as_mut_ptr(), len, at) }.unwrap();
    bytes.truncate(got);
    bytes
}

#[test]
fn positions_leave_the_cursor_where_it_is() {
    let folder = Folder::new("positions");
    let file = open(&folder.path("file"), &READ_WRITE);
    assert_eq!(write(file.0, b"0123456789", None), 10);
    assert_eq!(file::position(file.0), Ok(10));
    assert_eq!(write(file.0, b"AB", Some(2)), 2);
    assert_eq!(read(file.0, 4, Some(1)), b"1AB4");
    assert_eq!(file::position(file.0), Ok(10));
    file::set_position(file.0, 8).unwrap();
    assert_eq!(read(file.0, 8, None), b"89");
    let (mut a, mut b) = ([0; 3], [0; 3]);
    let list = [IoVec::new(a.as_mut_ptr(), 3), IoVec::new(b.as_mut_ptr(), 3)];
    // SAFETY: both are live and used by nobody else during the call.
    assert_eq!(unsafe { file::read_vectored(file.0, &list, Some(6)) }, Ok(4));
    assert_eq!((&a, &b), (b"678", b"9\0\0"));
    // SAFETY: as above.
    assert_eq!(unsafe { file::write_vectored(file.0, &list, None) }, Ok(6));
    assert_eq!(read(file.0, 99, Some(8)), b"896789\0\0");
    file::set_len(file.0, 9).unwrap();
    file::sync(file.0, true).unwrap();
    file::sync(file.0, false).unwrap();
    // No file has such positions.
    // SAFETY: no byte is written.
    assert_eq!(unsafe { file::read(file.0, a.as_mut_ptr(), 0, Some(u64::MAX)) }.unwrap_err().code(), libc::EINVAL);
    assert_eq!(file::set_len(file.0, u64::MAX).unwrap_err().code(), libc::EINVAL);
}

#[test]
fn files_are_close_on_exec_and_know_whether_they_append() {
    let folder = Folder::new("flags");
    let path = folder.path("file");
    let file = open(&path, &READ_WRITE);
    // SAFETY: the command takes no argument and touches no memory of ours.
    assert_eq!(unsafe { libc::fcntl(file.0, libc::F_GETFD) }, libc::FD_CLOEXEC);
    assert_eq!(file::appends(file.0), Ok(false));
    let end = open(&path, &OpenHow { write: false, append: true, flags: libc::O_WRONLY, ..READ_WRITE });
    assert_eq!(file::appends(end.0), Ok(true));
    assert_eq!(read(end.0, 1, Some(0)), b"", "a flag for the access changes nothing");
}

#[test]
fn both_ways_to_ask_say_the_same() {
    let folder = Folder::new("stat");
    let (path, link) = (folder.path("file"), folder.path("link"));
    let file = open(&path, &READ_WRITE);
    write(file.0, b"tea", None);
    // SAFETY: C strings, which stay.
    unsafe { file::join(Join::Symlink, path.as_ptr(), link.as_ptr()) }.unwrap();
    for of in [
        Of::File(file.0),
        Of::Path { path: path.as_ptr(), follow: true },
        Of::Path { path: link.as_ptr(), follow: true },
        Of::Path { path: link.as_ptr(), follow: false },
    ] {
        // SAFETY: as above.
        let new = unsafe { stat::stat(of) }.unwrap();
        // SAFETY: as above.
        let old = unsafe { stat::plain(of) }.unwrap();
        assert_eq!(stat::Stat { created: None, ..new }, stat::Stat { created: None, ..old }, "{of:?}");
        let follows = !matches!(of, Of::Path { follow: false, .. });
        assert_eq!(new.mode & stat::kind::MASK, if follows { stat::kind::FILE } else { stat::kind::SYMLINK });
        assert!(!follows || new.len == 3);
    }
    // SAFETY: as above.
    let gone = unsafe { stat::stat(Of::Path { path: folder.path("gone").as_ptr(), follow: true }) };
    assert_eq!(gone.unwrap_err().code(), libc::ENOENT);
}
