//! And is there for as long.

use arenite::{Arena, Buffer, Fixed};

fn escape() -> Arena<Fixed<'static>> {
    let mut buffer = Buffer::<64>::new();
    Arena::new_in(Fixed::from(&mut buffer))
}

fn main() {
    escape();
}
