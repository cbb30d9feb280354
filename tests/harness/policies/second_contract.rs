//! A policy made for the contract's version 0.2.0: the reference policy as it was built while that was the newest.

pub const SECOND_CONTRACT: &[u8] = include_bytes!("../../policies/second-contract/policy.wasm");
