//! The code of one function as lines that do not depend on where the linker put anything.
//!
//! Addresses in the function become labels, numbered from the top; other functions and variables are called by their names, without
//! hashes; data without a name is numbered in the order in which it is named first; thread-local words lose their place among the
//! program's. What pads (`nop`) is left out. Numbers stay: offsets in structures and constants are part of what a config costs.

use crate::image::{Image, Pointer};
use iced_x86::{
    Decoder, DecoderOptions, Formatter, Instruction, IntelFormatter, MemorySize, Mnemonic, OpKind, Register,
};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// The code of a function.
#[derive(Debug, Clone)]
pub(crate) struct Listing {
    pub(crate) lines: Vec<Line>,
}

/// An instruction.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    /// As it is printed; the labels that it has stand before it.
    pub(crate) text: String,
    /// Does a thread or the system take part: a locked instruction, a fence, a system call?
    pub(crate) shared: bool,
    /// Does it call or jump through a pointer, tables of jumps inside the function left out?
    pub(crate) pointer: bool,
    /// Does it call?
    pub(crate) call: bool,
    /// If it writes four bytes of a structure: at which offset, and the constant, if it is one.
    pub(crate) writes: Option<(u64, Option<u32>)>,
    /// The line that it goes to, or may go to, if it names one.
    pub(crate) goes: Option<usize>,
    /// Does what stands behind it follow?
    pub(crate) falls: bool,
}

impl Listing {
    /// The function at `start`.
    pub(crate) fn of(image: &Image, start: u64) -> Self {
        let code = instructions(image, start);
        let (from, to) = (start, code.last().map_or(start, Instruction::next_ip));
        let inside = |instruction: &Instruction| {
            Some(instruction.near_branch_target())
                .filter(|target| is_direct(instruction) && (from..to).contains(target))
        };
        let named: BTreeSet<u64> = code.iter().filter_map(inside).collect();
        let labels: BTreeMap<u64, usize> = named.into_iter().enumerate().map(|(n, target)| (target, n)).collect();
        let mut namer = Namer { image, labels: &labels, data: Vec::new() };
        let mut formatter = IntelFormatter::new();
        let options = formatter.options_mut();
        options.set_hex_prefix("0x");
        options.set_hex_suffix("");
        options.set_uppercase_hex(false);
        options.set_leading_zeros(false);
        options.set_small_hex_numbers_in_decimal(false);
        options.set_space_after_operand_separator(true);
        options.set_space_between_memory_add_operators(true);
        // What is padded away may have been a target: its label stands before what follows.
        let (mut lines, mut label) = (Vec::new(), String::new());
        let (mut places, mut targets) = (BTreeMap::new(), Vec::new());
        for (n, instruction) in code.iter().enumerate() {
            if let Some(n) = labels.get(&instruction.ip()) {
                label = format!("{label}.{n}: ");
                places.insert(instruction.ip(), lines.len());
            }
            if instruction.mnemonic() == Mnemonic::Nop {
                continue;
            }
            let text = if loads_thread_local(&code[n..]) {
                format!("mov {:?}, thread-local", instruction.op0_register()).to_lowercase()
            } else {
                namer.text(&mut formatter, instruction)
            };
            lines.push(Line {
                text: core::mem::take(&mut label) + &text,
                shared: is_shared(instruction) && !text.contains("GLOBAL_PANIC_COUNT"),
                pointer: is_indirect(instruction) && !is_named(image, instruction) && !is_jump_table(&code[..=n]),
                call: instruction.mnemonic() == Mnemonic::Call,
                writes: writes(instruction),
                goes: None,
                falls: !matches!(instruction.mnemonic(), Mnemonic::Jmp | Mnemonic::Ret | Mnemonic::Ud2),
            });
            targets.push(inside(instruction));
        }
        for (line, target) in lines.iter_mut().zip(targets) {
            line.goes = target.and_then(|target| places.get(&target).copied());
        }
        Listing { lines }
    }

