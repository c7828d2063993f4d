//! Long questions rest while messages come in as fast as they can: their threads step back already, but caches, memory and disk are
//! shared, and a long scan takes a tenth and more of the rate at which rows come in.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::ParquetFileReaderFactory;
use datafusion::datasource::physical_plan::parquet::CachedParquetFileReaderFactory;
use datafusion::parquet::arrow::arrow_reader::ArrowReaderOptions;
use datafusion::parquet::arrow::async_reader::AsyncFileReader;
use datafusion::parquet::errors::Result;
use datafusion::parquet::file::metadata::ParquetMetaData;
use datafusion::physical_plan::metrics::ExecutionPlanMetricsSet;
use futures::FutureExt;
use futures::future::BoxFuture;
use parking_lot::Mutex;

/// Questions are long after this time; shorter ones never rest.
const LONG: Duration = Duration::from_millis(500);
/// The share of taking in is measured over this time at least.
const WINDOW: Duration = Duration::from_millis(250);
/// From this share of one core's time on, messages come in as fast as they can: a stream at full speed has some 0.6, ten thousand
/// readings a second 0.05.
const HIGH: f64 = 0.3;
/// A long question rests so many times as long as it worked.
const REST: u32 = 4;
/// The longest rest at a time: it is soon noticed that no more comes in.
const LONGEST: Duration = Duration::from_millis(400);

/// How busy the lake is with taking messages in.
#[derive(Debug)]
pub(crate) struct Pressure {
    /// Time spent on rows that come in, µs, since the start.
    worked_us: AtomicU64,
    window: Mutex<Window>,
}

#[derive(Debug)]
struct Window {
    began: Instant,
    worked_us: u64,
    is_high: bool,
}

impl Default for Pressure {
    fn default() -> Self {
        Self {
            worked_us: AtomicU64::new(0),
            window: Mutex::new(Window {
                began: Instant::now(),
                worked_us: 0,
                is_high: false,
            }),
        }
    }
}

impl Pressure {
    /// Work on rows that come in begins; it ends when what is given is dropped.
    pub(crate) fn work(&self) -> Working<'_> {
        Working(self, Instant::now())
    }

    /// True while messages come in as fast as they can.
    fn is_high(&self) -> bool {
        let mut window = self.window.lock();
        let took = window.began.elapsed();
        if took >= WINDOW {
            let worked = self.worked_us.load(Ordering::Relaxed);
            let share = (worked - window.worked_us) as f64 / took.as_micros() as f64;
            *window = Window {
                began: Instant::now(),
                worked_us: worked,
                is_high: share > HIGH,
            };
        }
        window.is_high
    }
}

/// Work on rows that come in, as long as it lives.
pub(crate) struct Working<'a>(&'a Pressure, Instant);

impl Drop for Working<'_> {
    fn drop(&mut self) {
        let took = self.1.elapsed().as_micros() as u64;
        self.0.worked_us.fetch_add(took, Ordering::Relaxed);
    }
}

/// Readers of data files that rest while the pressure is high.
#[derive(Debug)]
pub(crate) struct Resting {
    inner: CachedParquetFileReaderFactory,
    rests: Arc<Rests>,
}

/// The rests of one scan.
#[derive(Debug)]
struct Rests {
    pressure: Arc<Pressure>,
    began: Instant,
    /// When each partition went on after its last rest.
    worked_since: Mutex<HashMap<usize, Instant>>,
}

impl Resting {
    pub(crate) fn new(inner: CachedParquetFileReaderFactory, pressure: &Arc<Pressure>) -> Self {
        Self {
            inner,
            rests: Arc::new(Rests {
                pressure: Arc::clone(pressure),
                began: Instant::now(),
                worked_since: Mutex::default(),
            }),
        }
    }
}

impl Rests {
    async fn rest(&self, partition: usize) {
        if self.began.elapsed() < LONG || !self.pressure.is_high() {
            return;
        }
        let worked = {
            let mut since = self.worked_since.lock();
            since.entry(partition).or_insert(self.began).elapsed()
        };
        tokio::time::sleep((worked * REST).min(LONGEST)).await;
        self.worked_since.lock().insert(partition, Instant::now());
    }
}

impl ParquetFileReaderFactory for Resting {
    fn create_reader(
        &self,
        partition: usize,
        file: PartitionedFile,
        hint: Option<usize>,
        metrics: &ExecutionPlanMetricsSet,
    ) -> datafusion::error::Result<Box<dyn AsyncFileReader + Send>> {
        Ok(Box::new(Reader {
            inner: self.inner.create_reader(partition, file, hint, metrics)?,
            rests: Arc::clone(&self.rests),
            partition,
        }))
    }
}

struct Reader {
    inner: Box<dyn AsyncFileReader + Send>,
    rests: Arc<Rests>,
    partition: usize,
}

impl AsyncFileReader for Reader {
    fn get_bytes(&mut self, range: Range<u64>) -> BoxFuture<'_, Result<Bytes>> {
        async move {
            self.rests.rest(self.partition).await;
            self.inner.get_bytes(range).await
        }
        .boxed()
    }

    fn get_byte_ranges(&mut self, ranges: Vec<Range<u64>>) -> BoxFuture<'_, Result<Vec<Bytes>>> {
        async move {
            self.rests.rest(self.partition).await;
            self.inner.get_byte_ranges(ranges).await
        }
        .boxed()
    }

    fn get_metadata<'a>(
        &'a mut self,
        options: Option<&'a ArrowReaderOptions>,
    ) -> BoxFuture<'a, Result<Arc<ParquetMetaData>>> {
        self.inner.get_metadata(options)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pressure_is_high_while_most_of_the_time_is_spent_on_what_comes() {
        let pressure = Pressure::default();
        let later = |work: Duration, pause: Duration| {
            let began = Instant::now();
            while began.elapsed() < WINDOW {
                let working = pressure.work();
                std::thread::sleep(work);
                drop(working);
                std::thread::sleep(pause);
            }
            pressure.is_high()
        };
        assert!(!pressure.is_high());
        assert!(later(Duration::from_millis(20), Duration::ZERO));
        assert!(!later(Duration::ZERO, Duration::from_millis(20)));
    }
}
