//! Alarms for the public by [CAP 1.2](https://docs.oasis-open.org/emergency/cap/v1.2/CAP-v1.2-os.html), and their list as an
//! [Atom feed](https://www.rfc-editor.org/rfc/rfc4287).
//!
//! Instants have an offset and never a `Z` (section 3.3.2); each language has an `info` of its own; a polygon is closed and says
//! latitude before longitude.

use std::fmt::Write as _;

use qala_core::spec::{AlarmCategory, AlarmSeverity};
use qala_core::{Lang, Text, Zone};
use qala_registry::{Alarm, AlarmFilter, AlarmState, Place, PlaceKind, alarm_id};
use qala_tiles::{Form, parse};

use crate::account::Reader;
use crate::centre::Centre;
use crate::error::Result;

const SECOND: i64 = 1_000_000;
/// Alarms in the feed at most.
const MOST: u32 = 100;

/// Text of an element.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            // Other control characters are no XML.
            c if c.is_control() && c != '\n' && c != '\t' => {}
            c => out.push(c),
        }
    }
    out
}

/// An instant to the second; UTC is `-00:00`.
fn instant(at: i64, zone: &Zone) -> String {
    zone.format(at.div_euclid(SECOND) * SECOND)
        .replace("+00:00", "-00:00")
        .replace('Z', "-00:00")
}

fn code(lang: Lang) -> &'static str {
    match lang {
        Lang::Kk => "kk-KZ",
        Lang::Ru => "ru-KZ",
        Lang::En => "en",
    }
}

/// What stands in a message beside the alarm.
struct About<'a> {
    sender: String,
    city: &'a Text,
    zone: &'a Zone,
    advice: Option<&'a Text>,
    category: AlarmCategory,
    area: &'a Text,
    /// Rings of latitude and longitude, closed.
    rings: Vec<Vec<(f64, f64)>>,
}

/// The id of a message: of the alarm as it was after a change.
fn identifier(alarm: &Alarm, revision: i64) -> String {
    format!(
        "{}-{}-{revision}",
        alarm_id(alarm.number),
        alarm.opened_at / SECOND
    )
}

fn element(out: &mut String, name: &str, text: &str) {
    // Writing to a string cannot fail.
    let _ = writeln!(out, "    <{name}>{}</{name}>", escaped(text));
}

/// One alarm as a message.
fn message(alarm: &Alarm, about: &About<'_>) -> String {
    let is_over = alarm.cleared_at.is_some() || alarm.state == AlarmState::Closed;
    let kind = match (is_over, alarm.revision) {
        (true, _) => "Cancel",
        (false, 1) => "Alert",
        (false, _) => "Update",
    };
    let changed = [
        Some(alarm.last_seen_at),
        alarm.cleared_at,
        alarm.acknowledged.as_ref().map(|a| a.0),
        alarm.closed.as_ref().map(|c| c.0),
    ];
    let sent = changed.into_iter().flatten().max().unwrap_or(alarm.opened_at);
    let mut out = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<alert xmlns=\"urn:oasis:names:tc:emergency:cap:1.2\">\n",
    );
    element(&mut out, "identifier", &identifier(alarm, alarm.revision));
    element(&mut out, "sender", &about.sender);
    element(&mut out, "sent", &instant(sent, about.zone));
    // What did not happen warns nobody.
    element(
        &mut out,
        "status",
        if alarm.simulated { "Test" } else { "Actual" },
    );
    element(&mut out, "msgType", kind);
    element(&mut out, "scope", "Public");
    if kind != "Alert" {
        let first = format!(
            "{},{},{}",
            about.sender,
            identifier(alarm, 1),
            instant(alarm.opened_at, about.zone)
        );
        element(&mut out, "references", &first);
    }
    let (urgency, severity) = match alarm.severity {
        AlarmSeverity::Critical => ("Immediate", "Extreme"),
        AlarmSeverity::Major => ("Expected", "Severe"),
        AlarmSeverity::Minor => ("Expected", "Moderate"),
        AlarmSeverity::Info => ("Future", "Minor"),
    };
    for lang in Lang::ALL {
        out.push_str("  <info>\n");
        element(&mut out, "language", code(lang));
        element(&mut out, "category", about.category.cap_word());
        element(&mut out, "event", alarm.title.get(lang));
        if is_over {
            element(&mut out, "responseType", "AllClear");
        }
        element(&mut out, "urgency", if is_over { "Past" } else { urgency });
        element(&mut out, "severity", severity);
        element(&mut out, "certainty", "Observed");
        element(&mut out, "onset", &instant(alarm.event_at, about.zone));
        element(&mut out, "senderName", about.city.get(lang));
        let headline = format!("{} — {}", alarm.title.get(lang), about.area.get(lang));
        element(&mut out, "headline", &headline);
        if let Some(advice) = about.advice {
            element(&mut out, "instruction", advice.get(lang));
        }
        out.push_str("    <area>\n");
        element(&mut out, "areaDesc", about.area.get(lang));
        for ring in &about.rings {
            let points: Vec<String> = ring
                .iter()
                .map(|(lat, lon)| format!("{lat:.5},{lon:.5}"))
                .collect();
            element(&mut out, "polygon", &points.join(" "));
        }
        out.push_str("    </area>\n  </info>\n");
    }
    out.push_str("</alert>\n");
    out
}

