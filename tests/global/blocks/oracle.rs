//! What is in use of a block, and who is to blame.

use crate::parts::block::{Block, Held, Left};
use crate::parts::line::{BLOCK, LINE, LINES, SHORT, UNIT};
use crate::random::Random;

/// The address of the region that owns the block, when one does.
pub(super) const REGION: usize = 4096;

/// Something in use.
struct Piece {
    offset: usize,
    bytes: usize,
    /// Handed out by the region that owns the block.
    own: bool,
}

enum State<'b> {
    /// A region owns the block.
    Owned(Held<'b>),
    /// Nobody owns it, and it is on a list.
    Listed(Held<'b>),
    /// Nobody owns it, and the count has the token: it comes back when no more than this is in use.
    Counted(usize),
}

pub(super) struct Oracle<'b> {
    block: &'b Block,
    /// `None` within a step alone.
    state: Option<State<'b>>,
    pieces: Vec<Piece>,
    /// Lines that the region has opened, if it has not opened all at once.
    opened: Option<u64>,
    /// Bytes handed out, less what the region freed, and what it knows that others did.
    live: usize,
    /// What others have freed, and nobody has looked at.
    unseen: usize,
    /// Bytes of `live` that count as somebody else's.
    adopted: usize,
    /// How often a region took the block over, and how often a free brought the token.
    pub(super) adoptions: u32,
    pub(super) crossings: u32,
}

impl<'b> Oracle<'b> {
    pub(super) fn new(block: &'b Block, held: Held<'b>, random: &mut Random) -> Self {
        let mut oracle = Oracle {
            block,
            state: None,
            pieces: Vec::new(),
            opened: None,
            live: 0,
            unseen: 0,
            adopted: 0,
            adoptions: 0,
            crossings: 0,
        };
        oracle.open_all(held, random);
        oracle
    }

    fn in_use(&self) -> usize {
        self.pieces.iter().map(|piece| piece.bytes).sum()
    }

    fn own(&self) -> usize {
        self.pieces.iter().filter(|piece| piece.own).map(|piece| piece.bytes).sum()
    }

    fn in_use_of(&self, line: usize) -> usize {
        let (from, to) = (line * LINE, (line + 1) * LINE);
        let part = |piece: &Piece| to.min(piece.offset + piece.bytes).saturating_sub(from.max(piece.offset));
        self.pieces.iter().map(part).sum()
    }

    fn free_lines(&self) -> u64 {
        (0..LINES).filter(|&line| self.in_use_of(line) == 0).map(|line| 1 << line).sum()
    }

    /// Hands `[from, to)` out, in pieces.
    fn hand_out(&mut self, from: usize, to: usize, random: &mut Random) {
        let mut offset = from;
        while offset < to {
            let bytes = (random.size(3 * LINE) / UNIT * UNIT).clamp(UNIT, to - offset);
            self.pieces.push(Piece { offset, bytes, own: true });
            offset += bytes;
        }
        self.live += to - from;
    }

    /// Begins with a block that is clear.
    fn open_all(&mut self, held: Held<'b>, random: &mut Random) {
        assert!(self.pieces.is_empty());
        held.open_all(REGION);
        (self.opened, self.live, self.unseen, self.adopted) = (None, 0, 0, 0);
        self.hand_out(0, BLOCK, random);
        self.state = Some(State::Owned(held));
    }

    pub(super) fn step(&mut self, random: &mut Random) {
        match self.state.take().expect("between steps there is one") {
            State::Owned(held) => self.step_of_owner(held, random),
            State::Listed(held) => self.step_of_listed(held, random),
            State::Counted(threshold) => self.free_by_others(State::Counted(threshold), random),
        }
    }

