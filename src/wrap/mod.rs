//! Wrappers around any allocator.
