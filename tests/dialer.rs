//! The reference dialer as a library: its ledger under policies of every kind, sources, providers and replacements.

#[path = "harness"]
mod harness {
    pub mod acme;
    #[expect(dead_code, reason = "other runners use the rest")]
    pub mod cases;
    pub mod repository;
    pub mod policies {
        pub mod first_contract;
        #[expect(dead_code, reason = "other runners use the rest")]
        pub mod hostile;
        pub mod hostile_plans;
        pub mod hostile_rests;
        pub mod limits;
        pub mod reference;
        pub mod second_contract;
    }
    pub mod services {
        pub mod fault;
        pub mod prism;
        #[expect(dead_code, reason = "other runners use the rest")]
        pub mod provider;
        #[expect(dead_code, reason = "other runners use the rest")]
        pub mod source;
    }
}

#[path = "dialer"]
mod dialer {
    mod account_changes;
    mod bulk_requests;
    mod call_files;
    mod call_logs;
    mod hostile_policies;
    mod hostile_rests;
    mod left_behind;
    mod look_ups;
    mod mixed_versions;
    mod number_files;
    mod providers;
    mod questions;
    mod replacements;
    mod scene;
    mod source_files;
    mod sources;
}
