//! `qala serve`.

use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use qala_app::{AppError, Background, Centre, Door};

use crate::commands::control;
use crate::print;

pub(crate) async fn serve(
    centre: Arc<Centre>,
    listen: SocketAddr,
    door: Door,
    backup: Option<(String, Duration)>,
) -> Result<ExitCode> {
    if let Some(first) = centre.first_administrator().await? {
        // Once, and never in the log.
        print::err(&format!(
            "Sign in as `{}` with the one-time password {} and choose your own; `qala user password {}` makes another.",
            first.name, first.password, first.name
        ));
    }
    let mut background = Background::start(&centre, true);
    if let Some((target, every)) = backup {
        background.back_up(&centre, target, every);
    }
    let state = qala_server::State {
        centre: Arc::clone(&centre),
        door,
    };
    let control = tokio::spawn(control::listen(Arc::clone(&centre)));
    let stop = async {
        stopped().await;
        print::err("stopping");
    };
    let ready = |address: SocketAddr| print::err(&format!("Qala is at http://{address}"));
    let served = qala_server::serve(state, listen, stop, ready).await;
    drop(background);
    control.abort();
    centre.lake.commit().await.map_err(AppError::from)?;
    served.with_context(|| format!("listen on {listen}"))?;
    Ok(ExitCode::SUCCESS)
}

/// Resolves on Ctrl-C or SIGTERM.
async fn stopped() {
    let terminate = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => {
                signal.recv().await;
            }
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        () = terminate => {}
    }
}
