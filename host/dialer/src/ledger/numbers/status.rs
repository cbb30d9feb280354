//! A number's status as the database has it.

use dialguard::contract::Status;

pub(in crate::ledger) fn status_to_sql(status: Status) -> u8 {
    match status {
        Status::Pending => 0,
        Status::Clean => 1,
        Status::AtRisk => 2,
        Status::Flagged => 3,
    }
}

pub(in crate::ledger) fn status_from_sql(status: u8) -> Status {
    match status {
        0 => Status::Pending,
        1 => Status::Clean,
        2 => Status::AtRisk,
        3 => Status::Flagged,
        other => unreachable!("the schema keeps no status {other}"),
    }
}
