//! A policy whose tables are none: the sandbox refuses them by name, and never reads past the end of a column.

use crate::harness::policies::hostile_rests::returning_tables;
use dialguard::policy::{Limits, Policy};
use dialguard::scenarios::{CaseFile, Verdict, try_case};

/// The case of the one number that the policy rates.
const CASE: &str = r#"{
    "title": "tables of a policy",
    "cases": [{
        "name": "a review",
        "tier": "contract",
        "rule": "All columns of a table have the same length, and only codes that exist.",
        "monitored": [{ "number": "+13105550100" }],
        "call": "review-account",
        "expect": {
            "reviews": [{ "number": "+13105550100", "status": "flagged", "flagging": 2, "answering": 2 }],
            "suspects": [{ "number": "+13105550100", "attempts": 100, "answered": 1, "blocked": 0 }]
        }
    }]
}"#;

/// What is wrong with a policy that does this with the columns of its plan, in WAT.
async fn tried(does: &str) -> Result<(), String> {
    let policy = Policy::compile(&returning_tables(does, ""), Limits::default()).expect("it looks like a policy");
    let file = CaseFile::read(CASE).expect("a case");
    let finding = try_case(&policy, &file.title, &file.cases[0]).await;
    if finding.verdict == Verdict::Passed { Ok(()) } else { Err(finding.detail) }
}

#[tokio::test(flavor = "multi_thread")]
async fn columns_of_one_length_are_a_table() {
    assert_eq!(tried("").await, Ok(()));
    let without_suspects = tried("(i32.store8 (global.get $has-suspects) (i32.const 0))").await;
    assert!(without_suspects.expect_err("none").ends_with("got \"as-before\""));
}

#[tokio::test(flavor = "multi_thread")]
async fn columns_of_different_length_are_refused_by_name() {
    for (column, table, name) in [
        ("reviews.statuses", "review-table", "statuses"),
        ("reviews.flagging-checks", "review-table", "flagging_checks"),
        ("reviews.clearing-checks", "review-table", "clearing_checks"),
        ("reviews.flagging", "review-table", "flagging"),
        ("reviews.answering", "review-table", "answering"),
        ("reviews.evidence-until", "review-table", "evidence_until"),
        ("suspects.attempts", "suspect-table", "attempts"),
        ("suspects.answered", "suspect-table", "answered"),
        ("suspects.blocked", "suspect-table", "blocked"),
        // The others are measured by the first column.
        ("reviews.numbers", "review-table", "statuses"),
        ("suspects.numbers", "suspect-table", "attempts"),
    ] {
        for rows in [0, 2, 100] {
            let does = format!("(call $column (global.get ${column}) (global.get $zeros) (i32.const {rows}))");
            let why = tried(&does).await.expect_err("it is not a valid table");
            let named = format!("the column {name} of its {table} has another length than the first");
            assert!(why.contains(&named), "{column} with {rows} rows: {why}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_that_does_not_exist_is_refused_by_name() {
    for code in [4, 127, 128, 255] {
        let does = format!("(i32.store8 (global.get $status) (i32.const {code}))");
        let why = tried(&does).await.expect_err("it is no status");
        let named = format!("the column statuses of its review-table has {code}, which does not exist");
        assert!(why.contains(&named), "{why}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_column_that_reaches_beyond_the_memory_ends_the_run() {
    for (first, rows) in [(0x3fff8, 2), (0, i32::MAX), (-8, 1)] {
        let does = format!("(call $column (global.get $reviews.numbers) (i32.const {first}) (i32.const {rows}))");
        let why = tried(&does).await.expect_err("there is no such memory");
        assert!(why.starts_with("its run was ended"), "{first}, {rows}: {why}");
    }
}
