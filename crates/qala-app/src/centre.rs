//! The situation centre of one data directory: lake, engine, registry, specs.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use qala_core::Zone;
use qala_core::spec::{FeedSpec, IndicatorSpec, Kind, ProcedureSpec, RunSpec, nearest};
use qala_disk::RealDisk;
use qala_lake::{Clock, Lake, LakeOptions, LocalEngine, LocalOptions};
use qala_registry::{Pack, Registry, Sandbox, load_pack};

use crate::account::SignInDoor;
use crate::alarms::Alarms;
use crate::clock::SystemClock;
use crate::content::Content;
use crate::demo::Demo;
use crate::error::{AppError, Result};
use crate::indicator::VALUES;
use crate::live::Live;
use crate::map::MapStore;
use crate::memory;
use crate::obligation::Watch;
use crate::schedule::Computing;
use crate::shelf::Shelf;
use crate::spool::{self, Spool};
use crate::tasks::Tasks;
use crate::transport::TransportStates;

/// How a centre is opened.
#[derive(Debug, Clone)]
pub struct CentreOptions {
    /// Data directory.
    pub data: PathBuf,
    /// City pack.
    pub pack: String,
    /// Memory for queries, bytes; half of what there is, at most 4 GiB.
    pub query_memory: usize,
    /// Memory for rows that are not in tables yet and for the search of duplicates, bytes; absent: the lake's own choice.
    pub ingest_memory: Option<usize>,
    /// Clock.
    pub clock: Arc<dyn Clock>,
}

impl CentreOptions {
    /// The default options for a data directory.
    pub fn new(data: impl Into<PathBuf>) -> Self {
        let pack = Content::packs().into_iter().next().unwrap_or_default();
        Self {
            data: data.into(),
            pack,
            query_memory: memory::for_queries(),
            ingest_memory: None,
            clock: Arc::new(SystemClock),
        }
    }
}

/// A data directory, open.
pub struct Centre {
    /// The lake.
    pub lake: Arc<Lake>,
    /// The query engine.
    pub engine: Arc<LocalEngine>,
    /// The registry.
    pub registry: Registry,
    /// Indicators, by id.
    pub indicators: Vec<IndicatorSpec>,
    /// Scheduled runs of models, by id.
    pub runs: Vec<RunSpec>,
    /// Feeds of the pack.
    pub feeds: Vec<FeedSpec>,
    /// Procedures of the pack, by id.
    pub procedures: Vec<ProcedureSpec>,
    /// The city's zone.
    pub zone: Zone,
    /// A box around the city: west, south, east, north in degrees.
    pub bounds: Option<[f64; 4]>,
    /// Clock.
    pub clock: Arc<dyn Clock>,
    /// Data directory.
    pub data: PathBuf,
    /// The city's name.
    pub city: qala_core::Text,
    /// Devices by SensorThings.
    pub(crate) sensors: crate::sensorthings::Sensors,
    /// What is known of arrivals and devices.
    pub(crate) watch: Watch,
    /// What integrators tried.
    pub(crate) sandbox: Sandbox,
    /// What guards the door of people.
    pub(crate) sign_in_door: SignInDoor,
    /// How the transports of the feeds do.
    pub transports: TransportStates,
    /// Mappings and datasets that were saved for the office's own files.
    pub(crate) shelf: Shelf,
    /// How far the seeded city has come, when this is one.
    pub demo: Demo,
    /// When indicators are computed.
    pub computing: Computing,
    /// How what runs beside the questions does.
    pub tasks: Tasks,
    /// The last change of the registry that the lake has, once it is known.
    pub(crate) relayed: tokio::sync::Mutex<Option<i64>>,
    /// Indexes of the map.
    pub map: MapStore,
    /// What is told to those who listen.
    pub live: Live,
    /// Rules of alarms, and who is told.
    pub alarms: Alarms,
    /// Told apart by it: this run of the program.
    pub boot: u64,
    /// One model runs at a time.
    pub(crate) run_turn: tokio::sync::Mutex<()>,
    /// Turns of questions from outside.
    pub(crate) questions: tokio::sync::Semaphore,
    // Held while the directory is open; the system lets it go when the process ends, however it ends.
    _lock: std::fs::File,
}

