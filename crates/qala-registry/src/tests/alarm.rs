//! One alarm for each cause, one notice for each contact and channel, whatever happens in between.

use qala_core::spec::AlarmSeverity;

use super::{SECOND, empty, text};
use crate::{
    AlarmAct, AlarmChange, AlarmFilter, AlarmMiss, AlarmNotice, AlarmRaise, AlarmState, DeliveryEnd,
    Registry, RegistryError, WindowWanted, alarm_id, alarm_number,
};

fn raise(rule: &str, cause: &str, members: &[&str]) -> AlarmRaise {
    AlarmRaise {
        rule: rule.into(),
        rule_version: 1,
        cause: cause.into(),
        place: Some(cause.into()),
        about: None,
        title: text(rule),
        severity: AlarmSeverity::Minor,
        owner_function: "roads".into(),
        public: false,
        simulated: true,
        event_at: SECOND,
        value: Some(1.5),
        at: Some((76.9, 43.2)),
        forget_min: 10,
        members: members.iter().map(ToString::to_string).collect(),
        part_of: None,
        takes_in: Vec::new(),
        notices: ["desk", "head"]
            .iter()
            .map(|contact| AlarmNotice {
                channel: "hook".into(),
                kind: "webhook",
                contact: (*contact).into(),
            })
            .collect(),
    }
}

async fn apply(registry: &Registry, raises: Vec<AlarmRaise>, now: i64) -> crate::AlarmsApplied {
    let changes: Vec<AlarmChange> = raises
        .into_iter()
        .map(|r| AlarmChange::Raise(Box::new(r)))
        .collect();
    registry
        .apply_alarms(&changes, &[("alarms.seq", now.to_string())], now)
        .await
        .unwrap()
}

fn over(rule: &str, cause: &str, members: &[&str]) -> AlarmChange {
    AlarmChange::Over {
        rule: rule.into(),
        cause: cause.into(),
        members: members.iter().map(ToString::to_string).collect(),
    }
}

async fn all(registry: &Registry) -> Vec<crate::Alarm> {
    let filter = AlarmFilter {
        limit: 100,
        ..AlarmFilter::default()
    };
    registry.alarms(&filter).await.unwrap().0
}

#[tokio::test]
async fn one_cause_is_one_alarm_with_its_members() {
    let registry = empty().await;
    let applied = apply(
        &registry,
        vec![raise("a.b", "north", &["1", "2", "2"])],
        2 * SECOND,
    )
    .await;
    assert_eq!((applied.raised, applied.grown), (1, 0));
    let applied = apply(
        &registry,
        vec![raise("a.b", "north", &["2", "3"]), raise("a.b", "south", &["9"])],
        3 * SECOND,
    )
    .await;
    assert_eq!((applied.raised, applied.grown), (1, 1));
    // Nothing new is no news, and no fact.
    let before = registry.position().await.unwrap().last;
    let applied = apply(&registry, vec![raise("a.b", "north", &["3"])], 4 * SECOND).await;
    assert!(!applied.is_news());
    assert_eq!(registry.position().await.unwrap().last, before);
    let alarms = all(&registry).await;
    let counted: Vec<(&str, i64)> = alarms.iter().map(|a| (a.cause.as_str(), a.members)).collect();
    assert_eq!(counted, [("south", 1), ("north", 3)]);
    assert_eq!(
        registry.setting("alarms.seq").await.unwrap().as_deref(),
        Some("4000000")
    );
    let north = &alarms[1];
    assert_eq!((north.opened_at, north.event_at), (2 * SECOND, SECOND));
    assert_eq!(alarm_number(&alarm_id(north.number)), Some(north.number));
    // Every change is a row for the lake.
    let rows = registry.pending(0, 100).await.unwrap();
    let changes: Vec<(i64, i64)> = rows
        .iter()
        .filter(|r| r.dataset == "alarms_changes" && r.payload["cause"] == "north")
        .map(|r| {
            (
                r.payload["revision"].as_i64().unwrap(),
                r.payload["members"].as_i64().unwrap(),
            )
        })
        .collect();
    assert_eq!(changes, [(1, 2), (2, 3)]);
}

