//! Filtering: the query options, by themselves and together. Where an answer can be worked out from the whole set, it is.

use serde_json::Value;

use super::{Client, SETS, furnish, id, service, set_of};

/// Sets, and sets below the first entity of each.
fn paths(client: &mut Client) -> Vec<(String, &'static str)> {
    let mut all = Vec::new();
    for (set, _, relations) in SETS {
        all.push((set.to_owned(), set));
        let first = client.ids(set)[0];
        let below = relations.iter().filter(|relation| set_of(relation) == **relation);
        all.extend(below.map(|relation| (format!("{set}({first})/{relation}"), set_of(relation))));
    }
    all
}

fn properties(set: &str) -> &'static [&'static str] {
    SETS.iter().find(|(name, ..)| *name == set).unwrap().1
}

#[test]
fn each_option_by_itself() {
    let (_dir, _server, mut client) = service();
    let client = &mut client;
    furnish(client);
    for (path, set) in paths(client) {
        let all = client.list(&path);
        let ids: Vec<i64> = all.iter().map(id).collect();

        // $select
        for property in properties(set) {
            let found = client.get(&format!("{path}?$select={property}"));
            let found = found["value"][0].as_object().unwrap();
            assert_eq!(found[*property], all[0][property], "{path} {property}");
            let others = properties(set).iter().filter(|other| *other != property);
            assert!(
                others.clone().all(|other| !found.contains_key(*other)),
                "{path} {property}: {found:?}"
            );
            assert!(
                found.keys().all(|key| !key.ends_with("navigationLink")),
                "{path} {property}: {found:?}"
            );
        }

        // $top with its next links, to the end: everything once, in order.
        for top in [1, 2, 5, 50] {
            let mut found = Vec::new();
            let mut next = Some(format!("{path}?$top={top}"));
            while let Some(link) = next {
                let page = client.get(&link);
                let values = page["value"].as_array().unwrap();
                assert!(values.len() <= top && !values.is_empty(), "{link}");
                found.extend(values.iter().map(id));
                next = page["@iot.nextLink"].as_str().map(ToOwned::to_owned);
                let is_plain = next.as_ref().is_none_or(|link| {
                    link.contains(&path)
                        && link.contains(&format!("$top={top}"))
                        && link.contains(&format!("$skip={}", found.len()))
                });
                assert!(is_plain, "{next:?}");
            }
            assert_eq!(found, ids, "{path} $top={top}");
        }

        // $skip
        for skip in 0..=ids.len() + 1 {
            assert_eq!(
                client.ids(&format!("{path}?$skip={skip}")),
                ids[skip.min(ids.len())..],
                "{path} $skip={skip}"
            );
        }

        // $count
        for (query, count) in [
            ("$count=true&$top=1", Some(ids.len())),
            ("$count=false", None),
            ("", None),
        ] {
            let found = client.get(&format!("{path}?{query}"));
            assert_eq!(
                found.get("@iot.count").and_then(Value::as_u64),
                count.map(|c| c as u64),
                "{path}?{query}"
            );
        }

        // $orderby
        for property in properties(set).iter().filter(|p| **p != "unitOfMeasurement") {
            let key = |entity: &Value| match &entity[property] {
                Value::Number(number) => (number.as_f64().unwrap(), String::new()),
                Value::String(text) => (0.0, text.clone()),
                other => (0.0, other.to_string()),
            };
            for (way, is_down) in [("", false), (" asc", false), (" desc", true)] {
                let found = client.list(&format!("{path}?$orderby={property}{way}"));
                assert_eq!(found.len(), all.len());
                for two in found.windows(2) {
                    let order = key(&two[0]).partial_cmp(&key(&two[1])).unwrap();
                    let order = if is_down { order.reverse() } else { order };
                    assert!(order.is_le(), "{path} {property}{way}");
                    assert!(
                        order.is_lt() || id(&two[0]) < id(&two[1]),
                        "{path} {property}{way}: equals by id"
                    );
                }
            }
        }

        // $filter
        for property in properties(set) {
            let sample = match &all[all.len() / 2][property] {
                Value::String(text) if property.to_lowercase().contains("time") => text.clone(),
                // A plus sign would be a space.
                Value::String(text) => format!("'{}'", text.replace('+', "%2B")),
                Value::Number(number) => number.to_string(),
                _ => continue,
            };
            for (operator, keep) in [
                ("lt", &[std::cmp::Ordering::Less][..]),
                ("le", &[std::cmp::Ordering::Less, std::cmp::Ordering::Equal]),
                ("eq", &[std::cmp::Ordering::Equal]),
                ("ne", &[std::cmp::Ordering::Less, std::cmp::Ordering::Greater]),
                ("ge", &[std::cmp::Ordering::Equal, std::cmp::Ordering::Greater]),
                ("gt", &[std::cmp::Ordering::Greater]),
            ] {
                let middle = &all[all.len() / 2][property];
                let expected: Vec<i64> = all
                    .iter()
                    .filter(|entity| {
                        let order = match (&entity[property], middle) {
                            (Value::Number(a), Value::Number(b)) => {
                                a.as_f64().partial_cmp(&b.as_f64()).unwrap()
                            }
                            (a, b) => a.as_str().cmp(&b.as_str()),
                        };
                        keep.contains(&order)
                    })
                    .map(id)
                    .collect();
                let found = client.ids(&format!("{path}?$filter={property} {operator} {sample}"));
                assert_eq!(found, expected, "{path} {property} {operator} {sample}");
            }
        }
    }
}

