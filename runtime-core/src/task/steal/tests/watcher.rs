//! There is a watcher as long as anybody sleeps beside one that is awake; and at most half of the workers search.

use super::super::idle::{Idle, Risen, Sleep};

#[test]
fn who_was_the_watcher_hears_it_however_it_slept() {
    let idle = Idle::new(3, false);
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
    let idle = Idle::new(3, false);
    assert_eq!((idle.sleeps(0, false), idle.sleeps(1, false)), (Sleep::Watch, Sleep::Long));
    assert_eq!(idle.choose(|| true), Some(1));
    assert_eq!(idle.choose(|| true), None, "somebody searches");
    assert!(idle.ends_search(), "the last");
    assert_eq!(idle.choose(|| true), Some(0));
    assert_eq!((idle.rises(0), idle.rises(1)), (Risen::Searching, Risen::Searching));
    assert!(!idle.wants_watcher(), "nobody sleeps");
}

/// Who is the last to go to sleep leaves nobody awake to be watched.
#[test]
fn the_last_sleeper_watches_nobody() {
    let idle = Idle::new(2, false);
    assert_eq!(idle.sleeps(0, false), Sleep::Watch);
    assert_eq!(idle.rises(0), Risen::Watcher);
    assert_eq!((idle.sleeps(1, false), idle.sleeps(0, false)), (Sleep::Watch, Sleep::Long));
    assert_eq!(idle.rises(1), Risen::Watcher);
    assert!(idle.wants_watcher());
    assert_eq!(idle.choose_watcher(), Some(0));
}

/// Whose thread starts on demand sleeps from the first; those that have a thread are chosen before them.
#[test]
fn a_worker_without_a_thread_is_the_last_choice() {
    let idle = Idle::new(3, true);
    assert!(idle.wants_one(), "all sleep");
    assert_eq!(idle.choose(|| false), None, "there is nothing for a thread to do");
    assert_eq!(idle.choose(|| true), Some(0));
    assert_eq!(idle.rises(0), Risen::Searching);
    assert_eq!(idle.sleeps(0, true), Sleep::Long, "nobody is awake");
    assert_eq!(idle.choose_watcher(), Some(0));
    assert_eq!(idle.choose(|| false), Some(0), "the watcher, before one without a thread");
    assert_eq!(idle.rises(0), Risen::Searching);
    assert!(idle.ends_search());
    assert_eq!(idle.choose(|| false), None);
    assert_eq!(idle.choose(|| true), Some(1));
}

#[test]
fn a_refused_thread_neither_sleeps_nor_searches() {
    let idle = Idle::new(3, true);
    // Chosen for work, it is told to nobody.
    assert_eq!(idle.choose(|| true), Some(0));
    assert_eq!(idle.refused(0), Risen::Searching);
    assert_eq!(idle.refused(0), Risen::ByItself, "by another, at the same time");
    assert!(idle.ends_search(), "so another one is chosen");
    assert_eq!(idle.choose(|| true), Some(1));
    assert_eq!(idle.rises(1), Risen::Searching);
    assert!(idle.ends_search());
    // Chosen to watch.
    assert_eq!(idle.choose_watcher(), Some(2));
    assert_eq!(idle.refused(2), Risen::Watcher);
    assert!(!idle.wants_watcher(), "nobody sleeps");
    assert!(idle.wants_one(), "their threads may be asked for again");
    assert_eq!(idle.sleeps(1, false), Sleep::Long, "it is the only one");
    assert_eq!(idle.rises(1), Risen::ByItself);
    // Granted in the end.
    idle.calls(0);
    assert_eq!(idle.choose(|| true), None, "it searches");
    assert_eq!(idle.rises(0), Risen::Searching);
    assert!(idle.ends_search());
    assert_eq!(idle.sleeps(0, false), Sleep::Watch);
    idle.leaves(2);
    idle.leaves(1);
    assert_eq!(idle.rises(0), Risen::Watcher);
}

#[test]
fn a_refused_thread_is_asked_for_ever_more_rarely() {
    let idle = Idle::new(2, true);
    assert_eq!(idle.choose(|| true), Some(0));
    idle.has_thread();
    assert_eq!(idle.rises(0), Risen::Searching);
    assert!(idle.ends_search());
    assert_eq!(idle.choose(|| true), Some(1), "for the first time");
    for passes in [1, 3, 7, 15] {
        assert_eq!(idle.refused(1), Risen::Searching);
        assert!(idle.ends_search());
        for _ in 0..passes {
            assert!(idle.wants_one());
            assert_eq!(idle.choose(|| false), None, "there is nothing to do, so this one does not count");
            assert_eq!(idle.choose(|| true), None, "not yet");
        }
        assert_eq!(idle.choose(|| true), Some(1));
    }
    idle.has_thread();
    assert_eq!(idle.rises(1), Risen::Searching);
    assert!(idle.ends_search());
    assert!(!idle.wants_one(), "all have threads, and none sleeps");
}

#[test]
fn at_most_half_of_the_workers_search() {
    for workers in 1..10 {
        let idle = Idle::new(workers, false);
        let searching = (0..workers).filter(|_| idle.may_search(workers)).count();
        assert_eq!(searching, workers.div_ceil(2));
        // One that is chosen counts, too: nobody is, while anybody searches.
        assert_eq!(idle.sleeps(0, false), if workers > 1 { Sleep::Watch } else { Sleep::Long });
        assert_eq!(idle.choose(|| true), None);
        for left in (0..searching).rev() {
            assert_eq!(idle.ends_search(), left == 0);
        }
        assert_eq!(idle.choose(|| true), Some(0));
        let others = (0..workers).filter(|_| idle.may_search(workers)).count();
        assert_eq!(1 + others, workers.div_ceil(2));
    }
}
