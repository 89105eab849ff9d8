use allocator_api2::vec::Vec;
use arenite::shared::SyncArena;

fn main() {
    let list = {
        let arena = SyncArena::new();
        let mut list = Vec::new_in(&arena);
        list.push(1);
        list
    };
    assert_eq!(list.len(), 1);
}
