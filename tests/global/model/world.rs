//! The oracle.

use std::alloc::{self, Layout};
use std::ptr::NonNull;
use std::rc::Rc;

use allocator_api2::alloc::Allocator;
use arenite::Region;

use crate::GLOBAL;
use crate::choices::Choices;

const SLOTS: usize = 5;
/// More are not in use at a time.
const OBJECTS: usize = 400;
/// What a region must have room for itself, if it has no limit.
const SMALL: usize = if cfg!(any(arenite_zeal, miri)) { 128 } else { 2048 };
const LINE: usize = if cfg!(any(arenite_zeal, miri)) { 64 } else { 512 };

/// Bytes that a block counts for.
fn footprint(bytes: usize) -> usize {
    (bytes + if cfg!(any(arenite_asan, arenite_memcheck)) { 8 } else { 0 }).next_multiple_of(8)
}

/// Where a block came from.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Home {
    Inner,
    /// A region, or what was one.
    Region {
        slot: usize,
        life: u32,
    },
}

#[derive(Clone, Copy, Debug)]
struct Object {
    start: *mut u8,
    layout: Layout,
    /// What its bytes are made from.
    seed: u8,
    home: Home,
    /// The region through which, as an allocator, it was allocated.
    through: Option<usize>,
}

impl Object {
    fn bytes(&mut self) -> &mut [u8] {
        // SAFETY: a block in use, as long as its layout says, all of which was written; nobody else uses it.
        unsafe { std::slice::from_raw_parts_mut(self.start, self.layout.size()) }
    }

    fn fill(&mut self) {
        let seed = self.seed;
        // SAFETY: as long as the layout says.
        unsafe { self.start.write_bytes(seed, self.layout.size()) };
        self.bytes().iter_mut().enumerate().for_each(|(at, byte)| *byte = seed ^ at as u8);
    }

    fn check(&mut self, bytes: usize) {
        let (seed, start) = (self.seed, self.start);
        let wrong = self.bytes()[..bytes].iter().enumerate().find(|&(at, &byte)| byte != seed ^ at as u8);
        assert!(wrong.is_none(), "byte {wrong:?} of {bytes} at {start:p} was changed");
    }
}

struct Slot {
    region: Option<Rc<Region>>,
    /// How many regions it has had; one that was reset is another.
    life: u32,
    live: usize,
    entered: usize,
    limited: bool,
}

/// Never allocates once it is made, so that nothing of its own is in a region.
pub(super) struct World {
    slots: Vec<Slot>,
    objects: Vec<Object>,
    /// Bytes of regions that have ended.
    left_behind: usize,
    next_seed: u8,
    /// Operations that may still be performed.
    steps: usize,
}

impl World {
    pub(super) fn new(steps: usize) -> Self {
        let slot = || Slot { region: None, life: 0, live: 0, entered: 0, limited: false };
        World {
            slots: (0..SLOTS).map(|_| slot()).collect(),
            objects: Vec::with_capacity(OBJECTS),
            left_behind: 0,
            next_seed: 0,
            steps,
        }
    }

    pub(super) fn goes_on(&mut self) -> bool {
        self.steps = self.steps.saturating_sub(1);
        self.steps > 0
    }

    pub(super) fn slots(&self) -> usize {
        SLOTS
    }

    fn live_bytes(&self, slot: usize) -> usize {
        self.slots[slot].region.as_ref().map_or(0, |region| region.live_bytes())
    }

    /// Every region says what the oracle says.
    pub(super) fn verify(&self) {
        for slot in 0..SLOTS {
            assert_eq!(self.live_bytes(slot), self.slots[slot].live, "region {slot}");
        }
        let stats = GLOBAL.stats();
        assert!(stats.left_behind <= self.left_behind, "{stats} instead of {}", self.left_behind);
        if self.slots.iter().all(|slot| slot.region.is_none()) {
            assert_eq!(stats.left_behind, self.left_behind, "{stats}");
        }
    }

    fn sub(&mut self, home: Home, bytes: usize) {
        match home {
            Home::Inner => {}
            Home::Region { slot, life } if self.slots[slot].life == life => self.slots[slot].live -= bytes,
            Home::Region { .. } => self.left_behind -= bytes,
        }
    }

    /// Whether a block that was just allocated in the region, or not, came from there.
    fn settle(&mut self, layout: Layout, inside: Option<usize>) -> Home {
        let Some(slot) = inside else { return Home::Inner };
        let bytes = footprint(layout.size());
        if self.live_bytes(slot) == self.slots[slot].live {
            let must = bytes + layout.align() <= SMALL && layout.align() <= LINE;
            assert!(!must || self.slots[slot].limited, "{layout:?} is small, and not the region's");
            return Home::Inner;
        }
        self.slots[slot].live += bytes;
        Home::Region { slot, life: self.slots[slot].life }
    }

