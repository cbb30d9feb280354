//! Who may do what, and who is signed in where.

use dialguard_dialer::access::{Accounts, Grant, Inviter};

/// A role and the accounts it covers.
pub fn grant_in_words(grant: &Grant) -> String {
    match &grant.accounts {
        Accounts::All => format!("{}, every account", grant.role),
        Accounts::Only(ids) => {
            format!("{}: {}", grant.role, ids.iter().map(String::as_str).collect::<Vec<_>>().join(", "))
        }
    }
}

/// Who made an invite.
pub fn inviter_in_words(inviter: &Inviter) -> String {
    match inviter {
        Inviter::User(name) => name.clone(),
        Inviter::Token(name) => format!("the token {name}"),
        Inviter::CommandLine => "the command line".into(),
    }
}

/// The browser and its system, from what it says of itself (`User-Agent`). Every browser claims to be several.
pub fn browser_in_words(user_agent: &str) -> String {
    const BROWSERS: [(&str, &str); 6] = [
        ("Edg/", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
        ("curl/", "curl"),
    ];
    const SYSTEMS: [(&str, &str); 6] = [
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Windows", "Windows"),
        ("Macintosh", "macOS"),
        ("Linux", "Linux"),
    ];
    let of = |known: &[(&str, &'static str)]| known.iter().find(|(sign, _)| user_agent.contains(sign)).map(|it| it.1);
    match (of(&BROWSERS), of(&SYSTEMS)) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(one), None) | (None, Some(one)) => one.into(),
        (None, None) => "unknown browser".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_is_called_by_its_name() {
        for (user_agent, expected) in [
            (
                "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36",
                "Chrome on Linux",
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0",
                "Edge on Windows",
            ),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:143.0) Gecko/20100101 Firefox/143.0",
                "Firefox on macOS",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile/15E148 Safari/604.1",
                "Safari on iPhone",
            ),
            ("", "unknown browser"),
        ] {
            assert_eq!(browser_in_words(user_agent), expected);
        }
    }
}
