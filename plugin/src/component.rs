//! The rules as a component: what a host asks goes to them, and what they read comes through the contract's imports
//! (`wit/0.2.0/`). Nothing is decided here, so a change of the rules leaves this file as it is.

use crate::contract::*;
use crate::{Dialer, request, review, screening, settings, usage};
use alloc::vec::Vec;
use bindings::dialguard::reputation::{carrier_lookup, clock, number_inventory};
use bindings::exports::dialguard::reputation::policy::Guest;

#[allow(missing_docs)]
pub mod bindings {
    wit_bindgen::generate!({
        path: "../wit/0.2.0",
        world: "reputation-policy",
        additional_derives: [PartialEq, Eq],
    });
}

/// What answers where the component is called.
struct Component;

impl Guest for Component {
    fn describe() -> Description {
        crate::describe()
    }

    fn check_settings(settings: Settings) -> Result<(), Error> {
        settings::check(&settings)
    }

    fn review_account(id: AccountId) -> Result<Plan, Error> {
        review::review_account(&Host, &id)
    }

    fn decide(id: AccountId, request: Request) -> Result<Decision, Error> {
        request::decide(&Host, &id, request)
    }

    fn screen(id: AccountId, numbers: Vec<PhoneNumber>) -> Result<Vec<Screening>, Error> {
        screening::screen(&Host, &id, &numbers)
    }

    fn get_usage(id: AccountId) -> Result<Usage, Error> {
        usage::usage(&Host, &id)
    }
}

/// The dialer around the component, seen through the imports.
struct Host;

impl Dialer for Host {
    fn now(&self) -> Timestamp {
        clock::now()
    }

    fn look_up(&self, numbers: &[PhoneNumber]) -> Result<Vec<Observation>, Error> {
        carrier_lookup::look_up(numbers)
    }

    fn account(&self, id: &str) -> Result<Account, Error> {
        number_inventory::get_account(id)
    }

    fn monitored(&self, id: &str, after: PhoneNumber, limit: u32) -> Result<Vec<MonitoredNumber>, Error> {
        number_inventory::monitored(id, after, limit)
    }

    fn owned(&self, id: &str, numbers: &[PhoneNumber]) -> Result<Vec<PhoneNumber>, Error> {
        number_inventory::owned(id, numbers)
    }

    fn candidates(&self, id: &str, like: PhoneNumber, limit: u32) -> Result<Vec<PhoneNumber>, Error> {
        number_inventory::candidates(id, like, limit)
    }

    fn flag_events(&self, id: &str, since: Timestamp) -> Result<Vec<FlagEvent>, Error> {
        number_inventory::flag_events(id, since)
    }
}

/// What a component needs where there is no operating system: the contract allows no WASI import, and `std` would
/// bring some.
#[cfg(target_family = "wasm")]
mod freestanding {
    use super::{Component, bindings};
    use crate::{SUMMARY, VERSION};
    use core::alloc::Layout;

    bindings::export!(Component with_types_in bindings);

    /// For whoever looks at the component without running it.
    #[used]
    #[unsafe(link_section = "description")]
    static DESCRIPTION_SECTION: [u8; SUMMARY.len()] = *SUMMARY.as_bytes().first_chunk().unwrap();

    #[used]
    #[unsafe(link_section = "version")]
    static VERSION_SECTION: [u8; VERSION.len()] = *VERSION.as_bytes().first_chunk().unwrap();

    #[global_allocator]
    static ALLOCATOR: dlmalloc::GlobalDlmalloc = dlmalloc::GlobalDlmalloc;

    // For `memcmp`, which the compiler calls and the target leaves to the C library. Nothing else of it is linked.
    #[link(name = "c")]
    unsafe extern "C" {}

    /// Where the host puts what an import answers. With `std` the C library would bring this.
    #[unsafe(export_name = "cabi_realloc")]
    unsafe extern "C" fn cabi_realloc(old: *mut u8, old_size: usize, align: usize, new_size: usize) -> *mut u8 {
        // SAFETY: the canonical ABI asks for an alignment that is a power of two, and hands back with its size and
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
