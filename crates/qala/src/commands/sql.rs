//! `qala sql`.

use std::process::ExitCode;

use anyhow::Result;
use arrow::csv::WriterBuilder;
use arrow::ipc::writer::StreamWriter;
use arrow::record_batch::RecordBatch;
use qala_app::lake::{AsOf, Query, collect, each};
use qala_app::{AppError, Centre};
use qala_core::{Zone, parse_instant};

use crate::args::Format;
use crate::commands::output;
use crate::print;

/// A point of the log: a `_seq` or a time.
pub(crate) fn as_of(text: &str, zone: &Zone) -> Result<AsOf, AppError> {
    if let Ok(seq) = text.parse() {
        return Ok(AsOf::Seq(seq));
    }
    parse_instant(text, Some(zone))
        .map(AsOf::Instant)
        .map_err(|e| AppError::Usage(e.to_string()))
}

pub(crate) async fn run(
    centre: Centre,
    query: String,
    at: Option<String>,
    format: Format,
) -> Result<ExitCode> {
    let at = at.map(|t| as_of(&t, &centre.zone)).transpose()?;
    let question = Query::system(query).as_of(at);
    if matches!(format, Format::Csv | Format::Arrow) {
        stream(&centre, &question, format).await?;
        return Ok(ExitCode::SUCCESS);
    }
    let (batches, _) = collect(&*centre.engine, &question)
        .await
        .map_err(AppError::from)?;
    output::batches(&batches, format, &centre.zone)?;
    Ok(ExitCode::SUCCESS)
}

/// Writes CSV or Arrow as the rows come, so that an answer may be larger than memory.
async fn stream(centre: &Centre, question: &Query, format: Format) -> Result<()> {
    let mut is_first = true;
    let mut arrow: Option<StreamWriter<Vec<u8>>> = None;
    let mut encode = |batch: &RecordBatch| -> Result<Vec<u8>> {
        if format == Format::Csv {
            let mut bytes = Vec::new();
            WriterBuilder::new()
                .with_header(std::mem::take(&mut is_first))
                .build(&mut bytes)
                .write(batch)?;
            return Ok(bytes);
        }
        let writer = match &mut arrow {
            Some(writer) => writer,
            None => arrow.insert(StreamWriter::try_new(Vec::new(), &batch.schema())?),
        };
        if batch.num_rows() > 0 {
            writer.write(batch)?;
        }
        Ok(std::mem::take(writer.get_mut()))
    };
    let mut failed = None;
    let take = |batch: &RecordBatch| match encode(batch) {
        Ok(bytes) => print::piece(&bytes),
        Err(error) => {
            failed = Some(error);
            false
        }
    };
    each(&*centre.engine, question, take)
        .await
        .map_err(AppError::from)?;
    if let Some(error) = failed {
        return Err(error);
    }
    if let Some(mut writer) = arrow {
        writer.finish()?;
        print::bytes(writer.get_ref());
    }
    Ok(())
}
