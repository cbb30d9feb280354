//! A policy that explores WASI: the one in `first-contract/` with more imports, which it calls before each review. It
//! reports the results in notices.

const COMPONENT: &str = include_str!("../../policies/first-contract/component.wat");
const POLICY: &str = include_str!("../../policies/first-contract/policy.wat");
const IMPORTS: &str = include_str!("../../policies/wasi/imports.wat");
const LOOK_AROUND: &str = include_str!("../../policies/wasi/look-around.wat");

pub fn policy_that_looks_around() -> Vec<u8> {
    policy_that("(call $look-around)")
}

/// The same policy doing this before each review instead.
pub fn policy_that(does: &str) -> Vec<u8> {
    const ENABLED: &str = "(br_if $planned (i32.eqz (i32.load8_u (i32.const 0x1018))))";
    let policy = exchange(POLICY, "(module", "(core module $main");
    let policy = exchange(&policy, "  (global $free", &format!("{LOOK_AROUND}  (global $free"));
    let policy = exchange(&policy, ENABLED, &format!("{ENABLED} {does}"));
    let component = exchange(COMPONENT, "{policy}", &policy);
    let (all, end) = component.rsplit_once(')').expect("a component");
    let component = format!("{all}{IMPORTS}){end}");
    wat::parse_str(&component).unwrap_or_else(|error| panic!("{error}\n{component}"))
}

fn exchange(text: &str, before: &str, after: &str) -> String {
    assert_eq!(text.matches(before).count(), 1, "{before}");
    text.replace(before, after)
}
