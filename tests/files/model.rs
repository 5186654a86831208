//! Random operations on a file, and the same on a `Vec<u8>`.

use crate::support::{Random, count, runtime};
use bespoke::Config;
use bespoke::prelude::*;
use bespoke::rt::{File, OpenOptions};
use std::io::SeekFrom;
use std::path::Path;

/// What a file of the test may grow to.
const LEN_MAX: u64 = 64 << 10;
/// What one operation moves at most.
const BYTES_MAX: u64 = 3000;

/// A file, and what it should be.
struct Model {
    bytes: Vec<u8>,
    cursor: u64,
}

impl Model {
    fn read(&self, at: u64, len: usize) -> &[u8] {
        let from = (at as usize).min(self.bytes.len());
        &self.bytes[from..(from + len).min(self.bytes.len())]
    }

    fn write(&mut self, at: u64, bytes: &[u8]) {
        let end = at as usize + bytes.len();
        if !bytes.is_empty() && self.bytes.len() < end {
            self.bytes.resize(end, 0);
        }
        if !bytes.is_empty() {
            self.bytes[at as usize..end].copy_from_slice(bytes);
        }
    }
}

/// Regular files give and take all that is asked; the asserts below rely on it, so a short one shows.
pub(crate) fn random_operations_are_those_of_a_vec<C: Config<Driver: Fs>>(folder: &Path) {
    let path = folder.join("file");
    let mut random = Random::new(1);
    let operations = count(10_000, 1_000_000);
    runtime::<C>().block_on(async {
        let open = async || -> File<C> {
            OpenOptions::new().read(true).write(true).create(true).open(&path).await.expect("it can be opened")
        };
        let mut file = open().await;
        let mut model = Model { bytes: Vec::new(), cursor: 0 };
        for n in 0..operations {
            let at = random.below(LEN_MAX);
            match random.below(16) {
                0 | 1 => {
                    let len = random.below(BYTES_MAX) as usize;
                    let (read, buffer) = file.read_at(Vec::with_capacity(len), at).await;
                    assert_eq!(read.expect("open"), buffer.len(), "operation {n}");
                    assert!(buffer.capacity() >= len);
                    assert!(buffer == model.read(at, buffer.capacity()), "operation {n}: read_at {at}");
                }
                2 => {
                    let len = random.below(BYTES_MAX) as usize;
                    let (read, buffer) = file.read_exact_at(vec![0; len], at).await;
                    let expected = model.read(at, len);
                    assert_eq!(read.is_ok(), expected.len() == len, "operation {n}");
                    assert!(buffer == expected, "operation {n}: read_exact_at {at}");
                }
                3 => {
                    let list = [0; 3].map(|_| vec![0; random.below(BYTES_MAX / 3) as usize]);
                    let len = list.iter().map(Vec::len).sum();
                    let (read, list) = file.read_vectored_at(list, at).await;
                    let expected = model.read(at, len);
                    assert_eq!(read.expect("open"), expected.len(), "operation {n}");
                    assert!(list.concat() == expected, "operation {n}: read_vectored_at {at}");
                }
                4 | 5 => {
                    let (written, bytes) = file.write_at(random.bytes(BYTES_MAX), at).await;
                    assert_eq!(written.expect("open"), bytes.len(), "operation {n}");
                    model.write(at, &bytes);
                }
                6 => {
                    let (written, bytes) = file.write_all_at(random.bytes(BYTES_MAX), at).await;
                    written.expect("open");
                    model.write(at, &bytes);
                }
                7 => {
                    let list: Vec<_> = (0..random.below(6)).map(|_| random.bytes(BYTES_MAX / 6)).collect();
                    let (written, list) = file.write_vectored_at(list, at).await;
                    let bytes = list.concat();
                    assert_eq!(written.expect("open"), bytes.len(), "operation {n}");
                    model.write(at, &bytes);
                }
                8 | 9 => {
                    let len = random.below(BYTES_MAX) as usize;
                    let (read, buffer) = file.read(vec![0; len]).await;
                    assert_eq!(read.expect("open"), buffer.len());
                    assert!(buffer == model.read(model.cursor, len), "operation {n}: read at {}", model.cursor);
                    model.cursor += buffer.len() as u64;
                }
                10 => {
                    if model.cursor > LEN_MAX {
                        continue;
                    }
                    let (written, bytes) = file.write_all(random.bytes(BYTES_MAX)).await;
                    written.expect("open");
                    model.write(model.cursor, &bytes);
                    model.cursor += bytes.len() as u64;
                }
                11 => {
                    let to = match random.below(3) {
                        0 => SeekFrom::Start(at),
                        1 => SeekFrom::Current(at as i64 - (LEN_MAX / 2) as i64),
                        _ => SeekFrom::End(at as i64 - LEN_MAX as i64),
                    };
                    let expected = match to {
                        SeekFrom::Start(at) => Some(at),
                        SeekFrom::Current(by) => model.cursor.checked_add_signed(by),
                        SeekFrom::End(by) => (model.bytes.len() as u64).checked_add_signed(by),
                    };
                    assert_eq!(file.seek(to).await.ok(), expected, "operation {n}: {to:?}");
                    model.cursor = expected.unwrap_or(model.cursor);
                }
                12 => {
                    file.set_len(at).await.expect("open");
                    model.bytes.resize(at as usize, 0);
                }
                13 => {
                    let len = file.metadata().await.expect("open").len();
                    assert_eq!(len, model.bytes.len() as u64, "operation {n}");
                    assert_eq!(file.stream_position().expect("a regular file"), model.cursor);
                }
                14 if random.once_in(20) => {
                    file = open().await;
                    model.cursor = 0;
                }
                15 if random.once_in(20) => {
                    file = file.try_clone().expect("a descriptor is left");
                    file.sync_data().await.expect("open");
                }
                _ => {}
            }
            if n % 1000 == 0 {
                assert!(std::fs::read(&path).expect("it is there") == model.bytes, "operation {n}: the whole");
            }
        }
    });
    println!("{operations} operations");
}