/// The outer rings of a geometry, latitude first, closed.
fn rings(geometry: Option<&str>) -> Vec<Vec<(f64, f64)>> {
    let Some(Form::Areas(areas)) = geometry.and_then(parse) else {
        return Vec::new();
    };
    let outer = areas.into_iter().filter_map(|area| area.into_iter().next());
    outer
        .map(|ring| {
            let mut turned: Vec<(f64, f64)> = ring.into_iter().map(|(lon, lat)| (lat, lon)).collect();
            if let Some(first) = turned.first().copied()
                && turned.last() != Some(&first)
            {
                turned.push(first);
            }
            turned
        })
        // Four points and more, the first and the last the same (section 3.2.4).
        .filter(|ring| ring.len() >= 4)
        .collect()
}

impl Centre {
    /// Who sends, without blanks, commas and signs of XML (section 3.2.1).
    fn cap_sender(&self) -> String {
        let city: String = self.city.en.chars().filter(char::is_ascii_alphanumeric).collect();
        format!("{}.qala", city.to_lowercase())
    }

    fn cap_message(&self, alarm: &Alarm, places: &[Place]) -> String {
        let rule = self.alarms.rule(&alarm.rule);
        let place = match &alarm.place {
            Some(id) => places.iter().find(|place| place.id.as_str() == id),
            None => places.iter().find(|place| place.kind == PlaceKind::City),
        };
        let about = About {
            sender: self.cap_sender(),
            city: &self.city,
            zone: &self.zone,
            advice: rule.map(|rule| &rule.advice),
            category: rule.map(|rule| rule.category).unwrap_or_default(),
            area: place.map_or(&self.city, |place| &place.name),
            rings: rings(place.and_then(|place| place.geometry.as_deref())),
        };
        message(alarm, &about)
    }

    /// An alarm of the public as a message of CAP 1.2.
    ///
    /// # Errors
    /// There is none that the public is told of; the registry's.
    pub async fn cap_of_alarm(&self, id: &str) -> Result<String> {
        let alarm = self.visible_alarm(&Reader::public(), id).await?;
        let places = self.registry.places_at(self.clock.now()).await?;
        Ok(self.cap_message(&alarm, &places))
    }

