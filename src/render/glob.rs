//! Globs as Argo CD matches paths with them (gobwas/glob without separators): `*` and `**` match anything, slashes too;
//! `?` one character; `[abc]`, `[a-z]`, `[!…]` one of a class; `{a,b}` alternatives; `\` takes the next character as it is.

/// A compiled pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Glob(Vec<Part>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Char(char),
    Any,
    Single,
    Class { negated: bool, members: Members },
    Either(Vec<Vec<Part>>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Members {
    Range(char, char),
    List(Vec<char>),
}

impl Glob {
    /// Compiles a pattern.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub fn new(pattern: &str) -> Result<Self, &'static str> {
        let mut reader = Reader {
            rest: pattern.chars().peekable(),
        };
        reader.sequence(0).map(Self)
    }

    /// Whether the whole text matches.
    pub fn matches(&self, text: &str) -> bool {
        let text: Vec<char> = text.chars().collect();
        let mut at = vec![false; text.len() + 1];
        at[0] = true;
        advance(&self.0, &text, at).last() == Some(&true)
    }
}

/// Where in the text a sequence can end, given where it can start. Work grows with pattern times text, whatever the
/// pattern.
fn advance(parts: &[Part], text: &[char], mut at: Vec<bool>) -> Vec<bool> {
    for part in parts {
        at = match part {
            Part::Any => {
                let first = at.iter().position(|x| *x).unwrap_or(at.len());
                (0..at.len()).map(|i| i >= first).collect()
            }
            Part::Either(sequences) => {
                let mut ends = vec![false; at.len()];
                for sequence in sequences {
                    for (end, reached) in ends.iter_mut().zip(advance(sequence, text, at.clone())) {
                        *end |= reached;
                    }
                }
                ends
            }
            one => {
                let mut next = vec![false; at.len()];
                for (i, c) in text.iter().enumerate() {
                    next[i + 1] = at[i] && one.accepts(*c);
                }
                next
            }
        };
    }
    at
}

impl Part {
    fn accepts(&self, c: char) -> bool {
        match self {
            Self::Char(wanted) => c == *wanted,
            Self::Single | Self::Any => true,
            Self::Class { negated, members } => {
                let member = match members {
                    Members::Range(low, high) => (*low..=*high).contains(&c),
                    Members::List(list) => list.contains(&c),
                };
                member != *negated
            }
            Self::Either(_) => false,
        }
    }
}

/// How deep alternatives may nest.
const MAX_DEPTH: usize = 16;

struct Reader<'p> {
    rest: std::iter::Peekable<std::str::Chars<'p>>,
}

impl Reader<'_> {
    /// Reads until the end, or within alternatives (`depth` above 0) until `,` or `}`, which are left.
    fn sequence(&mut self, depth: usize) -> Result<Vec<Part>, &'static str> {
        let mut parts = Vec::new();
        while let Some(&c) = self.rest.peek() {
            if depth > 0 && matches!(c, ',' | '}') {
                break;
            }
            self.rest.next();
            parts.push(match c {
                '*' => Part::Any,
                '?' => Part::Single,
                '[' => self.class()?,
                '{' => self.alternatives(depth + 1)?,
                '\\' => match self.rest.next() {
                    Some(c) => Part::Char(c),
                    None => break,
                },
                c => Part::Char(c),
            });
        }
        Ok(parts)
    }

    fn alternatives(&mut self, depth: usize) -> Result<Part, &'static str> {
        if depth > MAX_DEPTH {
            return Err("alternatives are nested too deep");
        }
        let mut sequences = vec![self.sequence(depth)?];
        loop {
            match self.rest.next() {
                Some(',') => sequences.push(self.sequence(depth)?),
                // The end of the pattern closes what is open.
                Some(_) | None => return Ok(Part::Either(sequences)),
            }
        }
    }

    fn class(&mut self) -> Result<Part, &'static str> {
        let unclosed = "a class has no closing bracket";
        let negated = self.rest.next_if_eq(&'!').is_some();
        let first = self.rest.next().ok_or(unclosed)?;
        let members = if self.rest.next_if_eq(&'-').is_some() {
            let last = self.rest.next().ok_or(unclosed)?;
            if last < first {
                return Err("a class has its range the wrong way round");
            }
            if self.rest.next() != Some(']') {
                return Err("a class holds a range and more");
            }
            Members::Range(first, last)
        } else {
            let mut list = Vec::new();
            let mut next = Some(first);
            loop {
                match next.ok_or(unclosed)? {
                    ']' => break,
                    '\\' => list.push(self.rest.next().ok_or(unclosed)?),
                    c => list.push(c),
                }
                next = self.rest.next();
            }
            if list.is_empty() {
                return Err("a class is empty");
            }
            Members::List(list)
        };
        Ok(Part::Class { negated, members })
    }
}
