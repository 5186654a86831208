//! Tickets that outlive their table.

use super::*;

for_both! {
    #[cfg_attr(miri, ignore = "leaks on purpose; run it with -Zmiri-ignore-leaks")]
    fn a_ticket_outlives_its_table<S>() {
        let (_, waker) = counted();
        let table = Table::<S>::new(4, 100);
        let (ticket, token) = submit(&table, &waker);
        drop(table);
        assert_eq!((ticket.token(), ticket.worker()), (token, 4));
        let asked = on_another_thread(move || ticket.abandon(()));
        assert!(if S::SHARED { matches!(asked, Abandoned::Posted) } else { matches!(asked, Abandoned::Nudge(4)) });
    }

    #[cfg_attr(miri, ignore = "leaks on purpose; run it with -Zmiri-ignore-leaks")]
    fn a_ticket_outlives_its_table_and_the_end_of_others<S>() {
        let (wakes, waker) = counted();
        let table = Table::<S>::new(4, 100);
        let ((ended, token), (never, unended)) = (submit(&table, &waker), submit(&table, &waker));
        drop(table.complete(token, DONE));
        drop(table);
        on_another_thread(move || {
            // SAFETY: the table was dropped, before this thread began.
            assert_eq!(unsafe { ended.end_closed() }.ok(), Some(DONE));
            // SAFETY: as above.
            let never = unsafe { never.end_closed() }.expect_err("it did not end");
            // The system may use it for ever, so nothing was freed.
            assert_eq!((never.token(), never.note(), never.worker()), (unended, 7, 4));
        });
        assert_eq!(seen(&wakes), (0, 1), "the waker of what did not end is leaked with it");
    }

    /// That nothing is left is for Miri to see, and for the search for leaks.
    fn the_last_ticket_frees_what_its_table_left<S>() {
        let (wakes, waker) = counted();
        let table = Table::<S>::new(4, 1000);
        // In slots of several chunks; every other one ends before the table does.
        let mut tickets = Vec::new();
        for n in 0..150 {
            let (ticket, token) = submit(&table, &waker);
            let outcome = Outcome { result: n, flags: 3 };
            drop(table.complete(token, outcome));
            if n % 2 == 0 { tickets.push((ticket, outcome)) } else { table.release(ticket); }
        }
        // One that is on its way home is not left.
        let (ticket, token) = submit(&table, &waker);
        drop(table.complete(token, DONE));
        on_another_thread(move || ticket.release());
        assert_eq!(seen(&wakes).1, 0);
        drop(table);
        let others = tickets.split_off(30);
        let end = |tickets: Vec<(Ticket<S>, Outcome)>| {
            for (ticket, outcome) in tickets {
                assert_eq!(ticket.worker(), 4);
                // SAFETY: the table was dropped above.
                assert_eq!(unsafe { ticket.end_closed() }.ok(), Some(outcome));
            }
        };
        std::thread::scope(|scope| {
            scope.spawn(|| end(tickets));
            end(others);
        });
    }
}
