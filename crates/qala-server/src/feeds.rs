//! Feeds with their obligations: the part of `/api/feeds` that says what was promised, and `/api/feeds/{id}`.

use axum::Json;
use axum::extract::{Path, State as Extract};
use axum::http::HeaderMap;
use qala_api as api;
use qala_app::registry::{FeedContact, Role};
use qala_app::{AppError, Day, Obligation, Reader, Silence};
use qala_core::{Text, Zone};

use crate::State;
use crate::error::Answer;
use crate::principal::reader;

/// Silent devices that are told in the list; all of them are told with one feed.
const SILENT: usize = 5;

fn text(text: Text) -> api::Text {
    api::Text {
        kk: text.kk,
        ru: text.ru,
        en: text.en,
    }
}

fn contact(contact: FeedContact, zone: &Zone) -> api::Contact {
    api::Contact {
        name: text(contact.name),
        phone: contact.phone,
        email: contact.email,
        simulated: contact.simulated,
        valid_from: zone.format(contact.valid_from),
        valid_to: contact.valid_to.map(|t| zone.format(t)),
    }
}

fn silence(silence: &Silence, zone: &Zone) -> api::Silence {
    api::Silence {
        device: silence.device.clone(),
        since: zone.format(silence.since),
    }
}

fn obligation(o: Obligation, zone: &Zone, most: usize) -> api::Obligation {
    let instant = |t: Option<i64>| t.map(|t| zone.format(t));
    api::Obligation {
        state: o.standing.map_or("free", qala_core::Standing::as_str).to_owned(),
        since: instant(o.since),
        due: instant(o.due),
        cadence_s: o.cadence_s,
        grace_s: o.grace_s,
        hours: o.hours.map(|h| api::Hours {
            from: h.from.to_string(),
            to: h.to.to_string(),
            working_days: h.days == qala_core::WorkingDays::Working,
        }),
        last_arrival: instant(o.last_arrival),
        last_event: instant(o.last_event),
        kept_7d: o.kept_7d,
        kept_30d: o.kept_30d,
        owner_function: o.owner_function.to_string(),
        function: o.function.map(text),
        department_id: o.department.as_ref().map(|(id, _)| id.clone()),
        department: o.department.map(|(_, name)| text(name)),
        contact: o.contact.map(|c| contact(c, zone)),
        devices: o.devices,
        silent_devices: o.silent.len(),
        silent: o.silent.iter().take(most).map(|s| silence(s, zone)).collect(),
    }
}

/// Whom to call is for those who work here.
fn sees_contacts(reader: &Reader) -> bool {
    reader.role() >= Role::Staff
}

fn for_reader(mut obligation: api::Obligation, reader: &Reader) -> api::Obligation {
    if !sees_contacts(reader) {
        obligation.contact = None;
    }
    obligation
}

/// Fills in how feeds stand to their promises.
///
/// # Errors
/// The lake's or the registry's.
pub(crate) async fn fill_obligations(
    state: &State,
    reader: &Reader,
    feeds: &mut [api::Feed],
) -> Result<(), AppError> {
    for o in state.centre.obligations().await? {
        if let Some(feed) = feeds.iter_mut().find(|f| f.id == o.feed) {
            feed.obligation = Some(for_reader(obligation(o, &state.centre.zone, SILENT), reader));
        }
    }
    Ok(())
}

/// One feed: its obligation, all its silent devices, its days, changes and contacts.
pub(crate) async fn feed(
    Extract(state): Extract<State>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Json<api::FeedHistory>, Answer> {
    let reader = reader(&state, &headers).await?;
    let centre = &state.centre;
    let zone = &centre.zone;
    let history = centre.feed_history(&id).await?;
    // What was imported by hand has no spec.
    let spec = centre.feeds.iter().find(|spec| spec.id.as_str() == id);
    let day = |d: Day| api::FeedDay {
        day: zone.format(zone.day_start(d.day))[..10].to_owned(),
        promised: d.promised,
        kept: d.kept,
        messages: d.messages,
        received: d.received,
        accepted: d.accepted,
        duplicate: d.duplicate,
        quarantined: d.quarantined,
    };
    Ok(Json(api::FeedHistory {
        title: text(spec.map_or_else(|| Text::new(&id, &id, &id), |spec| spec.title.clone())),
        simulated: spec.is_some_and(|spec| spec.simulated),
        obligation: history
            .obligation
            .map(|o| for_reader(obligation(o, zone, usize::MAX), &reader)),
        id,
        days: history.days.into_iter().map(day).collect(),
        changes: history.changes,
        contacts: if sees_contacts(&reader) {
            history.contacts.into_iter().map(|c| contact(c, zone)).collect()
        } else {
            Vec::new()
        },
    }))
}
