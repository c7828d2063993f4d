use crate::sensorthings::{Ending, Entity, Options, Period, Refusal, Target, time_text};

/// A path that comes back as it went in, and what it ends with.
fn path(text: &str) -> (String, Entity, bool) {
    match Target::parse(text).unwrap() {
        Target::Path(path) => (path.text(), path.entity(), path.is_set()),
        other => panic!("{text}: {other:?}"),
    }
}

#[test]
fn paths_lead_somewhere() {
    assert_eq!(Target::parse("/").unwrap(), Target::Root);
    assert_eq!(
        Target::parse("CreateObservations").unwrap(),
        Target::CreateObservations
    );
    for (text, entity, is_set) in [
        ("Things", Entity::Thing, true),
        ("Things(1)", Entity::Thing, false),
        ("Things(1)/Datastreams", Entity::Datastream, true),
        (
            "Things(1)/Datastreams(2)/Observations(3)/FeatureOfInterest",
            Entity::FeatureOfInterest,
            false,
        ),
        ("Datastreams(1)/ObservedProperty", Entity::ObservedProperty, false),
    ] {
        assert_eq!(path(text), (text.to_owned(), entity, is_set));
    }
    assert_eq!(path("Things%281%29").0, "Things(1)");
    let ending = |text: &str| match Target::parse(text).unwrap() {
        Target::Path(path) => path.ending,
        _ => panic!("{text}"),
    };
    assert!(matches!(ending("Things(1)/name"), Ending::Property(p, k) if p.name == "name" && k.is_empty()));
    assert!(matches!(ending("Things(1)/name/$value"), Ending::Value(..)));
    assert!(matches!(ending("Things(1)/properties/a/b"), Ending::Property(_, k) if k == ["a", "b"]));
    assert!(matches!(ending("Things(1)/Locations/$ref"), Ending::References));
    assert!(matches!(
        ending("Datastreams(1)/Observations/$count"),
        Ending::Count
    ));
}

#[test]
fn paths_that_lead_nowhere_are_absent() {
    for text in [
        "Thing(1)",
        "Things(x)",
        "Things(1",
        "Things(1)/Sensor",
        "Things/Datastreams",
        "Things(1)/Datastreams/name",
        "Datastreams(1)/Thing(2)",
        "Things(1)/name/$ref",
    ] {
        assert!(matches!(Target::parse(text), Err(Refusal::Absent(_))), "{text}");
    }
}

#[test]
fn options_are_decoded_and_given_back() {
    // As a Python client writes them.
    let options = Options::parse(
        "%24filter=name+eq+%27a%2Bb%27&%24top=2&%24count=true",
        Entity::Thing,
    )
    .unwrap();
    assert_eq!((options.top, options.count), (Some(2), true));
    assert_eq!(
        options.next_query(2, None, None),
        "$filter=name%20eq%20'a%2Bb'&$top=2&$count=true&$skip=2"
    );
    let options = Options::parse("$skip=4&after=9&asOf=12&mine=1", Entity::Thing).unwrap();
    assert_eq!(
        (options.skip, options.after, options.as_of),
        (4, Some(9), Some(12))
    );
    assert_eq!(
        options.next_query(100, Some(117), None),
        "mine=1&$skip=104&after=117"
    );
}

#[test]
fn expansions_nest_and_meet() {
    let query = "$expand=Datastreams/Sensor,Datastreams/ObservedProperty,Datastreams/Observations($top=1;\
                 $orderby=phenomenonTime desc;$filter=result gt 1 and (result lt 5)),Locations($select=name)";
    let options = Options::parse(query, Entity::Thing).unwrap();
    let names: Vec<&str> = options.expand.iter().map(|(relation, _)| relation.name).collect();
    assert_eq!(names, ["Datastreams", "Locations"]);
    let below = &options.expand[0].1;
    let names: Vec<&str> = below.expand.iter().map(|(relation, _)| relation.name).collect();
    assert_eq!(names, ["Sensor", "ObservedProperty", "Observations"]);
    let observations = &below.expand[2].1;
    assert!(observations.filter.is_some() && observations.top == Some(1) && observations.order[0].1);
    assert_eq!(options.expand[1].1.select, ["name"]);
}

#[test]
fn options_that_make_no_sense_are_refused() {
    for (query, entity, part) in [
        (
            "$filter=xyz gt 1",
            Entity::Observation,
            "Observation has no property `xyz`",
        ),
        ("$filtre=1", Entity::Thing, "did you mean `$filter`?"),
        ("$top=-1", Entity::Thing, "$top must be"),
        ("$top=1&$top=2", Entity::Thing, "given twice"),
        ("$count=yes", Entity::Thing, "$count is"),
        ("$expand=Sensor", Entity::Thing, "no property `Sensor`"),
        ("$expand=Datastreams($top=1", Entity::Thing, "not closed"),
        ("$select=nam", Entity::Thing, "did you mean `name`?"),
        ("$orderby=name up", Entity::Thing, "`asc` or `desc`"),
        ("$resultFormat=csv", Entity::Observation, "dataArray"),
    ] {
        let error = Options::parse(query, entity).unwrap_err();
        assert!(
            matches!(&error, Refusal::Wrong(text) if text.contains(part)),
            "{query}: {error}"
        );
    }
}

#[test]
fn times() {
    for (text, shown) in [
        ("2026-03-01T08:30:00+05:00", "2026-03-01T03:30:00Z"),
        ("2024-02-29T23:59:59.5Z", "2024-02-29T23:59:59.500Z"),
        ("1969-12-31T23:59:59.000001Z", "1969-12-31T23:59:59.000001Z"),
        (
            "2026-03-01T00:00:00Z/2026-03-01T01:00:00Z",
            "2026-03-01T00:00:00Z/2026-03-01T01:00:00Z",
        ),
    ] {
        assert_eq!(Period::parse(text).unwrap().text(), shown);
    }
    for text in [
        "",
        "2026-03-01T08:30:00",
        "now",
        "2026-03-02T00:00:00Z/2026-03-01T00:00:00Z",
    ] {
        assert!(Period::parse(text).is_err(), "{text}");
    }
    assert_eq!(time_text(0), "1970-01-01T00:00:00Z");
}
