//! Says when the screen that is built into the program has changed.

fn main() {
    // Where it is not there nothing is watched: cargo would run this at every build.
    let dist = "../../web/dist";
    let watched = if std::path::Path::new(dist).exists() {
        dist
    } else {
        "build.rs"
    };
    let line = format!("cargo::rerun-if-changed={watched}\n");
    // A build without this line watches the whole folder, which does no harm.
    drop(std::io::Write::write_all(&mut std::io::stdout(), line.as_bytes()));
}
