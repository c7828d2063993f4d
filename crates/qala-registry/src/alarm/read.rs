//! Reading alarms.

use sqlx::{FromRow, Row};

use super::{Alarm, AlarmState};
use crate::error::RegistryError;
use crate::open::Registry;

/// Which alarms are wanted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AlarmFilter {
    /// In this state; `None`: all that are not closed.
    pub state: Option<AlarmState>,
    /// Of this rule.
    pub rule: Option<String>,
    /// Only those that the public is told of.
    pub public: bool,
    /// Alarms at most.
    pub limit: u32,
    /// Alarms that are passed over.
    pub offset: u32,
}

/// A cause that is not closed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AlarmCause {
    /// Rule.
    pub rule: String,
    /// Cause.
    pub cause: String,
    /// True while it holds.
    pub holds: bool,
}

/// What an alarm is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlarmMember {
    /// The event, place or device.
    pub member: String,
    /// When it was first seen, µs of UTC.
    pub seen_at: i64,
    /// When it was over.
    pub over_at: Option<i64>,
}

/// The record of a rule.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RuleCounts {
    /// Rule.
    pub rule: String,
    /// Alarms.
    pub raised: i64,
    /// Of them, those that somebody found right.
    pub right: i64,
    /// And wrong.
    pub wrong: i64,
    /// What somebody says it missed.
    pub missed: i64,
    /// Mean seconds from the event to the alarm.
    pub delay_s: Option<f64>,
    /// Mean seconds from the alarm to who acknowledged it.
    pub acknowledged_after_s: Option<f64>,
    /// When it raised one last, µs of UTC.
    pub last_at: Option<i64>,
}

/// What `?1` to `?3` leave over.
macro_rules! filtered {
    ($what:literal) => {
        concat!(
            "SELECT ",
            $what,
            " FROM alarms WHERE ((?1 IS NULL AND state <> 'closed') OR state = ?1)
             AND (?2 IS NULL OR rule = ?2) AND (?3 = 0 OR public = 1)"
        )
    };
}

impl Registry {
    /// Alarms, the worst first and of one severity the newest first; with how many there are in all.
    ///
    /// # Errors
    /// The disk fails.
    pub async fn alarms(&self, filter: &AlarmFilter) -> Result<(Vec<Alarm>, i64), RegistryError> {
        let state = filter.state.map(AlarmState::as_str);
        let mut link = self.lock().await?;
        let total = sqlx::query(filtered!("count(*)"))
            .bind(state)
            .bind(&filter.rule)
            .bind(filter.public)
            .fetch_one(link.connection()?)
            .await?
            .try_get(0)?;
        let rows = sqlx::query(concat!(
            filtered!("*"),
            " ORDER BY iif(state = 'closed', 0, iif(state = 'open', 2, 1)) DESC, cleared_at IS NOT NULL,
              iif(state = 'closed', 4, CASE severity WHEN 'critical' THEN 0 WHEN 'major' THEN 1 WHEN 'minor' THEN 2 ELSE 3 END),
              number DESC LIMIT ?4 OFFSET ?5"
        ))
        .bind(state)
        .bind(&filter.rule)
        .bind(filter.public)
        .bind(filter.limit)
        .bind(filter.offset)
        .fetch_all(link.connection()?)
        .await?;
        let alarms = rows.iter().map(Alarm::from_row).collect::<Result<_, _>>()?;
        Ok((alarms, total))
    }

    /// An alarm.
    ///
    /// # Errors
    /// The disk fails.
    pub async fn alarm(&self, number: i64) -> Result<Option<Alarm>, RegistryError> {
        let mut link = self.lock().await?;
        let row = sqlx::query("SELECT * FROM alarms WHERE number = ?1")
            .bind(number)
            .fetch_optional(link.connection()?)
            .await?;
        Ok(row.map(|row| Alarm::from_row(&row)).transpose()?)
    }

