//! Computers to plan for.

use paddock_hardware::{Bandwidth, BandwidthBasis, Cpu, Hardware, InstructionSet, Memory};
use paddock_planner::{Computer, Machine};

pub const GIB: u64 = 1 << 30;

/// A desktop with this much fast memory and no graphics card.
pub fn desktop(ram_gib: f64) -> Hardware {
    let bare = Hardware {
        cpu: Cpu {
            physical_cores: Some(8),
            performance_cores: Some(8),
            instructions: vec![InstructionSet::Avx2, InstructionSet::Fma],
            ..Cpu::default()
        },
        memory: Memory::default(),
        ..Hardware::default()
    };
    fast_memory(Computer { ram_gib: Some(ram_gib), ..Computer::default() }.hardware(&bare).unwrap())
}

/// The same with a card from the table.
pub fn with_gpu(name: &str, ram_gib: f64) -> Hardware {
    let computer = Computer { gpu: Some(name.into()), ram_gib: Some(ram_gib), ..Computer::default() };
    fast_memory(computer.hardware(&desktop(ram_gib)).unwrap())
}

/// Two channels of DDR5-5600.
fn fast_memory(mut hardware: Hardware) -> Hardware {
    hardware.memory.bandwidth = Some(Bandwidth { gb_s: 89.6, basis: BandwidthBasis::Table });
    hardware
}

/// The same with so much video memory, on a card that is in no table.
pub fn with_vram(vram_gib: f64, ram_gib: f64) -> Machine {
    let computer = Computer { vram_gib: Some(vram_gib), ..Computer::default() };
    Machine::of(&computer.hardware(&desktop(ram_gib)).unwrap())
}