    fn add(&mut self, start: *mut u8, layout: Layout, home: Home, through: Option<usize>) {
        assert!(!start.is_null() && start.addr() % layout.align() == 0, "{start:p} for {layout:?}");
        self.next_seed = self.next_seed.wrapping_add(37);
        let mut object = Object { start, layout, seed: self.next_seed, home, through };
        self.apart(&object);
        object.fill();
        self.objects.push(object);
    }

    fn apart(&self, new: &Object) {
        let range = |object: &Object| (object.start.addr(), object.start.addr() + object.layout.size());
        let (start, end) = range(new);
        for other in &self.objects {
            let (first, last) = range(other);
            assert!(end <= first || last <= start, "{new:?} overlaps {other:?}");
        }
    }

    fn layout(choices: &mut dyn Choices) -> Layout {
        let align = if choices.below(3) > 0 { 1 << choices.below(4) } else { 1 << choices.below(13) };
        let most = if choices.below(20) == 0 { 40_000 } else { 600 };
        Layout::from_size_align(choices.size(most).max(1), align).unwrap()
    }

    pub(super) fn alloc(&mut self, choices: &mut dyn Choices, inside: Option<usize>) {
        if self.objects.len() == OBJECTS {
            return self.free(choices);
        }
        let layout = Self::layout(choices);
        let zeroed = choices.below(4) == 0;
        let allocate = if zeroed { alloc::alloc_zeroed } else { alloc::alloc };
        // SAFETY: the size is not zero.
        let start = unsafe { allocate(layout) };
        if zeroed {
            Self::check_zero(start, layout.size());
        }
        let home = self.settle(layout, inside);
        self.add(start, layout, home, None);
    }

    fn check_zero(start: *mut u8, bytes: usize) {
        // SAFETY: a block of this length that was asked for zeroed.
        let bytes = unsafe { std::slice::from_raw_parts(start, bytes) };
        assert!(bytes.iter().all(|&byte| byte == 0), "not zero");
    }

    pub(super) fn alloc_through(&mut self, choices: &mut dyn Choices, slot: usize) {
        let Some(region) = self.slots[slot].region.clone().filter(|_| self.objects.len() < OBJECTS) else {
            return;
        };
        let layout = Self::layout(choices);
        let zeroed = choices.below(2) == 0;
        let block = if zeroed { (&*region).allocate_zeroed(layout) } else { (&*region).allocate(layout) };
        let Ok(block) = block else {
            assert!(self.slots[slot].limited, "refused without a limit");
            return;
        };
        let start = block.cast::<u8>().as_ptr();
        if zeroed {
            Self::check_zero(start, layout.size());
        }
        let home = self.settle(layout, Some(slot));
        self.add(start, layout, home, Some(slot));
    }

    pub(super) fn free(&mut self, choices: &mut dyn Choices) {
        if !self.objects.is_empty() {
            // The last is the likeliest, as in programs.
            let last = self.objects.len() - 1;
            let index = if choices.below(2) == 0 { last } else { choices.below(last + 1) };
            self.free_at(index);
        }
    }

    fn free_at(&mut self, index: usize) {
        let mut object = self.objects.swap_remove(index);
        object.check(object.layout.size());
        match object.through {
            // SAFETY: allocated with this layout, and in use until now.
            None => unsafe { alloc::dealloc(object.start, object.layout) },
            Some(slot) => {
                let region =
                    self.slots[slot].region.clone().expect("it was freed before its region was dropped");
                let block = NonNull::new(object.start).expect("a block");
                // SAFETY: as above, through the same region.
                unsafe { (&*region).deallocate(block, object.layout) };
            }
        }
        self.sub(object.home, footprint(object.layout.size()));
    }

    pub(super) fn realloc(&mut self, choices: &mut dyn Choices, inside: Option<usize>) {
        if self.objects.is_empty() {
            return;
        }
        let index = choices.below(self.objects.len());
        let old = self.objects[index];
        let size = if choices.below(3) == 0 { old.layout.size() + 8 } else { choices.size(3000).max(1) };
        let new = Layout::from_size_align(size, old.layout.align()).unwrap();
        let mut moved = old;
        moved.layout = new;
        if let Some(slot) = old.through {
            let region = self.slots[slot].region.clone().expect("it was freed before its region was dropped");
            let block = NonNull::new(old.start).expect("a block");
            let longer = size >= old.layout.size();
            let resize = if longer { <&arenite::Region>::grow_zeroed } else { <&arenite::Region>::shrink };
            // SAFETY: through the same region, with the layout that it has; the new one is longer or shorter as asked.
            let result = unsafe { resize(&&*region, block, old.layout, new) };
            let Ok(block) = result else {
                assert!(self.slots[slot].limited, "refused without a limit");
                return;
            };
            moved.start = block.cast::<u8>().as_ptr();
            if size > old.layout.size() {
                Self::check_zero(moved.start.wrapping_add(old.layout.size()), size - old.layout.size());
            }
        } else {
            // SAFETY: allocated with this layout, and the size is not zero.
            moved.start = unsafe { alloc::realloc(old.start, old.layout, size) };
        }
        self.objects.swap_remove(index);
        assert!(!moved.start.is_null() && moved.start.addr() % new.align() == 0);
        moved.check(old.layout.size().min(size));
        self.sub(old.home, footprint(old.layout.size()));
        if moved.start != old.start && (old.home != Home::Inner || old.through.is_some()) {
            moved.home = self.settle(new, old.through.or(inside));
        } else if let Home::Region { slot, life } = old.home {
            if self.slots[slot].life == life {
                self.slots[slot].live += footprint(size);
            } else {
                self.left_behind += footprint(size);
            }
        }
        self.apart(&moved);
        moved.fill();
        self.objects.push(moved);
    }

