//! Programmes: what the pack says of them, changes with their dates, and what the lake is told.

use qala_core::{FunctionId, IndicatorId};

use super::{SECOND, empty, text};
use crate::{
    OutboxOp, Pack, Programme, ProgrammeId, ProgrammeKind, ProgrammeState, Put, RegistryError, TargetBasis,
    load_pack,
};

const CITY: &str = "id = \"town\"\nname = { kk = \"a\", ru = \"b\", en = \"c\" }\nzone = \"UTC\"\ncalendar = \"cal\"\nstart = \"2018-01-01\"\n";
const FUNCTIONS: &str = "[[function]]\nid = \"roads\"\nname = { kk = \"a\", ru = \"b\", en = \"c\" }\n";
const DEPARTMENTS: &str = "[[department]]\nid = \"works\"\nname = { kk = \"a\", ru = \"b\", en = \"c\" }\n\
                           [[owner]]\nfunction = \"roads\"\nhistory = [{ department = \"works\" }]\n";
const PROGRAMMES: &str = r#"
[[programme]]
id = "zero"
kind = "programme"
title = { kk = "a", ru = "b", en = "Zero" }
adopted = "2019-02"
begins = "2019-03-01"
owner_function = "roads"
state = "running"

[[programme.money]]
year = 2026
kzt = 1_500_000

[[programme.target]]
indicator = "safety.killed"
year = 2030
share = 0.5
judged_by = "safety.path"
assumed = true

[[programme.target]]
indicator = "schools.missing"
year = 2025
value = 16500

[[programme.measure]]
id = "humps"
title = { kk = "a", ru = "b", en = "Humps" }
state = "planned"
due = "2027-12-31"
"#;

fn pack(programmes: &str) -> Result<Pack, String> {
    let files = [
        ("city.toml", CITY),
        ("functions.toml", FUNCTIONS),
        ("departments.toml", DEPARTMENTS),
        ("programmes.toml", programmes),
    ];
    Pack::from_toml(files).map_err(|error| error.to_string())
}

#[tokio::test]
async fn a_programme_of_the_pack_is_known_with_all_that_belongs_to_it() {
    let registry = empty().await;
    let pack = pack(PROGRAMMES).unwrap();
    load_pack(&registry, &pack, SECOND).await.unwrap();
    let known = registry.programmes_at(pack.start).await.unwrap();
    assert_eq!(known, pack.programmes);
    let zero = &known.programmes[0];
    assert_eq!(
        (zero.title.en.as_str(), zero.adopted.as_deref()),
        ("Zero", Some("2019-02"))
    );
    assert_eq!(known.money[0].planned_tiyn, 150_000_000);
    let targets: Vec<_> = known
        .targets
        .iter()
        .map(|t| (t.indicator.as_str(), t.year, t.basis, t.target))
        .collect();
    assert_eq!(
        targets,
        [
            ("safety.killed", 2030, TargetBasis::Share, 0.5),
            ("schools.missing", 2025, TargetBasis::Value, 16_500.0)
        ]
    );
    assert_eq!(
        known.targets[0].judged_by,
        Some(IndicatorId::new("safety.path").unwrap())
    );
    // A measure without a function of its own has that of the programme.
    assert_eq!(
        known.measures[0].owner_function,
        FunctionId::new("roads").unwrap()
    );
    // Nothing is known of the time before.
    assert!(
        registry
            .programmes_at(pack.start - 1)
            .await
            .unwrap()
            .programmes
            .is_empty()
    );
    // The lake is told numbers as numbers.
    let told = registry.pending(0, 100).await.unwrap();
    let row = |dataset: &str| &told.iter().find(|row| row.dataset == dataset).unwrap().payload;
    assert_eq!(row("organisation_programme_money")["planned_kzt"], 1_500_000.0);
    assert_eq!(row("organisation_programme_targets")["target"], 0.5);
    assert_eq!(row("organisation_programme_targets")["assumed"], true);
    // The same pack again is no news.
    let again = load_pack(&registry, &pack, 2 * SECOND).await.unwrap();
    assert_eq!(again.changed, 0);
}

#[tokio::test]
async fn a_change_is_a_new_interval_and_the_old_one_stays_known() {
    let registry = empty().await;
    let programme = |state: ProgrammeState, from: i64| Programme {
        id: ProgrammeId::new("zero").unwrap(),
        kind: ProgrammeKind::Roadmap,
        title: text("zero"),
        adopted: None,
        legal_basis: Some("No. 1".into()),
        begins_on: Some(1),
        ends_on: None,
        owner_function: FunctionId::new("roads").unwrap(),
        state,
        source: None,
        valid_from: from,
        valid_to: None,
    };
    let planned = programme(ProgrammeState::Planned, 10);
    assert_eq!(
        registry.put_programme(&planned, SECOND).await.unwrap(),
        Put::Changed
    );
    assert_eq!(
        registry.put_programme(&planned, SECOND).await.unwrap(),
        Put::Unchanged
    );
    registry
        .put_programme(&programme(ProgrammeState::Running, 20), SECOND)
        .await
        .unwrap();
    for (at, state) in [
        (10, ProgrammeState::Planned),
        (19, ProgrammeState::Planned),
        (20, ProgrammeState::Running),
    ] {
        assert_eq!(
            registry.programmes_at(at).await.unwrap().programmes[0].state,
            state,
            "{at}"
        );
    }
    let told = registry.pending(0, 10).await.unwrap();
    assert_eq!(told.len(), 3);
    assert!(
        told.iter()
            .all(|row| row.op == OutboxOp::Upsert && row.dataset == "organisation_programmes")
    );
    let nameless = Programme {
        title: qala_core::Text::default(),
        ..programme(ProgrammeState::Done, 30)
    };
    assert!(matches!(
        registry.put_programme(&nameless, SECOND).await,
        Err(RegistryError::Empty { .. })
    ));
}

#[test]
fn mistakes_in_programmes_are_named() {
    for (from, to, message) in [
        ("\"roads\"\nstate", "\"road\"\nstate", "did you mean `roads`?"),
        ("2019-02\"", "2019-13\"", "adopted on no date"),
        (
            "begins = ",
            "ends = \"2018-05-01\"\nbegins = ",
            "ends before it begins",
        ),
        (
            "share = 0.5",
            "share = 0.5\nvalue = 3",
            "not one of `value` and `share`",
        ),
        (
            "value = 16500",
            "value = 16500\nbase_year = 2020",
            "a base year is of a share",
        ),
        ("year = 2026", "year = 20260", "money of no year"),
        (
            "\"schools.missing\"\nyear = 2025",
            "\"safety.killed\"\nyear = 2030",
            "two of one indicator and year",
        ),
        ("kind = \"programme\"", "kind = \"wish\"", "wish"),
        ("en = \"Humps\"", "en = \"\"", "three forms of its title"),
    ] {
        assert!(PROGRAMMES.contains(from), "{from}");
        let refused = pack(&PROGRAMMES.replacen(from, to, 1)).unwrap_err();
        assert!(refused.contains(message), "{refused}");
    }
}
