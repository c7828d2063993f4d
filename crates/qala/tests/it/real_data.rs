//! Real files of other cities: the books balance and indicators can be computed and verified.

use crate::support::{json, ok, shared};

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
                "gtfs/redding_raba.zip",
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
                "traffic/i94_hourly_volume.csv.gz",
                "ridership/cta_daily_boardings.csv",
            ],
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
        ("traffic.flow", "2016-06-01", "2016-07-01", "day"),
        ("transit.daily_boardings", "2010-01-01", "2011-01-01", "month"),
        ("transit.scheduled_trips", "2024-06-03", "2024-06-10", "day"),
    ] {
        let values = json(
            data,
            &[
                "indicator",
                "compute",
                id,
                "--from",
                from,
                "--to",
                to,
                "--grain",
                grain,
                "--format",
                "json",
            ],
        );
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
    }
    ok(data, &["tidy"]);
}
