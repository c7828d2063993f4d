use crate::*;

#[test]
fn almaty_had_a_day_of_25_hours() {
    let zone = Zone::new("Asia/Almaty").unwrap();
    let start = Grain::Day.start(parse_instant("2024-02-29T12:00:00", Some(&zone)).unwrap(), &zone);
    let end = Grain::Day.end(start, &zone);
    assert_eq!(Zone::utc().format(start), "2024-02-28T18:00:00+00:00");
    assert_eq!(end - start, 25 * 3_600_000_000);
    // The hour 23:00 came twice: first at +06:00, then at +05:00; both belong to 29 February.
    let first = parse_instant("2024-02-29T23:30:00+06:00", None).unwrap();
    let second = parse_instant("2024-02-29T23:30:00+05:00", None).unwrap();
    assert_eq!(second - first, 3_600_000_000);
    assert_eq!(zone.local_day(first), zone.local_day(second));
    assert_ne!(Grain::Hour.start(first, &zone), Grain::Hour.start(second, &zone));
    assert_eq!(parse_instant("2024-02-29 23:30", Some(&zone)).unwrap(), first);
    assert_eq!(zone.format(second), "2024-02-29T23:30:00+05:00");
}

#[test]
fn zones_agree_with_jiff() {
    for name in [
        "Asia/Almaty",
        "Europe/Berlin",
        "America/New_York",
        "Asia/Kolkata",
        "Australia/Lord_Howe",
        "UTC",
    ] {
        let zone = Zone::new(name).unwrap();
        let reference = jiff::tz::TimeZone::get(name).unwrap();
        let mut at: i64 = -1_000_000_000_000_000;
        while at < 3_900_000_000_000_000 {
            let stamp = jiff::Timestamp::from_microsecond(at).unwrap();
            assert_eq!(
                zone.offset(at),
                i64::from(reference.to_offset(stamp).seconds()) * 1_000_000,
                "{name} {at}"
            );
            let local = stamp.to_zoned(reference.clone()).datetime();
            let as_if_utc = local
                .to_zoned(jiff::tz::TimeZone::UTC)
                .unwrap()
                .timestamp()
                .as_microsecond();
            let expected = local
                .to_zoned(reference.clone())
                .unwrap()
                .timestamp()
                .as_microsecond();
            assert_eq!(zone.instant(as_if_utc), expected, "{name} {local}");
            at += 3_599_000_000 * 37;
        }
    }
}

#[test]
fn gaps_move_forward() {
    let zone = Zone::new("Europe/Berlin").unwrap();
    assert_eq!(
        parse_instant("2021-03-28 02:30", Some(&zone)).unwrap(),
        parse_instant("2021-03-28T03:30:00+02:00", None).unwrap()
    );
}

#[test]
fn times_of_all_styles() {
    let zone = Zone::new("Asia/Almaty").unwrap();
    let expected = parse_instant("2026-03-05T14:07:00+05:00", None).unwrap();
    assert_eq!(
        TimeStyle::Dmy.parse("05.03.2026 14:07", Some(&zone)).unwrap(),
        expected
    );
    assert_eq!(
        TimeStyle::Mdy.parse("3/5/2026 02:07:00 PM", Some(&zone)).unwrap(),
        expected
    );
    assert_eq!(TimeStyle::UnixS.parse("1772701620", None).unwrap(), expected);
    assert_eq!(TimeStyle::UnixMs.parse("1772701620000", None).unwrap(), expected);
    for bad in [
        "",
        "2026",
        "2026-13-01",
        "2026-02-30",
        "2026-02-01T25:00",
        "9999-01-01T00:00Z",
        "nonsense",
        "2026-02-01T10:00",
    ] {
        assert!(parse_instant(bad, None).is_err(), "{bad}");
    }
    assert_eq!(parse_date("20240229"), parse_date("2024-02-29"));
    assert_eq!(parse_date("20230229"), None);
}

#[test]
fn units_convert() {
    let unit = |s| Unit::parse(s).unwrap();
    let (factor, offset) = unit("mph").to(&unit("km/h")).unwrap();
    assert!((factor - 1.609_344).abs() < 1e-12 && offset == 0.0);
    let (factor, offset) = unit("Cel").to(&unit("K")).unwrap();
    assert!((10.0 * factor + offset - 283.15).abs() < 1e-12);
    assert!(unit("мг/м³").to(&unit("ppb")).is_err());
    assert!(Unit::parse("ug/m2").unwrap_err().to_string().contains("ug/m3"));
}

const DATASET: &str = r#"
name = "air_readings"
subject = "air"
kind = "event"
version = 1
title = { kk = "а", ru = "б", en = "c" }
zone = "city"
key = ["station_id", "t"]
[[columns]]
name = "station_id"
type = "text"
required = true
title = { kk = "а", ru = "б", en = "c" }
[[columns]]
name = "t"
type = "time"
role = "time"
required = true
title = { kk = "а", ru = "б", en = "c" }
"#;

