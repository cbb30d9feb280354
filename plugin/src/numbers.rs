//! Sorting, and a map by phone number. The standard library's would take a fifth of the component.

use crate::contract::PhoneNumber;
use alloc::vec::Vec;

/// Sorts in place by a key, which no two items share.
pub fn sort_by_key<T, K: Ord>(items: &mut [T], key: impl Fn(&T) -> K) {
    if items.is_sorted_by(|one, next| key(one) <= key(next)) {
        return;
    }
    (0..items.len() / 2).rev().for_each(|place| sift(items, place, &key));
    let mut heap = items;
    while let Some((last, others)) = heap.split_last_mut() {
        if let Some(highest) = others.first_mut() {
            core::mem::swap(highest, last);
            sift(others, 0, &key);
        }
        heap = others;
    }
}

/// Moves an item of a heap down to where no child has a higher key.
fn sift<T, K: Ord>(heap: &mut [T], mut place: usize, key: &impl Fn(&T) -> K) {
    loop {
        let mut highest = place;
        for child in [2 * place + 1, 2 * place + 2] {
            if heap.get(child).map(key) > heap.get(highest).map(key) {
                highest = child;
            }
        }
        let Ok([parent, child]) = heap.get_disjoint_mut([place, highest]) else { return };
        core::mem::swap(parent, child);
        place = highest;
    }
}

/// These in ascending order, each once.
pub fn each_once(mut numbers: Vec<u64>) -> Vec<u64> {
    sort_by_key(&mut numbers, |number| *number);
    numbers.dedup();
    numbers
}

/// Values by phone number.
#[derive(Debug, Default)]
pub struct NumberMap {
    /// A power of two of cells, at most half of them in use. A number lies in the first free cell from its own on.
    cells: Vec<Option<(PhoneNumber, u32)>>,
    len: usize,
}

impl NumberMap {
    /// Whether it has no numbers.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The number's value.
    pub fn get(&self, number: PhoneNumber) -> Option<u32> {
        let (_, value) = self.cells.get(self.place(number)).copied().flatten()?;
        Some(value)
    }

    /// Sets the number's value.
    pub fn insert(&mut self, number: PhoneNumber, value: u32) {
        if self.len * 2 >= self.cells.len() {
            self.grow();
        }
        let place = self.place(number);
        if let Some(cell) = self.cells.get_mut(place) {
            self.len += usize::from(cell.is_none());
            *cell = Some((number, value));
        }
    }

    fn grow(&mut self) {
        let cells = alloc::vec![None; (self.cells.len() * 4).max(16)];
        let before = core::mem::replace(self, NumberMap { cells, len: 0 });
        before.cells.iter().flatten().for_each(|(number, value)| self.insert(*number, *value));
    }

    /// The cell in which the number lies, or would.
    fn place(&self, number: PhoneNumber) -> usize {
        let mask = self.cells.len().wrapping_sub(1);
        // The golden ratio spreads numbers that follow one another.
        let mut place = (number.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32) as usize & mask;
        while let Some(Some((other, _))) = self.cells.get(place) {
            if *other == number {
                break;
            }
            place = (place + 1) & mask;
        }
        place
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeMap;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_sorts_like_the_standard_library(numbers in prop::collection::vec(0..50_u64, 0..60)) {
            let mut expected = numbers.clone();
            expected.sort_unstable();
            let mut sorted = numbers.clone();
            sort_by_key(&mut sorted, |number| *number);
            prop_assert_eq!(&sorted, &expected);
            expected.dedup();
            prop_assert_eq!(each_once(numbers), expected);
        }

        #[test]
        fn it_maps_like_the_standard_library(entries in prop::collection::vec((0..500_u64, any::<u32>()), 0..300)) {
            let mut map = NumberMap::default();
            let mut expected = BTreeMap::new();
            for (number, value) in entries {
                map.insert(number, value);
                expected.insert(number, value);
            }
            for number in 0..501 {
                prop_assert_eq!(map.get(number), expected.get(&number).copied());
            }
        }
    }
}
