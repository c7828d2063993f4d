//! Looking for what is new in the lake, while anybody listens.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use qala_lake::View;
use serde_json::{Map, Value, json};

use super::Topic;
use crate::account::Reader;
use crate::centre::Centre;
use crate::error::Result;
use crate::map::{LayerColumns, instant_literal, quoted};

/// How often one looks whether anything came: at a few numbers in memory.
const LOOK: Duration = Duration::from_millis(50);
/// The table of values.
const VALUES: &str = "indicator_values";
/// Moving things are told at most that often.
const MOVES: Duration = Duration::from_secs(1);
/// Feeds and the lake are looked at that often.
const SLOW: Duration = Duration::from_secs(5);
/// When nobody has listened for so long, looking ends; until then those who were cut off miss nothing.
const PATIENCE: Duration = Duration::from_secs(120);
/// Positions older than this are not where something is, µs.
const RECENT: i64 = 600_000_000;
/// Values of one look at most; more of them are the filling of years, of which nobody watches each.
const MOST_VALUES: usize = 2_000;

pub(super) struct Teller {
    /// Up to which `_seq` values were told.
    values: i64,
    /// The same of moving things.
    moves: i64,
    /// The newest `_seq` that was told of each dataset that everybody may read.
    rows: HashMap<String, i64>,
    standings: HashMap<String, String>,
    status: Value,
}

fn text<'a>(row: &'a Map<String, Value>, name: &str) -> &'a str {
    row.get(name).and_then(Value::as_str).unwrap_or_default()
}

impl Teller {
    /// Notes how everything is now.
    pub(super) async fn begin(centre: &Arc<Centre>) -> Result<Self> {
        let view = centre.lake.view();
        let seq = view.seq();
        let mut teller = Self {
            values: seq,
            moves: 0,
            rows: HashMap::new(),
            standings: HashMap::new(),
            status: Value::Null,
        };
        // What is there already is no news.
        teller.rows(centre, &view);
        teller.standings = Self::standings(centre).await?;
        centre.live.kept().moving.clear();
        teller.positions(centre, false).await?;
        Ok(teller)
    }

    /// Tells until nobody has listened for long, or the program stops.
    pub(super) async fn go_on(&mut self, centre: &Arc<Centre>) {
        let mut stopping = centre.live.stop.subscribe();
        let mut listened = Instant::now();
        let (mut moved, mut slow) = (Instant::now(), Instant::now());
        loop {
            tokio::select! {
                () = tokio::time::sleep(LOOK) => {}
                _ = stopping.wait_for(|stop| *stop) => return,
            }
            if centre.live.listeners() > 0 {
                listened = Instant::now();
            } else if listened.elapsed() > PATIENCE {
                return;
            }
            let view = centre.lake.view();
            let (seq, mut done) = (view.seq(), Ok(()));
            let touched = self.rows(centre, &view);
            if !touched.is_empty() {
                let told = json!({"seq": seq, "datasets": touched});
                centre.live.mention(Topic::Rows, &told);
            }
            if view.newest(VALUES) > self.values {
                done = self.values(centre, seq).await;
            }
            if done.is_ok() && moved.elapsed() >= MOVES && seq > self.moves {
                moved = Instant::now();
                done = self.positions(centre, true).await;
            }
            if done.is_ok() && slow.elapsed() >= SLOW {
                slow = Instant::now();
                done = self.slow(centre).await;
            }
            if let Err(error) = done {
                tracing::error!(%error, "what is new could not be told");
                tokio::time::sleep(SLOW).await;
            }
        }
    }

    /// Datasets that everybody may read and that got rows since the last look.
    fn rows(&mut self, centre: &Centre, view: &View) -> Vec<String> {
        let public = Reader::public();
        let specs = centre.lake.specs().into_iter();
        let touched = specs.filter(|spec| public.sees_rows(spec)).filter_map(|spec| {
            let name = spec.name.to_string();
            let newest = view.newest(&name);
            let told = self.rows.insert(name.clone(), newest).unwrap_or(0);
            (newest > told).then_some(name)
        });
        touched.collect()
    }

