//! What the walk reads of an executable: its functions by address, the bytes behind an address, and the pointers that the
//! dynamic linker fills in. 64-bit little-endian ELF, as rustc writes it for x86-64 Linux; see `elf(5)`.

use std::collections::{BTreeMap, BTreeSet};

/// A function of the symbol table.
#[derive(Debug)]
pub(crate) struct Function {
    /// Demangled, without the hash. Several names of one address are joined by ` = `.
    pub(crate) name: String,
    pub(crate) start: u64,
    pub(crate) end: u64,
}

/// What the dynamic linker puts into a word.
#[derive(Clone, Debug)]
pub(crate) enum Pointer {
    /// An address in this executable.
    To(u64),
    /// A function of a shared library.
    Import(String),
}

struct Section {
    name: String,
    kind: u32,
    address: u64,
    offset: usize,
    size: usize,
    link: usize,
    executable: bool,
}

/// An executable.
pub(crate) struct Image {
    bytes: Vec<u8>,
    sections: Vec<Section>,
    functions: BTreeMap<u64, Function>,
    /// Variables by address, as they are called in the symbol table.
    variables: BTreeMap<u64, String>,
    pointers: BTreeMap<u64, Pointer>,
    /// Where objects are known to begin: each address that a relocation names, and those that [`begins`](Self::begins)
    /// was told.
    starts: BTreeSet<u64>,
}

impl Image {
    /// Reads an executable.
    ///
    /// # Panics
    /// If it is none of the kind that this test builds, or has no symbols.
    pub(crate) fn new(bytes: Vec<u8>) -> Self {
        assert_eq!(&bytes[..6], b"\x7fELF\x02\x01", "not a 64-bit little-endian ELF file");
        assert_eq!(u16_at(&bytes, 18), 62, "not x86-64");
        let mut image = Image {
            sections: sections(&bytes),
            bytes,
            functions: BTreeMap::new(),
            variables: BTreeMap::new(),
            pointers: BTreeMap::new(),
            starts: BTreeSet::new(),
        };
        image.read_symbols();
        image.read_relocations();
        image
    }

    /// The function that contains `address`.
    pub(crate) fn function(&self, address: u64) -> Option<&Function> {
        let (_, function) = self.functions.range(..=address).next_back()?;
        (address < function.end).then_some(function)
    }

    /// Every function, by address.
    pub(crate) fn functions(&self) -> impl Iterator<Item = &Function> {
        self.functions.values()
    }

    /// The symbol of the variable at `address`.
    pub(crate) fn variable(&self, address: u64) -> Option<&str> {
        self.variables.get(&address).map(String::as_str)
    }

    /// The bytes from `address` to the end of its section, and that section's name.
    pub(crate) fn memory(&self, address: u64) -> Option<(&[u8], &str)> {
        let section = self.section(address)?;
        let skip = (address - section.address) as usize;
        Some((&self.bytes[section.offset + skip..section.offset + section.size], &section.name))
    }

    /// Is `address` in a section that holds instructions?
    pub(crate) fn is_code(&self, address: u64) -> bool {
        self.section(address).is_some_and(|section| section.executable)
    }

    /// What the dynamic linker puts at `address`.
    pub(crate) fn pointer(&self, address: u64) -> Option<&Pointer> {
        self.pointers.get(&address)
    }

    /// The pointers in the object at `address`, which ends where the next one begins. The global offset table is one
    /// object per word.
    pub(crate) fn pointers_of(&self, address: u64) -> impl Iterator<Item = &Pointer> {
        let section = self.section(address);
        let is_table = section.is_some_and(|section| section.name.starts_with(".got"));
        let next = self.starts.range(address + 1..).next().copied().unwrap_or(u64::MAX);
        let limit = section.map_or(address, |section| section.address + section.size as u64);
        let end = if is_table { address + 8 } else { next.min(limit) };
        self.pointers.range(address..end.max(address)).map(|(_, pointer)| pointer)
    }

    /// Every function that an object points to: what a call through a pointer may come to. The global offset table is not
    /// one: the linker puts into it what code names.
    pub(crate) fn pointed_at(&self) -> impl Iterator<Item = &Function> {
        let outside = |place: u64| self.section(place).is_some_and(|section| !section.name.starts_with(".got"));
        self.pointers.iter().filter(move |(place, _)| outside(**place)).filter_map(|(_, pointer)| match pointer {
            Pointer::To(address) => self.functions.get(address),
            Pointer::Import(_) => None,
        })
    }

    /// Says that an object begins at `address`.
    pub(crate) fn begins(&mut self, address: u64) {
        self.starts.insert(address);
    }

    fn section(&self, address: u64) -> Option<&Section> {
        self.sections.iter().find(|section| {
            let size = if section.kind == NOBITS { 0 } else { section.size as u64 };
            section.address != 0 && (section.address..section.address + size).contains(&address)
        })
    }

