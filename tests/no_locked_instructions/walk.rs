//! The closure of a function: everything that it may call, jump to, or hand to somebody who calls it.
//!
//! From each function that is reached, the walk goes on to
//! 1. the target of each call and jump that names its target, also by way of the procedure linkage table or of a word that
//!    the dynamic linker fills in;
//! 2. each function whose address is taken;
//! 3. each function that an object points to whose address is taken: a table of functions, say, and the tables that it
//!    points to.
//!
//! It reads a function from its first byte to its last, landing pads included. It stops at a *stop* of
//! [`known`](super::known) and at a function whose name contains [`COLD`]. A call or jump through a register or through
//! memory goes to an address that was taken somewhere: if in the closure, the walk has been there by 2 and 3; the list
//! of such places says where it was taken. A function of ours that stands in
//! a table of the program and was not read is on a list, too. What is on no list is a finding.

use super::image::{Image, Pointer};
use super::known::{self, IMPORTS, INDIRECT, STOPS};
use iced_x86::{Decoder, DecoderOptions, Instruction, Mnemonic, OpKind};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// What the names of functions contain in which atomics are allowed.
pub(crate) const COLD: &str = "__bespoke_cold_";

/// A thing that must not be in the closure.
#[derive(Debug)]
pub(crate) struct Finding {
    pub(crate) function: String,
    pub(crate) address: u64,
    pub(crate) what: String,
    /// How the function was reached, from the start.
    by: Vec<String>,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#x} in {}: {}\n      reached by {}", self.address, self.function, self.what, self.by.join(" -> "))
    }
}

/// What a walk saw.
#[derive(Debug, Default)]
pub(crate) struct Closure {
    pub(crate) functions: BTreeSet<String>,
    /// The cold functions at which it stopped.
    pub(crate) cold: BTreeSet<String>,
    pub(crate) instructions: usize,
    pub(crate) findings: Vec<Finding>,
    /// Functions of ours that some table of the program points to, and that were not read: a call through a pointer in the
    /// closure must not come to them.
    pub(crate) unread: BTreeSet<String>,
    /// Calls and jumps through a pointer.
    pub(crate) indirect: usize,
}

/// Walks the closure of the function `start`.
pub(crate) fn walk(image: &mut Image, start: &str) -> Closure {
    for address in taken_addresses(image) {
        image.begins(address);
    }
    let first = image.functions().find(|function| function.name == start).map(|function| function.start);
    let first = first.unwrap_or_else(|| panic!("the program has no function `{start}`: were its symbols stripped?"));
    let mut walk = Walk {
        image,
        closure: Closure::default(),
        from: BTreeMap::from([(first, first)]),
        queue: vec![first],
        objects: BTreeSet::new(),
    };
    while let Some(function) = walk.queue.pop() {
        walk.read(function);
    }
    let Walk { image, mut closure, from, .. } = walk;
    let ours = |name: &str| known::is(name, "bespoke_");
    let unread = image.pointed_at().filter(|function| !from.contains_key(&function.start) && ours(&function.name));
    closure.unread = unread.map(|function| function.name.clone()).collect();
    closure.functions =
        from.keys().filter_map(|at| image.function(*at)).map(|function| function.name.clone()).collect();
    closure
}

/// Every address that an instruction of the program computes: an object may begin there.
fn taken_addresses(image: &Image) -> BTreeSet<u64> {
    let mut taken = BTreeSet::new();
    for function in image.functions() {
        for instruction in instructions(image, function.start, function.end) {
            if instruction.mnemonic() == Mnemonic::Lea && instruction.is_ip_rel_memory_operand() {
                taken.insert(instruction.ip_rel_memory_address());
            }
        }
    }
    taken
}

fn instructions(image: &Image, start: u64, end: u64) -> Vec<Instruction> {
    let Some((bytes, _)) = image.memory(start) else { return Vec::new() };
    let bytes = &bytes[..bytes.len().min((end - start) as usize)];
    Decoder::with_ip(64, bytes, start, DecoderOptions::NONE).into_iter().collect()
}

struct Walk<'a> {
    image: &'a Image,
    closure: Closure,
    /// Each function that was reached, and from where first.
    from: BTreeMap<u64, u64>,
    queue: Vec<u64>,
    objects: BTreeSet<u64>,
}

