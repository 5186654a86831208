//! Names that nothing has, names that are exchanged.

use crate::drops::at_random;
use crate::support::{Random, count, runtime};
use bespoke::Config;
use bespoke::prelude::*;
use bespoke::rt::{Rename, fs};
use core::pin::pin;
use std::io::ErrorKind;
use std::path::Path;

pub(crate) fn nothing_is_lost<C: Config<Driver: Fs>>(folder: &Path) {
    let [one, other, new, sub] = ["one", "other", "new", "sub"].map(|name| folder.join(name));
    let reads = |path: &Path| std::fs::read_to_string(path).expect("there");
    runtime::<C>().block_on(async {
        std::fs::write(&one, "1").expect("new");
        std::fs::write(&other, "2").expect("new");
        let kind = async |from: &Path, to: &Path, how| {
            let error = fs::rename_with::<C>(from, to, how).await.expect_err("refused");
            for path in [from, to] {
                assert!(error.to_string().contains(path.to_str().expect("text")), "{error} does not name {path:?}");
            }
            error.kind()
        };
        assert_eq!(kind(&one, &other, Rename::NoReplace).await, ErrorKind::AlreadyExists);
        assert_eq!((reads(&one), reads(&other)), ("1".into(), "2".into()));
        fs::rename_with::<C>(&one, &new, Rename::NoReplace).await.expect("nothing has that name");
        assert!(!one.exists() && reads(&new) == "1");

        fs::rename_with::<C>(&new, &other, Rename::Exchange).await.expect("both are there");
        assert_eq!((reads(&new), reads(&other)), ("2".into(), "1".into()));
        assert_eq!(kind(&new, &one, Rename::Exchange).await, ErrorKind::NotFound);
        assert_eq!(kind(&one, &new, Rename::NoReplace).await, ErrorKind::NotFound);
        assert_eq!(reads(&new), "2");

        // Of different kinds: a file and a folder with something in it.
        std::fs::create_dir(&sub).expect("new");
        std::fs::write(sub.join("deep"), "3").expect("new");
        fs::rename_with::<C>(&sub, &new, Rename::Exchange).await.expect("both are there");
        assert_eq!((reads(&sub), reads(&new.join("deep"))), ("2".into(), "3".into()));
        // A link that leads nowhere is something.
        std::os::unix::fs::symlink("nowhere", &one).expect("new");
        assert_eq!(kind(&other, &one, Rename::NoReplace).await, ErrorKind::AlreadyExists);
        // What no file system can do is told apart from what this one cannot.
        assert_eq!(kind(&new, &new.join("below"), Rename::NoReplace).await, ErrorKind::InvalidInput);
        let zero = fs::rename_with::<C>("a\0b", &one, Rename::Exchange).await.expect_err("no path");
        assert_eq!(zero.kind(), ErrorKind::InvalidInput);
    });
}

/// Whatever becomes of the future: both names are there, and both contents.
pub(crate) fn dropped_exchanges_are_whole<C: Config<Driver: Fs>>(folder: &Path) {
    let (one, other) = (folder.join("one"), folder.join("other"));
    std::fs::write(&one, "1").expect("new");
    std::fs::write(&other, "2").expect("new");
    let mut random = Random::new(8);
    let (renames, mut ready) = (count(1_000, 50_000), 0);
    let runtime = runtime::<C>();
    runtime.block_on(async {
        for _ in 0..renames {
            let how = if random.once_in(4) { Rename::NoReplace } else { Rename::Exchange };
            match at_random::<C, _>(pin!(fs::rename_with::<C>(&one, &other, how)), &mut random).await {
                Some(Err(error)) => assert_eq!((how, error.kind()), (Rename::NoReplace, ErrorKind::AlreadyExists)),
                Some(Ok(())) => {
                    assert_eq!(how, Rename::Exchange);
                    ready += 1;
                }
                None => {}
            }
        }
    });
    drop(runtime);
    let mut both = [&one, &other].map(|path| std::fs::read_to_string(path).expect("there"));
    both.sort();
    assert_eq!(both, ["1", "2"]);
    assert!(ready > 0 && ready < renames, "{ready} of {renames} were ready: not a mixture");
}
