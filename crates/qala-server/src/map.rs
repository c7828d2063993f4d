//! Routes of the map: layers, TileJSON, tiles, objects, what lies in a circle.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Path, Query, State as Extract};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use qala_api as api;
use qala_app::{AppError, LayerInfo, Moment, Tile, TileWanted};
use qala_core::Text;
use serde::Deserialize;

use crate::State;
use crate::asked::instant;
use crate::error::Answer;
use crate::principal::reader;
use crate::tag;

/// The deepest zoom of tiles; a map goes on from there by itself.
const DEEPEST: u8 = 18;

fn text(text: &Text) -> api::Text {
    api::Text {
        kk: text.kk.clone(),
        ru: text.ru.clone(),
        en: text.en.clone(),
    }
}

/// The time of a request.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MomentQuery {
    t: Option<String>,
    from: Option<String>,
    as_of: Option<String>,
}

impl MomentQuery {
    fn moment(&self, state: &State) -> Result<Moment, Answer> {
        let read = |name: &str, given: &Option<String>| instant(&state.centre, name, given.as_deref());
        Ok(Moment {
            t: read("t", &self.t)?,
            from: read("from", &self.from)?,
            as_of: read("as_of", &self.as_of)?,
        })
    }
}

/// Layers of the map.
pub(crate) async fn layers(
    Extract(state): Extract<State>,
    headers: HeaderMap,
) -> Result<Json<Vec<api::Layer>>, Answer> {
    let reader = reader(&state, &headers).await?;
    let layers = state.centre.layers(&reader).await?;
    let zone = &state.centre.zone;
    let layer = |l: LayerInfo| api::Layer {
        title: text(&l.title),
        dataset: l.id.clone(),
        subject: l.subject,
        kind: l.kind.as_str().to_owned(),
        source: text(&l.source),
        licence: l.licence,
        simulated: l.simulated,
        updated_at: l.received_at.map(|t| zone.format(t)),
        bounds: l.bounds,
        minzoom: l.minzoom,
        maxzoom: DEEPEST,
        count: l.count,
        time: l.window_s.map(|window_s| api::LayerTime {
            from: l.span.filter(|_| !l.moves).map(|s| zone.format(s.0)),
            to: l.span.map(|s| zone.format(s.1)),
            window_s,
            moves: l.moves,
        }),
        properties: l
            .properties
            .iter()
            .map(|(name, title, unit)| api::LayerProperty {
                name: name.clone(),
                title: text(title),
                unit: unit.map(|u| u.symbol().to_owned()),
            })
            .collect(),
        id: l.id,
    };
    Ok(Json(layers.into_iter().map(layer).collect()))
}

/// TileJSON of a layer: `/tiles/<layer>.json`.
pub(crate) async fn tile_json(
    Extract(state): Extract<State>,
    Path(file): Path<String>,
    headers: HeaderMap,
) -> Result<Json<api::TileJson>, Answer> {
    let layer = file.strip_suffix(".json").ok_or_else(|| {
        AppError::Usage(format!(
            "there is no `/tiles/{file}`; a layer is at `/tiles/<layer>.json`"
        ))
    })?;
    let reader = reader(&state, &headers).await?;
    let info = state.centre.layer_info(layer, &reader).await?;
    let fields: BTreeMap<String, String> = info
        .properties
        .iter()
        .map(|(name, title, _)| (name.clone(), title.en.clone()))
        .chain([
            ("count".to_owned(), "How many are one here".to_owned()),
            ("id".to_owned(), "Id".to_owned()),
        ])
        .collect();
    let base: BTreeMap<String, String> = ["class", "name_kk", "name_ru", "name_en", "id"]
        .into_iter()
        .map(|name| (name.to_owned(), "Of the base map".to_owned()))
        .collect();
    let is_base = layer == qala_app::BASE;
    let layer_of = |id: String| api::VectorLayer {
        id,
        fields: if is_base { base.clone() } else { fields.clone() },
    };
    let said = [info.source.en.as_str(), info.licence.as_str()];
    Ok(Json(api::TileJson {
        tilejson: "3.0.0".into(),
        name: info.id.clone(),
        attribution: said
            .into_iter()
            .filter(|s| !s.is_empty())
            .collect::<Vec<_>>()
            .join(", "),
        scheme: "xyz".into(),
        tiles: vec![format!("/tiles/{layer}/{{z}}/{{x}}/{{y}}.mvt")],
        minzoom: info.minzoom,
        maxzoom: DEEPEST,
        bounds: info.bounds.unwrap_or([-180.0, -85.051_128, 180.0, 85.051_128]),
        vector_layers: info.tile_layers.into_iter().map(layer_of).collect(),
    }))
}

