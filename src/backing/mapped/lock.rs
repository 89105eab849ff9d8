//! Who has which file.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::process;
use std::ptr;

use crate::sync::atomic::{AtomicPtr, Ordering};
use crate::sync::lock::{Mutex, MutexGuard, PoisonError};
use crate::sys::{self, FileId};

/// An open file that is locked as long as this value lives.
///
/// Two things keep others out. The system's lock (`flock`) belongs to what one call of `open` opened: copies of a handle
/// share it, and each can take it again or give it up, also in another process. Some file systems have no such locks. So this
/// process keeps a list of its files as well, which is asked first.
#[derive(Debug)]
pub(super) struct Locked {
    id: FileId,
    // Before the file: once that is closed, a new file may have its identity.
    claim: Claim,
    file: File,
}

impl Locked {
    /// # Errors
    ///
    /// [`io::ErrorKind::WouldBlock`] if somebody else has the file in a way that does not go with this one.
    pub(super) fn new(file: File, for_itself: bool) -> io::Result<Locked> {
        let id = sys::file_id(&file)?;
        // The list first: to lock a copy of a handle changes the lock that its owner has.
        let claim = Claim::try_add(id, for_itself).ok_or(io::ErrorKind::WouldBlock)?;
        // Where there are no locks, the list is all there is.
        let _ = sys::lock_file(&file, for_itself)?;
        Ok(Locked { id, claim, file })
    }

    pub(super) fn as_file(&self) -> &File {
        &self.file
    }

    pub(super) fn id(&self) -> FileId {
        self.id
    }

    /// Whether this is the process that locked the file, and not one that was forked off.
    pub(super) fn is_ours(&self) -> bool {
        self.claim.list.process == process::id()
    }
}

impl Drop for Locked {
    fn drop(&mut self) {
        // To close the file does not do: a process that was forked off may have it open a moment longer. And such a process
        // does not give its parent's lock up.
        if self.is_ours() {
            sys::unlock_file(&self.file);
        }
    }
}

/// The files that this process has.
#[derive(Debug)]
struct List {
    /// A forked process makes a list of its own. In the one that it finds are its parent's files, and another thread of the
    /// parent may have been changing it.
    process: u32,
    files: Mutex<BTreeMap<FileId, Users>>,
    /// Never read: memory tools look for what nothing leads to any more.
    _parent: Option<&'static List>,
}

/// How many have one file.
#[derive(Debug, Default)]
struct Users {
    for_themselves: usize,
    together: usize,
}

impl List {
    /// That of this process.
    fn get() -> &'static List {
        static NEWEST: AtomicPtr<List> = AtomicPtr::new(ptr::null_mut());
        let process = process::id();
        let found = NEWEST.load(Ordering::Acquire);
        // SAFETY: null, or a list that was published here, initialised, and is never freed or borrowed mutably.
        let parent = unsafe { found.as_ref() };
        if let Some(list) = parent.filter(|list| list.process == process) {
            return list;
        }
        let list = Box::new(List { process, files: Mutex::new(BTreeMap::new()), _parent: parent });
        let list = Box::into_raw(list);
        match NEWEST.compare_exchange(found, list, Ordering::AcqRel, Ordering::Acquire) {
            // SAFETY: initialised above, and never freed or borrowed mutably from now on.
            Ok(_) => unsafe { &*list },
            Err(others) => {
                // SAFETY: made by `Box::into_raw` above, and nobody has seen it.
                drop(unsafe { Box::from_raw(list) });
                // SAFETY: as above; not null, since nothing is ever put back. Another thread of this process made it:
                // the thread that forked is alone in a new process until it returns.
                unsafe { &*others }
            }
        }
    }

    fn files(&self) -> MutexGuard<'_, BTreeMap<FileId, Users>> {
        // Nothing panics while it is changed.
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An entry in the list, as long as this value lives.
#[derive(Debug)]
struct Claim {
    list: &'static List,
    id: FileId,
    for_itself: bool,
}

impl Claim {
    /// `None` if somebody has it in a way that does not go with this one.
    fn try_add(id: FileId, for_itself: bool) -> Option<Claim> {
        let list = List::get();
        let mut files = list.files();
        let users = files.entry(id).or_default();
        let suits = users.for_themselves == 0 && (!for_itself || users.together == 0);
        suits.then(|| {
            users.add(for_itself);
            Claim { list, id, for_itself }
        })
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        // The parent's list may be locked for ever in this process, and nobody asks it here.
        if self.list.process != process::id() {
            return;
        }
        let mut files = self.list.files();
        if let Some(users) = files.get_mut(&self.id) {
            *users.of(self.for_itself) -= 1;
            if users.for_themselves == 0 && users.together == 0 {
                files.remove(&self.id);
            }
        }
    }
}

impl Users {
    fn of(&mut self, for_itself: bool) -> &mut usize {
        if for_itself { &mut self.for_themselves } else { &mut self.together }
    }

    fn add(&mut self, for_itself: bool) {
        *self.of(for_itself) += 1;
    }
}
