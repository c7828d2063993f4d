//! Ids as numbers, in the order in which they first appear.

use std::collections::HashMap;

/// Names, each known by its place in the order of first appearance.
#[derive(Debug, Clone, Default)]
pub struct Names {
    places: HashMap<String, usize>,
    names: Vec<String>,
}

impl Names {
    /// The place of a name, a new one when it was not there yet.
    pub fn place(&mut self, name: &str) -> usize {
        if let Some(place) = self.places.get(name) {
            return *place;
        }
        let place = self.names.len();
        self.places.insert(name.to_owned(), place);
        self.names.push(name.to_owned());
        place
    }

    /// The place of a name that is there.
    pub fn find(&self, name: &str) -> Option<usize> {
        self.places.get(name).copied()
    }

    /// The name at that place; empty when there is none.
    pub fn name(&self, place: usize) -> &str {
        self.names.get(place).map_or("", String::as_str)
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Says whether there are none.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// The names, in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_keeps_the_place_of_its_first_appearance() {
        let mut names = Names::default();
        assert!(names.is_empty());
        let places: Vec<usize> = ["b", "a", "b", ""]
            .into_iter()
            .map(|name| names.place(name))
            .collect();
        assert_eq!(places, [0, 1, 0, 2]);
        assert_eq!(
            (names.find("a"), names.find("c"), names.len()),
            (Some(1), None, 3)
        );
        assert_eq!((names.name(0), names.name(9)), ("b", ""));
        assert_eq!(names.iter().collect::<Vec<_>>(), ["b", "a", ""]);
    }
}
