//! Tests of the registry. They use a made-up town, except those that read the pack kept in the repository.

mod alarm;
mod audit;
mod calendar;
mod government;
mod migration;
mod outbox;
mod pack;
mod place;
mod programme;
mod room;
mod sender;
mod sensor;
mod sign_in;
mod simulation;
mod storage;

use std::fmt::Write as _;
use std::sync::Arc;

use qala_core::{FunctionId, PlaceId, Text};
use qala_disk::SimDisk;

use crate::{Department, DepartmentId, GovernmentFunction, NewUser, Place, PlaceKind, Registry};

/// A second in µs.
const SECOND: i64 = 1_000_000;

async fn empty() -> Registry {
    Registry::open_on(Arc::new(SimDisk::new(1)), "registry/registry.db")
        .await
        .unwrap()
}

fn text(word: &str) -> Text {
    Text::new(format!("{word} kk"), format!("{word} ru"), format!("{word} en"))
}

fn place_id(id: &str) -> PlaceId {
    PlaceId::new(id).unwrap()
}

fn function_id(id: &str) -> FunctionId {
    FunctionId::new(id).unwrap()
}

fn department_id(id: &str) -> DepartmentId {
    DepartmentId::new(id).unwrap()
}

fn place(id: &str, from: i64, to: Option<i64>) -> Place {
    Place {
        id: place_id(id),
        kind: PlaceKind::District,
        name: text(id),
        parent: None,
        kato: Some("123456789".into()),
        geometry: Some("POLYGON((0 0, 1 0, 1 1, 0 0))".into()),
        simulated: true,
        valid_from: from,
        valid_to: to,
    }
}

fn department(id: &str, from: i64, to: Option<i64>) -> Department {
    Department {
        id: department_id(id),
        name: text(id),
        mission: Text::default(),
        valid_from: from,
        valid_to: to,
    }
}

fn function(id: &str, from: i64, to: Option<i64>) -> GovernmentFunction {
    GovernmentFunction {
        id: function_id(id),
        name: text(id),
        valid_from: from,
        valid_to: to,
    }
}

fn user(id: &str) -> NewUser<'_> {
    NewUser {
        id,
        name: id,
        role: "analyst",
        department: None,
    }
}

/// The lines that only one of two dumps has.
fn difference(expected: &str, found: &str) -> String {
    let mut text = String::new();
    for (sign, one, other) in [('-', expected, found), ('+', found, expected)] {
        for line in one
            .lines()
            .filter(|line| !other.lines().any(|same| same == *line))
        {
            writeln!(text, "{sign} {line:.200}").unwrap();
        }
    }
    text
}
