use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray};
use proptest::prelude::*;

use crate::tests::{Given, check_samples, gzip, zip};

#[test]
fn samples() {
    check_samples("table", "table");
}

const READINGS: &str = "detector_id,quantity,t,value\n";

fn readings(lines: &str) -> Vec<u8> {
    format!("{READINGS}{lines}").into_bytes()
}

fn traffic(name: &str) -> Given<'_> {
    Given::new("table", name).dataset("traffic_readings")
}

#[test]
fn bad_inputs_become_problems() {
    let letter = zip(&[
        ("[Content_Types].xml", b"<a/>"),
        ("word/document.xml", b"<a>b,c</a>"),
    ]);
    let cases: [(&str, &[u8], &str); 12] = [
        ("a.csv", b"", "empty"),
        ("a.csv", b"detector_id,quantity,t\n", "missing_column"),
        ("a.csv", b"\xFF\xFEd\0e\0", "bad_encoding"),
        ("a.csv", b"detector_id,\xC0\xE1\n1,2\n", "guessed_encoding"),
        ("a.parquet", b"PAR1 and no more", "damaged_file"),
        (
            "a.arrow",
            b"ARROW1\0\0\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x7F",
            "damaged_file",
        ),
        ("a.gz", b"\x1f\x8b\x08\0\0", "damaged_archive"),
        ("a.zip", b"PK\x03\x04 no zip", "damaged_archive"),
        ("a.xls", b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", "damaged_file"),
        ("a.json", b"[1, {", "broken_json"),
        ("a.csv", &letter, "no_table"),
        ("a.csv", b"%PDF-1.7\na,b\n1,2\n", "no_table"),
    ];
    for (name, bytes, code) in cases {
        let outcome = traffic(name).read(bytes);
        assert!(
            outcome.codes().iter().any(|(found, _)| *found == code),
            "{name}: {:?}",
            outcome.codes()
        );
        assert_eq!(outcome.given(), 0, "{name}");
    }
}

#[test]
fn no_dataset_is_said() {
    let outcome = Given::new("table", "a.csv").read(b"a,b\n1,2\n");
    assert_eq!(outcome.codes(), [("no_dataset", 0)]);
    let outcome = Given::new("table", "a.csv")
        .mapping("dataset = \"air_reading\"")
        .read(b"a,b\n1,2\n");
    assert!(outcome.problems[0].1.message.contains("air_readings"));
}

#[test]
fn a_mapping_that_does_not_fit_rejects_every_row_once() {
    let bytes = readings("d,speed,2026-03-05T10:00,1\nd,speed,2026-03-05T10:05,2\n");
    let cases = [
        (
            "[columns]\nvalue = { from = \"valeu\" }",
            "missing_column",
            "did you mean `value`",
        ),
        (
            "[columns]\nvalu = { from = \"value\" }",
            "bad_mapping",
            "did you mean `value`",
        ),
        ("[columns]\nt = { join = \"{day}-{t\" }", "missing_column", "day"),
        ("zone = \"Mars/City\"", "bad_mapping", "Mars/City"),
        (
            "[columns]\nperiod_s = { from = \"t\", unit = \"km\" }",
            "wrong_unit",
            "time",
        ),
        ("decimal = \"·\"", "bad_mapping", "ASCII"),
        (
            "[unpivot]\nname_to = \"quantity\"\nvalue_to = \"val\"",
            "bad_mapping",
            "val",
        ),
    ];
    for (mapping, code, said) in cases {
        let outcome = traffic("a.csv").mapping(mapping).read(&bytes);
        assert_eq!(outcome.given(), 0, "{mapping}");
        assert_eq!(outcome.received(), 2, "{mapping}: {:?}", outcome.codes());
        assert_eq!(outcome.codes()[0].0, code, "{mapping}");
        assert!(
            outcome.problems[0].1.message.contains(said),
            "{}",
            outcome.problems[0].1.message
        );
    }
}

#[test]
fn an_unpivoted_quantity_that_does_not_exist_is_said_and_cells_are_counted() {
    let mapping = "[columns]\nstation_id = { value = \"a\" }\n[unpivot]\nname_to = \"quantity\"\nvalue_to = \"value\"\n[unpivot.columns]\na = \"pm25\"\nb = \"pm2\"\n";
    let outcome = Given::new("table", "a.csv")
        .dataset("air_readings")
        .mapping(mapping)
        .read(b"t,a,b\n2026-01-01,1,2\n2026-01-02,,2\n");
    assert_eq!(outcome.codes()[0], ("unknown_quantity", 3));
    assert!(outcome.problems[0].1.message.contains("did you mean `pm25`"));
}

#[test]
fn unpivoted_all_others_also_from_arrays() {
    let mapping = "[columns]\nt = { from = \"time\" }\nquantity = { value = \"speed\" }\n[unpivot]\nname_to = \"detector_id\"\nvalue_to = \"value\"\nunit = \"mph\"\n";
    let outcome = traffic("a.csv")
        .mapping(mapping)
        .read(b"time,1,2\n2026-01-01T00:00,10,\n2026-01-01T00:05,11,200\n");
    assert_eq!((outcome.given(), outcome.rejected), (2, 1));
    assert!(
        outcome
            .text()
            .contains("1 | speed | 2025-12-31T19:00:00Z | 16.09344\n"),
        "{}",
        outcome.text()
    );
}

#[test]
fn personal_fields_are_never_kept() {
    let spec = r#"
name = "safety_stops"
subject = "safety"
kind = "event"
version = 1
title = { kk = "а", ru = "б", en = "c" }
zone = "city"
key = ["id"]
[[columns]]
name = "id"
type = "int"
required = true
title = { kk = "а", ru = "б", en = "c" }
[[columns]]
name = "plate"
type = "text"
sensitivity = "personal"
values = ["A", "B"]
title = { kk = "а", ru = "б", en = "c" }
"#;
    let lines = "id,plate,x\none,SECRET1,2\n1,SECRET2\n2,SECRET3,4\n3,A,4\n";
    let table = Given {
        extra: Some(spec),
        ..Given::new("table", "a.csv")
    }
    .dataset("safety_stops");
    let outcome = table.read(lines);
    assert_eq!((outcome.given(), outcome.rejected), (1, 3), "{}", outcome.text());
    assert!(!outcome.text().contains("SECRET"), "{}", outcome.text());
    assert!(outcome.text().contains("[personal],[personal],2"));
    // A cell that slipped, and one under a header that nothing reads.
    let slipped = table.read("id,plate,plaet,x\nSECRET1,A,SECRET2,3\n87771234567x,A,4,5\n");
    assert!(
        slipped.rejected == 2 && !slipped.text().contains("SECRET"),
        "{}",
        slipped.text()
    );
    assert!(!slipped.text().contains("8777"), "{}", slipped.text());
    let json = "{\"id\": \"x\", \"plaet\": [\"SECRET1\", 87771234567], \"plate\": \"SECRET1\"}\n{\"id\": 1, \"plate\": \"SECRET\n{\"id\": 4, \"plate\": \"B\"}\n";
    let table = Given {
        extra: Some(spec),
        ..Given::new("table", "a.jsonl")
    }
    .dataset("safety_stops");
    let outcome = table.read(json);
    assert!(!outcome.text().contains("8777"), "{}", outcome.text());
    assert_eq!((outcome.given(), outcome.rejected), (1, 2));
    assert!(!outcome.text().contains("SECRET"), "{}", outcome.text());
}

#[test]
fn archives_are_opened_and_folders_are_feeds() {
    let good = readings("d,speed,2026-03-05T10:00,1\n");
    let inner = zip(&[("x.csv", good.as_slice())]);
    let packed = gzip(&good);
    let bytes = zip(&[
        ("a.csv", good.as_slice()),
        ("north/b.csv", good.as_slice()),
        ("north/c.csv.gz", packed.as_slice()),
        ("south.zip", inner.as_slice()),
        ("__MACOSX/b.csv", b"junk".as_slice()),
    ]);
    let outcome = traffic("a.zip").read(bytes);
    let rows: Vec<(String, u64)> = outcome
        .rows()
        .into_iter()
        .map(|((feed, _), rows)| (feed, rows))
        .collect();
    assert_eq!(
        rows,
        [("feed".into(), 1), ("north".into(), 2), ("south".into(), 1)],
        "{}",
        outcome.text()
    );
    // One folder is no feed of its own.
    let outcome = traffic("a.zip").read(zip(&[("only/b.csv", good.as_slice())]));
    assert_eq!(outcome.rows().into_keys().next().unwrap().0, "feed");
    let outcome = traffic("a.csv.gz").read(gzip(&gzip(&good)));
    assert_eq!(outcome.given(), 1);
}

#[test]
fn snapshot_sets_are_published_when_they_are_whole() {
    let good = b"station_id,lon,lat\na,76.9,43.2\nb,76.9,143\n".as_slice();
    let stations = |name, bytes: &[u8]| Given::new("table", name).dataset("air_stations").read(bytes);
    let feeds = |outcome: &crate::tests::Outcome| -> Vec<String> {
        outcome
            .published
            .iter()
            .map(|(feed, datasets)| format!("{feed} {}", datasets[0]))
            .collect()
    };
    assert_eq!(feeds(&stations("a.csv", good)), ["feed air_stations"]);
    let bytes = zip(&[("north/a.csv", good), ("south/a.csv", b""), ("east/a.csv", good)]);
    assert_eq!(
        feeds(&stations("a.zip", &bytes)),
        ["north air_stations", "east air_stations"]
    );
    // No rows, or not to their end: the set before stays.
    for bytes in [
        b"station_id,lon,lat\n".as_slice(),
        b"station_id\na\n",
        &gzip(good)[..40],
    ] {
        let outcome = stations("a.csv", bytes);
        assert!(outcome.published.is_empty() && outcome.text().contains("set_not_published"));
    }
    // Events become visible row by row.
    assert!(
        traffic("a.csv")
            .read(readings("d,speed,2026-03-05T10:00,1\n"))
            .published
            .is_empty()
    );
}

#[test]
fn bombs_are_refused() {
    // In records that may be that long.
    let mut record = vec![b'0'; 1 << 20];
    record.push(b'\n');
    let zeros = record.repeat(100);
    let bomb = gzip(&zeros);
    let outcome = traffic("a.csv.gz").read(&bomb);
    assert!(
        outcome.codes().iter().any(|(code, _)| *code == "too_large"),
        "{:?}",
        outcome.codes()
    );
    let outcome = traffic("a.zip").read(zip(&[("a.csv", zeros.as_slice())]));
    assert!(
        outcome.codes().iter().any(|(code, _)| *code == "too_large"),
        "{:?}",
        outcome.codes()
    );
    // Bombs in bombs, and a small limit.
    let nested = zip(&[(
        "a.zip",
        &zip(&[("b.zip", &zip(&[("c.zip", &zip(&[("d.csv", b"x")]))]))]),
    )]);
    let outcome = traffic("a.zip").read(nested);
    assert_eq!(outcome.codes(), [("too_large", 0)]);
    let small = Given {
        max_unpacked: 10,
        ..traffic("a.csv.gz")
    };
    let outcome = small.read(gzip(&readings("d,speed,2026-03-05T10:00,1\n")));
    assert_eq!(outcome.codes(), [("too_large", 0)]);
}

#[test]
fn a_record_without_an_end_stops_at_a_limit_and_keeps_the_rows_before_it() {
    let good = "d,speed,2026-03-05T10:00,1\n";
    for (begin, name) in [("d,", "a long cell"), ("\"", "a quote that is never closed")] {
        let mut bytes = readings(good);
        bytes.extend_from_slice(begin.as_bytes());
        // Short lines inside the quote, one long line without it.
        let filler = if begin == "\"" { "x,\n" } else { "xxx" };
        bytes.extend_from_slice(filler.repeat(2 << 20).as_bytes());
        bytes.extend_from_slice(format!("\n{good}").as_bytes());
        let outcome = traffic("a.csv").read(bytes);
        assert_eq!(outcome.codes(), [("record_too_long", 0)], "{name}");
        assert_eq!(outcome.given(), 1, "{name}");
    }
}

#[test]
fn a_million_bad_rows_are_told_one_by_one() {
    let mut bytes = readings("");
    for _ in 0..200_000 {
        bytes.extend_from_slice(b"d,speed,2026-03-05T10:00,x\n");
    }
    let outcome = traffic("a.csv").read(bytes);
    assert_eq!((outcome.problem_count, outcome.rejected), (200_000, 200_000));
}

#[test]
fn lines_are_numbered_whatever_ends_them() {
    for end in ["\n", "\r\n"] {
        let text = [
            "detector_id,quantity,t,value",
            "d,speed,2026-03-05T10:00,1",
            "d,speed,x,1",
            "",
            "",
            "d,speed,y,1",
        ];
        let mut bytes = text.join(end);
        bytes = format!("{bytes}{end}\"d{end}e\",speed,2026-03-05T10:00,z{end}d,speed,w,1");
        let outcome = traffic("a.csv").read(bytes);
        let lines: Vec<u64> = outcome
            .problems
            .iter()
            .filter_map(|(_, problem)| problem.position.line)
            .collect();
        assert_eq!(lines, [3, 6, 7, 9], "{end:?}");
    }
}

fn batch() -> RecordBatch {
    let columns: Vec<(&str, ArrayRef)> = vec![
        (
            "detector_id",
            Arc::new(StringArray::from(vec![Some("d"), None, Some("e"), Some("e")])),
        ),
        (
            "quantity",
            Arc::new(StringArray::from(vec!["speed", "speed", "flow", "flow"])),
        ),
        (
            "t",
            Arc::new(TimestampMicrosecondArray::from(vec![1_772_701_620_000_000; 4])),
        ),
        (
            "value",
            Arc::new(Float64Array::from(vec![
                Some(50.0),
                Some(1.0),
                Some(f64::NAN),
                Some(3.0),
            ])),
        ),
        (
            "period_s",
            Arc::new(Int64Array::from(vec![Some(60), None, None, None])),
        ),
    ];
    RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(n, c)| (n, c, true))).unwrap()
}

