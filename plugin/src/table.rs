//! Rows of the contract's tables: to build a table whose columns have the same length, and to read one that was checked.
//!
//! The sandbox and policies in Rust share this file. It needs only the types that are generated from the contract.

use crate::contract::*;
use alloc::vec::Vec;
use core::fmt;

/// Why a table cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TableFault {
    /// The table's name in the contract.
    pub table: &'static str,
    /// The column's name.
    pub column: &'static str,
    /// The value that does not exist; none if the column has another length than the first.
    pub value: Option<u8>,
}

impl fmt::Display for TableFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let TableFault { table, column, value } = self;
        match value {
            Some(value) => write!(f, "the column {column} of its {table} has {value}, which does not exist"),
            None => write!(f, "the column {column} of its {table} has another length than the first"),
        }
    }
}

impl core::error::Error for TableFault {}

/// How a field of a row is stored in its column.
trait Cell<Stored>: Sized {
    fn store(self) -> Stored;
    /// Of a column that was checked.
    fn load(stored: Stored) -> Self;
    /// The first value in the column that does not exist; 0, which always does, if there is none.
    #[inline]
    fn unknown(_: &[Stored]) -> u8 {
        0
    }
}

/// The value at a place of a column that was checked.
#[inline(always)]
fn load<T: Cell<Stored>, Stored: Copy + Default>(column: &[Stored], place: usize) -> T {
    T::load(column.get(place).copied().unwrap_or_default())
}

macro_rules! stored_as_it_is {
    ($($type:ty),+) => {
        $(impl Cell<$type> for $type {
            fn store(self) -> $type {
                self
            }
            fn load(stored: $type) -> Self {
                stored
            }
        })+
    };
}

stored_as_it_is!(u8, u16, u32, u64);

impl Cell<u8> for bool {
    fn store(self) -> u8 {
        self.into()
    }
    fn load(stored: u8) -> Self {
        stored != 0
    }
    fn unknown(column: &[u8]) -> u8 {
        first_above(column, 1)
    }
}

/// A time; 0 stands for none.
impl Cell<Timestamp> for Option<Timestamp> {
    fn store(self) -> Timestamp {
        self.unwrap_or_default()
    }
    fn load(stored: Timestamp) -> Self {
        (stored != 0).then_some(stored)
    }
}

impl Cell<StatusCode> for Status {
    fn store(self) -> StatusCode {
        self as StatusCode
    }
    fn load(stored: StatusCode) -> Self {
        match stored {
            1 => Status::Clean,
            2 => Status::AtRisk,
            3 => Status::Flagged,
            _ => Status::Pending,
        }
    }
    fn unknown(column: &[StatusCode]) -> u8 {
        first_above(column, Status::Flagged as StatusCode)
    }
}

fn first_above(column: &[u8], most: u8) -> u8 {
    first(column, |value| value > most).unwrap_or_default()
}

/// The first value like that. Columns have none, so looking at all of them without stopping is what is quick.
#[inline(always)]
fn first(column: &[u8], is_like: impl Fn(u8) -> bool) -> Option<u8> {
    let any = column.iter().fold(false, |any, value| any | is_like(*value));
    if any { column.iter().copied().find(|value| is_like(*value)) } else { None }
}

/// Checks a table's columns: their names, their lengths, and of each the value that [`Cell::unknown`] finds.
fn check(table: &'static str, columns: &[&'static str], lens: &[usize], unknown: &[u8]) -> Result<(), TableFault> {
    for ((column, len), value) in columns.iter().zip(lens).zip(unknown) {
        if Some(len) != lens.first() || *value > 0 {
            return Err(TableFault { table, column, value: (*value > 0).then_some(*value) });
        }
    }
    Ok(())
}

