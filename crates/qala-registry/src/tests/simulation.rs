//! Random changes on a disk that loses power: what was acknowledged is there, and nothing is there half.
//!
//! A second registry on a disk that never fails does every change that the first one acknowledged. After a crash
//! the first must hold what the second holds, with or without the change that was running.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;
use std::sync::Arc;

use qala_core::{FeedId, Text};
use qala_disk::{Crash, Disk, DiskFile, Entry, SimDisk};
use sqlx::{AssertSqlSafe, Row};

use super::{SECOND, department, department_id, difference, function, function_id, place, place_id, user};
use crate::{
    AuditProof, CalendarDay, DayKind, FeedContact, OutboxOp, Pack, Registry, RegistryError, Scope,
    TokenGrant, load_pack,
};

/// The size of a simulated disk.
const ROOM: u64 = 1 << 40;
const PATH: &str = "registry/registry.db";

/// The tables, in the order of their keys.
const TABLES: [(&str, &str); 20] = [
    ("places", "place_id, valid_from"),
    ("departments", "department_id, valid_from"),
    ("functions", "function_id, valid_from"),
    ("function_owners", "function_id, valid_from"),
    ("calendar_days", "calendar, day, valid_from"),
    ("calendar_years", "calendar, year"),
    ("settings", "key"),
    ("users", "user_id"),
    ("user_tokens", "token_hash"),
    ("pack_records", "record"),
    ("feed_contacts", "feed_id, valid_from"),
    ("outbox", "id"),
    ("outbox_position", "one"),
    ("user_passwords", "user_id"),
    ("sessions", "session_hash"),
    ("audit", "entry"),
    ("programmes", "programme_id, valid_from"),
    ("programme_money", "programme_id, year, valid_from"),
    ("programme_targets", "programme_id, indicator, year, valid_from"),
    ("programme_measures", "programme_id, measure_id, valid_from"),
];

/// SplitMix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }
}

/// A change that can be done twice with the same outcome.
#[derive(Debug, Clone)]
struct Step {
    kind: u64,
    thing: u64,
    from: i64,
    to: Option<i64>,
    size: usize,
    now: i64,
}

impl Step {
    fn random(random: &mut Random, now: i64) -> Self {
        let from = random.below(30) as i64;
        Self {
            kind: random.below(42),
            thing: random.below(4),
            from,
            to: (random.below(3) == 0).then(|| from + 1 + random.below(10) as i64),
            size: 1 << random.below(15),
            now,
        }
    }

