//! Which arena serves a thread, and what is known of its blocks.

use std::alloc::Layout;
use std::cell::Cell;
use std::env;
use std::ptr::NonNull;
use std::sync::{LazyLock, OnceLock};

use allocator_api2::alloc::{AllocError, Allocator};
use arenite::shared::SyncArena;
use arenite::{Arena, Auto, Chained, Fixed, Growth, Virtual};

use crate::book::Book;
use crate::figures;
use crate::plant::Planted;

/// For `fixed`: as much as the most hungry of the tests needs. What is not touched is not there.
const BUFFER: usize = 64 << 20;

/// What serves a thread. It is never dropped: a test may leave blocks to whoever runs after it.
pub(crate) struct Home {
    arena: Planted,
    book: &'static Book,
}

impl Home {
    /// The arena, with the fault that was planted, if there is one.
    pub(crate) fn planted(&self) -> &Planted {
        &self.arena
    }

    /// A block was handed out.
    pub(crate) fn lend(&self, block: NonNull<[u8]>, layout: Layout, zeroed: bool) {
        figures::allocated(layout.size());
        self.book.enter(block, layout, zeroed);
    }

    /// A block comes back, or is to be resized.
    pub(crate) fn take_back(&self, block: NonNull<u8>, layout: Layout) {
        self.book.leave(block, layout);
    }

    /// What became of a block that was taken back to be resized.
    pub(crate) fn resized(
        &self,
        outcome: Result<NonNull<[u8]>, AllocError>,
        block: NonNull<u8>,
        old: Layout,
        new: Layout,
    ) -> Result<NonNull<[u8]>, AllocError> {
        match outcome {
            Ok(block) => {
                figures::resized(new.size());
                self.book.reenter(block, new);
            }
            // It is still there.
            Err(_) => self.book.reenter(NonNull::slice_from_raw_parts(block, old.size()), old),
        }
        outcome
    }
}

/// A value that stays for ever.
fn forever<T>(value: T) -> &'static T {
    Box::leak(Box::new(value))
}

/// An arena of the kind that was asked for.
fn arena() -> &'static dyn Allocator {
    static SHARED: OnceLock<&SyncArena> = OnceLock::new();
    static KIND: LazyLock<String> = LazyLock::new(|| env::var("BORROWED_ARENA").unwrap_or_default());
    match KIND.as_str() {
        "auto" => forever(forever(Arena::new())),
        // Nothing is aligned by chance, and a chunk is full soon.
        "chained" => {
            let backing = Chained::new().first_chunk(1).growth(Growth::Constant);
            forever(forever(Arena::<_, 1>::with_min_align_in(backing)))
        }
        "fixed" => {
            let buffer = Box::leak(Box::<[u8]>::new_uninit_slice(BUFFER));
            forever(forever(Arena::new_in(Fixed::new(buffer))))
        }
        "virtual" => forever(forever(Arena::new_in(Virtual::new()))),
        // Its parent stands in front of it, and was allocated in.
        "child" => {
            let parent: &Arena<Auto> = forever(Arena::new());
            parent.alloc([1_u8; 100]);
            let child = forever(parent.child());
            forever(&**child)
        }
        // One for all threads.
        "shared" => forever(*SHARED.get_or_init(|| forever(SyncArena::new()))),
        other => panic!("`{other}` is no arena: run me by .ci/borrowed"),
    }
}

/// What serves this thread.
pub(crate) fn home() -> &'static Home {
    static SHARED: LazyLock<Book> = LazyLock::new(Book::default);
    thread_local!(static HOME: Cell<Option<&'static Home>> = const { Cell::new(None) });
    HOME.get().unwrap_or_else(|| {
        let shared = env::var("BORROWED_ARENA").as_deref() == Ok("shared");
        let book = if shared { &*SHARED } else { forever(Book::default()) };
        let home = forever(Home { arena: Planted::new(arena()), book });
        figures::started();
        HOME.set(Some(home));
        home
    })
}
