//! Regions of `ScopedGlobal`, which is this program's allocator, beside the system's.

use std::alloc::{GlobalAlloc, Layout, System, alloc, dealloc};
use std::hint::black_box;
use std::ptr;

use arenite::{Region, ScopedGlobal};

use crate::{Call, Counted, Input, Job, nothing};

const CALLS: usize = 1000;
const OPERATIONS: [&str; 4] =
    ["alloc, 64 bytes", "free, 64 bytes", "alloc and free, 64 bytes", "entered and left"];
const WHO: [&str; 3] = ["in a region", "outside of regions", "glibc"];

/// The loops alone, then every operation everywhere.
pub const JOBS: usize = OPERATIONS.len() * (WHO.len() + 1);

/// What programs call.
struct Installed;

// SAFETY: these are the calls of the program's allocator, whose contract is the same.
unsafe impl GlobalAlloc for Installed {
    #[inline(always)]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise is the callee's.
        unsafe { alloc(layout) }
    }
    #[inline(always)]
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise is the callee's.
        unsafe { dealloc(block, layout) };
    }
}

/// What a job works upon.
struct Things {
    blocks: Vec<*mut u8>,
    region: Region,
}

#[inline(always)]
unsafe fn next(on: *mut ()) -> *mut u8 {
    // SAFETY: these are this job's.
    let things = unsafe { &mut *on.cast::<Things>() };
    things.blocks.pop().unwrap_or(ptr::null_mut())
}

macro_rules! calls {
    ($($module:ident: $memory:expr;)*) => {$(
        mod $module {
            use super::*;

            #[inline(never)]
            pub(super) unsafe fn alloc(_: *mut (), input: &Input) -> usize {
                // SAFETY: the layout is not of size zero.
                unsafe { $memory.alloc(input.layout) }.addr()
            }

            #[inline(never)]
            pub(super) unsafe fn free(on: *mut (), input: &Input) -> usize {
                // SAFETY: these are this job's.
                let block = unsafe { next(on) };
                // SAFETY: it was allocated there, with this layout.
                unsafe { $memory.dealloc(block, input.layout) };
                0
            }

            #[inline(never)]
            pub(super) unsafe fn pair(_: *mut (), input: &Input) -> usize {
                // SAFETY: the layout is not of size zero.
                let block = unsafe { $memory.alloc(input.layout) };
                let block = black_box(block);
                // SAFETY: it was allocated there, with this layout.
                unsafe { $memory.dealloc(block, input.layout) };
                block.addr()
            }
        }
    )*};
}

calls! {
    installed: Installed;
    system: System;
}

/// Takes the next block off the list, and no more.
#[inline(never)]
unsafe fn taken(on: *mut (), _: &Input) -> usize {
    // SAFETY: these are this job's.
    unsafe { next(on) }.addr()
}

#[inline(never)]
unsafe fn entered(on: *mut (), input: &Input) -> usize {
    // SAFETY: the region is this job's.
    let things = unsafe { &*on.cast::<Things>() };
    things.region.enter(|| black_box(input.number) as usize)
}

/// What the job with this number counts; `None` if there is no such thing.
pub fn counted(number: usize) -> Option<Counted> {
    let operation = number % OPERATIONS.len();
    let who = (number / OPERATIONS.len()).checked_sub(1);
    let there = operation < 3 || who.is_none_or(|who| who == 0);
    let name = who.map_or("", |who| WHO[who]);
    let ours = who.is_some_and(|who| who < 2);
    there.then_some(Counted { operation: OPERATIONS[operation], who: name, ours, calls: CALLS, each: 1 })
}

/// The job with this number, and the region in which it is done, if it is.
pub fn job(global: &'static ScopedGlobal, number: usize) -> (Job, Option<&'static Region>) {
    let operation = number % OPERATIONS.len();
    let who = number / OPERATIONS.len();
    // A job is one process: nothing is dropped.
    let region = global.region();
    let things = Box::leak(Box::new(Things { blocks: Vec::with_capacity(CALLS), region }));
    let region: *const Region = &things.region;
    // SAFETY: it stays where it is for ever, and the job reads it alone.
    let region = unsafe { &*region };
    let calls: [[Call; 4]; 4] = [
        [nothing, taken, nothing, nothing],
        [installed::alloc, installed::free, installed::pair, entered],
        [installed::alloc, installed::free, installed::pair, nothing],
        [system::alloc, system::free, system::pair, nothing],
    ];
    let inside = (who == 1 && operation < 3).then_some(region);
    let input = Input::new();
    let make = |count: usize| {
        let blocks: Vec<*mut u8> = (0..count)
            .map(|_| {
                // SAFETY: the layout is not of size zero.
                let block =
                    unsafe { if who == 3 { System.alloc(input.layout) } else { alloc(input.layout) } };
                assert!(!block.is_null());
                block
            })
            .collect();
        blocks
    };
    let blocks = match inside {
        // The list itself lies in the region as well, elsewhere than the blocks.
        Some(region) => region.enter(|| make(CALLS + 1)),
        None => make(CALLS + 1),
    };
    things.blocks = blocks;
    let job = Job::new(calls[who][operation], ptr::from_mut(things).cast(), CALLS);
    // What is looked up once is not counted.
    let once = Job::new(job.call, job.on, 1);
    match inside {
        Some(region) => region.enter(|| once.run()),
        None => once.run(),
    };
    (job, inside)
}
