//! Small components that would take a compiler gigabytes or the stack. Each is refused before the compiler begins.

use crate::harness::policies::hostile::parse;
use dialguard::inspection::inspect;
use dialguard::policy::{Limits, Policy, REFERENCE_POLICY};

#[test]
fn a_component_that_would_take_the_compiler_gigabytes_is_refused() {
    const ITEMS: &str = "more than 200000 items, each as often as it is instantiated";
    const FUNCTION: &str = "more than 3000000 values in one function";
    let thousand_values = " i64".repeat(1_000);
    let scenarios = [
        (
            "modules, ten times as many in each component",
            multiplied(6, 10, "(core module $m) (core instance (instantiate $m))"),
            ITEMS,
        ),
        ("empty components, twice as many in each", multiplied(20, 2, ""), ITEMS),
        ("components that an outer one lends", lent(10, 10), ITEMS),
        ("a component passed on to what instantiates it", parse(&policy(PASSED_ON)), "gets from elsewhere"),
        ("instances, twice as large each", doubled_instances(), ITEMS),
        ("functions of a type that is twice as large as another", doubled_types(), ITEMS),
        ("many variables across many loops", variables("(loop (br_if 0 (local.get 0)))", 1_500, 1_500), FUNCTION),
        ("many variables across one table", variables(&table_of_branches(3_000), 1_500, 1), FUNCTION),
        (
            "blocks that pass many values",
            function(&format!(
                "(type $t (func (param{thousand_values}) (result{thousand_values}))) (func {} {} unreachable)",
                " i64.const 1".repeat(1_000),
                " block (type $t) br 0 end".repeat(1_000),
            )),
            FUNCTION,
        ),
        (
            "calls that pass many values",
            function(&format!(
                "(type $t (func (param{thousand_values}) (result{thousand_values}))) (func $f (type $t) unreachable)
                 (func {} {} unreachable)",
                " i64.const 1".repeat(1_000),
                " call $f".repeat(2_000),
            )),
            FUNCTION,
        ),
        ("large tables, written to the end", function(&"(table 1000000 funcref)".repeat(9)), "more than 8 tables"),
        ("many modules", parse(&policy(&"(core module)".repeat(65))), "more than 64 modules"),
        ("many memories", parse(&policy(&"(core module (memory 1))".repeat(5))), "more than 4 memories"),
    ];
    for (what, component, expected) in scenarios {
        assert!(component.len() < 50_000, "{what}: {} bytes", component.len());
        inspect(&component).unwrap_or_else(|error| panic!("{what}: {error}"));
        let refused = Policy::compile(&component, Limits::default()).err().expect(what).to_string();
        assert!(refused.contains(expected), "{what}: {refused}");
    }
}

/// The parser calls itself for types in types, and panics at types of which each contains the one before.
#[test]
fn a_component_that_is_nested_without_end_is_refused() {
    let chained = |first: &str, next: fn(usize) -> String| {
        let types: String = (1..200).map(next).collect();
        parse(&format!("(component {first} {types})"))
    };
    let scenarios = [
        ("components", components(10_000), "its components are nested more than 32 deep"),
        ("types of instances", types_in_types(0x42, 100_000), "its types are nested more than 64 deep"),
        ("types of components", types_in_types(0x41, 100_000), "its types are nested more than 64 deep"),
        (
            "types that name the one before",
            chained("(type $t0 (instance))", |at| {
                format!("(type $t{at} (instance (export \"t\" (instance (type $t{})))))", at - 1)
            }),
            "nested too deep",
        ),
        (
            "instances of the one before",
            chained("(instance $t0)", |at| format!("(instance $t{at} (export \"t\" (instance $t{})))", at - 1)),
            "nested too deep",
        ),
        ("lists", chained("(type $t0 (list u8))", |at| format!("(type $t{at} (list $t{}))", at - 1)), "too deep"),
    ];
    for (what, component, expected) in scenarios {
        for refused in [inspect(&component).err(), Policy::compile(&component, Limits::default()).err()] {
            let refused = refused.expect(what).to_string();
            assert!(refused.contains(expected), "{what}: {refused}");
        }
    }
}

#[test]
fn an_error_lists_only_some_of_a_components_imports() {
    let imports: String =
        (0..2_000).map(|at| format!("(import \"{}-{at}\" (func))", "long-".repeat(100) + "name")).collect();
    let refused = Policy::compile(&parse(&policy(&imports)), Limits::default()).err().expect("imports").to_string();
    assert!(refused.ends_with(" and 1995 more, beyond the contract") && refused.len() < 4_000, "{refused}");
}

