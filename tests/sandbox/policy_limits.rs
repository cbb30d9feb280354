//! Harmful policies, and dialers that answer late or never: what a policy may request, use and return.

use crate::harness::acme::number;
use crate::harness::policies::hostile::{Hostile, parse};
use crate::harness::policies::limits::{LIMITS, OUT_OF_TIME, ROOMY, SPIN, compiled};
use crate::harness::policies::renamed::renamed;
use crate::harness::policies::second_contract::SECOND_CONTRACT;
use crate::harness::slow_dialer::{slow_dialer, wordy_dialer};
use dialguard::contract::ErrorCode;
use dialguard::policy::{Limits, Policy, PolicyError, PolicyFault, REFERENCE_POLICY};
use std::time::{Duration, Instant};

#[tokio::test]
async fn a_refused_import_call_returns_an_error_to_the_policy() {
    // Each returns the import's error as its own; that of a lookup lies four bytes further on.
    const PASS_ON: &str = "(i32.store8 (global.get $answer) (i32.const 1))
         (memory.copy (global.get $error.code) (i32.add (global.get $asked) (i32.const 4)) (i32.const 12))";
    let scenarios = [
        (
            "numbers looked up until the budget is used up",
            "(local.set $id (global.get $scratch))
             (loop $fill
               (i64.store (local.get $id) (i64.add (i64.const 13105550000) (i64.extend_i32_u (local.get $id))))
               (local.set $id (i32.add (local.get $id) (i32.const 8)))
               (br_if $fill (i32.lt_u (local.get $id) (i32.const 0x8320))))
             (loop $again
               (call $look-up (global.get $scratch) (i32.const 100) (global.get $asked))
               (br_if $again (i32.eqz (i32.load8_u (global.get $asked)))))",
            ErrorCode::OverBudget,
        ),
        (
            "more numbers at once than a call takes",
            "(call $look-up (global.get $scratch) (i32.const 10001) (global.get $asked))",
            ErrorCode::InvalidRequest,
        ),
        (
            "an impossible number",
            "(call $look-up (global.get $zeros) (i32.const 1) (global.get $asked))",
            ErrorCode::InvalidRequest,
        ),
        (
            "a number twice in a call, and another between",
            "(i64.store (global.get $scratch) (i64.const 13105550101))
             (i64.store offset=8 (global.get $scratch) (i64.const 13105550102))
             (i64.store offset=16 (global.get $scratch) (i64.const 13105550101))
             (call $look-up (global.get $scratch) (i32.const 3) (global.get $asked))",
            ErrorCode::InvalidRequest,
        ),
        (
            "another account's numbers",
            "(i64.store (local.get $id) (i64.const 0x726568746f))
             (call $monitored (local.get $id) (i32.const 5) (i64.const 0) (i32.const 10) (global.get $asked))",
            ErrorCode::NoSuchAccount,
        ),
    ];
    // A dialer that would answer any question about any account.
    let open = slow_dialer(Some(Duration::ZERO));
    for (what, asks, code) in scenarios {
        let review = format!("{asks} {PASS_ON}").leak();
        match compiled(Hostile::review(review), LIMITS).review_account(&open, "acme").await {
            Err(PolicyError::Answered(error)) => assert_eq!(error.code, code, "{what}: {error:?}"),
            other => panic!("{what}: {other:?}"),
        }
    }
}

/// Answers are held until the run ends. Fifty accounts are few answers, and two megabytes.
#[tokio::test]
async fn what_imports_return_is_counted_in_bytes() {
    const ASK_FIFTY_TIMES: &str = "(loop $again
          (call $get-account (local.get $id) (local.get $id-len) (global.get $account))
          (i32.store (global.get $scratch) (i32.add (i32.load (global.get $scratch)) (i32.const 1)))
          (br_if $again (i32.lt_u (i32.load (global.get $scratch)) (i32.const 50))))";
    let policy = compiled(Hostile::review(ASK_FIFTY_TIMES), LIMITS);
    policy.review_account(&wordy_dialer(400), "acme").await.expect("20 kB are no fault");
    let outcome = policy.review_account(&wordy_dialer(40_000), "acme").await;
    let too_much = PolicyFault::HoldsTooMuch(LIMITS.held_bytes_max);
    assert!(matches!(&outcome, Err(PolicyError::Fault(fault)) if *fault == too_much), "{outcome:?}");
}

