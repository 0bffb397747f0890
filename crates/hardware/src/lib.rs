//! What computer this is: processor, memory, disks, graphics cards, as one [`Hardware`] value.
//!
//! **Owns** finding facts out. **Does not own** any decision: what fits, and how fast it will be, is the planner's.
//!
//! [`system`] may be asked anywhere: it reads files and system calls, and touches no graphics driver. Graphics cards
//! come from two sources that can crash, both in the engine child: ggml's devices and [`nvml::probe`];
//! [`Hardware::assemble`] puts all three together.
//!
//! **The invariant:** what could not be found out is `None` (or missing from a list) and named in
//! [`Hardware::unknowns`] with the reason; a broken driver or a missing file never fails a probe and never blocks it.
//!
//! **How to test:** `cargo test -p paddock-hardware`. The driver in the tests is `tests/nvml-stand-in`.

pub mod apple;
mod assemble;
mod cpu;
#[cfg(not(target_os = "linux"))]
mod elsewhere;
mod facts;
pub mod linux;
#[cfg(target_os = "macos")]
mod macos;
pub mod nvml;
mod read_speed;
mod system;
mod unknown;

pub use facts::{
    Bandwidth, BandwidthBasis, Cpu, Disk, DiskKind, EngineDevice, Gpu, GpuKind, GpuProcess, Hardware, InstructionSet,
    Memory, NvidiaReport, Os, Rates, Vendor,
};
pub use read_speed::read_speed;
pub use system::system;
pub use unknown::{Cause, Detail, DriverFault, Thing, Unknown};
