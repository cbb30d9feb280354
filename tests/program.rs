//! The program: its commands, the dashboard, the API and the daily schedule.

#[path = "harness"]
mod harness {
    pub mod acme;
    pub mod buying;
    pub mod cases;
    pub mod dialer;
    pub mod page_routes;
    #[expect(dead_code, reason = "other runners use the rest")]
    pub mod receiver;
    pub mod repository;
    pub mod server;
    pub mod policies {
        pub mod declaring;
        #[expect(dead_code, reason = "other runners use the rest")]
        pub mod first_contract;
        #[expect(dead_code, reason = "other runners use the rest")]
        pub mod hostile;
        pub mod no_friday;
        pub mod reference;
        pub mod renamed;
        pub mod second_contract;
    }
    pub mod services {
        #[expect(dead_code, reason = "other runners use the rest")]
        pub mod fault;
        #[expect(dead_code, reason = "other runners use the rest")]
        pub mod provider;
        #[expect(dead_code, reason = "other runners use the rest")]
        pub mod source;
    }
}

#[path = "program"]
mod program {
    mod alerts;
    mod api;
    mod api_clients;
    mod api_reference;
    mod asking;
    mod attention;
    mod bad_input;
    mod bill;
    mod bounds;
    mod calls;
    mod checks;
    mod clock;
    mod closing;
    mod commands;
    mod connections;
    mod costs;
    mod daily_check;
    mod dashboard;
    mod days;
    #[cfg(target_os = "linux")]
    mod descriptors;
    mod export;
    mod guides;
    mod joining;
    mod json_shapes;
    mod ledger_file;
    mod limits;
    mod manual;
    mod new_policy;
    mod number_files;
    mod numbers;
    mod older_ledger;
    mod orders;
    mod outages;
    mod permissions;
    mod policy_release;
    mod policy_revisions;
    mod provider_cases;
    mod provider_commands;
    mod queries;
    mod schedule;
    mod settings;
    mod settings_preview;
    mod sign_in;
    mod source_commands;
    mod story;
    mod suspects;
    mod terminal;
    mod time_zones;
    mod wrapped_policy;
}