#[test]
fn expansions() {
    let (_dir, _server, mut client) = service();
    let client = &mut client;
    furnish(client);
    for (set, _, relations) in SETS {
        for relation in relations {
            let is_many = set_of(relation) == *relation;
            let found = client.get(&format!("{set}?$expand={relation}"));
            for entity in found["value"].as_array().unwrap() {
                let link = entity["@iot.selfLink"].as_str().unwrap();
                let alone = client.get(&format!("{link}/{relation}"));
                let expected = if is_many { &alone["value"] } else { &alone };
                assert_eq!(&entity[relation], expected, "{link}/{relation}");
            }
            // Two levels.
            for below in SETS
                .iter()
                .find(|(name, ..)| *name == set_of(relation))
                .unwrap()
                .2
            {
                let first = client.ids(set)[0];
                let found = client.get(&format!("{set}({first})?$expand={relation}/{below}"));
                let inner = if is_many {
                    &found[relation][0]
                } else {
                    &found[relation]
                };
                assert!(
                    !inner[below].is_null(),
                    "{set}({first})?$expand={relation}/{below}"
                );
            }
        }
        let all = relations.join(",");
        let found = client.get(&format!("{set}?$expand={all}&$top=1"));
        assert!(
            relations
                .iter()
                .all(|relation| found["value"][0].get(relation).is_some()),
            "{set} {all}"
        );
    }
    // Options inside, and their next link, which keeps the parent.
    let query = "Things?$expand=Datastreams($select=name;$expand=Observations($top=2;$orderby=result desc;$count=true;$filter=result ne 2))";
    let found = client.get(query);
    let stream = &found["value"][0]["Datastreams"][0];
    assert_eq!(stream["name"], "stream 1a");
    assert!(stream.get("description").is_none());
    let results: Vec<&Value> = stream["Observations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|o| &o["result"])
        .collect();
    assert_eq!(results, [3, 1]);
    assert_eq!(stream["Observations@iot.count"], 2);
    let found = client.get("Datastreams?$expand=Observations($top=2)");
    let link = found["value"][1]["Observations@iot.nextLink"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(link.contains("Datastreams(2)/Observations?"), "{link}");
    assert_eq!(
        client
            .list(&link)
            .iter()
            .map(|o| o["result"].as_i64().unwrap())
            .collect::<Vec<_>>(),
        [6]
    );
}

fn results(client: &mut Client, path: &str) -> Vec<i64> {
    client
        .list(path)
        .iter()
        .map(|o| o["result"].as_i64().unwrap())
        .collect()
}

#[test]
fn options_together_and_across_relations() {
    let (_dir, _server, mut client) = service();
    let client = &mut client;
    furnish(client);
    // First the filter, then the count, the order, what is left out, and the rest at last. Compared with text, results are
    // text: `10`, `11` and `12` are before `3`.
    let found = client
        .get("Observations?$count=true&$top=1&$skip=2&$orderby=phenomenonTime asc&$filter=result gt '3'");
    assert_eq!(
        (&found["@iot.count"], &found["value"][0]["result"]),
        (&Value::from(6), &Value::from(6))
    );
    assert!(found["@iot.nextLink"].as_str().unwrap().contains("Observations?"));

    for (path, expected) in [
        ("Observations?$filter=result gt 3 and result le 5", &[4, 5][..]),
        (
            "Observations?$filter=result lt 2 or result gt 11 and result ne 12",
            &[1],
        ),
        ("Observations?$filter=not (result lt 11)", &[11, 12]),
        ("Observations?$filter=result mod 5 eq 0", &[5, 10]),
        ("Observations?$filter=result sub 1 add 2 mul 2 eq 6", &[3]),
        ("Observations?$filter=-result lt -11", &[12]),
        ("Observations?$filter=result div 0 gt 1", &[]),
        (
            "Observations?$filter=phenomenonTime ge 2026-03-11T00:00:00Z",
            &[11, 12],
        ),
        (
            "Observations?$filter=phenomenonTime lt 2026-03-02T05:00:00%2B05:00",
            &[1],
        ),
        (
            "Observations?$filter=phenomenonTime lt 2026-03-02T05:00:00+05:00",
            &[1],
        ),
        (
            "Observations?$filter=day(phenomenonTime) eq 7 and month(phenomenonTime) eq 3 and year(phenomenonTime) eq 2026",
            &[7],
        ),
        (
            "Observations?$filter=date(phenomenonTime) eq 2026-03-08 and hour(phenomenonTime) eq 0 and second(phenomenonTime) eq 0",
            &[8],
        ),
        (
            "Observations?$filter=phenomenonTime add duration'P1D' gt 2026-03-12T12:00:00Z",
            &[12],
        ),
        (
            "Observations?$filter=phenomenonTime sub 2026-03-01T00:00:00Z lt duration'PT36H'",
            &[1, 2],
        ),
        (
            "Observations?$filter=time(phenomenonTime) eq 00:00:00 and fractionalseconds(phenomenonTime) eq 0 and result lt 3",
            &[1, 2],
        ),
        (
            "Observations?$filter=phenomenonTime lt now() and phenomenonTime gt mindatetime() and result gt 11",
            &[12],
        ),
        ("Observations?$filter=resultTime eq null and result eq 4", &[4]),
        ("Observations?$filter=resultTime ne null", &[]),
        ("Observations?$filter=validTime gt 2000-01-01T00:00:00Z", &[]),
        (
            "Observations?$filter=not (validTime gt 2000-01-01T00:00:00Z)",
            &[],
        ),
        ("Observations?$filter=round(result div 4) eq 3", &[10, 11, 12]),
        (
            "Observations?$filter=floor(result div 4) eq 2 or ceiling(result div 8) eq 1 and result gt 7",
            &[8, 9, 10, 11],
        ),
        (
            "Observations?$filter=length(result) eq 2 and startswith(result, '1') and endswith(result, '2')",
            &[12],
        ),
        (
            "Observations?$filter=substring(result, 1) eq '1' or indexof(result, '0') eq 1",
            &[10, 11],
        ),
        (
            "Observations?$filter=concat(result, 'x') eq '7x' or substringof('2', result) and result gt 2",
            &[7, 12],
        ),
        ("Observations?$filter=Datastream/id eq 2", &[4, 5, 6]),
        (
            "Observations?$filter=Datastream/Thing/name eq 'thing 2' and result lt 9",
            &[7, 8],
        ),
        (
            "Observations?$filter=Datastream/ObservedProperty/name eq 'humidity' and Datastream/Thing/id eq 1",
            &[4, 5, 6],
        ),
        (
            "Observations?$filter=geo.distance(FeatureOfInterest/feature, geography'POINT(78 43.25)') lt 0.1 and result gt 11",
            &[12],
        ),
        ("Observations?$orderby=result desc&$top=3", &[12, 11, 10]),
        (
            "Observations?$orderby=Datastream/id desc,result asc&$top=4",
            &[10, 11, 12, 7],
        ),
        (
            "Datastreams(3)/Observations?$filter=result gt 7&$orderby=phenomenonTime desc",
            &[9, 8],
        ),
        (
            "FeaturesOfInterest(2)/Observations?$filter=result gt 10",
            &[11, 12],
        ),
    ] {
        assert_eq!(results(client, path), expected, "{path}");
    }
    for (path, expected) in [
        ("Things?$filter=Datastreams/Observations/result gt 11", &[2][..]),
        (
            "Things?$filter=Datastreams/Observations/FeatureOfInterest/name eq 'place 1'",
            &[1],
        ),
        (
            "Datastreams?$filter=Observations/result eq 5 or Observations/result eq 9",
            &[2, 3],
        ),
        (
            "Things?$filter=properties/floor eq 2 and properties/owner eq 'office 2'",
            &[2],
        ),
        (
            "Things?$filter=properties/floor eq 2 or name eq 'thing 1'",
            &[1, 2],
        ),
        (
            "Datastreams?$filter=Thing/properties/floor eq 1 and unitOfMeasurement/symbol eq 'Cel'",
            &[1, 2],
        ),
        (
            "Locations?$filter=st_within(location, geography'POLYGON((76.5 43, 77.5 43, 77.5 44, 76.5 44, 76.5 43))')",
            &[1],
        ),
        (
            "Things?$filter=geo.distance(Locations/location, geography'POINT(78 43.25)') lt 0.5",
            &[2],
        ),
        (
            "Datastreams?$orderby=Thing/name desc,name&$filter=id ne 4",
            &[3, 1, 2],
        ),
    ] {
        assert_eq!(client.ids(path), expected, "{path}");
    }
    for path in [
        "Observations?$filter=xyz gt 1",
        "Observations?$filter=result gt",
        "Observations?$orderby=xyz",
        "Things?$filter=name gt 1",
        "Things?$expand=Observations",
        "Things?$top=x",
        "Things?$fitler=name eq 'x'",
        "Things?$select=xyz",
    ] {
        let answer = client.send("GET", path, &Value::Null);
        assert_eq!(answer.status, 400, "{path}");
        assert!(answer.json()["message"].is_string(), "{path}: {}", answer.text);
    }
    for path in [
        "Observations?$filter=parameters/x eq 1",
        "Observations?$filter=result gt Datastream/properties/limit",
        "Observations?$orderby=Datastream/name",
    ] {
        assert_eq!(client.status(path), 501, "{path}");
    }
}

#[test]
fn pages_stay_as_they_are_while_others_write() {
    let (_dir, _server, mut client) = service();
    let client = &mut client;
    furnish(client);
    for query in ["$top=5", "$top=5&$orderby=result desc"] {
        let first = client.get(&format!("Datastreams(1)/Observations?{query}"));
        let expected = client.list("Datastreams(1)/Observations");
        let mut found: Vec<i64> = first["value"].as_array().unwrap().iter().map(id).collect();
        let mut next = first["@iot.nextLink"].as_str().map(ToOwned::to_owned);
        for result in [100, -100] {
            client.post(
                "Datastreams(1)/Observations",
                &serde_json::json!({"result": result}),
            );
        }
        while let Some(link) = next {
            assert!(link.contains("Datastreams(1)/Observations"), "{link}");
            let page = client.get(&link);
            found.extend(page["value"].as_array().unwrap().iter().map(id));
            next = page["@iot.nextLink"].as_str().map(ToOwned::to_owned);
        }
        // In the order of ids what is new comes at the end; in another order it does not come in between.
        found.truncate(expected.len());
        let mut sorted = found.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, expected.iter().map(id).collect::<Vec<_>>(), "{query}");
        for _ in 0..4 {
            client.post("Datastreams(1)/Observations", &serde_json::json!({"result": 50}));
        }
    }
}
