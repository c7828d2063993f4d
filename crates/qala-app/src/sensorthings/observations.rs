//! Observations between rows of the lake and the standard's form.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, Float64Builder, Int64Builder, RecordBatch, StringBuilder,
    TimestampMicrosecondBuilder,
};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float64Type, Int64Type};
use qala_feeds::sensorthings::{Observation, Period};
use sha2::{Digest, Sha256};

use crate::error::Result;

/// An observation as it is kept.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Row {
    /// Its id, which is also the µs at which it was recorded.
    pub(super) id: i64,
    /// Its datastream.
    pub(super) datastream: i64,
    /// Its feature of interest.
    pub(super) feature: i64,
    /// The rest.
    pub(super) observation: Observation,
}

/// The columns of [`rows`], in order.
pub(super) const COLUMNS: &str = "observation_id, datastream_id, feature_id, phenomenon_time, phenomenon_end, result_kind, \
     result_number, result_text, result_time, valid_start, valid_end, result_quality, parameters";

impl Row {
    /// What decides the identity of the message that it comes in.
    pub(super) fn digest(&self, hasher: &mut Sha256) {
        for id in [self.id, self.datastream, self.feature] {
            hasher.update(id.to_le_bytes());
        }
        let o = &self.observation;
        hasher.update(o.phenomenon.text());
        hasher.update(o.result.to_string());
        let rest = format!(
            "{:?}{:?}{:?}{:?}",
            o.result_time, o.valid, o.quality, o.parameters
        );
        hasher.update(rest);
    }
}

/// Rows of `devices_observations`.
///
/// # Errors
/// Arrow's.
pub(super) fn batch(rows: &[Row]) -> Result<RecordBatch> {
    let count = rows.len();
    let ints = || Int64Builder::with_capacity(count);
    let times = || TimestampMicrosecondBuilder::with_capacity(count).with_timezone("UTC");
    let texts = || StringBuilder::with_capacity(count, count * 8);
    let (mut ids, mut datastreams, mut features) = (ints(), ints(), ints());
    let (mut recorded, mut starts, mut ends) = (times(), times(), times());
    let (mut result_times, mut valid_starts, mut valid_ends) = (times(), times(), times());
    let (mut kinds, mut words, mut qualities, mut parameters) = (texts(), texts(), texts(), texts());
    let mut numbers = Float64Builder::with_capacity(count);
    for row in rows {
        let o = &row.observation;
        ids.append_value(row.id);
        recorded.append_value(row.id);
        datastreams.append_value(row.datastream);
        features.append_value(row.feature);
        starts.append_value(o.phenomenon.start);
        ends.append_option(o.phenomenon.end);
        let (kind, number, text) = o.result_parts();
        kinds.append_value(kind);
        numbers.append_option(number.filter(|number| number.is_finite()));
        words.append_value(text);
        result_times.append_option(o.result_time);
        valid_starts.append_option(o.valid.map(|valid| valid.start));
        valid_ends.append_option(o.valid.and_then(|valid| valid.end));
        qualities.append_option(o.quality.as_ref().map(ToString::to_string));
        parameters.append_option(o.parameters.as_ref().map(ToString::to_string));
    }
    let columns: [(&str, ArrayRef); 14] = [
        ("observation_id", Arc::new(ids.finish())),
        ("recorded_at", Arc::new(recorded.finish())),
        ("datastream_id", Arc::new(datastreams.finish())),
        ("feature_id", Arc::new(features.finish())),
        ("phenomenon_time", Arc::new(starts.finish())),
        ("phenomenon_end", Arc::new(ends.finish())),
        ("result_kind", Arc::new(kinds.finish())),
        ("result_number", Arc::new(numbers.finish())),
        ("result_text", Arc::new(words.finish())),
        ("result_time", Arc::new(result_times.finish())),
        ("valid_start", Arc::new(valid_starts.finish())),
        ("valid_end", Arc::new(valid_ends.finish())),
        ("result_quality", Arc::new(qualities.finish())),
        ("parameters", Arc::new(parameters.finish())),
    ];
    let columns = columns.into_iter().map(|(name, array)| (name, array, true));
    Ok(RecordBatch::try_from_iter_with_nullable(columns).map_err(qala_lake::LakeError::from)?)
}

/// Reads rows that were selected as [`COLUMNS`].
///
/// # Errors
/// Arrow's.
pub(super) fn rows(batches: &[RecordBatch]) -> Result<Vec<Row>> {
    let mut out = Vec::new();
    for batch in batches.iter().filter(|batch| batch.num_rows() > 0) {
        let as_kind = |at: usize, kind: &DataType| -> Result<ArrayRef> {
            Ok(cast(batch.column(at), kind).map_err(qala_lake::LakeError::from)?)
        };
        let whole = [0, 1, 2, 3, 4, 8, 9, 10]
            .into_iter()
            .map(|at| as_kind(at, &DataType::Int64))
            .collect::<Result<Vec<_>>>()?;
        let text = [5, 7, 11, 12]
            .into_iter()
            .map(|at| as_kind(at, &DataType::Utf8))
            .collect::<Result<Vec<_>>>()?;
        let number = as_kind(6, &DataType::Float64)?;
        let number = number.as_primitive::<Float64Type>();
        for row in 0..batch.num_rows() {
            let int = |at: usize| {
                let array = whole[at].as_primitive::<Int64Type>();
                array.is_valid(row).then(|| array.value(row))
            };
            let word = |at: usize| {
                let array = text[at].as_string::<i32>();
                array.is_valid(row).then(|| array.value(row))
            };
            let json = |at: usize| word(at).and_then(|text| serde_json::from_str(text).ok());
            let result_number = number.is_valid(row).then(|| number.value(row));
            let kind = word(0).unwrap_or_default();
            out.push(Row {
                id: int(0).unwrap_or_default(),
                datastream: int(1).unwrap_or_default(),
                feature: int(2).unwrap_or_default(),
                observation: Observation {
                    phenomenon: Period {
                        start: int(3).unwrap_or_default(),
                        end: int(4),
                    },
                    result: Observation::result_of(kind, result_number, word(1).unwrap_or_default()),
                    result_time: int(5),
                    valid: int(6).map(|start| Period { start, end: int(7) }),
                    quality: json(2),
                    parameters: json(3),
                },
            });
        }
    }
    Ok(out)
}
