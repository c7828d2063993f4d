//! Where an incident is, as a circle: its own point, or the district it names.

use qala_registry::Incident;

use crate::centre::Centre;
use crate::error::Result;

/// Metres around a point when neither the incident nor its procedure says any.
const USUAL_M: f64 = 1_000.0;
/// Metres of a degree of latitude.
const DEGREE_M: f64 = 111_195.0;
/// Metres of a circle at most; a larger district is told by its middle.
const LARGEST_M: f64 = 50_000.0;

/// A circle in which it is looked who is affected.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Area {
    /// Degrees.
    pub lon: f64,
    /// Degrees.
    pub lat: f64,
    /// Metres.
    pub radius_m: f64,
    /// True when it stands for a district or the whole city: it reaches farther than these.
    pub is_rough: bool,
}

/// The circle around the corners of well-known text; `None` when there are no corners in it.
pub(super) fn around(wkt: &str) -> Option<Area> {
    let mut numbers = wkt
        .split(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | '-' | '+' | 'e' | 'E')))
        .filter_map(|word| word.parse::<f64>().ok());
    let (mut west, mut south, mut east, mut north) = (f64::MAX, f64::MAX, f64::MIN, f64::MIN);
    while let (Some(lon), Some(lat)) = (numbers.next(), numbers.next()) {
        (west, east) = (west.min(lon), east.max(lon));
        (south, north) = (south.min(lat), north.max(lat));
    }
    if west > east {
        return None;
    }
    let (lon, lat) = (f64::midpoint(west, east), f64::midpoint(south, north));
    let high = (north - south) * DEGREE_M;
    let wide = (east - west) * DEGREE_M * lat.to_radians().cos();
    Some(Area {
        lon,
        lat,
        radius_m: (high.hypot(wide) / 2.0).clamp(1.0, LARGEST_M).round(),
        is_rough: true,
    })
}

impl Centre {
    /// The circle of an incident; `None` where its place has no geometry.
    ///
    /// # Errors
    /// The registry's.
    pub async fn incident_area(&self, incident: &Incident) -> Result<Option<Area>> {
        if let Some((lon, lat)) = incident.lon.zip(incident.lat) {
            let own = incident.radius_m.map(f64::from);
            let usual = self.procedures.iter().find(|p| p.id.as_str() == incident.kind);
            let usual = usual.and_then(|p| p.radius_m).map_or(USUAL_M, f64::from);
            return Ok(Some(Area {
                lon,
                lat,
                radius_m: own.unwrap_or(usual),
                is_rough: false,
            }));
        }
        let Some(place) = &incident.place else {
            return Ok(None);
        };
        let places = self.registry.places_at(self.clock.now()).await?;
        let found = places.iter().find(|known| known.id.as_str() == place);
        Ok(found.and_then(|place| place.geometry.as_deref()).and_then(around))
    }
}
