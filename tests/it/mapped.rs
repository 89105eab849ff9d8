//! Arenas in files.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::Path;

use arenite::collections::Vec as ArenaVec;
use arenite::{Arena, Cause, CreateError, MapError, Mapped, MappedOptions, ResetMode};

use crate::again;
use crate::files::Temporary;

fn length(file: &Temporary) -> u64 {
    fs::metadata(file.path()).unwrap().len()
}

#[test]
fn what_was_written_is_there_the_next_time() {
    let file = Temporary::new();
    let arena = file.create();
    assert_eq!(arena.contents(), b"");
    let numbers = arena.alloc_slice_fill_with(10_000, |i| i as u32);
    numbers[7] = 0;
    assert_eq!(arena.file_offset(numbers), Some(0));
    arena.alloc_slice_copy(b"12345678");
    assert_eq!(arena.stats().backing, "mapped (shared)");
    drop(arena);
    assert_eq!(length(&file), 40_008);

    let mut arena = file.open();
    let number = |i: usize| u32::from_ne_bytes(arena.contents()[i * 4..][..4].try_into().unwrap());
    assert_eq!((number(7), number(9_999)), (0, 9_999));
    assert_eq!(&arena.contents()[40_000..], b"12345678");
    let appended = arena.alloc_slice_copy(b"appended");
    assert_eq!(arena.file_offset(appended), Some(40_008));
    assert_eq!(arena.file_offset(&raw const arena.contents()[100]), Some(100));
    assert_eq!(arena.file_offset(&length), None);
    arena.contents_mut().unwrap()[0] = 0xFF;
    assert_eq!(arena.close().unwrap(), 40_016);
    let bytes = file.bytes();
    assert_eq!((bytes[0], bytes.len(), &bytes[40_000..]), (0xFF, 40_016, &b"12345678appended"[..]));
}

#[test]
fn allocation_starts_behind_the_contents_aligned() {
    let file = Temporary::with(b"odd");
    let arena = file.open();
    let number = arena.alloc(u64::MAX);
    assert_eq!(arena.file_offset(number), Some(8));
    let wide = arena.alloc_layout(std::alloc::Layout::from_size_align(1, 4096).unwrap());
    assert_eq!(arena.file_offset(wide.as_ptr()), Some(4096));
    drop(arena);
    assert_eq!(file.bytes()[..16], *b"odd\0\0\0\0\0\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF");
}

#[test]
fn a_private_copy_does_not_change_the_file() {
    for bytes in [0, 1, 4095, 4096, 10_000] {
        let before = vec![b'x'; bytes];
        let file = Temporary::with(&before);
        let mut arena = file.private();
        arena.contents_mut().unwrap().fill(b'y');
        assert!(arena.contents().iter().all(|&byte| byte == b'y') && arena.contents().len() == bytes);
        let numbers = arena.alloc_slice_fill_copy(100_000, 7_u64);
        assert!(numbers.iter().all(|&number| number == 7));
        assert_eq!(arena.sync().unwrap_err().kind(), io::ErrorKind::Unsupported);
        drop(arena);
        assert_eq!(file.bytes(), before);
        // And again, to see that nothing of the copy stayed.
        let arena = file.private();
        assert_eq!(arena.contents(), before);
        arena.alloc(1);
        assert_eq!(arena.close().unwrap(), (bytes as u64).next_multiple_of(8) + 8);
        assert_eq!(file.bytes(), before);
    }
}

#[test]
fn a_private_copy_stays_clean_behind_the_contents() {
    let file = Temporary::with(&[7; 5000]);
    let mut arena = file.private();
    for mode in [ResetMode::Retain, ResetMode::FreeAll, ResetMode::RetainLimit(10_000), ResetMode::FreeAll] {
        arena.alloc_slice_fill_copy(300_000, 9_u8);
        arena.reset_with(mode);
        assert_eq!(arena.contents(), [7; 5000]);
        assert!(zeroed(&arena, 200_000).iter().all(|&byte| byte == 0), "after {mode:?}");
    }
}

