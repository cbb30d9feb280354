//! The operating-system user that this process runs as.

use std::sync::OnceLock;

/// A user of the operating system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SystemUser {
    /// As the system's list of users has it, else as the environment says; never empty.
    pub name: String,
    /// Its number; none where the system has none.
    pub uid: Option<u32>,
}

/// That user, looked up once.
pub fn current() -> SystemUser {
    static CURRENT: OnceLock<SystemUser> = OnceLock::new();
    CURRENT.get_or_init(look_up).clone()
}

/// The number is the process's own and cannot be set by its environment. A name that the environment gives is only taken
/// where the list of users has none.
#[cfg(unix)]
fn look_up() -> SystemUser {
    let uid = rustix::process::getuid().as_raw();
    let listed = std::fs::read_to_string("/etc/passwd").ok().and_then(|list| name_in(&list, uid));
    let name = listed.or_else(|| named_by(&["USER", "LOGNAME"])).unwrap_or_else(|| format!("uid {uid}"));
    SystemUser { name, uid: Some(uid) }
}

#[cfg(not(unix))]
fn look_up() -> SystemUser {
    SystemUser { name: named_by(&["USERNAME"]).unwrap_or_else(|| "unknown".into()), uid: None }
}

fn named_by(variables: &[&str]) -> Option<String> {
    variables.iter().find_map(|variable| std::env::var(variable).ok().filter(|name| !name.is_empty()))
}

/// The name of a user in a list such as `/etc/passwd`.
#[cfg(unix)]
fn name_in(list: &str, uid: u32) -> Option<String> {
    list.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next().filter(|name| !name.is_empty())?;
        (fields.nth(1)?.parse() == Ok(uid)).then(|| name.to_owned())
    })
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_found_by_number() {
        let list = "root:x:0:0:root:/root:/bin/sh\n+::::::\nann:x:1000:1000::/home/ann:/bin/bash\n";
        assert_eq!(name_in(list, 1000).as_deref(), Some("ann"));
        assert_eq!(name_in(list, 0).as_deref(), Some("root"));
        assert_eq!(name_in(list, 7), None);
    }
}
