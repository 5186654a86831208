//! The table of operations and drivers in `docs/drivers.md`: made from the types, and compared with the page.
//!
//! A cell is [`Submit::SERVED`] of that driver and that operation, or "none" where there is no such implementation, or the
//! driver has not the capability. The lists below are compared with the sources, so that none of both can be forgotten:
//!
//! - the operations of a capability are those that its trait asks for;
//! - every implementation of `Op` in `src/op` is an operation of some capability;
//! - every implementation of `Driver` is a column.
//!
//! `BESPOKE_TABLE=write cargo test -p bespoke-drivers --test table` writes the page. On Linux, where every driver is.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test says what it expects")]

use bespoke_core::driver::{Nop, Op, Served, Submit, Timeout};
use bespoke_drivers::op::{
    Accept, AcceptUnix, Advise, Allocate, Call, Connect, ConnectUnix, Descriptors, FillPipe, Foreign, Fs, Interrupted,
    JoinPaths, MakeDir, Net, Open, Pipes, Process, ReadAt, ReadPipe, ReadVectoredAt, Ready, Recv, RecvDatagram,
    RecvDescriptors, RecvFrom, RecvInto, RecvLease, RecvVectored, Remove, SendDatagram, SendDescriptors, SendFile,
    SetLen, SpillPipe, Statx, Sync, Transmit, TransmitVectored, Udp, Unix, UnixAddr, WriteAt, WritePipe,
    WriteVectoredAt, ZeroCopy,
};
use bespoke_drivers::{Blocking, Fallback, IoUring, Mio, NoIo};
use core::fmt::Write as _;
use core::marker::PhantomData;
use core::net::SocketAddr;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// A driver is one name in the first line; an operation one in the line of its capability.
fn listed() -> Table {
    table! {
        [Mio, Blocking, IoUring, Fallback<IoUring, Mio>, NoIo]
        no_capability: Nop, Timeout;
        Net: Accept, Connect, Recv, RecvInto, RecvVectored, RecvLease, Transmit, TransmitVectored, Interrupted;
        Foreign: Ready;
        Pipes: ReadPipe, WritePipe;
        Process: ReadPipe, WritePipe;
        Udp: RecvDatagram, RecvFrom<SocketAddr>, SendDatagram<SocketAddr>;
        Unix: AcceptUnix, ConnectUnix, RecvDatagram, RecvFrom<UnixAddr>, SendDatagram<UnixAddr>;
        Descriptors: SendDescriptors, RecvDescriptors;
        Fs: Open, ReadAt, WriteAt, ReadVectoredAt, WriteVectoredAt, Sync, SetLen, Allocate, Advise, Statx, MakeDir,
            Remove, JoinPaths, Call;
        ZeroCopy: SendFile, FillPipe, SpillPipe;
    }
}

/// What is asked for by itself.
#[allow(dead_code, non_camel_case_types, reason = "the name in the table, and every type has it")]
trait no_capability {}
impl<D> no_capability for D {}

struct Table {
    drivers: Vec<&'static str>,
    capabilities: Vec<Capability>,
}

struct Capability {
    name: &'static str,
    ops: Vec<Row>,
}

struct Row {
    op: String,
    late: String,
    cells: Vec<Option<Served>>,
}

/// Has a `SERVED` of its own where the driver does the operation; else that of [`Lacks`], which every type has.
struct Probe<D, O>(PhantomData<(D, O)>);

impl<D: Submit<O>, O: Op> Probe<D, O> {
    const SERVED: Option<Served> = Some(D::SERVED);
}

trait Lacks {
    const SERVED: Option<Served> = None;
}

impl<D, O> Lacks for Probe<D, O> {}