    /// Members of an alarm, those that still hold first, up to `limit`.
    ///
    /// # Errors
    /// The disk fails.
    pub async fn alarm_members(&self, number: i64, limit: u32) -> Result<Vec<AlarmMember>, RegistryError> {
        let mut link = self.lock().await?;
        let rows = sqlx::query(
            "SELECT member, seen_at, over_at FROM alarm_members WHERE alarm = ?1
             ORDER BY over_at IS NOT NULL, seen_at DESC, member LIMIT ?2",
        )
        .bind(number)
        .bind(limit)
        .fetch_all(link.connection()?)
        .await?;
        rows.iter()
            .map(|row| {
                Ok(AlarmMember {
                    member: row.try_get("member")?,
                    seen_at: row.try_get("seen_at")?,
                    over_at: row.try_get("over_at")?,
                })
            })
            .collect()
    }

    /// Causes whose alarms are not closed.
    ///
    /// # Errors
    /// The disk fails.
    pub async fn alarm_causes(&self) -> Result<Vec<AlarmCause>, RegistryError> {
        let mut link = self.lock().await?;
        let rows = sqlx::query(
            "SELECT rule, cause, cleared_at IS NULL AS holds FROM alarms WHERE state <> 'closed'",
        )
        .fetch_all(link.connection()?)
        .await?;
        rows.iter()
            .map(|row| {
                Ok(AlarmCause {
                    rule: row.try_get("rule")?,
                    cause: row.try_get("cause")?,
                    holds: row.try_get("holds")?,
                })
            })
            .collect()
    }

    /// How many alarms nobody acknowledged, by severity, the mildest first; of all, or of those that the public is told of.
    ///
    /// # Errors
    /// The disk fails.
    pub async fn alarm_counts(&self, public: bool) -> Result<[i64; 4], RegistryError> {
        let mut link = self.lock().await?;
        let rows = sqlx::query(
            "SELECT severity, count(*) FROM alarms WHERE state = 'open' AND (?1 = 0 OR public = 1) GROUP BY severity",
        )
        .bind(public)
        .fetch_all(link.connection()?)
        .await?;
        let mut counts = [0; 4];
        for row in rows {
            let severity: String = row.try_get(0)?;
            if let Some(severity) = qala_core::spec::AlarmSeverity::parse(&severity) {
                counts[severity as usize] = row.try_get(1)?;
            }
        }
        Ok(counts)
    }

    /// The records of rules.
    ///
    /// # Errors
    /// The disk fails.
    pub async fn rule_counts(&self) -> Result<Vec<RuleCounts>, RegistryError> {
        let mut link = self.lock().await?;
        let rows = sqlx::query(
            "SELECT rule, sum(raised) AS raised, sum(is_right) AS is_right, sum(is_wrong) AS is_wrong, sum(missed) AS missed,
                 avg(delay) AS delay, avg(acknowledged) AS acknowledged, max(opened_at) AS last_at
             FROM (
                 SELECT rule, 1 AS raised, coalesce(verdict = 'right', 0) AS is_right, coalesce(verdict = 'wrong', 0) AS is_wrong,
                     0 AS missed, (opened_at - event_at) / 1e6 AS delay, (acknowledged_at - opened_at) / 1e6 AS acknowledged,
                     opened_at
                 FROM alarms
                 UNION ALL
                 SELECT rule, 0, 0, 0, 1, NULL, NULL, NULL FROM alarm_misses
             ) GROUP BY rule ORDER BY rule",
        )
        .fetch_all(link.connection()?)
        .await?;
        rows.iter()
            .map(|row| {
                Ok(RuleCounts {
                    rule: row.try_get("rule")?,
                    raised: row.try_get("raised")?,
                    right: row.try_get("is_right")?,
                    wrong: row.try_get("is_wrong")?,
                    missed: row.try_get("missed")?,
                    delay_s: row.try_get("delay")?,
                    acknowledged_after_s: row.try_get("acknowledged")?,
                    last_at: row.try_get("last_at")?,
                })
            })
            .collect()
    }
}
