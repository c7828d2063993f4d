//! Web Mercator as whole numbers: the world is a square of 2^30 units, and a tile is a prefix of both numbers.

/// Bits of a coordinate: zoom 18 with 4096 units a tile, 4 cm at the equator.
pub(crate) const BITS: u32 = 30;
/// Units of the side of a tile.
pub const EXTENT: u32 = 4096;
/// The deepest zoom of tiles.
pub const DEEPEST: u8 = 18;
/// Mean radius of the earth, metres.
const EARTH_M: f64 = 6_371_008.8;
/// Web Mercator ends there, degrees.
const LAST_LAT: f64 = 85.051_128;

/// A place on the square of the world; `x` grows eastwards, `y` southwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Spot {
    /// From the antimeridian.
    pub x: u32,
    /// From the north.
    pub y: u32,
}

impl Spot {
    /// The place of a longitude and a latitude in degrees; `None` for numbers that are none.
    pub fn of(lon: f64, lat: f64) -> Option<Self> {
        if !(-180.0..=180.0).contains(&lon) || !(-90.0..=90.0).contains(&lat) {
            return None;
        }
        let side = f64::from(1_u32 << BITS);
        let lat = lat.clamp(-LAST_LAT, LAST_LAT).to_radians();
        let x = (lon + 180.0) / 360.0;
        let y = (1.0 - (lat.tan() + 1.0 / lat.cos()).ln() / std::f64::consts::PI) / 2.0;
        let whole = |part: f64| (part * side).floor().clamp(0.0, side - 1.0) as u32;
        Some(Self {
            x: whole(x),
            y: whole(y),
        })
    }

    /// Longitude and latitude, degrees, of the middle of the unit.
    pub fn degrees(self) -> (f64, f64) {
        let side = f64::from(1_u32 << BITS);
        let lon = (f64::from(self.x) + 0.5) / side * 360.0 - 180.0;
        let n = std::f64::consts::PI * (1.0 - 2.0 * (f64::from(self.y) + 0.5) / side);
        (lon, n.sinh().atan().to_degrees())
    }

    /// The two numbers with their bits in turn: what lies in one tile lies side by side.
    pub(crate) fn code(self) -> u64 {
        spread(self.x) | (spread(self.y) << 1)
    }

    pub(crate) fn from_code(code: u64) -> Self {
        Self {
            x: gather(code),
            y: gather(code >> 1),
        }
    }
}

fn spread(value: u32) -> u64 {
    let mut v = u64::from(value);
    v = (v | (v << 16)) & 0x0000_FFFF_0000_FFFF;
    v = (v | (v << 8)) & 0x00FF_00FF_00FF_00FF;
    v = (v | (v << 4)) & 0x0F0F_0F0F_0F0F_0F0F;
    v = (v | (v << 2)) & 0x3333_3333_3333_3333;
    (v | (v << 1)) & 0x5555_5555_5555_5555
}

fn gather(code: u64) -> u32 {
    let mut v = code & 0x5555_5555_5555_5555;
    v = (v | (v >> 1)) & 0x3333_3333_3333_3333;
    v = (v | (v >> 2)) & 0x0F0F_0F0F_0F0F_0F0F;
    v = (v | (v >> 4)) & 0x00FF_00FF_00FF_00FF;
    v = (v | (v >> 8)) & 0x0000_FFFF_0000_FFFF;
    v = (v | (v >> 16)) & 0x0000_0000_FFFF_FFFF;
    v as u32
}

/// A tile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TileId {
    /// Zoom.
    pub z: u8,
    /// Column from the west.
    pub x: u32,
    /// Row from the north.
    pub y: u32,
}

impl TileId {
    /// A tile; `None` when there is none of these numbers.
    pub fn new(z: u8, x: u32, y: u32) -> Option<Self> {
        (z <= DEEPEST && x < 1 << z && y < 1 << z).then_some(Self { z, x, y })
    }

    /// The first spot of the tile.
    pub(crate) fn corner(self) -> Spot {
        let shift = BITS - u32::from(self.z);
        Spot {
            x: self.x << shift,
            y: self.y << shift,
        }
    }

    /// Units of the world on the side of the tile.
    pub(crate) fn side(self) -> u32 {
        1 << (BITS - u32::from(self.z))
    }

    /// The codes of what lies in it: from, to (exclusive).
    pub(crate) fn codes(self) -> (u64, u64) {
        let first = self.corner().code();
        (first, first + (1_u64 << (2 * (BITS - u32::from(self.z)))))
    }

    /// A spot in units of the tile, when it lies in it.
    pub fn inside(self, spot: Spot) -> Option<(i32, i32)> {
        let (from, to) = self.codes();
        (from..to).contains(&spot.code()).then(|| self.place(spot))
    }

    /// A spot in units of the tile.
    pub(crate) fn place(self, spot: Spot) -> (i32, i32) {
        let corner = self.corner();
        let unit = |from: u32, at: u32| {
            let away = i64::from(at) - i64::from(from);
            (away * i64::from(EXTENT)).div_euclid(i64::from(self.side())) as i32
        };
        (unit(corner.x, spot.x), unit(corner.y, spot.y))
    }
}

/// Metres between two places in degrees, on a sphere (haversine).
pub fn distance_m(a: (f64, f64), b: (f64, f64)) -> f64 {
    let (lat_a, lat_b) = (a.1.to_radians(), b.1.to_radians());
    let (dlat, dlon) = ((lat_b - lat_a) / 2.0, (b.0 - a.0).to_radians() / 2.0);
    let h = dlat.sin().powi(2) + lat_a.cos() * lat_b.cos() * dlon.sin().powi(2);
    2.0 * EARTH_M * h.sqrt().min(1.0).asin()
}
