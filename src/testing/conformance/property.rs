//! The list of properties, from which the enum, its table and the tests of a suite are made.

use super::oracle::Oracle;
use super::{failing, handles, orders, placement, programs, resizing, zeroing};
use allocator_api2::alloc::Allocator;

/// Calls another macro with one row for each property: variant, name of the test, function, documentation.
#[doc(hidden)]
#[macro_export]
macro_rules! __conformance_properties {
    ([$($macro:tt)+] $($arguments:tt)*) => {
        $($macro)+! { $($arguments)*
            Alignment alignment placement
                "Blocks have the alignment asked for, from 1 byte to the largest."
            ZeroSize zero_size placement
                "Blocks of no bytes are granted at every alignment, and disturb no other block."
            NoOverlap no_overlap placement
                "Live blocks lie apart, to the full length granted."
            Surplus surplus placement
                "A block goes back, grows and shrinks with every size from what was asked to what was granted."
            Grow grow resizing
                "Growing preserves the content, of the latest block and of others, in place or not."
            Shrink shrink resizing
                "Shrinking preserves what is left and disturbs no other block, down to no bytes at all."
            Realign realign resizing
                "A resize meets the new alignment, larger or smaller than the old, also without a change of size."
            Zeroed zeroed zeroing
                "Zeroed memory is zero, also where it was dirty before; `grow_zeroed` clears what it adds."
            HugeLayouts huge_layouts failing
                "What no memory can hold is refused, and the allocator goes on."
            FailedResize failed_resize failing
                "A resize that fails leaves the block as it was, and live; so does running out of memory."
            FreeOrder free_order orders
                "Blocks go back in any order."
            ByReference by_reference handles
                "A reference or trait object is the same allocator."
            Moved moved handles
                "Blocks stay valid while the allocator moves."
            RandomProgram random_program programs
                "Any sequence of calls keeps all of the above."
        }
    };
}

macro_rules! define_properties {
    ($($variant:ident $name:ident $module:ident $doc:literal)+) => {
        /// What the suite checks.
        ///
        /// ```
        /// use allocator_api2::alloc::Global;
        /// use arenite::testing::conformance::{Conformance, Property};
        ///
        /// for &property in Property::ALL {
        ///     println!("{}", property.name());
        ///     Conformance::new().max_size(256).check_property(property, Global);
        /// }
        /// ```
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        #[non_exhaustive]
        pub enum Property {
            $(#[doc = $doc] $variant,)+
        }

        impl Property {
            /// Every property.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The name that messages and tests give it.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => stringify!($name),)+
                }
            }

            pub(super) fn check<A: Allocator>(self, oracle: Oracle<A>) {
                match self {
                    $(Self::$variant => $module::$name(oracle).finish(),)+
                }
            }
        }
    };
}

__conformance_properties! { [define_properties] }

/// Makes a module with one `#[test]` for each [`Property`](crate::testing::conformance::Property).
///
/// Takes the name of the module, an expression for a fresh allocator, and the
/// [`Conformance`](crate::testing::conformance::Conformance) options if they are not the defaults. The expression is
/// evaluated once a test, and may borrow from temporaries of its own.
///
/// ```
/// # mod tests {
/// use allocator_api2::alloc::Global;
/// use arenite::testing::conformance::{Conformance, conformance_suite};
/// use arenite::wrap::Counting;
///
/// conformance_suite!(global, Global);
/// conformance_suite!(counting, &Counting::new(Global), Conformance::new().operations(500));
/// # }
/// ```
#[macro_export]
macro_rules! conformance_suite {
    ($name:ident, $allocator:expr $(,)?) => {
        $crate::conformance_suite! { $name, $allocator, $crate::testing::conformance::Conformance::new() }
    };
    ($name:ident, $allocator:expr, $options:expr $(,)?) => {
        mod $name {
            // An expression of the caller's may name what is around the call, or nothing at all: only the caller knows.
            #[allow(unused_imports, reason = "the expressions may need nothing from around them")]
            use super::*;
            $crate::__conformance_properties! { [$crate::__conformance_tests] $allocator; $options; }
        }
    };
}

/// One test for each row of [`__conformance_properties!`].
#[doc(hidden)]
#[macro_export]
macro_rules! __conformance_tests {
    ($allocator:expr; $options:expr; $($variant:ident $test:ident $module:ident $doc:literal)+) => {
        $(
            #[doc = $doc]
            #[test]
            fn $test() {
                $options.check_property($crate::testing::conformance::Property::$variant, $allocator);
            }
        )+
    };
}
