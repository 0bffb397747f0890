//! Quantizations as file names tell them.

/// What stands between the words of a file name.
const SEPARATORS: [char; 5] = ['-', '.', ' ', '+', '@'];

/// The quantization that a path names, in capitals: `Q4_K_M`, `UD-IQ2_XXS`, `F16`. The file's name goes before its
/// folders', since a folder may hold several.
pub(crate) fn of_path(path_without_ending: &str) -> Option<String> {
    path_without_ending.rsplit('/').find_map(of_name)
}

/// The last quantization in a name.
fn of_name(name: &str) -> Option<String> {
    let words: Vec<&str> = name.split(SEPARATORS).collect();
    words.iter().enumerate().rev().find_map(|(place, word)| {
        let quant = of_word(word)?;
        // Unsloth's “dynamic” quantizations are other mixes than the plain ones of the same name.
        let is_dynamic = place > 0 && words[place - 1].eq_ignore_ascii_case("UD");
        Some(if is_dynamic { format!("UD-{quant}") } else { quant })
    })
}

/// The word itself, or what follows an underscore in it, as in `llama_3_Q4_K_M`.
fn of_word(word: &str) -> Option<String> {
    let word = word.to_ascii_uppercase();
    let starts = std::iter::once(0).chain(word.match_indices('_').map(|(place, _)| place + 1));
    // The longest one: the `Q4_0` in `IQ4_0` begins no word.
    starts.map(|start| &word[start..]).find(|rest| is_quant(rest)).map(str::to_owned)
}

/// Source: `enum llama_ftype` of llama.h, the repacked `Q4_0_4_4` of 2024, and the sizes that publishers add (`Q4_K_L`,
/// `Q4_K_XL`).
fn is_quant(word: &str) -> bool {
    if matches!(word, "F32" | "F16" | "BF16" | "FP16" | "FP32" | "MXFP4" | "MXFP4_MOE" | "NVFP4") {
        return true;
    }
    let word = word.strip_prefix(['I', 'T']).unwrap_or(word);
    let mut parts = word.split('_');
    let bits = parts.next().and_then(|first| first.strip_prefix('Q'));
    let sizes: Vec<&str> = parts.collect();
    bits.is_some_and(|bits| bits.len() == 1 && bits.as_bytes()[0].is_ascii_digit())
        && (1..=3).contains(&sizes.len())
        && sizes.iter().all(|size| {
            matches!(*size, "0" | "1" | "2" | "4" | "8" | "K" | "S" | "M" | "L" | "XS" | "XXS" | "XL" | "XXL" | "NL")
        })
}

/// The few of `there` that are most like `wanted`, best first: as many bits, then as many letters in common.
pub(crate) fn nearest<'a>(wanted: &str, there: impl Iterator<Item = &'a str>) -> Vec<String> {
    /// Enough to choose from, and still one line.
    const MOST: usize = 4;
    // Enough of a name for a comparison, whatever was asked for.
    let wanted: String = wanted.to_ascii_uppercase().chars().take(64).collect();
    let mut ranked: Vec<_> = there
        .map(|quant| (bits(quant).abs_diff(bits(&wanted)), edits(&wanted, &quant.to_ascii_uppercase()), quant))
        .collect();
    ranked.sort_unstable();
    ranked.dedup_by_key(|(_, _, quant)| *quant);
    ranked.into_iter().take(MOST).map(|(_, _, quant)| quant.to_owned()).collect()
}

/// The first number in a name: `Q4_K_M` has 4 bits for a weight.
fn bits(quant: &str) -> u32 {
    let digits = quant.trim_start_matches(|c: char| !c.is_ascii_digit());
    let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    digits[..end].parse().unwrap_or(0)
}

/// How many letters must be added, dropped or exchanged (Levenshtein).
fn edits(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().take(64).collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (i, a) in from.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, b) in to.iter().enumerate() {
            let exchanged = diagonal + usize::from(a != *b);
            diagonal = row[j + 1];
            row[j + 1] = exchanged.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row.last().copied().unwrap_or_default()
}
