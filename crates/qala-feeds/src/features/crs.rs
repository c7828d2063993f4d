//! Reference systems: what a file or a mapping names, and the way from there to degrees of WGS 84.

use proj4rs::Proj;
use proj4rs::adaptors::transform_xy;

use crate::fault::{Fault, quote};

use super::prj;

/// Degrees of WGS 84.
const WGS_84: &str = "+proj=longlat +datum=WGS84 +no_defs";

/// No system counts farther: zone numbers stand before the millions of some.
const FARTHEST_M: f64 = 5e7;

/// The way from another reference system to degrees of WGS 84.
pub(crate) struct Projection {
    from: Proj,
    to: Proj,
    is_degrees: bool,
}

impl std::fmt::Debug for Projection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Projection({})", self.from.projname())
    }
}

impl Projection {
    /// Reads `EPSG:32643`, `urn:ogc:def:crs:EPSG::3857`, a PROJ string or well-known text. `None`: degrees of WGS 84.
    pub(crate) fn parse(text: &str) -> Result<Option<Self>, Fault> {
        let definition = definition(text.trim())?;
        if definition == WGS_84 {
            return Ok(None);
        }
        let made = Proj::from_proj_string(&definition).and_then(|from| {
            let to = Proj::from_proj_string(WGS_84)?;
            let is_degrees = from.is_latlong();
            Ok(Self { from, to, is_degrees })
        });
        made.map(Some).map_err(|error| unknown(text, &error.to_string()))
    }

    /// Longitude and latitude of a point.
    pub(crate) fn degrees(&self, x: f64, y: f64) -> Result<(f64, f64), Fault> {
        // Some projections bend any number into a longitude.
        if x.abs() > FARTHEST_M || y.abs() > FARTHEST_M {
            return Err(no_place(x, y));
        }
        let (x, y) = if self.is_degrees {
            (x.to_radians(), y.to_radians())
        } else {
            (x, y)
        };
        let turned = transform_xy(&self.from, &self.to, x, y);
        match turned {
            Ok((lon, lat)) if lon.is_finite() && lat.is_finite() => Ok((lon.to_degrees(), lat.to_degrees())),
            _ => Err(no_place(x, y)),
        }
    }
}

fn no_place(x: f64, y: f64) -> Fault {
    let message = format!("the point {x} {y} has no place on the Earth in its reference system");
    Fault::new("bad_coordinate", message)
}

fn unknown(text: &str, why: &str) -> Fault {
    let message = format!(
        "the reference system {} cannot be read ({why}); name one in the mapping: `crs = \"EPSG:4326\"`, a UTM zone such as `EPSG:32643`, `EPSG:3857`, or a PROJ string",
        quote(text.as_bytes())
    );
    Fault::new("unknown_crs", message)
}

/// The PROJ string of a reference system.
fn definition(text: &str) -> Result<String, Fault> {
    if text.starts_with('+') {
        return Ok(text.to_owned());
    }
    let upper = text.to_ascii_uppercase();
    if upper.is_empty() || upper.ends_with("CRS84") || upper == "WGS84" || upper == "WGS 84" {
        return Ok(WGS_84.to_owned());
    }
    if upper.starts_with("GEOGCS") || upper.starts_with("PROJCS") {
        return prj::definition(text).map_err(|why| unknown(text, &why));
    }
    if upper.starts_with("GEOGCRS") || upper.starts_with("PROJCRS") {
        return Err(unknown(text, "it is well-known text of the second version"));
    }
    let code = upper
        .rsplit_once("EPSG")
        .and_then(|(_, rest)| {
            rest.trim_start_matches([':', '/', '0', '.'])
                .split(['/', ':'])
                .next_back()
        })
        .and_then(|code| code.trim().parse::<u32>().ok())
        .ok_or_else(|| unknown(text, "it is neither a code, a PROJ string nor well-known text"))?;
    of_code(code).ok_or_else(|| unknown(text, "the code is not on the list"))
}

