use std::collections::BTreeMap;
use std::path::PathBuf;

use qala_core::spec::DatasetSpec;
use qala_core::{Zone, parse_date};

use super::{SECOND, empty, function_id, place_id};
use crate::{Pack, Put, Registry, load_pack};

fn repository() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn texts() -> Vec<(&'static str, String)> {
    let folder = repository().join("packs/almaty");
    Pack::FILES
        .into_iter()
        .map(|name| (name, std::fs::read_to_string(folder.join(name)).unwrap()))
        .collect()
}

fn almaty() -> Pack {
    let texts = texts();
    Pack::from_toml(texts.iter().map(|(name, text)| (*name, text.as_str()))).unwrap()
}

async fn loaded() -> (Registry, Pack, Zone) {
    let registry = empty().await;
    let pack = almaty();
    load_pack(&registry, &pack, SECOND).await.unwrap();
    let zone = Zone::new(&pack.zone).unwrap();
    (registry, pack, zone)
}

fn day(text: &str) -> i32 {
    parse_date(text).unwrap()
}

#[tokio::test]
async fn loading_twice_changes_nothing() {
    let registry = empty().await;
    let pack = almaty();
    let first = load_pack(&registry, &pack, SECOND).await.unwrap();
    let position = registry.position().await.unwrap();
    assert_eq!(first.unchanged, 0);
    let second = load_pack(&registry, &pack, 2 * SECOND).await.unwrap();
    assert_eq!(
        (second.changed, second.unchanged, second.left_out),
        (0, first.changed, Vec::new())
    );
    assert_eq!(registry.position().await.unwrap(), position);
    assert_eq!(registry.places().await.unwrap().len(), 9);
}

#[tokio::test]
async fn what_people_changed_survives_the_next_load() {
    let (registry, mut pack, _) = loaded().await;
    let mut renamed = registry
        .places()
        .await
        .unwrap()
        .into_iter()
        .find(|place| place.id == place_id("medeu"))
        .unwrap();
    renamed.name.en = "Medeu District".into();
    assert_eq!(registry.put_place(&renamed, SECOND).await.unwrap(), Put::Changed);
    load_pack(&registry, &pack, SECOND).await.unwrap();
    assert!(registry.places().await.unwrap().contains(&renamed));
    // A pack that says something new about the record wins; a record that it no longer has is reported and stays.
    let medeu = pack
        .places
        .iter_mut()
        .find(|place| place.id == place_id("medeu"))
        .unwrap();
    medeu.name.en = "Medeu II".into();
    pack.places.retain(|place| place.id != place_id("alatau"));
    let report = load_pack(&registry, &pack, SECOND).await.unwrap();
    assert_eq!(report.changed, 1);
    assert_eq!(report.left_out, ["`alatau` of places from 1514743200000000"]);
    assert_eq!(registry.places().await.unwrap().len(), 9);
}

/// The reform test: at every local midnight from 2018 to 2026 every function has exactly one owner, and that
/// department exists.
#[tokio::test]
async fn every_function_has_one_owner_at_every_date() {
    let (registry, _, zone) = loaded().await;
    let functions = registry.functions().await.unwrap();
    let owners = registry.owners().await.unwrap();
    let departments = registry.departments().await.unwrap();
    assert!(functions.len() >= 20);
    for date in day("2018-01-01")..=day("2026-12-31") {
        let at = zone.day_start(date);
        for function in &functions {
            let in_force: Vec<_> = owners
                .iter()
                .filter(|owner| {
                    owner.function == function.id
                        && owner.valid_from <= at
                        && owner.valid_to.is_none_or(|end| at < end)
                })
                .collect();
            assert_eq!(in_force.len(), 1, "{} on day {date}", function.id);
            let exists = departments.iter().any(|department| {
                department.id == in_force[0].department
                    && department.valid_from <= at
                    && department.valid_to.is_none_or(|end| at < end)
            });
            assert!(exists, "{} on day {date}", in_force[0].department);
        }
    }
}

