//! The processor's name, and its cores by kind.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use super::{number, text};
use crate::Cpu;

/// A core counts as fast if its capacity is at least this part of the fastest one's (`cpu_capacity`, 0 to 1024, from the
/// device tree). Small Arm cores are at 0.25 to 0.55, middle ones at 0.6 and more.
const FAST_CAPACITY: f64 = 0.6;

/// … or its highest clock, where there is no capacity. Intel's efficient cores reach 0.74 to 0.79 of the performance
/// cores' clock (i9-12900K: 3.9 of 5.2 GHz; Core Ultra 7 155H: 3.8 of 4.8), favoured cores differ by a tenth at most.
const FAST_CLOCK: f64 = 0.82;

/// One thread of the processor, as the system numbers them, and the core it belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Thread {
    number: u32,
    core: String,
}

pub fn read(root: &Path) -> Cpu {
    let info = text(root.join("proc/cpuinfo")).unwrap_or_default();
    let threads = allowed(root, threads(root).unwrap_or_else(|| threads_of_cpuinfo(&info)));
    let cores: BTreeSet<&str> = threads.iter().map(|thread| thread.core.as_str()).collect();
    let fast: BTreeSet<u32> = fast_threads(root, &info, &threads);
    let fast_cores: BTreeSet<&str> =
        threads.iter().filter(|thread| fast.contains(&thread.number)).map(|thread| thread.core.as_str()).collect();
    let share = share(root);
    let count = |n: usize| u32::try_from(n).ok().filter(|n| *n > 0).map(|n| share.map_or(n, |share| n.min(share)));
    Cpu {
        name: name(&info, root),
        physical_cores: count(cores.len()),
        performance_cores: count(fast_cores.len()),
        logical_cores: count(threads.len())
            .or_else(|| std::thread::available_parallelism().ok()?.get().try_into().ok()),
        instructions: Vec::new(),
    }
}

