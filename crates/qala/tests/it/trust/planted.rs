//! The seeded city as the input of feed trust: what it sends, with planted faults, and what is true of it.

use std::collections::HashMap;

use qala_core::spec::DatasetSpec;
use qala_models::feed_trust::{Channel, HOUR, Kind, Nature, Planted, Reading, Window, conversions};
use qala_sim::city::{
    EpisodeKind, Fate, FaultOptions, Feed, Message, Op, Pace, PlannedFault, WholeCity, WholeOptions,
};

const DATASETS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../datasets");
pub(crate) const FEEDS: [Feed; 4] = [Feed::Posts, Feed::Sensors, Feed::Weather, Feed::Traffic];
/// Days before the window.
const USUAL_DAYS: i64 = 7;
/// Hours of the window.
const WINDOW_HOURS: i64 = 48;
const DAY: i64 = 24 * HOUR;

/// The first instant of the window of a seed: each seed another day of the year.
pub(crate) fn begin(city: &WholeCity, seed: u64) -> i64 {
    city.zone()
        .day_start(20_480 + (seed % 52) as i32 * 7 + (seed % 7) as i32)
}

pub(crate) fn spec(feed: Feed) -> DatasetSpec {
    let name = if feed == Feed::Traffic {
        "traffic/traffic_readings"
    } else {
        "air/air_readings"
    };
    let path = format!("{DATASETS}/{name}.toml");
    DatasetSpec::from_toml(&path, &std::fs::read_to_string(&path).unwrap()).unwrap()
}

/// Reads the rows of a message: device, quantity, time, value in the unit of the dataset.
fn rows(feed: Feed, bytes: &[u8], mut each: impl FnMut(&str, &str, i64, f64)) {
    let mut last = (String::new(), 0);
    let mut instant = |text: &str| {
        if last.0 != text {
            last = (text.to_owned(), qala_core::parse_instant(text, None).unwrap());
        }
        last.1
    };
    let text = std::str::from_utf8(bytes).unwrap();
    if feed == Feed::Traffic {
        for line in text.lines().skip(1) {
            let cells: Vec<&str> = line.split(',').collect();
            let t = instant(cells[1]);
            for (quantity, cell) in [("flow", cells[2]), ("speed", cells[3])] {
                if !cell.is_empty() {
                    each(cells[0], quantity, t, cell.parse().unwrap());
                }
            }
        }
        return;
    }
    let factor = if feed == Feed::Posts { 1000.0 } else { 1.0 };
    // One record a line: station_id, t, quantity, value, unit.
    for line in text.lines().filter(|line| line.starts_with('{')) {
        let parts: Vec<&str> = line.split('"').collect();
        let value: f64 = parts[14].trim_matches([':', ',']).parse().unwrap();
        each(parts[3], parts[11], instant(parts[7]), value * factor);
    }
}

/// Means by hour of what a city usually sends, by channel and device.
pub(crate) type Usual = Vec<Vec<Vec<f64>>>;

pub(crate) fn usual(city: &WholeCity, feed: Feed, from: i64) -> Usual {
    let truth = city.truth();
    let devices: HashMap<String, usize> = truth
        .devices(feed)
        .into_iter()
        .enumerate()
        .map(|(i, d)| (d.to_owned(), i))
        .collect();
    let quantities: Vec<&str> = truth.quantities(feed).into_iter().map(|q| q.0).collect();
    let spec = spec(feed);
    let hours = (USUAL_DAYS * 24) as usize;
    let mut sums = vec![vec![vec![(0.0, 0.0); hours]; devices.len()]; quantities.len()];
    let start = from - USUAL_DAYS * DAY;
    for message in city.messages_of(&[feed], Pace::Bulk, start + 1, from + 1) {
        if message.op != Op::Upsert {
            continue;
        }
        rows(feed, &message.bytes, |device, quantity, t, value| {
            let range = &spec.quantities[quantity];
            let hour = (t - start).div_euclid(HOUR);
            if value < range.min.unwrap() || value > range.max.unwrap() || hour < 0 || hour >= hours as i64 {
                return;
            }
            let channel = quantities.iter().position(|q| *q == quantity).unwrap();
            let slot: &mut (f64, f64) = &mut sums[channel][devices[device]][hour as usize];
            *slot = (slot.0 + value, slot.1 + 1.0);
        });
    }
    sums.into_iter()
        .map(|c| {
            c.into_iter()
                .map(|d| d.into_iter().map(|(s, n)| s / n).collect())
                .collect()
        })
        .collect()
}