    async fn run(&self, registry: &Registry) -> Result<String, RegistryError> {
        let now = self.now;
        let id = format!("t{}", self.thing);
        let other = format!("t{}", (self.thing + self.from as u64) % 4);
        let (from, to) = (self.from, self.to);
        let done = match self.kind {
            // One change of hundreds of rows.
            39 if self.size >= 1 << 13 => {
                format!(
                    "{:?}",
                    load_pack(registry, &small_pack(from, self.thing), now).await?
                )
            }
            0..=11 | 38..=39 => {
                let mut place = place(&id, from, to);
                place.geometry = Some("0 ".repeat(self.size));
                format!("{:?}", registry.put_place(&place, now).await?)
            }
            12 => format!("{:?}", registry.end_place(&place_id(&id), from, now).await?),
            13 => format!("{:?}", registry.retract_place(&place_id(&id), from, now).await?),
            14..=17 => format!(
                "{:?}",
                registry.put_department(&department(&id, from, to), now).await?
            ),
            18 => format!(
                "{:?}",
                registry
                    .abolish_department(&department_id(&id), from, now)
                    .await?
            ),
            19..=21 => {
                let function = function(&id, from, to);
                format!(
                    "{:?}",
                    registry
                        .create_function(&function, &department_id(&other), now)
                        .await?
                )
            }
            22..=24 => {
                format!(
                    "{:?}",
                    registry
                        .set_owner(&function_id(&id), &department_id(&other), from, now)
                        .await?
                )
            }
            25 => format!(
                "{:?}",
                registry.abolish_function(&function_id(&id), from, now).await?
            ),
            26..=28 => {
                let day = CalendarDay {
                    calendar: id,
                    day: from as i32,
                    kind: DayKind::ALL[self.size.trailing_zeros() as usize % 5],
                    title: Text::default(),
                    act: "act".into(),
                    revision: 1,
                    valid_from: self.thing as i64,
                    valid_to: None,
                };
                format!("{:?}", registry.put_calendar_day(&day, now).await?)
            }
            29..=30 => format!(
                "{:?}",
                registry.set_setting(&id, &"s".repeat(self.size), now).await?
            ),
            31 => format!("{:?}", registry.add_user(&user(&id), "test", now).await?),
            32 => format!("{:?}", registry.remove_user(&id, "test", now).await?),
            33 => format!(
                "{:?}",
                registry
                    .issue_token(
                        &id,
                        &TokenGrant::person("label", [Scope::Sql]),
                        [from as u8; 32],
                        "test",
                        now
                    )
                    .await
                    .map(drop)?
            ),
            34..=36 => {
                let last = registry.position().await?.last;
                format!("{:?}", registry.acknowledge(last - last.min(from), now).await?)
            }
            37 => format!("{:?}", registry.prune(now - from * SECOND, now).await?),
            40 => {
                let contact = FeedContact {
                    feed: FeedId::new(id).unwrap(),
                    name: Text::new("a", "b", "c"),
                    phone: Some("n".repeat(self.size)),
                    email: None,
                    simulated: true,
                    valid_from: from,
                    valid_to: to,
                };
                format!("{:?}", registry.put_contact(&contact, now).await?)
            }
            41.. => {
                let tokens = registry.tokens().await?;
                let token = tokens
                    .get(self.thing as usize)
                    .map_or("none", |t| t.id.as_str())
                    .to_owned();
                format!("{:?}", registry.revoke_token(&token, "test", now).await?)
            }
        };
        Ok(done)
    }
}

fn small_pack(year: i64, spelling: u64) -> Pack {
    let city = "id = \"town\"\nname = { kk = \"a\", ru = \"b\", en = \"c\" }\nzone = \"UTC\"\ncalendar = \"cal\"\nstart = \"2018-01-01\"\n";
    let city = city.replace("\"c\"", &format!("\"c{spelling}\""));
    let calendar = format!(
        "id = \"cal\"\nweekend = [\"sunday\"]\n[[year]]\nyear = {year}\nrevision = 1\nknown_from = \"{year}-01-01\"\nact = \"act {spelling}\"\n",
        year = 2000 + year
    );
    Pack::from_toml([("city.toml", city.as_str()), ("calendar.toml", calendar.as_str())]).unwrap()
}

/// Everything in the registry, as text.
async fn dump(registry: &Registry) -> Result<String, RegistryError> {
    let mut link = registry.lock().await?;
    let connection = link.connection()?;
    let mut text = String::new();
    for (table, order) in TABLES {
        let columns: Vec<String> = sqlx::query_scalar("SELECT name FROM pragma_table_info(?1)")
            .bind(table)
            .fetch_all(&mut *connection)
            .await?;
        let quoted: Vec<String> = columns.iter().map(|column| format!("quote({column})")).collect();
        let sql = format!(
            "SELECT {} FROM {table} ORDER BY {order}",
            quoted.join(" || ',' || ")
        );
        let rows: Vec<String> = sqlx::query_scalar(AssertSqlSafe(sql))
            .fetch_all(&mut *connection)
            .await?;
        writeln!(text, "{table}: {}\n{}", rows.len(), rows.join("\n")).unwrap();
    }
    Ok(text)
}

