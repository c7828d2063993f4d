//! A trial of an import: counts, first problems and first rows, and nothing is kept.

use std::collections::BTreeMap;

use arrow::array::{AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float64Type, TimeUnit};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use qala_core::{DatasetName, FeedId, Problem, Severity};

use crate::{Context, FeedKind, Input, Sink, Stopped};

/// Problems and rows that a person looks at.
const FIRST: usize = 20;

/// What an import would give.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Trial {
    /// Dataset rows of the file.
    pub received: u64,
    /// Rows that would be accepted, before duplicates are found.
    pub accepted: u64,
    /// Rows that would go to quarantine.
    pub quarantined: u64,
    /// Rejected rows by the code of their problem.
    pub by_code: BTreeMap<String, u64>,
    /// The first problems that reject rows or the file.
    pub first: Vec<Problem>,
    /// What else a person should know: guesses, rows left out, columns that nothing reads.
    pub notes: Vec<Problem>,
    /// Names of the columns that would be filled.
    pub columns: Vec<String>,
    /// The first rows as text, by column.
    pub rows: Vec<Vec<String>>,
}

/// Reads a file without keeping anything. Points outside of `bounds` (west, south, east, north in degrees) are told of.
pub fn try_out(
    kind: &dyn FeedKind,
    input: &mut dyn Input,
    context: &Context<'_>,
    bounds: Option<[f64; 4]>,
) -> Trial {
    let mut counts = Counts {
        bounds,
        ..Counts::default()
    };
    // The counts never stop a parser.
    if let Err(stopped) = kind.parse(input, context, &mut counts) {
        counts
            .trial
            .first
            .push(Problem::rejected("stopped", stopped.to_string(), None, 0));
    }
    let outside = counts.outside_note();
    let mut trial = counts.trial;
    // First: it is the one that is easily missed.
    trial.notes.splice(0..0, outside);
    trial.received = trial.accepted + trial.quarantined;
    trial
}

/// Counts what comes.
#[derive(Default)]
pub(super) struct Counts {
    pub(super) trial: Trial,
    bounds: Option<[f64; 4]>,
    points: u64,
    outside: u64,
    first_outside: Option<[f64; 2]>,
}

impl Counts {
    /// Counts the points of a batch that lie outside of the bounds.
    fn look_outside(&mut self, batch: &RecordBatch) {
        let number = |name| batch.column_by_name(name)?.as_primitive_opt::<Float64Type>();
        let (Some([west, south, east, north]), Some(lon), Some(lat)) =
            (self.bounds, number("lon"), number("lat"))
        else {
            return;
        };
        for (lon, lat) in lon.iter().zip(lat) {
            let (Some(lon), Some(lat)) = (lon, lat) else {
                continue;
            };
            self.points += 1;
            if !(west..=east).contains(&lon) || !(south..=north).contains(&lat) {
                self.outside += 1;
                self.first_outside.get_or_insert([lon, lat]);
            }
        }
    }

    fn outside_note(&self) -> Option<Problem> {
        let ([west, south, east, north], [lon, lat]) = (self.bounds?, self.first_outside?);
        let (points, outside) = (self.points, self.outside);
        let are_turned = (west..=east).contains(&lat) && (south..=north).contains(&lon);
        let (code, why) = if are_turned {
            (
                "swapped_coordinates",
                "longitude and latitude are taken one for the other; change the two columns",
            )
        } else {
            ("outside_city", "the map of the city does not show them at first")
        };
        let message = format!(
            "{outside} of {points} points lie outside of the city, the first at longitude {lon}, latitude {lat}: {why}"
        );
        Some(Problem::warning(code, message))
    }
}

impl Sink for Counts {
    fn rows(&mut self, _: &DatasetName, batch: RecordBatch) -> Result<(), Stopped> {
        self.trial.accepted += batch.num_rows() as u64;
        self.look_outside(&batch);
        let room = FIRST.saturating_sub(self.trial.rows.len()).min(batch.num_rows());
        if room == 0 {
            return Ok(());
        }
        let batch = batch.slice(0, room);
        let options = FormatOptions::default();
        // Arrow writes times with an offset only.
        let plain = DataType::Timestamp(TimeUnit::Microsecond, Some("+00:00".into()));
        let arrays = batch.columns().iter().map(|column| match column.data_type() {
            DataType::Timestamp(..) => cast(column, &plain),
            _ => Ok(column.clone()),
        });
        let wrong = |error| Stopped(Box::new(error));
        let arrays = arrays.collect::<Result<Vec<_>, _>>().map_err(wrong)?;
        let columns = arrays
            .iter()
            .map(|array| ArrayFormatter::try_new(array, &options));
        let columns = columns.collect::<Result<Vec<_>, _>>().map_err(wrong)?;
        let schema = batch.schema();
        self.trial.columns = schema.fields().iter().map(|field| field.name().clone()).collect();
        for row in 0..room {
            let cells = columns.iter().map(|column| column.value(row).to_string());
            self.trial.rows.push(cells.collect());
        }
        Ok(())
    }

    fn problem(&mut self, problem: Problem) -> Result<(), Stopped> {
        let trial = &mut self.trial;
        let list = if problem.severity == Severity::Rejected {
            trial.quarantined += problem.rows;
            *trial.by_code.entry(problem.code.clone()).or_default() += problem.rows;
            &mut trial.first
        } else {
            &mut trial.notes
        };
        if list.len() < FIRST {
            list.push(problem);
        }
        Ok(())
    }

    fn feed(&mut self, _: &FeedId) -> Result<(), Stopped> {
        Ok(())
    }

    fn publish(&mut self, _: &[DatasetName]) -> Result<(), Stopped> {
        Ok(())
    }
}
