//! Tests of tables, settings and moments.

use super::*;

const SPEC: &str = r#"
id = "sample.sum"
version = 1
title = { kk = "қосынды", ru = "сумма", en = "sum" }

[[inputs]]
name = "rows"
columns = ["id", "value"]
optional = ["t"]

[[settings]]
name = "times"
kind = "int"
default = "1"
min = 1
title = { kk = "неше рет", ru = "сколько раз", en = "how many times" }

[[outputs]]
name = "sums"
columns = [{ name = "id" }, { name = "sum" }]
"#;

static SUM: Model = Model {
    spec: SPEC,
    card: Card {
        id: "sample.sum",
        purpose: "",
        method: "",
        assumptions: &[],
        limits: &[],
    },
    run: |run| {
        let rows = run.table("rows")?;
        let times = run.settings().int("times").unwrap_or(1) as f64;
        let values = rows.floats("value")?;
        Ok(vec![
            Table::new("sums")
                .texts_of("id", rows.ids("id")?)
                .floats_of("sum", values.into_iter().map(|value| value * times)),
        ])
    },
};

fn run(csv: &str, settings: &[(&str, &str)]) -> Result<String, String> {
    let table = Table::from_csv("rows", csv.as_bytes()).map_err(|refusal| refusal.to_string())?;
    let input = Input {
        name: "rows".to_owned(),
        content: Content::Table(table),
    };
    let settings: Vec<(String, String)> = settings
        .iter()
        .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()))
        .collect();
    SUM.run(vec![input], &settings, 0)
        .map(|tables| tables[0].to_csv())
        .map_err(|refusal| refusal.to_string())
}

#[test]
fn a_run_takes_a_table_and_settings_and_gives_a_table() {
    assert_eq!(
        run("id,value\na,1.5\n\"b, c\",2\n", &[("times", "2")]),
        Ok("id,sum\na,3\n\"b, c\",4\n".to_owned())
    );
}

#[test]
fn what_cannot_be_used_is_named() {
    type Case<'a> = (&'a str, &'a [(&'a str, &'a str)], &'a str);
    let cases: &[Case] = &[
        (
            "id\na\n",
            &[],
            "input `rows`: the column `value` is missing; a table with id, value and, if known, t",
        ),
        (
            "id,valu\na,1\n",
            &[],
            "input `rows`: unknown column `valu`; did you mean `value`? (known: id, value, t)",
        ),
        (
            "id,value\na,x\n",
            &[],
            "input `rows`, row 1, column `value`: `x` is not a number",
        ),
        (
            "id,value\na,inf\n",
            &[],
            "input `rows`, row 1, column `value`: `inf` is not a number",
        ),
        (
            "id,value\na,1\nb,\n",
            &[],
            "input `rows`, row 2, column `value`: `` is empty",
        ),
        (
            "id,value\n",
            &[("time", "2")],
            "unknown setting `time`; did you mean `times`? (known: times)",
        ),
        ("id,value\n", &[("times", "0")], "setting `times`: `0` is below 1"),
        (
            "id,value\n",
            &[("times", "two")],
            "setting `times`: `two` is not a whole number",
        ),
        (
            "id,value,id\n",
            &[],
            "input `rows`: the column `id` is there twice",
        ),
    ];
    for (csv, settings, message) in cases {
        assert_eq!(run(csv, settings), Err((*message).to_owned()), "{csv}");
    }
    assert_eq!(
        SUM.run(Vec::new(), &[], 0).map_err(|refusal| refusal.to_string()),
        Err("the input `rows` is missing: a table with id, value and, if known, t".to_owned())
    );
}

#[test]
fn moments_keep_the_offset_they_were_written_with() {
    let moment = Moment::parse("2024-03-01T00:30:00.5+05:00").expect("a moment");
    assert_eq!(moment.micros, 1_709_235_000_500_000);
    assert_eq!((moment.local_hour(), moment.local_day()), (0, 19_783));
    assert_eq!(
        Moment::parse("2024-02-29 19:30Z").map(|m| m.micros),
        Some(1_709_235_000_000_000)
    );
    for wrong in [
        "2024-03-01",
        "2024-02-30T00:00:00Z",
        "2024-03-01T24:00:00Z",
        "2024-03-01T00:00:00",
        "x",
        "2024-03-01T1:00Z",
    ] {
        assert_eq!(Moment::parse(wrong), None, "{wrong}");
    }
}

#[test]
fn numbers_are_written_so_that_they_read_back_the_same() {
    let numbers = [0.1, 1.0 / 3.0, 1e-300, 1.5e20, -0.0, 123_456_789.0, 4.9e-5];
    let table = Table::new("t").floats_of("x", numbers.iter().copied().chain([f64::NAN]).collect::<Vec<_>>());
    let csv = table.to_csv();
    let back: Vec<Option<f64>> = csv.lines().skip(1).map(|line| line.parse().ok()).collect();
    assert_eq!(back[..7], numbers.map(Some)[..], "{csv}");
    assert_eq!(back.get(7), Some(&None));
}
