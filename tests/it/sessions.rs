//! Files that are opened, filled and closed again and again, in every way, against what they should hold.

use std::alloc::Layout;
use std::fs::{self, OpenOptions};
use std::io;
use std::mem;

use allocator_api2::alloc::Allocator;
use arenite::{Arena, MapError, Mapped, MappedOptions, ResetMode};

use crate::choices::Choices;
use crate::files::Temporary;

/// More is not in a file to begin with.
const CONTENTS: usize = 70_000;
const SESSIONS: usize = 6;
const STEPS: usize = 40;

/// What was written behind the contents and must be in the file in the end.
struct Block {
    offset: usize,
    len: usize,
    byte: u8,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Create,
    Open,
    Private,
    ReadOnly,
}

/// Some sessions on one file.
pub(crate) fn run(choices: &mut dyn Choices) {
    let file = Temporary::in_memory(&vec![0x11; choices.size(CONTENTS)]);
    for session in 0..SESSIONS {
        if session > 0 && choices.is_done() {
            break;
        }
        between(choices, &file);
        let kind = [Kind::Open, Kind::Private, Kind::ReadOnly, Kind::Create, Kind::Open][choices.below(5)];
        run_session(choices, &file, kind);
    }
}

/// What others do while no arena has the file.
fn between(choices: &mut dyn Choices, file: &Temporary) {
    let length = match choices.below(4) {
        0 => choices.size(CONTENTS),
        1 => file.bytes().len().next_multiple_of(4096),
        _ => return,
    };
    let open = OpenOptions::new().write(true).open(file.path());
    open.and_then(|open| open.set_len(length as u64)).expect("a file of that length");
}

fn run_session(choices: &mut dyn Choices, file: &Temporary, kind: Kind) {
    let mut before = file.bytes();
    let mut options = MappedOptions::new().step(choices.size(1 << 17));
    if choices.below(3) > 0 {
        options = options.reserve(choices.size(1 << 20));
    }
    let at_least = if choices.below(8) == 0 { choices.size(CONTENTS) } else { 0 };
    options = options.at_least(at_least as u64);
    let mapped = open(options, file, kind);
    if kind != Kind::Create && before.len() < at_least {
        let short = (before.len() as u64, at_least as u64);
        assert!(matches!(mapped, Err(MapError::TooShort { bytes, expected }) if (bytes, expected) == short));
        assert_eq!(file.bytes(), before);
        return;
    }
    if kind == Kind::Create {
        before.clear();
    }
    let mapped = mapped.expect("a file that can be mapped");
    match choices.below(3) {
        0 => Session::<1>::new(file, kind, before, mapped).run(choices),
        1 => Session::<8>::new(file, kind, before, mapped).run(choices),
        _ => Session::<64>::new(file, kind, before, mapped).run(choices),
    }
}

fn open(options: MappedOptions, file: &Temporary, kind: Kind) -> Result<Mapped, MapError> {
    match kind {
        // SAFETY: nobody else knows the file.
        Kind::Create => unsafe { options.create(file.path()) },
        // SAFETY: as above.
        Kind::Open => unsafe { options.open(file.path()) },
        // SAFETY: as above.
        Kind::Private => unsafe { options.private(file.path()) },
        // SAFETY: as above.
        Kind::ReadOnly => unsafe { options.read_only(file.path()) },
    }
}

struct Session<'f, const M: usize> {
    file: &'f Temporary,
    kind: Kind,
    arena: Arena<Mapped, M>,
    /// What the file had, with what was changed since.
    contents: Vec<u8>,
    /// What the file had.
    before: Vec<u8>,
    blocks: Vec<Block>,
    /// Whether something may have been handed out that is not in `blocks`.
    others: bool,
    next: u8,
}

impl<'f, const M: usize> Session<'f, M> {
    fn new(file: &'f Temporary, kind: Kind, before: Vec<u8>, mapped: Mapped) -> Self {
        let arena = Arena::with_min_align_in(mapped);
        let contents = before.clone();
        Session { file, kind, arena, contents, before, blocks: Vec::new(), others: false, next: 0 }
    }

