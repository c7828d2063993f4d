//! What the tests of all kinds share: a sink that remembers, texts of rows and problems, golden files.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, TimeUnit};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use qala_core::spec::{DatasetSpec, Mapping};
use qala_core::{DatasetName, FeedId, Problem, Severity, Zone};

use crate::{Context, Selection, Sink, Stopped, kind, schema};

mod data;
mod files;
mod specs;

/// The workspace root.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Every dataset spec of `datasets/`.
pub(crate) fn datasets() -> Vec<DatasetSpec> {
    let mut specs = Vec::new();
    for folder in files(&root().join("datasets")) {
        for path in files(&folder) {
            let text = std::fs::read_to_string(&path).unwrap();
            specs.push(DatasetSpec::from_toml(&path.display().to_string(), &text).unwrap());
        }
    }
    specs
}

/// Files of a folder, sorted.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    paths
}

/// What came out of a payload.
#[derive(Default)]
pub(crate) struct Outcome {
    /// Batches as they came, with the feed and dataset.
    pub(crate) batches: Vec<(String, String, RecordBatch)>,
    pub(crate) problems: Vec<(String, Problem)>,
    pub(crate) published: Vec<(String, Vec<DatasetName>)>,
    pub(crate) problem_count: u64,
    pub(crate) rejected: u64,
    feed: String,
    specs: Vec<DatasetSpec>,
    keep: usize,
}

impl Outcome {
    /// Rows handed over, by feed and dataset.
    pub(crate) fn rows(&self) -> BTreeMap<(String, String), u64> {
        let mut rows = BTreeMap::new();
        for (feed, dataset, batch) in &self.batches {
            *rows.entry((feed.clone(), dataset.clone())).or_insert(0) += batch.num_rows() as u64;
        }
        rows
    }

    /// Rows handed over.
    pub(crate) fn given(&self) -> u64 {
        self.rows().values().sum()
    }

    /// Rows of the payload.
    pub(crate) fn received(&self) -> u64 {
        self.given() + self.rejected
    }

    /// Codes of the problems, in order, with their rows.
    pub(crate) fn codes(&self) -> Vec<(&str, u64)> {
        self.problems
            .iter()
            .map(|(_, problem)| (problem.code.as_str(), problem.rows))
            .collect()
    }

    /// Rows and problems as text.
    pub(crate) fn text(&self) -> String {
        let mut out = String::new();
        for (feed, dataset, batch) in &self.batches {
            let names: Vec<String> = batch
                .schema()
                .fields()
                .iter()
                .map(|field| field.name().clone())
                .collect();
            let _ = writeln!(
                out,
                "== {feed} / {dataset}: {} rows\n{}",
                batch.num_rows(),
                names.join(" | ")
            );
            let options = FormatOptions::default().with_null("-");
            // Arrow writes times with an offset only.
            let plain = DataType::Timestamp(TimeUnit::Microsecond, Some("+00:00".into()));
            let arrays: Vec<ArrayRef> = batch
                .columns()
                .iter()
                .map(|column| match column.data_type() {
                    DataType::Timestamp(..) => cast(column, &plain).unwrap(),
                    _ => Arc::clone(column),
                })
                .collect();
            let columns: Vec<_> = arrays
                .iter()
                .map(|column| ArrayFormatter::try_new(column, &options).unwrap())
                .collect();
            for row in 0..batch.num_rows() {
                let cells: Vec<String> = columns
                    .iter()
                    .map(|column| column.value(row).to_string().replace('\n', "⏎"))
                    .collect();
                let _ = writeln!(out, "{}", cells.join(" | "));
            }
        }
        let _ = writeln!(out, "== problems");
        for (feed, problem) in &self.problems {
            let severity = if problem.severity == Severity::Rejected {
                "rejected"
            } else {
                "warning"
            };
            let place = &problem.position;
            let mut at = vec![feed.clone()];
            at.extend(place.file.clone());
            at.extend(place.line.map(|line| format!("line {line}")));
            at.extend(place.record.map(|record| format!("record {record}")));
            at.extend(place.field.clone());
            let dataset = problem.dataset.as_ref().map_or("-", DatasetName::as_str);
            let _ = writeln!(
                out,
                "{severity} {} {} [{}] {dataset}: {}",
                problem.rows,
                problem.code,
                at.join(", "),
                problem.message
            );
            if let Some(raw) = &problem.raw {
                let _ = writeln!(out, "    {}", raw.replace('\n', "⏎"));
            }
        }
        for (feed, datasets) in &self.published {
            let _ = writeln!(out, "== published {feed}: {} datasets", datasets.len());
        }
        out
    }
}

impl Sink for Outcome {
    fn rows(&mut self, dataset: &DatasetName, batch: RecordBatch) -> Result<(), Stopped> {
        let spec = self.specs.iter().find(|spec| spec.name == *dataset).unwrap();
        let whole = schema(spec);
        assert!(batch.num_rows() > 0 && batch.num_rows() <= 65_536);
        for field in batch.schema().fields() {
            let declared = whole.field_with_name(field.name()).unwrap();
            assert_eq!(declared.data_type(), field.data_type(), "{}", field.name());
        }
        for column in spec.columns.iter().filter(|column| column.required) {
            let array = batch.column_by_name(&column.name).unwrap();
            assert_eq!(array.null_count(), 0, "{}", column.name);
        }
        self.batches.push((self.feed.clone(), dataset.to_string(), batch));
        Ok(())
    }