    /// How many lines are such.
    pub(crate) fn count(&self, what: impl Fn(&Line) -> bool) -> usize {
        self.lines.iter().filter(|line| what(line)).count()
    }
}

/// The first function whose name contains `part`, on the way from `start` through what it calls, and what the tables hold that it
/// names.
pub(crate) fn find(image: &Image, start: u64, part: &str) -> Option<u64> {
    let (mut seen, mut queue) = (BTreeSet::from([start]), VecDeque::from([start]));
    while let Some(at) = queue.pop_front() {
        let name = &image.function(at)?.name;
        if name.contains(part) {
            return Some(at);
        }
        // Ways through the standard library lead everywhere.
        if !name.contains("bespoke") && at != start {
            continue;
        }
        let mut go = |target: u64| {
            if let Some(function) = image.function(target)
                && seen.insert(function.start)
            {
                queue.push_back(function.start);
            }
        };
        for instruction in instructions(image, at) {
            if is_direct(&instruction) {
                go(instruction.near_branch_target());
            } else if instruction.is_ip_rel_memory_operand() {
                let place = instruction.ip_rel_memory_address();
                if image.is_code(place) {
                    go(place);
                }
                for pointer in image.pointers_of(place) {
                    if let Pointer::To(address) = pointer {
                        go(*address);
                    }
                }
            }
        }
    }
    None
}

/// Tells `image` where objects begin: wherever an instruction says that something is.
pub(crate) fn learn(image: &mut Image) {
    let starts: Vec<u64> = image.functions().map(|function| function.start).collect();
    let named: BTreeSet<u64> = starts
        .iter()
        .flat_map(|start| instructions(image, *start))
        .filter(|instruction| instruction.mnemonic() == Mnemonic::Lea && instruction.is_ip_rel_memory_operand())
        .map(|instruction| instruction.ip_rel_memory_address())
        .collect();
    for address in named {
        image.begins(address);
    }
}

fn instructions(image: &Image, start: u64) -> Vec<Instruction> {
    let Some((function, (bytes, _))) = image.function(start).zip(image.memory(start)) else { return Vec::new() };
    let bytes = &bytes[..bytes.len().min((function.end - start) as usize)];
    Decoder::with_ip(64, bytes, start, DecoderOptions::NONE).into_iter().collect()
}

/// What is behind addresses.
struct Namer<'a> {
    image: &'a Image,
    labels: &'a BTreeMap<u64, usize>,
    data: Vec<u64>,
}

impl Namer<'_> {
    fn text(&mut self, formatter: &mut IntelFormatter, instruction: &Instruction) -> String {
        let mut text = String::new();
        if is_direct(instruction) {
            formatter.format_mnemonic(instruction, &mut text);
            let target = instruction.near_branch_target();
            let name = self.labels.get(&target).map_or_else(|| self.name(target), |n| format!(".{n}"));
            return format!("{text} {name}");
        }
        formatter.format(instruction, &mut text);
        if instruction.is_ip_rel_memory_operand() {
            let name = self.name(instruction.ip_rel_memory_address());
            return in_brackets(&text, &name);
        }
        if instruction.segment_prefix() == Register::FS && instruction.memory_displacement64() != 0 {
            return in_brackets(&text, "thread-local");
        }
        text
    }

    /// The function of a shared library that a stub of the procedure linkage table at `address` goes to.
    fn stub(&self, address: u64) -> Option<String> {
        let (bytes, section) = self.image.memory(address)?;
        let code = Decoder::with_ip(64, &bytes[..bytes.len().min(16)], address, DecoderOptions::NONE);
        let jump = code.into_iter().find(is_indirect).filter(|_| section.starts_with(".plt"))?;
        match self.image.pointer(jump.ip_rel_memory_address())? {
            Pointer::Import(name) => Some(name.clone()),
            Pointer::To(_) => None,
        }
    }

    /// The function, variable or data at `address`; of a word that the dynamic linker fills in, what that is.
    fn name(&mut self, address: u64) -> String {
        if let Some(function) = self.image.function(address).filter(|function| function.start == address) {
            return short(&function.name);
        }
        if let Some(name) = self.stub(address) {
            return name;
        }
        match self.image.pointer(address).cloned() {
            // A table begins with a pointer, too: what is called or loaded through is a word of the global offset table.
            Some(Pointer::Import(name)) => return name,
            Some(Pointer::To(to)) if self.image.memory(address).is_some_and(|(_, section)| section == ".got") => {
                return self.name(to);
            }
            _ => {}
        }
        if let Some(name) = self.image.variable(address) {
            let name = format!("{:#}", rustc_demangle::demangle(name));
            if name.contains("::") {
                return name;
            }
        }
        let n = self.data.iter().position(|known| *known == address).unwrap_or_else(|| {
            self.data.push(address);
            self.data.len() - 1
        });
        format!("data {n}")
    }
}

