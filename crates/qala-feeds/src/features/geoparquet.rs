//! GeoParquet 1.x: a Parquet file whose key `geo` tells of a column of well-known binary.

use std::sync::Arc;

use arrow::array::{Array, AsArray, BinaryArray};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use arrow::record_batch::RecordBatch;
use geo::Geometry;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use qala_core::spec::{DatasetSpec, Mapping};
use serde_json::Value as Json;

use super::{Features, PROPERTIES, Projection, wkt};
use crate::archive::Member;
use crate::fault::{Fault, whole};
use crate::table::all;
use crate::table::columnar::{ROWS, Row, guarded, leaves, names};
use crate::table::plan::Columns;
use crate::{Context, Sink, Stopped};

/// What the file tells of its geometry.
struct About {
    column: String,
    crs: Option<String>,
}

fn no_geometry(what: &str) -> Fault {
    Fault::new(
        "unknown_format",
        format!("this is no GeoParquet file: {what}; the kind `table` reads Parquet without geometry"),
    )
}

fn about(geo: Option<&str>) -> Result<About, Fault> {
    let text = geo.ok_or_else(|| no_geometry("it has no key `geo`"))?;
    let geo: Json = serde_json::from_str(text).map_err(|_| no_geometry("its key `geo` is no JSON"))?;
    let column = geo["primary_column"].as_str().unwrap_or("geometry").to_owned();
    let told = &geo["columns"][&column];
    match told["encoding"].as_str() {
        Some("WKB") => {}
        Some(other) => {
            return Err(no_geometry(&format!(
                "its geometry is encoded as `{other}`; write it as WKB"
            )));
        }
        None => return Err(no_geometry("its key `geo` does not tell of the geometry column")),
    }
    let id = &told["crs"]["id"];
    let crs = match (id["authority"].as_str(), &id["code"]) {
        (Some(authority), Json::Number(code)) => Some(format!("{authority}:{code}")),
        (Some(authority), Json::String(code)) => Some(format!("{authority}:{code}")),
        // No system means degrees of WGS 84; one without an id cannot be known.
        _ if told["crs"].is_object() => Some(told["crs"]["name"].as_str().unwrap_or("unnamed").to_owned()),
        _ => None,
    };
    Ok(About { column, crs })
}

/// Reads a file of features.
pub(super) fn file(
    Member {
        inside: file, bytes, ..
    }: Member<'_>,
    spec: &DatasetSpec,
    mapping: &Mapping,
    context: &Context<'_>,
    sink: &mut dyn Sink,
) -> Result<(), Stopped> {
    let opened = all(bytes, context).and_then(|bytes| {
        guarded(|| {
            let builder = ParquetRecordBatchReaderBuilder::try_new(bytes)?;
            let schema = Arc::clone(builder.schema());
            let metadata = builder.metadata().file_metadata();
            let total = u64::try_from(metadata.num_rows()).unwrap_or(0);
            let pairs = metadata.key_value_metadata();
            let geo = pairs.and_then(|pairs| pairs.iter().find(|pair| pair.key == "geo"));
            let geo = geo.and_then(|pair| pair.value.clone());
            builder
                .with_batch_size(ROWS)
                .build()
                .map(|reader| (schema, total, geo, reader))
        })
    });
    let (schema, total, geo, mut reader) = match opened {
        Ok(opened) => opened,
        Err(fault) => return sink.problem(whole(fault, file, 0)),
    };
    let projection = about(geo.as_deref()).and_then(|about| {
        let crs = context.mapping.crs.as_deref().or(about.crs.as_deref());
        let projection = crs.map_or(Ok(None), Projection::parse)?;
        Ok((about.column, projection))
    });
    let (column, projection) = match projection {
        Ok(found) => found,
        Err(fault) => return sink.problem(whole(fault, file, total.min(context.max_unpacked))),
    };
    let columns = names(&schema);
    let known: Vec<String> = columns
        .iter()
        .cloned()
        .chain(PROPERTIES.map(str::to_owned))
        .collect();
    let mut features = Features::new(spec, mapping, context, known, Columns::Fixed, file);
    features.projection = projection;
    features.rows.introduce(sink)?;
    let mut seen = 0;
    loop {
        let result = match guarded(|| reader.next().transpose()) {
            Ok(Some(batch)) => rows(&batch, &columns, &column, &mut seen, &mut features, sink)?,
            Ok(None) => break,
            Err(fault) => Err(fault),
        };
        if let Err(fault) = result {
            let rest = total.saturating_sub(seen);
            let lost = if rest <= context.max_unpacked { rest } else { 0 };
            sink.problem(whole(fault, file, lost))?;
            break;
        }
    }
    features.finish(sink)
}

fn rows(
    batch: &RecordBatch,
    columns: &[String],
    column: &str,
    seen: &mut u64,
    features: &mut Features,
    sink: &mut dyn Sink,
) -> Result<Result<(), Fault>, Stopped> {
    let read = guarded(|| {
        let mut out = Vec::new();
        leaves(batch.columns(), &mut out)?;
        let binary = batch
            .column_by_name(column)
            .map(|column| cast(column, &DataType::Binary));
        Ok::<_, arrow::error::ArrowError>((out, binary.transpose()?))
    });
    let (leaves, binary) = match read {
        Ok(read) => read,
        Err(fault) => return Ok(Err(fault)),
    };
    let Some(binary) = binary else {
        return Ok(Err(no_geometry("the geometry column is not there")));
    };
    let binary: &BinaryArray = binary.as_binary::<i32>();
    for index in 0..batch.num_rows() {
        let row = Row {
            leaves: &leaves,
            names: columns,
            index,
            number: *seen,
        };
        features.add(&row, geometry(binary, index), sink)?;
        *seen += 1;
    }
    Ok(Ok(()))
}

fn geometry(binary: &BinaryArray, index: usize) -> Result<Option<Geometry>, Fault> {
    if binary.is_null(index) {
        return Ok(None);
    }
    let read = wkt::of_binary(binary.value(index));
    let wrong = || Fault::new("bad_geometry", "the geometry is no well-known binary");
    read.ok_or_else(wrong).map(Some)
}
