//! Allocating and little else.

use std::collections::{BTreeMap, HashMap};
use std::hint::black_box;
use std::mem::MaybeUninit;
use std::sync::mpsc;
use std::thread;

use super::Job;
use crate::memory::Memory;

/// 64 bytes, of which a word is written.
type Line = [MaybeUninit<u64>; 8];

#[inline(always)]
fn line(value: usize) -> Box<Line> {
    // Not by `Box::new`, which would write all of it.
    let mut line = Box::<Line>::new_uninit();
    line.write([MaybeUninit::uninit(); 8]);
    // SAFETY: what has no value needs none.
    let mut line = unsafe { line.assume_init() };
    line[0].write(value as u64);
    line
}

/// A block is allocated and freed, again and again.
pub(super) fn pair(job: &mut Job<'_>) -> Option<u64> {
    let times = job.times(30_000_000);
    job.measure(|memory, _| {
        memory.within(|| {
            for number in 0..times {
                drop(black_box(line(number)));
            }
        });
    });
    Some(times as u64)
}

pub(super) fn batches(job: &mut Job<'_>) -> Option<u64> {
    let times = job.times(20_000);
    job.measure(|memory, _| memory.within(|| batch(1000, times)));
    Some(times as u64)
}

pub(super) fn long_batches(job: &mut Job<'_>) -> Option<u64> {
    let times = job.times(100);
    job.measure(|memory, _| memory.within(|| batch(100_000, times)));
    Some(times as u64)
}

/// So many blocks are allocated, then freed in the same order.
fn batch(blocks: usize, times: usize) {
    let mut all = Vec::with_capacity(blocks);
    for _ in 0..times {
        for number in 0..blocks {
            all.push(line(number));
        }
        black_box(&all);
        all.clear();
    }
}

/// The same with sizes as programs have them: most are small, few are not.
pub(super) fn mixed(job: &mut Job<'_>) -> Option<u64> {
    let times = job.times(10_000);
    let mut random = Random(1);
    let sizes: Vec<usize> = (0..1000)
        .map(|_| match random.next() % 100 {
            0..50 => 1 + random.next() % 32,
            50..80 => 33 + random.next() % 96,
            80..95 => 129 + random.next() % 384,
            _ => 513 + random.next() % 1536,
        })
        .collect();
    job.measure(|memory, _| {
        memory.within(|| {
            let mut all: Vec<Box<[MaybeUninit<u8>]>> = Vec::with_capacity(sizes.len());
            for _ in 0..times {
                for &size in &sizes {
                    let mut block = Box::new_uninit_slice(size);
                    block[0].write(1);
                    all.push(block);
                }
                black_box(&all);
                all.clear();
            }
        });
    });
    Some(sizes.iter().sum::<usize>() as u64)
}

/// A region is made, entered, left and dropped, with one allocation in it. Without regions, only that.
pub(super) fn scopes(job: &mut Job<'_>) -> Option<u64> {
    let times = job.times(5_000_000);
    job.measure(|memory, _| {
        for number in 0..times {
            memory.scope(&mut || drop(black_box(line(number))));
        }
    });
    Some(times as u64)
}

pub(super) fn heap_of_1(job: &mut Job<'_>) -> Option<u64> {
    heaps(job, 1, 2_000_000)
}

pub(super) fn heap_of_100(job: &mut Job<'_>) -> Option<u64> {
    heaps(job, 100, 200_000)
}

pub(super) fn heap_of_1000(job: &mut Job<'_>) -> Option<u64> {
    heaps(job, 1000, 20_000)
}

/// Memory is made, so many blocks come from it and are given up, and it ends.
fn heaps(job: &mut Job<'_>, blocks: usize, times: usize) -> Option<u64> {
    let times = job.times(times);
    let mut all = Vec::with_capacity(blocks);
    job.measure(|memory, _| {
        for _ in 0..times {
            memory.scope(&mut || {
                all.extend((0..blocks).map(line));
                black_box(&all);
                all.clear();
            });
        }
    });
    Some(times as u64)
}

/// A tree of 10 000 strings, in memory of its own.
pub(super) fn tree(job: &mut Job<'_>) -> Option<u64> {
    let times = job.times(200);
    let keys = keys();
    Some(job.measure(|memory, _| {
        (0..times)
            .map(|_| {
                memory.within(|| {
                    let tree: BTreeMap<usize, String> =
                        keys.iter().map(|&key| (key, format!("string number {key}"))).collect();
                    let mut tree = black_box(tree);
                    // Collected in order: some change, so that nodes are split and joined.
                    for &key in keys.iter().step_by(3) {
                        tree.remove(&key);
                        tree.insert(key ^ 1, key.to_string());
                    }
                    tree.values().map(String::len).sum::<usize>() as u64
                })
            })
            .sum()
    }))
}

/// A map from strings to vectors, in memory of its own.
pub(super) fn map(job: &mut Job<'_>) -> Option<u64> {
    let times = job.times(100);
    let keys = keys();
    Some(job.measure(|memory, _| {
        (0..times)
            .map(|_| {
                memory.within(|| {
                    let mut map: HashMap<String, Vec<usize>> = HashMap::new();
                    for &key in &keys {
                        map.entry(format!("key {}", key % 3000)).or_default().push(key);
                    }
                    black_box(&map).values().map(|numbers| numbers.len() as u64).sum::<u64>()
                })
            })
            .sum()
    }))
}

/// 10 000 different numbers in no order.
fn keys() -> Vec<usize> {
    let mut random = Random(2);
    (0..10_000).map(|number| random.next() << 16 | number).collect()
}

/// What [`batches`] does, by each of two threads.
pub(super) fn two_threads(job: &mut Job<'_>) -> Option<u64> {
    let times = job.times(20_000);
    job.measure(|memory, _| {
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| memory.within(|| batch(1000, times)));
            }
        });
    });
    Some(times as u64)
}

/// One thread allocates, another one frees.
pub(super) fn sent(job: &mut Job<'_>) -> Option<u64> {
    let times = job.times(5_000);
    job.measure(|memory, _| send(memory, times));
    Some(times as u64)
}

fn send(memory: &dyn Memory, times: usize) {
    let (sender, receiver) = mpsc::sync_channel::<Vec<Box<Line>>>(4);
    thread::scope(|scope| {
        scope.spawn(move || receiver.into_iter().for_each(drop));
        memory.within(|| {
            for _ in 0..times {
                let all = (0..1000).map(line).collect();
                if sender.send(all).is_err() {
                    return;
                }
            }
            drop(sender);
        });
    });
}

/// Numbers that look random and are the same each time (xorshift).
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) as usize
    }
}
