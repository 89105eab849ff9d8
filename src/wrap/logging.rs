//! [`Logging`].

use super::calls::Granted;
use super::forward::{Observe, Request};
use super::hooks::unless_inside;
use super::observer::Event;
use super::quiet_logger;
use core::alloc::Layout;
use core::ptr::NonNull;
use log::Level;

/// Writes each call through the `log` facade, under the target `arenite::wrap`.
///
/// Calls that succeed at the level of your choice, [`Level::Trace`] to begin with, those that fail at [`Level::Warn`]. If the
/// logger panics, the process ends, since an allocator must not unwind. Where the level is switched off, a call costs one
/// comparison more.
///
/// *The logger is not called from within itself.* What it allocates while it writes a line of ours goes unlogged, also if it takes
/// that from the allocator that it reports on. What it allocates while it writes a line of the program's goes unlogged, too, if it is
/// a [`QuietLogger`](super::QuietLogger). If it is not, nobody knows of that line, and a logger that holds a lock meanwhile would
/// wait for itself. So:
///
/// * As a global allocator, from which nearly every logger takes its memory, this logs only to a `QuietLogger` that was
///   [installed](super::QuietLogger::install), and nothing if the program has another logger, or set that one in another way.
/// * As an `Allocator` it logs to any. A logger that itself allocates from it, with a lock held, must be a `QuietLogger`.
///
/// A lock of another kind, that the logger waits for and that the program holds while it allocates, is the program's business:
/// what it does with that lock belongs into [`unobserved`](super::unobserved).
///
/// ```
/// # #[cfg(feature = "alloc")] {
/// use allocator_api2::{alloc::Global, boxed::Box};
/// use arenite::wrap::Logging;
/// use log::Level;
///
/// # use std::sync::Mutex;
/// # static LINES: Mutex<Vec<String>> = Mutex::new(Vec::new());
/// # static AGAIN: Logging<Global> = Logging::new(Global);
/// # struct Lines;
/// # impl log::Log for Lines {
/// #     fn enabled(&self, _: &log::Metadata<'_>) -> bool { true }
/// #     fn log(&self, record: &log::Record<'_>) {
/// #         drop(Box::new_in(1_u8, &AGAIN));
/// #         assert_eq!(record.target(), "arenite::wrap");
/// #         LINES.lock().unwrap().push(format!("{} {}", record.level(), record.args()));
/// #     }
/// #     fn flush(&self) {}
/// # }
/// # log::set_logger(&Lines).unwrap();
/// # log::set_max_level(log::LevelFilter::Debug);
/// let allocator = Logging::new(Global).level(Level::Debug);
/// // Logs "allocated 8 bytes aligned to 8 at 0x..", then "freed 8 bytes ..".
/// drop(Box::new_in(1_u64, &allocator));
/// # {
/// #     let mut lines = LINES.lock().unwrap();
/// #     assert!(lines[0].starts_with("DEBUG allocated 8 bytes aligned to 8 at 0x"), "{lines:?}");
/// #     assert!(lines[1].starts_with("DEBUG freed 8 bytes aligned to 8 at 0x"), "{lines:?}");
/// #     assert_eq!(lines.len(), 2, "what the logger allocates is not logged: {lines:?}");
/// #     lines.clear();
/// # }
/// # // Off: nothing but what fails.
/// # let failing = arenite::wrap::Failing::new(Global);
/// # failing.fail_nth(2);
/// # let quiet = Logging::new(failing);
/// # drop(Box::new_in(1_u64, &quiet));
/// # assert!(Box::try_new_in(1_u64, &quiet).is_err());
/// # assert_eq!(*LINES.lock().unwrap(), ["WARN out of memory for 8 bytes aligned to 8"]);
/// # }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Logging<A> {
    inner: A,
    level: Level,
}

impl<A> Logging<A> {
    /// Logs every call from now on.
    pub const fn new(inner: A) -> Self {
        Self { inner, level: Level::Trace }
    }

    /// The level of calls that succeed.
    #[must_use]
    pub fn level(self, level: Level) -> Self {
        Self { level, ..self }
    }

    /// The allocator underneath. What is allocated through it is not logged.
    pub const fn inner(&self) -> &A {
        &self.inner
    }

    /// The allocator underneath, unlogged.
    pub fn into_inner(self) -> A {
        self.inner
    }

    #[inline]
    fn log(&self, level: Level, event: impl FnOnce() -> Event) {
        if level <= log::STATIC_MAX_LEVEL && level <= log::max_level() {
            unless_inside(|| log::log!(target: "arenite::wrap", level, "{}", event()));
        }
    }
}

impl<A: Default> Default for Logging<A> {
    fn default() -> Self {
        Self::new(A::default())
    }
}

impl<A> Observe for Logging<A> {
    #[inline]
    fn after(&self, request: Request, result: Granted) {
        let level = if result.is_ok() { self.level } else { Level::Warn };
        self.log(level, || Event::of(request, result));
    }

    #[inline]
    fn freed(&self, block: NonNull<u8>, layout: Layout) {
        self.log(self.level, || Event::Freed { block, layout });
    }
}

/// What it is as a global allocator.
struct OfTheProgram<'l, A>(&'l Logging<A>);

impl<A> Observe for OfTheProgram<'_, A> {
    #[inline]
    fn after(&self, request: Request, result: Granted) {
        if quiet_logger::is_installed() {
            self.0.after(request, result);
        }
    }

    #[inline]
    fn freed(&self, block: NonNull<u8>, layout: Layout) {
        if quiet_logger::is_installed() {
            self.0.freed(block, layout);
        }
    }
}

allocator_by_calls!([] Logging<A>, global |logging| &OfTheProgram(logging));
