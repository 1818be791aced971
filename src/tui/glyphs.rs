//! The signs of the console. They differ in shape, not only in colour, take one column each, and each has an ASCII
//! twin for terminals and fonts that lack it.

/// One set of signs.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs, reason = "the names say it")]
pub struct Glyphs {
    pub up: &'static str,
    pub connecting: &'static str,
    pub down: &'static str,
    pub git: &'static str,
    pub cluster: &'static str,
    pub both: &'static str,
    pub differs: &'static str,
    pub synced: &'static str,
    pub checking: &'static str,
    pub failed: &'static str,
    pub available: &'static str,
    pub missing: &'static str,
    pub extra: &'static str,
    pub refused: &'static str,
    pub unknown: &'static str,
    pub warning: &'static str,
    pub pinned: &'static str,
    pub unconfirmed: &'static str,
    pub uncommitted: &'static str,
    pub unpushed: &'static str,
    pub old: &'static str,
    pub changed: &'static str,
    pub mark: &'static str,
    pub bar: &'static str,
    pub open: &'static str,
    pub folded: &'static str,
    pub running: &'static str,
    pub waiting: &'static str,
    pub dot: &'static str,
    pub ellipsis: &'static str,
    pub rule: &'static str,
    pub arrow: &'static str,
    /// What the run of a masked value is made of.
    pub mask_run: &'static str,
    /// What moves while something is under way.
    pub spinner: [&'static str; 4],
    /// Corners and edges of a frame: top left, top right, bottom left, bottom right, horizontal, vertical.
    pub frame: [&'static str; 6],
}

/// Signs of Unicode, all of which common monospaced fonts have.
pub const UNICODE: Glyphs = Glyphs {
    up: "●",
    connecting: "◌",
    down: "✗",
    git: "▲",
    cluster: "▼",
    both: "◆",
    differs: "≠",
    synced: "✓",
    checking: "…",
    failed: "✗",
    available: "○",
    missing: "+",
    extra: "−",
    refused: "⊘",
    unknown: "?",
    warning: "!",
    pinned: "⊥",
    unconfirmed: "?",
    uncommitted: "±",
    unpushed: "⇡",
    old: "~",
    changed: "•",
    mark: "■",
    bar: "▌",
    open: "▾",
    folded: "▸",
    running: "▶",
    waiting: "·",
    dot: "·",
    ellipsis: "…",
    rule: "─",
    arrow: "→",
    mask_run: "•",
    spinner: ["◐", "◓", "◑", "◒"],
    frame: ["╭", "╮", "╰", "╯", "─", "│"],
};

/// Signs of ASCII alone.
pub const ASCII: Glyphs = Glyphs {
    up: "o",
    connecting: ".",
    down: "x",
    git: "^",
    cluster: "v",
    both: "*",
    differs: "#",
    synced: "=",
    checking: ".",
    failed: "X",
    available: "-",
    missing: "+",
    extra: "-",
    refused: "%",
    unknown: "?",
    warning: "!",
    pinned: "P",
    unconfirmed: "?",
    uncommitted: "M",
    unpushed: "'",
    old: "~",
    changed: "*",
    mark: "@",
    bar: ">",
    open: "v",
    folded: ">",
    running: ">",
    waiting: ".",
    dot: "|",
    ellipsis: "~",
    rule: "-",
    arrow: "->",
    mask_run: "*",
    spinner: ["|", "/", "-", "\\"],
    frame: ["+", "+", "+", "+", "-", "|"],
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::fit::width;

    #[test]
    fn one_column_each() {
        for set in [UNICODE, ASCII] {
            for glyph in [
                set.up,
                set.connecting,
                set.down,
                set.git,
                set.cluster,
                set.both,
                set.differs,
                set.synced,
                set.checking,
                set.failed,
                set.available,
                set.missing,
                set.extra,
                set.refused,
                set.unknown,
                set.warning,
                set.pinned,
                set.unconfirmed,
                set.uncommitted,
                set.unpushed,
                set.old,
                set.changed,
                set.mark,
                set.bar,
                set.open,
                set.folded,
                set.running,
                set.waiting,
                set.dot,
                set.ellipsis,
                set.rule,
            ] {
                assert_eq!(width(glyph), 1, "{glyph}");
            }
        }
        assert!(format!("{ASCII:?}").is_ascii());
    }
}