    pub(super) fn check_contents(&mut self) {
        for object in &mut self.objects {
            object.check(object.layout.size());
        }
    }

    pub(super) fn make(&mut self, choices: &mut dyn Choices, slot: usize) {
        if self.slots[slot].region.is_some() {
            return;
        }
        let limited = choices.below(4) == 0;
        let region = GLOBAL.outside(|| {
            let region = GLOBAL.region();
            Rc::new(if limited { region.with_limit(choices.size(100_000).max(1)) } else { region })
        });
        self.slots[slot].region = Some(region);
        self.slots[slot].limited = limited;
    }

    pub(super) fn sibling(&mut self, slot: usize, inside: Option<usize>) {
        let current = GLOBAL.current();
        assert_eq!(current.is_some(), inside.is_some());
        let (None, Some(current), Some(of)) = (&self.slots[slot].region, current, inside) else { return };
        let region = GLOBAL.outside(|| Rc::new(current.sibling().expect("memory for a sibling")));
        self.slots[slot].region = Some(region);
        self.slots[slot].limited = self.slots[of].limited;
    }

    /// The region, which is about to be entered.
    pub(super) fn entered(&mut self, slot: usize) -> Option<Rc<Region>> {
        let region = self.slots[slot].region.clone()?;
        self.slots[slot].entered += 1;
        Some(region)
    }

    pub(super) fn left(&mut self, slot: usize, region: Rc<Region>, panicked: bool) {
        self.slots[slot].entered -= 1;
        // A panic was made inside, and is over.
        if self.slots[slot].entered == 0 && !panicked {
            let stats = region.stats();
            assert_eq!(stats.escaped, self.slots[slot].live, "{stats}");
        }
        drop(region);
    }

    /// The region alone, if nobody is in it, and nothing borrows it.
    fn take(&mut self, slot: usize) -> Option<Region> {
        if self.slots[slot].entered > 0 {
            return None;
        }
        while let Some(index) = self.objects.iter().position(|object| object.through == Some(slot)) {
            self.free_at(index);
        }
        let region = self.slots[slot].region.take()?;
        Some(Rc::into_inner(region).expect("nobody else has it"))
    }

    /// What is in use of a region is nobody's from now on.
    fn abandon(&mut self, slot: usize) {
        self.left_behind += std::mem::take(&mut self.slots[slot].live);
        self.slots[slot].life += 1;
    }

    pub(super) fn drop_region(&mut self, slot: usize) {
        if let Some(region) = self.take(slot) {
            drop(region);
            self.abandon(slot);
        }
    }

    pub(super) fn reset(&mut self, slot: usize) {
        if let Some(mut region) = self.take(slot) {
            region.reset();
            assert_eq!((region.stats().live, region.stats().large, region.stats().blocks), (0, 0, 0));
            self.slots[slot].region = Some(GLOBAL.outside(|| Rc::new(region)));
            self.abandon(slot);
        }
    }

    pub(super) fn reclaim(&mut self, slot: usize) {
        let Some(region) = self.take(slot) else { return };
        let home = Home::Region { slot, life: self.slots[slot].life };
        self.objects.retain(|object| object.home != home);
        // SAFETY: nothing that came from the region since it was made or reset will be used: it was just forgotten. What
        // came from the inner allocator meanwhile is not the region's memory.
        unsafe { region.reclaim() };
        self.slots[slot].live = 0;
        self.slots[slot].life += 1;
    }

    /// Frees everything, in any order, and expects that nothing is left behind.
    pub(super) fn end(mut self, choices: &mut dyn Choices) {
        (0..SLOTS).for_each(|slot| self.drop_region(slot));
        self.verify();
        let kept = self.objects.len() / 2;
        while self.objects.len() > kept {
            self.free_at(choices.below(self.objects.len()));
            self.verify();
        }
        GLOBAL.trim();
        self.verify();
        // The rest inside of a region, which may adopt what it is in.
        let region = GLOBAL.region();
        region.enter(|| {
            while let Some(index) = self.objects.len().checked_sub(1) {
                self.free_at(index);
            }
        });
        drop(region);
        self.verify();
        GLOBAL.trim();
        let stats = GLOBAL.stats();
        assert_eq!((stats.left_behind, stats.left_behind_blocks), (0, 0), "{stats}");
        assert_eq!(stats.free, stats.territory_bytes, "a block is lost: {stats}");
    }
}
