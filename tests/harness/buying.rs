//! A dialer whose account buys its replacements from a fake provider.

use super::acme::number;
use super::dialer::Dialer;
use super::services::provider::FakeProvider;
use dialguard_dialer::ledger::ProviderKind;
use serde_json::json;

/// An account that monitors numbers from +13105550100 on, all owned at the provider, which sells others from 0150 on.
pub async fn buying_dialer(kind: ProviderKind, monitored: u64, options: &str) -> (Dialer, FakeProvider) {
    let fake = FakeProvider::new().await;
    for last in 100..100 + monitored {
        fake.has(number(last), json!({"friendly_name": "Sales", "customer_reference": "Sales"}));
    }
    fake.offers((150..190).map(number));
    let dialer = Dialer::monitoring(monitored, "");
    let clean: Vec<_> = (150..190).map(|last| (last, "ooo")).collect();
    dialer.carriers_say(&clean);
    let folder = dialer.path("");
    dialer.run(&format!("providers add shop {}", fake.options(kind, &folder))).exits(0);
    dialer.run(&format!("account set acme --provider shop --day-cap 100 --cycle-cap 100 {options}")).exits(0);
    (dialer, fake)
}
