//! A screen as an SVG picture: every run of text at the columns where its cells are, lines and blocks as shapes.

use std::fmt::Write as _;

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};
use trueup::tui::fit::width;

/// Size of a cell, and where in it the text stands.
const CELL: (f32, f32) = (8.4, 18.0);
const BASELINE: f32 = 13.4;
const MARGIN: f32 = 14.0;

/// The colours that a terminal would give to text and ground.
#[derive(Clone, Copy)]
pub struct Ground {
    pub text: &'static str,
    pub ground: &'static str,
}

/// Draws a screen.
pub fn svg(buffer: &Buffer, ground: Ground) -> String {
    let area = buffer.area;
    let wide = MARGIN * 2.0 + f32::from(area.width) * CELL.0;
    let high = MARGIN * 2.0 + f32::from(area.height) * CELL.1;
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {wide:.1} {high:.1}\" width=\"{wide:.0}\" height=\"{high:.0}\" \
         font-family=\"'DejaVu Sans Mono', ui-monospace, 'SF Mono', Menlo, Consolas, monospace\" font-size=\"14\">\n\
         <title>The console of trueup</title>\n\
         <rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"{}\"/>\n",
        ground.ground
    );
    for y in 0..area.height {
        fills(&mut out, buffer, y, ground);
        texts(&mut out, buffer, y, ground);
    }
    out.push_str("</svg>\n");
    out
}

fn left(x: u16) -> f32 {
    MARGIN + f32::from(x) * CELL.0
}

fn top(y: u16) -> f32 {
    MARGIN + f32::from(y) * CELL.1
}

/// A colour in SVG's words; none for the terminal's own.
fn colour(color: Color) -> Option<String> {
    match color {
        Color::Rgb(r, g, b) => Some(format!("#{r:02x}{g:02x}{b:02x}")),
        Color::Reset => None,
        other => panic!("{other:?}: a picture is drawn in 24-bit colours"),
    }
}

fn is_reversed(cell: &Cell) -> bool {
    cell.modifier.contains(Modifier::REVERSED)
}

fn fill(cell: &Cell, ground: Ground) -> Option<String> {
    match is_reversed(cell) {
        true => colour(cell.fg).or_else(|| Some(ground.text.into())),
        false => colour(cell.bg),
    }
}

fn ink(cell: &Cell, ground: Ground) -> String {
    match is_reversed(cell) {
        true => colour(cell.bg).unwrap_or_else(|| ground.ground.into()),
        false => colour(cell.fg).unwrap_or_else(|| ground.text.into()),
    }
}

fn fills(out: &mut String, buffer: &Buffer, y: u16, ground: Ground) {
    let mut x = 0;
    while x < buffer.area.width {
        let of = fill(&buffer[(x, y)], ground);
        let start = x;
        while x < buffer.area.width && fill(&buffer[(x, y)], ground) == of {
            x += 1;
        }
        if let Some(fill) = of {
            writeln!(
                out,
                "<rect x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\" fill=\"{fill}\"/>",
                left(start),
                top(y),
                f32::from(x - start) * CELL.0,
                CELL.1
            )
            .unwrap();
        }
    }
}

fn texts(out: &mut String, buffer: &Buffer, y: u16, ground: Ground) {
    let mut x = 0;
    while x < buffer.area.width {
        let cell = &buffer[(x, y)];
        let wide = (width(cell.symbol()) as u16).max(1);
        if cell.symbol().trim().is_empty() {
            x += wide;
            continue;
        }
        if shape(out, cell, x, y, ground) {
            x += wide;
            continue;
        }
        let start = x;
        let mut text = cell.symbol().to_owned();
        x += wide;
        // Signs may come from another font: each stands alone, so that no text is moved by one.
        while text.is_ascii() && x < buffer.area.width {
            let next = &buffer[(x, y)];
            let is_same =
                next.fg == cell.fg && next.bg == cell.bg && next.modifier == cell.modifier;
            if !is_same || !next.symbol().is_ascii() {
                break;
            }
            text.push_str(next.symbol());
            x += 1;
        }
        word(out, cell, (start, y), &text, ground);
    }
}

fn word(out: &mut String, cell: &Cell, at: (u16, u16), text: &str, ground: Ground) {
    let text = text.trim_end();
    let escaped = text.replace('&', "&amp;").replace('<', "&lt;");
    let mut rest = String::new();
    for (modifier, attribute) in [
        (Modifier::BOLD, " font-weight=\"bold\""),
        (Modifier::DIM, " opacity=\"0.6\""),
        (Modifier::ITALIC, " font-style=\"italic\""),
        (Modifier::UNDERLINED, " text-decoration=\"underline\""),
    ] {
        if cell.modifier.contains(modifier) {
            rest.push_str(attribute);
        }
    }
    writeln!(
        out,
        "<text xml:space=\"preserve\" x=\"{:.1}\" y=\"{:.1}\" textLength=\"{:.1}\" lengthAdjust=\"spacingAndGlyphs\" fill=\"{}\"{rest}>{escaped}</text>",
        left(at.0),
        top(at.1) + BASELINE,
        width(text) as f32 * CELL.0,
        ink(cell, ground)
    )
    .unwrap();
}

/// Draws a border or a block as lines that meet those of the next cell, which no font promises.
fn shape(out: &mut String, cell: &Cell, x: u16, y: u16, ground: Ground) -> bool {
    let (w, h) = CELL;
    let (x, y) = (left(x), top(y));
    let (cx, cy) = (x + w / 2.0, y + h / 2.0);
    let (right, bottom) = (x + w, y + h);
    let stroke = match cell.symbol() {
        "─" => format!("M{x:.1} {cy:.1}H{right:.1}"),
        "│" => format!("M{cx:.1} {y:.1}V{bottom:.1}"),
        "╭" => format!("M{cx:.1} {bottom:.1}Q{cx:.1} {cy:.1} {right:.1} {cy:.1}"),
        "╮" => format!("M{x:.1} {cy:.1}Q{cx:.1} {cy:.1} {cx:.1} {bottom:.1}"),
        "╰" => format!("M{cx:.1} {y:.1}Q{cx:.1} {cy:.1} {right:.1} {cy:.1}"),
        "╯" => format!("M{x:.1} {cy:.1}Q{cx:.1} {cy:.1} {cx:.1} {y:.1}"),
        "▌" => {
            writeln!(
                out,
                "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{:.1}\" height=\"{h:.1}\" fill=\"{}\"/>",
                w / 2.0,
                ink(cell, ground)
            )
            .unwrap();
            return true;
        }
        _ => return false,
    };
    writeln!(
        out,
        "<path d=\"{stroke}\" fill=\"none\" stroke=\"{}\"/>",
        ink(cell, ground)
    )
    .unwrap();
    true
}
