//! The signs of the console. They differ in shape, not only in colour, take one column each, and each has an ASCII
//! twin for terminals and fonts that lack it. One table has them all; the legend in the help and in `docs/keys.md` is
//! drawn from it.

/// What a sign means, for the legend.
#[derive(Clone, Copy, Debug)]
pub struct Meaning {
    /// The sign.
    pub unicode: &'static str,
    /// Its ASCII twin.
    pub ascii: &'static str,
    /// Where it stands, one of [`PLACES`].
    pub place: &'static str,
    /// What it says.
    pub says: &'static str,
}

/// Where signs stand, in the order of the legend.
pub const PLACES: &[&str] = &[
    "Beside an App",
    "What differs",
    "An object",
    "A changed line",
    "A cluster",
    "A Run",
    "Lists and texts",
];

macro_rules! glyphs {
    ($($name:ident $unicode:literal $ascii:literal $place:literal $says:literal),* $(,)?) => {
        /// One set of signs.
        #[derive(Clone, Copy, Debug)]
        pub struct Glyphs {
            $(#[doc = $says] pub $name: &'static str,)*
            /// What the run of a masked value is made of.
            pub mask_run: &'static str,
            /// What moves while something is under way.
            pub spinner: [&'static str; 4],
            /// Corners and edges of a frame: top left, top right, bottom left, bottom right, horizontal, vertical.
            pub frame: [&'static str; 6],
        }

        /// Signs of Unicode, all of which common monospaced fonts have.
        pub const UNICODE: Glyphs = Glyphs {
            $($name: $unicode,)*
            mask_run: "•",
            spinner: ["◐", "◓", "◑", "◒"],
            frame: ["╭", "╮", "╰", "╯", "─", "│"],
        };

        /// Signs of ASCII alone.
        pub const ASCII: Glyphs = Glyphs {
            $($name: $ascii,)*
            mask_run: "*",
            spinner: ["|", "/", "-", "\\"],
            frame: ["+", "+", "+", "+", "-", "|"],
        };

        /// The table as a legend. What only joins texts has no place in it.
        const MEANINGS: &[Meaning] = &[
            $(Meaning { unicode: $unicode, ascii: $ascii, place: $place, says: $says }),*
        ];
    };
}

glyphs! {
    synced "✓" "=" "Beside an App" "as Git has it",
    available "○" "_" "Beside an App" "never synced, and nothing of it is in the cluster",
    checking "…" "." "Beside an App" "being compared",
    failed "✗" "X" "Beside an App" "cannot be compared, or failed",
    undecided "!" "!" "Beside an App" "no cluster is chosen for it",
    changing "▶" "/" "Beside an App" "a Run of this console is changing it",
    pinned "⊥" "P" "Beside an App" "pinned to an earlier revision by a rollback",
    elsewhere "@" "@" "Beside an App" "compared with another revision than its own",
    uncommitted "±" "M" "Beside an App" "has uncommitted changes in the checkout",
    unpushed "⇡" "U" "Beside an App" "its commit is not in the remote",
    unconfirmed "?" "?" "Beside an App" "not confirmed by the server",
    old "◔" "O" "Beside an App" "old: its cluster or repository does not answer",
    git "▲" "g" "What differs" "Git moved since the last sync",
    cluster "▼" "c" "What differs" "the cluster was edited since the last sync",
    both "◆" "&" "What differs" "both did",
    differs "≠" "#" "What differs" "differs, and which side moved is not known",
    missing "+" "+" "An object" "in Git only: a sync creates it",
    extra "−" "-" "An object" "held and not in Git: a sync with prune deletes it",
    refused "⊘" "%" "An object" "the server will not have it as Git does",
    unknown "?" "?" "An object" "not compared",
    line_removed "-" "-" "A changed line" "the live side, which a sync takes away",
    line_added "+" "+" "A changed line" "what a sync brings",
    line_foreign "~" "~" "A changed line" "foreign: added by someone else, and left alone",
    line_overridden "!" "!" "A changed line" "overridden: the server will not let Git have its way",
    up "●" "o" "A cluster" "answers",
    connecting "◌" ":" "A cluster" "is being connected to",
    down "✗" "x" "A cluster" "does not answer",
    running "▶" "/" "A Run" "under way",
    waiting "·" "." "A Run" "a step that waits for its turn",
    warning "!" "!" "A Run" "stopped, or worth a look",
    bar "▌" "|" "Lists and texts" "the cursor",
    mark "■" "*" "Lists and texts" "marked: the next sync is of what is marked",
    changed "•" "'" "Lists and texts" "has just changed",
    open "▾" "v" "Lists and texts" "can be folded",
    folded "▸" ">" "Lists and texts" "folded",
    ellipsis "…" ".." "Lists and texts" "something is left out",
    dot "·" "-" "" "stands between texts",
    item "·" "*" "" "begins a line of a list",
    rule "─" "-" "" "a line",
    arrow "→" "->" "" "a hint",
}

/// The signs that have a meaning at a place.
pub fn legend(place: &str) -> impl Iterator<Item = &'static Meaning> {
    MEANINGS.iter().filter(move |m| m.place == place)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::fit::width;

    #[test]
    fn one_column_each() {
        for meaning in MEANINGS {
            assert_eq!(width(meaning.unicode), 1, "{}", meaning.unicode);
            if !matches!(meaning.ascii, ".." | "->") {
                assert_eq!(width(meaning.ascii), 1, "{}", meaning.ascii);
            }
        }
        assert!(format!("{ASCII:?}").is_ascii());
    }

    #[test]
    fn one_sign_means_one_thing_at_its_place() {
        // Signs that can stand in one column, or in one list beside each other.
        let together: &[&[&str]] = &[
            &["Beside an App", "What differs"],
            &["An object", "What differs"],
            &["A changed line"],
            &["A cluster"],
            &["A Run"],
            &["Lists and texts"],
        ];
        for places in together {
            for (which, sign) in [
                ("unicode", (|m| m.unicode) as fn(&Meaning) -> &'static str),
                ("ascii", |m| m.ascii),
            ] {
                let mut seen = std::collections::BTreeMap::new();
                for meaning in places.iter().copied().flat_map(legend) {
                    if let Some(other) = seen.insert(sign(meaning), meaning.says) {
                        panic!("{which} {}: {other}, {}", sign(meaning), meaning.says);
                    }
                }
            }
        }
    }

    #[test]
    fn every_sign_with_a_place_is_in_the_legend() {
        let n: usize = PLACES.iter().map(|place| legend(place).count()).sum();
        let placed = MEANINGS.iter().filter(|m| !m.place.is_empty()).count();
        assert_eq!(n, placed);
    }
}
