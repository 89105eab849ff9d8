//! What the work asks of an allocator besides memory: nothing, unless it has regions.

use std::alloc::GlobalAlloc;

use arenite::{RegionLayer, ScopedGlobal, territory};
use axum::Router;

/// An allocator under which pieces of work are done.
pub trait Memory: Sync {
    /// Does a piece of work, with memory of its own if there is such a thing.
    fn scope(&self, work: &mut dyn FnMut());

    /// The application, with memory of its own for each request if there is such a thing.
    fn app(&self, app: Router) -> Router;

    /// Gives back what is not used.
    fn trim(&self);
}

/// As programs are without this crate.
pub struct Plain;

impl Memory for Plain {
    fn scope(&self, work: &mut dyn FnMut()) {
        work();
    }

    fn app(&self, app: Router) -> Router {
        app
    }

    fn trim(&self) {}
}

/// A region for each piece of work.
pub struct Regions<G: 'static>(pub &'static ScopedGlobal<territory::Virtual, G>);

impl<G: GlobalAlloc + Sync + 'static> Memory for Regions<G> {
    fn scope(&self, work: &mut dyn FnMut()) {
        self.0.region().enter(work);
    }

    fn app(&self, app: Router) -> Router {
        let allocator = self.0;
        app.layer(RegionLayer::new(move || allocator.region()))
    }

    fn trim(&self) {
        self.0.trim();
    }
}

impl dyn Memory + '_ {
    /// [`scope`](Memory::scope) with a result.
    pub fn within<R>(&self, work: impl FnOnce() -> R) -> R {
        let (mut work, mut result) = (Some(work), None);
        self.scope(&mut || result = work.take().map(|work| work()));
        result.expect("the work is done once")
    }
}