#[tokio::test]
async fn the_reform_of_2025_moves_functions_on_its_day() {
    let (registry, _, zone) = loaded().await;
    let expected = [
        ("economy", "economy", "economy-finance"),
        ("finance", "finance", "economy-finance"),
        ("road-traffic", "city-mobility", "road-traffic"),
        ("public-transport", "city-mobility", "road-traffic"),
        ("parking", "city-mobility", "road-traffic"),
        ("road-infrastructure", "city-mobility", "road-infrastructure"),
        ("rapid-transit", "city-mobility", "road-infrastructure"),
        ("internal-policy", "public-development", "internal-policy"),
        ("architecture", "city-planning-urbanism", "architecture"),
        ("civil-defence", "seismic-safety", "civil-defence"),
        (
            "communal-infrastructure",
            "communal-infrastructure",
            "communal-housing",
        ),
        ("housing-inspection", "not-known", "communal-housing"),
        ("public-spaces", "public-spaces", "public-spaces"),
        ("air-quality", "green-economy", "green-economy"),
    ];
    let reform = zone.day_start(day("2025-08-07"));
    for (function, before, after) in expected {
        let id = function_id(function);
        assert_eq!(
            registry
                .owner_at(&id, reform - 1)
                .await
                .unwrap()
                .unwrap()
                .as_str(),
            before,
            "{function}"
        );
        assert_eq!(
            registry.owner_at(&id, reform).await.unwrap().unwrap().as_str(),
            after,
            "{function}"
        );
    }
    let names = |at| async move {
        let departments = registry.departments_at(at).await.unwrap();
        departments
            .into_iter()
            .map(|department| department.id.to_string())
            .filter(|id| id != "not-known")
            .collect::<Vec<_>>()
    };
    assert!(!names(reform).await.contains(&"city-mobility".to_owned()));
}

#[tokio::test]
async fn the_worked_deadlines_of_2026() {
    let (registry, pack, _) = loaded().await;
    let calendar = registry.calendar(&pack.calendar, None).await.unwrap();
    let arrived = day("2026-03-20");
    assert_eq!(
        calendar.working_days_after(arrived, 3).unwrap(),
        day("2026-03-30"),
        "redirect"
    );
    assert_eq!(
        calendar.working_days_after(arrived, 15).unwrap(),
        day("2026-04-15"),
        "answer"
    );
    assert!(!calendar.is_working(day("2026-03-24")).unwrap());
    assert!(calendar.is_working(day("2026-03-26")).unwrap());
    assert!(
        calendar.working_days_after(day("2026-12-30"), 5).is_err(),
        "2027 is not known"
    );
    assert!(
        calendar.is_working(day("2021-03-01")).is_err(),
        "2021 is not known"
    );
    assert_eq!(
        calendar.incomplete().keys().copied().collect::<Vec<_>>(),
        [2024, 2025]
    );
}

#[tokio::test]
async fn the_year_2026_changed_in_march() {
    let (registry, pack, zone) = loaded().await;
    let changed = zone.day_start(day("2026-03-18"));
    let working = |known_at: i64| {
        let calendar = registry.calendar(&pack.calendar, Some(known_at));
        async move {
            let calendar = calendar.await.unwrap();
            (day("2026-01-01")..=day("2026-12-31"))
                .filter(|day| calendar.is_working(*day).unwrap())
                .count()
        }
    };
    assert_eq!(working(changed - 1).await, 246, "the count that was printed");
    assert_eq!(working(changed).await, 247, "31 August is worked");
    let before = registry
        .calendar(&pack.calendar, Some(changed - 1))
        .await
        .unwrap();
    let after = registry.calendar(&pack.calendar, Some(changed)).await.unwrap();
    assert_eq!(
        before.working_days_after(day("2026-08-28"), 1).unwrap(),
        day("2026-09-01")
    );
    assert_eq!(
        after.working_days_after(day("2026-08-28"), 1).unwrap(),
        day("2026-08-31")
    );
}

#[tokio::test]
async fn the_outbox_fits_the_datasets() {
    let mut specs = BTreeMap::new();
    let own = std::fs::read_dir(repository().join("datasets/organisation")).unwrap();
    let own = own.map(|entry| entry.unwrap().path());
    for path in own.chain([repository().join("datasets/feeds/feeds_contacts.toml")]) {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let spec = DatasetSpec::from_toml(&name, &std::fs::read_to_string(&path).unwrap()).unwrap();
        assert_eq!(format!("{}.toml", spec.name), name);
        assert!(spec.columns.iter().all(|column| column.title.missing().is_none()));
        // Snapshots come from files, not from the registry.
        if spec.kind == qala_core::spec::Kind::State {
            specs.insert(spec.name.to_string(), spec);
        }
    }
    let (registry, _, _) = loaded().await;
    let mut met = BTreeMap::new();
    for row in registry.pending(0, 100_000).await.unwrap() {
        let spec = &specs[&row.dataset];
        let columns: Vec<&str> = spec.columns.iter().map(|column| column.name.as_str()).collect();
        let keys: Vec<&str> = row.payload.keys().map(String::as_str).collect();
        assert_eq!(keys, columns, "{}", row.dataset);
        for column in &spec.columns {
            let value = &row.payload[&column.name];
            assert!(
                !(column.required && value.is_null()),
                "{} {}",
                row.dataset,
                column.name
            );
            let fits = match column.kind {
                qala_core::spec::ColumnType::Text => value.is_string(),
                qala_core::spec::ColumnType::Bool => value.is_boolean(),
                qala_core::spec::ColumnType::Float => value.is_f64(),
                _ => value.is_i64(),
            };
            assert!(
                fits || value.is_null(),
                "{} {}: {value}",
                row.dataset,
                column.name
            );
            assert!(
                column.values.is_empty() || column.values.iter().any(|allowed| value == allowed.as_str())
            );
        }
        *met.entry(row.dataset).or_insert(0) += 1;
    }
    assert_eq!(met.len(), specs.len(), "{met:?}");
}

