//! Components under false names.

/// A component with every occurrence of a name replaced by another of the same length.
pub fn renamed(component: &[u8], before: &str, after: &str) -> Vec<u8> {
    assert_eq!(before.len(), after.len(), "another length would need other sections");
    let mut component = component.to_vec();
    let found: Vec<usize> =
        (0..=component.len() - before.len()).filter(|at| component[*at..].starts_with(before.as_bytes())).collect();
    assert!(!found.is_empty(), "the component has no {before}");
    found.iter().for_each(|at| component[*at..at + after.len()].copy_from_slice(after.as_bytes()));
    component
}
