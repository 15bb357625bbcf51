//! Our client, which puts and gets the frame in one of two forms.

use std::path::Path;

use arrow_array::RecordBatch as ArrowBatch;
use vineyard_benches::Done;
use vineyard_benches::server::Kind;
use vineyard_core::{Client, ObjectId, Stored};
use vineyard_types::DataFrame;
use vineyard_types::arrow::RecordBatch;

use crate::frame;
use crate::peer::{Needs, Peer, timed};

/// A form of the frame.
pub(crate) trait Form {
    /// What a get gives.
    type Got;

    fn put(&self, client: &Client) -> Done<ObjectId>;

    fn get(client: &Client, id: ObjectId) -> Done<Self::Got>;

    /// The sum of the first value of each column.
    fn look_at(got: &Self::Got) -> f64;

    /// The sum of all values.
    fn sum(got: &Self::Got) -> f64;
}

impl Form for DataFrame {
    type Got = Stored<Self>;

    fn put(&self, client: &Client) -> Done<ObjectId> {
        Ok(client.put(self)?)
    }

    fn get(client: &Client, id: ObjectId) -> Done<Stored<Self>> {
        Ok(client.get(id)?)
    }

    fn look_at(got: &Stored<Self>) -> f64 {
        let columns = got.columns().filter_map(|(_, column)| column.numbers::<f64>());
        columns.filter_map(|column| column.as_slice().first()).sum()
    }

    fn sum(got: &Stored<Self>) -> f64 {
        let columns = got.columns().filter_map(|(_, column)| column.numbers::<f64>());
        columns.map(|column| column.as_slice().iter().sum::<f64>()).sum()
    }
}

/// From Arrow's own type, and back to it.
impl Form for ArrowBatch {
    type Got = Self;

    fn put(&self, client: &Client) -> Done<ObjectId> {
        Ok(client.put(&RecordBatch::from_arrow(self)?)?)
    }

    fn get(client: &Client, id: ObjectId) -> Done<Self> {
        Ok(client.get::<RecordBatch>(id)?.to_arrow()?)
    }

    fn look_at(got: &Self) -> f64 {
        frame::look_at(got)
    }

    fn sum(got: &Self) -> f64 {
        frame::sum_of(got)
    }
}

/// Our client on our server.
#[derive(Debug)]
pub(crate) struct Ours<F> {
    name: &'static str,
    kind: Kind,
    form: F,
    client: Option<Client>,
    id: ObjectId,
}

impl<F: Form> Ours<F> {
    pub(crate) fn new(name: &'static str, kind: Kind, form: F) -> Self {
        Self { name, kind, form, client: None, id: ObjectId::INVALID }
    }

    fn client(&self) -> Done<&Client> {
        Ok(self.client.as_ref().ok_or("the client is not connected")?)
    }
}

impl<F: Form> Peer for Ours<F> {
    fn name(&self) -> &str {
        self.name
    }

    fn needs(&self) -> Needs {
        Needs::Server(self.kind)
    }

    fn gets(&self) -> usize {
        100
    }

    fn open(&mut self, socket: &Path) -> Done {
        self.client = Some(Client::connect(socket)?);
        Ok(())
    }

    fn put(&mut self) -> Done<f64> {
        let client = self.client()?;
        let (id, time) = timed(|| self.form.put(client))?;
        self.id = id;
        Ok(time)
    }

    fn get(&mut self) -> Done<f64> {
        let client = self.client()?;
        timed(|| F::get(client, self.id)).map(|(_, time)| time)
    }

    fn touch(&mut self) -> Done<f64> {
        let client = self.client()?;
        timed(|| Ok(F::look_at(&F::get(client, self.id)?))).map(|(_, time)| time)
    }

    fn sum(&mut self) -> Done<f64> {
        Ok(F::sum(&F::get(self.client()?, self.id)?))
    }

    fn delete(&mut self) -> Done {
        Ok(self.client()?.delete(self.id)?)
    }

    fn close(&mut self) -> Done {
        self.client = None;
        Ok(())
    }
}
