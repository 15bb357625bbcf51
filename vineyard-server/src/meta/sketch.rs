//! What can be made of a tree that a client sent without looking at what there is: its plain values.
//!
//! Trees may be as large as messages. What is done here is not done under the lock of the metadata.

use vineyard_core::meta::{MetaField, MetaTree};

use super::create::PLACED_KEYS;
use super::extent::Extent;
use super::record::{Draft, Field};

/// Trees of which [`Tree::create_sketched`](super::Tree::create_sketched) makes objects.
#[derive(Debug)]
pub struct Sketches<'a> {
    pub(super) tops: Vec<Sketch<'a>>,
    /// What turned out not to be needed: to drop it takes time, which is the caller's.
    pub(super) unused: Vec<Sketch<'a>>,
    pub(super) refused: Vec<Draft>,
}

impl<'a> Sketches<'a> {
    /// Reads the trees, and `ahead` also those of members, which may exist and would not have to be read then. Cost
    /// grows with what is read.
    pub fn new(contents: &'a [MetaTree], ahead: bool) -> Self {
        let room = if ahead { Extent::MAX_DEPTH } else { 0 };
        let tops = contents.iter().map(|content| Sketch::new(content, room)).collect();
        Self { tops, unused: Vec::new(), refused: Vec::new() }
    }
}

/// One object: its plain values as they will be stored, its members as they came.
#[derive(Debug)]
pub(super) struct Sketch<'a> {
    pub tree: &'a MetaTree,
    /// In byte order of the keys.
    pub fields: Vec<(Box<str>, Sketched<'a>)>,
    /// The extent of the plain values and all keys; the first key whose value is nested too deeply.
    pub own: Result<Extent, Box<str>>,
}

/// What a key of a [`Sketch`] holds.
#[derive(Debug)]
pub(super) enum Sketched<'a> {
    Plain(Field),
    Member(&'a MetaTree, Option<Sketch<'a>>),
}

impl<'a> Sketch<'a> {
    /// Reads one tree, and those of its members down to `room` levels below it.
    pub fn new(tree: &'a MetaTree, room: u32) -> Self {
        let mut own = Extent::NODE;
        own.include_text(tree.typename().unwrap_or_default());
        let mut own = Ok(own);
        let others = tree.fields().filter(|(key, _)| !PLACED_KEYS.contains(key));
        let fields = others.map(|(key, field)| {
            if let Ok(extent) = &mut own {
                extent.include_text(key);
            }
            let sketched = match field {
                MetaField::Value(value) => {
                    let field = Field::from_value(value);
                    if let Ok(extent) = &mut own
                        && field.include_in(extent).is_none()
                    {
                        own = Err(key.into());
                    }
                    Sketched::Plain(field)
                }
                MetaField::Member(member) => {
                    let ahead = room.checked_sub(1).map(|room| Self::new(member, room));
                    Sketched::Member(member, ahead)
                }
            };
            (key.into(), sketched)
        });
        let fields = fields.collect();
        Self { tree, fields, own }
    }
}
