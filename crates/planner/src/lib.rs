//! Which quantization fits a computer.