#[tokio::test]
async fn an_alarm_is_over_when_all_of_it_is_and_closed_when_somebody_saw_it() {
    let registry = empty().await;
    apply(&registry, vec![raise("a.b", "x", &["1", "2"])], 2 * SECOND).await;
    let end = |change, at| {
        let registry = &registry;
        async move { registry.apply_alarms(&[change], &[], at).await.unwrap().over }
    };
    assert_eq!(end(over("a.b", "x", &["1"]), 3 * SECOND).await, 0);
    assert_eq!(end(over("a.b", "x", &["2"]), 4 * SECOND).await, 1);
    assert_eq!(all(&registry).await[0].cleared_at, Some(4 * SECOND));
    // It comes back: the same alarm.
    apply(&registry, vec![raise("a.b", "x", &["2"])], 5 * SECOND).await;
    let alarm = all(&registry).await.remove(0);
    assert_eq!((alarm.cleared_at, alarm.members), (None, 2));
    let seen = registry
        .act_on_alarm(
            alarm.number,
            AlarmAct::Acknowledge,
            "ada",
            Some("on it"),
            6 * SECOND,
        )
        .await
        .unwrap();
    assert_eq!(seen.state, AlarmState::Acknowledged);
    let again = registry
        .act_on_alarm(alarm.number, AlarmAct::Acknowledge, "bob", None, 7 * SECOND)
        .await
        .unwrap();
    assert_eq!(again.acknowledged, Some((6 * SECOND, "ada".into())));
    assert_eq!(end(over("a.b", "x", &[]), 8 * SECOND).await, 1);
    let closed = registry.alarm(alarm.number).await.unwrap().unwrap();
    assert_eq!(
        (closed.state, closed.closed),
        (AlarmState::Closed, Some((8 * SECOND, "rule".into())))
    );
    assert!(all(&registry).await.is_empty());
    // Later it happens anew: another alarm. The verdict on the first may still be given.
    apply(&registry, vec![raise("a.b", "x", &["7"])], 9 * SECOND).await;
    assert_ne!(all(&registry).await[0].number, alarm.number);
    let act = AlarmAct::Close {
        verdict: Some("right"),
    };
    registry
        .act_on_alarm(alarm.number, act, "ada", None, 9 * SECOND)
        .await
        .unwrap();
    let act = AlarmAct::Close {
        verdict: Some("wrong"),
    };
    let other = all(&registry).await[0].number;
    registry
        .act_on_alarm(other, act, "ada", None, 10 * SECOND)
        .await
        .unwrap();
    let miss = AlarmMiss {
        rule: "a.b",
        at: SECOND,
        place: None,
        note: "nobody was told",
        by: "ada",
    };
    registry.note_alarm_miss(&miss, 11 * SECOND).await.unwrap();
    let counts = registry.rule_counts().await.unwrap().remove(0);
    assert_eq!(
        (counts.raised, counts.right, counts.wrong, counts.missed),
        (2, 1, 1, 1)
    );
    assert_eq!(counts.delay_s, Some(4.5), "1 s and 8 s after the event");
    assert_eq!(counts.acknowledged_after_s, Some(4.0));
    let none = registry
        .act_on_alarm(99, AlarmAct::Comment, "ada", Some("x"), SECOND)
        .await;
    assert!(matches!(none, Err(RegistryError::UnknownAlarm(id)) if id == "A-99"));
}

#[tokio::test]
async fn what_nobody_acknowledges_leaves_the_queue_when_it_is_long_over() {
    let registry = empty().await;
    apply(&registry, vec![raise("a.b", "x", &["1"])], SECOND).await;
    registry
        .apply_alarms(&[over("a.b", "x", &[])], &[], 2 * SECOND)
        .await
        .unwrap();
    assert_eq!(registry.forget_alarms(601 * SECOND).await.unwrap(), 0);
    assert_eq!(registry.forget_alarms(602 * SECOND).await.unwrap(), 1);
    assert!(all(&registry).await.is_empty());
}

#[tokio::test]
async fn a_pattern_takes_in_what_is_part_of_it() {
    let registry = empty().await;
    let mut part = raise("a.part", "north", &["north"]);
    part.part_of = Some("a.whole".into());
    apply(&registry, vec![part.clone()], SECOND).await;
    let mut whole = raise("a.whole", "", &["north", "south"]);
    whole.takes_in = vec!["a.part".into()];
    apply(&registry, vec![whole], 2 * SECOND).await;
    part.cause = "west".into();
    part.members = vec!["west".into()];
    let applied = apply(&registry, vec![part], 3 * SECOND).await;
    assert_eq!((applied.raised, applied.grown), (0, 1));
    let alarms = all(&registry).await;
    assert_eq!(alarms.len(), 1);
    assert_eq!((alarms[0].rule.as_str(), alarms[0].members), ("a.whole", 3));
}