fn zeroed(arena: &Arena<Mapped>, bytes: usize) -> &[u8] {
    let mut zeroes = ArenaVec::new_in(arena);
    zeroes.resize(bytes, 0_u8);
    zeroes.leak()
}

#[test]
fn what_is_synced_is_in_the_file() {
    let file = Temporary::new();
    let arena = file.create();
    arena.sync().unwrap();
    let record = arena.alloc([7_u8; 100]);
    arena.sync_value(record).unwrap();
    assert_eq!(file.bytes()[..100], [7; 100]);
    arena.alloc([8_u8; 8]);
    arena.sync().unwrap();
    assert_eq!(file.bytes()[104..112], [8; 8]);
    let elsewhere = [1_u8; 8];
    assert_eq!(arena.sync_value(&elsewhere).unwrap_err().kind(), io::ErrorKind::InvalidInput);
    arena.sync_value(&[0_u8; 0]).unwrap_err();
}

#[test]
fn a_vector_grows_in_place_across_many_steps() {
    let file = Temporary::new();
    // SAFETY: nobody else knows the file.
    let arena: Arena<_> = Arena::new_in(unsafe { MappedOptions::new().step(1).create(file.path()) }.unwrap());
    let mut numbers = ArenaVec::new_in(&arena);
    numbers.push(0_u64);
    let first = numbers.as_ptr();
    let mut lengths = std::collections::BTreeSet::new();
    for i in 1..2_000_000 {
        numbers.push(i);
        if i % 1000 == 0 {
            lengths.insert(length(&file));
        }
    }
    assert_eq!(numbers.as_ptr(), first);
    assert!((5..100).contains(&lengths.len()), "the file had {} lengths", lengths.len());
    assert!(numbers.iter().copied().eq(0..2_000_000));
    // Nothing is used that has no place on the disk.
    assert!(length(&file) >= arena.stats().committed as u64);
}

#[test]
fn the_file_ends_where_what_was_handed_out_ends() {
    let file = Temporary::with(b"contents");
    // Nothing handed out: nothing changes.
    drop(file.open());
    assert_eq!(file.bytes(), b"contents");
    // A scope leaves nothing, what a parent got meanwhile stays.
    let arena = file.open();
    arena.scope(|inner| inner.alloc_slice_fill_copy(1 << 20, 1_u8).len());
    arena.alloc([b'1'; 8]);
    drop(arena);
    assert_eq!(file.bytes(), b"contents11111111");
    // A reset gives up what was handed out.
    let mut arena = file.open();
    arena.alloc([2_u8; 80]);
    arena.reset();
    arena.alloc([b'3'; 8]);
    assert!(length(&file) > 1000);
    drop(arena);
    assert_eq!(file.bytes(), b"contents1111111133333333");
    // Giving everything back cuts the file off at once.
    let mut arena = file.open();
    arena.alloc_slice_fill_copy(1 << 20, 1_u8);
    assert!(length(&file) > 1 << 20);
    arena.reset_with(ResetMode::FreeAll);
    assert_eq!(length(&file), 4096);
    arena.alloc_slice_fill_copy(1 << 20, 1_u8);
    arena.reset_with(ResetMode::RetainLimit(8192));
    assert!(length(&file) <= 3 * 4096, "{}", length(&file));
    assert!(zeroed(&arena, 1 << 20).iter().all(|&byte| byte == 0));
    arena.reset();
    drop(arena);
    assert_eq!(file.bytes(), b"contents1111111133333333");
    // What a forgotten child has may be in use.
    let arena = file.open();
    let child = arena.child();
    child.alloc([4_u8; 100_000]);
    std::mem::forget(child);
    drop(arena);
    let bytes = file.bytes();
    assert!(bytes.len() >= 100_024 && bytes[24..100_024].iter().all(|&byte| byte == 4));
}

