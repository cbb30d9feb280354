//! Exporting the numbers that a page shows as CSV.

use super::filter::Filter;
use crate::web::Site;
use crate::web::auth::{OfAccount, Read, now_of};
use crate::web::pages::Failed;
use crate::web::problem::Problem;
use crate::web::query::Query;
use crate::words::e164;
use axum::Router;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use axum::routing::get;
use dialguard::calendar::rfc3339;
use dialguard::contract::{Carrier, PhoneNumber};
use dialguard_dialer::ledger::{Freshness, KnownNumber, LatestAnswers, Stop};
use dialguard_dialer::table_file::{csv_of, inert};

pub fn routes() -> Router<Site> {
    Router::new().route("/accounts/{account}/numbers.csv", get(export))
}

async fn export(
    State(site): State<Site>,
    of: OfAccount<Read>,
    Query(filter): Query<Filter>,
) -> Result<impl IntoResponse, Failed> {
    let (ledger, id, account) = (site.dialguard().ledger().clone(), of.account.id.clone(), &of.account);
    let now = now_of(&site, account);
    let query = filter.query(now, 0, u32::MAX);
    let of_file = account.clone();
    let file = move |_: &Stop| {
        let numbers = ledger.number_page(&id, &query)?.numbers;
        let digits: Vec<PhoneNumber> = numbers.iter().map(|known| known.number).collect();
        let answers = ledger.latest_answers(&id, &digits)?;
        Ok::<_, Problem>(numbers_csv(&numbers, &ledger.carriers()?, &answers, |known| {
            of_file.freshness(known, now) == Some(Freshness::Stale)
        }))
    };
    let file = site.work().run(&of.caller, file).await??;
    let name = account.id.replace(|letter: char| !letter.is_ascii_alphanumeric(), "-");
    let disposition = format!("attachment; filename=\"{name}-numbers.csv\"");
    Ok((
        [(header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()), (header::CONTENT_DISPOSITION, disposition)],
        file,
    ))
}

/// One row per number: its slot, its status and what that rests on, and whether it is out of use, then each carrier's score
/// and label.
fn numbers_csv(
    numbers: &[KnownNumber],
    carriers: &[Carrier],
    answers: &LatestAnswers,
    is_stale: impl Fn(&KnownNumber) -> bool,
) -> Vec<u8> {
    let heading = |of: &str, carrier: &Carrier| inert(&format!("{} {of}", carrier.name)).into_owned();
    let header =
        ["number", "slot", "status", "status-since", "last-rated-at", "stale", "replacement-pending", "resting"];
    let header = header.map(str::to_owned).into_iter();
    let header =
        header.chain(carriers.iter().flat_map(|carrier| [heading("score", carrier), heading("label", carrier)]));
    let rows = numbers.iter().map(|known| {
        let (slot, status, since) = match known.monitored {
            Some((slot, status, since)) => (slot.to_string(), status.name().to_owned(), rfc3339(since)),
            None => Default::default(),
        };
        let (pending, resting) = (known.replacement_pending.to_string(), known.resting_since.is_some().to_string());
        let rated = known.last_rated_at.map(rfc3339).unwrap_or_default();
        let stale = is_stale(known).to_string();
        let own = [e164(known.number), slot, status, since, rated, stale, pending, resting].into_iter();
        let answers = answers.get(&known.number).map_or(&[][..], Vec::as_slice);
        let row = own.chain(carriers.iter().flat_map(|carrier| {
            let answer = answers.iter().find(|answer| answer.carrier == carrier.id);
            let score = answer.and_then(|answer| answer.score).map(|score| score.to_string());
            let label = answer.and_then(|answer| answer.label.as_deref()).map(|label| inert(label).into_owned());
            [score.unwrap_or_default(), label.unwrap_or_default()]
        }));
        row.collect::<Vec<String>>()
    });
    csv_of(std::iter::once(header.collect()).chain(rows))
}

#[cfg(test)]
mod tests {
    use super::*;
    use dialguard::contract::Status;
    use dialguard_dialer::ledger::{CarrierAnswer, PastDays};

    #[test]
    fn labels_cannot_become_formulas() {
        let known = KnownNumber {
            number: 13_105_550_100,
            monitored: Some((3, Status::Flagged, 0)),
            replacement_pending: false,
            resting_since: None,
            ready_since: None,
            suspect: None,
            monitored_since: Some(0),
            last_rated_at: Some(60),
            rated_day: Some(0),
            past_days: PastDays::default(),
            is_owned: true,
        };
        let carriers = [Carrier { id: 1, name: "=A".into() }, Carrier { id: 2, name: "B".into() }];
        let label = Some("=HYPERLINK(\"http://evil.example\",\"Spam, likely\")".into());
        let answer = CarrierAnswer { number: known.number, carrier: 1, score: Some(95), label, observed_at: 0 };
        let answers = LatestAnswers::from([(known.number, vec![answer])]);
        let file = String::from_utf8(numbers_csv(&[known], &carriers, &answers, |_| true)).unwrap();
        let expected = "number,slot,status,status-since,last-rated-at,stale,replacement-pending,resting,'=A score,'=A label,B score,B label\n\
            +13105550100,3,flagged,1970-01-01T00:00:00Z,1970-01-01T00:01:00Z,true,false,false,95,\"'=HYPERLINK(\"\"http://evil.example\"\",\"\"Spam, likely\"\")\",,\n";
        assert_eq!(file, expected);
    }
}
