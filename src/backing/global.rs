//! The global allocator, or what stands in for it where there is none.

#[cfg(feature = "alloc")]
pub(crate) use allocator_api2::alloc::Global;

#[cfg(not(feature = "alloc"))]
pub(crate) use absent::Global;

#[cfg(not(feature = "alloc"))]
mod absent {
    use core::alloc::Layout;
    use core::ptr::NonNull;

    use allocator_api2::alloc::{AllocError, Allocator};

    /// Without the feature `alloc` there is no global allocator, and no value of this type.
    #[derive(Debug, Clone, Copy)]
    pub enum Global {}

    // SAFETY: there is no value of this type, so no method is ever called.
    unsafe impl Allocator for Global {
        fn allocate(&self, _: Layout) -> Result<NonNull<[u8]>, AllocError> {
            match *self {}
        }

        unsafe fn deallocate(&self, _: NonNull<u8>, _: Layout) {
            match *self {}
        }
    }
}
