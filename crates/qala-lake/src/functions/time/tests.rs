//! The functions of local time in SQL: values, types, NULLs and errors. Zones are tested beside `zone`.

use super::super::tests::{answer, only, refusal, session};
use super::zone::Zone;

#[tokio::test]
async fn functions_in_sql() {
    let row = only(
        "SELECT local_start('day', t, z), local_end('day', t, z), local_date(t, z), local_hour(t, z), \
         local_weekday(t, z), local_text(t, z) \
         FROM (VALUES (TIMESTAMP '2024-02-29T18:30:00Z', 'Asia/Almaty')) AS v(t, z)",
    );
    assert_eq!(
        row.await,
        "2024-02-28T18:00:00Z|2024-02-29T19:00:00Z|2024-02-29|23|4|2024-02-29T23:30:00+05:00"
    );
    // Literals are folded while planning, so that partitions can be pruned by them.
    let session = session(1);
    let plan = answer(
        &session,
        "EXPLAIN SELECT * FROM (VALUES (TIMESTAMP '2024-02-29T18:30:00Z')) AS v(t) \
         WHERE t >= local_start('day', '2024-02-29T18:30:00Z', 'Asia/Almaty')",
    );
    assert!(
        plan.await
            .unwrap()
            .iter()
            .all(|line| !line.contains("local_start"))
    );
}

async fn service(date: &str, seconds: i64, zone: &str) -> String {
    only(&format!(
        "SELECT service_time(DATE '{date}', {seconds}, '{zone}')"
    ))
    .await
}

#[tokio::test]
async fn gtfs_times_count_from_noon_minus_twelve_hours() {
    // Berlin, 28 March 2021: the clock skips 02:00, so the service day starts at 23:00 of the day before.
    assert_eq!(
        service("2021-03-28", 0, "Europe/Berlin").await,
        "2021-03-27T22:00:00Z"
    );
    assert_eq!(
        service("2021-03-28", 12 * 3600, "Europe/Berlin").await,
        "2021-03-28T10:00:00Z"
    );
    assert_eq!(
        service("2021-03-27", 0, "Europe/Berlin").await,
        "2021-03-26T23:00:00Z"
    );
    assert_eq!(
        service("2021-10-31", 0, "Europe/Berlin").await,
        "2021-10-30T23:00:00Z"
    );
    // 25:30:00 in Almaty on the day of 25 hours: noon (UTC+6) and 13 hours and a half.
    assert_eq!(
        service("2024-02-29", 91_800, "Asia/Almaty").await,
        "2024-02-29T19:30:00Z"
    );
    assert_eq!(
        service("2024-03-01", 0, "Asia/Almaty").await,
        "2024-02-29T19:00:00Z"
    );
    assert_eq!(service("1969-12-31", -1, "UTC").await, "1969-12-30T23:59:59Z");
    assert_eq!(
        only("SELECT service_time(NULL, 1::int, 'UTC'), service_time('2024-01-01', NULL, 'UTC')").await,
        "NULL|NULL"
    );
}

#[tokio::test]
async fn nulls_types_and_zones_by_row() {
    let session = session(1);
    let rows = answer(
        &session,
        "SELECT local_start(g, t, z), local_hour(t, z), local_text(t, z) FROM (VALUES \
         ('hour', '2024-05-01T12:00:00Z', 'Asia/Kolkata'), ('day', '2024-05-01T12:00:00Z', 'UTC'), \
         (NULL, '2024-05-01T12:00:00Z', 'Asia/Kolkata'), ('day', NULL, 'UTC'), \
         ('day', '2024-05-01T12:00:00Z', NULL), ('year', '2024-05-01T12:00:00Z', 'UTC')) AS v(g, t, z)",
    );
    assert_eq!(
        rows.await.unwrap(),
        [
            "2024-05-01T11:30:00Z|17|2024-05-01T17:30:00+05:30",
            "2024-05-01T00:00:00Z|12|2024-05-01T12:00:00+00:00",
            "NULL|17|2024-05-01T17:30:00+05:30",
            "NULL|NULL|NULL",
            "NULL|NULL|NULL",
            "2024-01-01T00:00:00Z|12|2024-05-01T12:00:00+00:00",
        ]
    );
    // Other units and no zone are read as UTC.
    for unit in [
        "Timestamp(s)",
        "Timestamp(ns)",
        "Timestamp(ms, \"Europe/Berlin\")",
    ] {
        let sql = format!("SELECT local_date(arrow_cast('2024-05-01T23:00:00Z', '{unit}'), 'Asia/Almaty')");
        assert_eq!(only(&sql).await, "2024-05-02", "{unit}");
    }
}

#[tokio::test]
async fn mistakes_are_explained() {
    let error = refusal("SELECT local_start('daily', now(), 'Asia/Tokyo')").await;
    assert!(
        error.contains(
            "'daily' is not a grain; the grains are minute15, hour, day, week, month, quarter, year"
        ),
        "{error}"
    );
    let error = refusal("SELECT local_date(now(), 'Almaty')").await;
    assert!(
        error.contains("'Almaty' is not a time zone of the tz database; a zone looks like 'Asia/Tokyo'"),
        "{error}"
    );
    let error = refusal("SELECT local_date(DATE '2024-01-01', 'Asia/Tokyo')").await;
    assert!(error.contains("t is a timestamp, not Date32"), "{error}");
    let error = refusal("SELECT local_date(now())").await;
    assert!(
        error.contains("local_date(t, zone) takes 2 arguments, not 1"),
        "{error}"
    );
}

#[test]
fn service_times_outside_the_calendar_are_null() {
    let mut zone = Zone::named("Asia/Almaty").unwrap();
    assert_eq!(super::service_instant(&mut zone, i32::MAX, 0), None);
    assert_eq!(super::service_instant(&mut zone, 0, i64::MAX), None);
}

/// Run with `--ignored --nocapture`: a column of a million times, a minute apart, in one batch.
#[tokio::test]
#[ignore = "a measurement"]
async fn speed_of_a_column() {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, RecordBatch, TimestampMicrosecondArray};

    let times = (0..1_000_000).map(|minute| 1_600_000_000_000_000 + minute * 60_000_000);
    let times: TimestampMicrosecondArray = times.map(Some).collect();
    let column: ArrayRef = Arc::new(times.with_timezone("UTC"));
    let session = session(1);
    session
        .register_batch("t", RecordBatch::try_from_iter([("t", column)]).unwrap())
        .unwrap();
    for call in [
        "local_start('hour', t, z)",
        "local_end('day', t, z)",
        "local_date(t, z)",
        "local_text(t, z)",
    ] {
        let sql = format!("SELECT count({}) FROM t", call.replace('z', "'Europe/Berlin'"));
        let began = std::time::Instant::now();
        answer(&session, &sql).await.unwrap();
        println!("{call:28} {:?}", began.elapsed());
    }
}
