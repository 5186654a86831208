//! The command line: parsed by hand, one clear line per mistake.

use core::fmt::Write;

use crate::peers::{self, Entry, PEERS};
use crate::rows::{self, Place, ROWS, Row};

/// What the command line asks for.
#[derive(Debug)]
pub(crate) enum Command {
    /// Print the help.
    Help,
    /// Run rows and print the table.
    Bench(Plan),
    /// Run one loop for an outside instruction counter.
    Count(Loop),
    /// One sample or one server; the bench calls itself so.
    Child(Child),
    /// The load generator of a counted server; the bench calls itself so.
    Load(Load),
}

/// What a run measures and where its table goes.
#[derive(Debug)]
pub(crate) struct Plan {
    /// The rows, in table order.
    pub(crate) rows: Vec<Row>,
    /// The peers, in table order; the first is the reference.
    pub(crate) peers: Vec<Entry>,
    /// Rounds for every row, instead of each row's own number.
    pub(crate) rounds: Option<u32>,
    /// Where the JSON goes.
    pub(crate) json: Option<String>,
    /// Where the Markdown goes besides standard output.
    pub(crate) markdown: Option<String>,
    /// Whether to count system calls of the 50-connection server.
    pub(crate) strace: bool,
}

/// One loop of one peer.
#[derive(Debug)]
pub(crate) struct Loop {
    /// The row whose loop runs.
    pub(crate) row: Row,
    /// The peer that runs it.
    pub(crate) peer: Entry,
    /// How many operations (requests, for an echo row).
    pub(crate) ops: u64,
}

/// One child: a sample, or a server if the row is an echo row.
#[derive(Debug)]
pub(crate) struct Child {
    /// Row, peer and amount.
    pub(crate) what: Loop,
    /// The core to pin to.
    pub(crate) core: usize,
}

/// What the load generator of a counted server does.
#[derive(Debug)]
pub(crate) struct Load {
    /// The server's port on 127.0.0.1.
    pub(crate) port: u16,
    /// Connections at once.
    pub(crate) connections: usize,
    /// Requests in all.
    pub(crate) requests: u64,
}

/// Parses the arguments that follow the program's name.
///
/// # Errors
/// One line that names the first mistake.
pub(crate) fn parse(line: &[String]) -> Result<Command, String> {
    let mut plan =
        Plan { rows: ROWS.to_vec(), peers: PEERS.to_vec(), rounds: None, json: None, markdown: None, strace: false };
    let (mut count, mut child, mut peer, mut ops, mut core, mut load) = (None, None, None, None, None, Vec::new());
    let mut words = line.iter();
    while let Some(word) = words.next() {
        let mut value = || words.next().map(String::as_str).ok_or_else(|| format!("{word} needs a value"));
        match word.as_str() {
            "-h" | "--help" => return Ok(Command::Help),
            "--only" => plan.rows = chosen(value()?, "row", ROWS, |row| row.name)?,
            "--peers" => plan.peers = chosen(value()?, "peer", PEERS, |peer| peer.name)?,
            "--rounds" => plan.rounds = Some(number(word, value()?)? as u32),
            "--json" => plan.json = Some(value()?.to_owned()),
            "--md" => plan.markdown = Some(value()?.to_owned()),
            "--strace" => plan.strace = true,
            "--count" => count = Some(row(value()?)?),
            "--child" => child = Some(row(value()?)?),
            "--peer" => peer = Some(one_peer(value()?)?),
            "--ops" => ops = Some(number(word, value()?)?),
            "--core" => core = Some(value()?.parse().map_err(|_| "--core needs a core number".to_owned())?),
            "--load" => load = (0..3).map(|_| number(word, value()?)).collect::<Result<_, _>>()?,
            other => return Err(format!("unknown argument '{other}'")),
        }
    }
    if let [port, connections, requests] = load[..] {
        let port = u16::try_from(port).map_err(|_| "--load: the port is above 65535".to_owned())?;
        return Ok(Command::Load(Load { port, connections: connections as usize, requests }));
    }
    if count.is_some() && child.is_some() {
        return Err("--count and --child exclude each other".into());
    }
    let Some(row) = count.or(child) else {
        if peer.is_some() || ops.is_some() || core.is_some() {
            return Err("--peer, --ops and --core belong to --count".into());
        }
        return Ok(Command::Bench(plan));
    };
    let peer = peer.ok_or("--count needs --peer")?;
    let what = Loop { row, peer, ops: ops.unwrap_or(row.amount) };
    match (child.is_some(), core) {
        (false, None) => Ok(Command::Count(what)),
        (false, Some(_)) => Err("--core belongs to --child".into()),
        (true, core) => Ok(Command::Child(Child { what, core: core.ok_or("--child needs --core")? })),
    }
}