    fn is_shared(&self) -> bool {
        matches!(self.kind, Kind::Create | Kind::Open)
    }

    fn run(mut self, choices: &mut dyn Choices) {
        for _ in 0..STEPS {
            if choices.is_done() {
                break;
            }
            match choices.below(16) {
                0..5 => self.alloc(choices),
                5 => self.zeroed(choices.size(20_000)),
                6..8 => self.scope(choices),
                8 => self.forget(choices.size(3000)),
                9 => self.write(choices),
                10 => self.reset(choices),
                11 => self.sync(),
                12 => self.second(),
                13 => self.free(choices),
                14 => self.arena.set_allocation_limit((choices.below(2) == 0).then(|| choices.size(1 << 18))),
                _ => self.check(),
            }
        }
        self.check();
        self.end(choices.below(2) == 0);
    }

    fn alloc(&mut self, choices: &mut dyn Choices) {
        let align = 1 << choices.below(14);
        let layout = Layout::from_size_align(choices.size(20_000), align).expect("a small layout");
        self.next = self.next.wrapping_add(29);
        if let Some(block) = put(&self.arena, layout, self.next) {
            assert!(self.kind != Kind::ReadOnly || layout.size() == 0);
            self.keep(block, layout);
        }
    }

    /// A block was handed out and filled.
    fn keep(&mut self, block: Option<Block>, layout: Layout) {
        let Some(block) = block else {
            // Memory tools have a gap behind every block.
            self.others |= cfg!(any(arenite_asan, arenite_memcheck));
            return;
        };
        assert!(block.offset >= self.before.len(), "a block lies in the contents");
        assert_eq!(block.offset % layout.align().min(4096), 0);
        self.blocks.push(block);
    }

    fn zeroed(&mut self, bytes: usize) {
        let layout = Layout::from_size_align(bytes, 1).expect("a small layout");
        let Ok(block) = (&self.arena).allocate_zeroed(layout) else { return };
        // SAFETY: a block of that length, handed out just now, all of which is initialised.
        let block = unsafe { std::slice::from_raw_parts_mut(block.cast::<u8>().as_ptr(), bytes) };
        assert!(block.iter().all(|&byte| byte == 0), "zeroed memory is not zero");
        block.fill(0xEE);
        // As in `keep`.
        self.others |= bytes > 0 || cfg!(any(arenite_asan, arenite_memcheck));
    }

    /// The last block is freed, or another one.
    fn free(&mut self, choices: &mut dyn Choices) {
        let layout = Layout::from_size_align(1 + choices.size(5000), 8).expect("a small layout");
        let Ok(first) = (&self.arena).allocate(layout) else { return };
        self.others = true;
        if choices.below(2) == 0 {
            self.alloc(choices);
        }
        // SAFETY: allocated just now with this layout.
        unsafe { (&self.arena).deallocate(first.cast(), layout) };
    }

    fn scope(&mut self, choices: &mut dyn Choices) {
        let inner_layout = Layout::from_size_align(choices.size(60_000), 8).expect("a small layout");
        let outer_layout = Layout::from_size_align(choices.size(3000), 8).expect("a small layout");
        let outer_first = choices.below(2) == 0;
        self.next = self.next.wrapping_add(29);
        let (arena, byte) = (&self.arena, self.next);
        let block = arena.scope(|inner| {
            let outer = outer_first.then(|| put(arena, outer_layout, byte)).flatten();
            put(inner, inner_layout, !byte);
            outer.or_else(|| put(arena, outer_layout, byte))
        });
        if let Some(block) = block {
            self.keep(block, outer_layout);
        }
        // The record of a chunk that the scope was in the way of.
        self.others = true;
    }

    fn forget(&mut self, bytes: usize) {
        let child = self.arena.child();
        put(&child, Layout::from_size_align(bytes, 1).expect("a small layout"), 0xDD);
        mem::forget(child);
        self.others = true;
    }

