//! What a layer says of itself.

use std::sync::Arc;

use futures::stream::{self, StreamExt, TryStreamExt};
use qala_core::{Text, Unit};
use qala_tiles::ShapeKind;

use super::base::BASE_LAYERS;
use super::content::Content;
use super::layer::LayerSpec;
use super::load::Slice;
use super::store::Listed;
use super::tile::{BASE, CELLS_FROM, Moment};
use crate::account::Reader;
use crate::centre::Centre;
use crate::error::{AppError, Result};

/// Layers that are looked at side by side.
const AT_ONCE: usize = 2;

/// What is drawn of a layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LayerKind {
    /// Points, many near ones as one with their count.
    Points,
    /// Lines.
    Lines,
    /// Areas.
    Areas,
    /// Squares with at least five rows, for those who may not see single ones.
    Cells,
}

impl LayerKind {
    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Points => "points",
            Self::Lines => "lines",
            Self::Areas => "areas",
            Self::Cells => "cells",
        }
    }
}

/// What a layer says of itself.
#[derive(Debug, Clone)]
pub struct LayerInfo {
    /// Id: the name of the dataset, or `base`.
    pub id: String,
    /// Title.
    pub title: Text,
    /// Subject.
    pub subject: String,
    /// What is drawn.
    pub kind: LayerKind,
    /// Titles of the feeds its rows came from.
    pub source: Text,
    /// Their licences.
    pub licence: String,
    /// True when a feed is simulated.
    pub simulated: bool,
    /// When the newest row came, µs of UTC.
    pub received_at: Option<i64>,
    /// West, south, east, north in degrees.
    pub bounds: Option<[f64; 4]>,
    /// Smallest zoom.
    pub minzoom: u8,
    /// Rows that can be drawn.
    pub count: Option<u64>,
    /// First and last moment, µs of UTC.
    pub span: Option<(i64, i64)>,
    /// Seconds before the moment whose rows are drawn; absent when time does not count.
    pub window_s: Option<i64>,
    /// True when an object is drawn where it was last.
    pub moves: bool,
    /// Properties of single objects: name, title, unit.
    pub properties: Vec<(String, Text, Option<Unit>)>,
    /// Layers in a tile.
    pub tile_layers: Vec<String>,
}

/// Where the rows of a layer came from.
#[derive(Debug, Clone, Default)]
pub(crate) struct Origin {
    source: Text,
    licence: String,
    simulated: bool,
}

impl Centre {
    /// Every layer of the map that has rows, as a reader sees it. What takes long to find out is told as it was a little before.
    ///
    /// # Errors
    /// Those of reading.
    pub async fn layers(self: &Arc<Self>, reader: &Reader) -> Result<Vec<LayerInfo>> {
        let seen: Vec<bool> = self
            .layer_specs()
            .iter()
            .map(|layer| reader.sees_places(layer.spec))
            .collect();
        match self.map.listed(&seen) {
            Listed::Fresh(known) => Ok(known),
            Listed::Stale(known) => {
                let centre = Arc::clone(self);
                tokio::spawn(async move {
                    if let Err(error) = centre.list_layers(&seen).await {
                        centre.map.forget_list(&seen);
                        tracing::warn!(%error, "the list of layers could not be renewed");
                    }
                });
                Ok(known)
            }
            Listed::Absent => self.list_layers(&seen).await,
        }
    }

    /// Looks what layers there are; `seen` says of each whether its single rows are shown.
    async fn list_layers(self: &Arc<Self>, seen: &[bool]) -> Result<Vec<LayerInfo>> {
        let begin = std::time::Instant::now();
        let names: Vec<String> = self
            .layer_specs()
            .iter()
            .map(|layer| layer.spec.name.to_string())
            .collect();
        let infos: Vec<Option<LayerInfo>> = stream::iter(names.into_iter().zip(seen.to_vec()))
            .map(|(name, single)| {
                let centre = Arc::clone(self);
                async move { centre.listed_layer(&centre.layer(&name)?, single).await }
            })
            .buffered(AT_ONCE)
            .try_collect()
            .await?;
        let found: Vec<LayerInfo> = infos.into_iter().flatten().collect();
        self.map.note_listed(seen, &found, begin.elapsed());
        Ok(found)
    }

