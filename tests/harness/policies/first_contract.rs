//! A policy made for the contract's version 0.1.0: its component in one text, the core module in it in another.

const COMPONENT: &str = include_str!("../../policies/first-contract/component.wat");
const POLICY: &str = include_str!("../../policies/first-contract/policy.wat");

pub fn first_contract() -> Vec<u8> {
    component(POLICY)
}

/// The same policy with every occurrence of one text replaced.
pub fn first_contract_with(before: &str, after: &str) -> Vec<u8> {
    assert!(POLICY.contains(before), "the policy has no {before}");
    component(&POLICY.replace(before, after))
}

fn component(policy: &str) -> Vec<u8> {
    let module = policy.replacen("(module", "(core module $main", 1);
    let text = COMPONENT.replace("{policy}", &module);
    wat::parse_str(&text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}
