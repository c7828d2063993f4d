use super::*;
use crate::Zone;

const RULE: &str = include_str!("../schema/alarm.toml");
const THRESHOLD: &str = "when = { type = \"threshold\", indicator = \"air.pm25_mean\", grain = \"hour\", border = { side = \"above\", raise = 75.0, clear = 55.0 }, periods = 2 }";

fn with_when(when: &str) -> Result<AlarmSpec, SpecError> {
    let text: Vec<&str> = RULE
        .lines()
        .map(|line| if line.starts_with("when = ") { when } else { line })
        .collect();
    let text = text.join("\n").replace("group = \"cause\"", "group = \"place\"");
    AlarmSpec::from_toml("sample", &text)
}

#[test]
fn a_value_that_wavers_about_the_border_raises_one_alarm() {
    let border = Border {
        side: BorderSide::Above,
        raise: 75.0,
        clear: Some(55.0),
    };
    let values = [70.0, 76.0, 74.0, 77.0, 60.0, 56.0, 54.0, 74.0, 76.0];
    let (mut stands, mut raised) = (false, 0);
    for end in 1..=values.len() {
        let seen: Vec<Option<f64>> = values[..end].iter().copied().map(Some).collect();
        let now = border.judge(&seen, 1, stands).unwrap();
        raised += i32::from(now && !stands);
        stands = now;
    }
    assert_eq!(raised, 2, "76, and after 54 again 76");
    assert!(stands);
}

#[test]
fn several_periods_in_a_row_are_needed_and_a_missing_one_says_nothing() {
    let border = Border {
        side: BorderSide::Below,
        raise: 0.8,
        clear: None,
    };
    assert_eq!(border.judge(&[Some(0.7)], 2, false), None, "one is not two");
    assert_eq!(border.judge(&[Some(0.7), Some(0.9)], 2, false), Some(false));
    assert_eq!(border.judge(&[Some(0.7), Some(0.7)], 2, false), Some(true));
    assert_eq!(border.judge(&[Some(0.7), None], 2, false), None);
    assert_eq!(border.judge(&[None, Some(0.7)], 2, false), None);
    assert_eq!(
        border.judge(&[Some(0.9)], 2, true),
        Some(false),
        "one good value ends it"
    );
}

#[test]
fn hours_reach_over_midnight_and_leave_days_off_alone() {
    let zone = Zone::new("Asia/Almaty").unwrap();
    let at = |text: &str| crate::parse_instant(text, None).unwrap();
    let hours: Hours = toml::from_str("from = \"22:00\"\nto = \"05:30\"\ndays = \"working\"").unwrap();
    let off = |day: i32| (day + 3).rem_euclid(7) >= 5;
    for (text, expected) in [
        ("2026-03-02T22:00:00+05:00", true),
        ("2026-03-03T05:29:59+05:00", true),
        ("2026-03-03T05:30:00+05:00", false),
        // The night after Friday begins on a working day, that after Saturday does not.
        ("2026-03-07T01:00:00+05:00", true),
        ("2026-03-08T01:00:00+05:00", false),
    ] {
        assert_eq!(is_in_hours(&hours, at(text), &zone, off), expected, "{text}");
    }
}

#[test]
fn a_rule_that_cannot_be_meant_is_refused() {
    assert!(with_when(THRESHOLD).is_ok(), "{:?}", with_when(THRESHOLD));
    for (when, words) in [
        (THRESHOLD.replace("raise = 75.0", "rise = 75.0"), "did you mean `raise`"),
        (THRESHOLD.replace("threshold", "treshold"), "did you mean `threshold`"),
        (THRESHOLD.replace("clear = 55.0", "clear = 80.0"), "good side"),
        (THRESHOLD.replace("\"above\"", "\"both\""), "one side"),
        (THRESHOLD.replace("periods = 2", "periods = 0"), "1 to 100"),
        (THRESHOLD.replace("periods = 2", "period = 2"), "did you mean `periods`"),
        (
            "when = { type = \"event\", dataset = \"a_b\", sql = \"SELECT 1\" }".to_owned(),
            "does not use :after",
        ),
        (
            "when = { type = \"places\", indicator = \"a.b\", grain = \"hour\", border = { side = \"above\", raise = 1.0 }, at_least = 1 }"
                .to_owned(),
            "2 or more",
        ),
    ] {
        let error = with_when(&when).unwrap_err().to_string();
        assert!(error.contains(words), "{when}: {error}");
    }
    for (old, new, words) in [
        (
            "severity = \"major\"",
            "severity = \"mayor\"",
            "did you mean `major`",
        ),
        ("public = true", "publik = true", "did you mean `public`"),
        (
            "part_of = \"sample.all\"",
            "part_of = \"sample.rule\"",
            "not part of itself",
        ),
        ("after_min = 30", "after_min = 5", "in the order"),
    ] {
        let error = AlarmSpec::from_toml("sample", &RULE.replace(old, new))
            .unwrap_err()
            .to_string();
        assert!(error.contains(words), "{new}: {error}");
    }
}

#[test]
fn the_query_of_events_gets_its_stretch_of_the_log() {
    let spec = AlarmSpec::from_toml("sample", RULE).unwrap();
    assert_eq!(
        spec.query(5, 9).unwrap(),
        "SELECT key, t FROM sample_rows WHERE _seq > 5 AND _seq <= 9"
    );
    assert_eq!(with_when(THRESHOLD).unwrap().query(5, 9), None);
}

const NOTICE: &str = include_str!("../schema/notice.toml");

#[test]
fn who_is_told_depends_on_function_severity_and_step() {
    let spec = NoticeSpec::from_toml("alarms.toml", NOTICE).unwrap();
    let told = |function: &str, severity, step| -> Vec<String> {
        let function = FunctionId::new(function).unwrap();
        spec.told(&function, severity, step)
            .map(|c| c.id.clone())
            .collect()
    };
    assert_eq!(told("roads", AlarmSeverity::Major, 0), ["desk"]);
    assert_eq!(told("roads", AlarmSeverity::Major, 1), ["desk", "head"]);
    assert_eq!(told("schools", AlarmSeverity::Critical, 1), ["head"]);
    assert_eq!(told("roads", AlarmSeverity::Info, 1), [""; 0]);
    for (old, new, words) in [
        (
            "mail = \"desk@example.org\"",
            "mial = \"desk@example.org\"",
            "did you mean `mail`",
        ),
        ("id = \"head\"", "id = \"desk\"", "two contacts"),
        ("by = \"mail\"", "by = \"mial\"", "did you mean `mail`"),
        ("by = \"mail\"", "by = \"hook\"", "is no mail"),
        (
            "token = \"env:BOT\"",
            "token = \"12:secret\"",
            "does not stand in a pack",
        ),
    ] {
        let error = NoticeSpec::from_toml("alarms.toml", &NOTICE.replace(old, new))
            .unwrap_err()
            .to_string();
        assert!(error.contains(words), "{new}: {error}");
        assert!(!error.contains("12:secret"), "{error}");
    }
}
