//! The eight districts: names, codes, populations (CITY-FACTS section 3), and the corners from which outlines are drawn.

/// A district as the sources know it.
pub(super) struct DistrictFacts {
    /// Id, as in the pack.
    pub(super) id: &'static str,
    /// Name in Kazakh, Russian and English.
    pub(super) names: [&'static str; 3],
    /// Residents as stated by the district pages; two of them are lower bounds.
    pub(super) stated: i64,
    /// Corners, counter-clockwise, as positions in [`CORNERS`]. Neighbours name the same corners, so that they tile.
    pub(super) ring: &'static [usize],
    /// Share of homes that are private houses (assumption: outer districts have more).
    pub(super) houses: f64,
    /// Districts from which air comes at night, when it flows down from the mountains in the south.
    pub(super) above: &'static [usize],
    /// Districts from which air comes by day, when it flows up from the plain in the north.
    pub(super) below: &'static [usize],
}

/// Residents of the city, 1 February 2026 (CITY-FACTS section 3).
pub(super) const RESIDENTS: i64 = 2_351_424;

/// Positions in [`DISTRICTS`].
pub(super) const ALATAU: usize = 0;
const ALMALY: usize = 1;
const AUEZOV: usize = 2;
const BOSTANDYK: usize = 3;
pub(super) const ZHETYSU: usize = 4;
const MEDEU: usize = 5;
const NAURYZBAY: usize = 6;
pub(super) const TURKSIB: usize = 7;

/// The districts in the order of CITY-FACTS section 3. Populations: the numbers there, which add up to 185,665 fewer than
/// the city has.
pub(super) const DISTRICTS: [DistrictFacts; 8] = [
    DistrictFacts {
        id: "alatau",
        names: ["Алатау ауданы", "Алатауский район", "Alatau"],
        stated: 317_700,
        ring: &[11, 10, 9, 2, 1, 0],
        houses: 0.55,
        above: &[AUEZOV, NAURYZBAY],
        below: &[],
    },
    DistrictFacts {
        id: "almaly",
        names: ["Алмалы ауданы", "Алмалинский район", "Almaly"],
        stated: 224_600,
        ring: &[14, 15, 8, 9],
        houses: 0.06,
        above: &[BOSTANDYK],
        below: &[ZHETYSU],
    },
    DistrictFacts {
        id: "auezov",
        names: ["Әуезов ауданы", "Ауэзовский район", "Auezov"],
        stated: 358_000,
        ring: &[12, 13, 14, 9, 10],
        houses: 0.10,
        above: &[NAURYZBAY],
        below: &[ALATAU],
    },
    DistrictFacts {
        id: "bostandyk",
        names: ["Бостандық ауданы", "Бостандыкский район", "Bostandyk"],
        stated: 362_200,
        ring: &[19, 20, 21, 15, 14, 13, 18],
        houses: 0.15,
        above: &[],
        below: &[ALMALY],
    },
    DistrictFacts {
        id: "zhetysu",
        names: ["Жетісу ауданы", "Жетысуский район", "Zhetysu"],
        stated: 173_972,
        ring: &[9, 8, 7, 3, 2],
        houses: 0.40,
        above: &[ALMALY],
        below: &[],
    },
    DistrictFacts {
        id: "medeu",
        names: ["Медеу ауданы", "Медеуский район", "Medeu"],
        stated: 242_100,
        ring: &[21, 22, 23, 6, 7, 8, 15],
        houses: 0.30,
        above: &[],
        below: &[TURKSIB, ZHETYSU],
    },
    DistrictFacts {
        id: "nauryzbay",
        names: ["Наурызбай ауданы", "Наурызбайский район", "Nauryzbay"],
        stated: 220_187,
        ring: &[17, 18, 13, 12, 16],
        houses: 0.55,
        above: &[],
        below: &[AUEZOV, ALATAU],
    },
    DistrictFacts {
        id: "turksib",
        names: ["Түрксіб ауданы", "Турксибский район", "Turksib"],
        stated: 267_000,
        ring: &[7, 6, 5, 4, 3],
        houses: 0.50,
        above: &[MEDEU, ZHETYSU],
        below: &[],
    },
];

/// Corners in km east and north of the south-west corner of the city's box (CITY-FACTS section 3: 76.738 E, 43.033 N).
/// Chosen so that the areas come near those of CITY-FACTS section 3 and each district lies on its side of the city; no
/// outline is real.
pub(super) const CORNERS: [(f64, f64); 24] = [
    (1.5, 36.3),
    (11.5, 36.3),
    (11.5, 31.4),
    (18.5, 31.4),
    (18.5, 36.55),
    (25.5, 36.55),
    (25.5, 25.8),
    (18.5, 25.8),
    (17.0, 25.8),
    (11.5, 25.8),
    (5.5, 25.8),
    (1.5, 25.8),
    (5.5, 21.87),
    (11.5, 21.87),
    (11.5, 22.5),
    (17.0, 22.5),
    (1.5, 21.87),
    (1.5, 14.9),
    (11.5, 14.9),
    (11.5, 4.6),
    (17.0, 4.6),
    (17.0, 8.74),
    (33.0, 8.74),
    (33.0, 25.8),
];

/// Areas of the real outlines, km² (CITY-FACTS section 3, computed there), in the order of [`DISTRICTS`].
#[cfg(test)]
pub(super) const AREAS_KM2: [f64; 8] = [105.3, 18.1, 23.6, 98.4, 39.3, 273.0, 69.7, 75.3];
