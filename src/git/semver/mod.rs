//! Versions and constraints on them, read as Argo CD reads a `targetRevision`: by the rules of Masterminds/semver v3.
//! Pure; knows nothing of repositories.

use std::cmp::Ordering;

/// A version, as lenient as a tag: `1`, `v1.2` and `01.2.3-rc.1+build` are versions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Version {
    major: u64,
    minor: u64,
    patch: u64,
    /// Dot-separated identifiers; empty for a release.
    prerelease: String,
}

impl Version {
    /// Reads a version; `None` where the text is none. Build metadata is accepted and means nothing.
    pub fn parse(text: &str) -> Option<Self> {
        let written = Written::parse(text)?;
        let number = |part: &str| part.parse::<u64>().ok();
        Some(Self {
            major: number(written.major)?,
            minor: number(written.minor.unwrap_or("0"))?,
            patch: number(written.patch.unwrap_or("0"))?,
            prerelease: written.prerelease()?,
        })
    }

    fn numbers(&self) -> (u64, u64, u64) {
        (self.major, self.minor, self.patch)
    }
}

impl Ord for Version {
    /// By precedence (semver.org, section 11).
    fn cmp(&self, other: &Self) -> Ordering {
        self.numbers()
            .cmp(&other.numbers())
            .then_with(|| compare_prereleases(&self.prerelease, &other.prerelease))
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

fn compare_prereleases(a: &str, b: &str) -> Ordering {
    // A release comes after all of its prereleases.
    match (a.is_empty(), b.is_empty()) {
        (true, true) => return Ordering::Equal,
        (true, false) => return Ordering::Greater,
        (false, true) => return Ordering::Less,
        (false, false) => {}
    }
    let (mut a, mut b) = (a.split('.'), b.split('.'));
    loop {
        let order = match (a.next(), b.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => Ordering::Less,
            (Some(_), None) => Ordering::Greater,
            (Some(a), Some(b)) => match (a.parse::<u64>(), b.parse::<u64>()) {
                (Ok(a), Ok(b)) => a.cmp(&b),
                (Ok(_), Err(_)) => Ordering::Less,
                (Err(_), Ok(_)) => Ordering::Greater,
                (Err(_), Err(_)) => a.cmp(b),
            },
        };
        if order != Ordering::Equal {
            return order;
        }
    }
}

/// A constraint on versions: comparisons joined by comma or space (and) and by `||` (or).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Constraint {
    any_of: Vec<Vec<Comparison>>,
}

impl Constraint {
    /// Reads a constraint. `None` where the text is none, and where it is an exact version: that is the name of a tag,
    /// not a constraint.
    pub fn parse(text: &str) -> Option<Self> {
        if Version::parse(text).is_some() {
            return None;
        }
        let any_of = text
            .split("||")
            .map(comparisons)
            .collect::<Option<Vec<_>>>()?;
        Some(Self { any_of })
    }

    /// Whether a version satisfies it. A prerelease does only where the comparisons joined by "and" name one.
    pub fn matches(&self, version: &Version) -> bool {
        self.any_of.iter().any(|all_of| {
            let wants_prereleases = all_of.iter().any(|c| !c.than.prerelease.is_empty());
            (wants_prereleases || version.prerelease.is_empty())
                && all_of.iter().all(|c| c.holds(version))
        })
    }

    /// The highest of some names that are versions and satisfy it. Names that are no versions are passed over.
    pub fn highest<'a>(&self, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
        let mut best: Option<(Version, &str)> = None;
        for name in names {
            let Some(version) = Version::parse(name).filter(|v| self.matches(v)) else {
                continue;
            };
            if best.as_ref().is_none_or(|(b, _)| version > *b) {
                best = Some((version, name));
            }
        }
        best.map(|(_, name)| name)
    }
}

impl Constraint {
    /// The highest of some names that are prereleases of versions which satisfy it.
    pub fn highest_prerelease<'a>(
        &self,
        names: impl IntoIterator<Item = &'a str>,
    ) -> Option<&'a str> {
        let versions = names
            .into_iter()
            .filter_map(|name| Some((Version::parse(name)?, name)));
        let satisfying = versions.filter(|(version, _)| {
            let release = Version {
                prerelease: String::new(),
                ..version.clone()
            };
            !version.prerelease.is_empty() && self.matches(&release)
        });
        let highest = satisfying.max_by(|(a, _), (b, _)| a.cmp(b));
        highest.map(|(_, name)| name)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Equal,
    NotEqual,
    Greater,
    Less,
    GreaterEqual,
    LessEqual,
    Tilde,
    Caret,
}

