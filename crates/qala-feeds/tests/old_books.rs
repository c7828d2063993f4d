//! Damaged old workbooks (XLS): whatever a byte says, reading takes memory in proportion to the file, and no panic leaves.
//!
//! A program of its own, for its allocator counts. Its test runs again in a child with a bound on its address space, so that
//! what the counting misses ends the child.

use std::alloc::{GlobalAlloc, Layout, System};
use std::io::Cursor;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

use qala_core::spec::{DatasetSpec, Mapping};
use qala_core::{FeedId, Zone};
use qala_feeds::{Context, kind, try_out};

/// Counts what is held, and the most that ever was.
struct Counting;

static HELD: AtomicUsize = AtomicUsize::new(0);
static MOST: AtomicUsize = AtomicUsize::new(0);

#[expect(
    unsafe_code,
    reason = "an allocator is an unsafe trait; this one counts and hands on"
)]
// SAFETY: every call goes to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let held = HELD.fetch_add(layout.size(), Ordering::Relaxed) + layout.size();
        MOST.fetch_max(held, Ordering::Relaxed);
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        HELD.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

/// Marks the child.
const CHILD: &str = "QALA_TEST_BOUNDED";
/// Address space of the child, KiB.
const SPACE_KIB: u64 = 2 << 20;
/// Damaged copies of each workbook.
const COPIES: u32 = 4_000;
const SEED: u64 = 7;

/// SplitMix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) as usize
    }
}

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

/// Reads a workbook; the most bytes that were held for it.
#[expect(clippy::unwrap_used, reason = "a helper of the test below")]
fn most_held(bytes: &[u8], spec: &DatasetSpec, mapping: &Mapping) -> usize {
    let zone = Zone::utc();
    let feed = FeedId::new("damaged").unwrap();
    let context = Context {
        name: "damaged.xls",
        feed: &feed,
        dataset: Some(spec),
        mapping,
        datasets: std::slice::from_ref(spec),
        city_zone: &zone,
        max_unpacked: 1 << 30,
        selection: None,
    };
    let before = HELD.load(Ordering::Relaxed);
    MOST.store(before, Ordering::Relaxed);
    let trial = try_out(kind("table").unwrap(), &mut Cursor::new(bytes), &context, None);
    assert_eq!(trial.received, trial.accepted + trial.quarantined);
    MOST.load(Ordering::Relaxed) - before
}

#[test]
fn damaged_bytes_cost_no_memory() {
    if std::env::var_os(CHILD).is_none() {
        let program = std::env::current_exe().unwrap();
        let line = format!("ulimit -v {SPACE_KIB} && exec \"$0\" --nocapture damaged_bytes_cost_no_memory");
        let done = Command::new("sh")
            .args(["-c", &line])
            .arg(program)
            .env(CHILD, "1")
            .status()
            .unwrap();
        assert!(done.success(), "the bounded child ended with {done}");
        return;
    }
    let text = std::fs::read_to_string(root().join("datasets/schools/schools_schools.toml")).unwrap();
    let spec = DatasetSpec::from_toml("schools_schools", &text).unwrap();
    let mapping = Mapping::from_toml(
        "m",
        "sheet = \"*\"\n[columns]\nschool_id = { from = \"@row\" }\nname = { from = \"2\" }\n",
    )
    .unwrap();
    let samples = root().join("crates/qala-feeds/src/table/samples");
    let mut random = Random(SEED);
    for name in ["roll.xls", "estimate.xls"] {
        let whole = std::fs::read(samples.join(name)).unwrap();
        // What any table costs to read, and a multiple of the file.
        let bound = 64 * whole.len() + (4 << 20);
        let (mut worst, mut at) = (0, Vec::new());
        for copy in 0..COPIES {
            let mut bytes = whole.clone();
            let mut places = Vec::new();
            for _ in 0..=copy % 8 {
                // The head of the container is hit often: one copy in two.
                let reach = if copy % 2 == 0 { bytes.len() } else { 600 };
                let place = random.next() % reach;
                bytes[place] = match random.next() % 4 {
                    0 => 0xFF,
                    1 => 0,
                    _ => random.next() as u8,
                };
                places.push((place, bytes[place]));
            }
            if copy % 16 == 15 {
                bytes.truncate(random.next() % whole.len());
            }
            let held = most_held(&bytes, &spec, &mapping);
            if held > worst {
                (worst, at) = (held, places);
            }
        }
        println!(
            "proof: {name}, {} bytes, {COPIES} damaged copies (seed {SEED}): at most {worst} bytes held, {:.1} times the file; bytes changed then: {at:?}",
            whole.len(),
            worst as f64 / whole.len() as f64
        );
        assert!(
            worst <= bound,
            "{name}: {worst} bytes held, {bound} allowed: {at:?}"
        );
    }
}
