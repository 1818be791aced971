//! Where things stand, as a pure function of the terminal's size. Update and view ask the same function, so paging
//! and drawing agree.

use ratatui::layout::{Rect, Size};

/// The least size that the console can be used at.
pub const LEAST: Size = Size {
    width: 60,
    height: 15,
};

/// From this width on, list and detail stand side by side.
pub const TWO_COLUMNS: u16 = 100;

/// From this width on, the list has room for what was synced last.
const WIDE: u16 = 150;

/// Areas of the main screen. An area that is not shown has no size.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Areas {
    /// First line.
    pub header: Rect,
    /// The list of Apps, frame included.
    pub apps: Rect,
    /// The list of clusters, frame included.
    pub clusters: Rect,
    /// Lines that a cluster takes: two where one is too short to say what there is to say.
    pub cluster_lines: u16,
    /// The detail pane, frame included.
    pub detail: Rect,
    /// Its content, below tabs and the line about the revision.
    pub content: Rect,
    /// Last line.
    pub footer: Rect,
}

/// The areas at a size. `detail` says whether the detail pane has the focus, which decides what one column shows.
pub fn areas(size: Size, n_clusters: usize, detail: bool) -> Areas {
    let Size { width, height } = size;
    if width < LEAST.width || height < LEAST.height {
        return Areas::default();
    }
    let body = height - 2;
    let two = width >= TWO_COLUMNS;
    let left = match (two, detail) {
        (true, _) if width >= WIDE => (width * 38 / 100).min(60),
        (true, _) => (width * 36 / 100).max(38),
        (false, true) => 0,
        (false, false) => width,
    };
    let right = if two || detail { width - left } else { 0 };
    let n = n_clusters.clamp(1, 8) as u16;
    // Clusters give way to Apps: a second line is for a pane that is narrow and has the room.
    let cluster_lines = if left < 70 && 2 * n + 2 <= body / 3 {
        2
    } else {
        1
    };
    let below = if left == 0 {
        0
    } else {
        (n * cluster_lines + 2).min(body / 3)
    };
    let mut areas = Areas {
        header: Rect::new(0, 0, width, 1),
        apps: Rect::new(0, 1, left, if left == 0 { 0 } else { body - below }),
        clusters: Rect::new(0, 1 + body - below, left, below),
        cluster_lines,
        detail: Rect::new(left, 1, right, if right == 0 { 0 } else { body }),
        content: Rect::default(),
        footer: Rect::new(0, height - 1, width, 1),
    };
    if right > 0 {
        areas.content = Rect::new(left + 1, 4, right - 2, body - 4);
    }
    areas
}

/// Lines inside a frame.
pub fn inner_height(area: Rect) -> usize {
    usize::from(area.height.saturating_sub(2))
}

/// A dialog over the main screen: all between header and footer for a long text, or a box of the given size in its middle.
pub fn dialog(size: Size, wanted: Option<Size>) -> Rect {
    let Size { width, height } = size;
    let (w, h) = match wanted {
        None => (width, height.saturating_sub(2)),
        Some(s) => (
            s.width.min(width.saturating_sub(2)),
            s.height.min(height.saturating_sub(2)),
        ),
    };
    Rect::new((width - w) / 2, (height - h) / 2, w, h)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn areas_tile_the_screen() {
        for (width, height) in [
            (60, 15),
            (80, 24),
            (99, 30),
            (100, 30),
            (160, 45),
            (300, 90),
        ] {
            for clusters in [0, 1, 4, 40] {
                for detail in [false, true] {
                    let a = areas(Size::new(width, height), clusters, detail);
                    let parts = [a.header, a.apps, a.clusters, a.detail, a.footer];
                    let sum: u32 = parts.iter().map(|r| r.area()).sum();
                    assert_eq!(
                        sum,
                        u32::from(width) * u32::from(height),
                        "{width}x{height}"
                    );
                    assert_eq!(a.apps.height == 0, width < 100 && detail);
                    assert_eq!(a.detail.width == 0, width < 100 && !detail);
                    if a.detail.width > 0 {
                        assert!(a.content.height >= 8 && a.content.width >= 40);
                    }
                }
            }
        }
    }

    #[test]
    fn too_small_has_no_areas() {
        assert_eq!(areas(Size::new(59, 40), 1, false), Areas::default());
        assert_eq!(areas(Size::new(80, 14), 1, false), Areas::default());
    }

    #[test]
    fn dialogs_stay_on_screen() {
        for size in [
            Size::new(0, 0),
            Size::new(3, 2),
            Size::new(80, 24),
            Size::new(160, 45),
        ] {
            for wanted in [None, Some(Size::new(60, 9)), Some(Size::new(900, 900))] {
                let d = dialog(size, wanted);
                assert!(d.right() <= size.width && d.bottom() <= size.height);
            }
        }
    }
}