/// What a city sends in a window.
pub(crate) fn window(city: &WholeCity, feed: Feed, from: i64, usual: &Usual) -> Window {
    let truth = city.truth();
    let names: Vec<String> = truth.devices(feed).into_iter().map(str::to_owned).collect();
    let devices: HashMap<&str, usize> = names.iter().enumerate().map(|(i, d)| (d.as_str(), i)).collect();
    let quantities: Vec<&str> = truth.quantities(feed).into_iter().map(|q| q.0).collect();
    let spec = spec(feed);
    let to = from + WINDOW_HOURS * HOUR;
    let mut channels: Vec<Channel> = quantities
        .iter()
        .zip(usual)
        .map(|(q, usual)| {
            let quantity = &spec.quantities[*q];
            let unit = quantity.unit.symbol();
            Channel {
                quantity: (*q).to_owned(),
                nature: Nature::of(unit),
                min: quantity.min.unwrap(),
                max: quantity.max.unwrap(),
                conversions: conversions(q, unit),
                series: vec![qala_models::feed_trust::Series::default(); names.len()],
                usual: usual.clone(),
            }
        })
        .collect();
    let mut received = Vec::new();
    // Judged an hour after the end.
    for message in city.messages_of(&[feed], Pace::Live, from + 1, to + HOUR) {
        let number = received.len() as u32;
        let is_back = message.op == Op::Retract;
        rows(feed, &message.bytes, |device, quantity, t, value| {
            let channel = quantities.iter().position(|q| *q == quantity).unwrap();
            let series = &mut channels[channel].series[devices[device]];
            if is_back {
                series.retain(|r| r.t != t);
            } else if t < to + 2 * HOUR {
                series.push(Reading {
                    t,
                    value,
                    message: number,
                });
            }
        });
        received.push(message.time);
    }
    // What was measured after the window is not of it.
    for channel in &mut channels {
        for series in &mut channel.series {
            series.retain(|r| received[r.message as usize] <= to || r.t < to);
            series.retain(|r| r.t >= from - HOUR);
        }
    }
    Window {
        devices: names,
        from,
        to,
        received,
        channels,
    }
}

pub(crate) fn city(seed: u64, faults: FaultOptions) -> WholeCity {
    WholeCity::build(&WholeOptions {
        seed,
        faults,
        ..WholeOptions::default()
    })
    .unwrap()
}

/// Only single records go wrong, at the usual shares.
pub(crate) fn records_only() -> FaultOptions {
    let mut faults = FaultOptions {
        episodes_a_day: 0.0,
        ..FaultOptions::default()
    };
    faults.records.outages = false;
    faults
}

struct Dice(u64);

impl Dice {
    fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }
    fn of<T: Copy>(&mut self, list: &[T]) -> T {
        list[((self.unit() * list.len() as f64) as usize).min(list.len() - 1)]
    }
    fn between(&mut self, a: f64, b: f64) -> f64 {
        a + (b - a) * self.unit()
    }
}

const KINDS: [(EpisodeKind, Kind); 7] = [
    (EpisodeKind::Stuck, Kind::Stuck),
    (EpisodeKind::Drift, Kind::Drift),
    (EpisodeKind::Spike, Kind::Spike),
    (EpisodeKind::ClockShift, Kind::ClockShift),
    (EpisodeKind::Duplicate, Kind::Duplicate),
    (EpisodeKind::UnitChange, Kind::UnitChange),
    (EpisodeKind::Gap, Kind::Gap),
];

/// Faults at the stated magnitudes: a sixth of the devices, each one fault.
pub(crate) fn plan(city: &WholeCity, feed: Feed, seed: u64, round: u64, from: i64) -> Vec<PlannedFault> {
    let truth = city.truth();
    let mut devices = truth.devices(feed);
    let mut dice = Dice(seed.wrapping_mul(1_000_003) ^ (round << 32) ^ feed as u64);
    for i in (1..devices.len()).rev() {
        devices.swap(i, (dice.unit() * (i + 1) as f64) as usize);
    }
    let count = (devices.len() / 6).max(1);
    devices
        .into_iter()
        .take(count)
        .enumerate()
        .map(|(place, device)| {
            let (kind, _) = KINDS[(place + round as usize * count) % KINDS.len()];
            fault(feed, device, kind, &mut dice, from)
        })
        .collect()
}

