//! Scenes to be looked at: with the escape sequences of a real terminal, and as the pictures of the README.

use std::fmt::Write as _;

use ratatui::buffer::Buffer;
use ratatui::style::{Color, Modifier};
use trueup::tui::{Background, Depth, Theme};

use super::scene;
use super::script::Console;
use super::svg::{Ground, svg};

fn ansi(buffer: &Buffer) -> String {
    let mut out = String::new();
    for y in 0..buffer.area.height {
        let mut x = 0;
        while x < buffer.area.width {
            let cell = &buffer[(x, y)];
            out.push_str("\u{1b}[0m");
            for (color, base) in [(cell.fg, 30), (cell.bg, 40)] {
                match color {
                    Color::Rgb(r, g, b) => {
                        write!(out, "\u{1b}[{};2;{r};{g};{b}m", base + 8).unwrap()
                    }
                    Color::Indexed(i) => write!(out, "\u{1b}[{};5;{i}m", base + 8).unwrap(),
                    Color::Reset => {}
                    named => {
                        let n = [
                            Color::Black,
                            Color::Red,
                            Color::Green,
                            Color::Yellow,
                            Color::Blue,
                            Color::Magenta,
                            Color::Cyan,
                            Color::Gray,
                            Color::DarkGray,
                        ]
                        .iter()
                        .position(|c| *c == named)
                        .unwrap_or(7);
                        let n = if n == 8 { base + 60 } else { base + n };
                        write!(out, "\u{1b}[{n}m").unwrap();
                    }
                }
            }
            for (modifier, n) in [
                (Modifier::BOLD, 1),
                (Modifier::DIM, 2),
                (Modifier::UNDERLINED, 4),
                (Modifier::REVERSED, 7),
            ] {
                if cell.modifier.contains(modifier) {
                    write!(out, "\u{1b}[{n}m").unwrap();
                }
            }
            out.push_str(cell.symbol());
            x += (trueup::tui::fit::width(cell.symbol()) as u16).max(1);
        }
        out.push_str("\u{1b}[0m\n");
    }
    out
}

#[test]
#[ignore = "writes pictures into the directory TRUEUP_PICTURES"]
fn pictures() {
    let directory = std::path::PathBuf::from(std::env::var("TRUEUP_PICTURES").unwrap());
    let sizes = [(80, 24), (160, 45), (120, 40)];
    let looks = [
        ("true", Depth::True, Background::Dark),
        ("light", Depth::True, Background::Light),
        ("either", Depth::True, Background::Unknown),
        ("basic", Depth::Basic, Background::Unknown),
        ("mono", Depth::Mono, Background::Unknown),
    ];
    for (width, height) in sizes {
        for (name, depth, background) in looks {
            for (scene, keys, plan) in [
                ("diff", "n", false),
                ("focus", "n enter j j j j", false),
                ("resources", "n ] tab j space", false),
                ("history", "n R", false),
                ("source", "n [ enter", false),
                ("plan", "n s", true),
                ("help", "n ?", false),
                ("problem", "G k enter", false),
            ] {
                let theme = Theme::new(depth, background);
                let mut console = Console::themed(width, height, scene::world(), theme, false);
                console.keys(keys);
                if plan {
                    console.drawn(Ok(scene::plan("prod-eu", true)));
                }
                let file = directory.join(format!("{scene}-{name}-{width}x{height}.ansi"));
                std::fs::write(file, ansi(console.buffer())).unwrap();
            }
        }
    }
}

#[test]
fn the_pictures_of_the_readme_are_true() {
    let mut world = scene::world();
    // Not every machine that shows the pictures has every script.
    world.apps.retain(|app| app.app.id.name.is_ascii());
    for (name, background, ground) in [
        (
            "console-dark.svg",
            Background::Dark,
            Ground {
                text: "#d6dce4",
                ground: "#14181e",
            },
        ),
        (
            "console-light.svg",
            Background::Light,
            Ground {
                text: "#1f2328",
                ground: "#ffffff",
            },
        ),
    ] {
        let theme = Theme::new(Depth::True, background);
        let mut console = Console::themed(112, 40, world.clone(), theme, false);
        console.keys("n { { j k");
        let want = svg(console.buffer(), ground);
        let path = format!("{}/assets/{name}", env!("CARGO_MANIFEST_DIR"));
        if std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::write(&path, &want).unwrap();
        }
        let have = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            have == want,
            "UPDATE_DOCS=1 cargo test --test suite the_pictures_of_the_readme writes assets/{name} anew"
        );
    }
}
