//! What a program does with the allocator now and then.

use core::alloc::GlobalAlloc;

use super::block::Held;
use super::home::Home;
use super::line::BLOCK;
use super::shim::ScopedGlobal;
use super::stack::{NONE, Stack};
use super::territory::Territory;
use crate::sync::atomic::Ordering;
use crate::track;

/// Blocks that were taken off a list, in a chain.
struct Chain<'h> {
    first: u32,
    home: &'h dyn Home,
}

impl<'h> Chain<'h> {
    /// All that are on `list` now. Who needs one meanwhile finds another.
    fn take(home: &'h dyn Home, list: &Stack) -> Self {
        let mut chain = Chain { first: NONE, home };
        while let Some(block) = home.pop(list) {
            chain.put(&block);
        }
        chain
    }

    fn put(&mut self, block: &Held<'_>) {
        block.block().next.store(self.first, Ordering::Relaxed);
        self.first = block.block().index();
    }
}

impl<'h> Iterator for Chain<'h> {
    type Item = Held<'h>;

    fn next(&mut self) -> Option<Held<'h>> {
        if self.first == NONE {
            return None;
        }
        let block = self.home.block(self.first);
        self.first = block.next.load(Ordering::Relaxed);
        // SAFETY: its token came with the chain, which has just lost it.
        Some(unsafe { Held::assume(block) })
    }
}

impl<T: Territory, G: GlobalAlloc + Sync + 'static> ScopedGlobal<T, G> {
    /// Gives the memory of blocks that nobody uses back to the system, as far as the territory can, and returns how many
    /// bytes that were.
    ///
    /// Cost: a system call for each of them.
    pub fn trim(&self) -> usize {
        let home: &dyn Home = self;
        for block in Chain::take(home, &self.pool.listed) {
            if block.clear_if_empty() {
                home.put_free(block);
            } else {
                home.list(block);
            }
        }
        let mut given_back = 0;
        for block in Chain::take(home, &self.pool.free) {
            if block.is_dirty() {
                let start = block.block().start();
                track::unpoison(start, BLOCK);
                if self.territory.discard(&block) {
                    block.set_dirty(false);
                    given_back += BLOCK;
                }
                track::poison(start, BLOCK);
            }
            home.put_free(block);
        }
        given_back
    }

    /// Has the standard library make, outside of regions, what it makes when it is first used and keeps for ever:
    /// the buffers of standard input and output, the name of the thread, the keys of hash maps. Otherwise the first region in
    /// which they are used would have to keep them. For panics there is [`panic_outside`](ScopedGlobal::panic_outside).
    ///
    /// Some are made for each thread: call it on each that enters regions.
    pub fn warm_up(&'static self) {
        use std::collections::hash_map::RandomState;
        self.outside(|| {
            drop(std::io::stdout().lock());
            drop(std::io::stderr().lock());
            drop(std::io::stdin().lock());
            let _ = std::thread::current().id();
            let _ = RandomState::new();
            let _ = std::env::var_os("RUST_BACKTRACE");
            let _ = std::thread::available_parallelism();
            let _ = std::time::Instant::now();
        });
    }

    /// Has panics report themselves outside of regions: what is made for a backtrace, tens of megabytes with symbols, is
    /// kept for the next one, and a region in which the first panic happens would keep it.
    ///
    /// Wraps the hook that is set when this is called.
    pub fn panic_outside(&'static self) {
        self.outside(|| {
            let hook = std::panic::take_hook();
            std::panic::set_hook(Box::new(move |info| self.outside(|| hook(info))));
        });
    }
}
