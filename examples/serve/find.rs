//! From the path of a request to a file below the root, and nowhere else. Plain calls that may wait for a disk: they run on a
//! blocking thread, all of a request in one go.
//!
//! A path with `..` is refused. A link may lead elsewhere below the root, and not out of it: the path is resolved and looked at,
//! and then the file that was opened is asked where it lies (`/proc/self/fd`), since a folder may have become a link in
//! between.

use crate::answer::Status;
use std::ffi::OsStr;
use std::fs::{self, File, Metadata};
use std::io::{self, ErrorKind};
use std::os::fd::AsRawFd as _;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Path, PathBuf};

/// What is at a path.
#[derive(Debug)]
pub(crate) enum Found {
    File {
        file: File,
        metadata: Metadata,
        /// Its name says what kind of file it is.
        name: PathBuf,
    },
    /// A folder whose path does not end with a slash: links in its page would lead elsewhere.
    FolderWithoutSlash,
    Folder(Vec<Entry>),
}

/// One line of a listing.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Entry {
    pub(crate) name: Vec<u8>,
    pub(crate) is_folder: bool,
    pub(crate) len: u64,
}

/// What a folder shows instead of its listing.
const INDEX: &str = "index.html";

/// Looks for `path`, which begins with a slash, below `root`, which is resolved.
pub(crate) fn find(root: &Path, path: &[u8]) -> Result<Found, Status> {
    let mut below = root.to_path_buf();
    for part in path.split(|byte| *byte == b'/') {
        match part {
            b"" | b"." => {}
            b".." => return Err(Status::Forbidden),
            name => below.push(OsStr::from_bytes(name)),
        }
    }
    let resolved = resolve(root, &below)?;
    let is_folder = fs::metadata(&resolved).map_err(status)?.is_dir();
    match (is_folder, path.ends_with(b"/")) {
        (true, false) => Ok(Found::FolderWithoutSlash),
        (true, true) => match resolve(root, &resolved.join(INDEX)) {
            Ok(index) => open(root, index),
            Err(Status::NotFound) => list(&resolved).map(Found::Folder).map_err(status),
            Err(status) => Err(status),
        },
        (false, true) => Err(Status::NotFound),
        (false, false) => open(root, resolved),
    }
}

/// Where a path leads, if that is below the root.
fn resolve(root: &Path, path: &Path) -> Result<PathBuf, Status> {
    let resolved = fs::canonicalize(path).map_err(status)?;
    if resolved.starts_with(root) { Ok(resolved) } else { Err(Status::Forbidden) }
}

fn open(root: &Path, resolved: PathBuf) -> Result<Found, Status> {
    // Looked at first: to open a pipe would wait for a writer, and to open a device may do something.
    if !fs::metadata(&resolved).map_err(status)?.is_file() {
        return Err(Status::Forbidden);
    }
    let file = File::open(&resolved).map_err(status)?;
    // Without `/proc` the look at the path has to do.
    if let Ok(place) = fs::read_link(format!("/proc/self/fd/{}", file.as_raw_fd()))
        && !place.starts_with(root)
    {
        return Err(Status::Forbidden);
    }
    let metadata = file.metadata().map_err(status)?;
    if !metadata.is_file() {
        return Err(Status::Forbidden);
    }
    Ok(Found::File { file, metadata, name: resolved })
}

/// Folders and files of a folder, by name. What is neither, and what has gone meanwhile, is left out.
fn list(folder: &Path) -> io::Result<Vec<Entry>> {
    let mut entries = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let Ok(metadata) = fs::metadata(entry.path()) else { continue };
        if metadata.is_dir() || metadata.is_file() {
            let name = entry.file_name().into_vec();
            entries.push(Entry { name, is_folder: metadata.is_dir(), len: metadata.len() });
        }
    }
    entries.sort();
    Ok(entries)
}

