//! The queue, and what people do with it.

use qala_core::FunctionId;
use qala_core::spec::AlarmWhen;
use qala_registry::{
    Alarm, AlarmAct, AlarmDelivery, AlarmFilter, AlarmMember, AlarmWindow, AuditAction, Role, WindowWanted,
    alarm_id, alarm_number,
};
use serde_json::{Map, Value};

use crate::account::Reader;
use crate::centre::Centre;
use crate::error::{AppError, Result};

/// Members that are shown of one alarm.
const MEMBERS: u32 = 500;
/// Changes that are shown of one alarm.
const CHANGES: usize = 200;
/// Letters of a note.
const LONGEST_NOTE: usize = 2_000;

/// What somebody does with an alarm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AlarmDoing {
    /// Has it.
    Acknowledge,
    /// It is done; `right`, `wrong`, or nothing said.
    Close {
        /// Whether the rule was right.
        verdict: Option<String>,
    },
    /// Says something.
    Comment,
}

/// A page of the queue.
#[derive(Debug, Clone, PartialEq)]
pub struct AlarmPage {
    /// Alarms of the page.
    pub alarms: Vec<Alarm>,
    /// How many there are in all.
    pub total: i64,
    /// Open ones by severity, the mildest first.
    pub open: [i64; 4],
}

/// An alarm with all that belongs to it.
#[derive(Debug, Clone, PartialEq)]
pub struct AlarmFound {
    /// The alarm.
    pub alarm: Alarm,
    /// What it is made of; those that hold first.
    pub members: Vec<AlarmMember>,
    /// Its changes, the newest first: rows of `alarms_changes`.
    pub changes: Vec<Map<String, Value>>,
    /// Who was told.
    pub deliveries: Vec<AlarmDelivery>,
}

/// The number of an id.
fn number_of(id: &str) -> Result<i64> {
    alarm_number(id).ok_or_else(|| AppError::Usage(format!("there is no alarm `{id}`")))
}

impl Centre {
    /// Says whether somebody may see an alarm: the public what it is told, members of staff what is made of rows that they may
    /// see, who is on duty everything.
    fn sees_alarm(&self, reader: &Reader, alarm: &Alarm) -> bool {
        if alarm.public || reader.role() >= Role::Operator {
            return true;
        }
        if reader.role() < Role::Staff {
            return false;
        }
        match self.alarms.rule(&alarm.rule).map(|rule| &rule.when) {
            Some(AlarmWhen::Event { dataset, .. }) => self
                .lake
                .dataset(dataset.as_str())
                .is_ok_and(|known| reader.sees_rows(&known.spec)),
            _ => true,
        }
    }

    /// Alarms of a filter, as far as somebody may see them.
    ///
    /// # Errors
    /// The registry's.
    pub async fn alarm_page(&self, reader: &Reader, filter: AlarmFilter) -> Result<AlarmPage> {
        let is_public = reader.role() < Role::Staff;
        let filter = AlarmFilter {
            public: is_public,
            ..filter
        };
        let (mut alarms, total) = self.registry.alarms(&filter).await?;
        alarms.retain(|alarm| self.sees_alarm(reader, alarm));
        let open = self.registry.alarm_counts(is_public).await?;
        Ok(AlarmPage { alarms, total, open })
    }

    /// An alarm that somebody may see.
    ///
    /// # Errors
    /// There is none for them; the registry's.
    pub async fn visible_alarm(&self, reader: &Reader, id: &str) -> Result<Alarm> {
        let alarm = self.registry.alarm(number_of(id)?).await?;
        alarm
            .filter(|alarm| self.sees_alarm(reader, alarm))
            .ok_or_else(|| AppError::Usage(format!("there is no alarm `{id}`")))
    }

    /// An alarm with all that belongs to it. Changes and notices are for members of staff.
    ///
    /// # Errors
    /// There is none for them; the registry's or the lake's.
    pub async fn find_alarm(&self, reader: &Reader, id: &str) -> Result<AlarmFound> {
        let alarm = self.visible_alarm(reader, id).await?;
        if reader.role() < Role::Staff {
            return Ok(AlarmFound {
                alarm,
                members: Vec::new(),
                changes: Vec::new(),
                deliveries: Vec::new(),
            });
        }
        self.relay().await?;
        let sql = format!(
            "SELECT t, revision, state, severity, members, cleared_at, acknowledged_by, closed_by, verdict, note, step \
             FROM alarms_changes WHERE alarm = '{}' ORDER BY revision DESC LIMIT {CHANGES}",
            alarm_id(alarm.number)
        );
        Ok(AlarmFound {
            members: self.registry.alarm_members(alarm.number, MEMBERS).await?,
            changes: self.rows(&sql).await?,
            deliveries: self.registry.deliveries_of(alarm.number).await?,
            alarm,
        })
    }