#[tokio::test]
async fn a_window_keeps_quiet_what_it_covers() {
    let registry = empty().await;
    let wanted = |rule, place| WindowWanted {
        rule,
        place,
        from: 2 * SECOND,
        to: 5 * SECOND,
        reason: "new pipes",
        by: "ada",
    };
    registry
        .add_alarm_window(&wanted(Some("a.*"), Some("north")), SECOND)
        .await
        .unwrap();
    let found = vec![
        raise("a.b", "north", &["1"]),
        raise("a.b", "south", &["1"]),
        raise("b.c", "north", &["1"]),
    ];
    let applied = apply(&registry, found.clone(), 3 * SECOND).await;
    assert_eq!((applied.raised, applied.hushed), (2, 1));
    assert_eq!(registry.alarm_windows(3 * SECOND).await.unwrap()[0].hushed, 1);
    // When it is over, what still holds is raised.
    let applied = apply(&registry, found, 5 * SECOND).await;
    assert_eq!(applied.raised, 1);
    let number = registry
        .add_alarm_window(&wanted(None, None), SECOND)
        .await
        .unwrap();
    assert!(
        registry
            .end_alarm_window(number, "ada", 3 * SECOND)
            .await
            .unwrap()
    );
    assert!(
        !registry
            .end_alarm_window(number, "ada", 3 * SECOND)
            .await
            .unwrap()
    );
    let wrong = WindowWanted {
        to: SECOND,
        ..wanted(None, None)
    };
    assert!(registry.add_alarm_window(&wrong, SECOND).await.is_err());
}

#[tokio::test]
async fn one_alarm_reaches_one_contact_once_on_each_channel() {
    let registry = empty().await;
    apply(&registry, vec![raise("a.b", "x", &["1"])], SECOND).await;
    apply(&registry, vec![raise("a.b", "x", &["2"])], 2 * SECOND).await;
    let number = all(&registry).await[0].number;
    let third = AlarmNotice {
        channel: "bot".into(),
        kind: "telegram",
        contact: "desk".into(),
    };
    let mut notices = raise("a.b", "x", &[]).notices;
    notices.push(third);
    assert!(
        registry
            .escalate_alarm(number, 1, &notices, 3 * SECOND)
            .await
            .unwrap()
    );
    assert!(
        !registry
            .escalate_alarm(number, 1, &notices, 3 * SECOND)
            .await
            .unwrap()
    );
    let taken = registry.take_deliveries(10, 4 * SECOND).await.unwrap();
    let to: Vec<(&str, &str)> = taken
        .iter()
        .map(|d| (d.channel.as_str(), d.contact.as_str()))
        .collect();
    assert_eq!(to, [("hook", "desk"), ("hook", "head"), ("bot", "desk")]);
    // They are being sent: nobody takes them again.
    assert!(registry.take_deliveries(10, 5 * SECOND).await.unwrap().is_empty());
    registry
        .end_deliveries(&[(taken[0].number, DeliveryEnd::Sent)], 5 * SECOND)
        .await
        .unwrap();
    // A crash: what was sent stays sent, the rest goes again with the same keys, marked where nobody can tell.
    assert_eq!(
        registry
            .recover_deliveries(&["hook".into()], 6 * SECOND)
            .await
            .unwrap(),
        2
    );
    let again = registry.take_deliveries(10, 6 * SECOND).await.unwrap();
    let marks: Vec<(&str, bool)> = again.iter().map(|d| (d.key.as_str(), d.at_least_once)).collect();
    assert_eq!(
        marks,
        [(taken[1].key.as_str(), false), (taken[2].key.as_str(), true)]
    );
    let refused = DeliveryEnd::Refused {
        error: "down".into(),
        again_at: 60 * SECOND,
    };
    let unknown = DeliveryEnd::Unknown {
        error: "broke off".into(),
        again_at: 70 * SECOND,
        tells_repetitions: false,
    };
    let ends = [(again[0].number, refused), (again[1].number, unknown)];
    registry.end_deliveries(&ends, 7 * SECOND).await.unwrap();
    assert_eq!(registry.next_delivery_at().await.unwrap(), Some(60 * SECOND));
    let now: Vec<(i64, i64, String)> = registry
        .deliveries_of(number)
        .await
        .unwrap()
        .into_iter()
        .map(|d| (d.attempts, d.sends, d.state))
        .collect();
    assert_eq!(
        now,
        [
            (1, 1, "sent".into()),
            (2, 1, "waiting".into()),
            (2, 2, "waiting".into())
        ]
    );
    // That it is being sent is no fact of the city.
    let rows = registry.pending(0, 200).await.unwrap();
    assert!(
        rows.iter()
            .all(|r| r.dataset != "alarms_deliveries" || r.payload["state"] != "sending")
    );
}
