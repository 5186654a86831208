//! A folder removed with all that is in it, whatever others do there meanwhile. Linux.
//!
//! # Promise
//! No link is followed: folders are opened by their names in folders that are open, and only if they are folders. What has taken
//! the place of something since it was listed is removed as what it is by then. Folders that others fill as fast as they are
//! emptied are given up, after [`ROUNDS`], with `ENOTEMPTY`.

use super::beneath::{self, NO_FOLLOW, TO_LIST};
use super::call::errno;
use super::fd::Owned;
use super::listing::Listing;
use super::stat::kind;
use bespoke_core::driver::Errno;
use core::ffi::CStr;
use std::ffi::CString;
use std::vec::Vec;

/// How often, in a whole removal, a folder is emptied that was emptied twice; and how often a name is tried that changes
/// under our hands. Once more is no matter of others: there are file systems that leave names out of a list while it is emptied.
const ROUNDS: usize = 256;

const GIVEN_UP: Errno = errno(libc::ENOTEMPTY);
const NOT_THERE: i32 = libc::ENOENT;
const NO_FOLDER: [i32; 2] = [libc::ENOTDIR, libc::ELOOP];

/// A folder that is being emptied.
struct Level {
    /// Its name, in the folder of the level before.
    name: CString,
    folder: Owned,
    entries: Listing,
    /// Was it emptied before?
    again: bool,
}

/// Removes `name` from `folder`, with all that is in it.
///
/// # Errors
/// `ENOENT`: it is not there; `ENOTDIR`: it is neither a folder nor a link. What the system says of anything in it; a part
/// is gone then.
pub(crate) fn remove_all(folder: &Owned, name: &CStr) -> Result<(), Errno> {
    let mut levels: Vec<Level> = Vec::new();
    let mut rounds = ROUNDS;
    match enter(folder, name) {
        Ok(level) => levels.push(level),
        Err(errno) if NO_FOLDER.contains(&errno.code()) => {
            // A link is removed; of anything else the caller thought wrong.
            return beneath::read_link(folder, name)
                .map_err(|_| errno)
                .and_then(|_| beneath::remove(folder, name, false));
        }
        Err(errno) => return Err(errno),
    }
    while let Some(level) = levels.last_mut() {
        match level.entries.next(&level.folder) {
            Some(entry) => {
                let entry = entry?;
                if let Some(below) = remove_or_enter(&level.folder, &entry.name, entry.kind)? {
                    levels.push(below);
                }
            }
            None => {
                let Some(emptied) = levels.pop() else { break };
                let above = levels.last().map_or(folder, |above| &above.folder);
                if let Some(again) = leave(above, &emptied, &mut rounds)? {
                    levels.push(again);
                }
            }
        }
    }
    Ok(())
}

/// Opens a folder, to be emptied. Not by more than its name: a link is none.
fn enter(folder: &Owned, name: &CStr) -> Result<Level, Errno> {
    let opened = beneath::open_here(folder, name, TO_LIST | NO_FOLLOW)?;
    Ok(Level { name: name.into(), folder: opened, entries: Listing::new(), again: false })
}

/// Removes what has that name; a folder is opened, to be emptied first. `kind`: what it was when it was listed.
fn remove_or_enter(folder: &Owned, name: &CStr, kind: Option<u32>) -> Result<Option<Level>, Errno> {
    let mut may_be_folder = kind.is_none_or(|kind| kind == kind::DIR);
    for _ in 0..ROUNDS {
        if may_be_folder {
            match enter(folder, name) {
                Ok(level) => return Ok(Some(level)),
                Err(errno) if errno.code() == NOT_THERE => return Ok(None),
                Err(errno) if NO_FOLDER.contains(&errno.code()) => {}
                // One that may not be read may be empty.
                Err(errno) => return beneath::remove(folder, name, true).map(|()| None).map_err(|_| errno),
            }
        }
        match beneath::remove(folder, name, false) {
            Ok(()) => return Ok(None),
            Err(errno) => match errno.code() {
                NOT_THERE => return Ok(None),
                libc::EISDIR => may_be_folder = true,
                _ => return Err(errno),
            },
        }
    }
    Err(GIVEN_UP)
}

/// Removes a folder that was emptied. Yields what has its name by now, if that is a folder with something in it.
fn leave(above: &Owned, emptied: &Level, rounds: &mut usize) -> Result<Option<Level>, Errno> {
    match beneath::remove(above, &emptied.name, true) {
        Ok(()) => Ok(None),
        Err(errno) => match errno.code() {
            NOT_THERE => Ok(None),
            // More has come, or another folder is there, or a file or a link: what has the name now goes.
            libc::ENOTEMPTY | libc::EEXIST | libc::ENOTDIR if !emptied.again || *rounds > 0 => {
                *rounds -= usize::from(emptied.again);
                let level = remove_or_enter(above, &emptied.name, None)?;
                Ok(level.map(|level| Level { again: true, ..level }))
            }
            libc::ENOTEMPTY | libc::EEXIST | libc::ENOTDIR => Err(GIVEN_UP),
            _ => Err(errno),
        },
    }
}
