//! Reads until the end, parts, chains and copies, over readers that wait.

use super::testing::{Script, now, once};
use super::{BufReader, BufWriter, Reads, Writes, copy, copy_bidirectional, duplex, empty, join, repeat, sink};
use bespoke_core::io::IoBuf;
use core::pin::pin;
use core::task::{Context, Poll, Waker};
use std::io::ErrorKind;
use std::string::String;
use std::vec::Vec;

fn cx() -> Context<'static> {
    Context::from_waker(Waker::noop())
}

#[test]
fn read_to_end_appends_and_grows_only_as_needed() {
    let lens = [0, 1, 31, 32, 33, 8191, 8192, 8193, 50_000];
    for len in lens.into_iter().filter(|len| !cfg!(miri) || *len < 100) {
        let all: Vec<u8> = (0..len).map(|n| n as u8).collect();
        for part in [1, 7, 4096, 100_000] {
            let mut to = b"before".to_vec();
            assert_eq!(now(Script::new(all.chunks(part)).read_to_end(&mut to)).unwrap(), len);
            assert!(to.starts_with(b"before") && to[6..] == all);
        }
        let mut fits = Vec::with_capacity(len);
        let room = fits.capacity();
        now((&all[..]).read_to_end(&mut fits)).unwrap();
        assert_eq!((&fits, fits.capacity()), (&all, room), "a vector of the right size does not grow");
    }
}

#[test]
fn dropped_read_to_end_has_kept_what_it_read() {
    let parts = [&b"one "[..], b"", b"two ", b"", b"", b"three"];
    let (mut script, mut to) = (Script::new(parts), b"> ".to_vec());
    let mut waits = 0;
    // Polled once and dropped, again and again: each time it gets as far as the next wait.
    while once(script.read_to_end(&mut to)).is_none() {
        waits += 1;
        assert!(b"> one two three".starts_with(&to[..]), "{to:?}");
    }
    assert_eq!((waits, &to[..]), (3, &b"> one two three"[..]));
}

#[test]
fn read_to_string_takes_text_or_leaves_the_string() {
    let mut to = String::from("> ");
    assert_eq!(now(Script::new([&b"\xc3"[..], b"\xa9"]).read_to_string(&mut to)).unwrap(), 2);
    assert_eq!(to, "> é");
    let error = now((&b"ok \xff"[..]).read_to_string(&mut to)).unwrap_err();
    assert_eq!((error.kind(), &*to), (ErrorKind::InvalidData, "> é"));
}