/// The systems that city files come in, by their EPSG code.
pub(super) fn of_code(code: u32) -> Option<String> {
    // Shifts of Pulkovo 1942 as Russia's standard of 2017 gives them.
    const PULKOVO: &str = "+ellps=krass +towgs84=23.57,-140.95,-79.8,0,0.35,0.79,-0.22";
    Some(match code {
        4326 | 4979 => WGS_84.to_owned(),
        4258 | 4269 => "+proj=longlat +ellps=GRS80 +towgs84=0,0,0".to_owned(),
        4284 => format!("+proj=longlat {PULKOVO}"),
        3857 | 3785 | 900_913 | 102_100 | 102_113 => {
            "+proj=merc +a=6378137 +b=6378137 +lat_ts=0 +lon_0=0 +x_0=0 +y_0=0 +k=1 +units=m +nadgrids=@null"
                .to_owned()
        }
        3395 => "+proj=merc +lon_0=0 +k=1 +x_0=0 +y_0=0 +datum=WGS84 +units=m".to_owned(),
        32_601..=32_660 => format!("+proj=utm +zone={} +datum=WGS84 +units=m", code - 32_600),
        32_701..=32_760 => format!("+proj=utm +zone={} +south +datum=WGS84 +units=m", code - 32_700),
        25_828..=25_838 => format!("+proj=utm +zone={} +ellps=GRS80 +towgs84=0,0,0 +units=m", code - 25_800),
        28_402..=28_432 => {
            let zone = i64::from(code) - 28_400;
            let (centre, east) = (zone * 6 - 3, zone * 1_000_000 + 500_000);
            let centre = if centre > 180 { centre - 360 } else { centre };
            format!("+proj=tmerc +lat_0=0 +lon_0={centre} +k=1 +x_0={east} +y_0=0 {PULKOVO} +units=m")
        }
        26_971 => "+proj=tmerc +lat_0=36.66666666666666 +lon_0=-88.33333333333333 +k=0.999975 +x_0=300000 +y_0=0 +ellps=GRS80 +towgs84=0,0,0 +units=m"
            .to_owned(),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn degrees(crs: &str, x: f64, y: f64) -> (f64, f64) {
        Projection::parse(crs).unwrap().unwrap().degrees(x, y).unwrap()
    }

    #[track_caller]
    fn near(found: (f64, f64), wanted: (f64, f64), within: f64) {
        let is_near = (found.0 - wanted.0).abs() < within && (found.1 - wanted.1).abs() < within;
        assert!(is_near, "{found:?} {wanted:?}");
    }

    #[test]
    fn degrees_need_no_projection() {
        for crs in [
            "EPSG:4326",
            "urn:ogc:def:crs:OGC:1.3:CRS84",
            "urn:ogc:def:crs:EPSG::4326",
            "http://www.opengis.net/def/crs/EPSG/0/4326",
            "OGC:CRS84",
        ] {
            assert!(Projection::parse(crs).unwrap().is_none(), "{crs}");
        }
    }

    /// Computed with pyproj 3.7 (PROJ 9). Pulkovo 1942 has several published shifts, which differ by metres.
    #[test]
    fn known_points() {
        let utm = degrees("EPSG:32643", 652_987.0, 4_790_000.0);
        near(utm, (76.884_502_369_471, 43.247_284_293_420), 1e-9);
        let web = degrees("EPSG:3857", 8_559_298.0, 5_348_000.0);
        near(web, (76.889_482_147_337, 43.236_243_979_875), 1e-9);
        let illinois = degrees("EPSG:26971", 359_192.302_798_928, 570_510.890_752_286);
        near(illinois, (-87.621_061, 41.803_392_000_002), 1e-9);
        let kruger = degrees("EPSG:28413", 13_653_000.0, 4_792_000.0);
        near(kruger, (76.883_331_599_198, 43.247_575_016_857), 1e-4);
    }

    #[test]
    fn what_is_not_known_is_said() {
        for crs in [
            "EPSG:1",
            "Mars",
            "+proj=nonsense",
            "PROJCS[\"a\"",
            "GEOGCRS[\"a\"]",
        ] {
            assert_eq!(Projection::parse(crs).unwrap_err().code, "unknown_crs", "{crs}");
        }
        let utm = Projection::parse("EPSG:32643").unwrap().unwrap();
        assert!(utm.degrees(f64::NAN, 1e300).is_err());
    }
}
