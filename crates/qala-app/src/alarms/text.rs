//! The words of a notice, in the language of who gets it.

use qala_core::spec::AlarmSeverity;
use qala_core::{Lang, Text, Zone};
use qala_registry::{Alarm, alarm_id};
use serde_json::{Value, json};

/// What goes out about an alarm.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Words {
    pub(super) alarm: Alarm,
    /// Name of the place, or of what it is about.
    pub(super) place: Option<Text>,
    pub(super) advice: Option<Text>,
    pub(super) city: Text,
}

/// The word for a severity.
pub(super) fn severity(severity: AlarmSeverity) -> Text {
    match severity {
        AlarmSeverity::Info => Text::new("Мәлімет", "К сведению", "For information"),
        AlarmSeverity::Minor => Text::new("Елеулі", "Незначительная", "Minor"),
        AlarmSeverity::Major => Text::new("Ауыр", "Серьёзная", "Major"),
        AlarmSeverity::Critical => Text::new("Өте ауыр", "Критическая", "Critical"),
    }
}

impl Words {
    /// One line: how bad, what, where.
    pub(super) fn title(&self, lang: Lang) -> String {
        let mut line = format!(
            "{}: {}",
            severity(self.alarm.severity).get(lang),
            self.alarm.title.get(lang)
        );
        let about = self.place.as_ref().map(|place| place.get(lang).to_owned());
        if let Some(about) = about.or_else(|| self.alarm.about.clone()) {
            line.push_str(" — ");
            line.push_str(&about);
        }
        line
    }

    /// The whole notice.
    pub(super) fn body(&self, lang: Lang, zone: &Zone) -> String {
        let word = |kk: &str, ru: &str, en: &str| Text::new(kk, ru, en).get(lang).to_owned();
        let mut lines = vec![self.title(lang)];
        if self.alarm.simulated {
            lines.push(word(
                "МОДЕЛЬДІК ДЕРЕКТЕР: шын оқиға емес.",
                "МОДЕЛЬНЫЕ ДАННЫЕ: это не настоящее событие.",
                "SIMULATED DATA: this did not happen.",
            ));
        }
        if let Some(advice) = &self.advice {
            lines.push(advice.get(lang).to_owned());
        }
        let since = zone.format(self.alarm.event_at);
        let since = since.get(..16).unwrap_or(&since).replace('T', " ");
        lines.push(format!("{}: {since}", word("Басталуы", "Начало", "Since")));
        if self.alarm.members > 1 {
            lines.push(format!(
                "{}: {}",
                word("Оқиғалар саны", "Событий", "Events"),
                self.alarm.members
            ));
        }
        lines.push(format!(
            "{} · {}",
            alarm_id(self.alarm.number),
            self.city.get(lang)
        ));
        lines.join("\n")
    }

    /// For programs.
    pub(super) fn json(&self, key: &str, contact: &str, step: i64, zone: &Zone) -> Value {
        let alarm = &self.alarm;
        let text = |text: &Text| json!({"kk": text.kk, "ru": text.ru, "en": text.en});
        json!({
            "version": 1,
            "key": key,
            "contact": contact,
            "step": step,
            "alarm": {
                "id": alarm_id(alarm.number),
                "rule": alarm.rule,
                "cause": alarm.cause,
                "severity": alarm.severity.as_str(),
                "title": text(&alarm.title),
                "advice": self.advice.as_ref().map(text),
                "place_id": alarm.place,
                "place": self.place.as_ref().map(text),
                "about": alarm.about,
                "owner_function": alarm.owner_function,
                "event_at": zone.format(alarm.event_at),
                "opened_at": zone.format(alarm.opened_at),
                "members": alarm.members,
                "value": alarm.value,
                "lon": alarm.at.map(|at| at.0),
                "lat": alarm.at.map(|at| at.1),
                "simulated": alarm.simulated,
            },
        })
    }
}
