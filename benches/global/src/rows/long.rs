//! What is kept for long, and how much memory that holds.

use std::collections::HashMap;
use std::hint::black_box;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use super::Job;
use super::small::Random;
use crate::clock::{peak, resident};

/// A request takes about so much.
const REQUEST: usize = 100 << 10;
/// And leaves so much behind.
type Left = Box<[u8; 64]>;

pub(super) fn requests(job: &mut Job<'_>) -> Option<u64> {
    serve(job, false)
}

/// Each request leaves 64 bytes in a map that outlives it.
pub(super) fn requests_with_escapes(job: &mut Job<'_>) -> Option<u64> {
    serve(job, true)
}

fn serve(job: &mut Job<'_>, leave: bool) -> Option<u64> {
    let requests = job.times(100_000);
    let mut map: HashMap<usize, Left> = HashMap::with_capacity(requests);
    let start = resident();
    let memory = job.memory;
    let sum = job.measure(|_, _| {
        let mut sum = 0;
        for number in 0..requests {
            let mut left = None;
            memory.scope(&mut || {
                let mut random = Random(number as u64 + 1);
                let mut blocks = Vec::new();
                let mut bytes = 0;
                while bytes < REQUEST {
                    let size = 16 + random.next() % 1000;
                    bytes += size;
                    blocks.push(vec![1_u8; size]);
                    if left.is_none() && bytes > REQUEST / 2 {
                        left = Some(Box::new([number as u8; 64]));
                    }
                }
                sum += black_box(&blocks).len() as u64;
            });
            if let Some(left) = left.take().filter(|_| leave) {
                map.insert(number, left);
            }
        }
        sum
    });
    let after = resident().saturating_sub(start);
    assert_eq!(map.len(), if leave { requests } else { 0 });
    map.clear();
    memory.trim();
    job.held(after, resident().saturating_sub(start));
    Some(sum)
}

/// What lives on does so for so many requests.
const LIVES: usize = 1000;

pub(super) fn survivors_none(job: &mut Job<'_>) -> Option<u64> {
    survivors(job, 0)
}

pub(super) fn survivors_few(job: &mut Job<'_>) -> Option<u64> {
    survivors(job, 5)
}

pub(super) fn survivors_some(job: &mut Job<'_>) -> Option<u64> {
    survivors(job, 10)
}

pub(super) fn survivors_many(job: &mut Job<'_>) -> Option<u64> {
    survivors(job, 20)
}

/// Of each thousand blocks that a request allocates so many outlive it, for [`LIVES`] requests: sessions, entries of a cache.
/// What is held is looked at while they are alive.
fn survivors(job: &mut Job<'_>, in_a_thousand: usize) -> Option<u64> {
    let requests = job.times(20_000).max(2 * LIVES);
    let mut kept: Vec<Vec<Vec<u8>>> = vec![Vec::new(); LIVES];
    let start = resident();
    let memory = job.memory;
    let sum = job.measure(|_, _| {
        let mut sum = 0;
        for number in 0..requests {
            // What was kept so long ago is freed outside of any region.
            let mut survivors = std::mem::take(&mut kept[number % LIVES]);
            survivors.clear();
            memory.scope(&mut || {
                let mut random = Random(number as u64 + 1);
                let mut blocks = Vec::new();
                let mut bytes = 0;
                while bytes < REQUEST {
                    let size = 16 + random.next() % 1000;
                    bytes += size;
                    let block = vec![1_u8; size];
                    if random.next() % 1000 < in_a_thousand { &mut survivors } else { &mut blocks }
                        .push(block);
                }
                sum += black_box(&blocks).len() as u64;
            });
            kept[number % LIVES] = survivors;
        }
        sum
    });
    let after = resident().saturating_sub(start);
    kept.clear();
    memory.trim();
    job.held(after, resident().saturating_sub(start));
    Some(sum)
}

/// Large blocks, 1 GiB in all, are made and freed in one region that goes on, and are looked for a tenth of a second later.
pub(super) fn large_freed(job: &mut Job<'_>) -> Option<u64> {
    const SIZE: usize = 8 << 20;
    let blocks = job.times(128);
    let start = resident();
    let memory = job.memory;
    let mut after = 0;
    let sum = job.measure(|_, clock| {
        memory.within(|| {
            let all: Vec<Vec<u8>> = (0..blocks).map(|_| vec![1; SIZE]).collect();
            let sum = black_box(&all).iter().map(|block| block.len() as u64).sum();
            drop(all);
            clock.stopped(|| thread::sleep(Duration::from_millis(100)));
            after = resident().saturating_sub(start);
            sum
        })
    });
    memory.trim();
    job.held(after, resident().saturating_sub(start));
    Some(sum)
}

/// 10 GB of blocks of up to a kilobyte, of which 1 MB lives: one after the other makes way for another one.
pub(super) fn churn(job: &mut Job<'_>) -> Option<u64> {
    replace(job, 20_000_000, 2000, 1000)
}

/// The same with blocks of up to 128 bytes: 1.4 GB.
pub(super) fn churn_small(job: &mut Job<'_>) -> Option<u64> {
    replace(job, 20_000_000, 14_000, 112)
}

fn replace(job: &mut Job<'_>, turns: usize, blocks: usize, sizes: usize) -> Option<u64> {
    let turns = job.times(turns);
    let start = resident();
    Some(job.measure(|memory, _| {
        memory.within(|| {
            let mut random = Random(3);
            let mut live: Vec<Vec<u8>> = vec![Vec::new(); blocks];
            let mut bytes = 0;
            for _ in 0..turns {
                let size = 16 + random.next() % sizes;
                let slot = random.next() % live.len();
                bytes += size as u64;
                live[slot] = filled(size);
            }
            black_box(&live);
            bytes
        })
    }))
    .inspect(|_| job.held(peak().saturating_sub(start), 0))
}

/// The same, but another thread does all the freeing.
pub(super) fn churn_elsewhere(job: &mut Job<'_>) -> Option<u64> {
    let turns = job.times(4_000_000);
    let start = resident();
    Some(job.measure(|memory, _| {
        let (sender, receiver) = mpsc::sync_channel::<Vec<Vec<u8>>>(4);
        thread::scope(|scope| {
            scope.spawn(move || receiver.into_iter().for_each(drop));
            memory.within(|| {
                let mut random = Random(4);
                let mut bytes = 0;
                for _ in 0..turns / 500 {
                    let mut blocks = Vec::with_capacity(500);
                    for _ in 0..500 {
                        let size = 16 + random.next() % 1000;
                        bytes += size as u64;
                        blocks.push(filled(size));
                    }
                    if sender.send(blocks).is_err() {
                        break;
                    }
                }
                drop(sender);
                bytes
            })
        })
    }))
    .inspect(|_| job.held(peak().saturating_sub(start), 0))
}

fn filled(size: usize) -> Vec<u8> {
    let mut block = Vec::with_capacity(size);
    block.push(1);
    block
}
