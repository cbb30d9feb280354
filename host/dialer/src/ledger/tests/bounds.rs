//! What can be stored for good has a bound, wherever it comes from.

use super::*;
use std::collections::BTreeSet;

#[track_caller]
fn refused<T>(result: Result<T>, words: &str) {
    match result {
        Err(LedgerError::Refused(why)) => assert!(why.contains(words), "{why}"),
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("it is stored, although {words}"),
    }
}

fn grant(accounts: usize) -> Grant {
    let ids: BTreeSet<String> = (0..accounts).map(|id| id.to_string()).collect();
    Grant { role: Role::Read, accounts: Accounts::Only(ids) }
}

#[test]
fn names_addresses_and_settings_have_a_longest_length() {
    let Fixture { ledger, now, _folder } = &Fixture::new("2026-03-01T12:00:00Z");
    let long = |bytes: usize| "a".repeat(bytes);
    let account = |id: String| {
        let new = NewAccount {
            id,
            blocks: 0,
            time_zone: "UTC".parse().unwrap(),
            region: Region::US,
            review_at: NaiveTime::MIN,
            settings: AccountSettings::default(),
        };
        ledger.add_account(&new, *now)
    };
    account(long(ACCOUNT_ID_BYTES_MAX)).unwrap();
    refused(account(long(ACCOUNT_ID_BYTES_MAX + 1)), "id: give 1 to 256 bytes");

    let webhook = |url: &str, page_address: Option<&str>| {
        let new = NewWebhook { account: Some(ACME), url, key: &[0; 32], allow_private: false, page_address };
        ledger.add_webhook(&new, *now)
    };
    webhook(&long(URL_BYTES_MAX), Some(&long(URL_BYTES_MAX))).unwrap();
    refused(webhook(&long(URL_BYTES_MAX + 1), None), "URL: give 1 to 2048 bytes");
    refused(webhook("https://a", Some(&long(URL_BYTES_MAX + 1))), "address: give 1 to 2048 bytes");

    let token = |name: String, accounts| {
        let secret = <SecretHash>::try_from([name.len() as u8; 32]).unwrap();
        ledger.add_token(&Token { name, grant: grant(accounts), made_at: *now, ends_at: None }, &secret)
    };
    token(long(NAME_BYTES_MAX), GRANTED_ACCOUNTS_MAX).unwrap();
    refused(token(long(NAME_BYTES_MAX + 1), 1), "1 to 64 bytes");
    refused(token("t".into(), GRANTED_ACCOUNTS_MAX + 1), "at most 1000 accounts");
    let user = |name: String, accounts| ledger.add_user(&User { name, grant: grant(accounts), added_at: *now }, "hash");
    user(long(NAME_BYTES_MAX), GRANTED_ACCOUNTS_MAX).unwrap();
    refused(user(long(NAME_BYTES_MAX + 1), 1), "1 to 64 bytes");
    refused(user("u".into(), GRANTED_ACCOUNTS_MAX + 1), "at most 1000 accounts");

    let source = |name: String, location: String| {
        ledger.add_source(&SourceProfile { name, kind: SourceKind::Simulated, location }, 0)
    };
    source(long(64), long(16 << 10)).unwrap();
    refused(source(long(65), "1".into()), "name: give 1 to 64 bytes");
    refused(source("s".into(), long((16 << 10) + 1)), "location: give 1 to 16384 bytes");
    let provider = |name: String, settings: String| {
        ledger.add_provider(&ProviderProfile { name, kind: ProviderKind::Twilio, price_cents: 1, settings }, 0)
    };
    provider(long(64), long(16 << 10)).unwrap();
    refused(provider(long(65), "{}".into()), "name: give 1 to 64 bytes");
    refused(provider("p".into(), long((16 << 10) + 1)), "settings: give 1 to 16384 bytes");
}

#[test]
fn what_is_one_too_many_is_refused() {
    let Fixture { ledger, now, _folder } = &Fixture::new("2026-03-01T12:00:00Z");
    let known = ledger.carrier_aliases().unwrap().len();
    for alias in known..1_000 {
        let alias = CarrierAlias { alias: format!("alias {alias}"), carrier: "carrier".into() };
        ledger.set_carrier_alias(&alias, 0).unwrap();
    }
    let alias = CarrierAlias { alias: "another".into(), carrier: "carrier".into() };
    refused(ledger.set_carrier_alias(&alias, 0), "1000 carrier aliases already");
    for source in 0..100 {
        let (name, location) = (source.to_string(), "1".to_owned());
        ledger.add_source(&SourceProfile { name, kind: SourceKind::Simulated, location }, 0).unwrap();
    }
    let source = SourceProfile { name: "another".into(), kind: SourceKind::Simulated, location: "1".into() };
    refused(ledger.add_source(&source, 0), "100 sources already");

    let user = User { name: "ann".into(), grant: grant(1), added_at: *now };
    ledger.add_user(&user, "hash").unwrap();
    for session in 0..=100_u8 {
        ledger.begin_session(&[session; 32], "ann", "", *now, *now + 1_000 + u64::from(session)).unwrap();
    }
    let lasts = |session: u8| ledger.session(&[session; 32], *now).unwrap().is_some();
    assert_eq!([0, 1, 100].map(lasts), [false, true, true]);
}

#[test]
fn an_account_has_a_million_numbers_and_no_more() {
    let fixture = Fixture::new("2026-03-01T12:00:00Z");
    let fill = format!(
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {})
         INSERT INTO numbers (number, account, state, since) SELECT 20000000000 + i, 1, 'owned', {} FROM n",
        NUMBERS_OF_ACCOUNT_MAX - 12,
        fixture.now
    );
    fixture.execute(&fill).unwrap();
    let (ledger, now) = (&fixture.ledger, fixture.now);
    let another = [NUMBER + 100];
    refused(ledger.preview_import(ACME, &another, ImportedAs::Owned, now), "at most 1000000 numbers");
    refused(ledger.import_numbers(ACME, &another, ImportedAs::Owned, now), "at most 1000000 numbers");
    let known = ledger.import_numbers(ACME, &[NUMBER], ImportedAs::Owned, now).unwrap();
    assert_eq!(known, [ImportOutcome::KnownBefore]);
}

#[test]
fn a_preview_that_nobody_waits_for_ends() {
    let Fixture { ledger, now, _folder } = &Fixture::new("2026-03-01T12:00:00Z");
    let stop = Stop::default();
    stop.set();
    let numbers: Vec<PhoneNumber> = (0..1_000).map(|i| NUMBER + 100 + i).collect();
    let preview = stop.during(|| ledger.preview_import(ACME, &numbers, ImportedAs::Owned, *now));
    assert!(matches!(preview, Err(LedgerError::NotWanted)));
    assert!(ledger.preview_import(ACME, &numbers, ImportedAs::Owned, *now).is_ok());
}
