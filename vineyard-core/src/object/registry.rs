//! From typename to resolver: what `get_any` goes by.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, OnceLock};

use super::{Object, Opaque, Stored};
use crate::error::{ResolveError, ResolveReason};
use crate::meta::ObjectMeta;
use crate::schema::Schema;
use crate::typename::{TypeName, canonical};

/// One type that is linked into this program. The derive submits it at link time.
#[derive(Clone, Copy)]
pub struct Registration {
    typename: fn() -> TypeName,
    schema: fn() -> Schema,
    resolve: fn(&ObjectMeta) -> Result<Arc<dyn Object>, ResolveError>,
    location: &'static str,
}

impl Registration {
    /// Registers `T`, which is defined at `location`.
    pub const fn of<T: Object>(location: &'static str) -> Self {
        Self { typename: T::typename, schema: T::schema, resolve: resolve_any::<T>, location }
    }

    /// The type's name.
    pub fn typename(&self) -> TypeName {
        (self.typename)()
    }

    /// The type's schema.
    pub fn schema(&self) -> Schema {
        (self.schema)()
    }

    /// Where the type is defined.
    pub fn location(&self) -> &'static str {
        self.location
    }
}

impl fmt::Debug for Registration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Registration({} at {})", self.typename(), self.location)
    }
}

fn resolve_any<T: Object>(meta: &ObjectMeta) -> Result<Arc<dyn Object>, ResolveError> {
    T::resolve(meta).map(|value| Arc::new(value) as Arc<dyn Object>)
}

inventory::collect!(Registration);

/// All types that are linked into this program, by typename.
#[derive(Debug)]
pub struct Registry {
    types: HashMap<String, Entry>,
}

#[derive(Debug)]
struct Entry {
    first: &'static Registration,
    second: Option<&'static Registration>,
}

/// The types of this program. Built at the first call.
///
/// ```
/// use vineyard_core::{Object, registry};
/// #[derive(Object)]
/// #[object(typename = "example::Marker")]
/// struct Marker {
///     label: String,
/// }
/// assert!(registry().iter().any(|entry| entry.typename().as_str() == "example::Marker"));
/// ```
pub fn registry() -> &'static Registry {
    static REGISTRY: OnceLock<Registry> = OnceLock::new();
    REGISTRY.get_or_init(|| {
        let mut types: HashMap<String, Entry> = HashMap::new();
        for registration in inventory::iter::<Registration> {
            let name = canonical(registration.typename().as_str());
            match types.get_mut(&name) {
                Some(entry) => entry.second = Some(registration),
                None => {
                    types.insert(name, Entry { first: registration, second: None });
                }
            }
        }
        Registry { types }
    })
}

impl Registry {
    /// All registered types, in no particular order.
    pub fn iter(&self) -> impl Iterator<Item = &'static Registration> {
        self.types.values().map(|entry| entry.first)
    }

    /// The type with this typename.
    ///
    /// # Errors
    ///
    /// [`ResolveReason::Ambiguous`] if two linked crates define it.
    pub fn find(&self, typename: &str) -> Result<Option<&'static Registration>, ResolveError> {
        match self.types.get(&canonical(typename)) {
            None => Ok(None),
            Some(Entry { first, second: None }) => Ok(Some(first)),
            Some(Entry { first, second: Some(second) }) => {
                let typename = typename.to_owned();
                Err(ResolveReason::Ambiguous { typename, first: first.location, second: second.location }.into())
            }
        }
    }

    /// Makes the typed object that metadata describes, or an [`Opaque`] if its type is not linked.
    ///
    /// # Errors
    ///
    /// As [`find`](Self::find), and whatever the type's resolver finds wrong.
    pub fn resolve(&self, meta: &ObjectMeta) -> Result<Stored<dyn Object>, ResolveError> {
        let value = match self.find(meta.typename())? {
            Some(registration) => (registration.resolve)(meta).map_err(|error| error.in_field(meta.typename()))?,
            None => resolve_any::<Opaque>(meta)?,
        };
        Ok(Stored::new(meta.clone(), value))
    }
}