/// A fault is recorded for good.
#[tokio::test]
async fn a_fault_quotes_little_of_a_policys_names() {
    let name = "x".repeat(50_000);
    let items = format!(
        "(func ${name} (param $text i32)
           (i32.store8 (local.get $text) (i32.const 0xff))
           (call $get-account (local.get $text) (i32.const 1) (global.get $account)))"
    );
    let review = format!("(call ${name} (global.get $scratch))");
    let policy = Hostile { items: items.leak(), ..Hostile::review(review.leak()) };
    match compiled(policy, LIMITS).review_account(&wordy_dialer(0), "acme").await {
        Err(PolicyError::Fault(PolicyFault::Trapped(why))) => {
            assert!(why.len() < 2_500, "{} bytes: {why:.500}", why.len())
        }
        other => panic!("{other:?}"),
    }
}

/// A policy is asked to describe itself when it is compiled.
#[test]
fn describe_may_call_no_import() {
    let scenarios = [
        ("(drop (call $now))", Some(PolicyFault::UnexpectedImport)),
        (
            "(call $get-account (global.get $texts) (i32.const 7) (global.get $account))",
            Some(PolicyFault::UnexpectedImport),
        ),
        (SPIN, Some(OUT_OF_TIME)),
        ("", None),
    ];
    for (describe, expected) in scenarios {
        let policy = Policy::compile(&Hostile { describe, ..Hostile::default() }.component(), LIMITS);
        match (policy.err().map(|error| error.to_string()), expected) {
            (None, None) => {}
            (Some(error), Some(expected)) => assert!(error.ends_with(&expected.to_string()), "{describe}: {error}"),
            (error, _) => panic!("{describe}: {error:?}"),
        }
    }
}