/// A vector tile: `/tiles/<layer>/<z>/<x>/<y>.mvt`.
pub(crate) async fn tile(
    Extract(state): Extract<State>,
    Path((layer, z, x, file)): Path<(String, String, String, String)>,
    Query(query): Query<MomentQuery>,
    headers: HeaderMap,
) -> Result<Response, Answer> {
    let absent = || AppError::Usage(format!("there is no tile {z}/{x}/{file}"));
    let y = file
        .strip_suffix(".mvt")
        .or(file.strip_suffix(".pbf"))
        .ok_or_else(absent)?;
    let number = |text: &str| text.parse::<u32>().map_err(|_| absent());
    let z8 = u8::try_from(number(&z)?).map_err(|_| absent())?;
    let reader = reader(&state, &headers).await?;
    let wanted = TileWanted {
        layer: &layer,
        tile: (z8, number(&x)?, number(y)?),
        moment: query.moment(&state)?,
        known: tag::known(&headers),
    };
    Ok(match state.centre.tile(&wanted, &reader).await? {
        Tile::Unchanged(tag) => tag::unchanged(&tag),
        Tile::Empty(tag) => tag::tagged(StatusCode::NO_CONTENT.into_response(), &tag, tag::ASK_AGAIN),
        Tile::Bytes(bytes, tag) => {
            let kind = [(header::CONTENT_TYPE, "application/vnd.mapbox-vector-tile")];
            tag::tagged((kind, bytes).into_response(), &tag, tag::ASK_AGAIN)
        }
    })
}

/// One thing on the map.
pub(crate) async fn object(
    Extract(state): Extract<State>,
    Path((layer, id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Json<api::Object>, Answer> {
    let reader = reader(&state, &headers).await?;
    let found = state.centre.object(&layer, &id, &reader).await?;
    let property = |p: qala_app::Property| api::ObjectProperty {
        name: p.name,
        title: text(&p.title),
        unit: p.unit.map(|u| u.symbol().to_owned()),
        value: p.value,
    };
    Ok(Json(api::Object {
        layer,
        id,
        title: text(&found.title),
        location: found.location.map(|(lon, lat)| [lon, lat]),
        place: found.place,
        properties: found.properties.into_iter().map(property).collect(),
        readings: found.readings,
    }))
}

/// A circle.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct InsideQuery {
    lon: f64,
    lat: f64,
    radius_m: f64,
    t: Option<String>,
    from: Option<String>,
    as_of: Option<String>,
}

/// Who and what lies in a circle.
pub(crate) async fn inside(
    Extract(state): Extract<State>,
    Query(query): Query<InsideQuery>,
    headers: HeaderMap,
) -> Result<Json<Vec<api::Inside>>, Answer> {
    let reader = reader(&state, &headers).await?;
    let time = MomentQuery {
        t: query.t,
        from: query.from,
        as_of: query.as_of,
    };
    let moment = time.moment(&state)?;
    let found = state
        .centre
        .inside((query.lon, query.lat), query.radius_m, moment, &reader)
        .await?;
    let item = |i: qala_app::NearItem| api::InsideItem {
        id: i.id,
        title: text(&i.title),
        distance_m: i.distance_m,
    };
    let entry = |i: qala_app::InsideLayer| api::Inside {
        layer: i.layer,
        title: text(&i.title),
        count: i.count,
        persons: i.persons,
        items: i.items.into_iter().map(item).collect(),
    };
    Ok(Json(found.into_iter().map(entry).collect()))
}
