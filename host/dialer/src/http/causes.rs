//! An error's causes in one line.

use std::error::Error;
use std::iter::successors;

/// An error and its causes in one line. Skips a cause that its effect quotes already.
pub fn causes(error: &(dyn Error + 'static)) -> String {
    let mut words: Vec<String> = Vec::new();
    for error in successors(Some(error), |error| (**error).source()) {
        let text = error.to_string();
        if !words.last().is_some_and(|last| last.contains(&text)) {
            words.push(text);
        }
    }
    words.join(": ")
}