    fn read_symbols(&mut self) {
        let table = self.sections.iter().find(|section| section.kind == SYMTAB).expect("the program has its symbols");
        for at in entries(table, SYMBOL) {
            let symbol = self.symbol(table, at);
            if symbol.kind == OBJECT {
                self.variables.insert(symbol.value, symbol.name);
                continue;
            }
            if symbol.kind != FUNC || symbol.section == 0 {
                continue;
            }
            let (start, end) = (symbol.value, symbol.value + symbol.size.max(1));
            let name = format!("{:#}", rustc_demangle::demangle(&symbol.name));
            self.functions
                .entry(start)
                .and_modify(|function| {
                    function.end = function.end.max(end);
                    if function.name != name {
                        function.name = format!("{} = {name}", function.name);
                    }
                })
                .or_insert(Function { name, start, end });
        }
    }

    fn read_relocations(&mut self) {
        let mut pointers = BTreeMap::new();
        for section in &self.sections {
            assert_ne!(section.kind, RELR, "packed relocations: this reader does not know them");
            // Those of the debug information have no address.
            if section.kind != RELA || section.address == 0 {
                continue;
            }
            for at in entries(section, RELOCATION) {
                let place = u64_at(&self.bytes, at);
                let (kind, symbol) = (u32_at(&self.bytes, at + 8), u32_at(&self.bytes, at + 12));
                let addend = u64_at(&self.bytes, at + 16);
                let pointer = match kind {
                    R_RELATIVE | R_IRELATIVE => Pointer::To(addend),
                    R_64 | R_GLOB_DAT | R_JUMP_SLOT => {
                        let table = &self.sections[section.link];
                        let symbol = self.symbol(table, table.offset + symbol as usize * SYMBOL);
                        match symbol.section {
                            0 => Pointer::Import(symbol.name),
                            _ => Pointer::To(symbol.value.wrapping_add(addend)),
                        }
                    }
                    // Where a thread-local variable is: never code.
                    R_DTPMOD | R_DTPOFF | R_TPOFF => continue,
                    _ => panic!("a relocation of kind {kind} at {place:#x}: this reader does not know it"),
                };
                pointers.insert(place, pointer);
            }
        }
        for pointer in pointers.values() {
            if let Pointer::To(address) = pointer {
                self.starts.insert(*address);
            }
        }
        self.pointers = pointers;
    }

    fn symbol(&self, table: &Section, at: usize) -> Symbol {
        let names = &self.sections[table.link];
        Symbol {
            name: text(&self.bytes, names.offset + u32_at(&self.bytes, at) as usize),
            kind: self.bytes[at + 4] & 15,
            section: u16_at(&self.bytes, at + 6),
            value: u64_at(&self.bytes, at + 8),
            size: u64_at(&self.bytes, at + 16),
        }
    }
}

struct Symbol {
    name: String,
    kind: u8,
    /// 0: in a shared library.
    section: u16,
    value: u64,
    size: u64,
}

fn sections(bytes: &[u8]) -> Vec<Section> {
    let (table, count, names) = (u64_at(bytes, 40) as usize, u16_at(bytes, 60), u16_at(bytes, 62));
    let field = |section: usize, offset: usize| u64_at(bytes, table + section * SECTION + offset) as usize;
    let word = |section: usize, offset: usize| u32_at(bytes, table + section * SECTION + offset);
    let names = field(usize::from(names), 24);
    (0..usize::from(count))
        .map(|n| Section {
            name: text(bytes, names + word(n, 0) as usize),
            kind: word(n, 4),
            address: field(n, 16) as u64,
            offset: field(n, 24),
            size: field(n, 32),
            link: word(n, 40) as usize,
            executable: field(n, 8) & 4 != 0,
        })
        .collect()
}

fn entries(section: &Section, size: usize) -> impl Iterator<Item = usize> + use<> {
    (section.offset..section.offset + section.size).step_by(size)
}

fn text(bytes: &[u8], at: usize) -> String {
    let end = bytes[at..].iter().position(|byte| *byte == 0).expect("names end with a zero");
    String::from_utf8_lossy(&bytes[at..at + end]).into_owned()
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes(bytes[at..at + 2].try_into().expect("two bytes"))
}
fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes"))
}
fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes[at..at + 8].try_into().expect("eight bytes"))
}

// Sizes of the entries of tables.
const SECTION: usize = 64;
const SYMBOL: usize = 24;
const RELOCATION: usize = 24;
// Kinds of section.
const SYMTAB: u32 = 2;
const RELA: u32 = 4;
const NOBITS: u32 = 8;
const RELR: u32 = 19;
// Kinds of symbol.
const OBJECT: u8 = 1;
const FUNC: u8 = 2;
// Kinds of relocation.
const R_64: u32 = 1;
const R_GLOB_DAT: u32 = 6;
const R_JUMP_SLOT: u32 = 7;
const R_RELATIVE: u32 = 8;
const R_DTPMOD: u32 = 16;
const R_DTPOFF: u32 = 17;
const R_TPOFF: u32 = 18;
const R_IRELATIVE: u32 = 37;