#[test]
fn dataset_specs_say_what_is_wrong() {
    spec::DatasetSpec::from_toml("a.toml", DATASET).unwrap();
    let error = |from: &str, to: &str| {
        spec::DatasetSpec::from_toml("a.toml", &DATASET.replacen(from, to, 1))
            .unwrap_err()
            .to_string()
    };
    assert!(error("required = true", "requird = true").contains("did you mean `required`"));
    assert!(error("\"station_id\", \"t\"", "\"station\", \"t\"").contains("station"));
    assert!(error("zone = \"city\"", "zone = \"Mars/City\"").contains("Asia/Tokyo"));
    assert!(error("kk = \"а\"", "kk = \"\"").contains("Kk"));
    assert!(error("kind = \"event\"", "kind = \"events\"").contains("event"));
}

const INDICATOR: &str = r#"-- id = "air.pm25_mean"
-- version = 1
-- title = { kk = "а", ru = "б", en = "c" }
-- question = { kk = "а", ru = "б", en = "c" }
-- decision = { kk = "а", ru = "б", en = "c" }
-- unit = "ug/m3"
-- better = "lower"
-- grains = ["hour", "day"]
-- owner_function = "air-quality"
-- targets = { target = 15, limit = 35, hysteresis = 2 }
SELECT :from, :to, :grain, :zone
"#;

#[test]
fn status_has_hysteresis() {
    use spec::Status::*;
    let i = spec::IndicatorSpec::from_sql("i.sql", INDICATOR, &spec::QueryParts::new()).unwrap();
    assert_eq!(i.status(Some(36.0), None), OffTarget);
    assert_eq!(i.status(Some(34.0), None), Watch);
    assert_eq!(i.status(Some(34.0), Some(OffTarget)), OffTarget);
    assert_eq!(i.status(Some(32.0), Some(OffTarget)), Watch);
    assert_eq!(i.status(Some(14.0), Some(Watch)), Watch);
    assert_eq!(i.status(Some(12.0), Some(OffTarget)), OnTarget);
    assert_eq!(i.status(Some(36.0), Some(OnTarget)), OffTarget);
    assert_eq!(i.status(None, Some(OnTarget)), Unknown);
    let sql = i.query(0, 86_400_000_000, Grain::Day, &Zone::utc());
    assert_eq!(
        sql,
        "SELECT TIMESTAMP '1970-01-01T00:00:00Z', TIMESTAMP '1970-01-02T00:00:00Z', 'day', 'UTC'"
    );
}

#[test]
fn parts_stand_before_the_query_that_names_them() {
    let parts = spec::QueryParts::from([
        (
            "hours".to_owned(),
            "-- By hour.\nhours AS (SELECT :from)\n".to_owned(),
        ),
        ("days".to_owned(), "days AS (SELECT :to)".to_owned()),
    ]);
    let read = |named: &str, query: &str| {
        let text = INDICATOR.replace("-- targets", &format!("-- parts = [{named}]\n-- targets"));
        let text = text.replace("SELECT :from, :to, :grain, :zone", query);
        spec::IndicatorSpec::from_sql("i.sql", &text, &parts)
            .map(|i| i.sql)
            .map_err(|e| e.to_string())
    };
    let rest = "SELECT :grain, :zone FROM hours, days";
    let both = "WITH -- By hour.\nhours AS (SELECT :from),\ndays AS (SELECT :to)";
    assert_eq!(
        read("\"hours\", \"days\"", rest).unwrap(),
        format!("{both}\n{rest}")
    );
    let own = "WITH own AS (SELECT 1) SELECT :grain, :zone FROM hours, days, own";
    let expected = format!("{both},\nown AS (SELECT 1) SELECT :grain, :zone FROM hours, days, own");
    assert_eq!(read("\"hours\", \"days\"", own).unwrap(), expected);
    // What only a part names counts as named.
    assert!(read("\"hours\"", rest).unwrap_err().contains("does not use :to"));
    assert!(
        read("\"hour\"", rest)
            .unwrap_err()
            .contains("did you mean `hours`?")
    );
}

