//! What all pictures share: where things are across them, columns, bars, labels.
//!
//! Pictures are SVG. Across they are measured in per cent of their width and down in pixels, so each fits what holds it, on a
//! phone too, and its text keeps its size. What a picture shows is also in its name, or in a table beside it.

mod past_days;
mod rated_days;
mod share;
mod steps;

pub use past_days::{PAST_DAYS_TITLE, past_days};
pub use rated_days::rated_days;
pub use share::{pair_of_bars, share};
pub use steps::steps;

use maud::{Markup, html};
use std::fmt;

/// A bar is at least this high or wide if it stands for anything, in pixels.
const VISIBLE_MIN: f64 = 2.0;

/// Half the width of a label, as a part of a narrow picture's.
const LABEL_HALF: f64 = 0.08;

/// A place or a length across a picture, as a part of its width.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Across(f64);

impl Across {
    /// From 0 at the left to 1 at the right.
    pub fn new(part: f64) -> Self {
        Across(if part.is_finite() { part.clamp(0.0, 1.0) } else { 0.0 })
    }

    /// Where `value` is between two others.
    pub fn between(value: u64, from: u64, to: u64) -> Self {
        Across::new(value.saturating_sub(from) as f64 / to.saturating_sub(from).max(1) as f64)
    }

    /// How far another place is to the right of this one.
    pub fn to(self, other: Across) -> Across {
        Across::new(other.0 - self.0)
    }

    pub fn part(self) -> f64 {
        self.0
    }
}

impl fmt::Display for Across {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Rounded down, so that a place and a length never add up to more than the whole.
        write!(f, "{}%", (self.0 * 10_000.0).floor() / 100.0)
    }
}

/// Columns of the same width from left to right, with a gap between them.
#[derive(Debug, Clone, Copy)]
pub struct Columns(pub usize);

impl Columns {
    fn width(self) -> f64 {
        1.0 / self.0.max(1) as f64
    }

    /// Where a column begins, and how wide it is, its gap included.
    pub fn whole(self, place: usize) -> (Across, Across) {
        (Across::new(place as f64 * self.width()), Across::new(self.width()))
    }

    /// The same without the gap.
    pub fn bar(self, place: usize) -> (Across, Across) {
        (Across::new((place as f64 + 0.12) * self.width()), Across::new(self.width() * 0.76))
    }

    pub fn middle(self, place: usize) -> Across {
        Across::new((place as f64 + 0.5) * self.width())
    }
}

/// Parts stacked from `bottom` up to `top`, in pixels, where `most` fills the space: the upper edge and the height of each.
/// Every part is visible, and together they are never higher than the space.
pub fn stacked<const PARTS: usize>(parts: [u64; PARTS], most: u64, (top, bottom): (f64, f64)) -> [(f64, f64); PARTS] {
    let space = bottom - top;
    let scaled = parts.map(|part| part as f64 / most.max(1) as f64 * space);
    let mut heights = scaled.map(|scaled| if scaled > 0.0 { scaled.max(VISIBLE_MIN) } else { 0.0 });
    let excess = heights.iter().sum::<f64>() - space;
    if excess > 0.0
        && let Some(tallest) = heights.iter_mut().max_by(|a, b| a.total_cmp(b))
    {
        *tallest -= excess.min(*tallest);
    }
    let mut edge = bottom;
    heights.map(|height| {
        edge -= height;
        (hundredths(edge.max(top)), hundredths(height))
    })
}

/// Rounded to what no screen shows.
pub fn hundredths(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

/// A label below or above something, which is not cut off at the edges.
pub fn label(at: Across, y: f64, text: &str) -> Markup {
    let (x, anchor) = match at.part() {
        part if part < LABEL_HALF => (Across::new(0.0), "start"),
        part if part > 1.0 - LABEL_HALF => (Across::new(1.0), "end"),
        _ => (at, "middle"),
    };
    html! { text.scale x=(x) y=(y) text-anchor=(anchor) { (text) } }
}

/// A line across the picture, with what it stands for above its left end.
pub fn grid_line(y: f64, text: &str) -> Markup {
    html! {
        line.grid x1="0" x2="100%" y1=(y) y2=(y) {}
        text.scale.on-line x="0" y=(y - 3.0) { (text) }
    }
}

/// What a colour stands for.
pub fn key(class: &str, text: &str) -> Markup {
    html! { li { svg width="10" height="10" aria-hidden="true" { rect class=(class) x="0.5" y="0.5" width="9" height="9" rx="2" {} } (text) } }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn part_of(text: &str) -> f64 {
        text.strip_suffix('%').expect("per cent").parse().expect("a number")
    }

    proptest! {
        #[test]
        fn stacks_fit_and_show_every_part(parts in prop::array::uniform4(0..200_000_u64), more in 0..100_000_u64, height in 20.0..200.0) {
            let most = parts.iter().sum::<u64>() + more;
            let (top, bottom) = (4.0, 4.0 + height);
            let stack = stacked(parts, most, (top, bottom));
            let mut edge = bottom;
            for (part, (y, height)) in parts.into_iter().zip(stack) {
                let is_visible = if part > 0 { height >= 1.9 } else { height == 0.0 };
                prop_assert!(is_visible, "{} is {} px high", part, height);
                prop_assert!(y >= top && (y + height - edge).abs() < 0.02, "{} and {} end at {}", y, height, edge);
                edge = y;
            }
        }

        #[test]
        fn columns_fit_and_do_not_overlap(count in 1..120_usize) {
            let mut end = 0.0;
            for place in 0..count {
                let (x, width) = Columns(count).bar(place);
                prop_assert!(part_of(&x.to_string()) >= end);
                end = part_of(&x.to_string()) + part_of(&width.to_string());
            }
            prop_assert!(end <= 100.0);
        }

        #[test]
        fn places_are_within_the_picture(value in any::<u64>(), from in any::<u64>(), to in any::<u64>()) {
            let at = part_of(&Across::between(value, from, to).to_string());
            prop_assert!((0.0..=100.0).contains(&at));
        }
    }
}
