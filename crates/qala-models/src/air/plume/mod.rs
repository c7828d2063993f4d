//! Gaussian plumes: how much of each source arrives at each receptor in each hour.
//!
//! What belongs here: steady plumes of point sources. What does not: calm hours, hills, chemistry, deposition; where
//! unknown sources are.

mod spread;
#[cfg(test)]
mod tests;

pub use spread::{Stability, Surface, buoyancy_m4_s3, concentration_ug_m3, rise_m, sigmas_m, upright_1_m};

use crate::Card;
use crate::run::{Model, Names, Refusal, Run, Table};

/// The model.
pub static MODEL: Model = Model {
    spec: include_str!("spec.toml"),
    card: Card {
        id: "air.plume",
        purpose: "computes the concentration that each source makes at each receptor in each hour of weather",
        method: "Gaussian plume with Briggs' rural and urban curves (urban A = B and E = F), perfect reflection at the \
                 ground and at the mixing height (all images), and on demand Briggs' final rise: 38.71·F^0.6/u from F = 55 \
                 on, 21.425·F^0.75/u below it, 2.6·(F/(u·s))^⅓ in E and F with s = g/T·dθ/dz and dθ/dz 0.020 and \
                 0.035 K/m",
        assumptions: &[
            "the wind is taken as it is given: no profile with height; it blows from wd_deg, in grid degrees of x and y",
            "the rise is complete at the source; a gas that is not warmer than the air does not rise by itself",
            "an empty mixing height is no lid; a lid lets nothing through: what a plume above it makes below is 0",
            "below 0.5 m/s the air counts as calm and the value is empty: there a steady plume says nothing",
            "upwind of a source the value is 0",
            "rows are ordered by weather, then receptors, then sources, each in the order of its input",
        ],
        limits: &[
            "flat ground; no buildings, no downwash, no momentum rise, no chemistry, no deposition",
            "Briggs' curves hold from 100 m to 10 km; beyond they are only drawn on",
            "slope winds, shallow inversions and smog of calm winter days are outside of what it can say",
            "a missing rate, wind, class or surface, and with rise a missing stack or air temperature, leave the value \
             empty; a missing place or height is refused; a stack without flow does not rise",
        ],
    },
    run,
};

/// Wind speed below which the air counts as calm, m/s.
pub const CALM_M_S: f64 = 0.5;

struct Source {
    x_m: f64,
    y_m: f64,
    height_m: f64,
    rate_g_s: Option<f64>,
    /// Diameter in m, speed of the gas in m/s, its temperature in K.
    stack: Option<[f64; 3]>,
}

struct Hour {
    ws_m_s: f64,
    wd_deg: f64,
    class: (Stability, Surface),
    air_k: Option<f64>,
    lid_m: Option<f64>,
}

/// One row for each time, receptor and source, in this order.
fn run(run: &Run) -> Result<Vec<Table>, Refusal> {
    let rises = run.settings().text("rise") == "briggs";
    let (source_ids, sources) = sources(run.table("sources")?)?;
    let table = run.table("receptors")?;
    let receptor_ids = only_once(table, "receptor")?;
    let receptors: Vec<(f64, f64, f64)> = {
        let (x, y, z) = (
            table.floats("x_m")?,
            table.floats("y_m")?,
            not_negative(table, "z_m")?,
        );
        x.into_iter()
            .zip(y)
            .zip(all(table, "z_m", z)?)
            .map(|((x, y), z)| (x, y, z))
            .collect()
    };
    let weather = run.table("weather")?;
    let times = only_once(weather, "t")?;

    let mut values = Vec::with_capacity(times.len() * receptors.len() * sources.len());
    for hour in hours(weather)? {
        let hour = hour.filter(|hour| hour.ws_m_s >= CALM_M_S);
        let heights: Vec<Option<f64>> = sources
            .iter()
            .map(|source| height_m(source, hour.as_ref()?, rises))
            .collect();
        let (sin, cos) = hour
            .as_ref()
            .map_or((0.0, 0.0), |hour| hour.wd_deg.to_radians().sin_cos());
        for (x, y, z) in &receptors {
            for (source, height) in sources.iter().zip(&heights) {
                let value = || {
                    let hour = hour.as_ref()?;
                    let (east, north) = (x - source.x_m, y - source.y_m);
                    // The wind comes from wd_deg: downwind is the other way.
                    let place = (-east * sin - north * cos, north * sin - east * cos, *z);
                    Some(concentration_ug_m3(
                        source.rate_g_s?,
                        hour.ws_m_s,
                        place,
                        (*height)?,
                        hour.class,
                        hour.lid_m,
                    ))
                };
                values.push(value());
            }
        }
    }

    let (receptors, sources) = (receptor_ids.len(), source_ids.len());
    let rows = 0..values.len();
    Ok(vec![
        Table::new("concentrations")
            .texts_of("t", rows.clone().map(|row| &times[row / (receptors * sources)]))
            .texts_of(
                "receptor",
                rows.clone().map(|row| &receptor_ids[row / sources % receptors]),
            )
            .texts_of("source", rows.map(|row| &source_ids[row % sources]))
            .floats_of("value_ug_m3", values),
    ])
}

