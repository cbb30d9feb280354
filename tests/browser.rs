//! What needs tools from outside Rust: the dashboard in Chromium, and dialers in other languages.

#[path = "harness"]
mod harness {
    pub mod acme;
    pub mod buying;
    #[expect(dead_code, reason = "other runners use the rest")]
    pub mod dialer;
    pub mod host_tools;
    pub mod repository;
    #[expect(dead_code, reason = "other runners use the rest")]
    pub mod server;
    pub mod serving;
    pub mod services {
        #[expect(dead_code, reason = "other runners use the rest")]
        pub mod fault;
        #[expect(dead_code, reason = "other runners use the rest")]
        pub mod provider;
    }
}

#[path = "browser"]
mod browser {
    mod calls_story;
    mod dashboard;
    mod first_day;
    mod host_comparison;
    mod host_failures;
}
