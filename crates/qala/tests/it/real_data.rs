//! Real files of other cities: the books balance and indicators can be computed and verified.

use crate::support::{compute, json, ok, shared};

#[test]
fn real_files_come_in_and_give_indicators_that_verify() {
    let Some(shared) = shared("real_files_come_in_and_give_indicators_that_verify") else {
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path();
    let path = |name: &str| shared.join(name).display().to_string();
    let mut total = 0;
    for (kind, files) in [
        (
            "gtfs",
            vec![
                "gtfs/berlin.zip",
                "gtfs/caltrain_2017.zip",
                "gtfs/nyc_subway.zip",
                "gtfs/redding_raba.zip",
                "gtfs/saopaulo.zip",
                "gtfs/seattle_area_2017.zip",
                "gtfs/sound_transit.zip",
                "gtfs/spo_r5r.zip",
                "gtfs/transitfeed_faulty_feeds.zip",
            ],
        ),
        (
            "gtfs-rt",
            vec![
                "gtfs_rt/miway-vehicle-positions.pb",
                "gtfs_rt/raba-trip-updates.pb",
                "gtfs_rt/raba-vehicle-positions.pb",
            ],
        ),
        (
            "table",
            vec![
                "air/beijing_multisite_hourly.csv.gz",
                "traffic/i94_hourly_volume.csv.gz",
                "traffic/metr_la_speed_week.csv.gz",
                "ridership/cta_daily_boardings.csv",
            ],
        ),
        (
            "ocds",
            vec!["ocds/ocdskit_realdata.zip", "ocds/official_example_1_1.zip"],
        ),
    ] {
        for file in files {
            let report = json(data, &["import", kind, &path(file), "--format", "json"]);
            let number = |n: &str| report[n].as_u64().unwrap();
            assert_eq!(
                number("received"),
                number("accepted") + number("duplicate") + number("quarantined"),
                "{file}"
            );
            assert!(number("accepted") > 0, "{file}: {report}");
            total += number("accepted");
            if file.contains("faulty") {
                let problems = report["files"][0]["problems"].as_array().unwrap();
                let located = problems
                    .iter()
                    .filter(|p| p["position"]["file"].is_string())
                    .count();
                assert!(located > 10, "only {located} problems name their file");
            }
        }
    }
    assert!(total > 50_000, "{total}");
    for (id, from, to, grain) in [
        ("air.pm25_mean", "2014-01-01", "2016-01-01", "year"),
        ("traffic.congested_share", "2012-03-01", "2012-04-01", "month"),
        ("traffic.flow", "2016-06-01", "2016-07-01", "day"),
        ("transit.daily_boardings", "2010-01-01", "2011-01-01", "month"),
        ("transit.scheduled_trips", "2024-06-03", "2024-06-10", "day"),
    ] {
        let values = compute(data, id, grain, from, to);
        let value = values
            .as_array()
            .unwrap()
            .iter()
            .find(|v| v["value"].is_number())
            .unwrap_or_else(|| panic!("{id}: {values}"));
        let start = value["period_start"].as_str().unwrap();
        let passport = format!("{id}/{}/{grain}/{start}", value["place"].as_str().unwrap());
        let passport = json(data, &["passport", &passport, "--verify", "--format", "json"]);
        assert_eq!(passport["verdict"]["verdict"], "equal", "{id}");
        if id == "traffic.congested_share" {
            // Detectors that no list names, against their own nights; counted with pandas.
            let counts = (&value["numerator"], &value["denominator"]);
            assert_eq!(counts, (&1_578.0.into(), &34_776.0.into()), "{value}");
        }
    }
    ok(data, &["tidy"]);
}

#[test]
fn real_lists_of_schools_and_people_give_the_figures_of_the_files() {
    let Some(shared) = shared("real_lists_of_schools_and_people_give_the_figures_of_the_files") else {
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path();
    for file in [
        "appeals/nyc_311_brooklyn.csv",
        "crash/nyc_manhattan_collisions.csv.gz",
        "crime/memphis_robberies.csv",
        "schools/dc_schools.csv",
        "kazakhstan/population_regions_2000_on.csv",
        "almaty/city_population_reference_v2.csv",
        "almaty/almaty_district_population_reference_v2.csv",
    ] {
        ok(
            data,
            &["import", "table", &shared.join(file).display().to_string()],
        );
    }
    let found = |id: &str, year: u32, place: &str| {
        let (from, to) = (format!("{year}-01-01"), format!("{}-01-01", year + 1));
        let values = compute(data, id, "year", &from, &to);
        let of_place = values.as_array().unwrap().iter().find(|v| v["place"] == place);
        let of_place = of_place.unwrap_or_else(|| panic!("{id} {place}: {values}"));
        (
            of_place["value"].as_f64(),
            of_place["reason"].as_str().map(ToOwned::to_owned),
        )
    };
    let is = |value: f64| (Some(value), None);
    let absent = |reason: &str| (None, Some(reason.to_owned()));
    // Counted in the files by Python: 109 of the 112 schools tell both pupils and places.
    let overfull = found("schools.overfull_share", 2026, "city").0.unwrap();
    assert!((overfull - 23.0 / 109.0).abs() < 1e-12, "{overfull}");
    assert_eq!(found("schools.missing_places", 2026, "city"), is(1_285.0));
    assert_eq!(found("schools.free_places", 2026, "city"), is(18_300.0));
    // The list tells no shifts.
    assert_eq!(
        found("schools.third_shift_pupils", 2026, "city"),
        absent("low_coverage")
    );
    assert_eq!(found("population.growth", 2019, "city"), is(62_166.0));
    assert_eq!(found("population.growth", 2022, "city"), is(60_312.0));
    assert_eq!(found("population.growth", 2023, "city"), absent("no_rows"));
    // The newest count before the end of 2022 is of its first day.
    assert_eq!(found("population.residents", 2022, "city"), is(2_101_485.0));
    assert_eq!(found("population.residents", 2023, "city"), is(2_161_797.0));
    assert_eq!(found("population.residents", 2026, "city"), is(2_351_424.0));
    assert_eq!(found("population.residents", 2026, "auezov"), is(358_000.0));
    // The districts add up to fewer than the city: neither is scaled, and the newest count of the city is too old for 2025.
    assert_eq!(found("population.residents", 2025, "city"), absent("no_rows"));
    // Registers whose records name no district tell none, and nothing after their end.
    assert_eq!(
        found("safety.killed_seriously_injured", 2016, "city"),
        absent("low_coverage")
    );
    assert_eq!(
        found("safety.killed_seriously_injured", 2016, "medeu"),
        absent("low_coverage")
    );
    assert_eq!(
        found("crime.offences_against_usual", 2025, "city"),
        absent("no_rows")
    );
    let values = compute(data, "appeals.open", "month", "2016-01-01", "2017-01-01");
    let told = values
        .as_array()
        .unwrap()
        .iter()
        .filter(|v| v["value"].is_number());
    let told: Vec<_> = told.map(|v| (&v["place"], &v["period_start"])).collect();
    assert!(!told.is_empty() && told.len() < 12, "{told:?}");
    assert!(told.iter().all(|(place, _)| *place == "city"), "{told:?}");
}
