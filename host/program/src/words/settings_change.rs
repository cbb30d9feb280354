//! What activating a policy does to settings, in words.

use super::{count, shortened, thousands};
use dialguard_dialer::policies::settings_change::{Accounts, AddedSetting, ChangedSetting, SettingsChange};

/// A paragraph for each setting that changes; none if activating changes no setting.
pub fn settings_change_in_words(change: &SettingsChange) -> Vec<String> {
    let added = change.added.iter().map(added);
    let dropped = change.dropped.iter().map(|it| {
        let kept = accounts(
            &it.stored,
            "has a value, which stays stored and unused",
            "have values, which stay stored and unused",
        );
        format!("{} is dropped.{kept}", it.setting.name)
    });
    added.chain(dropped).chain(change.changed.iter().map(changed)).collect()
}

fn added(AddedSetting { setting, stored, unfit }: &AddedSetting) -> String {
    format!(
        "{} is new ({}): {}{}{}",
        setting.name,
        setting.range_in_words(),
        setting.meaning,
        accounts(stored, "has a value from before, which counts again", "have values from before, which count again"),
        accounts(unfit, "has a value from before that does not fit", "have values from before that do not fit"),
    )
}

fn changed(ChangedSetting { before, after, unset, unfit, fit_again }: &ChangedSetting) -> String {
    let (default_before, default) = (before.text(before.default_value()), after.text(after.default_value()));
    let mut text = format!("{} changes from {} to {}.", after.name, before.range_in_words(), after.range_in_words());
    if default_before != default && unset.count > 0 {
        let they = if unset.count == 1 {
            "has no value of its own and follows"
        } else {
            "have no values of their own and follow"
        };
        text += &format!(" {} {they} the default.", count(unset.count.into(), "account"));
    }
    let instead = format!("the default ({default}) counts until it is changed or the policy is rolled back");
    text += &accounts(
        unfit,
        &format!("has a value that no longer fits, so that {instead}"),
        &format!("have values that no longer fit, so that {instead}"),
    );
    text + &accounts(fit_again, "has a value that fits again and counts", "have values that fit again and count")
}

/// ` 12 accounts have values: acme (5), beta (7) and 10 more.`
fn accounts(accounts: &Accounts, one: &str, several: &str) -> String {
    if accounts.count == 0 {
        return String::new();
    }
    let named: Vec<_> = accounts.first.iter().map(|(id, value)| format!("{id} ({})", shortened(value))).collect();
    let more = match accounts.count as usize - named.len() {
        0 => String::new(),
        more => format!(" and {} more", thousands(more as u64)),
    };
    let what = if accounts.count == 1 { one } else { several };
    format!(" {} {what}: {}{more}.", count(accounts.count.into(), "account"), named.join(", "))
}

/// What all of it leaves alone.
pub const VALUES_STAY: &str = "No stored value is changed: after a rollback each setting is what it was.";