/// Checks what must hold in any registry, whatever was done to it.
async fn sound(registry: &Registry) -> Result<(), String> {
    let read = |error: RegistryError| format!("not readable: {error} {error:?}");
    let mut link = registry.lock().await.map_err(read)?;
    let connection = link.connection().map_err(read)?;
    for check in [
        "PRAGMA integrity_check",
        "PRAGMA foreign_key_check",
        "SELECT now FROM change_clock WHERE now IS NOT NULL",
    ] {
        let rows = sqlx::raw_sql(check)
            .fetch_all(&mut *connection)
            .await
            .map_err(|error| read(error.into()))?;
        let said: Vec<String> = rows
            .iter()
            .map(|row| row.try_get(0).unwrap_or_else(|_| "?".into()))
            .collect();
        if !said.iter().all(|word| word == "ok") {
            return Err(format!("{check}: {said:?}"));
        }
    }
    crate::government::check(connection).await.map_err(read)?;
    drop(link);
    match registry.check_audit(&[]).await.map_err(read)? {
        AuditProof::Whole(_) => Ok(()),
        broken @ AuditProof::Broken { .. } => Err(format!("{broken:?}")),
    }
}

/// Replays the outbox into rows by dataset and key, and compares them with the tables.
async fn outbox_tells_the_tables(registry: &Registry) -> Result<(), String> {
    let read = |error: RegistryError| format!("not readable: {error}");
    let told = registry.pending(0, 1_000_000).await.map_err(read)?;
    let mut rows: BTreeMap<(String, String), String> = BTreeMap::new();
    for (index, row) in told.iter().enumerate() {
        if row.id != index as i64 + 1 {
            return Err(format!("outbox row {} follows {index}", row.id));
        }
        let part = |name: &str| row.payload.get(name).map(ToString::to_string).unwrap_or_default();
        let names = ["place_id", "function_id", "calendar", "day", "valid_from"];
        let mut key = names.map(part).join(" ");
        if row.dataset == "organisation_departments" {
            key.push_str(&part("department_id"));
        }
        match row.op {
            OutboxOp::Upsert => rows.insert(
                (row.dataset.clone(), key),
                serde_json::to_string(&row.payload).unwrap(),
            ),
            OutboxOp::Retract => rows.remove(&(row.dataset.clone(), key)),
        };
    }
    let mut link = registry.lock().await.map_err(read)?;
    for (table, _) in &TABLES[..5] {
        // Each row as its own trigger would tell it: what the table holds is asked of SQLite again.
        let sql = format!("SELECT count(*) FROM {table}");
        let count: i64 = sqlx::query_scalar(AssertSqlSafe(sql))
            .fetch_one(link.connection().map_err(read)?)
            .await
            .unwrap();
        let told = rows
            .keys()
            .filter(|(dataset, _)| *dataset == format!("organisation_{table}"))
            .count();
        if told as i64 != count {
            return Err(format!("{table} has {count} rows, its outbox tells of {told}"));
        }
    }
    let sql =
        "SELECT json_array(place_id, kind, name_kk, parent_id, geometry, valid_from, valid_to) FROM places";
    let stored: Vec<String> = sqlx::query_scalar(sql)
        .fetch_all(link.connection().map_err(read)?)
        .await
        .unwrap();
    for place in stored {
        let is_told = rows
            .iter()
            .filter(|((dataset, _), _)| dataset == "organisation_places")
            .any(|(_, payload)| {
                let payload: serde_json::Value = serde_json::from_str(payload).unwrap();
                let names = [
                    "place_id",
                    "kind",
                    "name_kk",
                    "parent_id",
                    "geometry",
                    "valid_from",
                    "valid_to",
                ];
                serde_json::to_string(&names.map(|name| &payload[name])).unwrap() == place
            });
        if !is_told {
            return Err(format!("the outbox does not tell of {place}"));
        }
    }
    Ok(())
}

/// What the simulation met.
#[derive(Debug, Default)]
struct Totals {
    changes: u64,
    crashes: u64,
    crashes_at_opening: u64,
    lost_unacknowledged: u64,
    kept_unacknowledged: u64,
    full: u64,
}

fn is_full(error: &RegistryError) -> bool {
    matches!(error, RegistryError::Database(sqlx::Error::Database(error)) if error.code().as_deref() == Some("13"))
}

/// Makes the disk that the registry sees from the simulated one.
type Wrap = fn(SimDisk) -> Arc<dyn Disk>;

fn honest(disk: SimDisk) -> Arc<dyn Disk> {
    Arc::new(disk)
}