fn fault(feed: Feed, device: &str, kind: EpisodeKind, dice: &mut Dice, from: i64) -> PlannedFault {
    let air = ["pm25", "pm10", "no2", "so2", "co", "o3"];
    let quantity = match (feed, kind) {
        (_, EpisodeKind::ClockShift | EpisodeKind::Duplicate | EpisodeKind::Gap) => None,
        (Feed::Posts, _) => Some(dice.of(&air)),
        (Feed::Sensors, EpisodeKind::UnitChange) => Some(dice.of(&["pm25", "pm10"])),
        (Feed::Sensors, _) => Some(dice.of(&["pm25", "pm10", "temperature"])),
        (Feed::Weather, EpisodeKind::UnitChange) => Some(dice.of(&["pressure", "wind_speed"])),
        (Feed::Weather, _) => Some(dice.of(&["temperature", "humidity", "pressure", "wind_speed"])),
        (_, _) => Some(dice.of(&["flow", "speed"])),
    };
    let magnitude = match (kind, quantity) {
        (EpisodeKind::Drift, Some("pressure")) => dice.between(0.01, 0.02),
        (EpisodeKind::Drift, _) => dice.of(&[-1.0, 1.0]) * dice.between(0.4, 0.6),
        (EpisodeKind::Spike, Some("pressure")) => dice.of(&[0.9, 1.1]),
        (EpisodeKind::Spike, Some("humidity")) => dice.of(&[0.1, 0.2]),
        (EpisodeKind::Spike, _) => dice.between(4.0, 10.0),
        (EpisodeKind::ClockShift, _) => dice.of(&[-3600.0, 420.0, 3600.0]),
        (EpisodeKind::UnitChange, Some("pressure")) => dice.of(&[0.1, 100.0, 0.750_062]),
        (EpisodeKind::UnitChange, Some("humidity")) => 0.01,
        (EpisodeKind::UnitChange, Some("wind_speed")) => dice.of(&[3.6, 2.237]),
        (EpisodeKind::UnitChange, Some("speed")) => dice.of(&[1.0 / 3.6, 0.6214]),
        (EpisodeKind::UnitChange, Some("flow")) => dice.of(&[1.0 / 60.0, 24.0]),
        (EpisodeKind::UnitChange, Some("no2")) => dice.of(&[1e3, 1e-3, 0.523]),
        (EpisodeKind::UnitChange, Some("o3")) => dice.of(&[1e3, 0.501]),
        (EpisodeKind::UnitChange, Some("so2")) => dice.of(&[1e3, 1e-3, 0.375]),
        (EpisodeKind::UnitChange, _) => dice.of(&[1e3, 1e-3]),
        _ => 1.0,
    };
    let is_slow = feed == Feed::Weather;
    let hours = match kind {
        EpisodeKind::Drift => dice.between(20.0, 30.0),
        EpisodeKind::UnitChange => dice.between(8.0, 24.0),
        EpisodeKind::Spike => dice.between(12.0, 30.0),
        _ if is_slow => dice.between(12.0, 24.0),
        _ => dice.between(4.0, 20.0),
    };
    let start = from + ((WINDOW_HOURS as f64 - hours) * dice.unit() * HOUR as f64) as i64;
    PlannedFault {
        feed,
        device: device.to_owned(),
        quantity: quantity.map(str::to_owned),
        kind,
        magnitude,
        from: start,
        to: start + (hours * HOUR as f64) as i64,
    }
}

