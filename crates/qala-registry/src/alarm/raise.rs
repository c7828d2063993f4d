//! Raising, growing and ending alarms. What one look finds is one transaction, with the place in the log up to which it looked, so
//! that a crash loses no alarm and raises none twice.

use qala_core::Text;
use qala_core::spec::AlarmSeverity;
use sqlx::{FromRow, SqliteConnection};

use super::{Alarm, AlarmState, alarm_id, window};
use crate::error::RegistryError;
use crate::open::Registry;
use crate::setting;

/// Members of one statement.
const AT_ONCE: usize = 5_000;

/// Somebody who is to be told, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlarmNotice {
    /// Channel.
    pub channel: String,
    /// Kind of channel.
    pub kind: &'static str,
    /// Contact.
    pub contact: String,
}

/// A cause that holds.
#[derive(Debug, Clone, PartialEq)]
pub struct AlarmRaise {
    /// The rule.
    pub rule: String,
    /// Its version.
    pub rule_version: u32,
    /// The cause: with the rule, what makes it one alarm.
    pub cause: String,
    /// Place.
    pub place: Option<String>,
    /// What it is about beside the place.
    pub about: Option<String>,
    /// Title.
    pub title: Text,
    /// Severity.
    pub severity: AlarmSeverity,
    /// Function of government that answers.
    pub owner_function: String,
    /// True when the public is told.
    pub public: bool,
    /// True when simulated data raised it.
    pub simulated: bool,
    /// When the first of it happened.
    pub event_at: i64,
    /// The value, where there is one.
    pub value: Option<f64>,
    /// Where, degrees.
    pub at: Option<(f64, f64)>,
    /// Minutes after which it leaves the queue when it is over.
    pub forget_min: u32,
    /// What it is made of: at least one.
    pub members: Vec<String>,
    /// Counted in the alarm of this rule while that one holds.
    pub part_of: Option<String>,
    /// Rules whose open alarms become part of this one when it is raised.
    pub takes_in: Vec<String>,
    /// Who is told when it is raised.
    pub notices: Vec<AlarmNotice>,
}

/// What a look found.
#[derive(Debug, Clone, PartialEq)]
pub enum AlarmChange {
    /// A cause holds.
    Raise(Box<AlarmRaise>),
    /// Members of a cause are over; empty: the whole cause is.
    Over {
        /// The rule.
        rule: String,
        /// The cause.
        cause: String,
        /// Its members.
        members: Vec<String>,
    },
}

/// What came of a look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AlarmsApplied {
    /// Alarms that are new.
    pub raised: usize,
    /// Alarms that grew or became worse.
    pub grown: usize,
    /// Alarms that were over.
    pub over: usize,
    /// What windows kept quiet.
    pub hushed: usize,
}

impl AlarmsApplied {
    /// True when somebody should look.
    pub fn is_news(&self) -> bool {
        self.raised + self.grown + self.over > 0
    }
}

/// The alarm of a cause that is not closed.
async fn standing(
    connection: &mut SqliteConnection,
    rule: &str,
    cause: &str,
) -> Result<Option<Alarm>, RegistryError> {
    let row = sqlx::query("SELECT * FROM alarms WHERE rule = ?1 AND cause = ?2 AND state <> 'closed'")
        .bind(rule)
        .bind(cause)
        .fetch_optional(connection)
        .await?;
    Ok(row.map(|row| Alarm::from_row(&row)).transpose()?)
}

/// The alarm that holds for a cause, or for all.
async fn whole(
    connection: &mut SqliteConnection,
    rule: &str,
    cause: &str,
) -> Result<Option<Alarm>, RegistryError> {
    let row = sqlx::query(
        "SELECT * FROM alarms WHERE rule = ?1 AND cause IN ('', ?2) AND state <> 'closed' AND cleared_at IS NULL
         ORDER BY number LIMIT 1",
    )
    .bind(rule)
    .bind(cause)
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| Alarm::from_row(&row)).transpose()?)
}

