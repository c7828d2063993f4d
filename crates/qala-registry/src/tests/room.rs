use qala_core::Text;
use serde_json::{Value, json};

use super::{SECOND, empty};
use crate::{
    Agreed, Closing, DecisionReport, DecisionState, Duty, DutyPost, Incident, IncidentState, JournalKind,
    NewDecision, NewIncident, NewStep, Registry, RegistryError, ReviewState, Settled, Severity, SplitWish,
    StepState, TimelineKind,
};

const MINUTE: i64 = 60 * SECOND;

fn incident(title: &str) -> NewIncident {
    NewIncident {
        title: title.into(),
        kind: "smog-day".into(),
        severity: Severity::Moderate,
        place: Some("south".into()),
        point: Some((76.9, 43.25)),
        radius_m: Some(500),
        function: "air-quality".into(),
        alarms: vec!["a1".into()],
        drill: false,
    }
}

fn step(id: &str, within_min: u32, required: bool) -> NewStep {
    NewStep {
        procedure: "smog-day".into(),
        procedure_version: 1,
        id: id.into(),
        function: "air-quality".into(),
        within_min,
        required,
        text: Text::new("а", "б", "c"),
        check: Text::new("а", "б", "c"),
    }
}

fn closing(cause: &str) -> Closing {
    Closing {
        cause: cause.into(),
        lesson: "warn earlier".into(),
        outcome: "back to normal".into(),
    }
}

fn decision(incident: Option<i64>, deadline: i64) -> NewDecision {
    NewDecision {
        text: "switch to gas".into(),
        function: "air-quality".into(),
        deadline,
        incident,
        review: None,
        indicator: Some("air.pm25_mean".into()),
        place: None,
        before: None,
        passports: vec![json!({"value": 40.0})],
    }
}

/// What the lake is told of a dataset.
async fn told(registry: &Registry, dataset: &str) -> Vec<Value> {
    let rows = registry.pending(0, 10_000).await.unwrap();
    let own = rows.into_iter().filter(|row| row.dataset == dataset);
    own.map(|row| Value::Object(row.payload)).collect()
}

