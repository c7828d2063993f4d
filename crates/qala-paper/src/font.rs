//! The two faces of the page, and how wide words are in them.

use ttf_parser::gpos::{PairAdjustment, PositioningSubtable};
use ttf_parser::{Face, GlyphId, Tag};

use crate::PaperError;

static REGULAR: &[u8] = include_bytes!("../fonts/inter-regular.ttf");
static BOLD: &[u8] = include_bytes!("../fonts/inter-semibold.ttf");

/// A weight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Weight {
    Regular,
    Bold,
}

impl Weight {
    pub(crate) const ALL: [Self; 2] = [Self::Regular, Self::Bold];
}

/// A letter as it is drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Glyph {
    pub(crate) id: u16,
    pub(crate) letter: char,
    /// How far the next one stands, in sizes of the font, as the font says.
    pub(crate) advance: f32,
    /// How much nearer or farther because of the next one, in sizes of the font.
    pub(crate) kern: f32,
}

/// A face.
pub(crate) struct Font {
    pub(crate) data: &'static [u8],
    pub(crate) face: Face<'static>,
    pub(crate) name: &'static str,
    /// Pairs of letters that stand nearer to each other or farther apart: lists of which each gives the first that fits.
    pairs: Vec<Vec<PairAdjustment<'static>>>,
}

impl Font {
    fn load(data: &'static [u8], name: &'static str) -> Result<Self, PaperError> {
        let face = Face::parse(data, 0).map_err(|_| PaperError("a font cannot be read"))?;
        let mut pairs = Vec::new();
        if let Some(table) = face.tables().gpos {
            let kern = Tag::from_bytes(b"kern");
            let mut lookups: Vec<u16> = (table.features.into_iter())
                .filter(|feature| feature.tag == kern)
                .flat_map(|feature| feature.lookup_indices)
                .collect();
            lookups.sort_unstable();
            lookups.dedup();
            for lookup in lookups.into_iter().filter_map(|at| table.lookups.get(at)) {
                let subtables = lookup.subtables.into_iter::<PositioningSubtable<'_>>();
                pairs.push(
                    subtables
                        .filter_map(|table| match table {
                            PositioningSubtable::Pair(pair) => Some(pair),
                            _ => None,
                        })
                        .collect(),
                );
            }
        }
        Ok(Self {
            data,
            face,
            name,
            pairs,
        })
    }

    /// Letters as they are drawn.
    pub(crate) fn glyphs(&self, text: &str) -> Vec<Glyph> {
        let em = f32::from(self.face.units_per_em());
        let ids: Vec<(char, GlyphId)> = text
            .chars()
            .map(|letter| (letter, self.face.glyph_index(letter).unwrap_or_default()))
            .collect();
        let glyph = |at: usize| {
            let (letter, id) = ids[at];
            let next = ids.get(at + 1);
            Glyph {
                id: id.0,
                letter,
                advance: f32::from(self.face.glyph_hor_advance(id).unwrap_or_default()) / em,
                kern: next.map_or(0.0, |(_, next)| f32::from(self.kern(id, *next)) / em),
            }
        };
        (0..ids.len()).map(glyph).collect()
    }

    fn kern(&self, first: GlyphId, second: GlyphId) -> i16 {
        let of = |pair: &PairAdjustment<'_>| match pair {
            PairAdjustment::Format1 { coverage, sets } => {
                let (record, _) = sets.get(coverage.get(first)?)?.get(second)?;
                Some(record.x_advance)
            }
            PairAdjustment::Format2 {
                coverage,
                classes,
                matrix,
            } => {
                coverage.get(first)?;
                let (record, _) = matrix.get((classes.0.get(first), classes.1.get(second)))?;
                Some(record.x_advance)
            }
        };
        let each = self.pairs.iter().filter_map(|list| list.iter().find_map(of));
        each.fold(0, i16::saturating_add)
    }

    /// How wide a text is, in points.
    pub(crate) fn width(&self, text: &str, size: f32) -> f32 {
        let glyphs = self.glyphs(text);
        glyphs.iter().map(|g| g.advance + g.kern).sum::<f32>() * size
    }
}

/// Both faces.
pub(crate) struct Fonts([Font; 2]);

impl Fonts {
    /// # Errors
    /// A file of a font that is damaged.
    pub(crate) fn load() -> Result<Self, PaperError> {
        Ok(Self([
            Font::load(REGULAR, "Inter-Regular")?,
            Font::load(BOLD, "Inter-SemiBold")?,
        ]))
    }

    pub(crate) fn of(&self, weight: Weight) -> &Font {
        match weight {
            Weight::Regular => &self.0[0],
            Weight::Bold => &self.0[1],
        }
    }
}
