//! What computer this is: processor, memory, disks, graphics cards, as one [`Hardware`] value.
//!
//! **Owns** finding facts out. **Does not own** any decision: what fits, and how fast it will be, is the planner's.
//!
//! **The invariant:** what could not be found out is `None` (or missing from a list) and named in
//! [`Hardware::unknowns`] with the reason; a broken driver or a missing file never fails a probe and never blocks it.

mod facts;

pub use facts::{
    Bandwidth, BandwidthBasis, Cpu, Disk, DiskKind, EngineDevice, Gpu, GpuKind, GpuProcess, Hardware, InstructionSet,
    Memory, NvidiaReport, Os, Rates, Unknown, Vendor,
};
