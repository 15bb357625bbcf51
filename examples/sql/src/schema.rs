//! The names of a store as the tables of a schema.

use std::collections::HashSet;
use std::sync::Arc;

use async_trait::async_trait;
use datafusion::catalog::{CatalogProvider, MemoryCatalogProvider, SchemaProvider, TableProvider};
use datafusion::error::Result;
use datafusion::logical_expr::TableType;
use datafusion::prelude::{SessionConfig, SessionContext};
use vineyard_core::{Client, Error, ObjectId};

use crate::error::SqlError;
use crate::part::TYPENAMES;
use crate::table::StoreTable;

const CATALOG: &str = "vineyard";
const SCHEMA: &str = "store";

/// How many objects or names are listed with one request.
const PAGE: usize = 1000;

/// A session of DataFusion in which every name of the client's store is a table. Asks the store for nothing before a query
/// mentions a name.
///
/// Tables are in the schema `vineyard.store`, which is the default one. They can be read only.
///
/// # Errors
///
/// DataFusion's, if its catalog does not take the schema.
pub fn session(client: &Client) -> Result<SessionContext> {
    let config = SessionConfig::new()
        .with_create_default_catalog_and_schema(false)
        .with_default_catalog_and_schema(CATALOG, SCHEMA)
        .with_information_schema(true);
    let context = SessionContext::new_with_config(config);
    let catalog = MemoryCatalogProvider::new();
    catalog.register_schema(SCHEMA, Arc::new(StoreSchema::new(client.clone())))?;
    context.register_catalog(CATALOG, Arc::new(catalog));
    Ok(context)
}

/// All names of a store.
///
/// A name is looked up when a query mentions it, and once per query however often it does: a query sees one state of each
/// object.
#[derive(Debug)]
pub struct StoreSchema {
    client: Client,
}

impl StoreSchema {
    /// The names of the store that the client talks to.
    pub fn new(client: Client) -> Self {
        Self { client }
    }

    /// The names whose objects are of a type that can be queried, in order. Lists objects of these types and all names.
    fn names(&self) -> Result<Vec<String>, Error> {
        let mut tables: HashSet<ObjectId> = HashSet::new();
        for typename in TYPENAMES {
            let mut after = None;
            loop {
                let page = self.client.list_page(typename, after, PAGE)?;
                let Some(last) = page.last() else { break };
                after = Some(last.id());
                tables.extend(page.iter().map(|meta| meta.id()));
            }
        }
        let mut names = Vec::new();
        loop {
            let after = names.last().map(|(name, _): &(String, ObjectId)| name.as_str());
            let page = self.client.list_names_page("*", after, PAGE)?;
            if page.is_empty() {
                break;
            }
            names.extend(page);
        }
        Ok(names.into_iter().filter(|(_, id)| tables.contains(id)).map(|(name, _)| name).collect())
    }

    /// Asks the store about a name on a thread that may block: the client waits for the server's replies.
    async fn ask<T: Send + 'static>(
        &self,
        name: &str,
        question: impl FnOnce(&Client, &str) -> Result<T, SqlError> + Send + 'static,
    ) -> Result<T, SqlError> {
        let (client, asked) = (self.client.clone(), name.to_owned());
        let reply = tokio::task::spawn_blocking(move || question(&client, &asked)).await;
        reply.map_err(|cause| SqlError::Interrupted { name: name.to_owned(), cause })?
    }
}

#[async_trait]
impl SchemaProvider for StoreSchema {
    /// Empty, with a line in the log, if the store cannot be asked.
    fn table_names(&self) -> Vec<String> {
        self.names().unwrap_or_else(|error| {
            tracing::warn!(%error, "cannot list the names of the store");
            Vec::new()
        })
    }

    async fn table(&self, name: &str) -> Result<Option<Arc<dyn TableProvider>>> {
        let table = self.ask(name, StoreTable::get).await?;
        Ok(table.map(|table| Arc::new(table) as Arc<dyn TableProvider>))
    }

    async fn table_type(&self, name: &str) -> Result<Option<TableType>> {
        Ok(self.ask(name, id_of).await?.map(|_| TableType::Base))
    }

    /// Whether there is such a name. Yes as well, with a line in the log, if the store cannot be asked: who then asks for
    /// the table gets the error.
    fn table_exist(&self, name: &str) -> bool {
        id_of(&self.client, name).map_or_else(
            |error| {
                tracing::warn!(%error, "cannot look up a name of the store");
                true
            },
            |id| id.is_some(),
        )
    }
}

fn id_of(client: &Client, name: &str) -> Result<Option<ObjectId>, SqlError> {
    client.get_name(name).map_err(|cause| SqlError::Store { name: name.to_owned(), cause })
}
