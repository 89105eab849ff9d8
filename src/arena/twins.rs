//! Methods that exist twice are documented once.

/// Writes a panicking method and its `try_` twin. Both call one method that is generic over the error type.
macro_rules! twins {
    ($(
        $(#[$doc:meta])*
        fn $name:ident, $try_name:ident = $any:ident [$($generics:tt)*] ($($arg:ident: $ty:ty),*) -> $ret:ty;
    )*) => {$(
        $(#[$doc])*
        ///
        /// # Panics
        ///
        /// Panics if there is no memory for it;
        #[doc = concat!("[`", stringify!($try_name), "`](Self::", stringify!($try_name), ") returns an error instead.")]
        #[inline(always)]
        pub fn $name<$($generics)*>(&self, $($arg: $ty),*) -> $ret {
            let result: Result<$ret, core::convert::Infallible> = self.$any($($arg),*);
            match result {
                Ok(value) => value,
            }
        }

        #[doc = concat!("As [`", stringify!($name), "`](Self::", stringify!($name), "), but returns an error where there is no memory. Whatever else panics there panics here.")]
        ///
        /// # Errors
        ///
        /// [`AllocError`](crate::AllocError) if there is no memory for it. The arena is as before then.
        #[inline(always)]
        pub fn $try_name<$($generics)*>(&self, $($arg: $ty),*) -> Result<$ret, crate::AllocError> {
            self.$any($($arg),*)
        }
    )*};
}

pub(crate) use twins;