/// Adds members; returns how many are new, and whether one that was over is back.
async fn add_members(
    connection: &mut SqliteConnection,
    alarm: i64,
    members: &[String],
    now: i64,
) -> Result<(i64, bool), RegistryError> {
    let (mut new, mut back) = (0, false);
    for part in members.chunks(AT_ONCE) {
        let list = serde_json::to_string(part).unwrap_or_default();
        let done = sqlx::query(
            "UPDATE alarm_members SET over_at = NULL
             WHERE alarm = ?1 AND over_at IS NOT NULL AND member IN (SELECT value FROM json_each(?2))",
        )
        .bind(alarm)
        .bind(&list)
        .execute(&mut *connection)
        .await?;
        back |= done.rows_affected() > 0;
        let done = sqlx::query(
            "INSERT OR IGNORE INTO alarm_members (alarm, member, seen_at) SELECT ?1, value, ?3 FROM json_each(?2)",
        )
        .bind(alarm)
        .bind(&list)
        .bind(now)
        .execute(&mut *connection)
        .await?;
        new += done.rows_affected() as i64;
    }
    Ok((new, back))
}

/// Plans notices; one that this contact has on this channel already is left out.
pub(super) async fn plan(
    connection: &mut SqliteConnection,
    alarm: i64,
    step: u32,
    notices: &[AlarmNotice],
    now: i64,
) -> Result<u64, RegistryError> {
    let mut planned = 0;
    for notice in notices {
        // The instant tells apart what two centres with the same numbers send to one address.
        let key = format!("{}:{now}:{}:{}", alarm_id(alarm), notice.channel, notice.contact);
        let done = sqlx::query(
            "INSERT INTO alarm_deliveries
                 (key, alarm, channel, kind, contact, step, state, attempts, sends, at_least_once, first_at, next_at, revision)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'waiting', 0, 0, 0, ?7, ?7, 1)
             ON CONFLICT DO NOTHING",
        )
        .bind(key)
        .bind(alarm)
        .bind(&notice.channel)
        .bind(notice.kind)
        .bind(&notice.contact)
        .bind(step)
        .bind(now)
        .execute(&mut *connection)
        .await?;
        planned += done.rows_affected();
    }
    Ok(planned)
}

async fn insert(
    connection: &mut SqliteConnection,
    raise: &AlarmRaise,
    now: i64,
) -> Result<i64, RegistryError> {
    let done = sqlx::query(
        "INSERT INTO alarms (rule, rule_version, cause, place_id, about, title_kk, title_ru, title_en, severity, owner_function,
             public, simulated, state, event_at, opened_at, last_seen_at, members, value, lon, lat, step, forget_min, revision)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, 'open', ?13, ?14, ?14, ?15, ?16, ?17, ?18, 0, ?19, 1)",
    )
    .bind(&raise.rule)
    .bind(raise.rule_version)
    .bind(&raise.cause)
    .bind(&raise.place)
    .bind(&raise.about)
    .bind(&raise.title.kk)
    .bind(&raise.title.ru)
    .bind(&raise.title.en)
    .bind(raise.severity.as_str())
    .bind(&raise.owner_function)
    .bind(raise.public)
    .bind(raise.simulated)
    .bind(raise.event_at)
    .bind(now)
    .bind(distinct(&raise.members))
    .bind(raise.value)
    .bind(raise.at.map(|at| at.0))
    .bind(raise.at.map(|at| at.1))
    .bind(raise.forget_min)
    .execute(&mut *connection)
    .await?;
    let number = done.last_insert_rowid();
    add_members(connection, number, &raise.members, now).await?;
    plan(connection, number, 0, &raise.notices, now).await?;
    for rule in &raise.takes_in {
        sqlx::query(
            "UPDATE alarms SET state = 'closed', closed_at = ?1, closed_by = ?2, note = ?3, revision = revision + 1
             WHERE rule = ?4 AND (?5 = '' OR cause = ?5) AND state = 'open'",
        )
        .bind(now)
        .bind(&raise.rule)
        .bind(alarm_id(number))
        .bind(rule)
        .bind(&raise.cause)
        .execute(&mut *connection)
        .await?;
    }
    Ok(number)
}

