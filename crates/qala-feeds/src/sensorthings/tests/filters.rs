use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::sensorthings::filter::{Expression, parse};
use crate::sensorthings::{Entity, Evaluator, Graph, Record};

#[expect(clippy::needless_pass_by_value, reason = "as `json!` gives it")]
fn record(entity: Entity, id: i64, body: Value, links: &[(&str, &[i64])]) -> Arc<Record> {
    Arc::new(Record {
        entity,
        id,
        body: body.as_object().unwrap().clone(),
        links: links
            .iter()
            .map(|(name, ids)| ((*name).to_owned(), ids.to_vec()))
            .collect::<BTreeMap<_, _>>(),
    })
}

/// Two posts with three datastreams.
pub(super) fn town() -> Graph {
    let mut graph = Graph::default();
    let point = |x: f64| json!({"type": "Point", "coordinates": [x, 43.0]});
    for (id, x) in [(1, 76.9), (2, 77.1)] {
        graph.put(record(
            Entity::Location,
            id,
            json!({"name": "l", "encodingType": "application/geo+json", "location": point(x)}),
            &[],
        ));
    }
    graph.put(record(
        Entity::Thing,
        1,
        json!({"name": "North Post", "properties": {"floor": 3, "tags": ["a", "b"]}}),
        &[("Locations", &[1])],
    ));
    graph.put(record(
        Entity::Thing,
        2,
        json!({"name": "it's south"}),
        &[("Locations", &[2])],
    ));
    graph.put(record(
        Entity::HistoricalLocation,
        1,
        json!({"time": "2024-02-29T10:20:30.5Z"}),
        &[("Thing", &[1]), ("Locations", &[1])],
    ));
    for (id, thing, name) in [(1, 1, "pm25"), (2, 1, "no2"), (3, 2, "pm25")] {
        graph.put(record(
            Entity::Datastream,
            id,
            json!({"name": name, "unitOfMeasurement": {"symbol": "ug/m3"}}),
            &[("Thing", &[thing])],
        ));
    }
    graph
}

fn chosen(filter: &str, entity: Entity) -> Vec<i64> {
    let graph = town();
    let filter = parse(filter, entity).unwrap_or_else(|e| panic!("{filter}: {e}"));
    let evaluator = Evaluator {
        graph: &graph,
        now: 0,
    };
    graph
        .ids(entity)
        .filter(|id| evaluator.holds(&filter, entity, *id))
        .collect()
}

#[test]
fn operators_bind_as_the_standard_says() {
    // `and` before `or`, `mul` before `add`, `not` before all.
    for (filter, ids) in [
        ("id eq 1 or id eq 2 and name eq 'no'", &[1][..]),
        ("(id eq 1 or id eq 2) and name eq 'no'", &[]),
        ("1 add 2 mul 3 eq 7 and id eq 1", &[1]),
        ("(1 add 2) mul 3 eq 9 and id eq 1", &[1]),
        ("10 sub 4 sub 3 eq 3", &[1, 2]),
        ("7 mod 4 eq 3 and 8 div 2 eq 4 and -1 lt 0", &[1, 2]),
        ("not id eq 1", &[2]),
        ("not (id eq 1) and id lt 9", &[2]),
        ("id gt 1 eq true", &[2]),
    ] {
        if filter == "not id eq 1" {
            // `not` binds to the id, which is no truth.
            assert!(parse(filter, Entity::Thing).is_err());
            continue;
        }
        assert_eq!(chosen(filter, Entity::Thing), ids, "{filter}");
    }
}

#[test]
fn texts_numbers_and_keys() {
    for (filter, ids) in [
        ("name eq 'it''s south'", &[2][..]),
        ("substringof('Post', name)", &[1]),
        ("contains(name, 'Post')", &[1]),
        ("startswith(tolower(name), 'north')", &[1]),
        ("endswith(name, 'south') and length(name) eq 10", &[2]),
        ("indexof(name, 'Post') eq 6", &[1]),
        ("substring(name, 6) eq 'Post'", &[1]),
        ("substring(name, 0, 5) eq 'North'", &[1]),
        (
            "concat(concat(name, '-'), name) eq 'it''s south-it''s south'",
            &[2],
        ),
        ("trim('  x ') eq 'x' and toupper('ж') eq 'Ж'", &[1, 2]),
        ("properties/floor ge 3", &[1]),
        ("properties/tags/1 eq 'b'", &[1]),
        ("properties/floor eq null", &[2]),
        ("properties/floor ne null", &[1]),
        // What is not there is not known: it is neither more nor less, and not unequal.
        ("properties/floor ne 4", &[1]),
        ("not (properties/floor gt 4)", &[1]),
        (
            "round(2.5) eq 3 and floor(-2.5) eq -3 and ceiling(2.1) eq 3",
            &[1, 2],
        ),
        ("1 div 0 gt 0", &[]),
    ] {
        assert_eq!(chosen(filter, Entity::Thing), ids, "{filter}");
    }
}