/// Longer spellings first.
const OPERATORS: [(&str, Operator); 11] = [
    ("!=", Operator::NotEqual),
    (">=", Operator::GreaterEqual),
    ("=>", Operator::GreaterEqual),
    ("<=", Operator::LessEqual),
    ("=<", Operator::LessEqual),
    ("~>", Operator::Tilde),
    ("=", Operator::Equal),
    (">", Operator::Greater),
    ("<", Operator::Less),
    ("~", Operator::Tilde),
    ("^", Operator::Caret),
];

/// How much of a version a comparison states; the rest is absent or `x`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stated {
    Nothing,
    Major,
    Minor,
    Patch,
}

/// One comparison. What is not stated counts as zero in `than`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Comparison {
    operator: Operator,
    than: Version,
    stated: Stated,
}

impl Comparison {
    fn new(operator: Operator, written: &Written<'_>) -> Option<Self> {
        let wild = |part: Option<&str>| matches!(part, None | Some("x" | "X" | "*"));
        let stated = if wild(Some(written.major)) {
            Stated::Nothing
        } else if wild(written.minor) {
            Stated::Major
        } else if wild(written.patch) {
            Stated::Minor
        } else {
            Stated::Patch
        };
        let number = |part: Option<&str>, is_stated: bool| match part {
            Some(part) if is_stated => part.parse::<u64>().ok(),
            _ => Some(0),
        };
        let than = Version {
            major: number(Some(written.major), stated != Stated::Nothing)?,
            minor: number(
                written.minor,
                matches!(stated, Stated::Minor | Stated::Patch),
            )?,
            patch: number(written.patch, stated == Stated::Patch)?,
            prerelease: written.prerelease()?,
        };
        Some(Self {
            operator,
            than,
            stated,
        })
    }

    fn holds(&self, version: &Version) -> bool {
        let than = &self.than;
        let (major, minor) = (version.major, (version.major, version.minor));
        let (than_major, than_minor) = (than.major, (than.major, than.minor));
        match (self.operator, self.stated) {
            (Operator::Equal, Stated::Patch) => version == than,
            (Operator::Equal | Operator::Tilde, _) => self.within_tilde(version),
            (Operator::NotEqual, Stated::Major) => major != than_major,
            (Operator::NotEqual, Stated::Minor) => {
                minor != than_minor
                    || compare_prereleases(&version.prerelease, &than.prerelease).is_ne()
            }
            (Operator::NotEqual, _) => version != than,
            (Operator::Greater, Stated::Major) => major > than_major,
            (Operator::Greater, Stated::Minor) => minor > than_minor,
            (Operator::Greater, _) => version > than,
            (Operator::Less, _) => version < than,
            (Operator::GreaterEqual, _) => version >= than,
            (Operator::LessEqual, Stated::Patch) => version <= than,
            (Operator::LessEqual, Stated::Major) => major <= than_major,
            (Operator::LessEqual, _) => minor <= than_minor,
            (Operator::Caret, _) => self.within_caret(version),
        }
    }

    /// `~1.2.3` and `1.2.x`: up to the next minor; `~1` and `1.x`: up to the next major; `~0.0.0` and `*`: anything.
    fn within_tilde(&self, version: &Version) -> bool {
        let than = &self.than;
        if version < than {
            return false;
        }
        match self.stated {
            Stated::Nothing => true,
            Stated::Patch if than.numbers() == (0, 0, 0) => true,
            Stated::Major => version.major == than.major,
            _ => (version.major, version.minor) == (than.major, than.minor),
        }
    }

    /// Up to the next change of the first number that is not zero. (`^*` means 0.0.0, as it does in the original.)
    fn within_caret(&self, version: &Version) -> bool {
        let than = &self.than;
        version >= than
            && if than.major > 0 || self.stated == Stated::Major {
                version.major == than.major
            } else if than.minor > 0 || self.stated == Stated::Minor {
                (version.major, version.minor) == (0, than.minor)
            } else {
                version.numbers() == than.numbers()
            }
    }
}