macro_rules! table {
    ($drivers:tt $($capability:ident: $($op:ty),+;)+) => {
        Table {
            drivers: names!($drivers),
            capabilities: vec![$(Capability {
                name: stringify!($capability),
                ops: vec![$(row!($drivers, $capability, $op)),+],
            }),+],
        }
    };
}
macro_rules! names {
    ([$($driver:ty),+]) => { vec![$(stringify!($driver)),+] };
}
macro_rules! row {
    ([$($driver:ty),+], $capability:ident, $op:ty) => {{
        // As `Probe`, of the capability: an operation may be there for the sake of another one.
        struct Has<D>(PhantomData<D>);
        impl<D: $capability> Has<D> {
            const IT: bool = true;
        }
        #[allow(dead_code, reason = "of a capability that every driver has")]
        trait HasNot {
            const IT: bool = false;
        }
        impl<D> HasNot for Has<D> {}
        Row {
            op: stringify!($op).into(),
            late: format!("{:?}", <$op as Op>::LATE),
            cells: vec![$(if <Has<$driver>>::IT { <Probe<$driver, $op>>::SERVED } else { None }),+],
        }
    }};
}
use {names, row, table};

fn package() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn page() -> PathBuf {
    package().join("../docs/drivers.md")
}

/// The text of every source below `folder`.
fn sources(folder: &str) -> Vec<String> {
    let (mut texts, mut folders) = (Vec::new(), vec![package().join("src").join(folder)]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                texts.push(fs::read_to_string(path).unwrap());
            }
        }
    }
    texts
}

/// What stands between `before` and the first of `after`, everywhere in `text`.
fn all_between<'t>(text: &'t str, before: &str, after: &[char]) -> Vec<&'t str> {
    text.split(before).skip(1).filter_map(|rest| rest.split(after).next()).map(str::trim).collect()
}

/// The name of a type, without its parameters.
fn bare(name: &str) -> &str {
    name.split('<').next().unwrap_or(name)
}

/// The operations that the trait of a capability asks for.
fn asked_for_by(capability: &str, texts: &[String]) -> BTreeSet<String> {
    let declared = format!("pub trait {capability}:");
    let text = texts.iter().find_map(|text| text.split_once(&declared)).expect("the trait of a capability").1;
    let bounds = text.split('{').next().unwrap();
    all_between(bounds, "Submit<", &['>', '<']).into_iter().map(String::from).collect()
}

/// Where the trait of a capability is, or its export: what leaves it out elsewhere.
fn place(item: &str) -> &'static str {
    let text = fs::read_to_string(package().join("src/op/mod.rs")).unwrap();
    let is_word = |line: &str| line.split(|c: char| !c.is_alphanumeric()).any(|word| word == item);
    let lines: Vec<&str> = text.lines().collect();
    let at = lines
        .iter()
        .position(|line| line.starts_with("pub") && is_word(line))
        .unwrap_or_else(|| panic!("src/op/mod.rs does not export {item}"));
    let above = lines[..at].iter().rev().take_while(|line| !line.is_empty() && !line.starts_with("pub "));
    let place = above.filter_map(|line| match *line {
        "#[cfg(unix)]" => Some("Unix"),
        "#[cfg(target_os = \"linux\")]" => Some("Linux"),
        _ => None,
    });
    place.last().unwrap_or("everywhere")
}

fn markdown(table: &Table) -> String {
    let mut text = String::new();
    let columns = table.drivers.iter().map(|driver| format!(" `{driver}` |")).collect::<String>();
    writeln!(text, "| capability | operation | where | late |{columns}").unwrap();
    writeln!(text, "|---|---|---|---|{}", "---|".repeat(table.drivers.len())).unwrap();
    for capability in &table.capabilities {
        let (named, place) = match capability.name {
            "no_capability" => ("no capability".into(), "everywhere"),
            name => (format!("`{name}`"), place(name)),
        };
        for row in &capability.ops {
            let cells = row.cells.iter().map(|cell| format!(" {} |", cell.map_or("none", Served::name)));
            writeln!(text, "| {named} | `{}` | {place} | `{}` |{}", row.op, row.late, cells.collect::<String>())
                .unwrap();
        }
    }
    text
}