fn distinct(members: &[String]) -> i64 {
    members.iter().collect::<std::collections::HashSet<_>>().len() as i64
}

/// Grows an alarm that stands; false when nothing is new.
async fn grow(
    connection: &mut SqliteConnection,
    known: &Alarm,
    raise: &AlarmRaise,
    now: i64,
) -> Result<bool, RegistryError> {
    let (new, back) = add_members(connection, known.number, &raise.members, now).await?;
    let is_worse = raise.rule == known.rule && raise.severity > known.severity;
    if new == 0 && !back && !is_worse && known.cleared_at.is_none() {
        return Ok(false);
    }
    let severity = if is_worse { raise.severity } else { known.severity };
    sqlx::query(
        "UPDATE alarms SET members = members + ?2, last_seen_at = max(last_seen_at, ?3), cleared_at = NULL, severity = ?4,
             value = coalesce(?5, value), revision = revision + 1 WHERE number = ?1",
    )
    .bind(known.number)
    .bind(new)
    .bind(now)
    .bind(severity.as_str())
    .bind(raise.value.filter(|_| raise.rule == known.rule))
    .execute(&mut *connection)
    .await?;
    if is_worse {
        // Who is told of worse ones only was not told before.
        plan(connection, known.number, 0, &raise.notices, now).await?;
    }
    Ok(true)
}

/// Ends members or a whole cause; true when the alarm is over by that.
async fn end(
    connection: &mut SqliteConnection,
    known: &Alarm,
    members: &[String],
    now: i64,
) -> Result<bool, RegistryError> {
    if known.cleared_at.is_some() {
        return Ok(false);
    }
    if members.is_empty() {
        sqlx::query("UPDATE alarm_members SET over_at = ?2 WHERE alarm = ?1 AND over_at IS NULL")
            .bind(known.number)
            .bind(now)
            .execute(&mut *connection)
            .await?;
    } else {
        for part in members.chunks(AT_ONCE) {
            sqlx::query(
                "UPDATE alarm_members SET over_at = ?2
                 WHERE alarm = ?1 AND over_at IS NULL AND member IN (SELECT value FROM json_each(?3))",
            )
            .bind(known.number)
            .bind(now)
            .bind(serde_json::to_string(part).unwrap_or_default())
            .execute(&mut *connection)
            .await?;
        }
        let left = sqlx::query("SELECT 1 FROM alarm_members WHERE alarm = ?1 AND over_at IS NULL LIMIT 1")
            .bind(known.number)
            .fetch_optional(&mut *connection)
            .await?;
        if left.is_some() {
            return Ok(false);
        }
    }
    // What somebody has seen, and what is only to be known, is done when it is over.
    let is_done = known.state == AlarmState::Acknowledged || known.severity == AlarmSeverity::Info;
    sqlx::query(
        "UPDATE alarms SET cleared_at = ?2, revision = revision + 1,
             state = iif(?3, 'closed', state), closed_at = iif(?3, ?2, NULL), closed_by = iif(?3, 'rule', NULL)
         WHERE number = ?1",
    )
    .bind(known.number)
    .bind(now)
    .bind(is_done)
    .execute(connection)
    .await?;
    Ok(true)
}

async fn raise(
    connection: &mut SqliteConnection,
    raise: &AlarmRaise,
    now: i64,
    applied: &mut AlarmsApplied,
) -> Result<(), RegistryError> {
    if let Some(known) = standing(connection, &raise.rule, &raise.cause).await? {
        applied.grown += usize::from(grow(connection, &known, raise, now).await?);
        return Ok(());
    }
    if let Some(rule) = &raise.part_of
        && let Some(whole) = whole(connection, rule, &raise.cause).await?
    {
        applied.grown += usize::from(grow(connection, &whole, raise, now).await?);
        return Ok(());
    }
    insert(connection, raise, now).await?;
    applied.raised += 1;
    Ok(())
}

