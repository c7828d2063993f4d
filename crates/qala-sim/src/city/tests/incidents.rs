//! Incidents: their state does not depend on which time is filled first.

use std::collections::BTreeMap;

use super::*;

#[test]
fn incidents_are_over_whatever_was_filled_first() {
    let now = WINTER + 10 * HOUR + 17 * MINUTE;
    let phases = ONE.phases(now, 9);
    let paces: Vec<Pace> = phases.iter().map(|phase| phase.pace).collect();
    assert_eq!(paces, [Pace::Live, Pace::History, Pace::Bulk, Pace::Live]);
    let filled = |order: [usize; 3]| {
        let mut state: BTreeMap<String, String> = BTreeMap::new();
        for index in order {
            let phase = phases[index];
            let messages: Vec<Message> = ONE
                .messages_of(&[Feed::Incidents], phase.pace, phase.from, phase.to)
                .only(Op::Upsert)
                .collect();
            // Newest first within a phase too, but for what is live.
            let messages: Box<dyn Iterator<Item = &Message>> = if index == 0 {
                Box::new(messages.iter())
            } else {
                Box::new(messages.iter().rev())
            };
            for message in messages {
                for row in table(&message.bytes) {
                    state.insert(row["incident_id"].clone(), row["ended_at"].clone());
                }
            }
        }
        state
    };
    let straight = filled([1, 2, 0]);
    for order in [[0, 1, 2], [2, 0, 1], [0, 2, 1]] {
        assert_eq!(filled(order), straight, "{order:?}");
    }
    let last = phases[0].to.div_euclid(10 * MINUTE) * 10 * MINUTE;
    let mut crossing = 0;
    for incident in ONE.truth().incidents(phases[1].from, last) {
        let end = &straight[&incident.id];
        assert_eq!(!end.is_empty(), incident.to < last, "{incident:?}");
        crossing += usize::from(incident.from < phases[0].from && incident.to >= phases[0].from);
    }
    // The cut between what is filled and what is live has incidents on both sides, or this shows nothing.
    assert!(crossing > 0, "{crossing}");
}