#[tokio::test]
async fn an_incident_goes_from_its_alarm_to_its_lesson_and_each_step_is_a_fact() {
    let registry = empty().await;
    let steps = [step("confirm", 20, true), step("warn", 60, false)];
    let id = registry
        .open_incident(&incident("smog"), &steps, "ada", MINUTE)
        .await
        .unwrap();
    assert_eq!(id, 1);
    let found = registry.steps(id).await.unwrap();
    assert_eq!(
        found
            .iter()
            .map(|s| (s.id.as_str(), s.due_at))
            .collect::<Vec<_>>(),
        [("smog-day.confirm", 21 * MINUTE), ("smog-day.warn", 61 * MINUTE)]
    );
    // It is not closed before its required steps, and it says which.
    let open = registry
        .close_incident(id, &closing("stoves"), "ada", 2 * MINUTE)
        .await;
    let words = open.unwrap_err().to_string();
    assert!(
        words.contains("smog-day.confirm") && !words.contains("smog-day.warn"),
        "{words}"
    );
    // A step is not skipped without a reason.
    let skip = |reason: &str| Settled::Skipped(reason.into());
    let refused = registry
        .settle_step(id, "smog-day.confirm", &skip("  "), "ada", 3 * MINUTE)
        .await;
    assert!(matches!(refused, Err(RegistryError::Empty { .. })), "{refused:?}");
    registry
        .settle_step(id, "smog-day.confirm", &skip("one post only"), "ada", 3 * MINUTE)
        .await
        .unwrap();
    let done = Settled::Done(String::new());
    let again = registry
        .settle_step(id, "smog-day.confirm", &done, "bek", 4 * MINUTE)
        .await;
    assert!(again.unwrap_err().to_string().contains("by ada"));
    registry
        .settle_step(id, "smog-day.warn", &done, "bek", 4 * MINUTE)
        .await
        .unwrap();
    let found = registry.steps(id).await.unwrap();
    assert_eq!(
        (found[0].state, found[0].note.as_deref()),
        (StepState::Skipped, Some("one post only"))
    );
    assert_eq!(
        (found[1].state, found[1].changed_by.as_str()),
        (StepState::Done, "bek")
    );
    // The same procedure does not run twice; a cause is needed.
    assert!(
        registry
            .start_procedure(id, &steps, "ada", 5 * MINUTE)
            .await
            .is_err()
    );
    assert!(
        registry
            .close_incident(id, &closing(" "), "ada", 5 * MINUTE)
            .await
            .is_err()
    );
    registry
        .close_incident(id, &closing("stoves"), "ada", 6 * MINUTE)
        .await
        .unwrap();
    let kept = registry.incident(id).await.unwrap();
    assert_eq!((kept.revision, kept.record.state), (2, IncidentState::Closed));
    assert_eq!(kept.record.closed_at, Some(6 * MINUTE));
    // A word may still be added; nothing is changed any more.
    let again = (TimelineKind::Reopened, "");
    let edit = |incident: &mut Incident| incident.state = IncidentState::Open;
    let refused = registry.change_incident(id, again, edit, "ada", 7 * MINUTE).await;
    assert!(
        matches!(&refused, Err(RegistryError::Refused { rule: "incident_closed", about, .. }) if *about == id.to_string()),
        "{refused:?}"
    );
    let note = (Note, "the stoves are out");
    registry
        .change_incident(id, note, |_| (), "ada", 8 * MINUTE)
        .await
        .unwrap();

    let kinds: Vec<TimelineKind> = registry
        .timeline(id)
        .await
        .unwrap()
        .iter()
        .map(|e| e.kind)
        .collect();
    use TimelineKind::{Alarm, Closed, Note, Opened, Procedure, StepDone, StepSkipped};
    assert_eq!(
        kinds,
        [Opened, Alarm, Procedure, StepSkipped, StepDone, Closed, Note]
    );
    let facts = told(&registry, "room_incidents").await;
    assert_eq!(facts.len(), 2);
    assert_eq!(
        (
            &facts[0]["alarms"],
            &facts[0]["drill"],
            &facts[0]["lon"],
            &facts[1]["revision"],
            &facts[1]["cause"]
        ),
        (
            &json!("[\"a1\"]"),
            &json!(false),
            &json!(76.9),
            &json!(2),
            &json!("stoves")
        )
    );
    let facts = told(&registry, "room_steps").await;
    assert_eq!(facts.len(), 4);
    assert_eq!(
        (
            &facts[2]["note"],
            &facts[2]["t"],
            &facts[2]["required"],
            &facts[2]["text_en"]
        ),
        (
            &json!("one post only"),
            &json!(3 * MINUTE),
            &json!(true),
            &json!("c")
        )
    );
    assert_eq!(told(&registry, "room_entries").await.len(), 7);
    // What was written down stays as it is.
    let mut link = registry.lock().await.unwrap();
    for sql in [
        "UPDATE room_entries SET changed_by = 'eve'",
        "DELETE FROM room_entries",
        "DELETE FROM room_steps",
        "DELETE FROM room_incidents",
    ] {
        let refused = sqlx::raw_sql(sql).execute(link.connection().unwrap()).await;
        assert!(refused.is_err(), "{sql}");
    }
}

