//! The types a tensor can have, and how many bytes their blocks take.

/// One row of ggml's type table.
struct Row {
    tensor_type: TensorType,
    id: u32,
    name: &'static str,
    block_values: u64,
    block_bytes: u64,
}

macro_rules! tensor_types {
    ($($variant:ident = $id:literal, $name:literal, $block_values:literal, $block_bytes:expr;)+) => {
        /// How the values of a tensor are stored (`enum ggml_type`, ggml.h).
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[expect(non_camel_case_types, missing_docs, reason = "the names users and llama.cpp use")]
        pub enum TensorType {
            $($variant,)+
        }

        /// Source: `enum ggml_type` in ggml.h, `type_traits` in ggml.c, and the asserted block sizes
        /// in ggml-common.h (QK_K = 256, K_SCALE_SIZE = 12, ggml_half = 2 bytes), llama.cpp as
        /// vendored in llama-cpp-sys-2 0.1.161.
        const TABLE: &[Row] = &[
            $(Row {
                tensor_type: TensorType::$variant,
                id: $id,
                name: $name,
                block_values: $block_values,
                block_bytes: $block_bytes,
            },)+
        ];
    };
}

tensor_types! {
    //        id  name      values in a block, bytes of a block
    F32     =  0, "F32",      1, 4;
    F16     =  1, "F16",      1, 2;
    Q4_0    =  2, "Q4_0",    32, 2 + 16;
    Q4_1    =  3, "Q4_1",    32, 2 * 2 + 16;
    Q5_0    =  6, "Q5_0",    32, 2 + 4 + 16;
    Q5_1    =  7, "Q5_1",    32, 2 * 2 + 4 + 16;
    Q8_0    =  8, "Q8_0",    32, 2 + 32;
    Q8_1    =  9, "Q8_1",    32, 2 * 2 + 32;
    Q2_K    = 10, "Q2_K",   256, 2 * 2 + 256 / 16 + 256 / 4;
    Q3_K    = 11, "Q3_K",   256, 2 + 256 / 4 + 256 / 8 + 12;
    Q4_K    = 12, "Q4_K",   256, 2 * 2 + 12 + 256 / 2;
    Q5_K    = 13, "Q5_K",   256, 2 * 2 + 12 + 256 / 2 + 256 / 8;
    Q6_K    = 14, "Q6_K",   256, 2 + 256 / 16 + 3 * 256 / 4;
    Q8_K    = 15, "Q8_K",   256, 4 + 256 + 256 / 16 * 2;
    IQ2_XXS = 16, "IQ2_XXS", 256, 2 + 256 / 8 * 2;
    IQ2_XS  = 17, "IQ2_XS", 256, 2 + 256 / 8 * 2 + 256 / 32;
    IQ3_XXS = 18, "IQ3_XXS", 256, 2 + 3 * (256 / 8);
    IQ1_S   = 19, "IQ1_S",  256, 2 + 256 / 8 + 256 / 16;
    IQ4_NL  = 20, "IQ4_NL",  32, 2 + 16;
    IQ3_S   = 21, "IQ3_S",  256, 2 + 13 * (256 / 32) + 256 / 64;
    IQ2_S   = 22, "IQ2_S",  256, 2 + 256 / 4 + 256 / 16;
    IQ4_XS  = 23, "IQ4_XS", 256, 2 + 2 + 256 / 64 + 256 / 2;
    I8      = 24, "I8",       1, 1;
    I16     = 25, "I16",      1, 2;
    I32     = 26, "I32",      1, 4;
    I64     = 27, "I64",      1, 8;
    F64     = 28, "F64",      1, 8;
    IQ1_M   = 29, "IQ1_M",  256, 256 / 8 + 256 / 16 + 256 / 32;
    BF16    = 30, "BF16",     1, 2;
    TQ1_0   = 34, "TQ1_0",  256, 2 + 256 / 64 + (256 - 4 * 256 / 64) / 5;
    TQ2_0   = 35, "TQ2_0",  256, 2 + 256 / 4;
    MXFP4   = 39, "MXFP4",   32, 1 + 16;
    NVFP4   = 40, "NVFP4",   64, 64 / 16 + 32;
    Q1_0    = 41, "Q1_0",   128, 2 + 16;
    Q2_0    = 42, "Q2_0",    64, 2 + 16;
}

/// Types that llama.cpp dropped: number, name, and what to use (ggml.h, `type_traits` in ggml.c).
pub(crate) const REMOVED: &[(u32, &str, &str)] = &[
    (4, "Q4_2", "Q4_0"),
    (5, "Q4_3", "Q4_1"),
    (31, "Q4_0_4_4", "Q4_0"),
    (32, "Q4_0_4_8", "Q4_0"),
    (33, "Q4_0_8_8", "Q4_0"),
    (36, "IQ4_NL_4_4", "IQ4_NL"),
    (37, "IQ4_NL_4_8", "IQ4_NL"),
    (38, "IQ4_NL_8_8", "IQ4_NL"),
];

impl TensorType {
    /// Every type, in the order of their numbers.
    pub fn all() -> impl Iterator<Item = Self> {
        TABLE.iter().map(|row| row.tensor_type)
    }

    /// The type with this number in a file; `None` if there is none (any more).
    pub fn from_id(id: u32) -> Option<Self> {
        TABLE.iter().find(|row| row.id == id).map(|row| row.tensor_type)
    }

    /// Its number in a file.
    pub fn id(self) -> u32 {
        self.row().id
    }

    /// Its name, as in `Q4_K`.
    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// How many values a block holds. Rows consist of whole blocks.
    pub fn block_values(self) -> u64 {
        self.row().block_values
    }

    /// How many bytes a block takes.
    pub fn block_bytes(self) -> u64 {
        self.row().block_bytes
    }

    /// Bits that a value takes on average.
    pub fn bits_per_value(self) -> f64 {
        // Both are below 1,000: exact in f64.
        self.block_bytes() as f64 * 8.0 / self.block_values() as f64
    }

    fn row(self) -> &'static Row {
        // The table is generated from the same list as the enum, in the same order.
        &TABLE[self as usize]
    }
}

impl std::fmt::Display for TensorType {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}
