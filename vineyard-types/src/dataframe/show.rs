//! Frames as text.

use std::fmt::{self, Write};

use super::{Cell, Column, DataFrame};

/// Wider cells are cut.
const MAX_WIDTH: usize = 32;

/// The first rows of a frame; shows itself as an aligned table.
#[derive(Debug, Clone, Copy)]
pub struct Head<'a> {
    frame: &'a DataFrame,
    rows: usize,
}

impl<'a> Head<'a> {
    pub(super) fn new(frame: &'a DataFrame, rows: usize) -> Self {
        Self { frame, rows: rows.min(frame.num_rows()) }
    }
}

/// One column of the table, as wide as its widest cell.
struct Shown {
    cells: Vec<String>,
    width: usize,
    right: bool,
}

impl Shown {
    fn new(title: String, right: bool, rows: impl Iterator<Item = String>) -> Self {
        let cells: Vec<String> = std::iter::once(title).chain(rows).map(cut).collect();
        let width = cells.iter().map(|cell| cell.chars().count()).max().unwrap_or(0);
        Self { cells, width, right }
    }

    fn column(title: String, column: &Column, rows: usize) -> Self {
        let cell = |row| column.display(row).map_or_else(String::new, |cell| show(&cell));
        Self::new(title, !is_text(column), (0..rows).map(cell))
    }
}

fn is_text(column: &Column) -> bool {
    match column {
        Column::Text(_) => true,
        #[cfg(feature = "arrow")]
        Column::Arrow(array) => array.is_text(),
        _ => false,
    }
}

/// Floats with few digits, texts on one line, everything else as it is.
fn show(cell: &Cell<'_>) -> String {
    let text = cell.to_string();
    match cell {
        Cell::Number(number) if text.split_once('.').is_some_and(|(_, digits)| digits.len() > 6) => {
            format!("{number:.6}")
        }
        Cell::Text(_) | Cell::Value(_) => text.chars().flat_map(on_one_line).collect(),
        _ => text,
    }
}

/// Line breaks and other control characters as their escapes.
fn on_one_line(character: char) -> impl Iterator<Item = char> {
    let (plain, escaped) =
        if character.is_control() { (None, Some(character.escape_default())) } else { (Some(character), None) };
    plain.into_iter().chain(escaped.into_iter().flatten())
}

fn cut(text: String) -> String {
    match text.char_indices().nth(MAX_WIDTH) {
        None => text,
        Some(_) => text.chars().take(MAX_WIDTH.saturating_sub(1)).chain(['…']).collect(),
    }
}

impl fmt::Display for Head<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let labels = match self.frame.index() {
            Some(index) => Shown::column(index.name().unwrap_or_default().to_owned(), index.values(), self.rows),
            None => Shown::new(String::new(), true, (0..self.rows).map(|row| row.to_string())),
        };
        let columns = self.frame.columns().map(|(name, column)| Shown::column(name.to_string(), column, self.rows));
        let shown: Vec<Shown> = std::iter::once(labels).chain(columns).collect();
        for row in 0..=self.rows {
            let mut line = String::new();
            for (place, column) in shown.iter().enumerate() {
                let gap = if place == 0 { "" } else { "  " };
                let cell = column.cells.get(row).map_or("", String::as_str);
                let width = column.width;
                if column.right {
                    write!(line, "{gap}{cell:>width$}")?;
                } else {
                    write!(line, "{gap}{cell:<width$}")?;
                }
            }
            writeln!(f, "{}", line.trim_end())?;
        }
        let more = self.frame.num_rows().saturating_sub(self.rows);
        if more > 0 {
            writeln!(f, "… and {more} more rows")?;
        }
        Ok(())
    }
}
