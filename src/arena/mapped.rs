//! What an arena in a file can do besides.

use std::io;

use super::root::Home;
use super::{Arena, Held};
use crate::backing::Mapped;

/// Arenas in files.
impl<const M: usize> Arena<Mapped, M> {
    /// What the file held when it was opened. See [`Mapped::contents`].
    ///
    /// # Examples
    ///
    /// ```
    /// use arenite::{Arena, Mapped};
    ///
    /// # let path = std::env::temp_dir().join(format!("arenite-doc-contents-{}", std::process::id()));
    /// std::fs::write(&path, "sand")?;
    /// // SAFETY: nobody else knows this file.
    /// let mut arena: Arena<_> = Arena::new_in(unsafe { Mapped::private(&path) }?);
    /// arena.contents_mut().unwrap()[0] = b'l';
    /// assert_eq!(arena.contents(), b"land");
    /// assert_eq!(std::fs::read(&path)?, b"sand");
    /// # std::fs::remove_file(&path)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn contents(&self) -> &[u8] {
        let contents = self.root().query(|mapped| std::ptr::from_ref(mapped.contents()));
        // SAFETY: the contents stay where they are, and are written through `&mut Mapped` alone, which is to be had by
        // `&mut Arena` alone (the backing, while it runs, leaves them alone).
        contents.map_or(&[], |contents| unsafe { &*contents })
    }

    /// As [`contents`](Self::contents), to be changed: in the file, or in the private copy. `None` if the file was opened
    /// to be read.
    pub fn contents_mut(&mut self) -> Option<&mut [u8]> {
        self.backing_mut().contents_mut()
    }

    /// Where in the file `value`, which this arena handed out or which lies in its contents, starts: bytes from the start
    /// of the file. `None` if it is somewhere else. O(1).
    ///
    /// # Examples
    ///
    /// ```
    /// use arenite::{Arena, Mapped};
    ///
    /// # let path = std::env::temp_dir().join(format!("arenite-doc-offset-{}", std::process::id()));
    /// // SAFETY: nobody else knows this file.
    /// let arena: Arena<_> = Arena::new_in(unsafe { Mapped::create(&path) }?);
    /// arena.alloc(1_u64);
    /// assert_eq!(arena.file_offset(arena.alloc(2_u64)), Some(8));
    /// # drop(arena);
    /// # std::fs::remove_file(&path)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn file_offset<T: ?Sized>(&self, value: *const T) -> Option<u64> {
        let address = value.cast::<u8>().addr();
        self.root().query(|mapped| mapped.offset_of(address)).flatten().map(|offset| offset as u64)
    }

    /// Writes everything that the arena holds to the disk, and what the file system knows of the file, and waits until it
    /// is there. The file is longer than it will be when the arena has ended, by zeroes.
    ///
    /// Takes as long as the disk takes to write what has changed.
    ///
    /// # Errors
    ///
    /// Those of the system (`msync`, `fsync`); [`Unsupported`](io::ErrorKind::Unsupported) for a private copy.
    pub fn sync(&self) -> io::Result<()> {
        self.root().query(Mapped::sync).unwrap_or(Ok(()))
    }

    /// As [`sync`](Self::sync), for the pages in which `value` lies: one record of many, say. In which order pages reach
    /// the disk is for the system to say; what must be there first needs a call of its own.
    ///
    /// # Errors
    ///
    /// As for [`sync`](Self::sync), and [`InvalidInput`](io::ErrorKind::InvalidInput) if the value does not lie in the file.
    ///
    /// # Examples
    ///
    /// ```
    /// use arenite::{Arena, Mapped};
    ///
    /// # let path = std::env::temp_dir().join(format!("arenite-doc-sync-{}", std::process::id()));
    /// // SAFETY: nobody else knows this file.
    /// let arena: Arena<_> = Arena::new_in(unsafe { Mapped::create(&path) }?);
    /// let (record, committed) = (arena.alloc([7_u64; 100]), arena.alloc(0_u64));
    /// arena.sync_value(record)?;
    /// *committed = 1;
    /// arena.sync_value(committed)?; // the mark never reaches the disk before the record
    /// # drop(arena);
    /// # std::fs::remove_file(&path)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn sync_value<T: ?Sized>(&self, value: &T) -> io::Result<()> {
        let start = std::ptr::from_ref(value).cast::<u8>().addr();
        let bytes = size_of_val(value);
        let synced =
            self.root().query(|mapped| match (mapped.offset_of(start), mapped.offset_of(start + bytes)) {
                (Some(offset), Some(_)) => mapped.sync_range(offset, bytes),
                _ => Err(io::Error::new(io::ErrorKind::InvalidInput, "the value does not lie in the file")),
            });
        synced.unwrap_or(Ok(()))
    }

    /// Ends the arena: writes everything to the disk, and makes the file as long as its contents and what was handed out.
    /// Returns that length in bytes. Of a [private](crate::Mapped::private) copy nothing is written, and the file stays as it is: the
    /// length is the one that it would have.
    ///
    /// Dropping the arena does the same, except that it does not wait for the disk, and that nobody learns of errors.
    /// Values are not dropped, but for those that the arena [owns](#ends-of-life); the places in the file that they had are
    /// zeroed.
    ///
    /// # Errors
    ///
    /// Those of the system. The file may be longer than it should be then, by bytes of no meaning.
    pub fn close(mut self) -> io::Result<u64> {
        // SAFETY: blocks borrow the arena, so none is left in use.
        unsafe { self.held.ends.run() };
        self.flush();
        self.conclude();
        self.cursor.leave();
        self.held = Held::nothing();
        if let Home::Root(root) = &mut self.home {
            // The records of chunks may lie in what is about to be cut off.
            // SAFETY: blocks and children borrow the arena, so none is left in use.
            unsafe { root.release_all() };
        }
        let length = self.backing_mut().close()?;
        Ok(length as u64)
    }
}
