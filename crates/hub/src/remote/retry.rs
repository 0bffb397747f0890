//! When a server wants to be asked again.

use std::time::{Duration, SystemTime};

use reqwest::header::HeaderMap;

use super::web::text;

/// The longest time that is believed, in seconds: more than a day is no answer to a person who waits.
const MOST_S: u64 = 86_400;

/// How long a server wants to be left alone.
///
/// Sources: `Retry-After` as seconds or a date (RFC 9110, 10.2.3); `RateLimit: "api";r=0;t=55`, which Hugging Face sends
/// (draft-ietf-httpapi-ratelimit-headers-08 and newer), and its older forms `limit=100, remaining=0, reset=55` (03 to 07)
/// and `RateLimit-Reset: 55` (before).
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let after = text(headers, "retry-after").and_then(seconds_or_date);
    let of_rate_limit = || text(headers, "ratelimit").and_then(of_rate_limit);
    let reset = || text(headers, "ratelimit-reset").and_then(|text| text.trim().parse().ok());
    after.or_else(of_rate_limit).or_else(reset).map(|seconds| Duration::from_secs(seconds.min(MOST_S)))
}

fn seconds_or_date(value: &str) -> Option<u64> {
    let value = value.trim();
    value.parse().ok().or_else(|| {
        let date = httpdate::parse_http_date(value).ok()?;
        // One that is over means now. A started second counts, so that nobody is too early.
        let left = date.duration_since(SystemTime::now()).unwrap_or_default();
        Some(left.as_secs() + u64::from(left.subsec_nanos() > 0))
    })
}

/// The longest wait of all the limits that are named, since each of them may be the one that was reached.
fn of_rate_limit(value: &str) -> Option<u64> {
    let seconds = |field: &str| {
        let (name, value) = field.split_once('=')?;
        let is_reset = matches!(name.trim(), "t" | "reset");
        value.trim().parse::<u64>().ok().filter(|_| is_reset)
    };
    value.split([';', ',']).filter_map(seconds).max()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

    use reqwest::header::HeaderValue;

    use super::*;

    fn of(name: &'static str, value: &str) -> Option<u64> {
        let mut headers = HeaderMap::new();
        headers.insert(name, HeaderValue::from_str(value).unwrap());
        retry_after(&headers).map(|wait| wait.as_secs())
    }

    #[test]
    fn every_form_of_a_wait_is_understood() {
        for (name, value, seconds) in [
            ("retry-after", "7", Some(7)),
            ("retry-after", " 0 ", Some(0)),
            ("retry-after", "90000000", Some(MOST_S)),
            ("retry-after", "Sun, 06 Nov 1994 08:49:37 GMT", Some(0)),
            ("retry-after", "Fri, 31 Dec 9999 23:59:59 GMT", Some(MOST_S)),
            ("ratelimit", "\"api\";r=0;t=55", Some(55)),
            ("ratelimit", "\"api\"; r=0; t=55", Some(55)),
            ("ratelimit", "\"a\";r=9;t=5, \"b\";r=0;t=50", Some(50)),
            ("ratelimit", "limit=100, remaining=0, reset=55", Some(55)),
            ("ratelimit-reset", "55", Some(55)),
            ("retry-after", "soon", None),
            ("retry-after", "-1", None),
            ("retry-after", "99999999999999999999999", None),
            ("ratelimit", "\"api\";r=0", None),
            ("ratelimit", "", None),
            ("ratelimit-reset", "t=5", None),
        ] {
            assert_eq!(of(name, value), seconds, "{name}: {value}");
        }
    }

    #[test]
    fn a_date_is_waited_for() {
        let date = httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(120));
        let seconds = of("retry-after", &date).unwrap();
        assert!((110..=121).contains(&seconds), "{seconds}");
    }
}
