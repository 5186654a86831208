//! What holds for every strategy: blocks are whole, aligned, exclusive, and come back from any thread at any time.

use crate::block::{Block, Draw, LiveOf, layout, start, times};
use bespoke_core::roles::Memory;
use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::vec::Vec;

pub(crate) fn every_layout_is_aligned_and_whole<M: Memory>() {
    let live = start::<M>();
    let (mut own, mut foreign) = (Vec::new(), Vec::new());
    let sizes: Vec<usize> =
        if cfg!(miri) { vec![1, 15, 16, 17, 64, 1008, 1024, 1025, 4096] } else { (1..=4096).collect() };
    for align in (0..=8).map(|shift| 1 << shift) {
        for (index, size) in sizes.iter().enumerate() {
            own.push(Block::own(&*live, layout(*size, align), index as u8).expect("memory"));
            foreign.push(Block::foreign(&*live, layout(*size, align), !index as u8).expect("memory"));
            // A few stay, so that the next has neighbours.
            if own.len() == 5 {
                own.swap_remove(index % 5).free(&*live);
                foreign.swap_remove(index % 5).release_foreign(&*live);
            }
        }
    }
    own.into_iter().for_each(|block| block.free(&*live));
    foreign.into_iter().for_each(|block| block.release_foreign(&*live));
}

pub(crate) fn blocks_never_overlap<M: Memory>() {
    let live = start::<M>();
    let mut draw = Draw(1);
    let mut held: Vec<Block> = Vec::new();
    let mut ends = BTreeMap::new();
    for turn in 0..times(200_000) {
        if held.len() == 256 || (draw.below(2) == 0 && !held.is_empty()) {
            let block = held.swap_remove(draw.below(held.len()));
            ends.remove(&block.at.addr().get());
            if draw.below(2) == 0 {
                block.free(&*live)
            } else {
                block.free_foreign(&*live)
            }
            continue;
        }
        let Some(block) = Block::own(&*live, draw.layout(), turn as u8) else { continue };
        let before = ends.range(..block.end()).next_back();
        assert!(before.is_none_or(|(_, end)| *end <= block.at.addr().get()), "{block:?} overlaps {before:x?}");
        ends.insert(block.at.addr().get(), block.end());
        held.push(block);
    }
    held.into_iter().for_each(|block| block.free(&*live));
}

pub(crate) fn foreign_frees_while_the_owner_allocates<M: Memory>() {
    let live = start::<M>();
    let ops = times(1_000_000);
    let freed: usize = thread::scope(|scope| {
        let (threads, senders): (Vec<_>, Vec<_>) = (0..4)
            .map(|_| {
                let (send, receive) = sync_channel::<Vec<Block>>(1);
                let live = &live;
                (scope.spawn(move || free_all::<M>(live, receive)), send)
            })
            .unzip();
        let mut draw = Draw(2);
        let mut kept = None;
        let mut done = 0;
        while done < ops {
            let mut batch = Vec::new();
            while batch.len() < 32 {
                match Block::own(&*live, draw.layout(), done as u8) {
                    Some(block) => batch.push(block),
                    // A bounded strategy: the others have not yet come to give back.
                    None => thread::yield_now(),
                }
                // Some the owner frees itself, later.
                if draw.below(4) == 0
                    && let Some(block) = batch.pop().and_then(|block| kept.replace(block))
                {
                    block.free(&*live);
                }
                done += 1;
            }
            hand_over(&senders[draw.below(4)], batch);
        }
        if let Some(block) = kept {
            block.free(&*live);
        }
        drop(senders);
        threads.into_iter().map(|thread| thread.join().expect("every block was intact")).sum()
    });
    assert!(freed >= ops / 2, "only {freed} of {ops} were freed by others");
}

fn hand_over(sender: &SyncSender<Vec<Block>>, batch: Vec<Block>) {
    assert!(sender.send(batch).is_ok(), "a block was not intact: see the panic of the other thread");
}

/// Frees what comes in, and says how much that was.
fn free_all<M: Memory>(live: &LiveOf<M>, receive: Receiver<Vec<Block>>) -> usize {
    receive.iter().flatten().map(|block| block.free_foreign(live)).count()
}

pub(crate) fn foreign_blocks_from_many_threads<M: Memory>() {
    let live = start::<M>();
    let got: usize = thread::scope(|scope| {
        // Each thread releases what the one before it made; the owner goes on meanwhile.
        let (senders, receivers): (Vec<_>, Vec<_>) = (0..4).map(|_| sync_channel::<Block>(8)).unzip();
        let threads: Vec<_> = receivers
            .into_iter()
            .zip((0..4).map(|index| senders[(index + 1) % 4].clone()))
            .enumerate()
            .map(|(index, (receive, send))| {
                let live = &live;
                scope.spawn(move || {
                    let mut draw = Draw(index as u64);
                    let mut got = 0;
                    for turn in 0..times(50_000) {
                        if let Some(block) = Block::foreign(&**live, draw.layout(), turn as u8) {
                            got += 1;
                            if let Err(back) = send.try_send(block) {
                                let (std::sync::mpsc::TrySendError::Full(block)
                                | std::sync::mpsc::TrySendError::Disconnected(block)) = back;
                                block.release_foreign(&**live);
                            }
                        }
                        if let Ok(block) = receive.try_recv() {
                            block.release_foreign(&**live);
                        }
                    }
                    drop(send);
                    receive.iter().for_each(|block| block.release_foreign(&**live));
                    got
                })
            })
            .collect();
        drop(senders);
        let mut draw = Draw(9);
        for turn in 0..times(50_000) {
            if let Some(block) = Block::own(&*live, draw.layout(), turn as u8) {
                block.free(&*live);
            }
        }
        threads.into_iter().map(|thread| thread.join().expect("every block was intact")).sum()
    });
    assert!(got >= times(50_000), "only {got} foreign blocks were to be had");
}

pub(crate) fn foreign_frees_after_the_owner_stopped<M: Memory>() {
    let live = start::<M>();
    let count = if cfg!(miri) { 20 } else { 400 };
    let blocks = thread::scope(|scope| {
        let owner = scope.spawn(|| {
            let mut draw = Draw(3);
            (0..count).filter_map(|turn| Block::own(&*live, draw.layout(), turn as u8)).collect::<Vec<_>>()
        });
        owner.join().expect("the owner")
    });
    assert!(blocks.len() >= count / 2);
    let mut threads = [const { Vec::new() }; 4];
    blocks.into_iter().enumerate().for_each(|(index, block)| threads[index % 4].push(block));
    thread::scope(|scope| {
        for blocks in threads {
            let live = live.clone();
            // The last of them drops the strategy.
            scope.spawn(move || blocks.into_iter().for_each(|block| block.free_foreign(&*live)));
        }
        drop(live);
    });
}
