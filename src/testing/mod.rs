//! Test harnesses for allocators.
