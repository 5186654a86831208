//! What a filter of system calls denies, as an old kernel or a sandbox does: how it is told, or done otherwise.

use crate::deny::without;
use crate::support::{run, runtime};
use bespoke::rt::{Rename, fs};
use std::io::ErrorKind;

type C = bespoke::preset::Default;

/// By neither of the answers with which a system or a file system says that it does not know the call.
#[test]
fn a_rename_that_is_not_known_is_never_a_plain_one() {
    run("refused::a_rename_that_is_not_known_is_never_a_plain_one", |folder| {
        let (one, other) = (folder.join("one"), folder.join("other"));
        std::fs::write(&one, "1").expect("new");
        std::fs::write(&other, "2").expect("new");
        for errno in [libc::ENOSYS, libc::EINVAL, libc::EOPNOTSUPP] {
            without(&[(libc::SYS_renameat2, errno)], || {
                runtime::<C>().block_on(async {
                    for how in [Rename::NoReplace, Rename::Exchange] {
                        let error = fs::rename_with::<C>(&one, &other, how).await.expect_err("denied");
                        assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
                        assert!(error.to_string().contains("in one step; where nobody else"), "{error}");
                    }
                    let new = folder.join("new");
                    fs::rename_with::<C>(&one, &new, Rename::NoReplace).await.expect_err("denied");
                    assert!(!new.exists());
                    // The plain one is another call.
                    fs::rename::<C>(&one, &new).await.expect("there");
                    fs::rename::<C>(&new, &one).await.expect("there");
                });
            });
        }
        assert_eq!(std::fs::read_to_string(&one).expect("there"), "1");
        assert_eq!(std::fs::read_to_string(&other).expect("there"), "2");
    });
}