fn crash_kind(random: &mut Random) -> Crash {
    [Crash::DropAll, Crash::Random, Crash::Random, Crash::Process][random.below(4) as usize]
}

/// Opens the registry, perhaps losing power while it opens, again and again until it is open.
async fn reopen(
    disk: &mut SimDisk,
    wrap: Wrap,
    random: &mut Random,
    totals: &mut Totals,
) -> Result<Registry, String> {
    loop {
        let is_doomed = random.below(3) == 0;
        if is_doomed {
            disk.crash_after(1 + random.below(40));
        }
        match Registry::open_on(wrap(disk.clone()), PATH).await {
            Ok(registry) if !disk.is_down() => {
                let mut link = registry.lock().await.map_err(|error| error.to_string())?;
                // So that the short life of a simulation sees checkpoints too.
                let sql = AssertSqlSafe(format!("PRAGMA wal_autocheckpoint = {}", 4 + random.below(60)));
                sqlx::raw_sql(sql)
                    .execute(link.connection().unwrap())
                    .await
                    .map_err(|error| error.to_string())?;
                drop(link);
                return Ok(registry);
            }
            Ok(registry) => drop(registry),
            Err(_) if disk.is_down() => {}
            Err(error) => return Err(format!("does not open: {error} {error:?}")),
        }
        totals.crashes += 1;
        totals.crashes_at_opening += 1;
        *disk = disk.restart(crash_kind(random));
    }
}

async fn simulate(seed: u64, wrap: Wrap, totals: &mut Totals) -> Result<(), String> {
    let mut random = Random(seed);
    let read = |error: RegistryError| format!("not readable: {error}");
    let prunes = random.below(2) == 0;
    let oracle = Registry::open_on(Arc::new(SimDisk::new(seed)), PATH)
        .await
        .map_err(read)?;
    let mut disk = SimDisk::new(seed);
    let mut now = 1_000 * SECOND;
    for _round in 0..3 {
        let registry = reopen(&mut disk, wrap, &mut random, totals).await?;
        sound(&registry)
            .await
            .or_else(|problem| if disk.is_down() { Ok(()) } else { Err(problem) })?;
        if !disk.is_down() && dump(&registry).await.map_err(read)? != dump(&oracle).await.map_err(read)? {
            return Err("differs after a clean opening".into());
        }
        disk.crash_after(1 + random.below(300));
        let mut running = None;
        for moment in 0..30 {
            // Now and then the disk is full for a while.
            if random.below(40) == 0 {
                disk.set_capacity(ROOM - disk.free_bytes().unwrap_or(ROOM) + random.below(60_000));
            } else if moment % 5 == 4 {
                disk.set_capacity(ROOM);
            }
            now += SECOND;
            let mut step = Step::random(&mut random, now);
            if step.kind == 37 && !prunes {
                step.kind = 0;
            }
            let outcome = step.run(&registry).await;
            totals.changes += 1;
            match outcome {
                Err(error) if error.breaks() || matches!(error, RegistryError::Broken) => {
                    if !disk.is_down() {
                        return Err(format!("{step:?} broke a sound disk: {error} {error:?}"));
                    }
                    running = Some(step);
                    break;
                }
                Err(error) if is_full(&error) => totals.full += 1,
                outcome => {
                    let expected = step.run(&oracle).await;
                    if format!("{outcome:?}") != format!("{expected:?}") {
                        return Err(format!("{step:?}: {outcome:?} instead of {expected:?}"));
                    }
                }
            }
        }
        if running.is_none() && random.below(3) == 0 {
            registry.close().await.ok();
        } else {
            disk.crash_after(0);
            drop(registry);
        }
        totals.crashes += 1;
        disk = disk.restart(crash_kind(&mut random));
        disk.set_capacity(ROOM);
        let registry = reopen(&mut disk, wrap, &mut random, totals).await?;
        disk.crash_after(u64::from(u32::MAX));
        sound(&registry).await?;
        let found = dump(&registry).await.map_err(read)?;
        let before = dump(&oracle).await.map_err(read)?;
        if let Some(step) = running {
            step.run(&oracle).await.ok();
            let after = dump(&oracle).await.map_err(read)?;
            if found == before && before != after {
                totals.lost_unacknowledged += 1;
                step.run(&registry).await.map(drop).or_else(|error| {
                    if error.breaks() {
                        Err(error.to_string())
                    } else {
                        Ok(())
                    }
                })?;
            } else if found == after {
                totals.kept_unacknowledged += 1;
            } else if found != before {
                return Err(format!(
                    "{step:?} is half there:\n{}",
                    difference(&before, &found)
                ));
            }
        } else if found != before {
            return Err(format!(
                "not what was acknowledged:\n{}",
                difference(&before, &found)
            ));
        }
        if !prunes {
            outbox_tells_the_tables(&registry).await?;
        }
        registry.close().await.map_err(read)?;
    }
    Ok(())
}

