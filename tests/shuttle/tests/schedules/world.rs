//! The allocator under test, and what is known of it: which bytes are in use, and what they hold.

use std::alloc::{GlobalAlloc, Layout, System};
use std::collections::{BTreeMap, HashMap};
use std::sync::Mutex;

use crate::global::territory::Territory;
use crate::global::{Region, ScopedGlobal};

/// The inner allocator: knows what it gave, so that nothing of a run is left when it is over.
pub(crate) struct Inner(Mutex<HashMap<usize, Layout>>);

impl Inner {
    pub(crate) fn new() -> Self {
        Inner(Mutex::new(HashMap::new()))
    }

    /// Takes everything back.
    ///
    /// # Safety
    ///
    /// Nothing of it will be used.
    unsafe fn clear(&self) {
        for (start, layout) in self.0.lock().unwrap().drain() {
            // SAFETY: from there, with this layout; nobody uses it (this function's contract).
            unsafe { System.dealloc(std::ptr::with_exposed_provenance_mut(start), layout) };
        }
    }
}

// SAFETY: the system's, with a note of each block.
unsafe impl GlobalAlloc for Inner {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the contract is the same.
        let start = unsafe { System.alloc(layout) };
        self.0.lock().unwrap().insert(start.expose_provenance(), layout);
        start
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the contract is the same.
        let start = unsafe { System.alloc_zeroed(layout) };
        self.0.lock().unwrap().insert(start.expose_provenance(), layout);
        start
    }

    unsafe fn dealloc(&self, start: *mut u8, layout: Layout) {
        assert_eq!(self.0.lock().unwrap().remove(&start.addr()), Some(layout), "not what it was given with");
        // SAFETY: the contract is the same.
        unsafe { System.dealloc(start, layout) };
    }
}

/// What was allocated. It may be freed by any thread, in any region.
#[derive(Debug)]
pub(crate) struct Object {
    start: usize,
    layout: Layout,
    seed: u8,
}

impl Object {
    fn bytes(&self) -> &[u8] {
        let start = std::ptr::with_exposed_provenance(self.start);
        // SAFETY: in use, as long as the layout says and all of it written; if that is not so, the allocator is wrong, which
        // is what is to be found out.
        unsafe { std::slice::from_raw_parts(start, self.layout.size()) }
    }

    fn fill(&mut self) {
        let start = std::ptr::with_exposed_provenance_mut(self.start);
        // SAFETY: as above, and nobody else's.
        let bytes = unsafe { std::slice::from_raw_parts_mut(start, self.layout.size()) };
        bytes.iter_mut().enumerate().for_each(|(at, byte)| *byte = self.seed ^ at as u8);
    }

    fn check(&self, bytes: usize) {
        let changed =
            self.bytes()[..bytes].iter().enumerate().find(|&(at, &byte)| byte != self.seed ^ at as u8);
        assert!(changed.is_none(), "{self:?} was changed: {changed:?}");
    }

    pub(crate) fn size(&self) -> usize {
        self.layout.size()
    }
}

/// Its locks are the standard library's, and never held when another thread may have its turn: they are no part of what is
/// tested.
pub(crate) struct World<T: 'static> {
    pub(crate) global: &'static ScopedGlobal<T, Inner>,
    /// What is in use: the end of each block by its start.
    live: Mutex<BTreeMap<usize, usize>>,
    /// On its way from one thread to another.
    objects: Mutex<Vec<Object>>,
    regions: Mutex<Vec<Region>>,
}

impl<T: Territory> World<T> {
    pub(crate) fn new(global: &'static ScopedGlobal<T, Inner>) -> Self {
        World {
            global,
            live: Mutex::new(BTreeMap::new()),
            objects: Mutex::new(Vec::new()),
            regions: Mutex::new(Vec::new()),
        }
    }

    fn begin(&self, start: usize, layout: Layout) {
        assert!(start != 0 && start % layout.align() == 0, "{start:#x} for {layout:?}");
        let mut live = self.live.lock().unwrap();
        let end = start + layout.size();
        let below = live.range(..end).next_back();
        assert!(below.is_none_or(|(_, &other)| other <= start), "{start:#x} for {layout:?} is in use");
        live.insert(start, end);
    }

    fn end(&self, object: &Object) {
        assert_eq!(
            self.live.lock().unwrap().remove(&object.start),
            Some(object.start + object.layout.size())
        );
    }

    pub(crate) fn alloc(&self, layout: Layout, seed: u8, zeroed: bool) -> Object {
        let start = if zeroed {
            // SAFETY: the size is not zero.
            unsafe { self.global.alloc_zeroed(layout) }
        } else {
            // SAFETY: as above.
            unsafe { self.global.alloc(layout) }
        };
        let mut object = Object { start: start.expose_provenance(), layout, seed };
        self.begin(object.start, layout);
        assert!(!zeroed || object.bytes().iter().all(|&byte| byte == 0), "not zero");
        object.fill();
        object
    }

    pub(crate) fn free(&self, object: Object) {
        object.check(object.layout.size());
        self.end(&object);
        let start = std::ptr::with_exposed_provenance_mut(object.start);
        // SAFETY: allocated by `alloc` or `realloc`, with this layout, and given up.
        unsafe { self.global.dealloc(start, object.layout) };
    }

    pub(crate) fn realloc(&self, object: Object, size: usize) -> Object {
        object.check(object.layout.size());
        self.end(&object);
        let start = std::ptr::with_exposed_provenance_mut(object.start);
        // SAFETY: as for `free`; the size is not zero.
        let start = unsafe { self.global.realloc(start, object.layout, size) }.expose_provenance();
        let layout = Layout::from_size_align(size, object.layout.align()).unwrap();
        let mut moved = Object { start, layout, seed: object.seed };
        self.begin(start, layout);
        moved.check(size.min(object.layout.size()));
        moved.fill();
        moved
    }

    pub(crate) fn send(&self, object: Object) {
        self.objects.lock().unwrap().push(object);
    }

    pub(crate) fn receive(&self, which: usize) -> Option<Object> {
        let mut objects = self.objects.lock().unwrap();
        let length = objects.len();
        (length > 0).then(|| objects.swap_remove(which % length))
    }

    /// Exchanges a region for one that another thread left here.
    pub(crate) fn exchange(&self, region: Region, which: usize) -> Region {
        let mut regions = self.regions.lock().unwrap();
        regions.push(region);
        let length = regions.len();
        regions.swap_remove(which % length)
    }

    /// When all threads have ended: what is left is freed, and then everything is there again.
    pub(crate) fn finish(self) {
        let regions = std::mem::take(&mut *self.regions.lock().unwrap());
        drop(regions);
        while let Some(object) = self.receive(0) {
            self.free(object);
        }
        assert!(self.live.lock().unwrap().is_empty(), "a thread forgot something");
        self.global.trim();
        let stats = self.global.stats();
        assert_eq!((stats.left_behind, stats.left_behind_blocks), (0, 0), "{stats}");
        assert_eq!(stats.free, stats.territory_bytes, "a block is lost: {stats}");
    }

    /// As [`finish`](World::finish), and nothing is left of the allocator.
    pub(crate) fn dismantle(self) {
        let global = self.global;
        self.finish();
        // SAFETY: everything was freed, and all regions and threads have ended.
        unsafe { global.inner().clear() };
        let global = std::ptr::from_ref(global).cast_mut();
        // SAFETY: made by `Box::leak`, and nobody uses it any more.
        drop(unsafe { Box::from_raw(global) });
    }
}
