//! A box drops its value, which must not have lost what it borrows.

use arenite::pool::Pool;

struct Loud<'a>(&'a str);

impl Drop for Loud<'_> {
    fn drop(&mut self) {
        println!("{}", self.0);
    }
}

fn main() {
    let pool = Pool::new();
    let _boxed;
    let text = String::from("sand");
    _boxed = pool.insert(Loud(&text));
}
