//! Reading the two tables.

use std::collections::HashMap;
use std::path::Path;

use vineyard_types::DataFrame;

use crate::Failure;

const AIRPORTS: &str = "airports.csv";
const ROUTES: &str = "flights-airport.csv";

/// The text of both files.
pub struct Files {
    airports: String,
    routes: String,
}

impl Files {
    /// The files of a directory, or the built-in ones.
    pub fn read(directory: Option<&Path>) -> Result<Self, Failure> {
        let Some(directory) = directory else {
            return Ok(Self {
                airports: include_str!("data/airports.csv").to_owned(),
                routes: include_str!("data/flights-airport.csv").to_owned(),
            });
        };
        let read = |name: &str| {
            let path = directory.join(name);
            std::fs::read_to_string(&path).map_err(|error| format!("cannot read {}: {error}", path.display()))
        };
        Ok(Self { airports: read(AIRPORTS)?, routes: read(ROUTES)? })
    }

    /// All airports, a row each.
    pub fn airports(&self) -> Result<DataFrame, Failure> {
        let table = Table::parse(AIRPORTS, &self.airports)?;
        let mut frame = DataFrame::new();
        for name in ["iata", "name", "city", "state", "country"] {
            frame = frame.with_column(name, table.column(name)?.collect::<Vec<&str>>())?;
        }
        for name in ["latitude", "longitude"] {
            frame = frame.with_column(name, table.numbers(name)?)?;
        }
        Ok(frame)
    }

    /// All routes: the rows of their two airports in `airports`, and the number of flights.
    pub fn routes(&self, airports: &DataFrame) -> Result<Vec<(u32, u32, f64)>, Failure> {
        let mut rows = HashMap::new();
        for (row, code) in (0u32..).zip(airports.texts("iata")?.iter()) {
            rows.insert(code.transpose()?.unwrap_or_default(), row);
        }
        let table = Table::parse(ROUTES, &self.routes)?;
        let (from, to, flights) = (table.column("origin")?, table.column("destination")?, table.numbers("count")?);
        let row = |line: usize, code: &str| {
            rows.get(code).copied().ok_or_else(|| format!("{ROUTES}, line {line}: there is no airport `{code}`"))
        };
        let routes = (2..).zip(from.zip(to)).zip(flights);
        Ok(routes
            .map(|((line, (from, to)), count)| Ok((row(line, from)?, row(line, to)?, count)))
            .collect::<Result<_, String>>()?)
    }
}

/// One CSV file.
struct Table {
    name: &'static str,
    header: csv::StringRecord,
    rows: Vec<csv::StringRecord>,
}

impl Table {
    fn parse(name: &'static str, text: &str) -> Result<Self, Failure> {
        let failed = |error: csv::Error| format!("{name}: {error}");
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let header = reader.headers().map_err(failed)?.clone();
        let rows = reader.records().collect::<Result<_, _>>().map_err(failed)?;
        Ok(Self { name, header, rows })
    }

    fn column(&self, title: &str) -> Result<impl Iterator<Item = &str>, Failure> {
        let place = self.header.iter().position(|found| found == title).ok_or_else(|| {
            let found: Vec<&str> = self.header.iter().collect();
            format!("{}: there is no column `{title}`, only {}", self.name, found.join(", "))
        })?;
        Ok(self.rows.iter().map(move |row| row.get(place).unwrap_or_default()))
    }

    fn numbers(&self, title: &str) -> Result<Vec<f64>, Failure> {
        let parse = |(line, text): (usize, &str)| {
            let number = text.trim().parse();
            number.map_err(|_| format!("{}, line {line}: `{title}` is `{text}`, expected a number", self.name))
        };
        Ok((2..).zip(self.column(title)?).map(parse).collect::<Result<_, _>>()?)
    }
}
