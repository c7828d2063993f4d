//! Packs of cities.

use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::Result;
use qala_app::{PackSources, build_pack};

use crate::print;

pub(crate) fn build(sources: &PackSources, out: &Path) -> Result<ExitCode> {
    let start = Instant::now();
    let built = build_pack(sources)?;
    built.write(out)?;
    let report = &built.report;
    let totals = &report.totals;
    print::out(&format!(
        "map: {} nodes, {} ways, {} relations",
        totals.nodes, totals.ways, totals.relations
    ));
    print::out(&format!(
        "pack: {} districts, {} streets, {} junctions, {} stops, {} schools, {} kindergartens ({} of these on the graph)",
        report.districts,
        report.streets,
        report.junctions,
        report.stops,
        report.schools,
        report.kindergartens,
        report.tied
    ));
    print::out(&format!(
        "graph: {} vertices, {} edges, {} forbidden turns, {:.1} km, {:.1} MB; {} vertices outside its largest part are left out",
        report.vertices,
        report.edges,
        report.forbidden_turns,
        report.length_km,
        report.graph_bytes as f64 / 1e6,
        report.cut_off
    ));
    for (code, count) in &report.problems {
        print::err(&format!("{count} times {code}"));
    }
    if !report.without_geometry.is_empty() {
        print::err(&format!(
            "no feature for: {}; their geometry is still missing",
            report.without_geometry.join(", ")
        ));
    }
    if !report.unknown_features.is_empty() {
        print::err(&format!(
            "no place of the pack: {}",
            report.unknown_features.join("; ")
        ));
    }
    if !totals.is_whole {
        print::err("the map is not complete: a part of it could not be read");
    }
    let memory = peak_memory().map_or_else(String::new, |mb| format!(", {mb:.0} MB of memory at most"));
    print::out(&format!(
        "{} files in {}: {:.1} s{memory}",
        built.files.len(),
        out.display(),
        start.elapsed().as_secs_f64()
    ));
    Ok(ExitCode::SUCCESS)
}

/// The most memory that this process held, MB; `None` where the system does not tell.
fn peak_memory() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kilobytes: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kilobytes / 1024.0)
}
