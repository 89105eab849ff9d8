//! Test harnesses for allocators, and for programs that use one.
//!
//! * [`conformance`] checks that an [`Allocator`] keeps the contract of the trait: one `#[test]` a property, by
//!   [`conformance_suite!`](crate::conformance_suite).
//! * [`failures`] checks that a program survives the failure of each of its allocations, by
//!   [`check_all_allocation_failures`](failures::check_all_allocation_failures).
//!
//! Neither needs more than the `alloc` crate; both keep their own books in the global allocator.
//!
//! [`Allocator`]: allocator_api2::alloc::Allocator

pub mod conformance;
pub mod failures;