    fn step_of_owner(&mut self, held: Held<'b>, random: &mut Random) {
        if self.pieces.is_empty() {
            assert_eq!(held.in_use(), 0);
            held.clear();
            return self.open_all(held, random);
        }
        match random.below(100) {
            0..40 => self.free(&held, random),
            40..70 => return self.free_by_others(State::Owned(held), random),
            70..76 => self.fold(&held),
            76..82 => self.settle(&held),
            82..92 => self.open_hole(&held, random),
            92..94 => self.wake(&held, random),
            94 => return self.reclaim(held, random),
            95 => {
                // Not with a byte more or less in use than is said.
                assert!(!held.vacate(self.in_use() + UNIT) && !held.vacate(self.in_use() - UNIT));
                self.check_figures(&held);
                assert!(held.vacate(self.in_use()));
                self.pieces.clear();
                return self.open_all(held, random);
            }
            _ => {
                let barren = random.below(2) == 0;
                held.set_barren(barren);
                return self.orphan(held, barren, random);
            }
        }
        self.state = Some(State::Owned(held));
    }

    /// Some piece, or the end of one, that is in use no more.
    fn take(&mut self, random: &mut Random) -> (usize, usize) {
        let index = random.below(self.pieces.len());
        let piece = &mut self.pieces[index];
        if piece.bytes > UNIT && random.below(4) == 0 {
            let kept = random.between(1, piece.bytes / UNIT - 1) * UNIT;
            let end = (piece.offset + kept, piece.bytes - kept);
            piece.bytes = kept;
            return end;
        }
        let piece = self.pieces.swap_remove(index);
        (piece.offset, piece.bytes)
    }

    fn free(&mut self, held: &Held<'b>, random: &mut Random) {
        let (offset, bytes) = self.take(random);
        self.live -= bytes;
        let in_line = offset / LINE == (offset + bytes - 1) / LINE;
        let live = match random.below(3) {
            0 if in_line => held.free_in_line(offset, bytes),
            1 if bytes <= SHORT => held.free_short(offset, bytes),
            _ => held.free(offset, bytes),
        };
        assert_eq!(live.expect("it was in use"), self.live as i32);
    }

    fn free_by_others(&mut self, state: State<'b>, random: &mut Random) {
        if self.pieces.is_empty() {
            self.state = Some(state);
            return;
        }
        let before = self.in_use();
        let (offset, bytes) = self.take(random);
        let token = self.block.free(offset, bytes).expect("it was in use");
        self.state = Some(match state {
            State::Counted(threshold) => {
                assert!(before > threshold, "it would have come back before");
                assert_eq!(token.is_some(), self.in_use() <= threshold, "{before} {bytes} {threshold}");
                match token {
                    Some(held) => {
                        self.crossings += 1;
                        State::Listed(held)
                    }
                    None => State::Counted(threshold),
                }
            }
            state => {
                assert!(token.is_none(), "somebody else has the token");
                self.unseen += bytes;
                state
            }
        });
    }

    fn handed_out(&self) -> isize {
        self.live as isize - self.adopted as isize
    }

    fn fold(&mut self, held: &Held<'b>) {
        let before = self.handed_out();
        self.live -= self.unseen;
        self.adopted = self.adopted.saturating_sub(self.unseen);
        self.unseen = 0;
        assert_eq!(held.fold(), before - self.handed_out());
        assert_eq!(held.fold(), 0, "there is nothing more to be seen");
    }

    fn settle(&mut self, held: &Held<'b>) {
        let before = self.handed_out();
        self.live -= self.unseen;
        self.unseen = 0;
        self.adopted = self.in_use() - self.own();
        assert_eq!(held.settle(), before - self.own() as isize);
        assert_eq!(held.handed_out(), self.own() as isize);
    }

    /// Opens some of the lines that are free.
    fn open_hole(&mut self, held: &Held<'b>, random: &mut Random) {
        let free = self.free_lines();
        if free == 0 {
            return;
        }
        self.fold(held);
        let from = (0..LINES).cycle().skip(random.below(LINES)).find(|line| free >> line & 1 == 1);
        let from = from.expect("one is free");
        let most = (free >> from).trailing_ones() as usize;
        let to = from + random.between(1, most);
        held.open(from * LINE, to * LINE);
        if let Some(opened) = &mut self.opened {
            (from..to).for_each(|line| *opened |= 1 << line);
        }
        self.hand_out(from * LINE, to * LINE, random);
    }

