//! What may cost is no safe method: a browser opens addresses by itself, or because another site says so.

use crate::harness::acme::number;
use crate::harness::dialer::{Dialer, e164};
use crate::harness::page_routes::page_routes;
use crate::harness::policies::hostile::Hostile;
use crate::harness::server::{Server, Visitor};
use crate::harness::services::provider::FakeProvider;
use crate::harness::services::source::FakeSource;
use crate::program::permissions::routes;
use dialguard::policy::{Limits, Policy};
use dialguard_dialer::access::Role;
use dialguard_dialer::ledger::ProviderKind;
use dialguard_program::web::WebSettings;
use reqwest::{Method, StatusCode};

/// A dialer with a paid source, whose numbers are bought.
struct Shop {
    source: FakeSource,
    provider: FakeProvider,
    server: Server,
}

impl Shop {
    async fn new(policy: Option<Policy>) -> Self {
        let (source, provider) = (FakeSource::new().await, FakeProvider::new().await);
        provider.offers((150..190).map(number));
        let dialer = Dialer::monitoring(2, "");
        dialer.run("sources remove carriers").exits(0);
        let folder = dialer.path("");
        dialer.run(&format!("providers add shop {}", provider.options(ProviderKind::Twilio, &folder))).exits(0);
        dialer.run("account set acme --provider shop --day-cap 100 --cycle-cap 100").exits(0);
        let key = std::fs::read_dir(&folder).expect("a folder").map(|file| file.expect("a file").path());
        let key = key.into_iter().find(|path| path.ends_with("auth-token")).expect("a secret of the provider");
        let telnyx = format!("--telnyx --api-key file:{} --price-cents 1 --budget-cents 1000", key.display());
        dialer.run(&format!("sources add paid {telnyx} --base-url {}", source.address)).exits(0);
        Shop { source, provider, server: Server::with(dialer, WebSettings::default(), policy).await }
    }

    /// How often the source and the provider were asked.
    fn asked(&self) -> usize {
        self.source.requests() + self.provider.requests().len()
    }
}

/// It asks carriers and the provider whatever it is asked itself.
fn curious_policy() -> Policy {
    let curious = Hostile {
        items: "(func $look-everywhere (param $id i32) (param $id-len i32)
              (i64.store (global.get $scratch) (i64.const 13105550100))
              (call $look-up (global.get $scratch) (i32.const 1) (global.get $asked))
              (call $candidates
                (local.get $id) (local.get $id-len) (i64.const 13105550100) (i32.const 1) (global.get $asked)))",
        decide: "(call $look-everywhere (local.get $id) (local.get $id-len))",
        usage: "(call $look-everywhere (local.get $id) (local.get $id-len))",
        ..Hostile::default()
    };
    Policy::compile(&curious.component(), Limits::default()).expect("it looks like a policy")
}

/// Every page and every route of the API that a safe method reaches, with queries that ask for the most.
async fn read_everything(server: &Server) {
    let user = server.user(Role::Administer, &[]);
    for route in page_routes().iter().filter(|route| route.has_get && !route.pattern.ends_with("/live")) {
        let path = route.path();
        assert!(!user.get(&path).await.status().is_server_error(), "{path}");
    }
    for path in ["add-on?change=on", "add-on?change=blocks&blocks=2", "candidates", "?show=flagged", "settings?saved=1"]
    {
        user.get(&format!("/accounts/acme/{path}")).await;
    }
    let program = server.program(Role::Administer, &[]);
    let (routes, _) = routes(server).await;
    for route in routes.iter().filter(|route| route.method == Method::GET) {
        let path = route.of("acme");
        assert!(!program.get(&path).await.status().is_server_error(), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_page_and_no_route_that_only_reads_asks_a_source_or_a_provider() {
    for policy in [None, Some(curious_policy())] {
        let shop = Shop::new(policy).await;
        read_everything(&shop.server).await;
        assert_eq!(shop.asked(), 0);
        let number = e164(100);
        let form = [("action", "replace"), ("number", number.as_str())];
        shop.server.user(Role::Operate, &["acme"]).send("/accounts/acme/ask", &form).await;
        assert!(shop.asked() > 0, "a question that is submitted asks them");
    }
}

/// Browsers send the cookie along when a link of another site is followed, and not with what it submits.
#[tokio::test(flavor = "multi_thread")]
async fn no_other_site_makes_a_browser_ask_a_question() {
    let shop = Shop::new(None).await;
    let operator = shop.server.user(Role::Operate, &["acme"]);
    let foreign = async |method: Method, path: &str, operator: &Visitor<'_>| {
        let asked = operator.request(method, path).header("sec-fetch-site", "cross-site");
        asked.form(&[("action", "replace"), ("number", &e164(100))]).send().await.expect("an answer").status()
    };
    for page in ["ask", "act", "numbers/+13105550100/ask"] {
        let path = format!("/accounts/acme/{page}");
        assert_eq!(foreign(Method::POST, &path, &operator).await, StatusCode::FORBIDDEN, "{page}");
        assert_eq!(foreign(Method::GET, &path, &operator).await, StatusCode::SEE_OTHER, "{page}");
        let linked = operator.get(&format!("{path}?action=replace&number=13105550100")).await;
        assert_eq!(linked.status(), StatusCode::BAD_REQUEST, "{page}");
    }
    assert_eq!(shop.asked(), 0);
    // Its own forms still work.
    let asked = operator.send("/accounts/acme/numbers/+13105550100/ask", &[("action", "replace")]).await;
    assert!(asked.text().await.expect("a page").contains("(310) 555-0100</data>?"));
    let table = operator.page("/accounts/acme").await;
    let button =
        "form=\"ask-of-one\" formaction=\"/accounts/acme/numbers/+13105550100/ask\" name=\"action\" value=\"replace\"";
    assert!(table.contains(button) && table.contains("<form id=\"ask-of-one\" method=\"post\""), "{table}");
    assert!(!table.contains("/ask?"), "{table}");
}