#[test]
fn read_exact_tells_of_an_early_end() {
    let mut four = [0; 4];
    now(Script::new([&b"a"[..], b"bcde"]).read_exact(&mut four)).unwrap();
    assert_eq!(&four, b"abcd");
    let error = now((&b"abc"[..]).read_exact(&mut four)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
}

#[test]
fn take_ends_and_leaves_the_rest() {
    let mut stream = &b"head:body"[..];
    let (mut head, mut rest) = (Vec::new(), Vec::new());
    let mut taken = (&mut stream).take(5);
    assert_eq!(now(taken.read(&mut [])).unwrap(), 0);
    now(taken.read_to_end(&mut head)).unwrap();
    assert_eq!((taken.limit(), &head[..]), (0, &b"head:"[..]));
    taken.set_limit(1);
    now(taken.read_to_end(&mut head)).unwrap();
    now(stream.read_to_end(&mut rest)).unwrap();
    assert_eq!((&head[..], &rest[..]), (&b"head:b"[..], &b"ody"[..]));
    // Shorter than the limit, and a read that waits and is dropped counts nothing.
    let mut script = Script::new([&b""[..], b"abc"]).take(100);
    assert!(once(script.read(&mut [0; 9])).is_none());
    assert_eq!((now(script.read(&mut [0; 9])).unwrap(), script.limit()), (3, 97));
}

#[test]
fn chain_goes_on_with_the_second_and_never_back() {
    let mut chain = Script::new([&b"ab"[..]]).chain(Script::new([&b"cd"[..], b"e"]));
    assert_eq!(now(chain.read(&mut [])).unwrap(), 0, "an empty buffer says nothing about the end");
    let mut all = Vec::new();
    now(chain.read_to_end(&mut all)).unwrap();
    assert_eq!(all, b"abcde");
    let asked = chain.get_ref().0.reads;
    assert_eq!(now(chain.read(&mut [0; 4])).unwrap(), 0);
    assert_eq!(chain.get_ref().0.reads, asked, "who has ended is not asked again");
}

#[test]
fn constants() {
    let mut four = [1; 4];
    assert_eq!(now(empty().read(&mut four)).unwrap(), 0);
    assert_eq!(now(repeat(7).read(&mut four)).unwrap(), 4);
    assert_eq!(four, [7; 4]);
    let (written, back) = now(sink().write_all(vec![1, 2]));
    written.unwrap();
    assert_eq!(back, [1, 2]);
    let mut vector = vec![0];
    now(vector.write_all(vec![1, 2].slice(1..))).0.unwrap();
    assert_eq!(vector, [0, 2]);
}

/// While the reader waits, the writer keeps nothing.
#[test]
fn copy_flushes_before_it_waits_and_at_the_end() {
    let (mut source, mut from) = duplex(64);
    let mut to = BufWriter::new(Vec::new());
    let mut copying = pin!(async {
        let copied = copy(&mut from, &mut to).await;
        (copied, to)
    });
    assert!(copying.as_mut().poll(&mut cx()).is_pending());
    now(source.write_all(b"question".to_vec())).0.unwrap();
    assert!(copying.as_mut().poll(&mut cx()).is_pending());
    now(source.write_all(b", more".to_vec())).0.unwrap();
    drop(source);
    let Poll::Ready((copied, to)) = copying.as_mut().poll(&mut cx()) else { panic!("it has ended") };
    assert_eq!((copied.unwrap(), to.buffer()), (14, &b""[..]));
    assert_eq!(to.into_inner(), b"question, more");

    // Seen while it waits: the question is through.
    let (mut source, from) = duplex(64);
    let (to, mut target) = duplex(64);
    let (mut from, mut to) = (from, BufWriter::new(to));
    let mut copying = pin!(copy(&mut from, &mut to));
    now(source.write_all(b"question".to_vec())).0.unwrap();
    assert!(copying.as_mut().poll(&mut cx()).is_pending());
    let mut got = [0; 8];
    assert_eq!(now(target.read(&mut got)).unwrap(), 8);
}

#[test]
fn copy_in_both_directions_of_anything() {
    let (mut left, mut a) = duplex(16);
    let (b, mut right) = duplex(16);
    let (reader, writer) = b.into_split();
    let mut b = join(BufReader::new(reader), BufWriter::new(writer));
    let mut copying = pin!(copy_bidirectional(&mut a, &mut b));
    let mut got = Vec::new();
    now(left.write_all(b"ask".to_vec())).0.unwrap();
    now(left.end_writes()).unwrap();
    assert!(copying.as_mut().poll(&mut cx()).is_pending());
    now(right.read_to_end(&mut got)).unwrap();
    assert_eq!(got, b"ask", "the end of one direction is passed on while the other is open");
    let answer: Vec<u8> = (0..100).collect();
    let mut answering = pin!(async {
        right.write_all(answer.clone()).await.0.unwrap();
        drop(right);
    });
    let mut back = Vec::new();
    let (mut answered, mut copied) = (false, None);
    while copied.is_none() {
        answered = answered || answering.as_mut().poll(&mut cx()).is_ready();
        if let Poll::Ready(done) = copying.as_mut().poll(&mut cx()) {
            copied = Some(done.unwrap());
        }
        let _ = once(left.read_to_end(&mut back));
    }
    assert!(answered && back == answer && copied == Some((3, 100)));
}

/// Generic code can be spawned on every scheduler.
#[test]
fn futures_of_generic_code_are_send() {
    fn send<T: Send>(_: T) {}
    fn all<R: Reads, W: Writes, A: super::Duplex, B: super::Duplex>(r: R, w: W, mut a: A, mut b: B) {
        let (mut r, mut w) = (r.take(1).chain(empty()), BufWriter::new(w));
        send(copy(&mut r, &mut w));
        send(copy_bidirectional(&mut a, &mut b));
        send(r.read_to_end(&mut Vec::new()));
        send(r.read_to_string(&mut String::new()));
        send(r.read_exact(&mut []));
        send(w.write(Vec::new()));
        send(w.flush());
    }
    let (a, b) = duplex(1);
    all(empty(), sink(), a, b);
}
