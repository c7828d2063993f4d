//! `qala serve` and `qala demo`.

use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use indicatif::{ProgressBar, ProgressStyle};
use qala_app::registry::{Place, PlaceKind};
use qala_app::{AppError, Background, Centre, Door, Payload, Progress, Range};
use qala_sim::CityOptions;

use crate::commands::control;
use crate::print;

/// Fills a centre with the seeded city. Its messages go in by the public door; filling twice changes nothing.
pub(crate) async fn fill(centre: Centre, seed: u64, start: Option<&str>) -> Result<Centre> {
    let now = centre.clock.now();
    let mut options = CityOptions {
        seed,
        ..CityOptions::default()
    };
    options.start = match start {
        Some(text) => {
            qala_core::parse_date(text).ok_or_else(|| AppError::Usage(format!("`{text}` is not a date")))?
        }
        None => centre.zone.local_day(now) - options.days,
    };
    let city = qala_sim::generate(&options)?;
    for place in &city.places {
        let known = centre.registry.places().await.map_err(AppError::from)?;
        let before = known.iter().find(|p| p.id == place.id);
        let place = Place {
            id: place.id.clone(),
            kind: PlaceKind::District,
            name: place.name.clone(),
            parent: before.and_then(|p| p.parent.clone()),
            kato: before.and_then(|p| p.kato.clone()),
            geometry: Some(place.geometry.clone()),
            simulated: true,
            valid_from: before.map_or(0, |p| p.valid_from),
            valid_to: None,
        };
        centre
            .registry
            .put_place(&place, now)
            .await
            .map_err(AppError::from)?;
    }
    centre.relay().await?;
    let bar = ProgressBar::new(city.files.len() as u64);
    if let Ok(style) = ProgressStyle::with_template("seeded city {bar:40} {pos}/{len} messages  {elapsed}") {
        bar.set_style(style);
    }
    for file in city.files {
        let feed = centre.feed(&file.feed)?.clone();
        let name = file.path.rsplit('/').next().unwrap_or(&file.path).to_owned();
        let import = centre.feed_import(&feed, Payload::Bytes(name, Arc::new(file.bytes)));
        centre.import(import, Arc::new(Progress::default())).await?;
        bar.inc(1);
    }
    bar.finish_and_clear();
    centre.lake.commit().await.map_err(AppError::from)?;
    let from = centre.zone.day_start(options.start);
    let to = centre.zone.day_start(options.start + options.days);
    for spec in &centre.indicators {
        for grain in spec
            .grains
            .iter()
            .filter(|g| matches!(g.as_str(), "hour" | "day"))
        {
            if let Err(error) = centre
                .run_indicator(
                    spec,
                    Range {
                        from,
                        to,
                        grain: *grain,
                    },
                )
                .await
            {
                print::err(&format!("{} by {grain}: {error}", spec.id));
            }
        }
    }
    centre.lake.commit().await.map_err(AppError::from)?;
    Ok(centre)
}

pub(crate) async fn serve(
    centre: Centre,
    listen: SocketAddr,
    door: Door,
    backup: Option<(String, Duration)>,
) -> Result<ExitCode> {
    let centre = Arc::new(centre);
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