    /// What the public is told of, as an Atom feed whose entries lead to the messages.
    ///
    /// # Errors
    /// The registry's.
    pub async fn cap_feed(&self) -> Result<String> {
        let filter = AlarmFilter {
            public: true,
            limit: MOST,
            ..AlarmFilter::default()
        };
        let (alarms, _) = self.registry.alarms(&filter).await?;
        let now = self.clock.now();
        let newest = alarms.iter().map(|alarm| alarm.last_seen_at).max().unwrap_or(now);
        let sender = self.cap_sender();
        let mut out = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\">\n  <id>urn:qala:{sender}:alarms</id>\n  \
             <title>{}</title>\n  <updated>{}</updated>\n  <author><name>{sender}</name></author>\n  \
             <link rel=\"self\" href=\"/api/alarms/cap.xml\"/>\n",
            escaped(&self.city.kk),
            instant(newest, &self.zone),
        );
        for alarm in &alarms {
            let id = alarm_id(alarm.number);
            let _ = write!(
                out,
                "  <entry>\n    <id>urn:qala:{sender}:{}</id>\n    <title>{}</title>\n    <updated>{}</updated>\n    \
                 <link rel=\"alternate\" type=\"application/cap+xml\" href=\"/api/alarms/{id}/cap.xml\"/>\n  </entry>\n",
                identifier(alarm, alarm.revision),
                escaped(&alarm.title.kk),
                instant(alarm.last_seen_at, &self.zone),
            );
        }
        out.push_str("</feed>\n");
        Ok(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alarm() -> Alarm {
        Alarm {
            number: 7,
            rule: "air.smog".into(),
            cause: String::new(),
            place: None,
            about: None,
            title: Text::new("Түтін & көмір", "Смог", "Smog <now>"),
            severity: AlarmSeverity::Critical,
            owner_function: "air-quality".into(),
            public: true,
            simulated: false,
            state: AlarmState::Open,
            event_at: 1_772_420_400_000_000,
            opened_at: 1_772_420_401_250_000,
            last_seen_at: 1_772_420_401_250_000,
            cleared_at: None,
            members: 3,
            value: Some(160.0),
            at: None,
            acknowledged: None,
            closed: None,
            verdict: None,
            note: None,
            step: 0,
            revision: 1,
        }
    }

    fn written(alarm: &Alarm, zone: &str) -> String {
        let (city, area) = (Text::new("Қ", "Г", "C"), Text::new("А", "Р", "D"));
        let about = About {
            sender: "town.qala".into(),
            city: &city,
            zone: &Zone::new(zone).unwrap(),
            advice: None,
            category: AlarmCategory::Env,
            area: &area,
            rings: rings(Some("POLYGON((76.9 43.2, 77.0 43.2, 77.0 43.3, 76.9 43.2))")),
        };
        message(alarm, &about)
    }

    #[test]
    fn a_message_has_an_offset_a_closed_polygon_and_an_info_for_each_language() {
        let text = written(&alarm(), "Asia/Almaty");
        assert!(text.contains("<sent>2026-03-02T08:00:01+05:00</sent>"), "{text}");
        assert!(text.contains(
            "<polygon>43.20000,76.90000 43.20000,77.00000 43.30000,77.00000 43.20000,76.90000</polygon>"
        ));
        for language in ["kk-KZ", "ru-KZ", "en"] {
            assert!(text.contains(&format!("<language>{language}</language>")));
        }
        assert!(
            text.contains("Түтін &amp; көмір") && text.contains("Smog &lt;now&gt;"),
            "{text}"
        );
        assert!(text.contains("<msgType>Alert</msgType>") && !text.contains("<references>"));
        let utc = written(&alarm(), "UTC");
        assert!(utc.contains("<sent>2026-03-02T03:00:01-00:00</sent>"), "{utc}");
        assert!(!utc.contains("Z</sent>") && !utc.contains("Z</onset>"), "{utc}");
    }

    #[test]
    fn a_later_message_names_the_first_and_one_that_is_over_cancels_it() {
        let mut later = alarm();
        later.revision = 4;
        let text = written(&later, "Asia/Almaty");
        assert!(text.contains("<msgType>Update</msgType>"), "{text}");
        assert!(
            text.contains("<references>town.qala,A-7-1772420401-1,2026-03-02T08:00:01+05:00</references>")
        );
        later.cleared_at = Some(1_772_424_000_000_000);
        later.simulated = true;
        let text = written(&later, "Asia/Almaty");
        assert!(
            text.contains("<msgType>Cancel</msgType>") && text.contains("<status>Test</status>"),
            "{text}"
        );
        assert!(text.contains("<sent>2026-03-02T09:00:00+05:00</sent>"), "{text}");
    }
}