#[test]
fn a_parent_allocates_while_a_child_has_the_tail() {
    let file = Temporary::new();
    let arena = file.create();
    let mut offsets = Vec::new();
    for i in 0..100_u64 {
        arena.scope(|inner| {
            inner.alloc_slice_fill_copy(10_000, 0xAA_u8);
            let outer = arena.alloc(i ^ 0x1234_5678_9ABC_DEF0);
            offsets.push((arena.file_offset(outer).unwrap(), *outer));
        });
    }
    let length = arena.close().unwrap();
    let bytes = file.bytes();
    assert_eq!(bytes.len() as u64, length);
    for (offset, value) in offsets {
        assert_eq!(bytes[offset as usize..][..8], value.to_ne_bytes());
    }
}

#[test]
fn read_only() {
    let file = Temporary::with(b"read me");
    // SAFETY: nobody else changes the file.
    let open = || unsafe { Mapped::read_only(file.path()) }.unwrap();
    let mut arena: Arena<_> = Arena::new_in(open());
    let other: Arena<_> = Arena::new_in(open());
    assert_eq!((arena.contents(), other.contents()), (&b"read me"[..], &b"read me"[..]));
    assert!(arena.try_alloc(1).is_err());
    assert_eq!(arena.cause(), Some(Cause::ReadOnly));
    assert!(arena.contents_mut().is_none());
    arena.sync().unwrap();
    arena.reset();
    assert_eq!(arena.close().unwrap(), 7);
    let error = Arena::try_new_in(open()).unwrap_err();
    assert_eq!(error, CreateError::System { bytes: 1, backing: "mapped", cause: Cause::ReadOnly });
    assert!(error.to_string().contains("Mapped::open"));
    assert_eq!(file.bytes(), b"read me");
    let empty = Temporary::with(b"");
    // SAFETY: nobody else changes the file.
    let arena: Arena<_> = Arena::new_in(unsafe { Mapped::read_only(empty.path()) }.unwrap());
    assert_eq!(arena.contents(), b"");
}

#[test]
fn what_cannot_be_mapped_is_an_error_that_says_what_to_do() {
    // SAFETY: nothing here gets as far as a mapping of a file that others know.
    let open = |path: &Path| unsafe { Mapped::open(path) }.unwrap_err();
    let missing = Temporary::new();
    let error = open(missing.path());
    assert!(matches!(&error, MapError::System { error, .. } if error.kind() == io::ErrorKind::NotFound));
    assert!(error.to_string().contains("Mapped::create"), "{error}");

    for path in [&std::env::temp_dir(), Path::new("/dev/null")] {
        let error = open(path);
        assert!(matches!(&error, MapError::NotAFile { .. }), "{error}");
        // SAFETY: as above.
        let error = unsafe { Mapped::create(path) }.unwrap_err();
        assert!(matches!(&error, MapError::NotAFile { .. }), "{error}");
    }

    let short = Temporary::with(b"short");
    // SAFETY: as above.
    let error = unsafe { MappedOptions::new().at_least(64).open(short.path()) }.unwrap_err();
    assert!(matches!(error, MapError::TooShort { bytes: 5, expected: 64 }));
    assert!(error.to_string().contains("5 bytes where 64 are expected"), "{error}");

    let to_read = File::open(short.path()).unwrap();
    // SAFETY: as above.
    let error = unsafe { MappedOptions::new().open_file(to_read) }.unwrap_err();
    assert!(error.to_string().contains("cannot write to the file"), "{error}");
    assert_eq!(short.bytes(), b"short");
}

#[test]
fn an_open_file_is_as_good_as_a_path() {
    let file = Temporary::with(b"contents");
    let open = OpenOptions::new().read(true).write(true).open(file.path()).unwrap();
    // SAFETY: nobody else changes the file.
    let arena: Arena<_> = Arena::new_in(unsafe { MappedOptions::new().open_file(open) }.unwrap());
    arena.alloc([b'1'; 8]);
    drop(arena);
    assert_eq!(file.bytes(), b"contents11111111");
}

