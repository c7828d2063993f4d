//! HTTP: the only crate that serves it.
//!
//! What belongs here: routes, status codes, the embedded page. What does not: what a route means, which is `qala-app`'s.

mod administration;
mod admit;
mod alarms;
mod asked;
mod cookie;
mod data;
mod dcat;
mod error;
mod events;
mod feeds;
mod form;
mod guard;
mod health;
mod ingest;
mod map;
mod mapping;
mod openapi;
mod page;
mod paper;
mod principal;
mod programmes;
mod quarantine;
mod question;
mod read;
mod room;
mod runs;
mod sandbox;
mod schedules;
mod sensorthings;
mod session;
mod tag;
mod trust;
mod web;
mod wrap;

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{any, delete, get, post, put};
use qala_app::{Centre, Door};
use tokio::net::TcpListener;

/// Largest message that can be pushed, bytes.
pub const LARGEST_MESSAGE: u64 = 4 << 30;

/// What every route may use.
#[derive(Clone)]
pub struct State {
    /// The centre.
    pub centre: Arc<Centre>,
    /// Whether messages without a token are let in. [`serve`] closes it on an address that others can reach.
    pub door: Door,
}

/// All routes.
pub fn router(state: State) -> Router {
    Router::new()
        .route("/", get(web::index))
        .route("/page/{*file}", get(page::file))
        .route("/data", get(web::data))
        .route("/data/{dataset}", get(web::data))
        .route("/catalog.ttl", get(dcat::turtle))
        .route("/catalog.jsonld", get(dcat::json_ld))
        .route("/api/datasets", get(data::datasets))
        .route("/api/datasets/{name}/rows", get(data::rows))
        .route("/api/catalog", get(read::catalog))
        .route("/api/indicators/{id}/values", get(read::values))
        .route("/api/values", get(read::many))
        .route("/api/indicators/{id}/page.pdf", get(paper::indicator))
        .route("/api/now.pdf", get(paper::now))
        .route("/api/places", get(read::places))
        .route("/api/programmes", get(programmes::all))
        .route("/api/programmes/{id}", get(programmes::one))
        .route("/api/passport", get(read::passport))
        .route("/api/feeds", get(read::feeds))
        .route("/api/feeds/{id}", get(feeds::feed))
        .route("/api/sandbox/messages", get(sandbox::messages))
        .route("/api/feeds/trust", get(trust::newest))
        .route("/api/feeds/{id}/trust", get(trust::of_feed))
        .route("/api/quarantine", get(quarantine::page))
        .route("/api/quarantine/retry", post(quarantine::retry))
        .route("/api/quarantine/mended", post(quarantine::mended))
        .route("/api/mapping/propose", post(mapping::propose))
        .route("/api/mapping/preview", post(mapping::preview))
        .route("/api/import", post(mapping::import))
        .route("/api/status", get(read::status))
        .route("/api/passport/verify", post(read::verify))
        .route("/api/openapi.json", get(openapi::new))
        .route("/api/openapi-3.0.json", get(openapi::old))
        .route("/api/layers", get(map::layers))
        .route("/tiles/{file}", get(map::tile_json))
        .route("/tiles/{layer}/{z}/{x}/{file}", get(map::tile))
        .route("/api/objects/{layer}/{id}", get(map::object))
        .route("/api/inside", get(map::inside))
        .route("/api/sql", post(question::sql))
        .route("/api/sql/schema", get(question::schema))
        .route("/api/search", get(question::search))
        .route(
            "/api/session",
            get(session::who).post(session::sign_in).delete(session::sign_out),
        )
        .route("/api/session/password", put(session::change_password))
        .route(
            "/api/users",
            get(administration::users).post(administration::add_user),
        )
        .route(
            "/api/users/{name}",
            put(administration::change_user).delete(administration::remove_user),
        )
        .route("/api/users/{name}/password", post(administration::reset_password))
        .route(
            "/api/tokens",
            get(administration::tokens).post(administration::add_token),
        )
        .route("/api/tokens/{id}", delete(administration::revoke_token))
        .route("/api/alarms", get(alarms::alarms))
        .route("/api/alarms/cap.xml", get(alarms::cap_feed))
        .route("/api/alarms/{id}", get(alarms::alarm))
        .route("/api/alarms/{id}/cap.xml", get(alarms::cap))
        .route("/api/alarms/{id}/acknowledge", post(alarms::acknowledge))
        .route("/api/alarms/{id}/close", post(alarms::close))
        .route("/api/alarms/{id}/comment", post(alarms::comment))
        .route("/api/alarm-sound", post(alarms::sound))
        .route("/api/alarm-rules", get(alarms::rules))
        .route("/api/alarm-rules/{id}/missed", post(alarms::missed))
        .route(
            "/api/alarm-windows",
            get(alarms::windows).post(alarms::add_window),
        )
        .route("/api/alarm-windows/{number}", delete(alarms::end_window))
        .route("/hooks/alertmanager", post(alarms::alertmanager))
        .route("/api/schedules", get(schedules::schedules))
        .route("/api/procedures", get(room::incidents::procedures))
        .route(
            "/api/incidents",
            get(room::incidents::incidents).post(room::incidents::open),
        )
        .route("/api/incidents/{id}", get(room::incidents::incident))
        .route("/api/incidents/{id}/actions", post(room::incidents::act))
        .route("/api/incidents/{id}/steps/{step}", put(room::incidents::settle))
        .route("/api/incidents/{id}/files", post(room::incidents::attach))
        .route("/api/incidents/{id}/files/{digest}", get(room::incidents::file))
        .route(
            "/api/drills",
            get(room::incidents::drills).post(room::incidents::start_drill),
        )
        .route(
            "/api/decisions",
            get(room::decisions::decisions).post(room::decisions::decide),
        )
        .route(
            "/api/decisions/{id}",
            get(room::decisions::decision).put(room::decisions::report),
        )
        .route(
            "/api/journal",
            get(room::journal::journal).post(room::journal::write),
        )
        .route("/api/journal/duty", post(room::journal::put_duty))
        .route("/api/journal/duty/{id}", delete(room::journal::end_duty))
        .route(
            "/api/review",
            get(room::reviews::reviews).post(room::reviews::begin),
        )
        .route("/api/review/{id}", put(room::reviews::close))
        .route("/api/review/{id}/minutes", post(room::reviews::minute))
        .route("/api/review/{id}/minutes.pdf", get(room::reviews::minutes_pdf))
        .route("/api/review/{id}/minutes.docx", get(room::reviews::minutes_docx))
        .route("/api/morning", get(room::reviews::morning))
        .route("/api/morning.pdf", get(room::reviews::morning_pdf))
        .route("/api/audit", get(administration::audit))
        .route("/api/events", get(events::events))
        .route("/health/live", get(health::live))
        .route("/health/ready", get(health::ready))
        .route("/metrics", get(health::metrics))
        .route("/api/ingest/{feed}", post(ingest::push))
        .route(sensorthings::ROOT, any(sensorthings::any))
        .route(&format!("{}/", sensorthings::ROOT), any(sensorthings::any))
        .route(
            &format!("{}/{{*path}}", sensorthings::ROOT),
            any(sensorthings::any),
        )
        .fallback(get(web::any))
        .layer(from_fn_with_state(state.clone(), guard::check))
        .layer(axum::middleware::from_fn(wrap::wrap))
        .with_state(state)
}