pub(super) fn parquet_bytes() -> Vec<u8> {
    let mut bytes = Vec::new();
    let batch = batch();
    let mut writer = parquet::arrow::ArrowWriter::try_new(&mut bytes, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    bytes
}

fn arrow_bytes(is_stream: bool) -> Vec<u8> {
    let mut bytes = Vec::new();
    let batch = batch();
    if is_stream {
        let mut writer = arrow::ipc::writer::StreamWriter::try_new(&mut bytes, &batch.schema()).unwrap();
        writer.write(&batch).unwrap();
        writer.finish().unwrap();
    } else {
        let mut writer = arrow::ipc::writer::FileWriter::try_new(&mut bytes, &batch.schema()).unwrap();
        writer.write(&batch).unwrap();
        writer.finish().unwrap();
    }
    bytes
}

#[test]
fn columnar_files() {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/table/samples/columnar.golden");
    let text = traffic("a.parquet").read(parquet_bytes()).text();
    crate::tests::golden(&samples, &text);
    for is_stream in [false, true] {
        assert_eq!(
            traffic("a").read(arrow_bytes(is_stream)).text(),
            text,
            "{is_stream}"
        );
    }
}

#[test]
fn absurd_dates_in_columns_are_rejected() {
    use arrow::array::{Date32Array, Decimal128Array, TimestampSecondArray};
    let days: ArrayRef = Arc::new(Date32Array::from(vec![i32::MAX, i32::MIN, 20_000]));
    let seconds: ArrayRef = Arc::new(TimestampSecondArray::from(vec![
        9_000_000_000_000,
        -9_000_000_000_000,
        0,
    ]));
    let value = Decimal128Array::from(vec![5_i128; 3])
        .with_precision_and_scale(10, -1)
        .unwrap();
    let value: ArrayRef = Arc::new(value);
    let word = |text: &str| -> ArrayRef { Arc::new(StringArray::from(vec![text; 3])) };
    for times in [days, seconds] {
        let columns = [
            ("detector_id", word("d")),
            ("quantity", word("speed")),
            ("t", times),
            ("value", Arc::clone(&value)),
        ];
        let batch = RecordBatch::try_from_iter(columns).unwrap();
        let mut bytes = Vec::new();
        let mut writer = arrow::ipc::writer::StreamWriter::try_new(&mut bytes, &batch.schema()).unwrap();
        writer.write(&batch).unwrap();
        writer.finish().unwrap();
        let outcome = traffic("a").read(&bytes);
        assert_eq!(outcome.codes(), [("absurd_time", 1), ("absurd_time", 1)]);
        assert!(outcome.text().contains("| 50.0"), "{}", outcome.text());
    }
}

/// Rows of a CSV as the reader sees them, counted by the csv crate alone.
fn records(bytes: &[u8]) -> u64 {
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(bytes);
    reader.byte_records().flatten().count() as u64
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..600), name in "a\\.(csv|json|jsonl|parquet|arrow|bin)") {
        traffic(&name).read(&bytes);
        Given::new("table", &name).dataset("air_readings").mapping("encoding = \"windows-1251\"\nheader = false").read(&bytes);
    }

    #[test]
    fn any_csv_is_accounted_for(lines in proptest::collection::vec("[a-z0-9:.T\",;-]{0,40}", 0..12)) {
        let bytes = readings(&lines.join("\n"));
        let outcome = traffic("a.csv").read(&bytes);
        prop_assert_eq!(outcome.received(), records(&bytes));
    }

    /// Many small blocks on several threads give what one thread gives: the same rows, the same problems at the same
    /// lines, in the same order. A quote in the header sends the whole file to one thread.
    #[test]
    fn blocks_side_by_side_change_nothing(
        lines in prop::collection::vec((0_u8..12, 0_u32..50, 0_u32..3), 0..200),
        size in 20_usize..400,
        crlf: bool,
        quotes: bool,
    ) {
        let end = if crlf { "\r\n" } else { "\n" };
        let mut body = String::new();
        for (what, number, blank) in lines {
            body.push_str(&end.repeat(usize::from(blank == 0)));
            let line = match what {
                0 => "d,speed".to_owned(),
                1 => format!("d{number},speed,2026-03-05T10:00,fast"),
                2 if quotes => format!("\"d{number}{end}x\",speed,2026-03-05T10:00,1"),
                3 if quotes => format!("d\"{number},speed,2026-03-05T10:00,1"),
                4 => format!("d{number},speed,2026-03-05T10:00,1,,,"),
                _ => format!("d{number},speed,2026-03-05T10:{number:02},{number}.5"),
            };
            body.push_str(&line);
            body.push_str(end);
        }
        let read = |header: &str| {
            let outcome = traffic("a.csv").read(format!("{header},t,value{end}{body}").as_bytes());
            let mut rows = String::new();
            for line in outcome.text().lines().filter(|l| !l.starts_with("== ") && !l.starts_with("detector_id |")) {
                rows.push_str(line);
                rows.push('\n');
            }
            (outcome.given(), outcome.rejected, rows)
        };
        super::blocks::BLOCK.set(size);
        let several = read("detector_id,quantity");
        let one = read("\"detector_id\",quantity");
        super::blocks::BLOCK.set(1 << 20);
        prop_assert_eq!(several, one);
    }

    #[test]
    fn damaged_samples(at in 0_usize..4000, byte: u8, cut in 0_usize..4000) {
        for good in [parquet_bytes(), arrow_bytes(true), arrow_bytes(false)] {
            let mut bytes = good.clone();
            let at = at % bytes.len();
            bytes[at] = byte;
            traffic("a").read(&bytes);
            bytes.truncate(cut % good.len());
            let outcome = traffic("a").read(&bytes);
            prop_assert!(outcome.problem_count > 0);
        }
    }
}

/// `cargo test -p qala-feeds --lib -- --ignored --nocapture csv_speed`, with CARGO_PROFILE_DEV_OPT_LEVEL=3 for the
/// figure of an optimised build.
#[test]
#[ignore = "a measurement"]
fn csv_speed() {
    let mut bytes = readings("");
    let rows = 2_000_000_u64;
    for row in 0..rows {
        let (hour, minute, tenths) = (row / 3600 % 24, row / 60 % 60, row % 997);
        let line = format!(
            "d{},speed,2026-03-05T{hour:02}:{minute:02}:00,{}.{}\n",
            row % 500,
            tenths / 10,
            tenths % 10
        );
        bytes.extend_from_slice(line.as_bytes());
    }
    let start = std::time::Instant::now();
    let outcome = traffic("a.csv").read(&bytes);
    let seconds = start.elapsed().as_secs_f64();
    assert_eq!(outcome.given(), rows);
    println!(
        "proof: CSV of {rows} rows and 4 columns: {:.2} million rows/s, {:.0} MB/s on one core",
        rows as f64 / seconds / 1e6,
        bytes.len() as f64 / seconds / 1e6
    );
}
