//! Files. Every type here is generic over the config: `T<C>`; a config's own module has the short names.
//!
//! | file | holds |
//! |---|---|
//! | `file` | [`File`]: what it is, how it is opened, copied, handed over |
//! | `reading`, `writing` | its reads and writes |
//! | `state` | its cursor, length, metadata, permissions, what reaches the disk |
//! | `transfers` | the futures of its reads and writes |
//! | `vectored` | the futures of reads and writes of several buffers |
//! | `streams` | [`File`] as what reads and what writes |
//! | `options` | [`OpenOptions`] |
//! | `nameless` | files without a name, and the name that one is given |
//! | `space` | their place on the disk, and in the system's memory |
//! | `metadata` | [`Metadata`], [`FileType`] |
//! | `paths` | what is done with a path: `rename`, `create_dir`, … |
//! | `renaming` | [`rename_with`], [`Rename`] |
//! | `dir` | [`ReadDir`], [`DirEntry`] |
//! | `folder` | `Dir`: a folder by its handle, and what is done beneath it |
//! | `whole` | a whole file at once: `read`, `write` |
//! | `copying` | a whole file to another: `copy` |
//! | `call` | calls for which there is no operation |
//! | `errors` | what an error says |
//!
//! # Where the work is done
//! Operations on files block, however fast the disk is. A driver that waits for readiness has them done by the blocking
//! pool of the runtime, so a config without blocking threads has no files there: every call then fails with
//! [`Unsupported`](std::io::ErrorKind::Unsupported). More operations than [`BLOCKING_THREADS_MAX`] wait in the pool's queue.
//! A driver that waits for completions hands them to the system, but for those that the system does not know.
//!
//! # Dropping a future
//! An operation that has not begun is taken back. One that has begun goes on, or ends where the system can end it, and nobody
//! hears what came of it: a write may be done in part, a file that is opened is closed again. Its buffer is freed when it is
//! over.
//!
//! # Confinement
//! As for sockets: a file belongs to the worker that opened it, and where there are several, to the one that used it last. It
//! may be moved and dropped anywhere; used, on its worker, or where nobody uses it; where tasks move, by any worker of the
//! runtime. It may outlive its runtime: every call then says that the runtime is closed.
//!
//! [`BLOCKING_THREADS_MAX`]: bespoke_core::config::Config::BLOCKING_THREADS_MAX

/// What the examples of this room begin with: a file of ten digits, opened for reading and writing.
macro_rules! opened {
    () => {
        "```\n\
         # use bespoke::fs::{self, File};\n\
         # #[bespoke::main]\n\
         # async fn main() -> std::io::Result<()> {\n\
         # let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_nanos();\n\
         # let folder = std::env::temp_dir().join(format!(\"bespoke-{}-{now}\", std::process::id()));\n\
         # fs::create_dir(&folder).await?;\n\
         # let path = folder.join(\"digits\");\n\
         # let mut file = File::create_new(&path).await?;\n\
         # file.write_all_at(\"0123456789\", 0).await.0?;"
    };
}

mod call;
mod copying;
mod dir;
mod errors;
pub(crate) use errors::io_error;
mod file;
#[cfg(target_os = "linux")]
mod folder;
mod metadata;
#[cfg(target_os = "linux")]
mod nameless;
mod options;
mod paths;
mod reading;
mod renaming;
#[cfg(target_os = "linux")]
mod space;
mod state;
mod streams;
mod transfers;
mod vectored;
mod whole;
mod writing;

#[cfg(target_os = "linux")]
pub use crate::op::{Advice, Allocation};
pub use copying::copy;
pub use dir::{DirEntry, ReadDir, read_dir};
pub use file::File;
#[cfg(target_os = "linux")]
pub use folder::Dir;
pub use metadata::{FileType, Metadata};
pub use options::OpenOptions;
pub use paths::{
    canonicalize, create_dir, create_dir_all, hard_link, metadata, read_link, remove_dir, remove_dir_all, remove_file,
    rename, set_permissions, symlink, symlink_metadata, try_exists,
};
pub use renaming::{Rename, rename_with};
pub use transfers::{ReadFile, ReadFileExact, WriteFile, WriteFileAll};
pub use vectored::{ReadFileVectored, WriteFileVectored};
pub use whole::{WriteWhole, read, read_to_string, write};
