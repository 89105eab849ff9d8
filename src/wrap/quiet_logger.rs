//! [`QuietLogger`].

use super::hooks::unobserved;
use core::sync::atomic::{AtomicBool, Ordering};
use log::{Log, Metadata, Record, SetLoggerError};

/// Whether the program's logger is a [`QuietLogger`]. It is installed once and for all, so this does not change again.
static INSTALLED: AtomicBool = AtomicBool::new(false);

/// Whether whatever a thread allocates while it logs is known to go unlogged.
#[inline]
pub(super) fn is_installed() -> bool {
    INSTALLED.load(Ordering::Relaxed)
}

/// A logger around another one: what a thread allocates while it logs goes [unobserved](super::unobserved), so that no
/// [`Logging`](super::Logging) calls the logger from within the logger.
///
/// Most loggers hold a lock while they write a line, and allocate. Where the allocator logs, the logger is then called again by the
/// thread that has the lock, and waits for it forever. As the `#[global_allocator]`, a `Logging` therefore logs nothing
/// unless the program's logger is one of these.
///
/// ```
/// use log::{Level, Log, Metadata, Record};
/// use arenite::wrap::{Logging, QuietLogger};
/// use std::alloc::System;
/// use std::sync::Mutex;
///
/// #[global_allocator]
/// static GLOBAL: Logging<System> = Logging::new(System);
///
/// /// Keeps lines, under a lock.
/// struct Lines(Mutex<Vec<String>>);
///
/// impl Log for Lines {
///     fn enabled(&self, _: &Metadata<'_>) -> bool {
///         true
///     }
///     fn log(&self, record: &Record<'_>) {
///         let mut lines = self.0.lock().unwrap();
///         lines.push(record.args().to_string());
///     }
///     fn flush(&self) {}
/// }
///
/// static LOGGER: QuietLogger<Lines> = QuietLogger::new(Lines(Mutex::new(Vec::new())));
///
/// LOGGER.install().unwrap();
/// log::set_max_level(Level::Trace.to_level_filter());
/// log::info!("ready");
/// drop(Box::new(1_u64));
/// log::set_max_level(log::LevelFilter::Off);
/// let lines = LOGGER.inner().0.lock().unwrap();
/// assert_eq!(lines[0], "ready", "what the line itself took was not logged");
/// assert!(lines[1].starts_with("allocated 8 bytes aligned to 8"));
/// ```
#[derive(Debug)]
pub struct QuietLogger<L> {
    logger: L,
}

impl<L> QuietLogger<L> {
    /// Logs through `logger`.
    pub const fn new(logger: L) -> Self {
        Self { logger }
    }

    /// The logger underneath.
    pub const fn inner(&self) -> &L {
        &self.logger
    }
}

impl<L: Log + 'static> QuietLogger<L> {
    /// Makes this the program's logger. (A logger that is made at run time, such as `env_logger`'s, is leaked for it:
    /// `Box::leak(Box::new(QuietLogger::new(logger))).install()`.)
    ///
    /// # Errors
    ///
    /// If the program has a logger already.
    pub fn install(&'static self) -> Result<(), SetLoggerError> {
        log::set_logger(self)?;
        INSTALLED.store(true, Ordering::Relaxed);
        Ok(())
    }
}

impl<L: Log> Log for QuietLogger<L> {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        unobserved(|| self.logger.enabled(metadata))
    }

    fn log(&self, record: &Record<'_>) {
        unobserved(|| self.logger.log(record));
    }

    fn flush(&self) {
        unobserved(|| self.logger.flush());
    }
}
