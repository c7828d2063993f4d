//! Judging a feed's day, and scoring the judge on a copy of it.

use std::collections::BTreeMap;

use qala_core::spec::FeedSpec;
use qala_core::{DatasetName, FeedId};
use qala_lake::at_leisure;
use qala_models::feed_trust::{Finding, HOUR, Kind, Measures, Score, Window, judge, measure, plant, score};
use serde::Serialize;

use super::deliveries::{Days, instant, of_feed};
use super::{Subject, columns};
use crate::centre::Centre;
use crate::error::{AppError, Result};
use crate::reread::{number, quoted, text};

/// Stands for every kind, quantity or device.
const ALL: &str = "all";
/// Planted faults of each kind are scored by at least so many copies …
const LEAST_PLANTED: usize = 3;
/// … of which no more are made than this.
const MOST_COPIES: usize = 14;

/// So long after its end a day is judged, µs: late rows have come by then.
const SETTLES: i64 = HOUR / 2;
/// Days in which the newest readings of a feed are looked for first, µs.
const LATELY: i64 = 3 * 24 * HOUR;
/// A day is judged again when there are so many times the rows: the history of a new centre comes in slowly.
const MORE: f64 = 1.02;

/// One measure of a feed on one day; a row of `feeds_trust`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Measure {
    /// Feed.
    pub feed: String,
    /// Start of the local day, µs since 1970.
    pub day: i64,
    /// `freshness`, `completeness`, `plausibility`, `faults`, `recall` or `precision`.
    pub measure: &'static str,
    /// Kind of fault, or `all`.
    pub fault: &'static str,
    /// The value; absent with a reason.
    pub value: Option<f64>,
    /// Out of how many.
    pub n: Option<i64>,
    /// Why there is no value.
    pub reason: Option<&'static str>,
    /// Devices of the feed.
    pub devices: i64,
    /// Seed of the copy's faults.
    pub seed: i64,
    /// True when the data are simulated.
    pub simulated: bool,
    /// When it was computed, µs since 1970.
    pub computed_at: i64,
}

/// A fault that was found; a row of `feeds_faults`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Fault {
    /// Feed.
    pub feed: String,
    /// Start of the local day that was judged, µs since 1970.
    pub day: i64,
    /// Device.
    pub device: String,
    /// Quantity, or `all`.
    pub quantity: String,
    /// Kind.
    pub fault: &'static str,
    /// First instant, µs since 1970.
    pub begins: i64,
    /// Last instant, µs since 1970.
    pub ends: i64,
    /// Size, as the kind says.
    pub magnitude: f64,
    /// Evidence: 0.5 at the threshold, towards 1.
    pub confidence: f64,
    /// Single wrong values.
    pub records: i64,
    /// True when the data are simulated.
    pub simulated: bool,
    /// When it was computed, µs since 1970.
    pub computed_at: i64,
}

/// What is said of a feed on one day.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Trust {
    /// Measures.
    pub measures: Vec<Measure>,
    /// Faults that stood on the day.
    pub faults: Vec<Fault>,
}

/// What the model says of a window.
struct Judged {
    window: Window,
    findings: Vec<Finding>,
    measures: Measures,
    scores: BTreeMap<Kind, Score>,
}

/// Judges a window, then copies of it with planted faults. What the original is found to have is not held against the copy.
fn judge_and_score(window: Window, seed: u64, day: (i64, i64)) -> Judged {
    let findings = judge(&window);
    let measures = measure(&window, &findings, day.0, day.1);
    let measures = measures.into_iter().fold(Measures::default(), Measures::plus);
    let mut scores: BTreeMap<Kind, Score> = BTreeMap::new();
    for turn in 0..MOST_COPIES {
        let mut copy = window.clone();
        let planted = plant(&mut copy, seed.wrapping_add(turn as u64), turn);
        let is_old = |f: &Finding| {
            let same = |o: &&Finding| (o.device, o.channel, o.kind) == (f.device, f.channel, f.kind);
            findings
                .iter()
                .filter(same)
                .any(|o| o.from <= f.to && f.from <= o.to)
        };
        let is_planted = |f: &Finding| planted.iter().any(|p| p.device == f.device && p.kind == f.kind);
        let new: Vec<Finding> = judge(&copy)
            .into_iter()
            .filter(|f| is_planted(f) || !is_old(f))
            .collect();
        for kind in Kind::ALL {
            let sum = scores.entry(kind).or_default();
            *sum = sum.plus(score(kind, &new, &planted));
        }
        if scores.values().all(|s| s.planted >= LEAST_PLANTED) {
            break;
        }
    }
    Judged {
        window,
        findings,
        measures,
        scores,
    }
}