    fn problem(&mut self, problem: Problem) -> Result<(), Stopped> {
        assert!(problem.raw.as_ref().is_none_or(|raw| raw.len() <= 2_000));
        assert!(problem.severity == Severity::Rejected || problem.rows == 0);
        assert!(
            !problem.message.is_empty() && problem.message.len() < 3_000,
            "{}",
            problem.message
        );
        self.problem_count += 1;
        self.rejected += problem.rows;
        if self.problems.len() < self.keep {
            self.problems.push((self.feed.clone(), problem));
        }
        Ok(())
    }

    fn feed(&mut self, feed: &FeedId) -> Result<(), Stopped> {
        feed.as_str().clone_into(&mut self.feed);
        Ok(())
    }

    fn publish(&mut self, datasets: &[DatasetName]) -> Result<(), Stopped> {
        self.published.push((self.feed.clone(), datasets.to_vec()));
        Ok(())
    }
}

/// A payload to be read.
pub(crate) struct Given<'a> {
    pub(crate) kind: &'a str,
    pub(crate) name: &'a str,
    pub(crate) dataset: Option<&'a str>,
    pub(crate) mapping: &'a str,
    pub(crate) max_unpacked: u64,
    pub(crate) selection: Option<Selection>,
    /// A further dataset, as TOML.
    pub(crate) extra: Option<&'a str>,
}

impl<'a> Given<'a> {
    pub(crate) fn new(kind: &'a str, name: &'a str) -> Self {
        Self {
            kind,
            name,
            dataset: None,
            mapping: "",
            max_unpacked: 1 << 30,
            selection: None,
            extra: None,
        }
    }

    pub(crate) fn dataset(self, dataset: &'a str) -> Self {
        Self {
            dataset: Some(dataset),
            ..self
        }
    }

    pub(crate) fn selection(self, selection: Selection) -> Self {
        Self {
            selection: Some(selection),
            ..self
        }
    }

    pub(crate) fn mapping(self, mapping: &'a str) -> Self {
        Self { mapping, ..self }
    }

    /// Reads bytes.
    pub(crate) fn read(&self, bytes: impl AsRef<[u8]>) -> Outcome {
        let mut specs = datasets();
        specs.extend(
            self.extra
                .map(|text| DatasetSpec::from_toml("extra", text).unwrap()),
        );
        let mapping = Mapping::from_toml("mapping", self.mapping).unwrap();
        let feed = FeedId::new("feed").unwrap();
        let city_zone = Zone::new("Asia/Almaty").unwrap();
        let context = Context {
            name: self.name,
            feed: &feed,
            dataset: self
                .dataset
                .map(|name| specs.iter().find(|spec| spec.name.as_str() == name).unwrap()),
            mapping: &mapping,
            datasets: &specs,
            city_zone: &city_zone,
            max_unpacked: self.max_unpacked,
            selection: self.selection.clone().map(Arc::new),
        };
        let mut outcome = Outcome {
            feed: "feed".into(),
            specs: specs.clone(),
            keep: 1_000,
            ..Outcome::default()
        };
        let mut input = Cursor::new(bytes.as_ref());
        kind(self.kind)
            .unwrap()
            .parse(&mut input, &context, &mut outcome)
            .unwrap();
        outcome
    }
}

/// Compares with a golden file beside the sample; `QALA_BLESS=1` writes it.
pub(crate) fn golden(path: &Path, actual: &str) {
    if std::env::var_os("QALA_BLESS").is_some_and(|value| value == "1") || !path.exists() {
        std::fs::write(path, actual).unwrap();
    }
    let expected = std::fs::read_to_string(path).unwrap();
    assert_eq!(
        actual,
        expected,
        "{} differs; QALA_BLESS=1 rewrites it",
        path.display()
    );
}

/// Reads every sample of a folder and compares with its golden file. A sample's mapping is the `.toml` of its name
/// up to the first point; its dataset is said there.
pub(crate) fn check_samples(kind: &str, folder: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("src")
        .join(folder)
        .join("samples");
    let mut count = 0;
    for path in files(&folder) {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if path
            .extension()
            .is_some_and(|ending| ending == "golden" || ending == "toml")
        {
            continue;
        }
        let stem = name.split('.').next().unwrap();
        let mapping = std::fs::read_to_string(folder.join(format!("{stem}.toml"))).unwrap_or_default();
        let bytes = if path.is_dir() {
            zip_folder(&path)
        } else {
            std::fs::read(&path).unwrap()
        };
        let outcome = Given::new(kind, &name).mapping(&mapping).read(bytes);
        golden(&folder.join(format!("{name}.golden")), &outcome.text());
        count += 1;
    }
    assert!(count > 0, "no samples in {}", folder.display());
}

/// A folder as a zip archive, with what lies below it.
pub(crate) fn zip_folder(folder: &Path) -> Vec<u8> {
    let members: Vec<(String, Vec<u8>)> = files(folder)
        .iter()
        .map(|path| {
            (
                path.file_name().unwrap().to_str().unwrap().to_owned(),
                std::fs::read(path).unwrap(),
            )
        })
        .collect();
    let members: Vec<(&str, &[u8])> = members
        .iter()
        .map(|(name, bytes)| (name.as_str(), bytes.as_slice()))
        .collect();
    zip(&members)
}

/// A zip archive of these members.
pub(crate) fn zip(members: &[(&str, &[u8])]) -> Vec<u8> {
    use std::io::Write as _;
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in members {
        let options = zip::write::SimpleFileOptions::default();
        writer.start_file(*name, options).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// gzip of these bytes.
pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write as _;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}
