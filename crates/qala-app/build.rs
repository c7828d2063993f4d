//! Data files are embedded into the program; a new one must make it build again.

fn main() {
    for dir in ["datasets", "indicators", "packs", "runs"] {
        println!("cargo::rerun-if-changed=../../{dir}");
    }
}