#[test]
fn a_mapping_from_the_version_before_says_what_is_wrong() {
    let text = |version: u32, mapping: &str| {
        let title = "title = { kk = \"а\", ru = \"б\", en = \"c\" }\n";
        format!(
            "name = \"test_rows\"\nsubject = \"test\"\nkind = \"event\"\nversion = {version}\nzone = \"city\"\nkey = [\"id\"]\n{title}\
             [[columns]]\nname = \"id\"\ntype = \"text\"\nrequired = true\n{title}\
             [[columns]]\nname = \"speed\"\ntype = \"float\"\nunit = \"m/s\"\n{title}[from_previous]\n{mapping}"
        )
    };
    let read = |version: u32, mapping: &str| {
        spec::DatasetSpec::from_toml("test", &text(version, mapping)).map_err(|e| e.message)
    };
    assert!(
        read(
            2,
            "[from_previous.columns]\nspeed = { from = \"v\", unit = \"km/h\" }"
        )
        .is_ok()
    );
    for (version, mapping, words) in [
        (1, "", "belongs to version 2"),
        (2, "droped = []", "did you mean `dropped`"),
        (
            2,
            "[from_previous.columns]\nsped = { from = \"v\" }",
            "did you mean `speed`",
        ),
        (
            2,
            "[from_previous.columns]\nspeed = { form = \"v\" }",
            "did you mean `from`",
        ),
        (
            2,
            "[from_previous.columns]\nspeed = {}",
            "needs `from` or `value`",
        ),
        (
            2,
            "[from_previous.columns]\nspeed = { from = \"v\", unit = \"kg\" }",
            "cannot be converted",
        ),
        (
            2,
            "[from_previous.columns]\nid = { from = \"v\", unit = \"kg\" }",
            "the column has none",
        ),
        (2, "rows = \"forget\"", "known: carry, leave"),
    ] {
        let message = read(version, mapping).unwrap_err();
        assert!(message.contains(words), "{mapping}: {message}");
    }
}

#[test]
fn a_clock_shows_some_readings_twice_and_some_never() {
    let almaty = Zone::new("Asia/Almaty").unwrap();
    let oslo = Zone::new("Europe/Oslo").unwrap();
    let cases = [
        (
            &almaty,
            "2024-02-29T22:59",
            Reading::Once,
            "2024-02-29T22:59:00+06:00",
        ),
        (
            &almaty,
            "2024-02-29T23:00",
            Reading::Twice,
            "2024-02-29T23:00:00+06:00",
        ),
        (
            &almaty,
            "2024-02-29T23:59:59",
            Reading::Twice,
            "2024-02-29T23:59:59+06:00",
        ),
        (
            &almaty,
            "2024-02-29T23:30:00+05:00",
            Reading::Once,
            "2024-02-29T23:30:00+05:00",
        ),
        (
            &almaty,
            "2024-03-01T00:00",
            Reading::Once,
            "2024-03-01T00:00:00+05:00",
        ),
        (
            &oslo,
            "2024-03-31T02:30",
            Reading::Never,
            "2024-03-31T03:30:00+02:00",
        ),
        (
            &oslo,
            "2024-10-27T02:30",
            Reading::Twice,
            "2024-10-27T02:30:00+02:00",
        ),
        (
            &oslo,
            "2024-10-27T03:00",
            Reading::Once,
            "2024-10-27T03:00:00+01:00",
        ),
    ];
    for (zone, text, often, at) in cases {
        let (instant, found) = TimeStyle::Iso.parse_reading(text, Some(zone)).unwrap();
        assert_eq!((zone.format(instant).as_str(), found), (at, often), "{text}");
        assert_eq!(TimeStyle::Iso.parse(text, Some(zone)).unwrap(), instant);
        assert!(found == Reading::Once || zone.is_near_change(instant), "{text}");
    }
    let summer = TimeStyle::Iso.parse("2024-07-01T12:00", Some(&oslo)).unwrap();
    assert!(!oslo.is_near_change(summer) && !Zone::utc().is_near_change(summer));
    let dotted = TimeStyle::Dmy
        .parse_reading("29.02.2024 23:30", Some(&almaty))
        .unwrap();
    assert_eq!(dotted.1, Reading::Twice);
}

#[test]
fn a_mapping_is_saved_and_read_back() {
    let text = "dataset = \"air_readings\"\nencoding = \"windows-1251\"\ndecimal = \",\"\nsheet = \"2\"\ntotals = []\nmissing = [\"-\"]\n\n[columns.t]\nfrom = \"Дата\"\ntime = \"dmy\"\n\n[unpivot]\nname_to = \"quantity\"\nvalue_to = \"value\"\n\n[unpivot.columns]\n\"PM2.5, мг/м3\" = \"pm25\"\n";
    let mapping = spec::Mapping::from_toml("a", text).unwrap();
    let saved = mapping.to_toml().unwrap();
    assert_eq!(spec::Mapping::from_toml("b", &saved).unwrap(), mapping, "{saved}");
    assert!(!saved.contains("iso"), "{saved}");
}

#[test]
fn words_are_alike_or_not() {
    assert!(spec::likeness("Address", "address") > 0.999);
    assert!(spec::likeness("address", "adress") > 0.9);
    assert!(spec::likeness("lat", "capacity") < 0.7);
}