#[tokio::test]
async fn control_characters_in_a_policys_text_are_not_printed() {
    let review = "(i32.store8 (global.get $answer) (i32.const 1))
        (i32.store (global.get $error.message) (global.get $scratch))
        (i32.store offset=4 (global.get $error.message) (i32.const 8))";
    let drawing = Hostile { scratch: "gone\\1b[2J", ..Hostile::review(review) };
    match compiled(drawing, LIMITS).review_account(&slow_dialer(Some(Duration::ZERO)), "acme").await {
        Err(PolicyError::Answered(error)) => assert_eq!(error.message, "gone\u{fffd}[2J"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_screening_answers_every_number() {
    let policy = compiled(Hostile::default(), LIMITS);
    let outcome = policy.screen(&slow_dialer(Some(Duration::ZERO)), "acme", &[number(100)]).await;
    assert!(matches!(outcome, Err(PolicyError::Fault(PolicyFault::Trapped(_)))), "{outcome:?}");
}

#[test]
fn a_component_that_is_not_a_policy_is_refused_before_it_runs() {
    let harmless = Hostile::default();
    let memory = "(memory (export \"memory\") 4)";
    let scenarios: Vec<(&str, Vec<u8>, &str)> = vec![
        ("an empty file", Vec::new(), "empty"),
        ("garbage", b"#!/bin/sh\necho hello\n".to_vec(), "not WebAssembly"),
        ("half a component", harmless.component()[..5_000].to_vec(), "unexpected end"),
        ("a core module", harmless.core_module(), "core module"),
        ("an empty component", parse("(component)"), "it does not export dialguard:reputation/policy"),
        ("a missing export", renamed(REFERENCE_POLICY, "get-usage", "got-usage"), "get-usage"),
        ("an answer of another type", renamed(REFERENCE_POLICY, "summary", "summery"), "summary"),
        (
            "a wish for the network",
            renamed(SECOND_CONTRACT, "dialguard:reputation/clock@0.2.0", "wasi:http/outgoing-handler@0.2.0"),
            "wasi:http/outgoing-handler@0.2.0",
        ),
        (
            "a wish for the environment",
            parse(
                "(component (import \"wasi:cli/environment@0.2.0\"
                   (instance (export \"get-arguments\" (func (result (list string)))))))",
            ),
            "wasi:cli/environment@0.2.0",
        ),
        (
            "a start function that loops",
            Hostile { items: "(start $spin) (func $spin (loop $again (br $again)))", ..harmless }.component(),
            "it used more than 100ms of CPU time",
        ),
        (
            "a start function that asks the dialer",
            Hostile { items: "(start $ask) (func $ask (drop (call $now)))", ..harmless }.component(),
            "called an import",
        ),
        (
            "another version",
            renamed(REFERENCE_POLICY, "@0.3.0", "@0.9.0"),
            "dialguard:reputation 0.1.0, 0.2.0 or 0.3.0: it is for version 0.9.0",
        ),
        (
            "more memory from the start than it may have",
            harmless.component_with(memory, "(memory (export \"memory\") 65)"),
            "memory",
        ),
        (
            "five memories, each within the limit",
            parse(&format!(
                "(component (core module $m (memory 1)) {} (instance $p)
                   (export \"dialguard:reputation/policy@0.2.0\" (instance $p)))",
                "(core instance (instantiate $m)) ".repeat(5)
            )),
            "5 Wasm linear memories",
        ),
        (
            "a table without end",
            harmless.component_with(memory, "(memory (export \"memory\") 4) (table 1000000 funcref)"),
            "table",
        ),
    ];
    for (what, component, expected) in scenarios {
        let error = Policy::compile(&component, LIMITS).err().expect(what).to_string();
        assert!(error.contains(expected), "{what}: {error}, not {expected}");
    }
}

/// Growth beyond a module's own maximum is refused as WebAssembly specifies, and is not a fault of the policy.
#[tokio::test]
async fn memory_that_was_not_granted_does_not_count() {
    let review = "(local.set $id (i32.const 100))
        (loop $again
          (if (i32.ne (memory.grow (i32.const 8)) (i32.const -1)) (then (unreachable)))
          (local.set $id (i32.sub (local.get $id) (i32.const 1)))
          (br_if $again (local.get $id)))
        (if (i32.eq (memory.grow (i32.const 4)) (i32.const -1)) (then (unreachable)))";
    let greedy =
        Hostile::review(review).component_with("(memory (export \"memory\") 4)", "(memory (export \"memory\") 4 8)");
    let policy = Policy::compile(&greedy, LIMITS).expect("it looks like a policy");
    policy.review_account(&slow_dialer(Some(Duration::ZERO)), "acme").await.expect("a plan");
}

#[test]
fn proposals_that_no_policy_needs_are_off() {
    let scenarios = [
        ("threads", "(memory 1 1 shared)", "threads"),
        ("memory64", "(memory i64 1)", "memory64"),
        ("multi-memory", "(memory 1) (memory 1)", "memories count of 2"),
        ("custom page sizes", "(memory 1 (pagesize 1))", "page size"),
        // Without wasmtime's cargo features `gc` and `threads`, what these lead to would end the program.
        ("shared tables", "(table shared 1 funcref)", "shared"),
        ("shared globals", "(global (shared mut i32) (i32.const 0))", "shared"),
        ("atomic instructions", "(memory 1) (func (drop (i32.atomic.rmw.add (i32.const 0) (i32.const 1))))", "threads"),
        (
            "notices to threads",
            "(memory 1) (func (drop (memory.atomic.notify (i32.const 0) (i32.const 1))))",
            "threads",
        ),
        (
            "waits for threads",
            "(memory 1) (func (drop (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const 0))))",
            "threads",
        ),
        (
            "longer waits for threads",
            "(memory 1) (func (drop (memory.atomic.wait64 (i32.const 0) (i64.const 0) (i64.const 0))))",
            "threads",
        ),
        ("fences between threads", "(func (atomic.fence))", "threads"),
        ("garbage collection", "(type (struct (field i32)))", "gc"),
        ("arrays", "(type (array i8))", "gc"),
        ("types with subtypes", "(type (sub (func)))", "gc"),
        (
            "calls of a subtype through a table",
            "(type $all (sub (func))) (type $one (sub $all (func))) (table 1 funcref) (elem (i32.const 0) $f)
             (func $f (type $one)) (func (call_indirect (type $all) (i32.const 0)))",
            "gc",
        ),
        ("groups of types", "(rec (type (func)) (type (func)))", "gc"),
        ("references to the host", "(func (param externref))", "gc types"),
        ("tables of references to the host", "(table 1 externref)", "gc types"),
        ("globals of references to the host", "(global (mut externref) (ref.null extern))", "gc types"),
        ("references to anything", "(func (param anyref))", "gc"),
        ("small integers as references", "(func (drop (ref.i31 (i32.const 1))))", "gc"),
        ("references to exceptions", "(func (param exnref))", "e"),
        ("throwing", "(func (unreachable) (throw_ref))", "exceptions"),
        ("typed function references", "(type $f (func)) (func (param (ref $f)))", "function"),
        ("exceptions", "(tag)", "exceptions"),
        ("tail calls", "(func $f (return_call $f))", "tail call"),
        (
            "relaxed SIMD",
            "(func (param v128) (result v128) (i8x16.relaxed_swizzle (local.get 0) (local.get 0)))",
            "relaxed",
        ),
        (
            "wide arithmetic",
            "(func (param i64) (result i64 i64) (i64.mul_wide_u (local.get 0) (local.get 0)))",
            "wide arithmetic",
        ),
    ];
    for (what, uses, expected) in scenarios {
        let component = empty_policy_with(uses);
        let error = Policy::compile(&component, LIMITS).err().expect(what).to_string();
        assert!(error.contains(expected), "{what}: {error}, not {expected}");
    }
    // Features that compilers of every language use stay enabled.
    let used = "(func (param externref v128 f32) (result i32 i64)
        (i32.extend8_s (i32.trunc_sat_f32_s (local.get 2))) (i64.const 1))";
    let component = empty_policy_with(&used.replace("externref", "funcref"));
    let error = Policy::compile(&component, LIMITS).err().expect("a policy without functions").to_string();
    assert!(error.contains("does not have export `describe`"), "only its functions are missing: {error}");
}

#[test]
fn parts_of_the_component_model_that_no_policy_needs_are_off() {
    let scenarios = [
        ("threads", "(core type $f (shared (func (param i32)))) (core func (canon thread.spawn-ref $f))", "thread"),
        ("counting processors", "(core func (canon thread.available_parallelism))", "thread"),
        ("streams", "(type (stream u8))", "async"),
        ("futures", "(type (future u8))", "async"),
        ("tasks", "(core func (canon task.return))", "async"),
    ];
    for (what, uses, expected) in scenarios {
        let component = parse(&format!(
            "(component {uses} (instance $none) (export \"dialguard:reputation/policy@0.2.0\" (instance $none)))"
        ));
        let error = Policy::compile(&component, LIMITS).err().expect(what).to_string();
        assert!(error.contains(expected), "{what}: {error}, not {expected}");
    }
}

/// All that is left of reference types: no call of it may do more than end the run.
#[test]
fn tables_of_functions_can_be_used_in_every_way() {
    const TABLES: &str = "(type $none (func)) (type $one (func (param i32) (result i32)))
        (table $t 2 20 funcref) (elem $functions funcref (ref.func $f) (ref.null func)) (func $f (type $none))";
    let scenarios = [
        ("(drop (table.grow $t (ref.func $f) (i32.const 4)))", ""),
        ("(drop (table.grow $t (ref.null func) (i32.const 4000000000)))", ""),
        ("(table.set $t (i32.const 0) (ref.func $f)) (call_indirect $t (type $none) (i32.const 0))", ""),
        ("(drop (ref.is_null (table.get $t (i32.const 1))))", ""),
        ("(table.copy $t $t (i32.const 0) (i32.const 1) (i32.const 1))", ""),
        ("(table.init $t $functions (i32.const 0) (i32.const 0) (i32.const 2)) (elem.drop $functions)", ""),
        ("(table.fill $t (i32.const 1) (ref.null func) (i32.const 2))", "out of bounds table access"),
        (
            "(table.set $t (i32.const 0) (ref.func $f))
          (drop (call_indirect $t (type $one) (i32.const 1) (i32.const 0)))",
            "indirect call type mismatch",
        ),
        ("(call_indirect $t (type $none) (i32.const 1))", "uninitialized element"),
        ("(call_indirect $t (type $none) (i32.const 99))", "undefined element"),
    ];
    for (describe, expected) in scenarios {
        let policy = Hostile { items: TABLES, describe, ..Hostile::default() };
        match Policy::compile(&policy.component(), LIMITS) {
            Ok(_) => assert_eq!(expected, "", "{describe}"),
            Err(error) => {
                let trap = error.to_string();
                assert!(!expected.is_empty() && trap.contains(expected), "{describe}: {trap}");
            }
        }
    }
}

/// Named like a policy, so that it is compiled, but without its functions.
fn empty_policy_with(uses: &str) -> Vec<u8> {
    let export = "(export \"dialguard:reputation/policy@0.2.0\" (instance $nothing))";
    parse(&format!("(component (core module {uses}) (instance $nothing) {export})"))
}

#[tokio::test]
async fn a_dialer_that_hangs_is_unavailable() {
    let hanging = slow_dialer(None);
    let limits = Limits { import_time_max: Duration::from_millis(100), ..LIMITS };
    for policy in [compiled(Hostile::default(), limits), Policy::compile(REFERENCE_POLICY, limits).unwrap()] {
        let begun = Instant::now();
        match policy.review_account(&hanging, "acme").await {
            Err(PolicyError::Answered(error)) => assert_eq!(error.code, ErrorCode::Unavailable),
            other => panic!("{other:?}"),
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "the run took {:?}", begun.elapsed());
    }
}

#[tokio::test]
async fn time_that_the_dialer_takes_is_not_the_policys() {
    const ASK_FORTY_TIMES: &str = "(loop $again
          (call $flag-events (local.get $id) (local.get $id-len) (i64.const 0) (global.get $asked))
          (i32.store (global.get $scratch) (i32.add (i32.load (global.get $scratch)) (i32.const 1)))
          (br_if $again (i32.lt_u (i32.load (global.get $scratch)) (i32.const 40))))";
    let slow = slow_dialer(Some(Duration::from_millis(20)));
    let limits = Limits { compute_time_max: Duration::from_millis(500), ..LIMITS };
    let policy = compiled(Hostile::review(ASK_FORTY_TIMES), limits);
    let answered = policy.review_account(&slow, "acme").await.expect("a plan, for all the waiting");
    assert!(answered.answer.reviews.is_empty());
    // Waiting once gives no additional time to loop.
    let looping = Hostile::review(
        "(call $flag-events (local.get $id) (local.get $id-len) (i64.const 0) (global.get $asked))
         (loop $again (br $again))",
    );
    let outcome = compiled(looping, LIMITS).review_account(&slow, "acme").await;
    assert!(matches!(outcome, Err(PolicyError::Fault(OUT_OF_TIME))), "{outcome:?}");
}

#[tokio::test]
async fn computing_between_calls_counts_however_often_the_policy_calls() {
    // It never computes for a whole tick, and waits longer than it computes.
    const ASK_AND_COMPUTE: &str = "(loop $again
          (call $flag-events (local.get $id) (local.get $id-len) (i64.const 0) (global.get $asked))
          (i32.store (global.get $scratch) (i32.const 3000000))
          (loop $compute
            (i32.store (global.get $scratch) (i32.sub (i32.load (global.get $scratch)) (i32.const 1)))
            (br_if $compute (i32.load (global.get $scratch))))
          (br $again))";
    let limits = Limits { import_calls_max: 2_000, ..LIMITS };
    let slow = slow_dialer(Some(Duration::from_millis(10)));
    let outcome = compiled(Hostile::review(ASK_AND_COMPUTE), limits).review_account(&slow, "acme").await;
    assert!(matches!(outcome, Err(PolicyError::Fault(OUT_OF_TIME))), "{outcome:?}");
}

/// A run of ten seconds on a clock that leaps from one answer to the next.
#[tokio::test(start_paused = true)]
async fn a_run_that_lasts_too_long_is_the_policys_fault_unless_sources_are_slow() {
    const CANDIDATES: &str =
        "(call $candidates (local.get $id) (local.get $id-len) (i64.const 1) (i32.const 1) (global.get $asked))";
    const LOOK_UP: &str = "(call $look-up (global.get $scratch) (i32.const 0) (global.get $asked))";
    const RUN: Duration = Duration::from_secs(10);
    let at_fault = PolicyError::Fault(PolicyFault::TooSlow(RUN)).to_string();
    let not_at_fault = PolicyError::SourcesTooSlow(RUN).to_string();
    let scenarios = [
        ("it asks for candidates without end", CANDIDATES, 20, &at_fault),
        ("it looks up nothing without end", LOOK_UP, 20, &at_fault),
        ("its inventory takes a second for each of its calls", CANDIDATES, 1_000, &at_fault),
        ("its sources take a second for each of its calls", LOOK_UP, 1_000, &not_at_fault),
    ];
    for (what, asks, answer_ms, expected) in scenarios {
        let limits = Limits { run_time_max: RUN, import_time_max: RUN, import_calls_max: u32::MAX, ..LIMITS };
        let policy = compiled(Hostile::review(format!("(loop $again {asks} (br $again))").leak()), limits);
        let outcome = policy.review_account(&slow_dialer(Some(Duration::from_millis(answer_ms))), "acme").await;
        assert_eq!(outcome.expect_err(what).to_string(), *expected, "{what}");
    }
}

/// Also in the middle of a call, however long that may take.
#[tokio::test(start_paused = true)]
async fn a_run_does_not_wait_for_an_answer_beyond_its_end() {
    let limits = Limits { run_time_max: Duration::from_secs(2), import_time_max: Duration::MAX, ..LIMITS };
    let outcome = compiled(Hostile::default(), limits).review_account(&slow_dialer(None), "acme").await;
    let expected = PolicyFault::TooSlow(limits.run_time_max);
    assert!(matches!(&outcome, Err(PolicyError::Fault(fault)) if *fault == expected), "{outcome:?}");
}

/// If there are more runs than the engine has room for, the others wait. None is refused or counted as a fault.
#[tokio::test]
async fn concurrent_runs_wait_for_memory_instead_of_failing() {
    let slow = slow_dialer(Some(Duration::from_millis(20)));
    let policy = compiled(Hostile::default(), LIMITS);
    let mut runs = tokio::task::JoinSet::new();
    for _ in 0..400 {
        let (policy, slow) = (policy.clone(), slow.clone());
        runs.spawn(async move { policy.review_account(&slow, "acme").await.map(|_| ()) });
    }
    while let Some(run) = runs.join_next().await {
        run.expect("no panic").expect("a plan");
    }
}

/// Requests two gigabytes in total, and frees them each time.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn memory_is_given_back() {
    const HOARD: &str = "(loop $again
          (memory.fill (i32.mul (memory.size) (i32.const 0x10000)) (i32.const 1) (i32.const 0))
          (drop (memory.grow (i32.const 16)))
          (memory.fill (i32.sub (i32.mul (memory.size) (i32.const 0x10000)) (i32.const 0x100000))
            (i32.const 1) (i32.const 0x100000))
          (br $again))";
    let policy = compiled(Hostile::review(HOARD), ROOMY);
    let dialer = slow_dialer(Some(Duration::ZERO));
    let before = resident_bytes();
    for _ in 0..32 {
        let outcome = policy.review_account(&dialer, "acme").await;
        assert!(matches!(outcome, Err(PolicyError::Fault(PolicyFault::OutOfMemory(_)))), "{outcome:?}");
    }
    let kept = resident_bytes().saturating_sub(before);
    assert!(kept < 512 << 20, "{} MiB were kept", kept >> 20);
}

#[cfg(target_os = "linux")]
fn resident_bytes() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux tells");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("the resident size");
    line.trim().trim_end_matches(" kB").parse::<usize>().expect("a number") << 10
}
