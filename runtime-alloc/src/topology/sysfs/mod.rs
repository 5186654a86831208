//! The shape of the machine from the files of Linux, without a library.
//!
//! | what | file under `/sys/devices/system/` | if it is absent |
//! |---|---|---|
//! | which processors run | `cpu/online` | the machine is not described |
//! | which this process may use | `Cpus_allowed_list` in `/proc/self/status` | all that run |
//! | core | `cpu/cpuN/topology/core_cpus_list`, before Linux 5.3 `thread_siblings_list` | a core of its own |
//! | last cache | `cpu/cpuN/cache/indexI/{level,type,shared_cpu_list}` | all of its node share one |
//! | node | `node/online`, `node/nodeM/cpulist` | one node |
//! | how far nodes are from each other | `node/nodeM/distance` | 20, where a node's own memory is 10 |
//!
//! Absent files mean an old kernel, a virtual machine or a kernel without NUMA: each has an answer of its own, above. A
//! file that is there and makes no sense means that nothing is to be believed: then, and where there are no such files,
//! the answer is as many equal processors as `std::thread::available_parallelism` counts, and [`Survey::source`] says why.
//!
//! Threads are pinned by sched_setaffinity(2), on Linux and Android only.
//!
//! A control group that limits the *time* on the processors says how long, and not where: it makes no processor fewer, but
//! workers ([`parallelism`](Topology::parallelism)). `std::thread::available_parallelism` reads it: `cpu.max` of cgroups(7), and
//! the quota of their first version.
//!
//! # Platform
//! Linux and Android; elsewhere equal processors. Source: `Documentation/ABI/stable/sysfs-devices-system-cpu` and
//! `sysfs-devices-node`, proc_pid_status(5).

use super::list;
#[cfg(any(target_os = "linux", target_os = "android"))]
use bespoke_core::error::Error;
use bespoke_core::roles::{Cpu, Topology};
use core::fmt;
use core::num::NonZeroUsize;
use std::string::String;
use std::vec::Vec;

/// The machine as Linux describes it, less what the affinity of the process takes away; elsewhere equal processors. Of their
/// time, what a control group leaves: a quota of two processors makes two workers, rounded down, at least one.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sysfs;

impl Sysfs {
    /// Reads the files now.
    #[must_use]
    pub fn survey() -> Survey {
        let found = if cfg!(any(target_os = "linux", target_os = "android")) {
            read(read_file)
        } else {
            Err(Trouble::Elsewhere)
        };
        match found {
            Ok(cpus) => Survey { cpus, source: Source::Files },
            Err(trouble) => Survey { cpus: counted(), source: Source::Counted(trouble) },
        }
    }
}

impl Topology for Sysfs {
    const NAME: &'static str = "sysfs";

    fn for_each_cpu(each: impl FnMut(Cpu)) {
        Sysfs::survey().cpus.into_iter().for_each(each);
    }

    fn parallelism() -> Option<NonZeroUsize> {
        std::thread::available_parallelism().ok()
    }

    fn distance(from: u32, to: u32) -> u32 {
        distance(read_file, from, to).unwrap_or(if from == to { 10 } else { 20 })
    }

    #[cfg(any(target_os = "linux", target_os = "android"))]
    const PINS: bool = true;

    #[cfg(any(target_os = "linux", target_os = "android"))]
    fn pin(cpus: &[Cpu]) -> Result<(), Error> {
        super::sys::pin(cpus)
    }
}

/// What [`Sysfs::survey`] found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Survey {
    /// The processors that this process may use, in the order of their numbers; at least one. `core` and `cache` are named
    /// by the lowest processor that belongs to them, `node` by its number.
    pub cpus: Vec<Cpu>,
    /// Where that comes from.
    pub source: Source,
}

/// Where the description of a machine comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// From the files.
    Files,
    /// The files did not serve; the processors were counted, and are taken to be equal.
    Counted(Trouble),
}

/// Why the files did not serve.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Trouble {
    /// This system does not have them.
    Elsewhere,
    /// The file without which nothing is known is not there.
    Absent(String),
    /// The file of this name is there and makes no sense.
    Broken(String),
    /// No processor runs that this process may use: the files were read while that changed.
    NoneLeft,
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Trouble::Elsewhere => f.write_str("this system does not describe its processors in files"),
            Trouble::Absent(path) => write!(f, "cannot read {path}: is /sys mounted?"),
            Trouble::Broken(path) => write!(f, "cannot make sense of {path}"),
            Trouble::NoneLeft => f.write_str("no processor that runs is one that this process may use"),
        }
    }
}

impl core::error::Error for Trouble {}