impl Walk<'_> {
    /// One function, from its first instruction to its last.
    fn read(&mut self, start: u64) {
        let end = self.image.function(start).map_or(start, |function| function.end);
        let list = instructions(self.image, start, end);
        for (n, instruction) in list.iter().enumerate() {
            self.closure.instructions += 1;
            let at = instruction.ip();
            if instruction.is_invalid() {
                self.find(start, at, "bytes that are no instruction".into());
            } else if let Some(what) = forbidden(instruction).filter(|_| !self.counts_panics(instruction)) {
                self.find(start, at, what);
            }
            if is_direct(instruction) {
                let target = instruction.near_branch_target();
                if !(start..end).contains(&target) {
                    self.reach(start, at, target);
                }
            } else if instruction.is_ip_rel_memory_operand() {
                self.refer(start, at, instruction.ip_rel_memory_address());
            } else if is_indirect(instruction) && !is_jump_table(&list[..=n]) {
                self.through_a_pointer(start, at);
            }
        }
    }

    /// Code at `at` calls, jumps to or takes the address of `target`.
    fn reach(&mut self, start: u64, at: u64, target: u64) {
        let Some(function) = self.image.function(target) else {
            return match self.linkage(target) {
                Some(import) => self.import(start, at, &import),
                None => self.find(start, at, format!("goes to {target:#x}, where no function is")),
            };
        };
        if function.name.split(" = ").all(|name| name.contains(COLD)) {
            self.closure.cold.insert(function.name.clone());
        } else if !STOPS.iter().any(|(stop, _)| known::is(&function.name, stop))
            && !self.from.contains_key(&function.start)
        {
            self.from.insert(function.start, start);
            self.queue.push(function.start);
        }
    }

    /// Code at `at` names the word or object at `place`.
    fn refer(&mut self, start: u64, at: u64, place: u64) {
        if self.image.is_code(place) {
            return self.reach(start, at, place);
        }
        if !self.objects.insert(place) {
            return;
        }
        for pointer in self.image.pointers_of(place) {
            match pointer {
                Pointer::To(address) => self.refer(start, at, *address),
                Pointer::Import(name) => self.import(start, at, name),
            }
        }
    }

    /// The import behind a stub of the procedure linkage table.
    fn linkage(&self, stub: u64) -> Option<String> {
        let (_, section) = self.image.memory(stub)?;
        if !section.starts_with(".plt") {
            return None;
        }
        let jump = instructions(self.image, stub, stub + 16).into_iter().find(is_indirect)?;
        match self.image.pointer(jump.ip_rel_memory_address())? {
            Pointer::Import(name) => Some(name.clone()),
            Pointer::To(_) => None,
        }
    }

    fn import(&mut self, start: u64, at: u64, name: &str) {
        if !IMPORTS.iter().any(|(known, _)| *known == name) {
            self.find(start, at, format!("goes to `{name}` of a shared library, which is not on the list of imports"));
        }
    }

    fn through_a_pointer(&mut self, start: u64, at: u64) {
        let name = &self.image.function(start).expect("it was reached").name;
        self.closure.indirect += 1;
        if !INDIRECT.iter().any(|row| known::is(name, row.place)) {
            self.find(start, at, "calls through a pointer, and is not on the list of indirect calls".into());
        }
    }

    /// `lock` on the count of panics, in a landing pad: the one exception.
    fn counts_panics(&self, instruction: &Instruction) -> bool {
        instruction.is_ip_rel_memory_operand()
            && self
                .image
                .variable(instruction.ip_rel_memory_address())
                .is_some_and(|name| name.contains("GLOBAL_PANIC_COUNT"))
    }

    fn find(&mut self, start: u64, address: u64, what: String) {
        let name = |at: u64| self.image.function(at).map_or_else(|| format!("{at:#x}"), |f| f.name.clone());
        let mut by = vec![name(start)];
        let mut at = start;
        while let Some(from) = self.from.get(&at).filter(|from| **from != at) {
            at = *from;
            by.push(name(at));
        }
        by.reverse();
        self.closure.findings.push(Finding { function: name(start), address, what, by });
    }
}

/// What the instruction is, if it must not be in the closure.
pub(crate) fn forbidden(instruction: &Instruction) -> Option<String> {
    let mnemonic = instruction.mnemonic();
    // With memory, `xchg` locks without saying so.
    let swaps = mnemonic == Mnemonic::Xchg && (0..2).any(|n| instruction.op_kind(n) == OpKind::Memory);
    let what = match mnemonic {
        _ if instruction.has_lock_prefix() => "lock ",
        Mnemonic::Xchg if swaps => "memory ",
        Mnemonic::Mfence | Mnemonic::Lfence | Mnemonic::Sfence => "fence ",
        Mnemonic::Syscall | Mnemonic::Sysenter | Mnemonic::Int => "system call ",
        _ => return None,
    };
    Some(format!("{what}{}", format!("{mnemonic:?}").to_lowercase()))
}

fn is_direct(instruction: &Instruction) -> bool {
    instruction.op_count() > 0
        && matches!(instruction.op0_kind(), OpKind::NearBranch64 | OpKind::NearBranch32 | OpKind::NearBranch16)
}

fn is_indirect(instruction: &Instruction) -> bool {
    matches!(instruction.mnemonic(), Mnemonic::Call | Mnemonic::Jmp) && !is_direct(instruction)
}

/// Is the last of these a jump into a table of the function's own offsets? `movslq (table,index,4)`, `add`, `jmp`: the
/// targets lie in the function, which is read as a whole.
fn is_jump_table(list: &[Instruction]) -> bool {
    let Some((jump, before)) = list.split_last() else { return false };
    jump.mnemonic() == Mnemonic::Jmp
        && jump.op0_kind() == OpKind::Register
        && before.iter().rev().take(3).any(|one| {
            one.mnemonic() == Mnemonic::Movsxd
                && one.op1_kind() == OpKind::Memory
                && one.memory_index_scale() == 4
                && one.op0_register() == jump.op0_register()
        })
}
