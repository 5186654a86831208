use super::super::testing::{Script, now, once};
use super::super::{BufReader, BufWriter, Reads, Writes, copy, copy_bidirectional, duplex};
use super::{ErasedIo, ErasedReader, ErasedWriter};
use std::io::ErrorKind;
use std::string::String;
use std::vec;
use std::vec::Vec;

#[test]
fn streams_of_all_types_in_one_list() {
    let (a, mut peer) = duplex(64);
    let mut streams = vec![
        ErasedIo::from(a),
        ErasedIo::new(&b"script"[..], Vec::new()),
        ErasedIo::new(BufReader::new(Script::new([&b"one "[..], b"two"])), BufWriter::new(Vec::new())),
    ];
    now(peer.write_all(b"memory".to_vec())).0.unwrap();
    drop(peer.into_split().1);
    let mut texts = Vec::new();
    for stream in &mut streams {
        let mut text = String::new();
        now(stream.read_to_string(&mut text)).unwrap();
        texts.push(text);
    }
    assert_eq!(texts, ["memory", "script", "one two"]);
    for stream in &mut streams[1..] {
        let (written, back) = now(stream.write_all(b"back".to_vec()));
        written.unwrap();
        assert_eq!(back, b"back");
        now(stream.flush()).unwrap();
        now(stream.end_writes()).unwrap();
    }
    let error = now(streams[0].write(b"x".to_vec())).0.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BrokenPipe);
}

/// A write is over when the stream has the bytes, and a dropped one goes on with the next.
#[test]
fn write_waits_until_the_stream_has_the_bytes() {
    let (ours, mut theirs) = duplex(4);
    let mut writer = ErasedWriter::new(ours);
    assert!(once(writer.write(b"abcdef".to_vec())).is_none(), "two of them are not sent yet");
    let mut buffer = [0; 8];
    assert_eq!(now(theirs.read(&mut buffer)).unwrap(), 4);
    assert_eq!(now(writer.write(b"g".to_vec())).0.unwrap(), 1, "after the rest of the dropped one");
    assert_eq!(now(theirs.read(&mut buffer)).unwrap(), 3);
    assert_eq!(&buffer[..3], b"efg");
    assert!(once(writer.write_all(vec![1; 5])).is_none());
    drop(theirs);
    assert_eq!(now(writer.flush()).unwrap_err().kind(), ErrorKind::BrokenPipe);
}

#[test]
fn dropped_reads_lose_nothing() {
    let mut reader = ErasedReader::new(Script::new([&b""[..], b"abc", b"", b"", b"def"]));
    let (mut got, mut waits, mut buffer) = (Vec::new(), 0, [0; 2]);
    loop {
        match once(reader.read(&mut buffer)) {
            None => waits += 1,
            Some(read) => match read.unwrap() {
                0 => break,
                n => got.extend_from_slice(&buffer[..n]),
            },
        }
    }
    assert_eq!((&got[..], waits), (&b"abcdef"[..], 3));
}

#[test]
fn copies_take_it_as_any_other() {
    let (a, b) = duplex(100_000);
    let (mut a, mut b) = (ErasedIo::from(a), ErasedIo::from(b));
    let all: Vec<u8> = (0..50_000u32).map(|n| n as u8).collect();
    assert_eq!(now(copy(&mut &all[..], &mut a)).unwrap(), 50_000);
    now(a.end_writes()).unwrap();
    let mut sink = ErasedIo::new(super::super::empty(), super::super::sink());
    assert_eq!(now(copy_bidirectional(&mut b, &mut sink)).unwrap(), (50_000, 0));
}