#[test]
fn the_limits_leave_room_for_large_policies() {
    Policy::compile(REFERENCE_POLICY, Limits::default()).expect("the reference policy");
    // As many variables and branches as the interpreter of JavaScript has in its largest function.
    let refused = Policy::compile(&variables("(br_if 0 (local.get 0))", 400, 500), Limits::default());
    let refused = refused.err().expect("it has no functions").to_string();
    assert!(refused.contains("does not have export `describe`"), "{refused}");
}

/// Named like a policy, with these parts.
fn policy(parts: &str) -> String {
    format!("(component {parts} (instance $p) (export \"dialguard:reputation/policy@0.2.0\" (instance $p)))")
}

fn function(parts: &str) -> Vec<u8> {
    parse(&policy(&format!("(core module {parts})")))
}

/// Components in components, each of which instantiates the one in it this many times.
fn multiplied(levels: usize, times: usize, innermost: &str) -> Vec<u8> {
    let component = (0..levels).fold(format!("(component $c {innermost})"), |inner, _| {
        format!("(component $c {inner} {})", "(instance (instantiate $c))".repeat(times))
    });
    parse(&policy(&format!("{component} (instance (instantiate $c))")))
}

/// Components beside each other, each of which instantiates the one before it.
fn lent(levels: usize, times: usize) -> Vec<u8> {
    let components: String = (1..levels)
        .map(|level| {
            let before = level - 1;
            let instances = "(instance (instantiate $c))".repeat(times);
            format!("(component $c{level} (alias outer 1 $c{before} (component $c)) {instances})")
        })
        .collect();
    let last = levels - 1;
    parse(&policy(&format!("(component $c0) {components} (instance (instantiate $c{last}))")))
}

/// How many instances this makes depends on the component that is passed.
const PASSED_ON: &str = "(component $one)
    (component $twice (import \"c\" (component $c)) (instance (instantiate $c)) (instance (instantiate $c)))
    (instance (instantiate $twice (with \"c\" (component $one))))";

fn doubled_instances() -> Vec<u8> {
    let instances: String = (1..18)
        .map(|at| {
            let before = at - 1;
            format!("(instance $i{at} (export \"a\" (instance $i{before})) (export \"b\" (instance $i{before})))")
        })
        .collect();
    parse(&policy(&format!("(instance $i0) {instances}")))
}

fn doubled_types() -> Vec<u8> {
    let types: String = (1..15).map(|at| format!("(type $t{at} (tuple $t{} $t{}))", at - 1, at - 1)).collect();
    let module = "(core module $m (memory (export \"memory\") 1) (func (export \"f\") (param i32))
           (func (export \"realloc\") (param i32 i32 i32 i32) (result i32) unreachable))
         (core instance $m (instantiate $m))";
    let options = "(memory $m \"memory\") (realloc (func $m \"realloc\"))";
    let lifted = format!("(func (param \"a\" $t14) (canon lift (core func $m \"f\") {options}))").repeat(10);
    parse(&policy(&format!("(type $t0 (tuple u8 u8)) {types} {module} {lifted}")))
}

/// A function in which this many variables live across as many of these instructions.
fn variables(instructions: &str, variables: usize, times: usize) -> Vec<u8> {
    let used: String = (0..variables).map(|at| format!("(drop (local.get {at}))")).collect();
    function(&format!("(func (local{}) {} {used})", " i32".repeat(variables), instructions.repeat(times)))
}

fn table_of_branches(branches: usize) -> String {
    format!("(block (br_table{} (local.get 0)))", " 0".repeat(branches))
}

fn components(levels: usize) -> Vec<u8> {
    // From the inside: each is a section of the one around it.
    (0..levels).fold(HEADER.to_vec(), |inner, _| section(4, &inner))
}

/// A type with this many types in it, each of the kind of this byte: a type that declares a type, and so on.
fn types_in_types(kind: u8, levels: usize) -> Vec<u8> {
    let mut types = vec![1];
    types.extend([kind, 1, 1].repeat(levels));
    types.extend([kind, 0]);
    section(7, &types)
}

const HEADER: &[u8] = b"\0asm\x0d\0\x01\0";

/// A component with one section.
fn section(id: u8, body: &[u8]) -> Vec<u8> {
    let mut component = HEADER.to_vec();
    component.push(id);
    let mut length = body.len();
    while length >= 0x80 {
        component.push(length as u8 | 0x80);
        length >>= 7;
    }
    component.push(length as u8);
    component.extend(body);
    component
}
