//! Nothing unwinds out of an allocator.

/// Runs `call`; if it panics, the process ends with a message.
///
/// Needed around everything of the user's that runs inside an allocator: a container whose `grow` unwinds is in a state
/// that nobody has thought about.
#[inline]
pub(crate) fn on_unwind<R>(call: impl FnOnce() -> R) -> R {
    let armed = Armed;
    let result = call();
    armed.disarm();
    result
}

/// Ends the process with a message, without allocating and without unwinding.
#[cfg(feature = "global")]
#[cold]
pub(crate) fn now(message: &str) -> ! {
    crate::sys::complain("arenite: ");
    crate::sys::complain(message);
    crate::sys::complain("\n");
    std::process::abort()
}

/// Ends the process with a message, which may allocate while it is made.
#[cold]
pub(crate) fn with(message: core::fmt::Arguments<'_>) -> ! {
    #[cfg(feature = "std")]
    {
        use std::io::Write;
        // If nobody can be told, the process ends all the same.
        let _ = writeln!(std::io::stderr(), "arenite: {message}");
        std::process::abort()
    }
    #[cfg(not(feature = "std"))]
    on_unwind(|| panic!("{message}"))
}

/// Ends the process when it is dropped: for calls whose arguments had better not become captures of a closure.
pub(crate) struct Armed;

impl Armed {
    #[inline(always)]
    pub(crate) fn disarm(self) {
        core::mem::forget(self);
    }
}

impl Drop for Armed {
    fn drop(&mut self) {
        // A panic while unwinding aborts, with or without `std`, and prints both messages.
        panic!(
            "a source of memory, or a hook of one, panicked; an allocator must not unwind, so the process ends here"
        );
    }
}
