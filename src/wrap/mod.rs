//! Wrappers around any [`Allocator`]: each one adds a single habit and forwards the rest.
//!
//! | wrapper | what it adds |
//! |---|---|
//! | [`Counting`] | counts calls, blocks and bytes, and which resizes had to move |
//! | [`Failing`] | refuses the requests it is told to refuse, or makes every resize move |
//! | [`Limited`] | refuses what would exceed a budget in bytes, which several may share |
//! | [`Fallback`] | takes memory from a second allocator when the first refuses |
//! | [`Exclusive`] | adds nothing, and lets no other allocator have memory of the one in it: the first of a `Fallback` |
//! | [`Segregate`] | takes small blocks from one allocator, large ones from another |
//! | [`Observer`] | calls a closure with every event |
//! | [`OnOom`] | calls a hook when memory runs out, and asks again |
//! | `Logging` (feature `log`) | writes every call through the `log` facade; `QuietLogger` keeps it from logging what loggers allocate |
//! | [`Histogram`] | counts blocks by size, and by lifetime if wanted, and draws them |
//! | `Tracking` (features `std` and `hashbrown`) | knows who holds what, prints it, and names what is freed wrongly |
//! | [`Guarded`] | puts canaries around each block, and names what is freed wrongly |
//! | `PageGuarded` (feature `virtual-memory`) | no wrapper, a source: puts each block against a page that nobody may touch |
//! | [`Quantized`] | rounds sizes up |
//!
//! Wrappers nest (`Counting<Failing<A>>`) and are shared by reference: `&Counting<A>` is an allocator as well. Those
//! with figures of their own are not `Clone`, because a clone of an allocator has to free what the original
//! handed out, and the two would then each hold half of the figures. A wrapper in a `static` serves where a
//! value without a lifetime is wanted. Around a [`GlobalAlloc`](core::alloc::GlobalAlloc), each is one too, and can be a
//! `#[global_allocator]`; `Fallback` is one if its first allocator knows what is whose and its second is one.
//!
//! What they wrap is an [`Allocator`] of allocator-api2 0.2; they serve that version of the trait and all others that are
//! switched on. Blocks are handed out exactly as long as asked, even where the inner allocator has more to give.
//!
//! ```
//! # #[cfg(feature = "alloc")] {
//! use allocator_api2::{alloc::Global, vec::Vec};
//! use arenite::wrap::{Counting, Failing};
//!
//! let allocator = Counting::new(Failing::new(Global));
//! allocator.inner().fail_nth(2);
//! let mut numbers = Vec::<u64, _>::new_in(&allocator);
//! assert!(numbers.try_reserve_exact(4).is_ok());
//! assert!(numbers.try_reserve_exact(8).is_err());
//! assert_eq!(allocator.counts().failed, 1);
//! assert_eq!(allocator.counts().bytes_live, 32);
//! # }
//! ```
//!
//! [`Allocator`]: allocator_api2::alloc::Allocator

#![allow(clippy::result_large_err, reason = "a misuse is most often the end of the process")]

#[macro_use]
mod calls;
#[macro_use]
mod pair;
#[cfg(all(feature = "std", feature = "hashbrown"))]
mod books;
mod conditions;
mod counting;
mod exclusive;
mod failing;
mod fallback;
mod fence;
mod forward;
mod guarded;
mod histogram;
mod hooks;
#[cfg(all(feature = "std", feature = "hashbrown"))]
mod leaks;
mod lifetime;
mod limited;
mod lock;
#[cfg(feature = "log")]
mod logging;
mod misuse;
mod observer;
mod on_oom;
#[cfg(feature = "virtual-memory")]
mod page_guarded;
#[cfg(feature = "virtual-memory")]
mod pages;
mod quantized;
#[cfg(feature = "log")]
mod quiet_logger;
mod segregate;
mod statistics;
#[cfg(all(feature = "std", feature = "hashbrown"))]
mod tracking;

pub use crate::owns::{Apart, Owns, Whole};
pub use conditions::Conditions;
pub use counting::{Counting, Counts};
pub use exclusive::Exclusive;
pub use failing::Failing;
pub use fallback::Fallback;
pub use guarded::Guarded;
pub use histogram::Histogram;
pub use hooks::unobserved;
#[cfg(all(feature = "std", feature = "hashbrown"))]
pub use leaks::{LeakReport, LeakSite, Mark};
#[cfg(feature = "std")]
pub use lifetime::TimeClock;
pub use lifetime::{AllocationClock, Clock};
pub use limited::{Budget, Limited};
#[cfg(feature = "log")]
pub use logging::Logging;
pub use misuse::{Misuse, MisuseKind};
pub use observer::{Event, Observer};
pub use on_oom::OnOom;
#[cfg(feature = "virtual-memory")]
pub use page_guarded::PageGuarded;
pub use quantized::Quantized;
#[cfg(feature = "log")]
pub use quiet_logger::QuietLogger;
pub use segregate::Segregate;
pub use statistics::{CallCounters, LiveCounters, Statistics};
#[cfg(all(feature = "std", feature = "hashbrown"))]
pub use tracking::{ReportAtEnd, Tracking};
