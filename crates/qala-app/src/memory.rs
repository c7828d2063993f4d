//! How much memory questions may take on this machine.

const MOST: usize = 4 << 30;

/// Half of the memory of the machine or of the group of processes it is limited to, at most 4 GiB; that much where it
/// cannot be told.
pub(crate) fn for_queries() -> usize {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let machine = read("/proc/meminfo")
        .lines()
        .find_map(|line| {
            line.strip_prefix("MemTotal:")?
                .trim()
                .strip_suffix(" kB")?
                .parse()
                .ok()
        })
        .map(|kib: usize| kib << 10);
    let group = read("/sys/fs/cgroup/memory.max").trim().parse().ok();
    let least = machine.into_iter().chain(group).min();
    least.map_or(MOST, |bytes| (bytes / 2).min(MOST))
}