    /// Values of periods that are not over, or only just.
    async fn values(&mut self, centre: &Centre, seq: i64) -> Result<()> {
        let now = centre.clock.now();
        let sql = format!(
            "SELECT indicator, place, grain, period_start, period_end, value, unit, lower, upper, coverage, reason, status, \
             simulated, computed_at, _seq FROM indicator_values WHERE _seq > {} AND _seq <= {seq} AND period_start <= {} \
             ORDER BY _seq DESC LIMIT {MOST_VALUES}",
            self.values,
            instant_literal(now)
        );
        let mut rows = centre.rows(&sql).await?;
        self.values = seq;
        rows.reverse();
        for row in rows {
            let instant = |name: &str| qala_core::parse_instant(text(&row, name), None).ok();
            let (Some(start), Some(end)) = (instant("period_start"), instant("period_end")) else {
                continue;
            };
            // The period that was before the present one is finished by late rows.
            let is_news = end + (end - start) > now;
            // Few are withheld where values are asked for; here there is no reader.
            let spec = centre.indicator(text(&row, "indicator"));
            if is_news && spec.is_ok_and(|spec| !centre.tells_few(spec, &Reader::public())) {
                centre.live.tell(Topic::Values, &Value::Object(row));
            }
        }
        Ok(())
    }

    /// Where moving things are that moved.
    async fn positions(&mut self, centre: &Centre, told: bool) -> Result<()> {
        let seq = centre.lake.view().seq();
        let now = centre.clock.now();
        for layer in centre.moving_layers() {
            let LayerColumns {
                table,
                id,
                lon,
                lat,
                time,
                more,
            } = layer;
            let optional = |name: &str| {
                if more.contains(&name.to_owned()) {
                    quoted(name)
                } else {
                    "NULL".to_owned()
                }
            };
            let sql = format!(
                "SELECT {id} AS id, {} AS lon, {} AS lat, {} AS t, {} AS route, {} AS bearing FROM {} \
                 WHERE _seq > {} AND _seq <= {seq} AND {} > {} ORDER BY {} ",
                quoted(&lon),
                quoted(&lat),
                quoted(&time),
                optional("route_id"),
                optional("bearing"),
                quoted(&table),
                self.moves,
                quoted(&time),
                instant_literal(now - RECENT),
                quoted(&time),
            );
            let rows = centre.rows(&sql).await?;
            let mut moved: HashMap<String, Value> = HashMap::new();
            let mut last = Value::Null;
            for mut row in rows {
                let id = text(&row, "id").to_owned();
                last = row.remove("t").unwrap_or_default();
                moved.insert(id, Value::Object(row));
            }
            let mut items = Vec::new();
            {
                let mut kept = centre.live.kept();
                for (id, item) in moved {
                    if kept.moving.get(&id) != Some(&item) {
                        kept.moving.insert(id, item.clone());
                        items.push(item);
                    }
                }
            }
            if told && !items.is_empty() {
                centre
                    .live
                    .tell(Topic::Vehicles, &json!({"t": last, "seq": seq, "items": items}));
            }
        }
        self.moves = seq;
        Ok(())
    }

    async fn standings(centre: &Centre) -> Result<HashMap<String, String>> {
        let obligations = centre.obligations().await?;
        let standing = |o: crate::obligation::Obligation| {
            (
                o.feed,
                o.standing.map_or("free", qala_core::Standing::as_str).to_owned(),
            )
        };
        Ok(obligations.into_iter().map(standing).collect())
    }

    /// Feeds and the lake.
    async fn slow(&mut self, centre: &Centre) -> Result<()> {
        let standings = Self::standings(centre).await?;
        for (feed, state) in &standings {
            if self.standings.get(feed) != Some(state) {
                centre
                    .live
                    .tell(Topic::Feeds, &json!({"feed": feed, "state": state}));
            }
        }
        self.standings = standings;
        let health = centre.lake.health()?;
        let status = json!({"seq": health.seq, "tail_bytes": health.tail_bytes});
        if status != self.status {
            self.status = status;
            let mut told = self.status.clone();
            told["now"] = centre.zone.format(centre.clock.now()).into();
            told["disk_free_bytes"] = health.free_bytes.into();
            centre.live.tell(Topic::Status, &told);
        }
        Ok(())
    }
}
