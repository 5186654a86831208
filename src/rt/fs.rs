//! What is done with paths and whole files, in code that is generic over the config: `rt::fs::read::<C>(path)`.
//!
//! ```
//! use bespoke::prelude::*;
//! use bespoke::rt::fs;
//!
//! async fn longer<C: Config<Driver: Fs>>(one: &str, other: &str) -> std::io::Result<bool> {
//!     Ok(fs::metadata::<C>(one).await?.len() > fs::metadata::<C>(other).await?.len())
//! }
//!
//! use bespoke::{Runtime, preset::Default};
//! assert!(Runtime::<Default>::new()?.block_on(longer::<Default>("Cargo.lock", "Cargo.toml"))?);
//! # std::io::Result::Ok(())
//! ```

pub use bespoke_drivers::fs::{
    canonicalize, copy, create_dir, create_dir_all, hard_link, metadata, read, read_dir, read_link, read_to_string,
    remove_dir, remove_dir_all, remove_file, rename, rename_with, set_permissions, symlink, symlink_metadata,
    try_exists, write,
};
