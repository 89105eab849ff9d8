//! A buffer is the arena's as long as that lives.

use arenite::{Arena, Buffer, Fixed};

fn main() {
    let mut buffer = Buffer::<64>::new();
    let arena: Arena<_> = Arena::new_in(Fixed::from(&mut buffer));
    let second = Fixed::from(&mut buffer);
    arena.alloc(1);
    drop(second);
}
