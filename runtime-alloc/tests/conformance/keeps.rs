//! What holds for the strategies that have memory of their own.

use crate::block::{Block, Draw, LiveOf, layout, start};
use crate::counting;
use bespoke_core::roles::Memory;
use std::collections::BTreeSet;
use std::thread;
use std::vec::Vec;

const COUNT: usize = if cfg!(miri) { 20 } else { 300 };

/// Takes `COUNT` layouts of a draw into `blocks`, which has room.
fn fill<M: Memory>(live: &LiveOf<M>, blocks: &mut Vec<Block>) {
    let mut draw = Draw(5);
    while blocks.len() < COUNT {
        // What the lists serve: larger blocks are the system's by design.
        let size = 1 + draw.below(300);
        blocks.push(Block::own(live, layout(size, 16), blocks.len() as u8).expect("memory"));
    }
}

pub(crate) fn what_came_back_is_used_again<M: Memory>() {
    let live = start::<M>();
    let mut addresses = [BTreeSet::new(), BTreeSet::new()];
    for round in &mut addresses {
        let blocks: Vec<Block> =
            (0..COUNT).map(|fill| Block::own(&*live, layout(64, 8), fill as u8).expect("memory")).collect();
        round.extend(blocks.iter().map(|block| block.at.addr()));
        blocks.into_iter().for_each(|block| block.free(&*live));
    }
    assert_eq!(addresses[0].len(), COUNT);
    assert_eq!(addresses[0], addresses[1]);
}

pub(crate) fn the_steady_state_asks_for_nothing<M: Memory>() {
    let live = start::<M>();
    let mut blocks = Vec::with_capacity(COUNT);
    let mut after_first = 0;
    for round in 0..5 {
        fill::<M>(&live, &mut blocks);
        blocks.drain(..).for_each(|block| block.free(&*live));
        if round == 0 {
            after_first = counting::taken();
        }
    }
    assert_eq!(counting::taken(), after_first);
}

pub(crate) fn what_others_give_back_is_used_again<M: Memory>() {
    let live = start::<M>();
    let mut blocks = Vec::with_capacity(COUNT);
    for round in 0..5 {
        let before = counting::taken();
        fill::<M>(&live, &mut blocks);
        assert!(round == 0 || counting::taken() == before, "round {round} asked for more");
        thread::scope(|scope| {
            scope.spawn(|| {
                let before = counting::taken();
                blocks.drain(..).for_each(|block| block.free_foreign(&*live));
                assert_eq!(counting::taken(), before, "a foreign free took memory");
            });
        });
    }
}

pub(crate) fn the_drop_gives_everything_back<M: Memory>() {
    let before = counting::live_bytes();
    let live = start::<M>();
    let mut blocks = Vec::with_capacity(COUNT);
    fill::<M>(&live, &mut blocks);
    // Some lie on a list, some on the stack of what others gave back, some are still out.
    for (index, block) in blocks.drain(..).enumerate() {
        match index % 3 {
            0 => block.free(&*live),
            1 => block.free_foreign(&*live),
            _ => {}
        }
    }
    drop(blocks);
    assert_ne!(counting::live_bytes(), before, "nothing was taken, so nothing is shown");
    drop(live);
    assert_eq!(counting::live_bytes(), before);
}
