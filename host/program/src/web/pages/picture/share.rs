//! Bars for parts of a whole, and for figures side by side.

use super::{Across, VISIBLE_MIN};
use maud::{Markup, html};

/// The width of a bar in a line of text, in pixels.
const WIDTH: f64 = 64.0;

/// A bar in a line of text, which says the same beside it.
pub fn share(part: u64, whole: u64) -> Markup {
    let filled = filled(part, whole);
    html! {
        svg.share viewBox={ "0 0 " (WIDTH) " 8" } width=(WIDTH) height="8" aria-hidden="true" {
            rect.whole width=(WIDTH) height="8" rx="2" {}
            @if filled > 0.0 { rect.part width=(filled) height="8" rx="2" {} }
        }
    }
}

/// A part that is there is seen, and so is one that is missing.
fn filled(part: u64, whole: u64) -> f64 {
    match (part, whole) {
        (0, _) | (_, 0) => 0.0,
        (part, whole) if part >= whole => WIDTH,
        (part, whole) => (part as f64 / whole as f64 * WIDTH).clamp(VISIBLE_MIN, WIDTH - VISIBLE_MIN),
    }
}

/// Two figures as bars, one below the other, where `most` fills the width. The figures are beside them, as text.
pub fn pair_of_bars(before: u64, after: u64, most: u64) -> Markup {
    let bar = |class: &str, y: u32, value: u64| {
        let width = Across::between(value, 0, most);
        html! {
            rect.whole x="0" y=(y) width="100%" height="6" rx="2" {}
            @if value > 0 { rect class=(class) x="0" y=(y) width=(width) height="6" rx="2" {} }
        }
    };
    html! {
        svg.pair width="100%" height="15" aria-hidden="true" { (bar("before", 0, before)) (bar("after", 9, after)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_and_what_is_missing_is_seen() {
        for (part, whole, expected) in [
            (0, 0, 0.0),
            (0, 9, 0.0),
            (9, 9, WIDTH),
            (1, 100_000, 2.0),
            (99_999, 100_000, 62.0),
            (1, 2, 32.0),
            (9, 3, WIDTH),
        ] {
            assert_eq!(filled(part, whole), expected, "{part} of {whole}");
        }
    }
}
