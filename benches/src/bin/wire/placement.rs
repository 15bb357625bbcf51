//! On which processors the client and the servers run.

use clap::ValueEnum;
use vineyard_benches::{Done, Placement, placements};

/// Where the processes of a measurement run.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Where {
    /// Wherever the system puts them.
    Anywhere,
    /// Each on the processor that it is pinned to, with all its threads.
    On(Placement),
}

impl Where {
    /// What it is called.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Anywhere => "anywhere",
            Self::On(placement) => placement.name,
        }
    }

    /// What its part of the page is called.
    pub(crate) fn title(self) -> String {
        match self {
            Self::Anywhere => "Not pinned".to_owned(),
            Self::On(Placement { name, client, peer }) if client == peer => {
                format!("On {name}: client and servers on processor {client}")
            }
            Self::On(Placement { name, client, peer }) => {
                format!("On {name}: the client on processor {client}, the servers on {peer}")
            }
        }
    }
}

/// A placement by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Choice {
    /// Nothing is pinned
    Anywhere,
    /// Client and server on one processor
    One,
    /// The client on one processor, the server on another
    Two,
}

/// The chosen placements that this machine allows. What is not pinned comes first: pinned processes stay so.
pub(crate) fn chosen(choices: &[Choice]) -> Done<Vec<Where>> {
    let mut found = Vec::new();
    if choices.contains(&Choice::Anywhere) {
        found.push(Where::Anywhere);
    }
    for placement in placements()? {
        let choice = if placement.client == placement.peer { Choice::One } else { Choice::Two };
        if choices.contains(&choice) {
            found.push(Where::On(placement));
        }
    }
    Ok(found)
}
