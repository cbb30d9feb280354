//! What a review tells people.

use crate::contract::*;
use crate::text::{grouped, text};
use alloc::string::String;

/// One number or several that share something.
#[derive(Debug, Clone, Copy, Default)]
pub struct Numbers {
    /// The first of them.
    pub first: PhoneNumber,
    /// How many they are.
    pub count: u64,
}

impl Numbers {
    /// Counts one more.
    pub fn add(&mut self, number: PhoneNumber) {
        if self.count == 0 {
            self.first = number;
        }
        self.count += 1;
    }

    /// A notice about them, unless there are none. The text depends on whether it is one.
    pub fn notice(self, severity: Severity, kind: &str, one: &str, several: &str) -> Option<Notice> {
        match self.count {
            0 => None,
            1 => Some(notice(severity, kind, Some(self.first), text!["+", self.first, one])),
            count => Some(notice(severity, kind, None, text![grouped(count), several])),
        }
    }
}

/// A notice, with its text.
pub fn notice(severity: Severity, kind: &str, number: Option<PhoneNumber>, text: String) -> Notice {
    Notice { severity, kind: kind.into(), number, text }
}
