//! Lists and maps of requests that end where their bound is: what is beyond it is refused while it is read, so that a
//! longer one takes neither memory nor time.

use serde::de::{Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use std::collections::HashMap;
use std::fmt;
use std::hash::Hash;
use std::marker::PhantomData;

/// At most `MAX` elements.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct List<T, const MAX: usize>(pub Vec<T>);

impl<T, const MAX: usize> Default for List<T, MAX> {
    fn default() -> Self {
        List(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>, const MAX: usize> Deserialize<'de> for List<T, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(ListVisitor(PhantomData))
    }
}

struct ListVisitor<T, const MAX: usize>(PhantomData<T>);

impl<'de, T: Deserialize<'de>, const MAX: usize> Visitor<'de> for ListVisitor<T, MAX> {
    type Value = List<T, MAX>;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "a list of at most {MAX} elements")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut given: A) -> Result<Self::Value, A::Error> {
        let mut list = Vec::new();
        while let Some(element) = given.next_element()? {
            if list.len() == MAX {
                return Err(A::Error::custom(format!("a list has more than {MAX} elements; give at most {MAX}")));
            }
            list.push(element);
        }
        Ok(List(list))
    }
}

/// At most `MAX` entries, each name once.
#[derive(Debug, Clone)]
pub struct Entries<K, V, const MAX: usize>(pub HashMap<K, V>);

impl<'de, K, V, const MAX: usize> Deserialize<'de> for Entries<K, V, MAX>
where
    K: Deserialize<'de> + Eq + Hash + fmt::Debug,
    V: Deserialize<'de>,
{
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(EntriesVisitor(PhantomData))
    }
}

struct EntriesVisitor<K, V, const MAX: usize>(PhantomData<(K, V)>);

impl<'de, K, V, const MAX: usize> Visitor<'de> for EntriesVisitor<K, V, MAX>
where
    K: Deserialize<'de> + Eq + Hash + fmt::Debug,
    V: Deserialize<'de>,
{
    type Value = Entries<K, V, MAX>;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "at most {MAX} names with values")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut given: A) -> Result<Self::Value, A::Error> {
        let mut entries = HashMap::new();
        while let Some(name) = given.next_key()? {
            if entries.len() == MAX {
                return Err(A::Error::custom(format!("there are more than {MAX} names; give at most {MAX}")));
            }
            if entries.contains_key(&name) {
                return Err(A::Error::custom(format!("{name:?} is given twice")));
            }
            entries.insert(name, given.next_value()?);
        }
        Ok(Entries(entries))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    thread_local! {
        static READ: Cell<usize> = const { Cell::new(0) };
    }

    /// Counts how many of it are read.
    #[derive(Debug, PartialEq, Eq, Hash)]
    struct Counted(u32);

    impl<'de> Deserialize<'de> for Counted {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            READ.set(READ.get() + 1);
            u32::deserialize(deserializer).map(Counted)
        }
    }

    #[test]
    fn a_list_is_read_up_to_the_element_after_the_last() {
        let list = |count: usize| serde_json::from_str::<List<Counted, 3>>(&format!("{:?}", vec![1; count]));
        assert_eq!(list(3).unwrap().0.len(), 3);
        READ.set(0);
        assert!(list(1_000_000).unwrap_err().to_string().contains("more than 3 elements"));
        assert_eq!(READ.get(), 4);
    }

    #[test]
    fn entries_are_read_up_to_the_name_after_the_last_and_each_once() {
        let entries = |text: &str| serde_json::from_str::<Entries<String, u32, 2>>(text);
        assert_eq!(entries(r#"{"a": 1, "b": 2}"#).unwrap().0.len(), 2);
        assert!(entries(r#"{"a": 1, "b": 2, "c": what"#).unwrap_err().to_string().contains("more than 2 names"));
        assert!(entries(r#"{"a": 1, "a": 2}"#).unwrap_err().to_string().contains("given twice"));
    }
}
