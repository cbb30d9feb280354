//! Files that users have uploaded and not imported yet, in memory: what a page has shown is what is imported.

use super::auth::Caller;
use super::limits::UPLOAD_BYTES_MAX;
use super::problem::Problem;
use dialguard_dialer::access::random_secret;
use parking_lot::Mutex;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long an upload is kept.
const KEPT_FOR: Duration = Duration::from_secs(15 * 60);

/// What keeping an upload takes beside its bytes and its name.
const OVERHEAD_BYTES: usize = 1 << 10;

/// The bytes of one user's uploads, at most: two of the largest requests.
const BYTES_OF_USER_MAX: usize = 2 * (UPLOAD_BYTES_MAX + OVERHEAD_BYTES);

/// The bytes of all uploads, at most.
const BYTES_MAX: usize = 4 * BYTES_OF_USER_MAX;

/// The uploads of all users. When there are too many bytes, the oldest are forgotten: first the same user's, then any.
#[derive(Default)]
pub struct Uploads(Mutex<Vec<Upload>>);

/// An uploaded file. Only the user who uploaded it can use it, and only in the account for which they did.
#[derive(Clone)]
pub struct Upload {
    /// Cannot be guessed.
    id: String,
    account: String,
    user: String,
    pub file: Arc<UploadedFile>,
    at: Instant,
}

/// A file and its name; pasted text has none.
#[derive(Default)]
pub struct UploadedFile {
    pub name: Option<String>,
    pub bytes: Vec<u8>,
}

impl UploadedFile {
    /// The bytes that keeping it takes.
    fn size(&self) -> usize {
        self.bytes.len() + self.name.as_ref().map_or(0, String::len) + OVERHEAD_BYTES
    }
}

impl Uploads {
    /// Keeps a file and returns its id.
    pub fn keep(&self, account: &str, caller: &Caller, file: UploadedFile, now: Instant) -> Result<String, Problem> {
        let upload = Upload {
            id: random_secret()?,
            account: account.to_owned(),
            user: caller_name(caller),
            file: Arc::new(file),
            at: now,
        };
        let id = upload.id.clone();
        let mut uploads = self.0.lock();
        forget_old(&mut uploads, now);
        uploads.push(upload);
        let of_user = caller_name(caller);
        forget_beyond(&mut uploads, BYTES_OF_USER_MAX, |upload| upload.user == of_user);
        forget_beyond(&mut uploads, BYTES_MAX, |_| true);
        Ok(id)
    }

    /// The file of this id.
    pub fn find(&self, id: &str, account: &str, caller: &Caller, now: Instant) -> Result<Arc<UploadedFile>, Problem> {
        let mut uploads = self.0.lock();
        forget_old(&mut uploads, now);
        let of_user = caller_name(caller);
        let found = uploads.iter().find(|kept| kept.id == id && kept.account == account && kept.user == of_user);
        found.map(|kept| kept.file.clone()).ok_or_else(Problem::upload_gone)
    }
}

/// A user and a token may have the same name.
pub fn caller_name(caller: &Caller) -> String {
    format!("{} {}", if caller.is_program { "token" } else { "user" }, caller.name)
}

fn forget_old(uploads: &mut Vec<Upload>, now: Instant) {
    uploads.retain(|upload| now.saturating_duration_since(upload.at) < KEPT_FOR);
}

/// Forgets the oldest of some uploads until the others have no more than this many bytes.
fn forget_beyond(uploads: &mut Vec<Upload>, bytes_max: usize, concerns: impl Fn(&Upload) -> bool) {
    let mut bytes = 0;
    // From the newest to the oldest.
    let mut kept: Vec<Upload> = uploads.drain(..).rev().collect();
    kept.retain(|upload| {
        if !concerns(upload) {
            return true;
        }
        bytes += upload.file.size();
        bytes <= bytes_max
    });
    uploads.extend(kept.into_iter().rev());
}

#[cfg(test)]
mod tests {
    use super::*;
    use dialguard_dialer::access::{Accounts, Grant, Role};

    fn caller(name: &str) -> Caller {
        let actor = dialguard_dialer::ledger::Actor::user(name, 0);
        Caller {
            name: name.into(),
            actor,
            grant: Grant { role: Role::Operate, accounts: Accounts::All },
            is_program: false,
        }
    }

    /// One that takes this much to keep.
    fn file(size: usize) -> UploadedFile {
        UploadedFile { name: None, bytes: vec![b'1'; size - OVERHEAD_BYTES] }
    }

    #[test]
    fn an_upload_is_its_users_and_its_accounts_and_ends_after_a_while() {
        let (uploads, begun) = (Uploads::default(), Instant::now());
        let id = uploads.keep("acme", &caller("ann"), file(OVERHEAD_BYTES + 1), begun).unwrap();
        let find = |id: &str, account: &str, name: &str, after: Duration| {
            uploads.find(id, account, &caller(name), begun + after).is_ok()
        };
        assert!(find(&id, "acme", "ann", KEPT_FOR - Duration::from_secs(1)));
        assert!(!find(&id, "other", "ann", Duration::ZERO) && !find(&id, "acme", "ben", Duration::ZERO));
        assert!(!find("1", "acme", "ann", Duration::ZERO));
        let program = Caller { is_program: true, ..caller("ann") };
        assert!(uploads.find(&id, "acme", &program, begun).is_err());
        assert!(!find(&id, "acme", "ann", KEPT_FOR));
    }

    #[test]
    fn the_oldest_uploads_make_room() {
        let (uploads, now) = (Uploads::default(), Instant::now());
        let keep =
            |name: &str, bytes| (uploads.keep("acme", &caller(name), file(bytes), now).unwrap(), name.to_owned());
        let is_kept = |(id, name): &(String, String)| uploads.find(id, "acme", &caller(name), now).is_ok();
        let half = BYTES_OF_USER_MAX / 2;
        let [bens, first, second] =
            [("ben", half), ("ann", half), ("ann", half)].map(|(name, bytes)| keep(name, bytes));
        assert!([&bens, &first, &second].into_iter().all(is_kept));
        let third = keep("ann", half);
        assert_eq!([&bens, &first, &second, &third].map(is_kept), [true, false, true, true]);

        let others: Vec<_> =
            (0..BYTES_MAX / BYTES_OF_USER_MAX).map(|user| keep(&user.to_string(), BYTES_OF_USER_MAX)).collect();
        assert!(others.iter().all(is_kept));
        assert!(![&bens, &second, &third].into_iter().any(is_kept));
    }
}
