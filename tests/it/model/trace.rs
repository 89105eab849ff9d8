//! What can be seen of a program's run from outside, without addresses: the same each time it runs, however it was compiled.

use std::fmt::{Arguments, Debug};
use std::ptr::NonNull;
use std::rc::Rc;

use arenite::{Backing, Cause};

use super::machine::Machine;

/// Who is told, line by line.
pub(crate) type Trace = Rc<dyn Fn(Arguments<'_>)>;

impl<B: Backing + 'static, const M: usize> Machine<B, M> {
    /// What an operation came to.
    pub(super) fn tell(&self, what: &str, outcome: impl Debug) {
        if let Some(trace) = &self.trace {
            trace(format_args!("{what}: {outcome:?}"));
        }
    }

    /// A block was handed out, or is another one now.
    pub(super) fn tell_place(&self, start: NonNull<u8>, size: usize) {
        if self.trace.is_some() {
            self.tell("block", (self.relative(start.addr().get()), size));
        }
    }

    /// Every figure of every handle, and what lies where.
    pub(super) fn tell_state(&self) {
        let Some(trace) = &self.trace else { return };
        for handle in &self.handles {
            let arena = self.arena(self.index_of(handle.id));
            let (stats, cause): (_, Option<Cause>) = (arena.stats(), arena.cause());
            trace(format_args!("handle {}: {stats:?} {cause:?} {}", handle.id, arena.is_sealed()));
        }
        for (number, area) in self.arena(0).map().areas().enumerate() {
            for span in area.spans() {
                let offset = span.start - area.start();
                trace(format_args!("chunk {number}: {offset} {} {}", span.len, span.kind.name()));
            }
        }
    }

    /// Every block, and what is in it.
    pub(super) fn tell_contents(&self) {
        let Some(trace) = &self.trace else { return };
        for (block, bytes) in self.oracle.contents() {
            let place = self.relative(block.start.addr().get());
            trace(format_args!("contents: {place:?} {:?} {bytes:?}", block.layout));
        }
    }

    /// The number of the chunk in which an address lies, and the offset there; `None` of what has no bytes.
    fn relative(&self, address: usize) -> Option<(usize, usize)> {
        let map = self.arena(0).map();
        map.areas().enumerate().find_map(|(number, area)| {
            let offset = address.checked_sub(area.start())?;
            (offset < area.bytes()).then_some((number, offset))
        })
    }
}
