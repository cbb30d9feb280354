//! The program, killed at any moment and raced with itself. When a command is killed depends on how long it takes, so
//! these tests run alone.

#[path = "harness"]
mod harness {
    pub mod acme;
    pub mod buying;
    #[expect(dead_code, reason = "other runners use the rest")]
    pub mod dialer;
    pub mod killing;
    #[expect(dead_code, reason = "other runners use the rest")]
    pub mod receiver;
    pub mod policies {
        pub mod reference;
        pub mod renamed;
        pub mod second_contract;
    }
    pub mod services {
        #[expect(dead_code, reason = "other runners use the rest")]
        pub mod fault;
        #[expect(dead_code, reason = "other runners use the rest")]
        pub mod provider;
    }
}

#[path = "kill"]
mod kill {
    mod alerts;
    mod crashes;
    mod purchases;
    mod rests;
}