    async fn listed_layer(
        self: &Arc<Self>,
        layer: &LayerSpec<'_>,
        single: bool,
    ) -> Result<Option<LayerInfo>> {
        match self.info(layer, single).await {
            Ok(info) if info.bounds.is_some() => Ok(Some(info)),
            // Nothing is there now, or it may not be told where; a layer is what has rows at all.
            Ok(info)
                if (info.window_s.is_some() || info.kind == LayerKind::Cells)
                    && self.has_rows(layer).await? =>
            {
                Ok(Some(info))
            }
            Ok(_) => Ok(None),
            Err(AppError::TooLarge(message)) => {
                tracing::warn!(layer = %layer.spec.name, message, "not listed");
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// One layer.
    ///
    /// # Errors
    /// There is none; those of reading.
    pub async fn layer_info(self: &Arc<Self>, id: &str, reader: &Reader) -> Result<LayerInfo> {
        if id == BASE {
            let title = Text {
                kk: "Карта негізі".into(),
                ru: "Основа карты".into(),
                en: "Base map".into(),
            };
            let origin = self.base_origin().await?;
            return Ok(LayerInfo {
                id: BASE.into(),
                title,
                subject: "places".into(),
                kind: LayerKind::Lines,
                source: origin.source,
                licence: origin.licence,
                simulated: origin.simulated,
                received_at: None,
                bounds: self.base_bounds().await?,
                minzoom: 0,
                count: None,
                span: None,
                window_s: None,
                moves: false,
                properties: Vec::new(),
                tile_layers: BASE_LAYERS.map(str::to_owned).to_vec(),
            });
        }
        let layer = self.layer(id)?;
        self.info(&layer, reader.sees_places(layer.spec)).await
    }

    async fn info(self: &Arc<Self>, layer: &LayerSpec<'_>, single: bool) -> Result<LayerInfo> {
        let drawn = self.drawn(layer, Moment::default(), single).await?;
        let content = &drawn.content;
        let origin = self.origin(content).await?;
        let most = content.points.len().max(content.shapes.len());
        let kind = match content.shapes.kind() {
            _ if !single => LayerKind::Cells,
            Some(ShapeKind::Line) if content.shapes.len() == most => LayerKind::Lines,
            Some(ShapeKind::Area) if content.shapes.len() == most => LayerKind::Areas,
            _ => LayerKind::Points,
        };
        let timed = layer.time.is_some();
        let span = (timed && !content.points.is_empty()).then(|| {
            let (first, last) = content.points.span();
            (first * 1_000_000, last * 1_000_000)
        });
        let properties = if single { layer.properties() } else { Vec::new() };
        Ok(LayerInfo {
            id: layer.spec.name.to_string(),
            title: layer.spec.title.clone(),
            subject: layer.spec.subject.clone(),
            kind,
            source: origin.source,
            licence: origin.licence,
            simulated: origin.simulated,
            received_at: content.received_at,
            bounds: content.bounds().filter(|_| single),
            minzoom: if single { 0 } else { CELLS_FROM },
            count: single.then_some(content.len() as u64),
            span: span.filter(|_| single),
            window_s: timed.then(|| layer.window_s()),
            moves: layer.moves,
            properties: properties
                .iter()
                .map(|c| (c.name.clone(), c.title.clone(), c.unit))
                .collect(),
            tile_layers: vec![layer.spec.name.to_string()],
        })
    }

    async fn base_origin(self: &Arc<Self>) -> Result<Origin> {
        for name in ["places_streets", "traffic_street_segments"] {
            if let Ok(layer) = self.layer(name) {
                let content = self.layer_content(&layer, Slice::Whole, None).await?;
                if !content.shapes.is_empty() {
                    return self.origin(&content).await;
                }
            }
        }
        Ok(Origin::default())
    }

    /// The feeds whose messages the rows came in.
    async fn origin(&self, content: &Content) -> Result<Origin> {
        if let Some(known) = self.map.origin(content.version) {
            return Ok(known);
        }
        let mut origin = Origin::default();
        if !content.sources.is_empty() {
            let ids: Vec<String> = content.sources.iter().map(ToString::to_string).collect();
            let sql = format!(
                "SELECT DISTINCT feed FROM lake_messages WHERE id IN ({}) ORDER BY feed",
                ids.join(", ")
            );
            let mut titles: Vec<Text> = Vec::new();
            let mut licences: Vec<&str> = Vec::new();
            for row in self.rows(&sql).await? {
                let Some(feed) = row.get("feed").and_then(|f| f.as_str()) else {
                    continue;
                };
                let known = self.feeds.iter().find(|f| f.id.as_str() == feed);
                let same = || Text {
                    kk: feed.to_owned(),
                    ru: feed.to_owned(),
                    en: feed.to_owned(),
                };
                titles.push(known.map_or_else(same, |f| f.title.clone()));
                if let Some(known) = known {
                    origin.simulated |= known.simulated;
                    if !licences.contains(&known.licence.as_str()) {
                        licences.push(&known.licence);
                    }
                }
            }
            let joined = |of: fn(&Text) -> &str| titles.iter().map(of).collect::<Vec<_>>().join("; ");
            origin.source = Text {
                kk: joined(|t| &t.kk),
                ru: joined(|t| &t.ru),
                en: joined(|t| &t.en),
            };
            origin.licence = licences.join("; ");
        }
        origin.simulated |= content.says_simulated();
        self.map.note_origin(content.version, origin.clone());
        Ok(origin)
    }
}
