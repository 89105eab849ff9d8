//! Whether an allocator is the one that the program uses.

use core::alloc::Layout;
use core::error::Error;
use core::{fmt, hint};

use super::core::Core;
use super::current::Entered;
use super::shim::ScopedGlobal;
use crate::sync::atomic::Ordering;

/// Why there is no region. [`ScopedGlobal::try_region`] returns it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum RegionError {
    /// The static is not the `#[global_allocator]`, so nothing would ever come from its regions.
    NotInstalled,
    /// No address space could be reserved for regions.
    NoAddressSpace {
        /// The system's error number.
        code: Option<i32>,
    },
    /// The inner allocator had no memory for the region's own state.
    OutOfMemory,
}

impl fmt::Display for RegionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RegionError::NotInstalled => f.write_str(
                "this allocator is not installed: put #[global_allocator] on the static, and make regions from that one",
            ),
            RegionError::NoAddressSpace { code } => {
                f.write_str("no address space could be reserved for regions")?;
                if let Some(code) = code {
                    write!(f, " ({})", std::io::Error::from_raw_os_error(*code))?;
                }
                f.write_str(": raise the limit (ulimit -v), or use territory::Chained")
            }
            RegionError::OutOfMemory => f.write_str("the inner allocator has no memory for a region"),
        }
    }
}

impl Error for RegionError {}

// Zero is not known yet.
const YES: u8 = 1;
const NO: u8 = 2;

impl<T: super::territory::Territory, G: core::alloc::GlobalAlloc + Sync> ScopedGlobal<T, G> {
    #[inline]
    pub(super) fn is_installed(&self) -> bool {
        match self.installed.load(Ordering::Relaxed) {
            YES => true,
            NO => false,
            _ => self.probe(),
        }
    }

    /// Allocates, and looks whether that came here.
    #[cold]
    fn probe(&self) -> bool {
        let core = Core::question(self.address());
        let layout = Layout::new::<u64>();
        {
            let _entered = Entered::new(&core);
            // So that the compiler cannot do without the allocation.
            let allocate = hint::black_box(std::alloc::alloc as unsafe fn(Layout) -> *mut u8);
            // SAFETY: the layout is not of size zero.
            let block = hint::black_box(unsafe { allocate(layout) });
            if !block.is_null() {
                // SAFETY: just allocated, with this layout.
                unsafe { std::alloc::dealloc(block, layout) };
            }
        }
        let installed = core.is_answered();
        self.installed.store(if installed { YES } else { NO }, Ordering::Relaxed);
        installed
    }
}
