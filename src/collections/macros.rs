//! `vec!` and `format!` that name their allocator.

/// A `Vec` in the allocator that is named first: `vec![in &arena; 1, 2, 3]`.
///
/// * `vec![in alloc]` is empty and allocates nothing;
/// * `vec![in alloc; a, b, c]` holds these elements, in one allocation of exactly their size;
/// * `vec![in alloc; value; n]` holds `n` clones of a value, likewise.
///
/// What is written is evaluated from left to right and once, and all of it before the vector is allocated: an element
/// may allocate from the same arena, and the vector can still grow in place. If an element panics, those before it are
/// dropped.
///
/// Call it by its path, `arenite::vec!`. A `use` that names it hides std's macro of the same name; after a glob such as
/// `use arenite::*`, a bare `vec!` is ambiguous and does not compile.
///
/// ```
/// use allocator_api2::alloc::Global; // stands for any allocator, such as `&arena`
///
/// let mut names = arenite::vec![in Global];
/// names.push("a");
/// assert_eq!(names, ["a"]);
/// assert_eq!(arenite::vec![in Global; 1, 2, 3].capacity(), 3);
/// assert_eq!(arenite::vec![in Global; 'x'; 4], ['x'; 4]);
/// ```
#[macro_export]
macro_rules! vec {
    (in $alloc:expr $(;)?) => {
        $crate::collections::__private::Vec::new_in($alloc)
    };
    (in $alloc:expr; $value:expr; $n:expr) => {
        $crate::collections::__private::vec_of_clones($alloc, $value, $n)
    };
    (in $alloc:expr; $($element:expr),+ $(,)?) => {
        $crate::collections::__private::vec_of_array($alloc, [$($element),+])
    };
}

/// A [`String`](crate::collections::String) in the allocator that is named first: `format!(in &arena, "{x}")`.
///
/// The allocator is evaluated before the arguments. Those may allocate from the same arena, also while they are being
/// printed.
///
/// # Panics
///
/// If a `Display` or other formatting implementation returns an error. A refusal by the allocator goes to the error
/// handler of the program.
///
/// Call it by its path, `arenite::format!`. A `use` that names it hides std's macro of the same name; after a glob such
/// as `use arenite::*`, a bare `format!` is ambiguous and does not compile.
///
/// ```
/// use allocator_api2::alloc::Global; // stands for any allocator, such as `&arena`
///
/// let width = 6;
/// let s = arenite::format!(in Global, "{:>width$}|{name}", 1.5, name = "x");
/// assert_eq!(s, "   1.5|x");
/// ```
#[macro_export]
macro_rules! format {
    (in $alloc:expr, $($arguments:tt)+) => {
        $crate::collections::__private::format_in(
            $alloc,
            $crate::collections::__private::format_args!($($arguments)+),
        )
    };
}

/// What the macros expand to. Not part of the public interface.
#[doc(hidden)]
pub mod support {
    use crate::collections::String;
    use allocator_api2::alloc::Allocator;
    use allocator_api2::boxed::Box;
    pub use allocator_api2::vec::Vec;
    use core::fmt::{Arguments, Write};
    pub use core::format_args;

    #[inline]
    pub fn vec_of_array<T, A: Allocator, const N: usize>(alloc: A, elements: [T; N]) -> Vec<T, A> {
        Box::new_in(elements, alloc).into_vec()
    }

    #[inline]
    pub fn vec_of_clones<T: Clone, A: Allocator>(alloc: A, value: T, n: usize) -> Vec<T, A> {
        let mut vec = Vec::with_capacity_in(n, alloc);
        vec.resize(n, value);
        vec
    }

    #[inline]
    pub fn format_in<A: Allocator>(alloc: A, arguments: Arguments<'_>) -> String<A> {
        match arguments.as_str() {
            Some(text) => String::from_str_in(text, alloc),
            None => {
                let mut string = String::new_in(alloc);
                string.write_fmt(arguments).expect("a formatting implementation returned an error");
                string
            }
        }
    }
}