impl Centre {
    /// Opens a data directory, makes it when it is not there, and brings the pack's places and functions up to date.
    ///
    /// # Errors
    /// A directory that another process has open; damaged or newer data; a wrong pack.
    pub async fn open(options: CentreOptions) -> Result<Self> {
        let lock = lock(&options.data)?;
        spool::clean(&options.data);
        let clock = options.clock;
        let files = Content::pack(&options.pack)?;
        let pack = Pack::from_toml(files.iter().map(|(name, text)| (name.as_str(), text.as_str())))?;
        let zone = Zone::new(&pack.zone).map_err(|e| AppError::Usage(e.to_string()))?;
        let mut feeds = Content::feeds(&options.pack)?;
        for feed in &mut feeds {
            place_in(&mut feed.transport, &options.data);
        }
        let disk = Arc::new(RealDisk::new(&options.data).map_err(AppError::io("open the data directory"))?);
        let mut lake_options = LakeOptions::new(zone.clone(), Arc::clone(&clock));
        if let Some(bytes) = options.ingest_memory {
            lake_options = lake_options.within(bytes);
        }
        let shelf = Shelf::new(&options.data, &options.pack);
        let lake = Lake::open(disk, &shelf.datasets()?, lake_options)
            .await?
            .at(options.data.clone());
        let lake = Arc::new(lake);
        let limits = LocalOptions {
            memory: options.query_memory,
            ..LocalOptions::default()
        };
        let engine = Arc::new(LocalEngine::new(Arc::clone(&lake), &limits)?);
        let registry = Registry::open(options.data.join("registry.sqlite")).await?;
        load_pack(&registry, &pack, clock.now()).await?;
        let sensors =
            crate::sensorthings::Sensors::open(&registry, &lake, last_observation(&engine).await?).await?;
        let transports = TransportStates::load(&registry, &feeds).await?;
        let mut indicators = Content::indicators()?;
        // What counts the values of others comes after them.
        indicators.sort_by_key(|spec| spec.sql.contains(VALUES));
        let centre = Self {
            lake,
            engine,
            registry,
            indicators,
            runs: Content::runs()?,
            procedures: Content::procedures(&options.pack)?,
            run_turn: tokio::sync::Mutex::new(()),
            feeds,
            zone,
            bounds: pack.bounds,
            clock,
            sandbox: Sandbox::new(options.data.join("sandbox.sqlite")),
            data: options.data,
            city: pack.name,
            sensors,
            watch: Watch::default(),
            sign_in_door: SignInDoor::default(),
            transports,
            shelf,
            demo: Demo::default(),
            computing: Computing::default(),
            tasks: Tasks::default(),
            relayed: tokio::sync::Mutex::default(),
            map: MapStore::default(),
            live: Live::default(),
            alarms: Alarms::new(Content::alarms(&options.pack)?, Content::notice(&options.pack)?),
            boot: rand::random(),
            questions: tokio::sync::Semaphore::new(crate::question::AT_ONCE),
            _lock: lock,
        };
        centre.relay().await?;
        centre.begin_alarms().await?;
        Ok(centre)
    }

    /// An indicator by its id.
    ///
    /// # Errors
    /// An id that does not exist, with a suggestion.
    pub fn indicator(&self, id: &str) -> Result<&IndicatorSpec> {
        self.indicators
            .iter()
            .find(|i| i.id.as_str() == id)
            .ok_or_else(|| {
                let hint = nearest(id, self.indicators.iter().map(|i| i.id.as_str()));
                let hint = hint.map(|h| format!("; did you mean `{h}`?")).unwrap_or_default();
                AppError::Usage(format!("there is no indicator `{id}`{hint}"))
            })
    }