#[tokio::test]
async fn incidents_are_merged_and_split_and_keep_their_files() {
    let registry = empty().await;
    let mut severe = incident("two");
    severe.severity = Severity::Extreme;
    severe.alarms = vec!["a2".into(), "a3".into()];
    severe.function = "health".into();
    for new in [&incident("one"), &severe] {
        registry.open_incident(new, &[], "ada", MINUTE).await.unwrap();
    }
    let bytes = [7_u8; 100];
    let file = ("map.png", "image/png");
    let digest = registry.attach(2, file, &bytes, "ada", 2 * MINUTE).await.unwrap();
    assert_eq!(
        registry.attach(2, file, &bytes, "ada", 3 * MINUTE).await.unwrap(),
        digest
    );
    assert_eq!(registry.files(2).await.unwrap().len(), 1);
    assert_eq!(registry.file(2, &digest).await.unwrap(), bytes);
    assert!(registry.file(1, &digest).await.is_err());
    let large = vec![0; crate::LARGEST_FILE + 1];
    assert!(registry.attach(2, file, &large, "ada", MINUTE).await.is_err());

    let wish = SplitWish {
        title: "three".into(),
        function: None,
        alarms: vec!["a3".into()],
    };
    assert_eq!(
        registry
            .split_incident(2, &wish, "ada", 4 * MINUTE)
            .await
            .unwrap(),
        3
    );
    assert!(
        registry
            .split_incident(2, &wish, "ada", 4 * MINUTE)
            .await
            .is_err(),
        "a3 has gone"
    );
    registry.merge_incident(2, 1, "ada", 5 * MINUTE).await.unwrap();
    let one = registry.incident(1).await.unwrap().record;
    assert_eq!(one.alarms, ["a1", "a2"]);
    assert_eq!(one.participants, ["health"]);
    assert_eq!(one.severity, Severity::Extreme);
    let two = registry.incident(2).await.unwrap().record;
    assert_eq!((two.state, two.merged_into), (IncidentState::Closed, Some(1)));
    let three = registry.incident(3).await.unwrap().record;
    assert_eq!((three.split_from, three.alarms), (Some(2), vec!["a3".to_owned()]));
    assert!(registry.merge_incident(1, 1, "ada", MINUTE).await.is_err());
    assert!(
        registry.merge_incident(2, 3, "ada", MINUTE).await.is_err(),
        "it is closed"
    );
    let running = registry.running_incidents(10).await.unwrap();
    assert_eq!(running.iter().map(|i| i.id).collect::<Vec<_>>(), [3, 1]);
    let missing = registry.incident(9).await.unwrap_err();
    assert_eq!(missing.to_string(), "there is no incident 9");
}

#[tokio::test]
async fn a_decision_is_explained_where_it_must_be() {
    let registry = empty().await;
    let id = registry
        .open_incident(&incident("smog"), &[], "ada", MINUTE)
        .await
        .unwrap();
    assert!(
        registry
            .decide(&decision(Some(id), MINUTE), "ada", MINUTE)
            .await
            .is_err(),
        "no time"
    );
    assert!(
        registry
            .decide(&decision(Some(7), 9 * MINUTE), "ada", MINUTE)
            .await
            .is_err()
    );
    let given = registry
        .decide(&decision(Some(id), 9 * MINUTE), "ada", MINUTE)
        .await
        .unwrap();
    let report = |state, deadline, why: &str| DecisionReport {
        state,
        deadline,
        explanation: Some(why.into()),
        ..DecisionReport::default()
    };
    let progress = DecisionReport {
        progress: Some(40),
        ..DecisionReport::default()
    };
    registry
        .report_decision(given, &progress, "bek", 2 * MINUTE)
        .await
        .unwrap();
    for (wrong, now) in [
        (report(None, Some(20 * MINUTE), " "), 3),
        (report(Some(DecisionState::Dropped), None, ""), 3),
        (report(Some(DecisionState::Done), None, ""), 10),
        (
            DecisionReport {
                progress: Some(101),
                ..DecisionReport::default()
            },
            3,
        ),
    ] {
        let refused = registry.report_decision(given, &wrong, "bek", now * MINUTE).await;
        assert!(refused.is_err(), "{wrong:?}");
    }
    assert!(
        registry
            .decision(given)
            .await
            .unwrap()
            .record
            .is_overdue(10 * MINUTE)
    );
    let done = report(Some(DecisionState::Done), None, "the pipe came late");
    registry
        .report_decision(given, &done, "bek", 10 * MINUTE)
        .await
        .unwrap();
    let kept = registry.decision(given).await.unwrap();
    assert_eq!((kept.revision, kept.record.progress), (3, 100));
    assert_eq!(kept.record.passports, [json!({"value": 40.0})]);
    assert!(
        registry
            .report_decision(given, &progress, "bek", 11 * MINUTE)
            .await
            .is_err()
    );
    assert!(registry.open_decisions(10).await.unwrap().is_empty());
    let facts = told(&registry, "room_decisions").await;
    assert_eq!(facts.len(), 3);
    assert_eq!(facts[0]["passports"], json!("[{\"value\":40.0}]"));
    assert_eq!(
        registry.timeline(id).await.unwrap().last().unwrap().kind,
        TimelineKind::Assigned
    );
}

