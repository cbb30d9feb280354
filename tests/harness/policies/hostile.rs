//! Harmful components, made from text.
//!
//! A hostile policy is a real component with another core module in it: the types, imports and exports around the module
//! are those of the reference policy for version 0.2.0 of the contract.

use super::second_contract::SECOND_CONTRACT;

const SKELETON: &str = include_str!("../../policies/hostile/skeleton.wat");

/// What a hostile policy does, in WAT, wherever its code runs. An empty text is harmless.
#[derive(Debug, Clone, Copy, Default)]
pub struct Hostile {
    /// Its own globals, tables and functions.
    pub items: &'static str,
    /// The data at `$scratch`.
    pub scratch: &'static str,
    /// When the host passes it data.
    pub alloc: &'static str,
    /// In `describe`.
    pub describe: &'static str,
    /// In `review-account`, after an empty plan was begun.
    pub review: &'static str,
    /// In `decide`, after a plan was begun that accepts every number.
    pub decide: &'static str,
    /// In `get-usage`, before all zeros are answered.
    pub usage: &'static str,
    /// When its answer has been read.
    pub post: &'static str,
}

impl Hostile {
    /// Does this instead of a review.
    pub fn review(review: &'static str) -> Self {
        Hostile { review, ..Hostile::default() }
    }

    /// Does this with a user's request.
    pub fn decide(decide: &'static str) -> Self {
        Hostile { decide, ..Hostile::default() }
    }

    /// The core module alone.
    pub fn core_module(&self) -> Vec<u8> {
        parse(&self.text())
    }

    pub fn component(&self) -> Vec<u8> {
        component_around(SECOND_CONTRACT, &self.core_module())
    }

    /// The component with one text in the core module replaced.
    pub fn component_with(&self, before: &str, after: &str) -> Vec<u8> {
        let text = self.text();
        assert!(text.contains(before), "the skeleton has no {before}");
        component_around(SECOND_CONTRACT, &parse(&text.replace(before, after)))
    }

    fn text(&self) -> String {
        let places = [
            ("{items}", self.items),
            ("{scratch}", self.scratch),
            ("{alloc}", self.alloc),
            ("{describe}", self.describe),
            ("{review}", self.review),
            ("{decide}", self.decide),
            ("{usage}", self.usage),
            ("{post}", self.post),
        ];
        places.iter().fold(SKELETON.to_owned(), |text, (place, filling)| text.replace(place, filling))
    }
}

pub fn parse(text: &str) -> Vec<u8> {
    wat::parse_str(text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// A real component with its first core module replaced by this one.
pub fn component_around(real: &[u8], core_module: &[u8]) -> Vec<u8> {
    const CORE_MODULE: u8 = 1;
    let mut at = 8;
    while real[at] != CORE_MODULE {
        let (size, body) = leb128(real, at + 1);
        at = body + size;
    }
    let (size, body) = leb128(real, at + 1);
    let mut section = vec![CORE_MODULE];
    push_leb128(&mut section, core_module.len());
    [&real[..at], &section, core_module, &real[body + size..]].concat()
}

/// A size in a component, and the start of the part it measures.
fn leb128(bytes: &[u8], at: usize) -> (usize, usize) {
    let len = 1 + bytes[at..].iter().take_while(|byte| **byte & 0x80 != 0).count();
    let size = bytes[at..at + len].iter().rev().fold(0, |size, byte| size << 7 | usize::from(byte & 0x7f));
    (size, at + len)
}

fn push_leb128(bytes: &mut Vec<u8>, mut size: usize) {
    while size >= 0x80 {
        bytes.push(size as u8 | 0x80);
        size >>= 7;
    }
    bytes.push(size as u8);
}