#[test]
fn two_arenas_on_one_file_are_refused() {
    let file = Temporary::with(b"contents");
    let arena = file.open();
    arena.alloc(1);
    let options = MappedOptions::new();
    // SAFETY: nothing gets as far as a second mapping.
    let shared = unsafe { options.open(file.path()) };
    // SAFETY: as above.
    let private = unsafe { options.private(file.path()) };
    // SAFETY: as above.
    let read_only = unsafe { options.read_only(file.path()) };
    for other in [shared, private, read_only] {
        assert!(matches!(other, Err(MapError::InUse { .. })));
    }
    // SAFETY: as above.
    let error = unsafe { Mapped::create(file.path()) }.unwrap_err();
    assert!(error.to_string().contains("in use"), "{error}");
    drop(arena);
    assert_eq!(length(&file), 12 + 4);
    drop(file.open());
}

#[test]
fn two_arenas_on_two_files() {
    let (left, right) = (Temporary::new(), Temporary::new());
    let (one, two) = (left.create(), right.create());
    std::thread::scope(|scope| {
        scope.spawn(move || (0..10_000).for_each(|_| one.alloc([1_u8; 8]).fill(1)));
        scope.spawn(move || (0..20_000).for_each(|_| two.alloc([0_u8; 8]).fill(2)));
    });
    assert_eq!((left.bytes(), right.bytes()), (vec![1; 80_000], vec![2; 160_000]));
}

#[test]
fn a_thousand_files_one_after_the_other() {
    let file = Temporary::new();
    for i in 0..1000_u64 {
        let arena = if i == 0 { file.create() } else { file.open() };
        arena.alloc(i);
    }
    let bytes = file.bytes();
    assert!(bytes.chunks(8).map(|bytes| u64::from_ne_bytes(bytes.try_into().unwrap())).eq(0..1000));
}

#[test]
fn a_file_that_somebody_else_cut_off_is_left_alone() {
    for others in [100, 1 << 22] {
        let file = Temporary::with(&[1; 100]);
        let arena = file.open();
        arena.alloc(1);
        let before = length(&file);
        OpenOptions::new().write(true).open(file.path()).unwrap().set_len(others).unwrap();
        assert!(arena.try_alloc_slice_fill_copy(1 << 20, 0_u8).is_err());
        assert_eq!(arena.cause(), Some(Cause::FileChanged { expected: before, found: others }));
        assert!(arena.cause().unwrap().to_string().contains("somebody else"));
        assert!(arena.close().is_err() || others == 100);
        assert_eq!(length(&file), others);
    }
}

#[test]
fn a_huge_reservation() {
    let file = Temporary::with(b"contents");
    for reserve in [1 << 44, usize::MAX / 2, usize::MAX] {
        // Less is taken if it is not to be had.
        let arena: Arena<_> = Arena::new_in(file.open_shared(MappedOptions::new().reserve(reserve)));
        arena.alloc(1);
        let arena: Arena<_> = Arena::new_in({
            drop(arena);
            file.open_private(MappedOptions::new().reserve(reserve))
        });
        arena.alloc(1);
        assert!(arena.stats().reserved >= 1 << 30);
    }
}

#[test]
fn no_address_space() {
    if !again::is_inner() {
        return again::run("mapped::no_address_space", None, "ulimit -v 1000000");
    }
    let file = Temporary::new();
    File::create(file.path()).unwrap().set_len(2 << 30).unwrap();
    // SAFETY: nobody else knows the file.
    let error = unsafe { Mapped::private(file.path()) }.unwrap_err();
    let refused = Cause::Reserve { code: Some(12) };
    assert!(matches!(error, MapError::Memory { bytes: 0x8000_0000, cause } if cause == refused), "{error}");
    assert!(error.to_string().contains("ulimit -v"), "{error}");
    // SAFETY: as above.
    assert!(unsafe { Mapped::read_only(file.path()) }.is_err());
    let other = Temporary::new();
    let arena = other.create();
    arena.alloc(1);
    assert!(arena.stats().reserved < 1 << 30, "an eighth of what is left: {}", arena.stats());
}