#[tokio::test]
async fn shifts_are_handed_over_and_a_post_has_one_person() {
    let registry = empty().await;
    let note = (JournalKind::Note, "quiet");
    registry
        .write_journal(note, None, None, "ada", MINUTE)
        .await
        .unwrap();
    let over = (JournalKind::Handover, "all calm");
    assert!(
        registry
            .write_journal(over, Some(" "), None, "ada", MINUTE)
            .await
            .is_err()
    );
    registry
        .write_journal(over, Some("bek"), None, "ada", 2 * MINUTE)
        .await
        .unwrap();
    let entries = registry.journal(10).await.unwrap();
    assert_eq!(entries.len(), 2);
    assert_eq!(
        (entries[0].kind, entries[0].next.as_deref()),
        (JournalKind::Handover, Some("bek"))
    );
    let duty = |person: &str, from: i64, to: i64| Duty {
        function: "health".into(),
        post: DutyPost::Duty,
        person: person.into(),
        phone: Some("112".into()),
        from_at: from * MINUTE,
        to_at: to * MINUTE,
        removed: false,
    };
    let first = registry
        .put_duty(&duty("Ada", 0, 10), "ada", MINUTE)
        .await
        .unwrap();
    let meets = registry
        .put_duty(&duty("Bek", 9, 20), "ada", MINUTE)
        .await
        .unwrap_err();
    assert!(meets.to_string().contains("Ada"), "{meets}");
    registry.end_duty(first, "ada", 5 * MINUTE).await.unwrap();
    registry
        .put_duty(&duty("Bek", 9, 20), "ada", MINUTE)
        .await
        .unwrap();
    let now = registry.duties(6 * MINUTE).await.unwrap();
    assert_eq!(
        now.iter().map(|d| d.record.person.as_str()).collect::<Vec<_>>(),
        ["Bek"]
    );
    assert_eq!(told(&registry, "room_duty").await.len(), 3);
}

#[tokio::test]
async fn a_review_has_one_agenda_and_minutes_until_it_is_closed() {
    let registry = empty().await;
    let id = registry
        .begin_review(("week 12", "ada, bek"), Vec::new(), "ada", MINUTE)
        .await
        .unwrap();
    assert!(
        registry
            .begin_review(("more", ""), Vec::new(), "ada", MINUTE)
            .await
            .is_err()
    );
    let line = |item| Agreed {
        item,
        text: "report on Friday".into(),
        decision: None,
    };
    registry.minute(id, &line(None), "ada", 2 * MINUTE).await.unwrap();
    assert!(
        registry
            .minute(id, &line(Some(0)), "ada", 2 * MINUTE)
            .await
            .is_err()
    );
    registry.close_review(id, None, "ada", 3 * MINUTE).await.unwrap();
    assert!(registry.minute(id, &line(None), "ada", 4 * MINUTE).await.is_err());
    let kept = registry.review(id).await.unwrap().record;
    assert_eq!((kept.state, kept.minutes.len()), (ReviewState::Closed, 1));
}
