//! Relations that say more than they name: rules about turns, and areas whose tags stand on their ways.

use std::io::Cursor;

use qala_core::Problem;

use super::encode::{Form, Map};
use super::node;
use crate::Stopped;
use crate::osm::{Feature, Receiver, read_map};

/// What is read of a map, a line for each feature and problem that is of interest here.
#[derive(Default)]
struct Lines(Vec<String>);

impl Receiver for Lines {
    fn feature(&mut self, feature: Feature) -> Result<(), Stopped> {
        match feature {
            Feature::Turn(rule) => {
                let word = if rule.is_only { "only" } else { "no" };
                self.0
                    .push(format!("{word} {} {} {}", rule.from, rule.via, rule.to));
            }
            Feature::Building(building) => self.0.push(format!(
                "{} {} {:?}",
                building.element,
                building.kind,
                building
                    .outline
                    .iter()
                    .map(|polygon| polygon.inner.len())
                    .collect::<Vec<_>>()
            )),
            Feature::Object(object) => self.0.push(format!("{} {}", object.element, object.kind.word())),
            _ => {}
        }
        Ok(())
    }

    fn problem(&mut self, problem: Problem) -> Result<(), Stopped> {
        self.0.push(format!("{}: {}", problem.code, problem.message));
        Ok(())
    }
}

fn lines(map: &Map) -> Vec<String> {
    let mut lines = Lines::default();
    read_map(&mut Cursor::new(map.bytes(Form::Dense)), 1 << 20, &mut lines).unwrap();
    lines.0
}

type Members = Vec<(i32, i64, &'static str)>;
type Tags = &'static [(&'static str, &'static str)];

fn rule(id: i64, members: Members, tags: Tags) -> (i64, Members, Tags) {
    (id, members, tags)
}

#[test]
fn rules_about_turns() {
    let members = || vec![(1, 1, "from"), (0, 12, "via"), (1, 2, "to")];
    let map = Map {
        relations: vec![
            rule(
                1,
                members(),
                &[("type", "restriction"), ("restriction", "no_left_turn")],
            ),
            rule(
                2,
                members(),
                &[
                    ("type", "restriction"),
                    ("restriction:motorcar", "only_straight_on"),
                ],
            ),
            rule(
                3,
                members(),
                &[
                    ("type", "restriction"),
                    ("restriction", "no_u_turn"),
                    ("except", "bus; motorcar"),
                ],
            ),
            rule(
                4,
                members(),
                &[("type", "restriction"), ("restriction:hgv", "no_right_turn")],
            ),
            rule(
                5,
                members(),
                &[
                    ("type", "restriction"),
                    ("restriction", "no_left_turn"),
                    ("hour_on", "07:00"),
                ],
            ),
            rule(
                6,
                vec![(1, 1, "from"), (1, 3, "via"), (1, 2, "to")],
                &[("type", "restriction"), ("restriction", "no_u_turn")],
            ),
            rule(
                7,
                vec![(1, 1, "from"), (0, 12, "via")],
                &[("type", "restriction"), ("restriction", "no_u_turn")],
            ),
            rule(8, members(), &[("type", "restriction"), ("restriction", "left")]),
            rule(
                9,
                vec![(1, 1, "from"), (1, 4, "from"), (0, 12, "via"), (1, 2, "to")],
                &[("type", "restriction"), ("restriction", "no_entry")],
            ),
        ],
        ..Map::default()
    };
    let (problems, rules): (Vec<String>, Vec<String>) =
        lines(&map).into_iter().partition(|line| line.contains(':'));
    assert_eq!(rules, ["no 1 12 2", "only 1 12 2", "no 1 12 2", "no 4 12 2"]);
    let codes: Vec<&str> = problems
        .iter()
        .map(|line| line.split(':').next().unwrap())
        .collect();
    assert_eq!(
        codes,
        ["turn_by_the_hour", "turn_over_streets", "bad_turn", "bad_turn"],
        "{problems:#?}"
    );
}

#[test]
fn areas_whose_tags_stand_on_their_ways() {
    let nodes = (0..10).flat_map(|x| (0..10).map(move |y| node(x * 10 + y + 1, x, y, &[])));
    let map = Map {
        nodes: nodes.collect(),
        ways: vec![
            // A house with a yard; the ring of the house says what it is.
            (1, vec![1, 10, 100, 91, 1], &[("building", "apartments")]),
            (2, vec![23, 26, 56, 53, 23], &[]),
            // A school of two ways that say the same, and one of two that do not.
            (3, vec![34, 35, 45], &[("amenity", "school")]),
            (4, vec![45, 44, 34], &[("amenity", "school")]),
            (5, vec![64, 65, 75], &[("building", "yes")]),
            (6, vec![75, 74, 64], &[("building", "no")]),
            // A house that some relation mentions as an inner ring stays a house.
            (7, vec![67, 68, 78, 77, 67], &[("building", "garage")]),
        ],
        relations: vec![
            (
                1,
                vec![(1, 1, "outer"), (1, 2, "inner")],
                &[("type", "multipolygon"), ("source", "survey")],
            ),
            (2, vec![(1, 3, "outer"), (1, 4, "")], &[("type", "multipolygon")]),
            (
                3,
                vec![(1, 5, "outer"), (1, 6, "outer")],
                &[("type", "multipolygon")],
            ),
            (
                4,
                vec![(1, 1, "outer"), (1, 7, "inner")],
                &[("type", "multipolygon"), ("landuse", "residential")],
            ),
        ],
    };
    let mut found = lines(&map);
    found.sort();
    assert_eq!(
        found,
        [
            "r1 apartments [1]",
            "r2 school",
            "too_few_nodes: way 5 has 3 nodes, at least 4 are needed",
            "w7 garage [0]",
        ]
    );
}
