//! Arena allocation.
#![cfg_attr(not(feature = "std"), no_std)]

#[cfg(feature = "alloc")]
extern crate alloc;

#[cfg(feature = "alloc")]
pub mod collections;
#[cfg(feature = "alloc")]
pub mod testing;
pub mod wrap;