/// The text of `--help`.
pub(crate) fn help() -> String {
    let mut text = String::from(
        "The same small pieces of work on several async runtimes, interleaved in one run.

usage: bespoke-peers [--only ROW[,ROW]] [--peers PEER[,PEER]] [--rounds N] [--strace] [--json FILE] [--md FILE]
       bespoke-peers --count ROW --peer PEER [--ops N]

  --only ROWS     only these rows
  --peers PEERS   only these peers; ratios are to the first of them in the order below
  --rounds N      N samples per peer and row (six or more for a 95 % interval); each row has its own default
  --strace        also count system calls per request of echo-50 (needs strace)
  --json FILE     write all samples as JSON
  --md FILE       write the table as Markdown (it goes to standard output in any case)
  --count ROW     run just that row's loop, for an instruction counter outside; see README.md
  --peer PEER     with --count: the peer that runs it
  --ops N         with --count: how many operations

rows (samples per peer by default):
",
    );
    for row in ROWS {
        let place = match row.place {
            Place::Here => "",
            Place::Child => ", a child per sample",
            Place::Server => ", server on a core of its own",
        };
        let _ = writeln!(text, "  {:<16} {} ({}{place})", row.name, row.title, row.rounds);
    }
    text.push_str("\npeers:\n ");
    for peer in PEERS {
        let _ = write!(text, " {}", peer.name);
    }
    text.push('\n');
    text
}

fn row(name: &str) -> Result<Row, String> {
    rows::find(name).ok_or_else(|| format!("no row is called '{name}'"))
}

fn one_peer(name: &str) -> Result<Entry, String> {
    peers::find(name).ok_or_else(|| format!("no peer is called '{name}'"))
}

fn number(option: &str, text: &str) -> Result<u64, String> {
    let parsed = text.parse().ok().filter(|&n| (1..=u64::from(u32::MAX)).contains(&n));
    parsed.ok_or_else(|| format!("{option} needs a number of 1 or more, not '{text}'"))
}

/// Picks the named entries of `all`, in the order of `all`.
fn chosen<T: Copy>(names: &str, kind: &str, all: &[T], name: fn(&T) -> &str) -> Result<Vec<T>, String> {
    let wanted: Vec<&str> = names.split(',').collect();
    match wanted.iter().find(|wanted| !all.iter().any(|one| name(one) == **wanted)) {
        Some(unknown) => Err(format!("no {kind} is called '{unknown}'")),
        None => Ok(all.iter().copied().filter(|one| wanted.contains(&name(one))).collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Command, String> {
        parse(&line.split_ascii_whitespace().map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn nothing_means_everything() {
        let Ok(Command::Bench(plan)) = parsed("") else { panic!("an empty line is a bench") };
        assert_eq!((plan.rows.len(), plan.peers.len(), plan.rounds), (ROWS.len(), PEERS.len(), None));
    }

    #[test]
    fn the_reference_stays_first_whatever_the_order() {
        let Ok(Command::Bench(plan)) = parsed("--peers smol,tokio --only timers") else { panic!("a valid line") };
        assert_eq!(plan.peers.iter().map(|peer| peer.name).collect::<Vec<_>>(), ["tokio", "smol"]);
        assert_eq!(plan.rows[0].name, "timers");
    }

    #[test]
    fn each_mistake_has_its_line() {
        for (line, message) in [
            ("--only", "--only needs a value"),
            ("--only spwan", "no row is called 'spwan'"),
            ("--peers tokio,mio", "no peer is called 'mio'"),
            ("--rounds 0", "--rounds needs a number of 1 or more, not '0'"),
            ("--fast", "unknown argument '--fast'"),
            ("--count timers", "--count needs --peer"),
            ("--ops 3", "--peer, --ops and --core belong to --count"),
            ("--child timers --peer tokio", "--child needs --core"),
        ] {
            assert_eq!(parsed(line).err().as_deref(), Some(message), "{line}");
        }
    }

    #[test]
    fn names_are_unique() {
        for (index, row) in ROWS.iter().enumerate() {
            assert_eq!(ROWS.iter().position(|other| other.name == row.name), Some(index));
        }
        for (index, peer) in PEERS.iter().enumerate() {
            assert_eq!(PEERS.iter().position(|other| other.name == peer.name), Some(index));
        }
    }
}