    /// Something else is in the contents.
    fn write(&mut self, choices: &mut dyn Choices) {
        let Some(contents) = self.arena.contents_mut() else {
            assert!(self.kind == Kind::ReadOnly);
            return;
        };
        if !contents.is_empty() {
            let (at, byte) = (choices.below(contents.len()), choices.below(256) as u8);
            let end = contents.len().min(at + choices.size(5000));
            contents[at..end].fill(byte);
            self.contents[at..end].fill(byte);
        }
    }

    fn reset(&mut self, choices: &mut dyn Choices) {
        let keep = choices.size(50_000);
        let modes = [ResetMode::Retain, ResetMode::RetainLimit(keep), ResetMode::Decay, ResetMode::FreeAll];
        self.arena.reset_with(modes[choices.below(4)]);
        self.blocks.clear();
        self.others = false;
    }

    fn sync(&self) {
        match self.kind {
            Kind::Private => {
                assert_eq!(self.arena.sync().map_err(|error| error.kind()), Err(io::ErrorKind::Unsupported));
            }
            _ => self.arena.sync().expect("the file can be written"),
        }
    }

    /// Another arena on the file.
    fn second(&self) {
        for kind in [Kind::Open, Kind::Private, Kind::ReadOnly] {
            let other = open(MappedOptions::new().reserve(0), self.file, kind);
            let refused = self.is_shared() || kind == Kind::Open;
            assert_eq!(matches!(other, Err(MapError::InUse { .. })), refused);
            assert!(refused || other.expect("a file that can be mapped").contents() == self.before);
        }
    }

    /// The contents are what they were, in memory and in the file.
    fn check(&self) {
        assert!(self.arena.contents() == self.contents, "the contents have changed");
        let bytes = self.file.bytes();
        if self.is_shared() {
            assert!(bytes.starts_with(&self.contents), "the file has lost its contents");
        } else {
            assert!(bytes == self.before, "the file has changed");
        }
    }

    fn end(self, close: bool) {
        let Session { file, arena, contents, before, blocks, others, kind, .. } = self;
        let closed = close.then(|| arena.close().expect("the file can be written"));
        let bytes = file.bytes();
        if matches!(kind, Kind::Private | Kind::ReadOnly) {
            assert!(bytes == before, "the file has changed");
            return;
        }
        assert!(closed.is_none_or(|length| length == bytes.len() as u64), "{closed:?} is not its length");
        assert!(bytes.starts_with(&contents), "the file has lost its contents");
        for Block { offset, len, byte } in &blocks {
            let block = bytes.get(*offset..offset + len).expect("the file was cut off in a block");
            assert!(block.iter().all(|found| found == byte), "what was written is not in the file");
        }
        let untouched = blocks.is_empty() && !others;
        assert!(!untouched || bytes.len() == contents.len(), "nothing was handed out");
        assert_eq!(fs::metadata(file.path()).expect("the file is there").len(), bytes.len() as u64);
    }
}

/// A block that is full of `byte`, if there is room; the inner `None` if it has no bytes.
fn put<const M: usize>(arena: &Arena<Mapped, M>, layout: Layout, byte: u8) -> Option<Option<Block>> {
    let start = arena.try_alloc_layout(layout).ok()?;
    if layout.size() == 0 {
        return Some(None);
    }
    // SAFETY: a block of that length, handed out just now.
    unsafe { start.write_bytes(byte, layout.size()) };
    let offset = arena.file_offset(start.as_ptr()).expect("a block lies in the file");
    Some(Some(Block { offset: offset as usize, len: layout.size(), byte }))
}

#[cfg(test)]
mod tests {
    use super::run;
    use crate::choices::Bytes;
    use crate::corpus;
    use crate::random::Random;

    #[test]
    fn random_sessions() {
        for seed in 0..150 {
            println!("seed {seed}");
            run(&mut Random::new(seed));
        }
    }

    #[test]
    fn what_the_fuzzer_found() {
        corpus::replay("mapped", |bytes| run(&mut Bytes::new(bytes)));
    }
}
