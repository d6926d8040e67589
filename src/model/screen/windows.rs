//! Where moving pictures are seen on a screen.

use super::Face;

/// Where camera and staff pictures appear under the screen's painted parts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Windows {
    /// Where the own camera is seen.
    pub own: Option<Window>,
    /// Where the staff's picture is seen.
    pub staff: Option<Window>,
}

/// A rectangle in thousandths of the TV's width and height.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Left edge.
    pub x: u16,
    /// Upper edge.
    pub y: u16,
    /// Width.
    pub width: u16,
    /// Height.
    pub height: u16,
    /// Shown as in a mirror (self-view), so that left stays left.
    pub mirrored: bool,
}

impl Face {
    /// Where pictures appear on this face; everything else is opaque.
    pub fn windows(&self) -> Windows {
        const VIEWFINDER: Window = Window { x: 520, y: 170, width: 430, height: 573, mirrored: true };
        const MIRROR: Window = Window { x: 500, y: 143, width: 450, height: 600, mirrored: true };
        const SMALL: Window = Window { x: 775, y: 50, width: 175, height: 233, mirrored: true };
        const FULL: Window = Window { x: 0, y: 0, width: 1000, height: 1000, mirrored: false };
        match self {
            Self::ShowWifi { .. } | Self::ShowPaper { .. } if self.has_viewfinder() => {
                Windows { own: Some(VIEWFINDER), staff: None }
            }
            Self::Mirror(_) | Self::TryOut => Windows { own: Some(MIRROR), staff: None },
            Self::Live { held: false, .. } => Windows { own: Some(SMALL), staff: Some(FULL) },
            _ => Windows::default(),
        }
    }
}