    /// Rows of one of the program's own questions, instants in the city's zone.
    ///
    /// # Errors
    /// The query's.
    pub async fn rows(&self, sql: &str) -> Result<Vec<serde_json::Map<String, serde_json::Value>>> {
        self.rows_of_query(&qala_lake::Query::system(sql)).await
    }

    /// The same for a question of any kind.
    pub(crate) async fn rows_of_query(
        &self,
        query: &qala_lake::Query,
    ) -> Result<Vec<serde_json::Map<String, serde_json::Value>>> {
        let (batches, _) = qala_lake::collect(&*self.engine, query).await?;
        Ok(crate::value::rows_json(&batches, &self.zone))
    }

    /// First and last instant of the event rows that an indicator reads; `None` when there are none.
    ///
    /// # Errors
    /// The query's.
    pub async fn data_range(&self, spec: &IndicatorSpec) -> Result<Option<(i64, i64)>> {
        let mut range: Option<(i64, i64)> = None;
        for table in self.tables_of(spec) {
            let dataset = self.lake.dataset(&table)?;
            let Some(time) = dataset.spec.time().filter(|_| dataset.spec.kind == Kind::Event) else {
                continue;
            };
            let name = &time.name;
            let rows = self
                .rows(&format!(
                    "SELECT min({name}) AS first, max({name}) AS last FROM {table}"
                ))
                .await?;
            let instant = |key: &str| {
                let text = rows.first()?.get(key)?.as_str()?.to_owned();
                qala_core::parse_instant(&text, Some(&self.zone)).ok()
            };
            if let (Some(first), Some(last)) = (instant("first"), instant("last")) {
                // One reading of a clock that is years ahead does not make years to compute.
                let last = last.min(self.clock.now());
                range = Some(range.map_or((first, last), |(a, b)| (a.min(first), b.max(last))));
            }
        }
        Ok(range)
    }

    /// Where the bytes of a pushed message are gathered; `expected`: how many the sender says there are.
    pub fn spool(&self, expected: usize) -> Spool {
        Spool::new(&self.data, expected)
    }

    /// Commits what is in the log and closes the registry.
    ///
    /// # Errors
    /// IO; what was acknowledged is in the log all the same.
    pub async fn close(self) -> Result<()> {
        self.lake.commit().await?;
        self.registry.close().await?;
        Ok(())
    }
}

/// The largest id of an observation of a device.
async fn last_observation(engine: &LocalEngine) -> Result<i64> {
    use arrow::array::{Array, AsArray};
    let sql = "SELECT max(observation_id) FROM devices_observations";
    let (batches, _) = qala_lake::collect(engine, &qala_lake::Query::system(sql)).await?;
    let column = batches
        .first()
        .filter(|batch| batch.num_rows() > 0)
        .map(|batch| batch.column(0));
    let column = column.and_then(|column| column.as_primitive_opt::<arrow::datatypes::Int64Type>());
    Ok(column
        .filter(|column| column.is_valid(0))
        .map_or(0, |column| column.value(0)))
}

/// Puts the data directory into a transport's path.
fn place_in(transport: &mut qala_core::spec::Transport, data: &Path) {
    use qala_core::spec::Transport;
    if let Transport::File { path } | Transport::Folder { path, .. } = transport {
        *path = path.replace("{data}", &data.to_string_lossy());
    }
}

/// Says whether a data directory can be opened now.
///
/// # Errors
/// [`AppError::Usage`] while another process has it; the disk fails.
pub fn check_free(data: &Path) -> Result<()> {
    lock(data).map(drop)
}

fn lock(data: &Path) -> Result<std::fs::File> {
    std::fs::create_dir_all(data).map_err(AppError::io(format!("create {}", data.display())))?;
    let path = data.join("LOCK");
    let file = std::fs::File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .map_err(AppError::io(format!("open {}", path.display())))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => Err(AppError::Usage(format!(
            "{} is in use by another qala process; stop it first, or use its pages: /import takes files in, /workbench asks",
            data.display()
        ))),
        Err(std::fs::TryLockError::Error(e)) => Err(AppError::io("lock the data directory")(e)),
    }
}