#[test]
fn times_and_intervals() {
    for (filter, count) in [
        ("time eq 2024-02-29T15:20:30.5+05:00", 1),
        // A plus sign that has become a space.
        ("time eq 2024-02-29T15:20:30.5 05:00", 1),
        ("time gt 2024-02-29T10:20:30Z", 1),
        ("time lt '2024-02-29T10:20:31Z'", 1),
        ("time gt 2024-02-29T00:00:00Z/2024-02-29T10:00:00Z", 1),
        ("time gt 2024-02-29T00:00:00Z/2024-02-29T11:00:00Z", 0),
        ("year(time) eq 2024 and month(time) eq 2 and day(time) eq 29", 1),
        (
            "hour(time) eq 10 and minute(time) eq 20 and second(time) eq 30",
            1,
        ),
        ("fractionalseconds(time) eq 0.5", 1),
        ("date(time) eq 2024-02-29 and time(time) lt 10:20:31", 1),
        ("time add duration'PT1H' gt 2024-02-29T11:20:30Z", 1),
        ("time sub 2024-02-29T10:20:00Z lt duration'PT31S'", 1),
        (
            "totaloffsetminutes(time) eq 0 and time lt maxdatetime() and time gt mindatetime()",
            1,
        ),
        ("time gt now()", 1),
    ] {
        assert_eq!(
            chosen(filter, Entity::HistoricalLocation).len(),
            count,
            "{filter}"
        );
    }
}

#[test]
fn relations_lead_to_one_or_many() {
    for (filter, entity, ids) in [
        ("Thing/name eq 'North Post'", Entity::Datastream, &[1, 2][..]),
        ("Thing/id eq 2", Entity::Datastream, &[3]),
        (
            "unitOfMeasurement/symbol eq 'ug/m3' and id gt 2",
            Entity::Datastream,
            &[3],
        ),
        ("Datastreams/name eq 'no2'", Entity::Thing, &[1]),
        (
            "Datastreams/id eq 3 or Datastreams/id eq 2",
            Entity::Thing,
            &[1, 2],
        ),
        ("Things/Datastreams/name eq 'no2'", Entity::Location, &[1]),
        (
            "HistoricalLocations/time lt 2025-01-01T00:00:00Z",
            Entity::Thing,
            &[1],
        ),
    ] {
        assert_eq!(chosen(filter, entity), ids, "{filter}");
    }
}

#[test]
fn geometries() {
    for (filter, ids) in [
        (
            "geo.distance(location, geography'POINT(76.9 43.0)') lt 0.1",
            &[1][..],
        ),
        (
            "geo.intersects(location, geography'POLYGON((76 42, 77 42, 77 44, 76 44, 76 42))')",
            &[1],
        ),
        (
            "st_within(location, geography'POLYGON((77 42, 78 42, 78 44, 77 44, 77 42))')",
            &[2],
        ),
        (
            "st_equals(location, geography'SRID=4326; POINT Z (77.1 43 5)')",
            &[2],
        ),
        ("st_disjoint(location, geography'POINT(0 0)')", &[1, 2]),
        (
            "st_contains(geography'MULTIPOLYGON(((77 42, 78 42, 78 44, 77 44)))', location)",
            &[2],
        ),
        (
            "st_relate(location, geography'POINT(76.9 43)', 'T*F**FFF*')",
            &[1],
        ),
        ("geo.length(geography'LINESTRING(0 0, 3 4)') eq 5", &[1, 2]),
    ] {
        assert_eq!(chosen(filter, Entity::Location), ids, "{filter}");
    }
    assert_eq!(
        chosen(
            "geo.distance(Locations/location, geography'POINT(76.9 43.0)') lt 0.1",
            Entity::Thing
        ),
        [1]
    );
}

#[test]
fn what_makes_no_sense_is_refused_with_its_place() {
    for (filter, part) in [
        ("nam eq 'x'", "did you mean `name`?"),
        ("name gt 5", "text cannot be compared with a number"),
        ("name", "the whole must be true or false, not text"),
        ("name eq", "something is missing at the end"),
        ("name eq 'x", "not closed with a quote"),
        ("(name eq 'x'", "a bracket is not closed at the end"),
        ("name eq 'x' 'y'", "an operator is missing at character 13"),
        ("name eq 'x' and", "something is missing"),
        ("lenght(name) eq 3", "did you mean `length`?"),
        ("length(name, name) eq 3", "takes 1 parameters, not 2"),
        ("length(id) eq 3", "must be text, not a number"),
        ("id add 'x' eq 3", "cannot be computed with"),
        ("Datastreams/nam eq 'x'", "Datastream has no property `nam`"),
        ("Datastreams eq 3", "is no property"),
        ("name/x eq 3", "has nothing below it"),
        ("id eq 2026-99-99T00:00:00Z", "neither a number nor a time"),
        ("geo.distance(name, geography'POINT(1)') lt 3", "not a geometry"),
        ("name eq 'a' # b", "means nothing here"),
    ] {
        let error = parse(filter, Entity::Thing).unwrap_err().to_string();
        assert!(
            error.starts_with("$filter: ") && error.contains(part),
            "{filter}: {error}"
        );
    }
    let deep = format!("{}id eq 1{}", "(".repeat(100), ")".repeat(100));
    assert!(
        parse(&deep, Entity::Thing)
            .unwrap_err()
            .to_string()
            .contains("too deep")
    );
    let long = vec!["id eq 1"; 2_000].join(" or ");
    assert!(
        parse(&long, Entity::Thing)
            .unwrap_err()
            .to_string()
            .contains("too long")
    );
}

#[test]
fn atoms_are_the_parts_between_and_or_and_not() {
    let mut filter = parse(
        "id eq 1 and not (name eq 'a' or Datastreams/id gt 2)",
        Entity::Thing,
    )
    .unwrap();
    assert_eq!(filter.atoms().len(), 3);
    let atom = filter.atoms().remove(2).clone();
    assert_eq!(atom.paths()[0].relations.len(), 1);
    let below = atom.from_relation(1);
    assert!(below.paths()[0].relations.is_empty());
    assert!(matches!(below, Expression::Compare(..)));
}
