//! Arenas for several threads at once.
//!
//! | | [`ArenaPool`] | [`SyncArena`] |
//! |---|---|---|
//! | is | an arena for each thread | one arena for all threads |
//! | a thread asks | `pool.local()` once a task: an `&Arena` of its own | `&arena` itself, which is `Send` and `Sync` |
//! | one allocation | what it costs in an [`Arena`](crate::Arena) | that, and finding the thread's window: about a nanosecond |
//! | scopes, the whole of `Arena`'s methods | yes | no |
//! | a collection may go on growing on another thread | no | yes |
//! | in a child, after a `fork` of several threads | goes on | [may wait for ever](SyncArena#in-a-child-process) |
//! | memory at rest | that of an arena, for each thread | what is left of a window of up to 32 KiB, for each thread |
//!
//! What either hands out borrows the pool or the arena, not the task, the thread or a guard: results outlive the
//! tasks that made them, and the threads, and go to other threads if they are `Send`. Neither locks anything on the short
//! way, and both are reset through `&mut`, when nothing that they handed out is in use.
//!
//! ```
//! use arenite::shared::ArenaPool;
//!
//! let mut pool = ArenaPool::new();
//! let texts = ["one two", "three"];
//! let lists: Vec<&[&str]> = std::thread::scope(|scope| {
//!     let tasks = texts.map(|text| {
//!         let pool = &pool;
//!         scope.spawn(move || {
//!             let arena = pool.local();
//!             &*arena.alloc_from_iter(text.split(' ').map(|word| &*arena.alloc_str(word)))
//!         })
//!     });
//!     tasks.into_iter().map(|task| task.join().unwrap()).collect()
//! });
//! assert_eq!(lists, [&["one", "two"][..], &["three"]]);
//! pool.reset();
//! ```

mod entries;
mod lock;
mod numbers;
mod pool;
mod slots;
mod sync_arena;
mod thread;

pub use pool::{ArenaPool, PoolStats};
pub use sync_arena::SyncArena;
