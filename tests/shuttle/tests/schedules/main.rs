//! The scoped global allocator, all of it, under random schedules.
//!
//! The files under test are compiled into this crate, where `crate::sync` lets another thread go on before each atomic
//! operation. loom explores every order of a few steps in weak memory; this, long runs of everything, as if each operation
//! was sequentially consistent.

extern crate alloc;

mod run;
mod world;

#[path = "../../../../src"]
#[allow(dead_code, unused_imports, reason = "the crate's own other files use the rest")]
mod sources {
    pub(crate) mod adapt;
    pub(crate) mod addr;
    pub(crate) mod global {
        mod account;
        mod allocator;
        mod block;
        mod core;
        mod current;
        mod home;
        mod installed;
        mod line;
        mod manage;
        mod once;
        mod overflow;
        mod refill;
        mod region;
        mod ring;
        mod shim;
        mod slab;
        mod stack;
        mod stats;
        pub(crate) mod territory;

        pub(crate) use region::Region;
        pub(crate) use shim::ScopedGlobal;

        impl<T, G> ScopedGlobal<T, G> {
            /// The allocator, which answers as if it was the program's: shuttle's own allocations must not come here.
            pub(crate) fn taken_for_installed(mut self) -> Self {
                // Nobody else knows it yet, and shuttle may not be running.
                *self.installed.get_mut() = 1;
                self
            }

            pub(crate) fn inner(&self) -> &G {
                &self.inner
            }
        }
    }
    pub(crate) mod size;
    pub(crate) mod sync;
    pub(crate) mod sys;
    pub(crate) mod track;
}

use sources::{adapt, addr, global, size, sync, sys, track};

/// In place of the crate's: an end of the process would not say which schedule led to it.
mod abort {
    #[cold]
    pub(crate) fn now(message: &str) -> ! {
        panic!("{message}")
    }
}
