use super::*;
use crate::compare::tests::table;
use crate::field::Said;
use crate::table;

const FACTS: [(&str, &str); 6] = [
    ("cores", "2 x a processor"),
    ("kernel", "6"),
    ("rustc", "1"),
    ("commit", "c0ffee"),
    ("crates", "smol 1, tokio 1"),
    ("command", "cargo peers"),
];

/// A row of the bench with the figures of `compare`'s table, those that are no column's left out.
fn row(name: &str) -> Table {
    let mut row = Table { name: name.into(), ..table() };
    let known = rows::find(name).expect("a row of the bench");
    (row.title, row.measures) = (known.title.into(), known.measures);
    row.columns.retain(|samples| COLUMNS.contains(&samples.column));
    row
}

fn sitting(facts: &[(&str, &str)], names: &[&str]) -> String {
    let said = Said { crate_name: "smol".into(), notes: vec![("spawn-join".into(), "a remark".into())] };
    let mut text = jsonl::begins(&Machine::of(facts), &SaidOf::from([("smol", said)]));
    text.extend(names.iter().map(|name| jsonl::row(&row(name))));
    text
}

fn read(texts: &[String]) -> Result<Sittings, String> {
    let folder = std::env::temp_dir().join(format!("bespoke-sittings-{}-{:p}", std::process::id(), texts));
    std::fs::create_dir_all(&folder).unwrap();
    let write = |(n, text): (usize, &String)| {
        let path = folder.join(format!("{n}.jsonl"));
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let files: Vec<String> = texts.iter().enumerate().map(write).collect();
    let read = Sittings::read(&files);
    std::fs::remove_dir_all(&folder).unwrap();
    read
}

#[test]
fn two_sittings_make_the_table_of_one() {
    let whole = [row("spawn-join"), row("yield-1"), row("start")];
    let read = read(&[
        sitting(&FACTS, &["start"]) + &jsonl::ends("7 s"),
        sitting(&FACTS, &["spawn-join"]) + &sitting(&FACTS, &["yield-1"]),
    ])
    .unwrap();
    let text = |tables: &[Table], said: &SaidOf| table::markdown(&Machine::default(), tables, said, false);
    assert_eq!(text(&read.tables, &read.said), text(&whole, &read.said), "in the order of the table, and each figure");
    assert!(text(&read.tables, &read.said).contains("- spawn-join, smol: a remark.\n"));
    let machine = read.machine();
    let sittings: Vec<&str> = machine.facts().filter(|(fact, _)| *fact == "sitting").map(|(_, value)| value).collect();
    assert_eq!(sittings, ["cargo peers; 7 s", "cargo peers; cut short", "cargo peers; cut short"]);
    assert_eq!(machine.fact("commit"), Some("c0ffee"));
    assert!(!read.quick());
}

#[test]
fn what_a_machine_does_not_count_is_missing_at_the_end_of_a_sample() {
    let mut echo = row("echo-1");
    for samples in &mut echo.columns {
        for round in &mut samples.rounds {
            *round = (0..5).map(|n| round[0] + f64::from(n) / 3.0).collect();
        }
    }
    let read = read(&[jsonl::begins(&Machine::of(&FACTS), &SaidOf::new()) + &jsonl::row(&echo)]).unwrap();
    for (read, was) in read.tables[0].columns.iter().zip(&echo.columns) {
        assert_eq!((read.column, &read.rounds, &read.failure), (was.column, &was.rounds, &was.failure));
    }
}

#[test]
fn what_does_not_belong_together_is_refused() {
    let mut other = FACTS;
    other[3].1 = "decaf";
    let one = sitting(&FACTS, &["start"]);
    for (texts, why) in [
        (vec![one.clone(), sitting(&FACTS, &["start"])], "1.jsonl, line 3: another sitting has the row start"),
        (
            vec![one.clone(), sitting(&other, &["yield-1"])],
            "line 1: the commit of another sitting was 'c0ffee', and here it is 'decaf'",
        ),
        (vec![one.replace("\"start\"", "\"strat\"")], "no row is called 'strat'"),
        (vec![one.replace("time per op", "time")], "start measures no 'time' in this version of the bench"),
        (vec![one.replace("\"bespoke\"", "\"bespork\"")], "no runtime is called 'bespork'"),
        (vec![jsonl::row(&row("start"))], "a sitting begins with its machine"),
        (vec![one.clone() + &jsonl::row(&row("start"))], "start, tokio: the measures are in another order, or twice"),
        (vec![one.replace("10]", "ten]")], "a value was due"),
        (vec![one.replace("[10, ", "[null, ")], "start: a sample that is no number"),
        (vec![jsonl::begins(&Machine::of(&FACTS), &SaidOf::new())], "there is no sample in these files"),
    ] {
        let said = read(&texts).map(|_| ()).unwrap_err();
        assert!(said.contains(why), "'{said}' does not say '{why}'");
    }
}

#[test]
fn a_quick_sitting_makes_a_quick_table() {
    let mut quick = FACTS;
    quick[5].1 = "cargo peers --quick --append a.jsonl";
    assert!(read(&[sitting(&FACTS, &["start"]), sitting(&quick, &["yield-1"])]).unwrap().quick());
}

#[test]
fn a_book_goes_on_where_it_stopped() {
    let path = std::env::temp_dir().join(format!("bespoke-book-{}.jsonl", std::process::id()));
    let name = path.to_str().unwrap();
    let _ = std::fs::remove_file(&path);
    let machine = Machine::of(&FACTS);
    for (has, takes) in [(vec![], "start"), (vec!["start"], "yield-1"), (vec!["start", "yield-1"], "spawn-join")] {
        let mut book = Book::open(name, true).unwrap();
        assert!(has.iter().all(|row| book.has(row)) && !book.has(takes));
        book.begins(&machine, &SaidOf::new()).unwrap();
        book.row(&row(takes)).unwrap();
        book.ends("1 s").unwrap();
    }
    let rows: Vec<String> =
        Sittings::read(&[name.into()]).unwrap().tables.into_iter().map(|table| table.name).collect();
    assert_eq!(rows, ["spawn-join", "yield-1", "start"]);
    let mut elsewhere = FACTS;
    elsewhere[1].1 = "7";
    let why = Book::open(name, true).unwrap().begins(&Machine::of(&elsewhere), &SaidOf::new()).unwrap_err();
    assert!(why.contains("the kernel of another sitting was '6', and here it is '7'"), "{why}");
    // Without `append` it begins anew.
    assert!(!Book::open(name, false).unwrap().has("start"));
    assert!(Sittings::read(&[name.into()]).is_err());
    std::fs::remove_file(&path).unwrap();
}
