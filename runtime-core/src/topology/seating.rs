//! Which processor a pinned worker gets.

use crate::roles::Cpu;
use alloc::vec::Vec;

/// The processors in the order in which workers get them; worker `n` has the one at `n`, counted around.
///
/// Each core gets a worker before any gets its second: two threads of a core share what computes. Of equal ones, those of a
/// node and of a cache come together, so a few workers are near each other, and near the memory that they share.
pub(crate) fn seating(mut cpus: Vec<Cpu>) -> Vec<Cpu> {
    cpus.sort_by_key(|cpu| (cpu.node, cpu.core, cpu.id));
    let mut ranked: Vec<(usize, Cpu)> = Vec::with_capacity(cpus.len());
    for cpu in cpus {
        let rank = match ranked.last() {
            Some((rank, before)) if (before.node, before.core) == (cpu.node, cpu.core) => rank + 1,
            _ => 0,
        };
        ranked.push((rank, cpu));
    }
    ranked.sort_by_key(|(rank, cpu)| (*rank, cpu.node, cpu.cache, cpu.core));
    ranked.into_iter().map(|(_, cpu)| cpu).collect()
}