const BEGIN: &str = "<!-- Made by runtime-drivers/tests/table.rs. -->\n";
const END: &str = "<!-- End of what was made. -->\n";

/// The page in three: before the table, the table, and after it.
fn parts(page: &str) -> (&str, &str, &str) {
    let (before, rest) = page.split_once(BEGIN).expect("docs/drivers.md says where the table begins");
    let (table, after) = rest.split_once(END).expect("docs/drivers.md says where the table ends");
    (before, table, after)
}

#[test]
fn the_page_shows_what_the_types_say() {
    let made = markdown(&listed());
    let text = fs::read_to_string(page()).unwrap();
    let (before, shown, after) = parts(&text);
    if std::env::var("BESPOKE_TABLE").is_ok_and(|what| what == "write") {
        return fs::write(page(), format!("{before}{BEGIN}{made}{END}{after}")).unwrap();
    }
    assert!(
        shown == made,
        "docs/drivers.md is out of date: run BESPOKE_TABLE=write cargo test -p bespoke-drivers --test table\n{made}"
    );
}

#[test]
fn every_operation_is_a_row() {
    let (table, texts) = (listed(), sources("op"));
    for capability in table.capabilities.iter().filter(|capability| capability.name != "no_capability") {
        let rows: BTreeSet<String> = capability.ops.iter().map(|row| bare(&row.op).into()).collect();
        assert_eq!(rows, asked_for_by(capability.name, &texts), "the operations of `{}`", capability.name);
    }
    let capabilities = texts.iter().flat_map(|text| all_between(text, "pub trait ", &['{', '<', ' ', '\n']));
    for name in capabilities.filter_map(|name| name.strip_suffix(':')) {
        let known = table.capabilities.iter().any(|capability| capability.name == name);
        assert!(known || asked_for_by(name, &texts).is_empty(), "the capability `{name}` is missing in the list");
    }
    let rows: BTreeSet<&str> =
        table.capabilities.iter().flat_map(|capability| &capability.ops).map(|row| bare(&row.op)).collect();
    let implemented = texts.iter().flat_map(|text| {
        let plain = all_between(text, "Op for ", &[' ', '<', '{']);
        plain.into_iter().chain(all_between(text, "plain_op!(", &[','])).filter(|name| !name.starts_with('$'))
    });
    let missing: Vec<&str> = implemented.filter(|name| !rows.contains(name)).collect();
    assert!(missing.is_empty(), "operations of no capability, which nobody can ask for: {missing:?}");
}

#[test]
fn every_driver_is_a_column() {
    let columns: BTreeSet<&str> = listed().drivers.into_iter().map(bare).collect();
    let texts = sources("");
    let drivers = texts.iter().flat_map(|text| all_between(text, " Driver for ", &[' ', '<', '{']));
    let drivers: BTreeSet<&str> = drivers.collect();
    assert_eq!(columns, drivers, "the list of drivers in this test, and the drivers in the sources");
}

#[test]
fn every_word_of_the_table_is_explained() {
    let (table, text) = (listed(), fs::read_to_string(page()).unwrap());
    let cells = table.capabilities.iter().flat_map(|capability| &capability.ops).flat_map(|row| &row.cells);
    for word in cells.map(|cell| cell.map_or("none", Served::name)) {
        assert!(text.contains(&format!("\n| {word} |")), "docs/drivers.md does not say what \"{word}\" means");
    }
    let lates = table.capabilities.iter().flat_map(|capability| &capability.ops).map(|row| &row.late);
    for late in lates {
        assert!(text.contains(&format!("\n| `{late}` |")), "docs/drivers.md does not say what `{late}` means");
    }
}

#[test]
fn an_operation_that_a_driver_lacks_is_none() {
    assert_eq!(<Probe<Mio, Nop>>::SERVED, Some(Served::AtHand));
    assert_eq!(<Probe<Mio, u8>>::SERVED, None);
}
