//! Listing objects and names, in pages if there are many; the same for both kinds of client.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::link::Link;
use super::transport::Transport;
use super::{Client, Pattern, RpcClient, get};
use crate::error::{CallError, Error};
use crate::id::ObjectId;
use crate::meta::ObjectMeta;
use crate::protocol::{ListDataRequest, ListNameRequest};

/// Lists objects behind `after`. Servers that do not know of pages list everything, of which the page is taken.
fn list(
    link: &Arc<Link>,
    typename: Pattern,
    after: Option<ObjectId>,
    limit: usize,
) -> Result<Vec<ObjectMeta>, CallError> {
    let (pattern, regex) = typename.into_parts();
    let all = after.is_some() && !link.is_native();
    let request = ListDataRequest { pattern, regex, limit: if all { u64::MAX } else { limit as u64 }, after };
    let content = link.call(&request)?.content.unwrap_or_default();
    // In the order of their text, which is the order of ids.
    let metas = content.values().map(|tree| get::listed(link, tree));
    let is_behind =
        |meta: &Result<ObjectMeta, _>| meta.as_ref().map_or(true, |meta| after.is_none_or(|after| meta.id() > after));
    metas.filter(is_behind).take(limit).collect()
}

/// As [`list`], for names.
fn list_names(
    link: &Link,
    pattern: Pattern,
    after: Option<&str>,
    limit: usize,
) -> Result<BTreeMap<String, ObjectId>, CallError> {
    let (pattern, regex) = pattern.into_parts();
    let all = after.is_some() && !link.is_native();
    let limit_sent = if all { u64::MAX } else { limit as u64 };
    let request = ListNameRequest { pattern, regex, limit: limit_sent, after: after.map(str::to_owned) };
    let names = link.call(&request)?.names.into_iter();
    Ok(names.filter(|(name, _)| after.is_none_or(|after| name.as_str() > after)).take(limit).collect())
}

macro_rules! listing {
    ($client:ident) => {
        impl $client {
            /// Metadata of at most `limit` objects whose typename matches, without payloads. One request.
            ///
            /// # Errors
            ///
            /// [`CallError`].
            pub fn list(&self, typename: impl Into<Pattern>, limit: usize) -> Result<Vec<ObjectMeta>, Error> {
                Ok(list(self.inner.transport().link(), typename.into(), None, limit)?)
            }

            /// The next page of a listing: at most `limit` objects with higher ids than `after`, in their order. `None`
            /// begins with the first.
            ///
            /// One request, of the size of the page. The original server does not know of pages: it sends everything,
            /// of which the client takes the page.
            ///
            /// # Errors
            ///
            /// [`CallError`].
            ///
            /// # Examples
            ///
            /// ```no_run
            #[doc = concat!("# let client = vineyard_core::", stringify!($client), "::from_env()?;")]
            /// let mut after = None;
            /// loop {
            ///     let page = client.list_page("vineyard::Tensor*", after, 100)?;
            ///     let Some(last) = page.last() else { break };
            ///     after = Some(last.id());
            ///     page.iter().for_each(|meta| println!("{}", meta.id()));
            /// }
            /// # Ok::<(), vineyard_core::Error>(())
            /// ```
            pub fn list_page(
                &self,
                typename: impl Into<Pattern>,
                after: Option<ObjectId>,
                limit: usize,
            ) -> Result<Vec<ObjectMeta>, Error> {
                Ok(list(self.inner.transport().link(), typename.into(), after, limit)?)
            }

            /// At most `limit` names that match, with their objects. One request.
            ///
            /// # Errors
            ///
            /// [`CallError`].
            pub fn list_names(
                &self,
                pattern: impl Into<Pattern>,
                limit: usize,
            ) -> Result<BTreeMap<String, ObjectId>, Error> {
                Ok(list_names(self.inner.transport().link(), pattern.into(), None, limit)?)
            }

            /// The next page of a listing: at most `limit` names behind `after`, in byte order. `None` begins with the
            /// first. Costs as [`list_page`](Self::list_page).
            ///
            /// # Errors
            ///
            /// [`CallError`].
            pub fn list_names_page(
                &self,
                pattern: impl Into<Pattern>,
                after: Option<&str>,
                limit: usize,
            ) -> Result<BTreeMap<String, ObjectId>, Error> {
                Ok(list_names(self.inner.transport().link(), pattern.into(), after, limit)?)
            }
        }
    };
}

listing!(Client);
listing!(RpcClient);