/// Fills `file` until there is no room, and uses what there is.
fn fill_up(file: &Temporary, code: i32, advice: &str) {
    let arena = file.create();
    let mut blocks: Vec<&mut [u8]> = Vec::new();
    while let Ok(block) = arena.try_alloc_slice_fill_copy(50_000, blocks.len() as u8) {
        blocks.push(block);
    }
    let cause = arena.cause().unwrap();
    assert_eq!(cause, Cause::ExtendFile { code: Some(code) });
    let text = cause.to_string();
    assert!(text.contains(advice) && text.contains("ulimit") == advice.contains("ulimit"), "{text}");
    assert!(blocks.len() > 10, "{} blocks", blocks.len());
    let before = length(file);
    // Again and again, and nothing changes.
    for bytes in [1 << 30, 1 << 20, 60_000] {
        assert!(arena.try_alloc_slice_fill_copy(bytes, 0_u8).is_err());
        assert_eq!(length(file), before);
    }
    // What is there is intact, and what is left is to be had.
    for (i, block) in blocks.iter_mut().enumerate() {
        assert!(block.iter().all(|&byte| byte == i as u8));
        block.fill(!(i as u8));
    }
    arena.scope(|inner| *inner.alloc(1));
    while arena.try_alloc([7_u8; 8]).is_ok() {}
    let stats = arena.stats();
    let left = stats.idle + stats.committed - stats.used;
    assert!(left < 8192, "{left} bytes are there and cannot be used: {stats}");
    let count = blocks.len();
    arena.sync().unwrap();
    arena.close().unwrap();
    let bytes = file.bytes();
    for i in 0..count {
        assert!(bytes[i * 50_000..][..50_000].iter().all(|&byte| byte == !(i as u8)));
    }
}

#[test]
fn a_file_size_limit_leaves_everything_intact() {
    if !again::is_inner() {
        // In blocks of 512 bytes, or of 1024 in some shells.
        return again::run("mapped::a_file_size_limit_leaves_everything_intact", None, "ulimit -f 4000");
    }
    const TOO_LARGE: i32 = 27;
    fill_up(&Temporary::new(), TOO_LARGE, "ulimit -f");
}

#[test]
fn a_full_disk_leaves_everything_intact() {
    const NO_SPACE: i32 = 28;
    let Some(folder) = std::env::var_os("ARENITE_TEST_DISK") else {
        let folder = Temporary::new();
        fs::create_dir(folder.path()).unwrap();
        let wrapper: &[&str] = &["unshare", "-rm"];
        let setup = |folder: &Path| format!("mount -t tmpfs -o size=3m arenite {}", folder.display());
        let setup = setup(folder.path());
        if !again::succeeds(&[wrapper, &["sh", "-c", &setup]].concat()) {
            return eprintln!("skipped: no disk of its own to be had");
        }
        let setup = format!("{setup} && export ARENITE_TEST_DISK={}", folder.path().display());
        return again::run("mapped::a_full_disk_leaves_everything_intact", Some(wrapper), &setup);
    };
    fill_up(&Temporary::within(Path::new(&folder)), NO_SPACE, "free some space");
    // Nor is what a file leaves out found missing when it is written.
    let holes = Temporary::within(Path::new(&folder));
    File::create(holes.path()).unwrap().set_len(1 << 24).unwrap();
    // SAFETY: nobody else knows the file.
    let error = unsafe { Mapped::open(holes.path()) }.unwrap_err();
    let full = Cause::FillFile { code: Some(NO_SPACE) };
    assert!(matches!(error, MapError::Memory { cause, .. } if cause == full), "{error}");
    assert!(error.to_string().contains("free some space"), "{error}");
}
