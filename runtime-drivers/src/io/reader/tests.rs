//! The reader over a script of what each read yields: against the whole text cut at its ends of lines.

use super::super::testing::{Script, next, now, once};
use super::*;

#[test]
fn lines_are_those_of_the_text_however_it_comes_and_whatever_is_dropped() {
    let mut state = 7;
    let mut dropped = 0;
    let rounds = if cfg!(miri) { 20 } else { 500 };
    for round in 0..rounds {
        let len = next(&mut state, 200);
        let text: String = (0..len).map(|_| ["a", "b", "é", "\n", "\r\n"][next(&mut state, 5)]).collect();
        let mut parts: Vec<&[u8]> = Vec::new();
        let mut rest = text.as_bytes();
        while !rest.is_empty() {
            let (part, later) = rest.split_at(1 + next(&mut state, rest.len().min(20)));
            parts.push(part);
            rest = later;
            if next(&mut state, 2) == 0 {
                parts.push(b"");
            }
        }
        let capacity = 1 + next(&mut state, 30);
        let mut lines = BufReader::with_capacity(capacity, Script::new(parts)).lines();
        let mut got: Vec<String> = Vec::new();
        loop {
            match next(&mut state, 3) {
                0 => {
                    let mut to = String::from("kept ");
                    match once(lines.get_mut().read_line(&mut to)) {
                        None => dropped += usize::from(to == "kept "),
                        Some(Ok(0)) => break,
                        Some(read) => {
                            assert_eq!(read.expect("text") + "kept ".len(), to.len());
                            got.push(to["kept ".len()..].trim_end_matches('\n').trim_end_matches('\r').into());
                        }
                    }
                }
                1 => {
                    let mut to = Vec::new();
                    match once(lines.get_mut().read_until(b'\n', &mut to)) {
                        None => dropped += usize::from(to.is_empty()),
                        Some(Ok(0)) => break,
                        Some(read) => {
                            assert_eq!(read.expect("read"), to.len());
                            let line = String::from_utf8(to).expect("text");
                            got.push(line.trim_end_matches('\n').trim_end_matches('\r').into());
                        }
                    }
                }
                _ => match once(lines.next_line()) {
                    None => dropped += 1,
                    Some(line) => match line.expect("text") {
                        Some(line) => got.push(line.into()),
                        None => break,
                    },
                },
            }
        }
        assert_eq!(got, text.lines().collect::<Vec<_>>(), "round {round}, buffer of {capacity}");
    }
    assert!(dropped > 2 * rounds, "only {dropped} calls were dropped under way");
}

#[test]
fn a_line_may_be_as_long_as_allowed_and_no_longer() {
    for (text, first) in [("12345\nx", Some("12345\n")), ("123456\n", None), ("12345", Some("12345")), ("123456", None)]
    {
        for part in [1, 3, 100] {
            for capacity in [1, 4, 6, 64] {
                let script = Script::new(text.as_bytes().chunks(part));
                let mut reader = BufReader::with_capacity(capacity, script).max_line(6);
                let mut to = String::new();
                match (now(reader.read_line(&mut to)), first) {
                    (Ok(len), Some(line)) => assert_eq!((len, &*to), (line.len(), line)),
                    (Err(error), None) => {
                        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
                        assert!(error.to_string().contains("6 bytes"), "{error}");
                        assert_eq!(to, "");
                        assert!(now(reader.read_line(&mut to)).is_err(), "it is no shorter when asked again");
                        assert!(reader.buffer.len() <= capacity.max(6), "the buffer grew to {}", reader.buffer.len());
                        let mut all = std::vec![0; text.len()];
                        now(reader.read_exact(&mut all)).expect("nothing was taken");
                        assert_eq!(all, text.as_bytes());
                    }
                    (got, want) => panic!("{got:?}, not {want:?}: {text:?} in parts of {part}, buffer of {capacity}"),
                }
            }
        }
    }
}

#[test]
fn a_line_that_is_no_text_stays_and_is_taken_as_bytes() {
    let mut lines = BufReader::new(Script::new([&b"ok\n\xff\xfe\nafter\n"[..]])).lines();
    assert_eq!(now(lines.next_line()).expect("text"), Some("ok"));
    for _ in 0..2 {
        assert_eq!(now(lines.next_line()).expect_err("no text").kind(), io::ErrorKind::InvalidData);
        assert_eq!(
            now(lines.get_mut().read_line(&mut String::new())).expect_err("no text").kind(),
            io::ErrorKind::InvalidData
        );
    }
    let mut bytes = Vec::new();
    assert_eq!(now(lines.get_mut().read_until(b'\n', &mut bytes)).expect("bytes"), 3);
    assert_eq!(bytes, b"\xff\xfe\n");
    assert_eq!(now(lines.next_line()).expect("text"), Some("after"));
    assert_eq!(now(lines.next_line()).expect("text"), None);
}

#[test]
fn small_reads_share_a_read_and_big_ones_pass_the_buffer() {
    let mut reader = BufReader::with_capacity(8, Script::new([&b"abcdefgh"[..], &b"0123456789"[..]]));
    let mut two = [0; 2];
    for _ in 0..4 {
        assert_eq!(now(reader.read(&mut two)).expect("read"), 2);
    }
    assert_eq!((&two, reader.get_ref().reads), (b"gh", 1));
    let mut big = [0; 16];
    assert_eq!(now(reader.read(&mut big)).expect("read"), 10);
    assert_eq!((reader.get_ref().reads, reader.buffer()), (2, &b""[..]));
    assert_eq!(now(reader.read(&mut [])).expect("nothing is asked for"), 0);
    assert_eq!(now(reader.fill_buf()).expect("the end"), b"");
}

#[test]
#[should_panic(expected = "3 bytes were consumed of a buffer that holds 0")]
fn what_is_not_there_cannot_be_consumed() {
    BufReader::new(Script::new([])).consume(3);
}
