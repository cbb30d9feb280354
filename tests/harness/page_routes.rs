//! The routes of the dashboard, read from its source: a router does not say which it has.

use super::repository::repository;
use std::path::Path;

/// A route of a page.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PageRoute {
    /// With its parameters, such as `{account}`.
    pub pattern: String,
    pub has_get: bool,
    pub has_post: bool,
}

impl PageRoute {
    /// The path for the account `acme`.
    pub fn path(&self) -> String {
        let parts = [
            ("{account}", "acme"),
            ("{number}", "+13105550100"),
            ("{order}", "1"),
            ("{webhook}", "1"),
            ("{upload}", "1"),
            ("{act}", "stop"),
            ("{file}", "events.csv"),
            ("{source}", "carriers"),
            ("{provider}", "shop"),
            ("{user}", "ann"),
            ("{token}", "dialer"),
            ("{invite}", "1"),
            ("{session}", "0123456789abcdef"),
            ("{page}", "operating"),
        ];
        let path = parts.iter().fold(self.pattern.clone(), |path, (name, value)| path.replace(name, value));
        assert!(!path.contains('{'), "a parameter that has no value here: {path}");
        path
    }
}

/// All of them, but for those whose address is no literal: the metrics, styles and scripts.
pub fn page_routes() -> Vec<PageRoute> {
    let mut routes = Vec::new();
    for part in ["pages", "pages.rs", "live.rs", "watch.rs"] {
        collect(&repository("host/program/src/web").join(part), &mut routes);
    }
    routes.sort();
    assert!(routes.len() > 25, "{routes:?}");
    routes
}

fn collect(place: &Path, routes: &mut Vec<PageRoute>) {
    if place.is_dir() {
        let entries = std::fs::read_dir(place).expect("a folder of the source");
        entries.for_each(|entry| collect(&entry.expect("an entry").path(), routes));
        return;
    }
    let text = std::fs::read_to_string(place).expect("a file of the source");
    for call in text.split(".route(").skip(1) {
        let call = &call[..end_of_call(call)];
        let Some((pattern, methods)) = call.trim_start().strip_prefix('"').and_then(|rest| rest.split_once('"')) else {
            continue;
        };
        let has = |method: &str| methods.contains(&format!("{method}("));
        routes.push(PageRoute { pattern: pattern.to_owned(), has_get: has("get"), has_post: has("post") });
    }
}

/// The place of the bracket that ends a call whose first bracket is left out.
fn end_of_call(text: &str) -> usize {
    let mut depth = 1;
    let end = text.find(|letter| {
        depth += match letter {
            '(' => 1,
            ')' => -1,
            _ => 0,
        };
        depth == 0
    });
    end.expect("every bracket is closed")
}
