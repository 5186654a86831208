//! What a filter of system calls denies, as an old kernel or a sandbox does: how it is told, or done otherwise.

use crate::beneath;
use crate::copying::{mode, pattern};
use crate::deny::without;
use crate::held::{Answer, held};
use crate::support::{run, runtime};
use bespoke::rt::{Rename, fs};
use std::fs::Permissions;
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt;

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

/// A kernel before 5.6, and a filter that denies what it does not know: the walk has the same promise.
#[test]
fn what_is_beneath_is_walked_to_where_the_system_does_not_go() {
    for errno in [libc::ENOSYS, libc::EPERM] {
        let denied = [(libc::SYS_openat2, errno)];
        let name = "refused::what_is_beneath_is_walked_to_where_the_system_does_not_go";
        without(&denied, || run(name, beneath::what_is_done_with_a_folder::<C>));
        without(&denied, || run(name, beneath::nothing_leads_out::<C>));
        without(&denied, || run(name, beneath::nothing_leads_out_while_others_rename::<C>));
    }
}

/// Each way to copy that a system may refuse, at the beginning.
#[test]
fn a_copy_goes_on_by_the_way_that_is_left() {
    run("refused::a_copy_goes_on_by_the_way_that_is_left", |folder| {
        let (from, to) = (folder.join("from"), folder.join("to"));
        let bytes = pattern(1_000_003);
        std::fs::write(&from, &bytes).expect("new");
        let codes = [libc::EXDEV, libc::EOPNOTSUPP, libc::EINVAL, libc::ENOSYS, libc::EPERM];
        for errno in codes {
            for denied in [
                &[(libc::SYS_copy_file_range, errno)][..],
                &[(libc::SYS_copy_file_range, errno), (libc::SYS_splice, errno)][..],
            ] {
                without(denied, || {
                    let copied = runtime::<C>().block_on(fs::copy::<C>(&from, &to));
                    assert_eq!(copied.expect("a way is left"), bytes.len() as u64, "{denied:?}");
                });
                assert!(std::fs::read(&to).expect("there") == bytes, "{denied:?}");
            }
        }
        // What is no refusal of the way is told.
        without(&[(libc::SYS_copy_file_range, libc::ENOSPC)], || {
            let error = runtime::<C>().block_on(fs::copy::<C>(&from, &to)).expect_err("full");
            assert_eq!(error.kind(), ErrorKind::StorageFull, "{error}");
        });
    });
}

/// In the middle: bytes that are in the pipe by then, and the place where the next way goes on.
#[test]
fn a_way_that_ends_in_the_middle_loses_no_byte() {
    run("refused::a_way_that_ends_in_the_middle_loses_no_byte", |folder| {
        let (from, to) = (folder.join("from"), folder.join("to"));
        let bytes = pattern(1_000_003);
        std::fs::write(&from, &bytes).expect("new");
        for end in 0..12 {
            let mut splices = 0;
            let calls = [libc::SYS_copy_file_range, libc::SYS_splice];
            let copied = held(
                &calls,
                || runtime::<C>().block_on(fs::copy::<C>(&from, &to)),
                |call| {
                    if call == libc::SYS_copy_file_range {
                        return Answer::Fails(libc::EXDEV);
                    }
                    splices += 1;
                    if splices > end { Answer::Fails(libc::EINVAL) } else { Answer::Goes }
                },
            );
            assert_eq!(copied.expect("a way is left"), bytes.len() as u64, "after {end} calls");
            assert!(std::fs::read(&to).expect("there") == bytes, "after {end} calls");
            assert_eq!(splices, end + 1, "it is tried until it is refused, and not again");
        }
    });
}

/// Who may read what, at each step of a copy over a file that is there.
#[test]
fn a_copy_shows_nothing_to_more_people() {
    run("refused::a_copy_shows_nothing_to_more_people", |folder| {
        let (from, to) = (folder.join("from"), folder.join("to"));
        for (of_source, of_target) in [(0o644, 0o600), (0o600, 0o644), (0o640, 0o604)] {
            std::fs::write(&from, "new").expect("ours");
            std::fs::write(&to, "old").expect("ours");
            std::fs::set_permissions(&from, Permissions::from_mode(of_source)).expect("ours");
            std::fs::set_permissions(&to, Permissions::from_mode(of_target)).expect("ours");
            let mut seen = Vec::new();
            let calls = [libc::SYS_ftruncate, libc::SYS_fchmod, libc::SYS_copy_file_range];
            let copied = held(
                &calls,
                || runtime::<C>().block_on(fs::copy::<C>(&from, &to)),
                |call| {
                    seen.push((call, mode(&to), std::fs::read_to_string(&to).expect("we may")));
                    Answer::Goes
                },
            );
            assert_eq!(copied.expect("there"), 3);
            let look = |call, mode, text: &str| (call, mode, text.to_string());
            assert_eq!(seen[0], look(libc::SYS_ftruncate, of_target, "old"));
            assert_eq!(seen[1], look(libc::SYS_fchmod, of_target, ""));
            assert_eq!(seen[2], look(libc::SYS_copy_file_range, of_source, ""));
            assert_eq!((std::fs::read_to_string(&to).expect("there"), mode(&to)), ("new".into(), of_source));
        }
    });
}
