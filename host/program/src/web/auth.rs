//! Who sends a request, what they may do, and whether the request comes from this site.

mod attempts;
mod browser;
mod caller;
mod passwords;
pub mod same_origin;

pub use attempts::SignInAttempts;
pub use browser::Browser;
pub use caller::{Administer, Administrator, Caller, Denied, OfAccount, Operate, Read, SignedIn};
pub use caller::{SESSION_COOKIE, as_of_now, now_of, session_cookie};
pub use passwords::{Credentials, Passwords};
