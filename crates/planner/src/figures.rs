//! Figures as English sentences hold them: two digits, no false precision.

use crate::speed::TokS;

/// `3.2–4.9`.
pub(crate) fn range(range: &TokS) -> String {
    let [low, high] = [two_digits(range.low), two_digits(range.high)];
    if low == high { low } else { format!("{low}–{high}") }
}

/// `3.2–4.9 tok/s`.
pub(crate) fn tok_s(speed: &TokS) -> String {
    format!("{} tok/s", range(speed))
}

/// How long a token takes.
pub(crate) fn seconds(range: &TokS) -> String {
    let [least, most] = [1.0 / range.high, 1.0 / range.low];
    if most < 1.5 {
        "about a second".to_owned()
    } else {
        format!("{}–{} seconds", two_digits(least), two_digits(most))
    }
}

/// `12.3 GB`, and `12 GB` without a decimal.
pub(crate) fn size(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["kB", "MB", "GB", "TB"];
    let mut shown = bytes as f64 / 1e3;
    let mut unit = 0;
    while shown >= 1e3 && unit + 1 < UNITS.len() {
        shown /= 1e3;
        unit += 1;
    }
    let figure = format!("{shown:.1}");
    format!("{} {}", figure.strip_suffix(".0").unwrap_or(&figure), UNITS[unit])
}

/// How many times as fast.
pub(crate) fn times(factor: f64) -> String {
    if factor < 3.0 { format!("{factor:.1}") } else { format!("{factor:.0}") }
}

/// Two significant digits.
fn two_digits(x: f64) -> String {
    match x {
        x if x >= 99.5 => format!("{:.0}", (x / 10.0).round() * 10.0),
        x if x >= 9.95 => format!("{x:.0}"),
        x if x >= 0.995 => format!("{x:.1}"),
        x if x >= 0.0995 => format!("{x:.2}"),
        _ => format!("{x:.3}"),
    }
}
