//! Pages on paper: what stands on them, of values as somebody may see them. `qala-paper` draws them.

mod indicator;
mod minutes;
mod morning;
mod now;
mod room_words;
mod standing;
mod view;
mod words;

#[cfg(test)]
mod tests;

use std::collections::HashMap;

use qala_core::{Lang, Text, Zone, parse_instant};
use qala_lake::{Query, collect};
use qala_paper::Sheet;
use qala_registry::Role;
use serde_json::{Map, Value as Json};

use crate::account::Reader;
use crate::centre::Centre;
use crate::error::{AppError, Result};
use crate::indicator::CITY;

pub use indicator::PaperWanted;
pub use minutes::MinutesWanted;
pub(crate) use morning::plain;
pub use morning::{MorningWanted, TextPage, TextPart};
pub use now::NowPaperWanted;
pub(crate) use standing::Loud;

/// Values that ended longer ago are of another time, µs.
const OLD: i64 = 2 * 86_400_000_000;

fn word<'a>(row: &'a Map<String, Json>, name: &str) -> &'a str {
    row.get(name).and_then(Json::as_str).unwrap_or_default()
}

/// The names of places in a language, and their boundaries.
struct Places {
    names: HashMap<String, String>,
    /// Districts with their boundaries as well-known text.
    districts: Vec<(String, String)>,
}

impl Places {
    fn name(&self, id: &str) -> String {
        self.names.get(id).cloned().unwrap_or_else(|| id.to_owned())
    }

    /// Without the word “district”, which the list says already.
    fn short(&self, id: &str) -> String {
        let name = self.name(id);
        for word in [" ауданы", " район", " district"] {
            if let Some(rest) = name.strip_suffix(word) {
                return rest.to_owned();
            }
        }
        name
    }
}

impl Centre {
    async fn places_in(&self, lang: Lang) -> Result<Places> {
        let rows = self
            .rows(
                "SELECT place_id, kind, name_kk, name_ru, name_en, geometry FROM organisation_places \
                 WHERE valid_to IS NULL ORDER BY place_id",
            )
            .await?;
        let mut places = Places {
            names: HashMap::from([(CITY.to_owned(), self.city.get(lang).to_owned())]),
            districts: Vec::new(),
        };
        for row in &rows {
            let id = word(row, "place_id").to_owned();
            let name = Text::new(word(row, "name_kk"), word(row, "name_ru"), word(row, "name_en"));
            let said = [name.get(lang), &name.kk, &name.ru, &name.en];
            let said = said.into_iter().find(|text| !text.is_empty());
            if word(row, "kind") == "district" {
                places
                    .districts
                    .push((id.clone(), word(row, "geometry").to_owned()));
            }
            if id != CITY {
                places.names.insert(id.clone(), said.unwrap_or(&id).to_owned());
            }
        }
        Ok(places)
    }

    /// The moment that pages are about: the present; where all values end long ago, their end.
    async fn moment(&self, reader: &Reader) -> Result<i64> {
        let now = self.clock.now();
        let until = Zone::utc().format(now).replace("+00:00", "Z");
        let sql = format!(
            "SELECT max(period_end) AS t FROM indicator_values WHERE value IS NOT NULL AND period_end <= \
             arrow_cast('{until}', 'Timestamp(Microsecond, Some(\"UTC\"))')"
        );
        let query = Query {
            principal: self.catalogue(reader),
            ..Query::system(sql)
        };
        let (batches, _) = collect(&*self.engine, &query).await?;
        let rows = crate::value::rows_json(&batches, &self.zone);
        let newest = rows
            .first()
            .and_then(|row| parse_instant(word(row, "t"), None).ok());
        Ok(newest.filter(|newest| now - newest > OLD).unwrap_or(now))
    }

    /// Draws a page, and writes down that a signed-in person takes it away.
    async fn print(&self, sheet: Sheet, what: &str, reader: &Reader) -> Result<Vec<u8>> {
        if reader.role() != Role::Public {
            self.note_export(reader, what, "pdf").await?;
        }
        tokio::task::spawn_blocking(move || qala_paper::pdf(&sheet))
            .await
            .map_err(|e| AppError::Remote(format!("a worker failed: {e}")))?
            .map_err(|e| AppError::Remote(e.to_string()))
    }
}
