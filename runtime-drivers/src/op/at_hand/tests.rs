use super::*;
use crate::sys::at_hand::the_system_tells;
use crate::sys::file::DIRECT;
use bespoke_core::roles::Resource;
use std::fs::File;
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;

/// A file that goes with the value: the ten digits.
struct Digits(PathBuf);

impl Digits {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(std::format!("bespoke-at-hand-{}-{name}", std::process::id()));
        std::fs::write(&path, "0123456789").expect("it can be written");
        Digits(path)
    }
}

impl Drop for Digits {
    fn drop(&mut self) {
        std::fs::remove_file(&self.0).expect("it was made");
    }
}

fn asked(file: &File, to: &mut [u8], at: Option<u64>) -> ReadAt {
    let file = Resource { raw: file.as_raw_fd(), key: 0 };
    ReadAt { file, to: to.as_mut_ptr(), len: to.len(), at, all: false }
}

#[test]
fn what_is_in_memory_is_read() {
    let digits = Digits::new("read");
    let (file, mut to) = (File::open(&digits.0).expect("there"), [b'x'; 4]);
    if !the_system_tells(file.as_raw_fd()) {
        return std::eprintln!("left out: the folder of temporary files does not say what is in memory");
    }
    for (at, bytes, left) in [(3, 4, b"3456"), (8, 2, b"8956"), (10, 0, b"8956"), (i64::MAX as u64 - 4, 0, b"8956")] {
        let op = asked(&file, &mut to, Some(at));
        // SAFETY: `to` is there, and nobody else uses it.
        assert_eq!(unsafe { read(&op) }, Ok((bytes, Ok(()))), "from {at}");
        assert_eq!(&to, left, "from {at}");
    }
    let op = asked(&file, &mut to, Some(u64::MAX));
    // SAFETY: as above.
    assert_eq!(unsafe { read(&op) }, Err(0), "no file has such a position: the usual way says so");
    // What is in memory ends where the file does, whatever the read asks for.
    let mut all = asked(&file, &mut to, Some(8));
    all.all = true;
    // SAFETY: as above.
    assert_eq!(unsafe { read(&all) }, Ok((2, Ok(()))));
    // A file system that does not say what it has in memory.
    let told = File::open("/proc/self/status").expect("Linux has it");
    // SAFETY: as above.
    assert_eq!(unsafe { read(&asked(&told, &mut to, Some(0))) }, Err(0));
    assert_eq!(&to, b"8956");
}

/// Of ten bytes from the second on three are in memory at first, and two more a moment later.
#[test]
fn what_is_in_memory_in_part() {
    let file = File::open("/dev/null").expect("it is there");
    let mut to = [0; 10];
    let mut calls = |all: bool, answers: &[Result<usize, Errno>]| {
        let mut op = asked(&file, &mut to, Some(1));
        op.all = all;
        let mut made = 0;
        let told = read_by(&op, |place, len, at| {
            let before: usize = answers[..made].iter().flatten().sum();
            assert_eq!((place, len, at), (op.to.wrapping_add(before), 10 - before, 1 + before as u64));
            made += 1;
            answers[made - 1]
        });
        (told, made)
    };
    let away = Err(Errno::QUEUE_FULL);
    assert_eq!(calls(false, &[Ok(3), Ok(2), away]), (Err(0), 2), "not of two moments");
    assert_eq!(calls(false, &[Ok(3), away]), (Err(0), 2), "one call reads all of it");
    assert_eq!(calls(false, &[Ok(3), Ok(0)]), (Ok((3, Ok(()))), 2), "the file ends");
    assert_eq!(calls(false, &[Ok(10)]), (Ok((10, Ok(()))), 1));
    assert_eq!(calls(false, &[Ok(0)]), (Ok((0, Ok(()))), 1));
    assert_eq!(calls(false, &[away]), (Err(0), 1));
    assert_eq!(calls(true, &[Ok(3), Ok(2), away]), (Err(5), 3), "the rest goes the usual way");
    assert_eq!(calls(true, &[Ok(3), Ok(2), Ok(0)]), (Ok((5, Ok(()))), 3), "the file ends");
    assert_eq!(calls(true, &[Ok(3), Ok(7)]), (Ok((10, Ok(()))), 2));
}

#[test]
fn what_is_not_there_is_tried_more_and_more_rarely() {
    let digits = Digits::new("rarely");
    let (file, mut to) = (File::open(&digits.0).expect("there"), [0; 4]);
    let (known, op) = (AtHand::default(), asked(&file, &mut to, Some(0)));
    for left in [1, 2, 4, 8, 16, 32, 32] {
        assert!(known.is_worth_a_try(&op));
        known.note(false);
        assert_eq!((0..left).filter(|_| known.is_worth_a_try(&op)).count(), 0, "{left} are not");
    }
    for _ in 0..3 {
        assert!(known.is_worth_a_try(&op));
        known.note(true);
    }
    assert!(known.is_worth_a_try(&op));
    known.note(false);
    assert_eq!([(); 2].map(|()| known.is_worth_a_try(&op)), [false, true], "one that was there is a new beginning");
}

#[test]
fn neither_many_bytes_nor_none_nor_without_a_position_nor_past_memory() {
    let digits = Digits::new("neither");
    let file = File::open(&digits.0).expect("there");
    let mut room = std::vec![0; AT_ONCE_MAX + 1];
    let mut worth = |len: usize, at| AtHand::default().is_worth_a_try(&asked(&file, &mut room[..len], at));
    assert_eq!([0, 1, AT_ONCE_MAX, AT_ONCE_MAX + 1].map(|len| worth(len, Some(0))), [false, true, true, false]);
    assert!(!worth(1, None));
    let direct = File::options().read(true).custom_flags(DIRECT).open(&digits.0);
    match direct {
        Ok(direct) => {
            let (known, op) = (AtHand::default(), asked(&direct, &mut room[..4096], Some(0)));
            assert_eq!([(); 2].map(|()| known.is_worth_a_try(&op)), [false, false]);
        }
        // A file system without such files.
        Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput),
    }
}
