//! There is a watcher as long as anybody sleeps beside one that is awake; and at most half of the workers search.

use super::super::idle::{Idle, Risen, Sleep};

#[test]
fn who_was_the_watcher_hears_it_however_it_slept() {
    let idle = Idle::new(3);
    assert_eq!((idle.sleeps(0, false), idle.sleeps(1, false)), (Sleep::Watch, Sleep::Long));
    assert!(!idle.wants_watcher());
    assert_eq!(idle.rises(0), Risen::Watcher);
    // The other one sleeps for long, and is the watcher from the choice on.
    assert!(idle.wants_watcher());
    assert_eq!(idle.choose_watcher(), Some(1));
    assert!(!idle.wants_watcher());
    assert_eq!(idle.choose_watcher(), None);
    assert_eq!(idle.rises(1), Risen::Watcher);
    assert_eq!((idle.sleeps(1, false), idle.sleeps(0, false)), (Sleep::Watch, Sleep::Long));
    assert_eq!(idle.rises(0), Risen::ByItself);
}

#[test]
fn the_watcher_is_chosen_last_and_searches() {
    let idle = Idle::new(3);
    assert_eq!((idle.sleeps(0, false), idle.sleeps(1, false)), (Sleep::Watch, Sleep::Long));
    assert_eq!(idle.choose(), Some(1));
    assert_eq!(idle.choose(), None, "somebody searches");
    assert!(idle.ends_search(), "the last");
    assert_eq!(idle.choose(), Some(0));
    assert_eq!((idle.rises(0), idle.rises(1)), (Risen::Searching, Risen::Searching));
    assert!(!idle.wants_watcher(), "nobody sleeps");
}

/// Who is the last to go to sleep leaves nobody awake to be watched.
#[test]
fn the_last_sleeper_watches_nobody() {
    let idle = Idle::new(2);
    assert_eq!(idle.sleeps(0, false), Sleep::Watch);
    assert_eq!(idle.rises(0), Risen::Watcher);
    assert_eq!((idle.sleeps(1, false), idle.sleeps(0, false)), (Sleep::Watch, Sleep::Long));
    assert_eq!(idle.rises(1), Risen::Watcher);
    assert!(idle.wants_watcher());
    assert_eq!(idle.choose_watcher(), Some(0));
}

#[test]
fn at_most_half_of_the_workers_search() {
    for workers in 1..10 {
        let idle = Idle::new(workers);
        let searching = (0..workers).filter(|_| idle.may_search(workers)).count();
        assert_eq!(searching, workers.div_ceil(2));
        // One that is chosen counts, too: nobody is, while anybody searches.
        assert_eq!(idle.sleeps(0, false), if workers > 1 { Sleep::Watch } else { Sleep::Long });
        assert_eq!(idle.choose(), None);
        for left in (0..searching).rev() {
            assert_eq!(idle.ends_search(), left == 0);
        }
        assert_eq!(idle.choose(), Some(0));
        let others = (0..workers).filter(|_| idle.may_search(workers)).count();
        assert_eq!(1 + others, workers.div_ceil(2));
    }
}
