//! The sandbox alone: the contract, the reference policy, and the limits of any policy.

#[path = "harness"]
mod harness {
    pub mod acme;
    pub mod model_dialer;
    pub mod repository;
    pub mod slow_dialer;
    pub mod policies {
        pub mod first_contract;
        pub mod hostile;
        pub mod hostile_plans;
        pub mod hostile_rests;
        pub mod limits;
        pub mod looks_around;
        pub mod no_friday;
        pub mod reference;
        pub mod renamed;
        pub mod second_contract;
    }
}

#[path = "sandbox"]
mod sandbox {
    mod conformance_cases;
    mod costly_components;
    mod hostile_tables;
    mod javascript_policy;
    mod parity;
    mod policy_limits;
    mod published_contract;
    mod reference_component;
    mod settings_table;
    mod stubbed_wasi;
    mod wrapped_policies;
}
