//! The routes of alarms.

use super::route::{Route, get, one_of, other, post, whole, word};
use super::routes::csrf;
use crate::{
    Alarm, AlarmFound, AlarmMissed, AlarmRule, AlarmSound, AlarmWindow, AlarmWindowWanted, AlarmWord, Alarms,
    Warned,
};

const ATOM: &str = "application/atom+xml";
const CAP: &str = "application/cap+xml";

/// All of them.
pub(super) fn alarms() -> Vec<Route> {
    let of = |route: Route| route.path("id", word(), "Alarm, such as A-7");
    let act = |path: &'static str, says: &'static str| {
        csrf(
            of(post(path, "alarms", says))
                .takes::<AlarmWord>()
                .gives::<Alarm>(),
        )
        .fails(&[404])
    };
    vec![
        get(
            "/api/alarms",
            "alarms",
            "Alarms, the worst first; the public sees what it is told",
        )
        .query(
            "state",
            one_of(&["open", "acknowledged", "closed"]),
            "All that are not closed when absent",
        )
        .query("rule", word(), "Of this rule")
        .query("limit", whole(1, 500), "Alarms at most; 100 when absent")
        .query("offset", whole(0, 1_000_000_000), "Alarms that are passed over")
        .gives::<Alarms>()
        .fails(&[401]),
        get(
            "/api/alarms/cap.xml",
            "alarms",
            "What the public is told, as an Atom feed of CAP 1.2",
        )
        .gives_bytes(200, ATOM),
        of(get(
            "/api/alarms/{id}",
            "alarms",
            "An alarm with its members, changes and notices",
        ))
        .gives::<AlarmFound>()
        .fails(&[401, 404]),
        of(get(
            "/api/alarms/{id}/cap.xml",
            "alarms",
            "An alarm of the public as a message of CAP 1.2",
        ))
        .gives_bytes(200, CAP)
        .fails(&[404]),
        act(
            "/api/alarms/{id}/acknowledge",
            "Says that somebody has it: sound and escalation end",
        ),
        act(
            "/api/alarms/{id}/close",
            "Closes it; the verdict goes to the record of the rule",
        ),
        act("/api/alarms/{id}/comment", "Adds a note"),
        csrf(
            post(
                "/api/alarm-sound",
                "alarms",
                "Notes that the sound was turned off or on at a place of work",
            )
            .takes::<AlarmSound>()
            .gives_nothing(204, "Noted"),
        ),
        get(
            "/api/alarm-rules",
            "alarms",
            "Rules with their own records: right, wrong, missed, how soon",
        )
        .gives::<Vec<AlarmRule>>()
        .fails(&[401]),
        csrf(
            post(
                "/api/alarm-rules/{id}/missed",
                "alarms",
                "Says that a rule raised nothing although it should have",
            )
            .path("id", word(), "Rule")
            .takes::<AlarmMissed>()
            .gives_nothing(204, "Noted"),
        )
        .fails(&[404]),
        get("/api/alarm-windows", "alarms", "Times in which nothing is raised")
            .gives::<Vec<AlarmWindow>>()
            .fails(&[401, 403]),
        csrf(
            post(
                "/api/alarm-windows",
                "alarms",
                "Makes a time in which nothing is raised",
            )
            .takes::<AlarmWindowWanted>()
            .gives_as::<AlarmWindow>(201),
        )
        .fails(&[404]),
        csrf(
            other(
                "delete",
                "/api/alarm-windows/{number}",
                "alarms",
                "Ends such a time now",
            )
            .path("number", whole(1, i64::MAX), "Number")
            .gives_nothing(204, "Ended"),
        )
        .fails(&[404]),
        post(
            "/hooks/alertmanager",
            "alarms",
            "Takes a message of Alertmanager, webhook version 4",
        )
        .takes_any_json()
        .gives::<Warned>()
        .fails(&[401, 403, 413]),
    ]
}
