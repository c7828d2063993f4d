//! Reading only the rejected records, as they stand or mended.

use qala_core::Position;

use crate::Selection;
use crate::tests::Given;

fn line(number: u64, field: Option<&str>) -> Position {
    Position {
        line: Some(number),
        field: field.map(str::to_owned),
        ..Position::default()
    }
}

fn record(number: u64) -> Position {
    Position {
        record: Some(number),
        ..Position::default()
    }
}

fn mended(position: &Position, text: &str) -> Selection {
    let mut selection = Selection::default();
    assert!(selection.mend(position, text));
    selection
}

#[test]
fn a_mended_line_is_read_in_its_place_and_nothing_else() {
    let lines = "detector_id,quantity,t,value\nd1,speed,2026-03-02T00:00,1\nd2,speed,2026-03-02T00:00,x\nd3,speed,2026-03-02T00:00\n";
    let given = |selection| {
        Given::new("table", "a.csv")
            .dataset("traffic_readings")
            .selection(selection)
            .read(lines)
    };
    let outcome = given(mended(&line(3, None), "d2,speed,2026-03-02T00:00,\"7\""));
    assert_eq!((outcome.given(), outcome.rejected), (1, 0), "{}", outcome.text());
    assert!(
        outcome.text().contains("d2 | speed | 2026-03-01T19:00:00Z | 7.0"),
        "{}",
        outcome.text()
    );
    // A line that was no record at all.
    let outcome = given(mended(&line(4, None), "d3,speed,2026-03-02T00:00,8"));
    assert_eq!((outcome.given(), outcome.rejected), (1, 0), "{}", outcome.text());
    // Still wrong: the same place is told again.
    let outcome = given(mended(&line(3, None), "d2,speed,2026-03-02T00:00,y"));
    assert_eq!((outcome.given(), outcome.rejected), (0, 1));
    assert_eq!(outcome.problems[0].1.position.line, Some(3));
    let mut selection = Selection::default();
    selection.add(&line(3, None));
    let outcome = given(selection.clone());
    assert_eq!((outcome.given(), outcome.rejected), (0, 1));
    selection.everything();
    assert_eq!(given(selection).received(), 3);
}

#[test]
fn of_an_unpivoted_record_only_the_rejected_cells_are_read() {
    let mapping = "[columns]\nstation_id = { value = \"a\" }\n[unpivot]\nname_to = \"quantity\"\nvalue_to = \"value\"\n[unpivot.columns]\nx = \"pm25\"\ny = \"pm10\"\n";
    let given = |selection| {
        Given::new("table", "a.csv")
            .dataset("air_readings")
            .mapping(mapping)
            .selection(selection)
            .read("t,x,y\n2026-01-01,1,-2\n")
    };
    let mut selection = Selection::default();
    selection.add(&line(2, Some("y")));
    assert_eq!((given(selection).given(), 1), (0, 1));
    let outcome = given(mended(&line(2, Some("y")), "2026-01-01,1,2"));
    assert_eq!((outcome.given(), outcome.rejected), (2, 0));
}

#[test]
fn json_lines_arrays_and_columnar_records_are_mended() {
    let good = r#"{"detector_id":"d2","quantity":"speed","t":"2026-03-02T00:00:00Z","value":7}"#;
    let bad = good.replace('7', "\"x\"");
    let first = good.replace("d2", "d1");
    let array = format!("[{first},{bad},17]");
    let given = |name: &str, bytes: &str, selection| {
        Given::new("json", name)
            .dataset("traffic_readings")
            .selection(selection)
            .read(bytes)
    };
    for number in [1, 2] {
        let outcome = given("a.json", &array, mended(&record(number), good));
        assert_eq!((outcome.given(), outcome.rejected), (1, 0), "{}", outcome.text());
    }
    let lines = format!("{first}\n{{\"detector_id\n");
    let outcome = given("a.jsonl", &lines, mended(&line(2, None), good));
    assert_eq!((outcome.given(), outcome.rejected), (1, 0), "{}", outcome.text());
    let outcome = given("a.jsonl", &lines, mended(&line(2, None), "no json"));
    assert_eq!((outcome.given(), outcome.rejected), (0, 1), "{}", outcome.text());
    let outcome = Given::new("table", "a.parquet")
        .dataset("traffic_readings")
        .selection(mended(&record(1), good))
        .read(super::tests::parquet_bytes());
    assert_eq!((outcome.given(), outcome.rejected), (1, 0), "{}", outcome.text());
}

#[test]
fn what_is_personal_comes_from_the_record_itself() {
    let title = "title = { kk = \"а\", ru = \"б\", en = \"c\" }\n";
    let spec = format!(
        "name = \"safety_stops\"\nsubject = \"safety\"\nkind = \"event\"\nversion = 1\nzone = \"city\"\nkey = [\"id\"]\n{title}\
         [[columns]]\nname = \"id\"\ntype = \"int\"\nrequired = true\n{title}\
         [[columns]]\nname = \"plate\"\ntype = \"text\"\nsensitivity = \"personal\"\n{title}"
    );
    let read = |name: &str, bytes: &str, selection| {
        Given {
            extra: Some(&spec),
            ..Given::new("table", name)
        }
        .dataset("safety_stops")
        .selection(selection)
        .read(bytes)
        .text()
    };
    let text = read(
        "a.csv",
        "id,plate\none,A123\n",
        mended(&line(2, None), "1,[personal]"),
    );
    assert!(text.contains("1 | A123"), "{text}");
    let text = read(
        "a.jsonl",
        "{\"id\":\"one\",\"plate\":\"A123\"}\n",
        mended(&line(1, None), r#"{"id":1,"plate":"[personal]"}"#),
    );
    assert!(text.contains("1 | A123"), "{text}");
}