impl Registry {
    /// Takes in what one look found, with the notices and the settings that say how far it looked: all of it, or nothing.
    ///
    /// # Errors
    /// The disk fails.
    pub async fn apply_alarms(
        &self,
        changes: &[AlarmChange],
        marks: &[(&str, String)],
        now: i64,
    ) -> Result<AlarmsApplied, RegistryError> {
        let mut link = self.lock().await?;
        let mut change = self.begin(&mut link, now).await?;
        let outcome = async {
            let connection = change.connection();
            let windows = window::in_force(connection, now).await?;
            let mut applied = AlarmsApplied::default();
            for one in changes {
                match one {
                    AlarmChange::Raise(found) => {
                        let object = found.place.as_deref().or(found.about.as_deref());
                        match windows.iter().find(|w| w.covers(&found.rule, object)) {
                            Some(window) => {
                                applied.hushed += 1;
                                window::hush(connection, window.number).await?;
                            }
                            None => raise(connection, found, now, &mut applied).await?,
                        }
                    }
                    AlarmChange::Over { rule, cause, members } => {
                        if let Some(known) = standing(connection, rule, cause).await? {
                            applied.over += usize::from(end(connection, &known, members, now).await?);
                        }
                    }
                }
            }
            for (key, value) in marks {
                setting::put(connection, key, value, now).await?;
            }
            Ok(applied)
        };
        let outcome = outcome.await;
        self.end(change, outcome).await
    }

    /// Closes what is over for so long that it leaves the queue, though nobody acknowledged it. Returns how many.
    ///
    /// # Errors
    /// The disk fails.
    pub async fn forget_alarms(&self, now: i64) -> Result<u64, RegistryError> {
        let mut link = self.lock().await?;
        let mut change = self.begin(&mut link, now).await?;
        let outcome = sqlx::query(
            "UPDATE alarms SET state = 'closed', closed_at = ?1, closed_by = 'rule', revision = revision + 1
             WHERE state = 'open' AND cleared_at IS NOT NULL AND cleared_at + forget_min * 60000000 <= ?1",
        )
        .bind(now)
        .execute(change.connection())
        .await
        .map(|done| done.rows_affected())
        .map_err(RegistryError::from);
        self.end(change, outcome).await
    }

    /// Takes a step of escalation and plans its notices. False when somebody acknowledged meanwhile, or it was taken.
    ///
    /// # Errors
    /// The disk fails.
    pub async fn escalate_alarm(
        &self,
        number: i64,
        step: u32,
        notices: &[AlarmNotice],
        now: i64,
    ) -> Result<bool, RegistryError> {
        let mut link = self.lock().await?;
        let mut change = self.begin(&mut link, now).await?;
        let outcome = async {
            let done = sqlx::query(
                "UPDATE alarms SET step = ?2, revision = revision + 1 WHERE number = ?1 AND state = 'open' AND step < ?2",
            )
            .bind(number)
            .bind(step)
            .execute(change.connection())
            .await?;
            if done.rows_affected() == 0 {
                return Ok(false);
            }
            plan(change.connection(), number, step, notices, now).await?;
            Ok(true)
        };
        let outcome = outcome.await;
        self.end(change, outcome).await
    }

    /// Alarms that hold and that nobody acknowledged, the oldest first.
    ///
    /// # Errors
    /// The disk fails.
    pub async fn open_alarms(&self) -> Result<Vec<Alarm>, RegistryError> {
        let mut link = self.lock().await?;
        let rows =
            sqlx::query("SELECT * FROM alarms WHERE state = 'open' AND cleared_at IS NULL ORDER BY number")
                .fetch_all(link.connection()?)
                .await?;
        rows.iter().map(|row| Ok(Alarm::from_row(row)?)).collect()
    }
}
