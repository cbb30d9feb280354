//! Screened numbers for every surface: in groups by status, with what each carrier says, and as CSV.

use crate::words::{SCREENED_GROUPS, e164, thousands};
use dialguard::contract::{Carrier, CarrierId, PhoneNumber, Screening, Status};
use dialguard_dialer::dialguard::Screened;
use dialguard_dialer::ledger::CarrierAnswer;
use dialguard_dialer::table_file::{csv_of, inert};
use std::collections::{BTreeSet, HashMap};

/// Screened numbers with the carriers that answered about any of them.
pub struct ScreenedNumbers<'a> {
    screenings: &'a [Screening],
    pub carriers: Vec<Carrier>,
    answers: HashMap<(PhoneNumber, CarrierId), &'a CarrierAnswer>,
}

impl<'a> ScreenedNumbers<'a> {
    /// `carriers` are all that any source has ever reported.
    pub fn new(screened: &'a Screened, mut carriers: Vec<Carrier>) -> Self {
        let answering: BTreeSet<CarrierId> = screened.answers.iter().map(|answer| answer.carrier).collect();
        carriers.retain(|carrier| answering.contains(&carrier.id));
        let answers = screened.answers.iter().map(|answer| ((answer.number, answer.carrier), answer)).collect();
        ScreenedNumbers { screenings: &screened.screenings, carriers, answers }
    }

    /// What a carrier says about a number.
    pub fn answer(&self, number: PhoneNumber, carrier: &Carrier) -> Option<&'a CarrierAnswer> {
        self.answers.get(&(number, carrier.id)).copied()
    }

    /// The groups that have numbers, and what they are called.
    pub fn groups(&self) -> Vec<(Status, &'static str, Vec<Screening>)> {
        let group = |(status, name)| {
            let of_group = self.screenings.iter().filter(|it| it.status == status).copied().collect::<Vec<_>>();
            (!of_group.is_empty()).then_some((status, name, of_group))
        };
        SCREENED_GROUPS.into_iter().filter_map(group).collect()
    }

    /// `80 clean, 20 at risk, 10 flagged, 10 unknown`.
    pub fn in_words(&self) -> String {
        let groups = self.groups();
        let counts = groups.iter().map(|(_, name, numbers)| format!("{} {name}", thousands(numbers.len() as u64)));
        if groups.is_empty() { "No number was screened".into() } else { counts.collect::<Vec<_>>().join(", ") }
    }

    /// One row a number, in the order given: its status, how many carriers flag it, then each carrier's score and label.
    pub fn file(&self) -> Vec<u8> {
        let heading = |of: &str, carrier: &Carrier| inert(&format!("{} {of}", carrier.name)).into_owned();
        let of_carriers = self.carriers.iter().flat_map(|it| [heading("score", it), heading("label", it)]);
        let header = ["number", "status", "flagging", "answering"].map(str::to_owned).into_iter().chain(of_carriers);
        let rows = self.screenings.iter().map(|it| {
            let own = [e164(it.number), it.status.name().into(), it.flagging.to_string(), it.answering.to_string()];
            let answers = self.carriers.iter().flat_map(|carrier| {
                let answer = self.answer(it.number, carrier);
                let score = answer.and_then(|answer| answer.score).map(|score| score.to_string());
                let label = answer.and_then(|answer| answer.label.as_deref()).map(|label| inert(label).into_owned());
                [score.unwrap_or_default(), label.unwrap_or_default()]
            });
            own.into_iter().chain(answers).collect::<Vec<String>>()
        });
        csv_of(std::iter::once(header.collect()).chain(rows))
    }
}
