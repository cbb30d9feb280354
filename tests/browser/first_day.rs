//! Dialguard starts from nothing: an empty folder, one printed link, and a browser.

use crate::browser::dashboard::{Step, step};
use crate::harness::dialer::Dialer;
use crate::harness::server::Server;
use crate::harness::serving::{Serving, get};
use dialguard_dialer::access::Role;

/// The link works until there is a user, and for nobody afterwards.
async fn lives_through_the_first_day(by: &str) {
    let dialer = Dialer::new();
    let mut serving = Serving::start(&dialer, &[]);
    let lost = serving.link();
    serving.stop();
    let mut serving = Serving::start(&dialer, &[]);
    let link = serving.link();
    let address = link.split("/welcome").next().expect("an address");
    assert_eq!(get(&lost.replace(lost.split("/welcome").next().expect("an address"), address)).await, 410);
    assert_eq!(get(&link).await, 200);
    let step = Step { address, session: "", others: &[("DIALGUARD_LINK", &link), ("DIALGUARD_BY", by)] };
    if step.run(&dialer, "first-day") {
        assert_eq!(get(&link).await, 410);
        let account = &dialer.ledger().accounts().expect("accounts")[0];
        assert_eq!((account.id.as_str(), account.blocks(), account.occupied), ("acme", 2, 3));
        assert_eq!(account.time_zone.name(), "America/New_York");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_day_takes_a_mouse_and_no_shell() {
    lives_through_the_first_day("mouse").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_whole_first_day_takes_no_more_than_a_keyboard() {
    lives_through_the_first_day("keyboard").await;
}

/// An administrator invites by link; the invited user sees only what the link said, and ends sessions.
#[tokio::test(flavor = "multi_thread")]
async fn people_join_by_link_and_manage_themselves() {
    let server = Server::new(Dialer::monitoring(2, "")).await;
    if step(&server, Role::Administer, "join") {
        let users = server.dialguard.ledger().users().expect("users");
        let lee = users.iter().find(|user| user.name == "lee").expect("lee has joined");
        assert_eq!(lee.grant.role, Role::Operate);
        assert!(lee.grant.covers("acme") && !lee.grant.covers("other"));
    }
}

/// The demo tells its story, and its link works again after signing out.
#[tokio::test(flavor = "multi_thread")]
async fn the_demo_tells_its_story_and_lets_its_visitor_in_again() {
    let dialer = Dialer::new();
    let mut serving = Serving::of(&dialer, &["demo", "--serve", "--listen", "127.0.0.1:0"]);
    let link = serving.link();
    let address = link.split("/sign-in").next().expect("an address");
    Step { address, session: "", others: &[("DIALGUARD_LINK", &link)] }.run(&dialer, "demo");
    dialer.run("demo --serve --listen 0.0.0.0:0").exits(1).says(&["serves only this machine"]);
}