/// Does the first of these load the place of a thread-local word, which one of the next few goes to?
fn loads_thread_local(list: &[Instruction]) -> bool {
    let Some((load, next)) = list.split_first() else { return false };
    let goes = |one: &Instruction| one.segment_prefix() == Register::FS && one.memory_base() == load.op0_register();
    let constant = matches!(load.op1_kind(), OpKind::Immediate32to64 | OpKind::Immediate64);
    load.mnemonic() == Mnemonic::Mov && constant && next.iter().take(4).any(goes)
}

/// One name of a function that may have several.
fn short(name: &str) -> String {
    name.split(" = ").min().unwrap_or(name).to_owned()
}

/// Replaces what stands in brackets.
fn in_brackets(text: &str, name: &str) -> String {
    match (text.find('['), text.rfind(']')) {
        (Some(open), Some(close)) => format!("{}{name}{}", &text[..=open], &text[close..]),
        _ => text.to_owned(),
    }
}

/// Does it go through a word of the global offset table, and so where its name says?
fn is_named(image: &Image, instruction: &Instruction) -> bool {
    instruction.is_ip_rel_memory_operand() && image.pointer(instruction.ip_rel_memory_address()).is_some()
}

/// Is it locked, a fence, or a system call? With memory, `xchg` locks without saying so.
fn is_shared(instruction: &Instruction) -> bool {
    let swaps = (0..instruction.op_count()).any(|n| instruction.op_kind(n) == OpKind::Memory);
    match instruction.mnemonic() {
        _ if instruction.has_lock_prefix() => true,
        Mnemonic::Xchg => swaps,
        Mnemonic::Mfence | Mnemonic::Lfence | Mnemonic::Sfence => true,
        Mnemonic::Syscall | Mnemonic::Sysenter | Mnemonic::Int => true,
        _ => false,
    }
}

/// What `instruction` writes to four bytes of a structure, not of the stack.
fn writes(instruction: &Instruction) -> Option<(u64, Option<u32>)> {
    let reads = matches!(instruction.mnemonic(), Mnemonic::Cmp | Mnemonic::Test | Mnemonic::Push | Mnemonic::Call);
    let to_memory = instruction.op_count() > 0 && instruction.op0_kind() == OpKind::Memory && !reads;
    let structure = !matches!(instruction.memory_base(), Register::RSP | Register::None | Register::RIP);
    let four = matches!(instruction.memory_size(), MemorySize::UInt32 | MemorySize::Int32);
    let constant = instruction.op_kinds().nth(1) == Some(OpKind::Immediate32);
    let written = constant.then(|| instruction.immediate32());
    (to_memory && structure && four).then(|| (instruction.memory_displacement64(), written))
}

fn is_direct(instruction: &Instruction) -> bool {
    instruction.op_count() > 0
        && matches!(instruction.op0_kind(), OpKind::NearBranch64 | OpKind::NearBranch32 | OpKind::NearBranch16)
}

fn is_indirect(instruction: &Instruction) -> bool {
    matches!(instruction.mnemonic(), Mnemonic::Call | Mnemonic::Jmp) && !is_direct(instruction)
}

/// Is the last of these a jump into a table of the function's own offsets?
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
