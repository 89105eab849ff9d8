//! Every wrapper serves every version of the `Allocator` trait that is switched on.

use allocator_api2::alloc::Global;
use arenite::wrap::{
    AllocationClock, Counting, Failing, Fallback, Guarded, Histogram, Limited, Observer, OnOom, Quantized,
    Segregate,
};
use arenite::{Arena, Buffer, Fixed};

macro_rules! serves {
    ($name:ident, $($path:ident)::+) => {
        #[test]
        fn $name() {
            use $($path)::+::Allocator;
            use std::alloc::Layout;

            fn work(allocator: &impl Allocator) {
                let layout = Layout::new::<[u64; 3]>();
                let block = allocator.allocate_zeroed(layout).unwrap();
                assert_eq!(block.len(), 24);
                let block = block.cast::<u8>();
                // SAFETY: zeroed just now.
                assert_eq!(unsafe { block.cast::<[u64; 3]>().read() }, [0; 3]);
                let longer = Layout::new::<[u64; 30]>();
                // SAFETY: the block is allocated, with this layout; the new one is longer.
                let block = unsafe { allocator.grow_zeroed(block, layout, longer) }.unwrap().cast::<u8>();
                // SAFETY: all of it is zeroed.
                assert_eq!(unsafe { block.cast::<[u64; 30]>().read() }, [0; 30]);
                // SAFETY: the block is allocated, with this layout; the new one is shorter.
                let block = unsafe { allocator.shrink(block, longer, layout) }.unwrap().cast::<u8>();
                // SAFETY: the block is allocated, with this layout.
                unsafe { allocator.deallocate(block, layout) };
            }

            work(&Counting::new(Global));
            work(&Failing::new(Global));
            work(&Limited::new(Global, 1000));
            work(&Observer::new(Global, drop));
            work(&OnOom::new(Global, 1, |_| true));
            work(&Histogram::<_, AllocationClock>::with_clock(Global));
            work(&Quantized::<32, _>::new(Global));
            work(&Segregate::<100, _, _>::new(Global, Global));
            work(&Fallback::new(&mut Arena::new_in(Fixed::from(&mut Buffer::<500>::new())), Global));
            work(&Guarded::new(Counting::new(&Arena::new())));
            #[cfg(feature = "log")]
            work(&arenite::wrap::Logging::new(Global));
            #[cfg(all(feature = "std", feature = "hashbrown"))]
            work(&arenite::wrap::Tracking::new(Global));
            #[cfg(all(feature = "virtual-memory", unix))]
            work(&arenite::wrap::PageGuarded::new().reserve(1 << 20));
        }
    };
}

serves!(version_0_2, allocator_api2::alloc);
#[cfg(feature = "allocator-api2-03")]
serves!(version_0_3, allocator_api2_03::alloc);
#[cfg(feature = "allocator-api2-04")]
serves!(version_0_4, allocator_api2_04::alloc);
