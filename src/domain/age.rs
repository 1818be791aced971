//! Ages and countdowns in words, the same on every screen and in every command, each with the moment at which the words
//! change: that moment is all that ever wakes the console by itself.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
const WEEK: i64 = 7 * DAY;
const YEAR: i64 = 365 * DAY;

/// Units from the smallest: its length in seconds, the age at which the next larger one takes over, and its letter.
const UNITS: [(i64, i64, &str); 5] = [
    (MINUTE, HOUR, "m"),
    (HOUR, 2 * DAY, "h"),
    (DAY, 2 * WEEK, "d"),
    (WEEK, YEAR, "w"),
    (YEAR, i64::MAX, "y"),
];

/// Ages under a minute, each with the text from it on: coarse enough to leave a line quiet.
const STEPS: [(i64, &str); 5] = [
    (0, "now"),
    (10, "10 s"),
    (20, "20 s"),
    (30, "30 s"),
    (45, "45 s"),
];

/// How long ago something was (`now`, `20 s`, `2 m`, `3 h`, `5 d`), and when that text changes next.
pub fn age(then: Timestamp, now: Timestamp) -> (String, Timestamp) {
    let seconds = now.duration_since(then).as_secs();
    if seconds < MINUTE {
        // A clock that is behind the cluster's makes this negative: still now.
        let at = STEPS
            .iter()
            .rposition(|(from, _)| *from <= seconds)
            .unwrap_or(0);
        let until = STEPS.get(at + 1).map_or(MINUTE, |(from, _)| *from);
        return (STEPS[at].1.to_owned(), later(then, until));
    }
    for (unit, until, letter) in UNITS {
        if seconds < until {
            let n = seconds / unit;
            return (
                format!("{n} {letter}"),
                later(then, ((n + 1) * unit).min(until)),
            );
        }
    }
    (String::new(), Timestamp::MAX)
}

/// How long until something is (`10 s`, `2 m`), in steps coarse enough to leave the line quiet, and when that text
/// changes next.
pub fn countdown(then: Timestamp, now: Timestamp) -> (String, Timestamp) {
    let seconds = then.duration_since(now).as_secs_f64().ceil() as i64;
    if seconds <= 0 {
        return ("now".to_owned(), Timestamp::MAX);
    }
    let step = if seconds <= MINUTE { 10 } else { MINUTE };
    let shown = (seconds + step - 1) / step * step;
    let text = if shown < MINUTE {
        format!("{shown} s")
    } else {
        format!("{} m", shown / MINUTE)
    };
    (text, later(then, step - shown))
}

/// A short duration (`8 ms`, `1.2 s`).
pub fn latency(duration: Duration) -> String {
    let ms = duration.as_millis();
    if ms < 1000 {
        format!("{ms} ms")
    } else {
        format!("{:.1} s", duration.as_secs_f64())
    }
}

fn later(then: Timestamp, seconds: i64) -> Timestamp {
    then.checked_add(SignedDuration::from_secs(seconds))
        .unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + seconds).unwrap()
    }

    #[test]
    fn ages_in_words() {
        for (seconds, text) in [
            (-30, "now"),
            (0, "now"),
            (9, "now"),
            (10, "10 s"),
            (29, "20 s"),
            (44, "30 s"),
            (59, "45 s"),
            (60, "1 m"),
            (3599, "59 m"),
            (3600, "1 h"),
            (47 * 3600, "47 h"),
            (2 * DAY, "2 d"),
            (13 * DAY, "13 d"),
            (3 * WEEK, "3 w"),
            (2 * YEAR + 5, "2 y"),
        ] {
            assert_eq!(age(at(0), at(seconds)).0, text, "{seconds}");
        }
    }

    #[test]
    fn a_text_changes_exactly_when_it_says() {
        let mut now = 0;
        for _ in 0..200 {
            let (text, next) = age(at(0), at(now));
            let next = next.as_second() - at(0).as_second();
            assert!(next > now);
            assert_eq!(age(at(0), at(next - 1)).0, text);
            assert_ne!(age(at(0), at(next)).0, text);
            now = next;
        }
    }

    #[test]
    fn countdowns_are_quiet() {
        for (left, text) in [
            (0, "now"),
            (3, "10 s"),
            (12, "20 s"),
            (56, "1 m"),
            (61, "2 m"),
        ] {
            let (shown, next) = countdown(at(left), at(0));
            assert_eq!(shown, text, "{left}");
            if left > 0 {
                assert_ne!(countdown(at(left), next).0, text);
            }
        }
    }

    #[test]
    fn latencies() {
        assert_eq!(latency(Duration::from_micros(8400)), "8 ms");
        assert_eq!(latency(Duration::from_millis(1240)), "1.2 s");
    }
}