/// Only x86 tells a product's name; of small Arm computers the board's name says as much.
fn name(info: &str, root: &Path) -> Option<String> {
    let value = |key| fields(info).find(|(known, value)| *known == key && !value.is_empty()).map(|(_, value)| value);
    let name = value("model name").or_else(|| value("Model")).map(str::to_owned);
    let name = name.or_else(|| text(root.join("sys/firmware/devicetree/base/model")))?;
    Some(name.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// The lines `key : value` of `/proc/cpuinfo`.
fn fields(info: &str) -> impl Iterator<Item = (&str, &str)> {
    info.lines().filter_map(|line| line.split_once(':')).map(|(key, value)| (key.trim(), value.trim()))
}

/// The threads that are switched on, by the folders `cpu0`, `cpu1`, …; `None` if none of them tells its core.
fn threads(root: &Path) -> Option<Vec<Thread>> {
    let folder = root.join("sys/devices/system/cpu");
    let online = text(folder.join("online")).map(|list| numbers(&list));
    let mut threads = Vec::new();
    for entry in fs::read_dir(&folder).ok()?.filter_map(Result::ok) {
        let name = entry.file_name();
        let Some(number) = name.to_str().and_then(|name| name.strip_prefix("cpu")?.parse().ok()) else { continue };
        if online.as_ref().is_some_and(|online| !online.contains(&number)) {
            continue;
        }
        let topology = entry.path().join("topology");
        // The list of a core's threads is the same for each of them, and unlike `core_id` unique on every processor.
        let core = text(topology.join("core_cpus_list"))
            .or_else(|| text(topology.join("thread_siblings_list")))
            .or_else(|| {
                let package: i64 = number_or(&topology, "physical_package_id", 0);
                text(topology.join("core_id")).map(|core| format!("{package} {core}"))
            });
        threads.extend(core.map(|core| Thread { number, core }));
    }
    threads.sort_by_key(|thread| thread.number);
    (!threads.is_empty()).then_some(threads)
}

fn number_or<T: std::str::FromStr>(folder: &Path, name: &str, otherwise: T) -> T {
    number(folder.join(name)).unwrap_or(otherwise)
}

/// The same from `/proc/cpuinfo`, where `/sys` is not shown: one block per thread, separated by empty lines.
fn threads_of_cpuinfo(info: &str) -> Vec<Thread> {
    info.split("\n\n")
        .filter_map(|block| {
            let block: BTreeMap<_, _> = fields(block).collect();
            let number = block.get("processor")?.parse().ok()?;
            let core = match (block.get("physical id"), block.get("core id")) {
                (Some(package), Some(core)) => format!("{package} {core}"),
                // Arm: every thread is a core.
                _ => format!("thread {number}"),
            };
            Some(Thread { number, core })
        })
        .collect()
}

/// Without the threads that this process may not use (`taskset`, a container's `cpuset`).
fn allowed(root: &Path, threads: Vec<Thread>) -> Vec<Thread> {
    let status = text(root.join("proc/self/status")).unwrap_or_default();
    let list = fields(&status).find(|(key, _)| *key == "Cpus_allowed_list").map(|(_, list)| numbers(list));
    let Some(allowed) = list.filter(|list| threads.iter().any(|thread| list.contains(&thread.number))) else {
        return threads;
    };
    threads.into_iter().filter(|thread| allowed.contains(&thread.number)).collect()
}

/// The threads of fast cores; all of them where there is one kind, or where nothing tells.
fn fast_threads(root: &Path, info: &str, threads: &[Thread]) -> BTreeSet<u32> {
    let all = || threads.iter().map(|thread| thread.number).collect();
    // Linux lists the two kinds of cores of Intel's hybrid processors as two performance counters.
    if let (Some(fast), Some(_)) =
        (text(root.join("sys/devices/cpu_core/cpus")), text(root.join("sys/devices/cpu_atom/cpus")))
    {
        return numbers(&fast);
    }
    let each = |name: &str| -> Option<Vec<(u32, f64)>> {
        let folder = root.join("sys/devices/system/cpu");
        threads
            .iter()
            .map(|thread| Some((thread.number, number(folder.join(format!("cpu{}", thread.number)).join(name))?)))
            .collect()
    };
    let at_least = |part: f64, values: Vec<(u32, f64)>| -> BTreeSet<u32> {
        let most = values.iter().map(|(_, value)| *value).fold(0.0, f64::max);
        values.into_iter().filter(|(_, value)| *value >= part * most).map(|(number, _)| number).collect()
    };
    if let Some(capacities) = each("cpu_capacity") {
        return at_least(FAST_CAPACITY, capacities);
    }
    // AMD's driver derives a wide range of clocks from how good each core came out, although all are of one kind.
    if info.contains("AuthenticAMD") {
        return all();
    }
    each("cpufreq/cpuinfo_max_freq").map_or_else(all, |clocks| at_least(FAST_CLOCK, clocks))
}

/// A container's share of processor time, in whole cores, rounded up. (cgroup v2 `cpu.max`, v1 `cpu.cfs_quota_us`.)
fn share(root: &Path) -> Option<u32> {
    let of = |folder: &Path| -> Option<f64> {
        if let Some(max) = text(folder.join("cpu.max")) {
            let (quota, period) = max.split_once(' ')?;
            return Some(quota.parse::<f64>().ok()? / period.parse::<f64>().ok()?);
        }
        Some(number::<f64>(folder.join("cpu.cfs_quota_us"))? / number::<f64>(folder.join("cpu.cfs_period_us"))?)
    };
    let shares = super::memory::groups(root, "cpu").into_iter().filter_map(|folder| of(&folder));
    let least = shares.filter(|share| share.is_finite() && *share > 0.0).reduce(f64::min)?;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "positive, and bounded right here")]
    let cores = least.ceil().min(65_536.0) as u32;
    Some(cores)
}

/// The kernel's lists: `0-7,16,18-19`.
fn numbers(list: &str) -> BTreeSet<u32> {
    /// More than any computer has; a broken list must not fill the memory.
    const MOST: u32 = 65_536;
    let mut numbers = BTreeSet::new();
    for part in list.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        if let (Ok(first), Ok(last)) = (first.trim().parse::<u32>(), last.trim().parse::<u32>()) {
            numbers.extend(first..=last.min(MOST));
        }
    }
    numbers
}