/// What the system said, in the words of HTTP.
fn status(error: io::Error) -> Status {
    match error.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::InvalidFilename => Status::NotFound,
        ErrorKind::PermissionDenied => Status::Forbidden,
        // Links that lead to each other.
        _ if error.raw_os_error() == Some(libc::ELOOP) => Status::NotFound,
        _ => Status::Internal,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read as _;
    use std::os::unix::fs::symlink;

    struct Folder(PathBuf);

    impl Drop for Folder {
        fn drop(&mut self) {
            fs::remove_dir_all(&self.0).unwrap();
        }
    }

    /// `outer/secret`, and the root `outer/root` with files, folders and links.
    fn folder(name: &str) -> (Folder, PathBuf) {
        let outer = std::env::temp_dir().join(format!("bespoke-find-{}-{name}", std::process::id()));
        let root = outer.join("root");
        fs::create_dir_all(root.join("sub/deep")).unwrap();
        fs::create_dir(root.join("with index")).unwrap();
        fs::write(outer.join("secret"), "secret").unwrap();
        fs::write(outer.join("root-not"), "secret").unwrap();
        fs::write(root.join("file.txt"), "file").unwrap();
        fs::write(root.join("sub/b"), "b").unwrap();
        fs::write(root.join("sub/a"), "aa").unwrap();
        fs::write(root.join("with index/index.html"), "index").unwrap();
        symlink("../secret", root.join("out")).unwrap();
        symlink("../root-not", root.join("beside")).unwrap();
        symlink("/", root.join("slash")).unwrap();
        symlink("../file.txt", root.join("sub/in")).unwrap();
        symlink("loop", root.join("loop")).unwrap();
        let root = fs::canonicalize(&root).unwrap();
        (Folder(outer), root)
    }

    fn text(root: &Path, path: &str) -> Result<String, Status> {
        match find(root, path.as_bytes())? {
            Found::File { mut file, metadata, .. } => {
                let mut text = String::new();
                file.read_to_string(&mut text).unwrap();
                assert_eq!(metadata.len(), text.len() as u64);
                Ok(text)
            }
            other => panic!("{path}: {other:?}"),
        }
    }

    #[test]
    fn files_below_the_root_are_found() {
        let (_folder, root) = folder("found");
        assert_eq!(text(&root, "/file.txt").unwrap(), "file");
        assert_eq!(text(&root, "//sub/./a").unwrap(), "aa");
        assert_eq!(text(&root, "/sub/in").unwrap(), "file", "a link that stays below");
        assert_eq!(text(&root, "/with index/").unwrap(), "index");
        assert!(matches!(find(&root, b"/sub"), Ok(Found::FolderWithoutSlash)));
        let Ok(Found::Folder(entries)) = find(&root, b"/sub/") else { panic!("a folder") };
        let names: Vec<_> = entries.iter().map(|entry| (&*entry.name, entry.is_folder, entry.len)).collect();
        assert_eq!(names[..2], [(&b"a"[..], false, 2), (&b"b"[..], false, 1)]);
        assert_eq!((names[2].0, names[2].1, names[3].0), (&b"deep"[..], true, &b"in"[..]));
    }

    #[test]
    fn nothing_beside_the_root_is_found() {
        let (_folder, root) = folder("refused");
        for path in
            ["/../secret", "/sub/../../secret", "/sub/../file.txt", "/out", "/beside", "/slash/etc/passwd", "/.."]
        {
            assert_eq!(text(&root, path).err(), Some(Status::Forbidden), "{path}");
        }
        for path in ["/none", "/file.txt/", "/file.txt/x", "/loop", &format!("/{}", "x".repeat(300))] {
            assert_eq!(text(&root, path).err(), Some(Status::NotFound), "{path}");
        }
        let pipe = std::ffi::CString::new(root.join("pipe").as_os_str().as_bytes()).unwrap();
        // SAFETY: a C string, which stays during the call.
        assert_eq!(unsafe { libc::mkfifo(pipe.as_ptr(), 0o600) }, 0);
        assert_eq!(text(&root, "/pipe").err(), Some(Status::Forbidden), "it would wait for a writer");
    }

    /// The second look: what was opened is asked where it lies.
    #[test]
    fn a_link_that_came_in_between_is_refused() {
        let (_folder, root) = folder("between");
        let opened = open(&root, root.join("out"));
        assert_eq!(opened.err(), Some(Status::Forbidden));
    }
}