impl Centre {
    /// Feeds of the pack whose days can be judged: those that fill a table of readings.
    pub fn trusted_feeds(&self) -> Vec<&FeedSpec> {
        let fills = |feed: &&FeedSpec| {
            let dataset = feed
                .dataset
                .as_ref()
                .and_then(|d| self.lake.dataset(d.as_str()).ok());
            dataset.is_some_and(|d| columns(&d.spec).is_some())
        };
        self.feeds.iter().filter(fills).collect()
    }

    async fn subject(&self, id: &str) -> Result<Subject> {
        let of_pack = self.feeds.iter().find(|f| f.id.as_str() == id);
        let mut dataset = of_pack.and_then(|f| f.dataset.clone());
        if of_pack.is_none() {
            // Imported by hand: its newest message says which dataset it filled.
            let sql = format!(
                "SELECT receipts FROM lake_messages WHERE feed = {} AND accepted > 0 ORDER BY id DESC LIMIT 1",
                quoted(id)
            );
            let rows = self.rows(&sql).await?;
            let Some(row) = rows.first() else {
                let hint = qala_core::spec::nearest(id, self.feeds.iter().map(|f| f.id.as_str()));
                let hint = hint.map(|h| format!("; did you mean `{h}`?")).unwrap_or_default();
                return Err(AppError::Usage(format!("there is no feed `{id}`{hint}")));
            };
            let receipts: Option<serde_json::Value> = serde_json::from_str(text(row, "receipts")).ok();
            let first = receipts
                .as_ref()
                .and_then(|r| r.as_array()?.first()?.get("dataset")?.as_str());
            dataset = first.and_then(|name| DatasetName::new(name).ok());
        }
        let dataset = dataset.map(|d| self.lake.dataset(d.as_str())).transpose()?;
        let spec = dataset.map(|d| d.spec.clone());
        let Some((columns, spec)) = spec.and_then(|spec| Some((columns(&spec)?, spec))) else {
            return Err(AppError::Usage(format!(
                "`{id}` does not fill a table of readings (device, quantity, time, value); only those are judged"
            )));
        };
        Ok(Subject {
            id: FeedId::new(id).map_err(|e| AppError::Usage(e.to_string()))?,
            cadence_s: of_pack.and_then(|f| f.cadence_s),
            simulated: of_pack.is_some_and(|f| f.simulated),
            spec,
            columns,
        })
    }

    /// The newest local day, in days since 1970, of which a feed has readings and which is over; if none is over, the one that
    /// runs; none when there are no readings.
    async fn newest_day(&self, subject: &Subject) -> Result<Option<i32>> {
        let today = self.zone.local_day(self.clock.now());
        let Subject {
            id, spec, columns, ..
        } = subject;
        let midnight = self.zone.day_start(today);
        let (lately, midnight) = (instant(midnight - LATELY), instant(midnight));
        let time = &columns.time;
        // Mostly it is one of the last days; only a feed that fell silent is looked for in all of its time.
        for window in [
            format!("r.{time} >= {lately} AND r.{time} < {midnight}"),
            format!("r.{time} < {midnight}"),
            format!("r.{time} >= {midnight}"),
        ] {
            let of_feed = of_feed(&spec.name, id);
            let sql = format!("SELECT CAST(max(r.{time}) AS BIGINT) AS last {of_feed} AND {window}");
            if let Some(last) = self.rows(&sql).await?.first().and_then(|row| number(row, "last")) {
                return Ok(Some(self.zone.local_day(last)));
            }
        }
        Ok(None)
    }

    /// Judges a local day of a feed (days since 1970; absent: the newest that is over), keeps what is found and says it. None
    /// when the feed has no readings.
    ///
    /// # Errors
    /// A feed that is not known or fills no table of readings; the lake's.
    pub async fn judge_feed(&self, id: &str, day: Option<i32>) -> Result<Option<Trust>> {
        let subject = self.subject(id).await?;
        let day = match day {
            Some(day) => day,
            None => match self.newest_day(&subject).await? {
                Some(day) => day,
                None => return Ok(None),
            },
        };
        let (from, start, end) = (
            self.zone.day_start(day - 1),
            self.zone.day_start(day),
            self.zone.day_start(day + 1),
        );
        let now = self.clock.now();
        let Days {
            window,
            from_messages,
        } = self.days(&subject, from, end.min(now.max(start + 1))).await?;
        if window.devices.is_empty() {
            return Ok(None);
        }
        // The same feed and day give the same copy.
        let seed = id.bytes().fold(day as u64, |h, b| {
            (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3)
        }) >> 1;
        let judged = at_leisure(move || judge_and_score(window, seed, (start, end))).await?;
        let trust = self
            .told(&subject, &judged, from_messages, (start, end), seed)
            .await?;
        self.keep_trust(&subject.id, start, &trust).await?;
        Ok(Some(trust))
    }

