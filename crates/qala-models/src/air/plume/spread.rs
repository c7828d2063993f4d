//! How wide and how high a plume is: Briggs' curves of dispersion, his final rise, reflections at ground and lid.

use std::f64::consts::PI;

/// Standard gravity, m/s².
const GRAVITY: f64 = 9.806_65;

/// Pasquill's stability of the air.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stability {
    /// Very unstable.
    A,
    /// Unstable.
    B,
    /// Slightly unstable.
    C,
    /// Neutral.
    D,
    /// Slightly stable.
    E,
    /// Stable.
    F,
}

impl Stability {
    /// The class of that letter.
    pub fn parse(letter: &str) -> Option<Self> {
        Some(match letter {
            "A" | "a" => Self::A,
            "B" | "b" => Self::B,
            "C" | "c" => Self::C,
            "D" | "d" => Self::D,
            "E" | "e" => Self::E,
            "F" | "f" => Self::F,
            _ => return None,
        })
    }

    /// Rise of the potential temperature with height, K/m; absent when the air is not stable.
    pub fn gradient_k_m(self) -> Option<f64> {
        match self {
            Self::E => Some(0.020),
            Self::F => Some(0.035),
            _ => None,
        }
    }
}

/// What the wind blows over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Surface {
    /// Open country.
    Rural,
    /// A city.
    Urban,
}

/// Standard deviations of a plume across and upwards, m, at `x_m` > 0 downwind (Briggs 1973 as in Hanna, Briggs and
/// Hosker 1982, table 4.5).
pub fn sigmas_m(x_m: f64, stability: Stability, surface: Surface) -> (f64, f64) {
    let x = x_m;
    let root = |rate: f64| (1.0 + rate * x).sqrt();
    match surface {
        Surface::Rural => {
            let across = match stability {
                Stability::A => 0.22,
                Stability::B => 0.16,
                Stability::C => 0.11,
                Stability::D => 0.08,
                Stability::E => 0.06,
                Stability::F => 0.04,
            };
            let upwards = match stability {
                Stability::A => 0.20 * x,
                Stability::B => 0.12 * x,
                Stability::C => 0.08 * x / root(0.0002),
                Stability::D => 0.06 * x / root(0.0015),
                Stability::E => 0.03 * x / (1.0 + 0.0003 * x),
                Stability::F => 0.016 * x / (1.0 + 0.0003 * x),
            };
            (across * x / root(0.0001), upwards)
        }
        Surface::Urban => {
            let (across, upwards) = match stability {
                Stability::A | Stability::B => (0.32, 0.24 * x * root(0.001)),
                Stability::C => (0.22, 0.20 * x),
                Stability::D => (0.16, 0.14 * x / root(0.0003)),
                Stability::E | Stability::F => (0.11, 0.08 * x / root(0.0015)),
            };
            (across * x / root(0.0004), upwards)
        }
    }
}

/// Flux of buoyancy of a stack, m⁴/s³: diameter in m, speed of the gas in m/s, temperatures of gas and air in K. A gas
/// that is not warmer than the air has none.
pub fn buoyancy_m4_s3(diameter_m: f64, velocity_m_s: f64, gas_k: f64, air_k: f64) -> f64 {
    (GRAVITY * velocity_m_s * diameter_m.powi(2) * (gas_k - air_k) / (4.0 * gas_k)).max(0.0)
}

/// Final rise of a buoyant plume, m (Briggs 1969–1975): `air_k` in K counts only in stable air, whose gradient of
/// potential temperature is `gradient_k_m`, K/m.
pub fn rise_m(buoyancy_m4_s3: f64, ws_m_s: f64, air_k: f64, gradient_k_m: Option<f64>) -> f64 {
    match gradient_k_m {
        Some(gradient) => 2.6 * (buoyancy_m4_s3 / (ws_m_s * GRAVITY / air_k * gradient)).cbrt(),
        None if buoyancy_m4_s3 >= 55.0 => 38.71 * buoyancy_m4_s3.powf(0.6) / ws_m_s,
        None => 21.425 * buoyancy_m4_s3.powf(0.75) / ws_m_s,
    }
}

/// Density of a plume over height, 1/m, at `z_m` of a plume whose middle is at `height_m`, with perfect reflection at the
/// ground and under a lid at `lid_m`. A lid lets nothing through: a plume above it is reflected at its upper side.
pub fn upright_1_m(z_m: f64, height_m: f64, sigma_m: f64, lid_m: Option<f64>) -> f64 {
    let bell = |distance: f64| (-distance * distance / (2.0 * sigma_m * sigma_m)).exp();
    let peak = 1.0 / (sigma_m * (2.0 * PI).sqrt());
    let Some(lid) = lid_m else {
        return peak * (bell(z_m - height_m) + bell(z_m + height_m));
    };
    if height_m > lid {
        let (above, middle) = (z_m - lid, height_m - lid);
        return if above < 0.0 {
            0.0
        } else {
            peak * (bell(above - middle) + bell(above + middle))
        };
    }
    if z_m > lid {
        return 0.0;
    }
    if sigma_m < lid {
        let image = |order: i32| {
            let shift = 2.0 * f64::from(order) * lid;
            bell(z_m - height_m + shift) + bell(z_m + height_m + shift)
        };
        // The next image is at least eleven standard deviations away.
        peak * (-5..=5).map(image).sum::<f64>()
    } else {
        // The same sum by Poisson's formula: for a wide plume the waves die out where the images do not.
        let wave = |order: i32| {
            let number = f64::from(order) * PI / lid;
            2.0 * (-(number * sigma_m).powi(2) / 2.0).exp() * (number * z_m).cos() * (number * height_m).cos()
        };
        (1.0 + (1..=3).map(wave).sum::<f64>()) / lid
    }
}

/// Concentration in µg/m³ of a plume of `rate_g_s` g/s at `x_m` downwind and `y_m` across: none upwind; not finite at the
/// source itself.
pub fn concentration_ug_m3(
    rate_g_s: f64,
    ws_m_s: f64,
    (x_m, y_m, z_m): (f64, f64, f64),
    height_m: f64,
    (stability, surface): (Stability, Surface),
    lid_m: Option<f64>,
) -> f64 {
    if x_m <= 0.0 {
        return 0.0;
    }
    let (across, upwards) = sigmas_m(x_m, stability, surface);
    let over = (-y_m * y_m / (2.0 * across * across)).exp() / (across * (2.0 * PI).sqrt());
    1e6 * rate_g_s / ws_m_s * over * upright_1_m(z_m, height_m, upwards, lid_m)
}
