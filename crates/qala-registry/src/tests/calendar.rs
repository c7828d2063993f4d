use qala_core::{Text, parse_date};

use super::{SECOND, empty};
use crate::calendar::{first_day, year_of};
use crate::{CalendarDay, DayKind, RegistryError};

fn day(number: i32, kind: DayKind, known_from: i64) -> CalendarDay {
    CalendarDay {
        calendar: "cal".into(),
        day: number,
        kind,
        title: Text::default(),
        act: "Act 1".into(),
        revision: 1,
        valid_from: known_from,
        valid_to: None,
    }
}

#[test]
fn years_begin_on_their_first_day() {
    for (year, first) in [
        (1900, "1900-01-01"),
        (1969, "1969-01-01"),
        (1970, "1970-01-01"),
        (2000, "2000-01-01"),
        (2024, "2024-01-01"),
        (2025, "2025-01-01"),
        (2100, "2100-01-01"),
    ] {
        let first = parse_date(first).unwrap();
        assert_eq!(first_day(year), i64::from(first), "{year}");
        assert_eq!(year_of(first), year);
        assert_eq!(year_of(first - 1), year - 1);
    }
}

#[tokio::test]
async fn a_calendar_is_as_it_was_known() {
    let registry = empty().await;
    for (number, kind) in [
        (1, DayKind::Working),
        (2, DayKind::WeekendOff),
        (3, DayKind::MovedOff),
        (4, DayKind::MovedWorking),
    ] {
        registry
            .put_calendar_day(&day(number, kind, 100), SECOND)
            .await
            .unwrap();
    }
    let revised = CalendarDay {
        revision: 2,
        ..day(3, DayKind::Working, 200)
    };
    registry.put_calendar_day(&revised, SECOND).await.unwrap();
    let before = registry.calendar("cal", Some(199)).await.unwrap();
    let after = registry.calendar("cal", Some(200)).await.unwrap();
    assert_eq!(before.working_days_after(1, 1).unwrap(), 4);
    assert_eq!(after.working_days_after(1, 1).unwrap(), 3);
    assert_eq!(registry.working_days_after("cal", 1, 1).await.unwrap(), 3);
    assert_eq!(registry.working_days_after("cal", 1, 0).await.unwrap(), 1);
    assert!(!registry.is_working("cal", 2).await.unwrap());
    assert!(registry.is_working("cal", 4).await.unwrap());
    assert_eq!(registry.calendar_days("cal").await.unwrap().len(), 5);
    assert!(
        registry
            .calendar("cal", Some(99))
            .await
            .unwrap()
            .kind(1)
            .is_none()
    );
}

#[tokio::test]
async fn what_the_calendar_does_not_reach_is_refused() {
    let registry = empty().await;
    registry
        .put_calendar_day(&day(364, DayKind::Working, 100), SECOND)
        .await
        .unwrap();
    let refused = registry.working_days_after("cal", 363, 2).await.unwrap_err();
    assert!(
        matches!(&refused, RegistryError::CalendarUnknown { year: 1971, .. }),
        "{refused}"
    );
    let refused = registry.is_working("other", 364).await.unwrap_err();
    assert!(
        refused
            .to_string()
            .contains("the calendar `other` has no year 1970"),
        "{refused}"
    );
    let nameless = CalendarDay {
        act: " ".into(),
        ..day(1, DayKind::Working, 100)
    };
    assert!(matches!(
        registry.put_calendar_day(&nameless, SECOND).await,
        Err(RegistryError::Empty { .. })
    ));
}
