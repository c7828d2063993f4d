//! Places and distances.

/// Mean radius of the WGS 84 ellipsoid, (2a + b) / 3, in metres.
pub const MEAN_RADIUS_M: f64 = 6_371_008.8;

/// A place, WGS 84, degrees.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Location {
    /// Longitude, −180 to 180.
    pub lon: f64,
    /// Latitude, −90 to 90.
    pub lat: f64,
}

impl Location {
    /// True when both numbers are on the globe.
    pub(super) fn is_valid(self) -> bool {
        (-180.0..=180.0).contains(&self.lon) && (-90.0..=90.0).contains(&self.lat)
    }
}

/// The great-circle distance by the haversine formula, in metres.
pub fn distance_m(a: Location, b: Location) -> f64 {
    let (lat_a, lat_b) = (a.lat.to_radians(), b.lat.to_radians());
    let half_lat = ((b.lat - a.lat).to_radians() / 2.0).sin();
    let half_lon = ((b.lon - a.lon).to_radians() / 2.0).sin();
    let square = half_lat * half_lat + lat_a.cos() * lat_b.cos() * half_lon * half_lon;
    // Rounding may pass 1 by a hair for opposite places.
    2.0 * MEAN_RADIUS_M * square.sqrt().min(1.0).asin()
}