    /// Does something with an alarm; it is written down who did.
    ///
    /// # Errors
    /// There is none for them, or it is closed; a verdict that is none; a note that is too long; the registry's.
    pub async fn do_with_alarm(
        &self,
        reader: &Reader,
        id: &str,
        doing: &AlarmDoing,
        note: Option<&str>,
    ) -> Result<Alarm> {
        let alarm = self.visible_alarm(reader, id).await?;
        let note = note.map(str::trim).filter(|note| !note.is_empty());
        if note.is_some_and(|note| note.chars().count() > LONGEST_NOTE) {
            return Err(AppError::Usage(format!(
                "a note has {LONGEST_NOTE} letters at most"
            )));
        }
        let (act, word) = match doing {
            AlarmDoing::Acknowledge => (AlarmAct::Acknowledge, "acknowledge"),
            AlarmDoing::Close { verdict } => {
                if verdict
                    .as_deref()
                    .is_some_and(|word| !["right", "wrong"].contains(&word))
                {
                    return Err(AppError::Usage("the verdict is `right` or `wrong`".into()));
                }
                let verdict = verdict.as_deref();
                (AlarmAct::Close { verdict }, "close")
            }
            AlarmDoing::Comment if note.is_none() => {
                return Err(AppError::Usage("the note is empty".into()));
            }
            AlarmDoing::Comment => (AlarmAct::Comment, "comment"),
        };
        self.note_change(
            reader.id(),
            AuditAction::AlarmAct,
            &alarm_id(alarm.number),
            &[("act", Value::from(word))],
        )
        .await?;
        let now = self.clock.now();
        let done = self
            .registry
            .act_on_alarm(alarm.number, act, reader.id(), note, now)
            .await?;
        self.tell_alarms();
        Ok(done)
    }

    /// Windows that have not ended.
    ///
    /// # Errors
    /// The registry's.
    pub async fn alarm_windows(&self) -> Result<Vec<AlarmWindow>> {
        Ok(self.registry.alarm_windows(self.clock.now()).await?)
    }

    /// Makes a window in which nothing is raised.
    ///
    /// # Errors
    /// A rule that does not exist; an end that is not after the start; no reason; the registry's.
    pub async fn add_alarm_window(&self, wanted: &WindowWanted<'_>) -> Result<i64> {
        if let Some(rule) = wanted.rule {
            let known = match rule.strip_suffix('*') {
                Some(start) => self.alarms.rules.iter().any(|r| r.id.as_str().starts_with(start)),
                None => self.alarms.rule(rule).is_some(),
            };
            if !known {
                let ids = self.alarms.rules.iter().map(|r| r.id.as_str());
                let hint = qala_core::spec::nearest(rule, ids);
                let hint = hint.map(|h| format!("; did you mean `{h}`?")).unwrap_or_default();
                return Err(AppError::Usage(format!("there is no alarm rule `{rule}`{hint}")));
            }
        }
        if wanted.to <= wanted.from || wanted.to <= self.clock.now() {
            return Err(AppError::Usage("the window would be over already".into()));
        }
        if wanted.reason.trim().is_empty() {
            return Err(AppError::Usage("say why nothing is to be raised".into()));
        }
        let particulars = [
            ("rule", Value::from(wanted.rule)),
            ("place", Value::from(wanted.place)),
            ("reason", Value::from(wanted.reason)),
        ];
        self.note_change(wanted.by, AuditAction::AlarmWindow, "make", &particulars)
            .await?;
        Ok(self.registry.add_alarm_window(wanted, self.clock.now()).await?)
    }

    /// Ends a window now.
    ///
    /// # Errors
    /// There is none of that number that has not ended; the registry's.
    pub async fn end_alarm_window(&self, number: i64, by: &str) -> Result<()> {
        self.note_change(
            by,
            AuditAction::AlarmWindow,
            "end",
            &[("window", Value::from(number))],
        )
        .await?;
        if self
            .registry
            .end_alarm_window(number, by, self.clock.now())
            .await?
        {
            return Ok(());
        }
        Err(AppError::Usage(format!(
            "there is no window {number} that has not ended"
        )))
    }

    /// Writes down that somebody turned the sound of alarms off or on at their place of work.
    ///
    /// # Errors
    /// The registry's.
    pub async fn note_alarm_sound(&self, by: &str, on: bool) -> Result<()> {
        self.note_change(by, AuditAction::AlarmSound, "sound", &[("on", Value::from(on))])
            .await
    }

    /// The names of functions of government now, by id.
    ///
    /// # Errors
    /// The registry's.
    pub async fn function_names(&self) -> Result<Vec<(FunctionId, qala_core::Text)>> {
        let now = self.clock.now();
        let functions = self.registry.functions().await?.into_iter();
        let in_force = functions.filter(|f| f.valid_from <= now && f.valid_to.is_none_or(|end| now < end));
        Ok(in_force.map(|f| (f.id, f.name)).collect())
    }
}