#[test]
fn an_unknown_key_comes_with_a_suggestion() {
    let city = r#"
id = "town"
name = { kk = "a", ru = "b", en = "c" }
zone = "UTC"
calender = "cal"
start = "2018-01-01"
"#;
    let refused = Pack::from_toml([("city.toml", city)]).unwrap_err();
    assert_eq!(refused.name, "city.toml");
    assert!(refused.message.contains("did you mean `calendar`?"), "{refused}");
}

#[test]
fn mistakes_in_a_pack_are_named() {
    let city = "id = \"town\"\nname = { kk = \"a\", ru = \"b\", en = \"c\" }\nzone = \"UTC\"\ncalendar = \"cal\"\nstart = \"2018-01-01\"\n";
    let function = "[[function]]\nid = \"roads\"\nname = { kk = \"a\", ru = \"b\", en = \"c\" }\n";
    let department = "[[department]]\nid = \"works\"\nname = { kk = \"a\", ru = \"b\", en = \"c\" }\n";
    let calendar = "id = \"cal\"\nweekend = [\"sunday\"]\n";
    let year = "[[year]]\nyear = 2020\nrevision = 1\nknown_from = \"2020-01-01\"\nact = \"a\"\n";
    let cases = [
        (
            vec![(
                "districts.toml",
                "[[place]]\nid = \"n\"\nname = { kk = \"a\", ru = \"b\", en = \"c\" }\nparent = \"twon\"\n"
                    .to_owned(),
            )],
            "did you mean `town`?",
        ),
        (
            vec![(
                "districts.toml",
                "[[place]]\nid = \"n\"\nname = { kk = \"a\", ru = \"b\", en = \"\" }\n".to_owned(),
            )],
            "has no En form",
        ),
        (
            vec![("functions.toml", function.to_owned())],
            "the function `roads` has no owner",
        ),
        (
            vec![
                ("functions.toml", function.to_owned()),
                (
                    "departments.toml",
                    format!(
                        "{department}[[owner]]\nfunction = \"roads\"\nhistory = [{{ department = \"work\" }}]\n"
                    ),
                ),
            ],
            "did you mean `works`?",
        ),
        (
            vec![
                ("functions.toml", function.to_owned()),
                (
                    "departments.toml",
                    format!("{department}[[owner]]\nfunction = \"rods\"\nhistory = []\n"),
                ),
            ],
            "did you mean `roads`?",
        ),
        (
            vec![("departments.toml", format!("{department}from = \"2020-02-30\"\n"))],
            "`2020-02-30` is not a date",
        ),
        (
            vec![("departments.toml", format!("{department}to = \"2017-01-01\"\n"))],
            "ends at or before its start",
        ),
        (
            vec![(
                "calendar.toml",
                format!("{calendar}{year}days = [{{ date = \"2021-01-01\", kind = \"holiday\" }}]\n"),
            )],
            "2021-01-01 stands under 2020",
        ),
        (
            vec![(
                "calendar.toml",
                format!(
                    "{calendar}{year}days = [{{ date = \"2020-01-01\", kind = \"holiday\", title = \"x\" }}]\n"
                ),
            )],
            "the title `x` is not in [titles]",
        ),
        (
            vec![(
                "calendar.toml",
                format!("{calendar}{}", year.replace("revision = 1", "revision = 2")),
            )],
            "has no revision 1",
        ),
        (
            vec![("calendar.toml", calendar.replace("\"cal\"", "\"kal\""))],
            "the city uses `cal`",
        ),
    ];
    for (files, expected) in cases {
        let all = files
            .iter()
            .map(|(name, text)| (*name, text.as_str()))
            .chain([("city.toml", city)]);
        let refused = Pack::from_toml(all).unwrap_err();
        assert!(refused.to_string().contains(expected), "{refused} / {expected}");
    }
    assert!(Pack::from_toml([]).unwrap_err().to_string().contains("missing"));
}
