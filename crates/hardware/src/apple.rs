//! What is special about Apple Silicon: how much of main memory the GPU may use.

/// What `sysctl hw iogpu machdep.cpu` and the like tell of a Mac.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sysctl {
    /// `machdep.cpu.brand_string`, such as `Apple M4 Pro`.
    pub cpu_name: Option<String>,
    /// `hw.physicalcpu`.
    pub physical_cores: Option<u32>,
    /// `hw.perflevel0.physicalcpu`: the fast ones. Missing on Intel Macs, which have one kind.
    pub performance_cores: Option<u32>,
    /// `hw.logicalcpu`.
    pub logical_cores: Option<u32>,
    /// `hw.memsize`, in bytes.
    pub memory_bytes: Option<u64>,
    /// `iogpu.wired_limit_mb`, in MiB: what somebody set; 0 is the system's own choice.
    pub wired_limit_mib: Option<u64>,
}

impl Sysctl {
    /// The keys that [`Sysctl::parse`] looks for.
    pub const KEYS: [&'static str; 6] = [
        "machdep.cpu.brand_string",
        "hw.physicalcpu",
        "hw.perflevel0.physicalcpu",
        "hw.logicalcpu",
        "hw.memsize",
        "iogpu.wired_limit_mb",
    ];

    /// Reads the lines `key: value` that the `sysctl` command writes. Lines it does not know are passed over.
    pub fn parse(output: &str) -> Self {
        let value = |key: &str| {
            let line = output.lines().find_map(|line| line.trim().strip_prefix(key)?.strip_prefix([':', '=']));
            line.map(str::trim).filter(|value| !value.is_empty())
        };
        let [name, physical, performance, logical, memory, limit] = Self::KEYS.map(value);
        let count = |text: Option<&str>| text?.parse::<u32>().ok().filter(|count| *count > 0);
        Self {
            cpu_name: name.map(str::to_owned),
            physical_cores: count(physical),
            performance_cores: count(performance).or_else(|| count(physical)),
            logical_cores: count(logical),
            memory_bytes: memory.and_then(|text| text.parse().ok()).filter(|bytes| *bytes > 0),
            wired_limit_mib: limit.and_then(|text| text.parse().ok()),
        }
    }
}

/// Macs with less memory have none to spare for the GPU beyond the system's own choice.
const SMALLEST_FOR_MORE_BYTES: u64 = 32 << 30;

/// What stays for the system and other programs: this much, or an eighth of all memory where that is more.
const LEAST_FOR_SYSTEM_BYTES: u64 = 8 << 30;

const MIB: u64 = 1 << 20;

/// How much memory the GPU may use on this Mac, and what an expert can do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WiredLimit {
    /// The explanation, in a few sentences.
    pub explanation: String,
    /// The command that raises the limit until the next restart; `None` where that is not wise or not needed.
    pub command: Option<String>,
    /// Whether there is more to give.
    pub room: Room,
}

/// Whether the GPU of a Mac could get more memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Room {
    /// Too little memory to spare any.
    SmallMac,
    /// It has all that can be spared.
    NothingToSpare,
    /// It could get more.
    Spare {
        /// So much in all, in bytes.
        wanted_bytes: u64,
        /// What would be left for the system and other programs, in bytes.
        left_bytes: u64,
    },
}

/// Explains the limit of a Mac with `total_bytes` of memory of which Metal recommends to use `working_set_bytes`, while
/// `iogpu.wired_limit_mb` is `set_mib` (0 or `None`: nobody set it).
pub fn wired_limit(total_bytes: u64, working_set_bytes: u64, set_mib: Option<u64>) -> WiredLimit {
    #[expect(clippy::cast_precision_loss, reason = "shown with one decimal at most")]
    let gib = |bytes: u64| format!("{} GiB", (bytes as f64 / (1_u64 << 30) as f64 * 10.0).round() / 10.0);
    let by_whom = match set_mib {
        Some(mib) if mib > 0 => format!(" (iogpu.wired_limit_mb is set to {mib})"),
        _ => String::new(),
    };
    let now = format!(
        "Of this Mac's {} of memory, macOS lets the GPU use {}{by_whom}.",
        gib(total_bytes),
        gib(working_set_bytes)
    );
    let for_system = LEAST_FOR_SYSTEM_BYTES.max(total_bytes / 8);
    let wanted_mib = total_bytes.saturating_sub(for_system) / MIB;
    if total_bytes < SMALLEST_FOR_MORE_BYTES {
        let explanation =
            format!("{now} The rest is needed for macOS itself; on a Mac of this size it should stay so.");
        return WiredLimit { explanation, command: None, room: Room::SmallMac };
    }
    if wanted_mib <= working_set_bytes / MIB {
        let explanation = format!("{now} More would leave too little for macOS itself.");
        return WiredLimit { explanation, command: None, room: Room::NothingToSpare };
    }
    let explanation = format!(
        "{now} For experts: the command below raises this to {}, and leaves {} for macOS and other programs. It lasts \
         until the Mac restarts; until then, close what you do not need, for a Mac that runs out of memory freezes.",
        gib(wanted_mib * MIB),
        gib(for_system)
    );
    WiredLimit {
        explanation,
        command: Some(format!("sudo sysctl iogpu.wired_limit_mb={wanted_mib}")),
        room: Room::Spare { wanted_bytes: wanted_mib * MIB, left_bytes: for_system },
    }
}

/// `iogpu.wired_limit_mb` of this Mac, in MiB; `None` elsewhere, and on Intel Macs.
pub fn wired_limit_mib() -> Option<u64> {
    #[cfg(target_os = "macos")]
    {
        crate::macos::sysctl().wired_limit_mib
    }
    #[cfg(not(target_os = "macos"))]
    None
}
