//! A policy around another one: whatever that one plans, no number is replaced on a Friday unless a user requests it.
//!
//! It exports the interface it imports, `dialguard:reputation/policy`, forwards every call, and changes one answer.
#![cfg_attr(target_family = "wasm", no_std)]

extern crate alloc;

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use bindings::dialguard::reputation::types::*;
use bindings::dialguard::reputation::{number_inventory, policy as wrapped};
use bindings::exports::dialguard::reputation::policy::{Decision, Description, Guest, Request, Screening, Usage};

#[allow(missing_docs)]
mod bindings {
    wit_bindgen::generate!({
        path: "../../../wit/0.3.0",
        inline: "
            package dialguard:no-friday;

            world wrapper {
              import dialguard:reputation/policy@0.3.0;
              import dialguard:reputation/number-inventory@0.3.0;
              export dialguard:reputation/policy@0.3.0;
            }",
        world: "dialguard:no-friday/wrapper",
        // Imports and exports share their types, so nothing needs converting.
        merge_structurally_equal_types: true,
        generate_all,
    });
}

struct NoFriday;

impl Guest for NoFriday {
    /// The one change. Users' requests are not affected: `decide` is forwarded.
    fn review_account(id: AccountId) -> Result<Plan, Error> {
        let mut plan = wrapped::review_account(&id)?;
        if plan.actions.iter().any(is_automatic) && is_friday(number_inventory::get_account(&id)?.day_starts_at) {
            put_off(&mut plan);
        }
        Ok(plan)
    }

    fn describe() -> Description {
        let Description { name, version, summary, settings } = wrapped::describe();
        Description {
            name: format!("{name}-no-friday"),
            version: with_build(version),
            summary: format!("{summary} Replaces no number on a Friday unless a user requests it."),
            settings,
        }
    }

    fn check_settings(settings: Vec<i64>) -> Result<(), Error> {
        wrapped::check_settings(&settings)
    }

    fn decide(id: AccountId, request: Request) -> Result<Decision, Error> {
        wrapped::decide(&id, &request)
    }

    fn screen(id: AccountId, numbers: Vec<PhoneNumber>) -> Result<Vec<Screening>, Error> {
        wrapped::screen(&id, &numbers)
    }

    fn get_usage(id: AccountId) -> Result<Usage, Error> {
        wrapped::get_usage(&id)
    }
}

/// Removes the automatic replacements and says so. The numbers stay flagged, so Saturday's review replaces them.
fn put_off(plan: &mut Plan) {
    let planned = plan.actions.len();
    plan.actions.retain(|action| !is_automatic(action));
    let numbers = match planned - plan.actions.len() {
        1 => String::from("1 flagged number"),
        several => format!("{several} flagged numbers"),
    };
    plan.notices.push(Notice {
        severity: Severity::Info,
        kind: "replacement-deferred".into(),
        number: None,
        text: format!("{numbers} not replaced today: it is Friday."),
    });
}

fn is_automatic(action: &Action) -> bool {
    matches!(action, Action::ReplaceNumber(Replacement { why: ReplacementReason::Flagged, .. }))
}

/// Whether the local date that began then is a Friday. The contract does not give the account's time zone, but a date that
/// begins at midnight anywhere from Honolulu (10 hours behind UTC) to Auckland in summer (13 ahead) begins at most 13
/// hours before the same date in UTC and less than 11 after.
fn is_friday(day_starts_at: Timestamp) -> bool {
    const HOUR: u64 = 3_600;
    // 1 January 1970 was a Thursday.
    (day_starts_at + 13 * HOUR) / (24 * HOUR) % 7 == 1
}

/// Two versions in one: the inner policy's, and this one's as SemVer build metadata.
fn with_build(version: String) -> String {
    let separator = if version.contains('+') { '.' } else { '+' };
    format!("{version}{separator}no-friday.{}", env!("CARGO_PKG_VERSION"))
}

/// What a component needs without an operating system, as in the reference policy (`plugin/src/component.rs`).
#[cfg(target_family = "wasm")]
mod freestanding {
    use super::{NoFriday, bindings};
    use core::alloc::Layout;

    bindings::export!(NoFriday with_types_in bindings);

    const DESCRIPTION: &str = env!("CARGO_PKG_DESCRIPTION");
    const VERSION: &str = env!("CARGO_PKG_VERSION");

    /// For tools that inspect the component without running it.
    #[used]
    #[unsafe(link_section = "description")]
    static DESCRIPTION_SECTION: [u8; DESCRIPTION.len()] = *DESCRIPTION.as_bytes().first_chunk().unwrap();

    #[used]
    #[unsafe(link_section = "version")]
    static VERSION_SECTION: [u8; VERSION.len()] = *VERSION.as_bytes().first_chunk().unwrap();

    #[global_allocator]
    static ALLOCATOR: dlmalloc::GlobalDlmalloc = dlmalloc::GlobalDlmalloc;

    // For `memcmp`, which the compiler calls and the target takes from the C library. Nothing else of it is linked.
    #[link(name = "c")]
    unsafe extern "C" {}

    /// Allocates memory for the results of imports. With `std` the C library would provide it.
    #[unsafe(export_name = "cabi_realloc")]
    unsafe extern "C" fn cabi_realloc(old: *mut u8, old_size: usize, align: usize, new_size: usize) -> *mut u8 {
        // SAFETY: the canonical ABI requires an alignment that is a power of two, and passes back with its size and
        // alignment only what this returned before. A size of zero has no memory, only an aligned address.
        unsafe {
            let layout = |size| Layout::from_size_align_unchecked(size, align);
            let new = match (old_size, new_size) {
                (_, 0) => return core::ptr::without_provenance_mut(align),
                (0, _) => alloc::alloc::alloc(layout(new_size)),
                (_, _) => alloc::alloc::realloc(old, layout(old_size), new_size),
            };
            if new.is_null() { core::arch::wasm32::unreachable() } else { new }
        }
    }

    #[panic_handler]
    fn trap(_: &core::panic::PanicInfo) -> ! {
        core::arch::wasm32::unreachable()
    }
}
