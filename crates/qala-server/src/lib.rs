//! HTTP: the only crate that serves it.
//!
//! What belongs here: routes, status codes, the embedded page. What does not: what a route means, which is `qala-app`'s.

mod error;
mod ingest;
mod page;
mod read;
mod trust;

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};
use qala_app::Centre;
use tokio::net::TcpListener;

/// Largest message that can be pushed, bytes.
pub const LARGEST_MESSAGE: u64 = 4 << 30;

/// What every route may use.
#[derive(Clone)]
pub struct State {
    /// The centre.
    pub centre: Arc<Centre>,
}

/// All routes.
pub fn router(state: State) -> Router {
    Router::new()
        .route("/", get(page::index))
        .route("/page/{*file}", get(page::file))
        .route("/api/catalog", get(read::catalog))
        .route("/api/indicators/{id}/values", get(read::values))
        .route("/api/places", get(read::places))
        .route("/api/passport", get(read::passport))
        .route("/api/feeds", get(read::feeds))
        .route("/api/feeds/trust", get(trust::newest))
        .route("/api/feeds/{id}/trust", get(trust::of_feed))
        .route("/api/status", get(read::status))
        .route("/api/ingest/{feed}", post(ingest::push))
        .with_state(state)
}

/// Serves until `stop` resolves.
///
/// # Errors
/// The address is taken or not ours; IO.
pub async fn serve(
    state: State,
    address: SocketAddr,
    stop: impl Future<Output = ()> + Send + 'static,
    ready: impl FnOnce(SocketAddr),
) -> std::io::Result<()> {
    let listener = TcpListener::bind(address).await?;
    ready(listener.local_addr()?);
    axum::serve(listener, router(state))
        .with_graceful_shutdown(stop)
        .await
}
