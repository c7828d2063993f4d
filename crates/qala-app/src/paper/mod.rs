//! Pages on paper: what stands on them, of values as somebody may see them. `qala-paper` draws them.

mod indicator;
mod now;
mod view;
mod words;

#[cfg(test)]
mod tests;

use std::collections::HashMap;

use qala_core::{Lang, Text};
use qala_paper::Sheet;
use qala_registry::Role;
use serde_json::{Map, Value as Json};

use crate::account::Reader;
use crate::centre::Centre;
use crate::error::{AppError, Result};
use crate::indicator::CITY;

pub use indicator::PaperWanted;
pub use now::NowPaperWanted;

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
                places.districts.push((id.clone(), word(row, "geometry").to_owned()));
            }
            if id != CITY {
                places.names.insert(id.clone(), said.unwrap_or(&id).to_owned());
            }
        }
        Ok(places)
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
