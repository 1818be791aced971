//! Ages as people say them: `12 s`, `2 m`, `3 h`, `5 d`, `3 weeks`.

use jiff::Timestamp;

/// How long ago, in one unit. What lies ahead is `now`.
pub fn age(then: Timestamp, now: Timestamp) -> String {
    let seconds = now.as_second() - then.as_second();
    let days = seconds / 86_400;
    match seconds {
        ..1 => "now".to_owned(),
        1..60 => format!("{seconds} s"),
        60..3600 => format!("{} m", seconds / 60),
        3600..172_800 => format!("{} h", seconds / 3600),
        _ if days < 14 => format!("{days} d"),
        _ if days < 60 => format!("{} weeks", days / 7),
        _ if days < 730 => format!("{} months", days / 30),
        _ => format!("{} years", days / 365),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages() {
        let then = Timestamp::UNIX_EPOCH;
        for (seconds, expected) in [
            (-5, "now"),
            (0, "now"),
            (59, "59 s"),
            (60, "1 m"),
            (7_199, "1 h"),
            (90_000, "25 h"),
            (172_800, "2 d"),
            (86_400 * 21, "3 weeks"),
            (86_400 * 100, "3 months"),
            (86_400 * 1000, "2 years"),
        ] {
            let now = Timestamp::from_second(seconds).unwrap();
            assert_eq!(age(then, now), expected, "{seconds}");
        }
    }
}
