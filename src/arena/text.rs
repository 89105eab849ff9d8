//! Text.

use core::ffi::CStr;
use core::fmt::{self, Write};
use core::str;

use super::Arena;
use super::failure::Failure;
use super::fill::Filling;
use super::twins::twins;
use crate::backing::Backing;

impl<B: Backing, const M: usize> Arena<B, M> {
    twins! {
        /// Copies a string into the arena.
        ///
        /// # Examples
        ///
        /// ```
        /// let arena = arenite::Arena::new();
        /// let word = arena.alloc_str("sand");
        /// word.make_ascii_uppercase();
        /// assert_eq!(word, "SAND");
        /// ```
        fn alloc_str, try_alloc_str = str_any [] (source: &str) -> &mut str;

        /// Formats into the arena: `arena.alloc_fmt(format_args!("{x}"))`. The text grows in place as long as nothing
        /// else is allocated meanwhile. Panics if a `Display` or the like returns an error, as `format!` does.
        ///
        /// # Examples
        ///
        /// ```
        /// let arena = arenite::Arena::new();
        /// let grains = 3;
        /// assert_eq!(arena.alloc_fmt(format_args!("{grains} grains")), "3 grains");
        /// ```
        fn alloc_fmt, try_alloc_fmt = fmt_any [] (args: fmt::Arguments<'_>) -> &mut str;

        /// Copies a C string into the arena, its final zero included.
        ///
        /// # Examples
        ///
        /// ```
        /// let arena = arenite::Arena::new();
        /// assert_eq!(arena.alloc_cstr(c"sand"), c"sand");
        /// ```
        fn alloc_cstr, try_alloc_cstr = cstr_any [] (source: &CStr) -> &CStr;

        /// Copies a string into the arena as a C string, which ends where the first zero in `source` is.
        ///
        /// # Examples
        ///
        /// ```
        /// let arena = arenite::Arena::new();
        /// assert_eq!(arena.alloc_cstr_from_str("sand"), c"sand");
        /// assert_eq!(arena.alloc_cstr_from_str("sa\0nd"), c"sa");
        /// ```
        fn alloc_cstr_from_str, try_alloc_cstr_from_str = cstr_from_str_any [] (source: &str) -> &CStr;
    }

    #[inline(always)]
    fn str_any<E: Failure>(&self, source: &str) -> Result<&mut str, E> {
        let bytes = self.slice_copy::<E, u8>(source.as_bytes())?;
        // SAFETY: the bytes are those of a string.
        Ok(unsafe { str::from_utf8_unchecked_mut(bytes) })
    }

    fn fmt_any<E: Failure>(&self, args: fmt::Arguments<'_>) -> Result<&mut str, E> {
        if let Some(text) = args.as_str() {
            return self.str_any(text);
        }
        let mut text = Text { filling: Filling::with_capacity::<E>(self, 0)?, failure: None };
        let result = text.write_fmt(args);
        if let Some(failure) = text.failure {
            return Err(failure);
        }
        result.expect("a formatting trait implementation returned an error");
        // SAFETY: only strings were written into it.
        Ok(unsafe { str::from_utf8_unchecked_mut(text.filling.finish()) })
    }

    fn cstr_any<E: Failure>(&self, source: &CStr) -> Result<&CStr, E> {
        let bytes = self.slice_copy::<E, u8>(source.to_bytes_with_nul())?;
        // SAFETY: the bytes are those of a C string.
        Ok(unsafe { CStr::from_bytes_with_nul_unchecked(bytes) })
    }

    fn cstr_from_str_any<E: Failure>(&self, source: &str) -> Result<&CStr, E> {
        let end = source.bytes().position(|byte| byte == 0).unwrap_or(source.len());
        let mut filling = Filling::with_capacity::<E>(self, end + 1)?;
        filling.extend::<E>(&source.as_bytes()[..end])?;
        filling.extend::<E>(&[0])?;
        // SAFETY: the only zero is the last byte.
        Ok(unsafe { CStr::from_bytes_with_nul_unchecked(filling.finish()) })
    }
}

/// Text in the making. `fmt::Error` carries no cause, so that of a failed write is kept here.
struct Text<'a, B: Backing, const M: usize, E> {
    filling: Filling<'a, B, M, u8>,
    failure: Option<E>,
}

impl<B: Backing, const M: usize, E: Failure> Write for Text<'_, B, M, E> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.filling.extend::<E>(text.as_bytes()).map_err(|failure| {
            self.failure = Some(failure);
            fmt::Error
        })
    }
}