    fn wake(&self, held: &Held<'b>, random: &mut Random) {
        let parts = random.between(2, 5);
        held.wake_after(parts as i32);
        // At least one byte is to be freed until then.
        assert_eq!(held.wake(), (self.live - (self.live / parts).max(1)) as i32);
        if random.below(2) == 0 {
            held.wake_when_empty();
            assert_eq!(held.wake(), 0);
        }
    }

    /// Counts as freed what the region has handed out, and lets go of the block.
    fn reclaim(&mut self, held: Held<'b>, random: &mut Random) {
        let own = self.own();
        self.live -= own;
        self.pieces.retain(|piece| !piece.own);
        // SAFETY: nothing is in any of it.
        assert_eq!(unsafe { held.reclaim() }, self.pieces.is_empty());
        self.check_figures(&held);
        if self.pieces.is_empty() {
            held.clear();
            return self.open_all(held, random);
        }
        held.set_barren(false);
        self.orphan(held, false, random);
    }

    fn orphan(&mut self, held: Held<'b>, barren: bool, random: &mut Random) {
        let in_use = self.in_use();
        let threshold = if barren { in_use / 2 } else { BLOCK - LINE };
        self.pieces.iter_mut().for_each(|piece| piece.own = false);
        match held.orphan() {
            Left::Empty(held) => {
                assert_eq!(in_use, 0);
                self.leave_clear(held, random);
            }
            Left::Partly(held) => {
                assert!(in_use > 0 && in_use <= threshold, "{in_use} {threshold}");
                self.state = Some(State::Listed(held));
            }
            Left::Full => {
                assert!(in_use > threshold, "{in_use} {threshold}");
                self.state = Some(State::Counted(threshold));
            }
        }
    }

    /// A block that is clear is nobody's for a moment.
    fn leave_clear(&mut self, held: Held<'b>, random: &mut Random) {
        assert!(!self.block.is_of(REGION));
        held.set_free();
        assert!(self.block.is_free() && self.block.left_behind() == 0 && held.in_use() == 0);
        assert!(self.block.free(0, UNIT).is_err());
        self.open_all(held, random);
    }

    fn step_of_listed(&mut self, held: Held<'b>, random: &mut Random) {
        match random.below(8) {
            0 => {
                let empty = held.clear_if_empty();
                assert_eq!(empty, self.pieces.is_empty());
                if empty {
                    return self.leave_clear(held, random);
                }
                self.state = Some(State::Listed(held));
            }
            1 | 2 => {
                let in_use = self.in_use();
                assert_eq!(held.adopt(REGION), in_use);
                self.adoptions += 1;
                if in_use == 0 {
                    held.clear();
                    return self.open_all(held, random);
                }
                (self.opened, self.live, self.unseen, self.adopted) = (Some(0), in_use, 0, in_use);
                self.state = Some(State::Owned(held));
            }
            _ => self.free_by_others(State::Listed(held), random),
        }
    }

    pub(super) fn check(&self) {
        match &self.state {
            Some(State::Owned(held)) => {
                assert!(self.block.is_of(REGION) && self.block.left_behind() == 0);
                self.check_figures(held);
            }
            _ => {
                assert!(!self.block.is_of(REGION) && !self.block.is_free());
                assert_eq!(self.block.left_behind(), self.in_use());
            }
        }
    }

    /// The figures of a block that a region owns.
    fn check_figures(&self, held: &Held<'b>) {
        assert_eq!(held.in_use(), self.in_use());
        assert_eq!(held.in_use_by_region(), self.own());
        assert_eq!(held.handed_out(), self.handed_out());
        assert_eq!(held.is_adopted(), self.opened.is_some());
        assert_eq!(held.free_lines(), self.free_lines());
        for line in 0..LINES {
            assert_eq!(held.in_use_of(line), self.in_use_of(line), "line {line}");
            assert_eq!(held.is_opened(line), self.opened.is_none_or(|opened| opened >> line & 1 == 1));
            #[cfg(feature = "escapes")]
            assert_eq!(held.is_line_free(line), self.in_use_of(line) == 0);
        }
    }
}
