//! The routes of the situation room.

use super::route::{Route, get, other, post, whole, word};
use super::routes::{LANGS, csrf};
use crate::{
    DecisionCard, DecisionReport, DecisionWanted, Decisions, Digested, DrillWanted, Drills, DutyWanted,
    IncidentAction, IncidentCard, IncidentWanted, Incidents, Journal, JournalWanted, MinuteLine, MorningText,
    Numbered, Procedure, ReviewClosed, ReviewWanted, Reviews, StepSettled,
};

/// A number of a record.
fn number(route: Route, says: &'static str) -> Route {
    route.path("id", whole(1, i64::MAX), says)
}

/// What only people of the administration read.
fn read(route: Route) -> Route {
    route.fails(&[401, 403])
}

fn lang(route: Route) -> Route {
    route.query("lang", super::route::one_of(&LANGS), "kk when absent")
}

pub(super) fn all() -> Vec<Route> {
    let mut routes = incidents();
    routes.extend(decisions());
    routes.extend(reviews());
    routes
}

fn incidents() -> Vec<Route> {
    vec![
        read(get("/api/procedures", "room", "Procedures of the duty office").gives::<Vec<Procedure>>()),
        read(
            get("/api/incidents", "room", "Incidents, the newest first")
                .query(
                    "state",
                    super::route::one_of(&["running", "all"]),
                    "running when absent",
                )
                .gives::<Incidents>(),
        ),
        csrf(
            post("/api/incidents", "room", "Opens an incident")
                .takes::<IncidentWanted>()
                .gives_as::<Numbered>(201),
        )
        .fails(&[404]),
        read(number(
            get("/api/incidents/{id}", "room", "Everything about an incident"),
            "Number of the incident",
        ))
        .gives::<IncidentCard>()
        .fails(&[404]),
        csrf(number(
            post(
                "/api/incidents/{id}/actions",
                "room",
                "Does something with an incident",
            ),
            "Number of the incident",
        ))
        .takes::<IncidentAction>()
        .gives::<Numbered>()
        .fails(&[404]),
        csrf(
            number(
                other(
                    "put",
                    "/api/incidents/{id}/steps/{step}",
                    "room",
                    "Settles a step of a procedure",
                ),
                "Number of the incident",
            )
            .path("step", word(), "Id of the step"),
        )
        .takes::<StepSettled>()
        .gives_nothing(204, "Settled")
        .fails(&[404]),
        csrf(
            number(
                post(
                    "/api/incidents/{id}/files",
                    "room",
                    "Attaches a file of up to 2 MiB to an incident",
                ),
                "Number of the incident",
            )
            .must("name", word(), "Its name"),
        )
        .takes_bytes()
        .gives_as::<Digested>(201)
        .fails(&[404]),
        read(
            number(
                get(
                    "/api/incidents/{id}/files/{digest}",
                    "room",
                    "The bytes of a file of an incident",
                ),
                "Number of the incident",
            )
            .path("digest", word(), "SHA-256 of the file"),
        )
        .gives_bytes(200, "application/octet-stream")
        .fails(&[404]),
        read(get("/api/drills", "room", "Scenarios, and drills with their reports").gives::<Drills>()),
        csrf(
            post("/api/drills", "room", "Starts a drill")
                .takes::<DrillWanted>()
                .gives_as::<Numbered>(201),
        )
        .fails(&[404]),
    ]
}

fn decisions() -> Vec<Route> {
    vec![
        read(
            get(
                "/api/decisions",
                "room",
                "Decisions and assignments, overdue ones first",
            )
            .query(
                "state",
                super::route::one_of(&["open", "all"]),
                "open when absent",
            )
            .gives::<Decisions>(),
        ),
        csrf(
            post(
                "/api/decisions",
                "room",
                "Gives an assignment, and freezes what it cites",
            )
            .takes::<DecisionWanted>()
            .gives_as::<Numbered>(201),
        )
        .fails(&[404]),
        read(number(
            get(
                "/api/decisions/{id}",
                "room",
                "A decision with what it cites and how it went",
            ),
            "Number of the decision",
        ))
        .gives::<DecisionCard>()
        .fails(&[404]),
        csrf(number(
            other(
                "put",
                "/api/decisions/{id}",
                "room",
                "Tells how an assignment goes",
            ),
            "Number of the decision",
        ))
        .takes::<DecisionReport>()
        .gives_nothing(204, "Told")
        .fails(&[404]),
        read(
            get(
                "/api/journal",
                "room",
                "The journal of the shift, who is on duty, whom to call",
            )
            .gives::<Journal>(),
        ),
        csrf(
            post("/api/journal", "room", "Writes into the journal")
                .takes::<JournalWanted>()
                .gives_as::<Numbered>(201),
        )
        .fails(&[404]),
        csrf(
            post("/api/journal/duty", "room", "Puts somebody on duty")
                .takes::<DutyWanted>()
                .gives_as::<Numbered>(201),
        )
        .fails(&[404]),
        csrf(number(
            other("delete", "/api/journal/duty/{id}", "room", "Ends a duty"),
            "Number of the duty",
        ))
        .gives_nothing(204, "Ended")
        .fails(&[404]),
    ]
}

fn reviews() -> Vec<Route> {
    let minutes = |path, kind| {
        lang(read(number(
            get(path, "room", "The minutes of a review as a file"),
            "Number of the review",
        )))
        .gives_bytes(200, kind)
        .gives_nothing(304, "As before")
        .fails(&[404])
    };
    let department =
        |route: Route| route.query("department", word(), "Department; the whole city when absent");
    vec![
        read(
            get(
                "/api/review",
                "room",
                "The agenda as it would be now, and the reviews there were",
            )
            .gives::<Reviews>(),
        ),
        csrf(
            post("/api/review", "room", "Begins a review with the agenda of now")
                .takes::<ReviewWanted>()
                .gives_as::<Numbered>(201),
        ),
        csrf(number(
            other("put", "/api/review/{id}", "room", "Closes a review"),
            "Number of the review",
        ))
        .takes::<ReviewClosed>()
        .gives_nothing(204, "Closed")
        .fails(&[404]),
        csrf(number(
            post("/api/review/{id}/minutes", "room", "Adds a line to the minutes"),
            "Number of the review",
        ))
        .takes::<MinuteLine>()
        .gives_nothing(204, "Written")
        .fails(&[404]),
        minutes("/api/review/{id}/minutes.pdf", "application/pdf"),
        minutes(
            "/api/review/{id}/minutes.docx",
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        ),
        department(lang(read(get(
            "/api/morning",
            "room",
            "The morning page of the mayor or of a department as plain text",
        ))))
        .gives::<MorningText>()
        .fails(&[404]),
        department(lang(read(get(
            "/api/morning.pdf",
            "room",
            "The morning page of the mayor or of a department on one page of A4",
        ))))
        .gives_bytes(200, "application/pdf")
        .gives_nothing(304, "As before")
        .fails(&[404]),
    ]
}