    /// Judges the newest day of a feed that is over, half an hour after it ended, if that was not done yet or rows have come since.
    ///
    /// # Errors
    /// The lake's.
    pub async fn judge_if_due(&self, feed: &FeedSpec) -> Result<()> {
        let subject = self.subject(feed.id.as_str()).await?;
        let Some(day) = self.newest_day(&subject).await? else {
            return Ok(());
        };
        let (start, end) = (self.zone.day_start(day), self.zone.day_start(day + 1));
        if self.clock.now() < end + SETTLES {
            return Ok(());
        }
        let sql = format!(
            "SELECT n FROM feeds_trust WHERE feed = {} AND day = {} AND measure = 'faults' AND fault = '{ALL}'",
            quoted(feed.id.as_str()),
            instant(start)
        );
        let known = self.rows(&sql).await?.first().and_then(|row| number(row, "n"));
        let Subject { spec, columns, .. } = &subject;
        let sql = format!(
            "SELECT count(*) AS n {} AND r.{time} >= {} AND r.{time} < {}",
            of_feed(&spec.name, &feed.id),
            instant(start),
            instant(end),
            time = columns.time,
        );
        let there = self
            .rows(&sql)
            .await?
            .first()
            .and_then(|row| number(row, "n"))
            .unwrap_or(0);
        if known.is_none_or(|known| there as f64 > known as f64 * MORE) {
            self.judge_feed(feed.id.as_str(), Some(day)).await?;
        }
        Ok(())
    }

    async fn told(
        &self,
        subject: &Subject,
        judged: &Judged,
        from_messages: bool,
        (start, end): (i64, i64),
        seed: u64,
    ) -> Result<Trust> {
        let now = self.clock.now();
        let id = subject.id.to_string();
        let name = |f: &Finding| {
            f.channel
                .map_or(ALL, |c| judged.window.channels[c].quantity.as_str())
                .to_owned()
        };
        let stands = |f: &&Finding| f.from < end && f.to >= start;
        let faults: Vec<Fault> = judged
            .findings
            .iter()
            .filter(stands)
            .map(|f| Fault {
                feed: id.clone(),
                day: start,
                device: judged.window.devices[f.device].clone(),
                quantity: name(f),
                fault: f.kind.as_str(),
                begins: f.from,
                ends: f.to,
                magnitude: f.magnitude,
                confidence: f.confidence,
                records: f.records.len() as i64,
                simulated: subject.simulated,
                computed_at: now,
            })
            .collect();
        let mut measures = Vec::new();
        let mut say = |measure, fault, value: Option<f64>, n: Option<i64>, reason: &'static str| {
            measures.push(Measure {
                feed: id.clone(),
                day: start,
                measure,
                fault,
                value,
                n,
                reason: value.is_none().then_some(reason),
                devices: judged.window.devices.len() as i64,
                seed: seed as i64,
                simulated: subject.simulated,
                computed_at: now,
            });
        };
        let sql = format!(
            "SELECT CAST(max(_received_at) AS BIGINT) AS last FROM lake_messages WHERE feed = {}",
            quoted(subject.id.as_str())
        );
        let last = self.rows(&sql).await?.first().and_then(|row| number(row, "last"));
        let age = last.map(|last| (now - last) as f64 / 1e6);
        say(
            "freshness",
            ALL,
            age,
            subject.cadence_s.map(|s| s as i64),
            "no_messages",
        );
        let sums = &judged.measures;
        say(
            "completeness",
            ALL,
            sums.completeness(),
            Some(sums.due as i64),
            "no_rhythm",
        );
        say(
            "plausibility",
            ALL,
            sums.plausibility(),
            Some(sums.values as i64),
            "no_readings",
        );
        say(
            "faults",
            ALL,
            Some(faults.len() as f64),
            Some(sums.values as i64),
            "",
        );
        for kind in Kind::ALL {
            let word = kind.as_str();
            let count = faults.iter().filter(|f| f.fault == word).count();
            if kind == Kind::Duplicate && !from_messages {
                // Rows that came twice are kept once: without the messages nothing is known of them.
                for measure in ["faults", "recall", "precision"] {
                    say(measure, word, None, None, "messages_not_kept");
                }
                continue;
            }
            say("faults", word, Some(count as f64), None, "");
            let score = judged.scores.get(&kind).copied().unwrap_or_default();
            say(
                "recall",
                word,
                score.recall(),
                Some(score.planted as i64),
                "not_planted",
            );
            let told = (score.right + score.wrong) as i64;
            say("precision", word, score.precision(), Some(told), "nothing_found");
        }
        Ok(Trust { measures, faults })
    }
}