/// Height of the middle of the plume, m; absent when it should rise and what that takes is not known.
fn height_m(source: &Source, hour: &Hour, rises: bool) -> Option<f64> {
    if !rises {
        return Some(source.height_m);
    }
    let [diameter, velocity, gas] = source.stack?;
    let air = hour.air_k?;
    let buoyancy = buoyancy_m4_s3(diameter, velocity, gas, air);
    Some(source.height_m + rise_m(buoyancy, hour.ws_m_s, air, hour.class.0.gradient_k_m()))
}

fn sources(table: &Table) -> Result<(Vec<String>, Vec<Source>), Refusal> {
    let ids = only_once(table, "source")?;
    let (x, y) = (table.floats("x_m")?, table.floats("y_m")?);
    let heights = all(table, "height_m", not_negative(table, "height_m")?)?;
    let rates = not_negative(table, "rate_g_s")?;
    let diameters = not_negative(table, "diameter_m")?;
    let velocities = not_negative(table, "velocity_m_s")?;
    let temperatures = kelvin(table)?;
    let sources = (0..ids.len())
        .map(|row| Source {
            x_m: x[row],
            y_m: y[row],
            height_m: heights[row],
            rate_g_s: rates[row],
            stack: stack(diameters[row], velocities[row], temperatures[row]),
        })
        .collect();
    Ok((ids, sources))
}

/// Diameter, speed and temperature of the gas; where nothing flows, no temperature is needed.
fn stack(diameter: Option<f64>, velocity: Option<f64>, temperature: Option<f64>) -> Option<[f64; 3]> {
    match (diameter, velocity) {
        (Some(0.0), _) | (_, Some(0.0)) => Some([0.0, 0.0, temperature.unwrap_or(300.0)]),
        _ => Some([diameter?, velocity?, temperature?]),
    }
}

/// The weather; an hour that lacks wind, class or surface is absent.
fn hours(table: &Table) -> Result<Vec<Option<Hour>>, Refusal> {
    let speeds = not_negative(table, "ws_m_s")?;
    let directions = table.maybe_floats("wd_deg")?;
    let classes = table.texts("stability")?;
    let surfaces = table.texts("surface")?;
    let temperatures = kelvin(table)?;
    let lids = table.maybe_floats("mixing_height_m")?;
    let mut hours = Vec::with_capacity(speeds.len());
    for row in 0..speeds.len() {
        let stability = match classes[row].as_str() {
            "" => None,
            letter => Some(
                Stability::parse(letter)
                    .ok_or_else(|| table.wrong(row, "stability", "is none of A, B, C, D, E, F"))?,
            ),
        };
        let surface = match surfaces[row].as_str() {
            "" => None,
            "rural" => Some(Surface::Rural),
            "urban" => Some(Surface::Urban),
            _ => return Err(table.wrong(row, "surface", "is neither rural nor urban")),
        };
        if directions[row].is_some_and(|wd| !(0.0..=360.0).contains(&wd)) {
            return Err(table.wrong(
                row,
                "wd_deg",
                "is not between 0 and 360; leave it empty when there is no direction",
            ));
        }
        if lids[row].is_some_and(|lid| lid <= 0.0) {
            return Err(table.wrong(
                row,
                "mixing_height_m",
                "is not above 0; leave it empty when there is no lid",
            ));
        }
        let hour = || {
            Some(Hour {
                ws_m_s: speeds[row]?,
                wd_deg: directions[row]?,
                class: (stability?, surface?),
                air_k: temperatures[row],
                lid_m: lids[row],
            })
        };
        hours.push(hour());
    }
    Ok(hours)
}

/// Numbers of a column that must not be below 0.
fn not_negative(table: &Table, column: &str) -> Result<Vec<Option<f64>>, Refusal> {
    let numbers = table.maybe_floats(column)?;
    match numbers
        .iter()
        .position(|number| number.is_some_and(|number| number < 0.0))
    {
        Some(row) => Err(table.wrong(row, column, "is below 0")),
        None => Ok(numbers),
    }
}

/// Temperatures: a value below 100 K is degrees Celsius by mistake.
fn kelvin(table: &Table) -> Result<Vec<Option<f64>>, Refusal> {
    let numbers = table.maybe_floats("temperature_k")?;
    match numbers
        .iter()
        .position(|number| number.is_some_and(|number| number < 100.0))
    {
        Some(row) => Err(table.wrong(row, "temperature_k", "is no temperature of air or gas in kelvin")),
        None => Ok(numbers),
    }
}

fn all(table: &Table, column: &str, numbers: Vec<Option<f64>>) -> Result<Vec<f64>, Refusal> {
    numbers
        .into_iter()
        .enumerate()
        .map(|(row, number)| number.ok_or_else(|| table.wrong(row, column, "is empty")))
        .collect()
}

/// Ids of which none is there twice.
fn only_once(table: &Table, column: &str) -> Result<Vec<String>, Refusal> {
    let ids = table.ids(column)?;
    let mut seen = Names::default();
    for (row, id) in ids.iter().enumerate() {
        if seen.place(id) != row {
            return Err(table.wrong(row, column, "is there twice"));
        }
    }
    Ok(ids)
}
