//! What the processor can do.

use crate::InstructionSet;

/// The vector instructions of this processor that llama.cpp has kernels for. The processor itself answers.
#[cfg(any(target_arch = "x86_64", target_arch = "x86"))]
pub fn instructions() -> Vec<InstructionSet> {
    use std::arch::is_x86_feature_detected as has;

    let all = [
        (has!("avx"), InstructionSet::Avx),
        (has!("avx2"), InstructionSet::Avx2),
        (has!("fma"), InstructionSet::Fma),
        (has!("f16c"), InstructionSet::F16c),
        (has!("bmi2"), InstructionSet::Bmi2),
        (has!("avx512f"), InstructionSet::Avx512f),
        (has!("avx512vnni"), InstructionSet::Avx512Vnni),
        (has!("avxvnni"), InstructionSet::AvxVnni),
    ];
    present(&all)
}

/// The vector instructions of this processor that llama.cpp has kernels for. The system answers.
#[cfg(target_arch = "aarch64")]
pub fn instructions() -> Vec<InstructionSet> {
    use std::arch::is_aarch64_feature_detected as has;

    let all = [
        (has!("neon"), InstructionSet::Neon),
        (has!("dotprod"), InstructionSet::Dotprod),
        (has!("i8mm"), InstructionSet::I8mm),
        (has!("sve"), InstructionSet::Sve),
    ];
    present(&all)
}

/// llama.cpp's vector kernels for other processors have no names here.
#[cfg(not(any(target_arch = "x86_64", target_arch = "x86", target_arch = "aarch64")))]
pub fn instructions() -> Vec<InstructionSet> {
    Vec::new()
}

#[cfg(any(target_arch = "x86_64", target_arch = "x86", target_arch = "aarch64"))]
fn present(all: &[(bool, InstructionSet)]) -> Vec<InstructionSet> {
    all.iter().filter(|(present, _)| *present).map(|(_, set)| *set).collect()
}