/// Serves until `stop` resolves.
///
/// # Errors
/// The address is taken or not ours; IO.
pub async fn serve(
    mut state: State,
    address: SocketAddr,
    stop: impl Future<Output = ()> + Send + 'static,
    ready: impl FnOnce(SocketAddr),
) -> std::io::Result<()> {
    let listener = TcpListener::bind(address).await?;
    let address = listener.local_addr()?;
    state.door = door_at(address, state.door);
    if state.door == Door::Open {
        tracing::warn!(
            %address,
            "messages without a token are taken in, for only this machine can reach the address; --require-token refuses them"
        );
    }
    ready(address);
    let centre = Arc::clone(&state.centre);
    let stop = async move {
        stop.await;
        // Listeners would never go by themselves.
        centre.live.stop();
    };
    drop(tokio::task::spawn_blocking(web::pack_all));
    let routes = router(state).into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, routes).with_graceful_shutdown(stop).await
}

/// The door of an address: open only where nobody but this machine can knock.
fn door_at(address: SocketAddr, wished: Door) -> Door {
    if address.ip().to_canonical().is_loopback() {
        wished
    } else {
        Door::Closed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_loopback_address_lets_in_without_a_token() {
        for (address, open) in [
            ("127.0.0.1:80", true),
            ("127.8.8.8:80", true),
            ("[::1]:80", true),
            ("[::ffff:127.0.0.1]:80", true),
            ("0.0.0.0:80", false),
            ("[::]:80", false),
            ("192.168.1.5:80", false),
            ("[fe80::1]:80", false),
        ] {
            let address: SocketAddr = address.parse().unwrap();
            assert_eq!(door_at(address, Door::Open) == Door::Open, open, "{address}");
            assert_eq!(door_at(address, Door::Closed), Door::Closed);
        }
    }
}
