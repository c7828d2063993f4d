//! The small seeded city: one district for a few days, all of it sent at once. The golden values of the indicators are of it.

use std::sync::Arc;

use anyhow::Result;
use indicatif::{ProgressBar, ProgressStyle};
use qala_app::{AppError, Centre, Payload, Progress, Range};
use qala_sim::CityOptions;

use crate::print;

/// Fills a centre with the small city, and computes its indicators. Filling twice changes nothing.
///
/// # Errors
/// A start that is no date; a message that is not taken in.
pub(crate) async fn fill(centre: &Centre, seed: u64, start: Option<&str>) -> Result<()> {
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
    super::put_places(centre, &city.places).await?;
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
            let range = Range {
                from,
                to,
                grain: *grain,
            };
            if let Err(error) = centre.run_indicator(spec, range).await {
                print::err(&format!("{} by {grain}: {error}", spec.id));
            }
        }
    }
    centre.lake.commit().await.map_err(AppError::from)?;
    Ok(())
}