/// The processors by the files that `file` reads; it answers `None` for one that is not there.
fn read(mut file: impl FnMut(&str) -> Option<String>) -> Result<Vec<Cpu>, Trouble> {
    let online = list_in(&mut file, ONLINE)?.ok_or_else(|| Trouble::Absent(ONLINE.into()))?;
    let allowed = allowed(&mut file)?;
    let nodes = nodes(&mut file)?;
    let mut cpus = Vec::new();
    for id in online {
        if allowed.as_ref().is_some_and(|allowed| allowed.binary_search(&id).is_err()) {
            continue;
        }
        // A processor that no node lists is on the first one: a kernel without NUMA lists none.
        let on = nodes.iter().find(|(_, members)| members.binary_search(&id).is_ok());
        let node = on.map_or(0, |(node, _)| *node);
        let whole_node = || on.and_then(|(_, members)| members.first()).copied().unwrap_or(0);
        let core = core(&mut file, id)?;
        let cache = last_cache(&mut file, id)?.unwrap_or_else(whole_node);
        cpus.push(Cpu { id, core, cache, node });
    }
    if cpus.is_empty() { Err(Trouble::NoneLeft) } else { Ok(cpus) }
}

/// How far node `to` is from node `from`; `None` if the files do not say. A row has a column for each node that is online.
fn distance(mut file: impl FnMut(&str) -> Option<String>, from: u32, to: u32) -> Option<u32> {
    let column = list::parse(&file(NODES)?)?.binary_search(&to).ok()?;
    let row = file(&std::format!("/sys/devices/system/node/node{from}/distance"))?;
    list::number(row.split_ascii_whitespace().nth(column)?)
}

/// The processors that the process may use; `None` if nothing says so.
fn allowed(file: &mut impl FnMut(&str) -> Option<String>) -> Result<Option<Vec<u32>>, Trouble> {
    let Some(status) = file(STATUS) else { return Ok(None) };
    let Some(text) = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:")) else { return Ok(None) };
    list::parse(text).map(Some).ok_or_else(|| Trouble::Broken(STATUS.into()))
}

/// The nodes and their processors.
fn nodes(file: &mut impl FnMut(&str) -> Option<String>) -> Result<Vec<(u32, Vec<u32>)>, Trouble> {
    let mut nodes = Vec::new();
    for node in list_in(file, NODES)?.unwrap_or_default() {
        let path = std::format!("/sys/devices/system/node/node{node}/cpulist");
        nodes.push((node, list_in(file, &path)?.unwrap_or_default()));
    }
    Ok(nodes)
}

/// The lowest processor of the core of `id`.
fn core(file: &mut impl FnMut(&str) -> Option<String>, id: u32) -> Result<u32, Trouble> {
    for name in ["core_cpus_list", "thread_siblings_list"] {
        let path = std::format!("/sys/devices/system/cpu/cpu{id}/topology/{name}");
        if let Some(members) = list_in(file, &path)? {
            return lowest(&members, id, path);
        }
    }
    Ok(id)
}

/// The lowest processor of those that share the last cache of `id`; `None` if no cache is described.
fn last_cache(file: &mut impl FnMut(&str) -> Option<String>, id: u32) -> Result<Option<u32>, Trouble> {
    let mut last: Option<(u32, u32)> = None;
    for index in 0..CACHES_MAX {
        let dir = std::format!("/sys/devices/system/cpu/cpu{id}/cache/index{index}");
        let path = std::format!("{dir}/level");
        let Some(text) = file(&path) else { break };
        let level = list::number(&text).ok_or(Trouble::Broken(path))?;
        // A cache of instructions says nothing about who shares data.
        let code = file(&std::format!("{dir}/type")).is_some_and(|text| text.trim_ascii() == "Instruction");
        if code || last.is_some_and(|(highest, _)| highest >= level) {
            continue;
        }
        let path = std::format!("{dir}/shared_cpu_list");
        if let Some(members) = list_in(file, &path)? {
            last = Some((level, lowest(&members, id, path)?));
        }
    }
    Ok(last.map(|(_, lowest)| lowest))
}

/// The lowest of `members`, of which `id` must be one: `path` said that they share something with it.
fn lowest(members: &[u32], id: u32, path: String) -> Result<u32, Trouble> {
    match members.first() {
        Some(lowest) if members.binary_search(&id).is_ok() => Ok(*lowest),
        _ => Err(Trouble::Broken(path)),
    }
}

/// The list in the file of this name; `None` if it is not there.
fn list_in(file: &mut impl FnMut(&str) -> Option<String>, path: &str) -> Result<Option<Vec<u32>>, Trouble> {
    match file(path) {
        Some(text) => list::parse(&text).map(Some).ok_or_else(|| Trouble::Broken(path.into())),
        None => Ok(None),
    }
}

/// The text of a file; `None` if it is not there. One that is not text is one that makes no sense.
fn read_file(path: &str) -> Option<String> {
    std::fs::read(path).ok().map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}

/// As many equal processors as the standard library counts.
fn counted() -> Vec<Cpu> {
    let count = std::thread::available_parallelism().map_or(1, |count| count.get()) as u32;
    (0..count).map(|id| Cpu { id, core: id, cache: 0, node: 0 }).collect()
}

const ONLINE: &str = "/sys/devices/system/cpu/online";
const NODES: &str = "/sys/devices/system/node/online";
const STATUS: &str = "/proc/self/status";
/// More than any processor has: the search ends at the first index that is not there.
const CACHES_MAX: u32 = 32;

#[cfg(test)]
mod tests;