/// The row type of a table, and the table as rows.
macro_rules! table {
    ($(#[$doc:meta])* $name:literal: $table:ident of $row:ident {
        $($(#[$field_doc:meta])* $field:ident: $type:ty, $column:ident;)+
    }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub struct $row {
            $($(#[$field_doc])* pub $field: $type,)+
        }

        impl $table {
            /// A table without rows.
            pub fn new() -> Self {
                Self { $($column: Vec::new(),)+ }
            }

            /// A table without rows that has room for this many.
            pub fn with_capacity(rows: usize) -> Self {
                Self { $($column: Vec::with_capacity(rows),)+ }
            }

            /// Makes room for this many rows more.
            pub fn reserve(&mut self, rows: usize) {
                $(self.$column.reserve_exact(rows);)+
            }

            /// How many rows it has.
            pub fn len(&self) -> usize {
                [$(self.$column.len(),)+][0]
            }

            /// Whether it has no rows.
            pub fn is_empty(&self) -> bool {
                self.len() == 0
            }

            /// Bytes of memory that its columns take.
            pub fn bytes(&self) -> usize {
                [$(size_of_val(&self.$column[..]),)+].iter().sum()
            }

            /// Adds a row.
            pub fn push(&mut self, row: $row) {
                $(self.$column.push(row.$field.store());)+
            }

            /// Whether its columns have the same length and only values that exist.
            pub fn check(&self) -> Result<(), TableFault> {
                check(
                    $name,
                    &[$(stringify!($column)),+],
                    &[$(self.$column.len()),+],
                    &[$(<$type as Cell<_>>::unknown(&self.$column)),+],
                )
            }

            /// Its rows. An error if it is not a valid table.
            pub fn rows(&self) -> Result<impl ExactSizeIterator<Item = $row> + Clone + '_, TableFault> {
                self.check()?;
                Ok((0..self.len()).map(|place| self.row(place)))
            }

            /// The row at a place of a table that was checked.
            #[inline(always)]
            pub fn row(&self, place: usize) -> $row {
                $row { $($field: load(&self.$column, place),)+ }
            }
        }

        impl Default for $table {
            fn default() -> Self {
                Self::new()
            }
        }

        impl Extend<$row> for $table {
            fn extend<I: IntoIterator<Item = $row>>(&mut self, rows: I) {
                rows.into_iter().for_each(|row| self.push(row));
            }
        }

        impl FromIterator<$row> for $table {
            fn from_iter<I: IntoIterator<Item = $row>>(rows: I) -> Self {
                let rows = rows.into_iter();
                let mut table = Self::with_capacity(rows.size_hint().0);
                table.extend(rows);
                table
            }
        }
    };
}

table! {
    /// A number that occupies a slot: a row of a [`MonitoredTable`].
    "monitored-table": MonitoredTable of MonitoredNumber {
        /// The number. One account monitors it, in one slot.
        number: PhoneNumber, numbers;
        /// The slot it occupies.
        slot: SlotId, slots;
        /// Where it stands after its latest review.
        status: Status, statuses;
        /// When it took that status.
        status_since: Timestamp, status_since;
        /// When it took its slot.
        monitored_since: Timestamp, monitored_since;
        /// Consecutive rated checks, ending with the latest, that voted spam. Stays at 255.
        flagging_checks: u8, flagging_checks;
        /// Consecutive rated checks, ending with the latest, that voted otherwise. Stays at 255.
        clearing_checks: u8, clearing_checks;
        /// When it was last rated; none if it never was.
        last_rated_at: Option<Timestamp>, last_rated_at;
        /// When the newest opinion was formed that has counted in a rating of it; none if it has none.
        evidence_until: Option<Timestamp>, evidence_until;
        /// Since when its calls fare badly; none if they do not.
        suspect_since: Option<Timestamp>, suspect_since;
        /// Since when the dialer does not use it; none if it does.
        resting_since: Option<Timestamp>, resting_since;
        /// Whether an order for its replacement is under way.
        replacement_pending: bool, replacement_pending;
    }
}

table! {
    /// What a review found about one number: a row of a [`ReviewTable`].
    "review-table": ReviewTable of Review {
        /// A monitored number.
        number: PhoneNumber, numbers;
        /// Where it stands now.
        status: Status, statuses;
        /// [`MonitoredNumber::flagging_checks`] from now on.
        flagging_checks: u8, flagging_checks;
        /// [`MonitoredNumber::clearing_checks`] from now on.
        clearing_checks: u8, clearing_checks;
        /// Carriers that flag it, of the `answering`.
        flagging: u16, flagging;
        /// Carriers that have an opinion about it; 0 if it is suspect and was not rated.
        answering: u16, answering;
        /// [`MonitoredNumber::evidence_until`] from now on.
        evidence_until: Option<Timestamp>, evidence_until;
    }
}

table! {
    /// How calls from one number went: a row of a [`CallTable`].
    "call-table": CallTable of NumberCalls {
        /// Calls made.
        attempts: u32, attempts;
        /// Of those, the ones that somebody answered.
        answered: u32, answered;
        /// Of the answered ones, those that were over within 6 seconds.
        short: u32, short;
        /// Of the attempts, those that an analytics engine refused on the way.
        blocked: u32, blocked;
    }
}

table! {
    /// A number whose calls fare badly: a row of a [`SuspectTable`].
    "suspect-table": SuspectTable of Suspect {
        /// The number.
        number: PhoneNumber, numbers;
        /// Calls made in the days that were looked at, 1 or more.
        attempts: u32, attempts;
        /// Of those, the ones that somebody answered.
        answered: u32, answered;
        /// Of the attempts, those that an analytics engine refused on the way.
        blocked: u32, blocked;
    }
}

table! {
    /// A number that may take another's place: a row of a [`CandidateTable`].
    "candidate-table": CandidateTable of Candidate {
        /// The number.
        number: PhoneNumber, numbers;
        /// What its provider charges for it, in US cents; 0 if it is on hand.
        price_cents: u32, price_cents;
        /// Whether it is one of the account's own, which has rested and is offered again.
        rested: bool, rested;
    }
}

table! {
    /// A number that was replaced and rests: a row of a [`RestedTable`].
    "rested-table": RestedTable of RestedNumber {
        /// The number, which the account does not monitor.
        number: PhoneNumber, numbers;
        /// When the rest began that it is in.
        resting_since: Timestamp, resting_since;
        /// The rests that it has ended since it was replaced.
        rests: u8, rests;
    }
}

table! {
    /// A number that turned flagged: a row of a [`FlagTable`].
    "flag-table": FlagTable of FlagEvent {
        /// The number, which may have left the account since.
        number: PhoneNumber, numbers;
        /// When its status became `flagged`.
        at: Timestamp, at;
    }
}

/// A carrier's score that stands for 'no data': an answer, and no opinion.
pub const NO_DATA: u8 = 254;

/// A carrier's score that stands for no answer.
pub const NO_ANSWER: u8 = 255;

/// The score of certain spam.
pub const SCORE_MAX: u8 = 100;

/// What one carrier answered about one number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CarrierVerdict {
    /// Who answered.
    pub carrier: CarrierId,
    /// 0 (clean) to 100 (certain spam); none if the carrier has no data, which is no opinion.
    pub score: Option<u8>,
    /// When the carrier formed this opinion; 0 if it has none.
    pub observed_at: Timestamp,
}

impl VerdictTable {
    /// A table without rows, for these carriers, which are in ascending order, each once.
    pub fn of(carriers: Vec<CarrierId>) -> Self {
        VerdictTable { carriers, scores: Vec::new(), observed_at: Vec::new() }
    }

    /// Adds the row of the next number: what carriers answered about it. Those that the table does not have are left out.
    pub fn push(&mut self, verdicts: impl IntoIterator<Item = CarrierVerdict>) {
        let row = self.scores.len();
        self.scores.resize(row + self.carriers.len(), NO_ANSWER);
        self.observed_at.resize(row + self.carriers.len(), 0);
        for CarrierVerdict { carrier, score, observed_at } in verdicts {
            if let Ok(place) = self.carriers.binary_search(&carrier) {
                self.scores[row + place] = score.unwrap_or(NO_DATA);
                self.observed_at[row + place] = if score.is_some() { observed_at } else { 0 };
            }
        }
    }

    /// Takes back what carriers answered about the number in this row.
    pub fn clear_row(&mut self, row: usize) {
        let cells = row * self.carriers.len()..(row + 1) * self.carriers.len();
        self.scores[cells.clone()].fill(NO_ANSWER);
        self.observed_at[cells].fill(0);
    }

    /// Whether it is a table with this many rows.
    pub fn check(&self, rows: usize) -> Result<(), TableFault> {
        let fault = |column, value| Err(TableFault { table: "verdict-table", column, value });
        let cells = rows * self.carriers.len();
        if !self.carriers.is_sorted_by(|one, next| one < next) {
            return fault("carriers", None);
        }
        if self.scores.len() != cells {
            return fault("scores", None);
        }
        if self.observed_at.len() != cells {
            return fault("observed_at", None);
        }
        match first(&self.scores, |score| (SCORE_MAX + 1..NO_DATA).contains(&score)) {
            Some(score) => fault("scores", Some(score)),
            None => Ok(()),
        }
    }

    /// The score and time of a carrier in a row of a table that was checked.
    pub fn cell(&self, row: usize, carrier: CarrierId) -> (u8, Timestamp) {
        let (scores, observed_at) = self.row(row);
        let place = self.carriers.binary_search(&carrier).unwrap_or(usize::MAX);
        (scores.get(place).copied().unwrap_or(NO_ANSWER), observed_at.get(place).copied().unwrap_or_default())
    }

    /// The scores and times in a row of a table that was checked.
    #[inline]
    pub fn row(&self, row: usize) -> (&[u8], &[Timestamp]) {
        let cells = row * self.carriers.len()..(row + 1) * self.carriers.len();
        (self.scores.get(cells.clone()).unwrap_or_default(), self.observed_at.get(cells).unwrap_or_default())
    }

    /// Its rows, of which there must be this many: what carriers answered about each number.
    pub fn rows(
        &self,
        rows: usize,
    ) -> Result<impl ExactSizeIterator<Item = impl Iterator<Item = CarrierVerdict> + Clone + '_> + Clone, TableFault>
    {
        self.check(rows)?;
        Ok((0..rows).map(move |row| {
            let cells = row * self.carriers.len()..(row + 1) * self.carriers.len();
            let (scores, times) = (&self.scores[cells.clone()], &self.observed_at[cells]);
            let answers = self.carriers.iter().zip(scores).zip(times).filter(|((_, score), _)| **score != NO_ANSWER);
            answers.map(|((carrier, score), observed_at)| CarrierVerdict {
                carrier: *carrier,
                score: (*score <= SCORE_MAX).then_some(*score),
                observed_at: *observed_at,
            })
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_pushed_is_read_and_columns_stay_together() {
        let events = [FlagEvent { number: 7, at: 1 }, FlagEvent { number: 5, at: 2 }];
        let mut table: FlagTable = events.into_iter().collect();
        assert!(table.rows().expect("a table").eq(events));
        table.at.pop();
        let fault = TableFault { table: "flag-table", column: "at", value: None };
        assert_eq!(table.rows().err(), Some(fault), "a shorter column");
    }

    #[test]
    fn values_that_do_not_exist_are_named() {
        let candidate = Candidate { number: 7, price_cents: 0, rested: true };
        let mut table: CandidateTable = [candidate].into_iter().collect();
        table.rested[0] = 2;
        assert_eq!(table.check(), Err(TableFault { table: "candidate-table", column: "rested", value: Some(2) }));
        let mut review = ReviewTable::new();
        review.statuses.push(4);
        assert!(review.check().is_err());
    }

    #[test]
    fn verdicts_have_a_row_for_each_number_and_a_place_for_each_carrier() {
        let mut table = VerdictTable::of([1, 3, 9].into());
        let said = |carrier, score, observed_at| CarrierVerdict { carrier, score, observed_at };
        table.push([said(9, Some(90), 5), said(1, None, 5), said(4, Some(1), 5)]);
        table.push([]);
        assert_eq!((&table.scores[..], &table.observed_at[..3]), (&[254, 255, 90, 255, 255, 255][..], &[0, 0, 5][..]));
        let rows: Vec<Vec<_>> = table.rows(2).expect("a table").map(Iterator::collect).collect();
        assert_eq!(rows, [alloc::vec![said(1, None, 0), said(9, Some(90), 5)], alloc::vec![]]);
        assert!(table.check(3).is_err(), "a row is missing");
        for (score, is_known) in [(100, true), (101, false), (253, false), (254, true)] {
            table.scores[0] = score;
            assert_eq!(table.check(2).is_ok(), is_known, "{score}");
        }
    }
}