/// The truth of a window: every planted fault, with what of it is as large as stated.
pub(crate) fn truth(city: &WholeCity, feed: Feed, window: &Window) -> Vec<Planted> {
    let mut truth = city.truth();
    let faults = truth.faults(feed, window.from, window.to);
    let index = |id: &str| window.devices.iter().position(|d| d == id).unwrap();
    let mut list: Vec<Planted> = faults
        .iter()
        .filter_map(|f| {
            let kind = KINDS.iter().find(|k| k.0 == f.kind)?.1;
            let channel = f
                .quantity
                .map(|q| window.channels.iter().position(|c| c.quantity == q).unwrap());
            Some(Planted {
                device: index(&f.device),
                channel,
                kind,
                magnitude: f.magnitude,
                from: f.from.max(window.from),
                to: f.to.min(window.to),
                is_stated: true,
                records: Vec::new(),
            })
        })
        .collect();
    // Of a temperature the drift is a share of its number, which may be nothing: it must make 2 degrees.
    for p in &mut list {
        let Some(c) = p.channel else { continue };
        if p.kind == Kind::Drift && window.channels[c].quantity == "temperature" {
            let values: Vec<f64> = window.channels[c].series[p.device]
                .iter()
                .map(|r| r.value)
                .collect();
            let mean = values.iter().sum::<f64>() / values.len() as f64;
            p.is_stated = (p.magnitude * mean * (p.to - p.from) as f64 / DAY as f64).abs() >= 2.0;
        }
    }
    // A unit that leaves, rounded, one value or two: nobody can tell it from a stuck one, so either answer is right.
    let mut stuck = Vec::new();
    for p in list.iter_mut().filter(|p| p.kind == Kind::UnitChange) {
        let series = &window.channels[p.channel.unwrap()].series[p.device];
        let inside = series.iter().filter(|r| (p.from..p.to).contains(&r.t));
        let values: std::collections::BTreeSet<u64> = inside.map(|r| r.value.to_bits()).collect();
        if values.len() < 3 {
            p.is_stated = false;
            stuck.push(Planted {
                kind: Kind::Stuck,
                ..p.clone()
            });
        }
    }
    list.extend(stuck);
    // Single values: spikes of episodes, and wrong records that were not corrected yet. Large: six times the largest twentieth
    // of the device's own steps.
    let spiky: Vec<(usize, usize, f64)> = list
        .iter()
        .filter(|p| p.kind == Kind::Spike)
        .map(|p| (p.device, p.channel.unwrap(), p.magnitude))
        .collect();
    let mut least: HashMap<(usize, usize), f64> = HashMap::new();
    let mut hits: Vec<(usize, usize, i64, f64)> = Vec::new();
    truth.labels(feed, window.from, window.to, |label| {
        let c = window
            .channels
            .iter()
            .position(|c| c.quantity == label.quantity)
            .unwrap();
        let Some(sent) = label.sent else { return };
        let channel = &window.channels[c];
        if !(channel.min..=channel.max).contains(&sent) {
            return;
        }
        let is_spiky = spiky.iter().find(|s| s.0 == label.device && s.1 == c);
        let is_spike = label.episode == Some(EpisodeKind::Spike)
            && is_spiky.is_some_and(|s| {
                let ratio = sent / label.truth;
                (ratio - 1.0).abs() >= 0.4 * (s.2 - 1.0).abs()
                    && (ratio - 1.0).signum() == (s.2 - 1.0).signum()
            });
        if is_spike || matches!(label.fate, Fate::Corrected(_)) {
            hits.push((
                label.device,
                c,
                label.t,
                if is_spike { (sent - label.truth).abs() } else { 0.0 },
            ));
        }
    });
    for (device, channel, t, size) in hits {
        let large = *least.entry((device, channel)).or_insert_with(|| {
            let series = &window.channels[channel].series[device];
            let mut steps: Vec<f64> = series
                .windows(2)
                .map(|w| (w[1].value - w[0].value).abs())
                .filter(|s| *s > 0.0)
                .collect();
            steps.sort_by(f64::total_cmp);
            // Where a twentieth are spikes, a tenth of the steps are of them, at most.
            steps
                .get(steps.len() * 85 / 100)
                .copied()
                .unwrap_or(f64::INFINITY)
        });
        match list
            .iter_mut()
            .find(|p| p.kind == Kind::Spike && p.device == device && p.channel == Some(channel))
        {
            Some(p) => p.records.push((t, size >= 6.0 * large)),
            None => list.push(Planted {
                device,
                channel: Some(channel),
                kind: Kind::Spike,
                magnitude: size,
                from: t,
                to: t,
                is_stated: false,
                records: vec![(t, false)],
            }),
        }
    }
    list
}

/// Rounds of planting, so that feeds of few devices have enough of each kind.
pub(crate) fn rounds(feed: Feed) -> u64 {
    match feed {
        Feed::Posts => 14,
        Feed::Weather => 28,
        Feed::Sensors => 2,
        _ => 1,
    }
}

/// The messages of a feed by the hour, from the days before a window to its end.
pub(crate) fn messages(city: &WholeCity, feed: Feed, from: i64) -> impl Iterator<Item = Message> + '_ {
    city.messages_of(
        &[feed],
        Pace::Bulk,
        from - USUAL_DAYS * DAY + 1,
        from + WINDOW_HOURS * HOUR + 1,
    )
}
