//! A value that is borrowed stays what it is.

use arenite::pool::SlotMap;

fn main() {
    let mut map = SlotMap::new();
    let key = map.insert(1);
    let value = &map[key];
    map.remove(key);
    println!("{value}");
}
