//! `qala demo`: the seeded city at work. Its messages go in by the public door, in this process.
//!
//! What belongs here: when a message goes out, what a restart goes on with, what people see of it. What does not: making
//! messages (`qala-sim`), taking them in (`qala-app`).

mod clock;
mod plan;
mod send;
mod small;
mod walk;
mod watch;

use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Result;
use qala_app::lake::Clock as _;
use qala_app::registry::{Place, PlaceKind};
use qala_app::{AppError, Background, Centre, CentreOptions, Door, Schedule, SystemClock};
use qala_sim::SimPlace;
use qala_sim::city::{FaultOptions, WholeCity, WholeOptions};

use crate::commands::serve;
use clock::DemoClock;
use plan::Plan;
pub(crate) use plan::{History, Wanted};
pub(crate) use small::fill as fill_small;
use walk::Walk;

/// Memory of the whole program stays below 1 GB, also while it is filled. A day of positions has some six million keys.
const QUERY_MEMORY: usize = 192 << 20;
const INGEST_MEMORY: usize = 216 << 20;

/// Runs the centre with the seeded city in full; with `fill_only` it ends when all is filled.
pub(crate) async fn run(
    options: CentreOptions,
    wanted: &Wanted,
    listen: SocketAddr,
    fill_only: bool,
) -> Result<ExitCode> {
    let wall = SystemClock.now();
    let city = WholeOptions {
        seed: wanted.seed,
        faults: if wanted.faults {
            FaultOptions::default()
        } else {
            FaultOptions::none()
        },
        ..WholeOptions::default()
    };
    let city = WholeCity::build(&city)?;
    let plan = Plan::take(&options.data, wanted, city.zone(), wall)?;
    // A city whose time is not the wall clock's begins at its own time, and never comes to know the future.
    let own_time = wanted.speed > 1 || wanted.start.is_some();
    let clock = Arc::new(DemoClock::new(
        if own_time { plan.origin } else { wall },
        wanted.speed,
    ));
    let centre = Centre::open(CentreOptions {
        query_memory: QUERY_MEMORY,
        ingest_memory: Some(INGEST_MEMORY),
        clock: Arc::clone(&clock) as _,
        ..options
    })
    .await?;
    put_places(&centre, &city.places()?).await?;
    let centre = Arc::new(centre);
    let walk = Walk::new(Arc::clone(&centre), city, plan, wanted.speed).await?;
    if own_time {
        clock.set(walk.newest());
    }
    let watching = watch::start(&centre);
    if fill_only {
        let background = Background::start(&centre, false);
        walk.fill().await?;
        let mut schedule = Schedule::default();
        centre.computing.ask();
        schedule.turn(&centre).await;
        drop(background);
        centre.lake.commit().await.map_err(AppError::from)?;
        watching.end().await;
        return Ok(ExitCode::SUCCESS);
    }
    centre.computing.hold();
    let walking = tokio::spawn(walk.run());
    let served = serve::serve(Arc::clone(&centre), listen, Door::Open, None).await;
    walking.abort();
    watching.end().await;
    served
}

/// Gives the districts the outlines of the simulated city.
async fn put_places(centre: &Centre, places: &[SimPlace]) -> Result<()> {
    let now = centre.clock.now();
    let known = centre.registry.places().await.map_err(AppError::from)?;
    for place in places {
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
    Ok(())
}
