//! Situations from the world, each with an id, and the table of how they end.

/// A situation that has to end rightly.
pub struct Case {
    pub id: &'static str,
    pub situation: &'static str,
    /// What went wrong, if anything did.
    pub check: Box<dyn Fn() -> Result<(), String>>,
}

/// A case whose check fails as a test does.
pub fn case(id: &'static str, situation: &'static str, check: fn()) -> Case {
    let failure = |panic: Box<dyn std::any::Any + Send>| match panic.downcast::<String>() {
        Ok(message) => *message,
        Err(_) => "it panicked".to_owned(),
    };
    Case { id, situation, check: Box::new(move || std::panic::catch_unwind(check).map_err(failure)) }
}

/// Runs every case, prints a line for each, and fails with all that went wrong.
pub fn all_hold(cases: &[Case]) {
    let failed: Vec<String> = cases
        .iter()
        .filter_map(|case| (case.check)().err().map(|why| (case, why)))
        .map(|(case, why)| format!("{} {}: {why}", case.id, case.situation))
        .collect();
    for case in cases {
        let mark = if failed.iter().any(|line| line.starts_with(&format!("{} ", case.id))) { "FAIL" } else { "ok  " };
        println!("{mark} {:5} {}", case.id, case.situation);
    }
    assert!(failed.is_empty(), "{} of {} cases failed:\n{}", failed.len(), cases.len(), failed.join("\n"));
}
