//! Paths of the dashboard and the API.

use dialguard::contract::PhoneNumber;

/// An account's page, whatever characters its id has.
pub fn account_path(id: &str) -> String {
    path_of(&["accounts", id])
}

/// The path of these segments, whatever characters they have.
pub fn path_of(segments: &[&str]) -> String {
    let mut url = url::Url::parse("http://dashboard/").expect("a constant URL parses");
    url.path_segments_mut().expect("an http URL has a path").extend(segments);
    url.path().to_owned()
}

/// The page of one number.
pub fn number_path(account: &str, number: PhoneNumber) -> String {
    format!("{}/numbers/+{number}", account_path(account))
}

/// The replacements under way.
pub fn orders_path(account: &str) -> String {
    account_path(account) + "/orders"
}

/// The Prometheus metrics.
pub const METRICS_PATH: &str = "/metrics";

/// Whether programs call this path: they need a status code, not a redirect to the sign-in page.
pub fn is_for_programs(path: &str) -> bool {
    path.starts_with("/api/") || path == METRICS_PATH
}
