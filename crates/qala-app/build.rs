//! Data files are embedded into the program; a new one must make it build again.

fn main() {
    for dir in ["alarms", "datasets", "indicators", "packs", "runs"] {
        println!("cargo::rerun-if-changed=../../{dir}");
    }
}
