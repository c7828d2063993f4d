use qala_feeds::sensorthings::{Entity, filter};

use super::{condition, order};

fn sql(filter: &str) -> String {
    let filter = filter::parse(filter, Entity::Observation).unwrap_or_else(|e| panic!("{filter}: {e}"));
    condition(&filter, 0).unwrap_or_else(|e| e.to_string())
}

#[test]
fn conditions() {
    for (filter, expected) in [
        ("result gt 3", "(result_number > CAST(3.0 AS DOUBLE))"),
        ("result gt '3'", "(result_text > '3')"),
        (
            "result eq 'o''clock' or id eq 7",
            "((result_text = 'o''clock') OR (observation_id = 7))",
        ),
        ("resultTime eq null", "(result_time IS NULL)"),
        (
            "phenomenonTime ge 2026-03-01T00:00:00Z",
            "(phenomenon_time >= arrow_cast('2026-03-01T00:00:00Z', 'Timestamp(Microsecond, Some(\"UTC\"))'))",
        ),
        (
            "not (result add 1 mul 2 le 7.5)",
            "(NOT ((result_number + (CAST(1.0 AS DOUBLE) * CAST(2.0 AS DOUBLE))) <= CAST(7.5 AS DOUBLE)))",
        ),
        (
            "result eq true",
            "((CASE WHEN result_kind = 'bool' THEN result_text = 'true' END) = true)",
        ),
        ("substringof('x', result)", "(strpos(result_text, 'x') > 0)"),
        (
            "parameters/depth gt 3",
            "observations cannot be chosen by `parameters` or by keys of it",
        ),
    ] {
        assert_eq!(sql(filter), expected, "{filter}");
    }
}

#[test]
fn nothing_of_a_client_gets_out_of_its_quotes() {
    let filter = "result eq '''; DROP TABLE x; --'";
    assert_eq!(sql(filter), "(result_text = '''; DROP TABLE x; --')");
}

#[test]
fn orders_end_with_the_id() {
    let path = |text: &str| filter::parse_path(text, Entity::Observation).unwrap();
    assert_eq!(order(&[]).unwrap(), "observation_id");
    assert_eq!(
        order(&[(path("phenomenonTime"), true)]).unwrap(),
        "phenomenon_time DESC NULLS LAST, phenomenon_end DESC NULLS LAST, observation_id"
    );
    assert!(order(&[(path("Datastream/name"), false)]).is_err());
}