/// Comparisons joined by comma or space, with `A - B` for `>=A <=B`. At least one. Before a range
/// stands a comma, as in the original.
fn comparisons(text: &str) -> Option<Vec<Comparison>> {
    let mut found = Vec::new();
    let mut rest = text.trim_start();
    let mut after_space = false;
    loop {
        let (operator, written, after) = comparison(rest)?;
        if let Some((end, after_range)) = range_end(operator, after) {
            if after_space {
                return None;
            }
            found.push(Comparison::new(Operator::GreaterEqual, &written)?);
            found.push(Comparison::new(Operator::LessEqual, &end)?);
            rest = after_range;
        } else {
            found.push(Comparison::new(
                operator.unwrap_or(Operator::Equal),
                &written,
            )?);
            rest = after;
        }
        let next = rest.trim_start();
        if next.is_empty() {
            return Some(found);
        }
        after_space = !next.starts_with(',');
        if after_space && next.len() == rest.len() {
            return None;
        }
        rest = next.strip_prefix(',').unwrap_or(next).trim_start();
    }
}

fn comparison(text: &str) -> Option<(Option<Operator>, Written<'_>, &str)> {
    let operator = OPERATORS.iter().find(|(sign, _)| text.starts_with(sign));
    let rest = operator.map_or(text, |(sign, _)| text.get(sign.len()..).unwrap_or_default());
    let (written, rest) = Written::take(rest.trim_start())?;
    Some((operator.map(|(_, operator)| *operator), written, rest))
}

/// The end of a range `A - B`, where its beginning had no operator.
fn range_end(operator: Option<Operator>, after: &str) -> Option<(Written<'_>, &str)> {
    let dash = after.trim_start();
    let end = dash.strip_prefix('-')?;
    if operator.is_some() || dash.len() == after.len() || end.trim_start().len() == end.len() {
        return None;
    }
    Written::take(end.trim_start())
}

/// The parts of a version as they are written.
struct Written<'a> {
    major: &'a str,
    minor: Option<&'a str>,
    patch: Option<&'a str>,
    /// Without its dash; empty where there is none.
    prerelease: &'a str,
}

impl<'a> Written<'a> {
    /// A text that is a version as a whole. Wildcards are no numbers, and fail later.
    fn parse(text: &'a str) -> Option<Self> {
        Self::take(text)
            .filter(|(_, rest)| rest.is_empty())
            .map(|(written, _)| written)
    }

    /// A version at the beginning of a text, and what follows it.
    fn take(text: &'a str) -> Option<(Self, &'a str)> {
        let is_core = |c: char| c.is_ascii_digit() || matches!(c, 'x' | 'X' | '*');
        let text = text.strip_prefix('v').unwrap_or(text);
        let (major, mut rest) = take_while(text, is_core);
        if major.is_empty() {
            return None;
        }
        let mut parts = [None, None];
        for part in &mut parts {
            let Some(after) = rest.strip_prefix('.') else {
                break;
            };
            let (digits, after) = take_while(after, is_core);
            if digits.is_empty() {
                return None;
            }
            (*part, rest) = (Some(digits), after);
        }
        let (prerelease, rest) = take_suffix(rest, '-')?;
        let (_, rest) = take_suffix(rest, '+')?;
        let written = Self {
            major,
            minor: parts[0],
            patch: parts[1],
            prerelease,
        };
        Some((written, rest))
    }

    /// The prerelease, unless a number in it begins with a zero.
    fn prerelease(&self) -> Option<String> {
        let is_fine = |part: &str| {
            part.len() < 2 || !part.starts_with('0') || part.bytes().any(|b| !b.is_ascii_digit())
        };
        self.prerelease
            .split('.')
            .all(is_fine)
            .then(|| self.prerelease.to_owned())
    }
}

fn take_while(text: &str, is_part: impl Fn(char) -> bool) -> (&str, &str) {
    let end = text.find(|c| !is_part(c)).unwrap_or(text.len());
    text.split_at(end)
}

/// Dot-separated identifiers after a sign; nothing where the sign is absent, `None` where an identifier is empty.
fn take_suffix(text: &str, sign: char) -> Option<(&str, &str)> {
    let Some(rest) = text.strip_prefix(sign) else {
        return Some(("", text));
    };
    let (suffix, rest) = take_while(rest, |c| c.is_ascii_alphanumeric() || c == '-' || c == '.');
    suffix
        .split('.')
        .all(|part| !part.is_empty())
        .then_some((suffix, rest))
}

#[cfg(test)]
mod tests;