async fn prove(seeds: std::ops::Range<u64>, wrap: Wrap) -> (Totals, Vec<String>) {
    let mut totals = Totals::default();
    let mut failures = Vec::new();
    for seed in seeds {
        if let Err(problem) = simulate(seed, wrap, &mut totals).await {
            failures.push(format!("seed {seed}: {problem}"));
        }
    }
    (totals, failures)
}

#[tokio::test]
async fn a_crash_loses_nothing_that_was_acknowledged() {
    let (totals, failures) = prove(0..200, honest).await;
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    // The simulation is worth something only if crashes hit changes, before and after they were durable.
    println!("{totals:?}");
    assert!(
        totals.lost_unacknowledged > 20 && totals.kept_unacknowledged > 5,
        "{totals:?}"
    );
}

#[tokio::test]
#[ignore = "minutes: run by `cargo xtask prove`"]
async fn proof() {
    let seeds = 5_000;
    let (totals, failures) = prove(1_000..1_000 + seeds, honest).await;
    println!("{totals:?}");
    println!(
        "proof: registry simulation seeds={seeds} failures={}",
        failures.len()
    );
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// A disk whose fsync does nothing.
#[derive(Debug)]
struct Lying(SimDisk);

#[derive(Debug)]
struct LyingFile(Box<dyn DiskFile>);

impl DiskFile for LyingFile {
    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        self.0.read_at(offset, buf)
    }
    fn write_at(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.0.write_at(offset, data)
    }
    fn size(&self) -> io::Result<u64> {
        self.0.size()
    }
    fn truncate(&self, len: u64) -> io::Result<()> {
        self.0.truncate(len)
    }
    fn sync(&self) -> io::Result<()> {
        Ok(())
    }
}

impl Disk for Lying {
    fn create(&self, path: &str) -> io::Result<Box<dyn DiskFile>> {
        Ok(Box::new(LyingFile(self.0.create(path)?)))
    }
    fn open(&self, path: &str) -> io::Result<Box<dyn DiskFile>> {
        Ok(Box::new(LyingFile(self.0.open(path)?)))
    }
    fn read(&self, path: &str) -> io::Result<Vec<u8>> {
        self.0.read(path)
    }
    fn stat(&self, path: &str) -> io::Result<Entry> {
        self.0.stat(path)
    }
    fn list(&self, dir: &str) -> io::Result<Vec<Entry>> {
        self.0.list(dir)
    }
    fn create_dir_all(&self, dir: &str) -> io::Result<()> {
        self.0.create_dir_all(dir)
    }
    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.0.rename(from, to)
    }
    fn link(&self, from: &str, to: &str) -> io::Result<()> {
        self.0.link(from, to)
    }
    fn remove(&self, path: &str) -> io::Result<()> {
        self.0.remove(path)
    }
    fn sync_dir(&self, dir: &str) -> io::Result<()> {
        self.0.sync_dir(dir)
    }
    fn free_bytes(&self) -> io::Result<u64> {
        self.0.free_bytes()
    }
}

/// The test of the test.
#[tokio::test]
async fn a_disk_that_lies_about_fsync_is_found_out() {
    let (_, failures) = prove(0..20, |disk| Arc::new(Lying(disk))).await;
    assert!(
        failures.len() >= 10,
        "only {} of 20 seeds noticed",
        failures.len()
    );
}
