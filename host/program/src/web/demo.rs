//! A demo: who visits it, and what its pages tell.

use dialguard_dialer::access::{AccessError, random_secret, secret_hash};

/// What a demo's pages tell.
#[derive(Debug, Clone)]
pub struct Demo {
    /// Who the link signs in.
    pub visitor: String,
    /// The account that the story is about.
    pub account: String,
    /// What happened, in a line or two.
    pub summary: String,
    /// What to look at.
    pub story: Vec<StoryLine>,
}

/// One event of the story, and the page that shows it.
#[derive(Debug, Clone)]
pub struct StoryLine {
    /// What happened.
    pub text: String,
    /// Where to see it: a path below the account's.
    pub path: String,
    /// What the link is called.
    pub link: String,
}

/// A demo that is served.
pub struct RunningDemo {
    pub demo: Demo,
    ticket: String,
}

impl RunningDemo {
    pub fn new(demo: Demo) -> Result<Self, AccessError> {
        Ok(RunningDemo { demo, ticket: random_secret()? })
    }

    /// The path of the link that signs the visitor in.
    pub fn path(&self) -> String {
        format!("/sign-in?ticket={}", self.ticket)
    }

    /// The visitor, if this is the link's ticket.
    pub fn visitor(&self, ticket: &str) -> Option<&str> {
        (secret_hash(ticket) == secret_hash(&self.ticket)).then_some(&self.demo.visitor)
    }
}
