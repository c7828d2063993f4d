//! Finding things by their names, in all three languages at once.

use std::sync::Arc;

use qala_core::{Lang, Text};

use crate::account::Reader;
use crate::centre::Centre;
use crate::error::{AppError, Result};
use crate::map::Moment;

/// Things that are found at most.
const MOST: usize = 40;
/// Letters of a search at most.
const LETTERS: usize = 200;

/// A thing that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// `indicator`, `programme`, `dataset`, `feed`, `place` or `object`.
    pub kind: &'static str,
    /// Id.
    pub id: String,
    /// Title.
    pub title: String,
    /// What it is.
    pub subtitle: String,
    /// Path of its page.
    pub href: String,
}

/// How well a text fits: 0 for one that begins with the letters, 1 for a word that does, 2 for the letters somewhere.
fn fit(text: &str, letters: &str) -> Option<u8> {
    let text = text.to_lowercase();
    if text.starts_with(letters) {
        return Some(0);
    }
    let at = text.find(letters)?;
    let before = text.get(..at).and_then(|t| t.chars().next_back());
    Some(if before.is_some_and(char::is_alphanumeric) {
        2
    } else {
        1
    })
}

fn fits(texts: &[&str], letters: &str) -> Option<u8> {
    texts.iter().filter_map(|text| fit(text, letters)).min()
}

fn of(text: &Text, language: Lang) -> String {
    let said = match language {
        Lang::Kk => &text.kk,
        Lang::Ru => &text.ru,
        Lang::En => &text.en,
    };
    said.clone()
}

/// A part of a path.
fn part(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes())
        .collect::<String>()
        .replace('+', "%20")
}

impl Centre {
    /// Finds indicators, programmes, datasets, feeds, places and objects by letters in their names and ids.
    ///
    /// # Errors
    /// No letters, or too many; those of reading.
    pub async fn search(
        self: &Arc<Self>,
        letters: &str,
        language: Lang,
        reader: &Reader,
    ) -> Result<Vec<Hit>> {
        let letters = letters.trim().to_lowercase();
        if letters.is_empty() {
            return Err(AppError::Usage("`q` has no letters".into()));
        }
        if letters.chars().count() > LETTERS {
            return Err(AppError::Usage(format!("`q` may have {LETTERS} letters")));
        }
        // Rank within the kind, then the order of kinds.
        let mut hits: Vec<(u8, u8, Hit)> = Vec::new();
        let mut note = |fit: Option<u8>, order: u8, hit: &dyn Fn() -> Hit| {
            if let Some(fit) = fit {
                hits.push((fit, order, hit()));
            }
        };
        for i in &self.indicators {
            let fit = fits(&[i.id.as_str(), &i.title.kk, &i.title.ru, &i.title.en], &letters);
            note(fit, 0, &|| Hit {
                kind: "indicator",
                id: i.id.to_string(),
                title: of(&i.title, language),
                subtitle: of(&i.question, language),
                href: format!("/indicators/{}", part(i.id.as_str())),
            });
        }
        let at = self.clock.now();
        for p in self.registry.programmes_at(at).await?.programmes {
            let fit = fits(&[p.id.as_str(), &p.title.kk, &p.title.ru, &p.title.en], &letters);
            note(fit, 0, &|| Hit {
                kind: "programme",
                id: p.id.to_string(),
                title: of(&p.title, language),
                subtitle: p.legal_basis.clone().unwrap_or_default(),
                href: format!("/programmes/{}", part(p.id.as_str())),
            });
        }
        let places = self
            .rows("SELECT place_id, kind, name_kk, name_ru, name_en FROM organisation_places WHERE valid_to IS NULL")
            .await?;
        for place in &places {
            let word = |name: &str| place.get(name).and_then(|v| v.as_str()).unwrap_or_default();
            let text = Text {
                kk: word("name_kk").into(),
                ru: word("name_ru").into(),
                en: word("name_en").into(),
            };
            let id = word("place_id");
            note(fits(&[id, &text.kk, &text.ru, &text.en], &letters), 1, &|| Hit {
                kind: "place",
                id: id.to_owned(),
                title: of(&text, language),
                subtitle: word("kind").to_owned(),
                href: format!("/districts/{}", part(id)),
            });
        }
        for d in self
            .lake
            .specs()
            .into_iter()
            .filter(|d| !d.name.as_str().starts_with("lake_"))
        {
            let fit = fits(
                &[d.name.as_str(), &d.title.kk, &d.title.ru, &d.title.en],
                &letters,
            );
            note(fit, 2, &|| Hit {
                kind: "dataset",
                id: d.name.to_string(),
                title: of(&d.title, language),
                subtitle: d.name.to_string(),
                href: format!("/data/{}", part(d.name.as_str())),
            });
        }
        for f in &self.feeds {
            note(
                fits(&[f.id.as_str(), &f.title.kk, &f.title.ru, &f.title.en], &letters),
                3,
                &|| Hit {
                    kind: "feed",
                    id: f.id.to_string(),
                    title: of(&f.title, language),
                    subtitle: f.id.to_string(),
                    href: format!("/feeds/{}", part(f.id.as_str())),
                },
            );
        }
        self.search_objects(&letters, language, reader, &mut hits).await?;
        hits.sort_by(|a, b| (a.0, a.1, &a.2.title, &a.2.id).cmp(&(b.0, b.1, &b.2.title, &b.2.id)));
        hits.truncate(MOST);
        Ok(hits.into_iter().map(|(_, _, hit)| hit).collect())
    }

    /// Things on the map by their names: those of layers that do not move and whose names are kept.
    async fn search_objects(
        self: &Arc<Self>,
        letters: &str,
        language: Lang,
        reader: &Reader,
        hits: &mut Vec<(u8, u8, Hit)>,
    ) -> Result<()> {
        for layer in self.layer_specs() {
            let has_names = layer.properties().iter().any(|c| crate::map::is_name(&c.name));
            if layer.time.is_some() || !has_names || !reader.sees_places(layer.spec) {
                continue;
            }
            let drawn = self.drawn(&layer, Moment::default(), true).await?;
            let content = &drawn.content;
            let mut seen = std::collections::HashSet::new();
            for row in 0..content.rows() {
                let title = content.title(row);
                let Some(fit) = fits(&[&title.kk, &title.ru, &title.en], letters) else {
                    continue;
                };
                let said = of(&title, language);
                // A street has many pieces.
                if !seen.insert(said.clone()) || seen.len() > MOST {
                    continue;
                }
                let (name, id) = (layer.spec.name.as_str(), content.id(row));
                hits.push((
                    fit,
                    4,
                    Hit {
                        kind: "object",
                        title: said,
                        subtitle: of(&layer.spec.title, language),
                        href: format!("/objects/{}/{}", part(name), part(&id)),
                        id: format!("{name}/{id}"),
                    },
                ));
            }
        }
        Ok(())
    }
}
