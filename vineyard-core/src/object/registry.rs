//! From typename to resolver: what `get_any` goes by.

use std::any::TypeId;
use std::collections::HashMap;
use std::fmt;
use std::panic::Location;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use super::{Object, Opaque, Stored, context, linked};
use crate::error::{ResolveError, ResolveReason};
use crate::meta::ObjectMeta;
use crate::schema::Schema;
use crate::typename::{TypeName, canonical};

/// One type that is linked into this program. The derive submits it at link time.
#[derive(Clone, Copy)]
pub struct Registration {
    typename: fn() -> TypeName,
    aliases: fn() -> Vec<TypeName>,
    type_id: fn() -> TypeId,
    schema: fn() -> Schema,
    is_global: fn() -> bool,
    resolve: fn(&ObjectMeta) -> Result<Arc<dyn Object>, ResolveError>,
    location: Place,
}

/// Where a type was registered.
#[derive(Clone, Copy)]
enum Place {
    Derive(&'static str),
    Call(&'static Location<'static>),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Derive(place) => f.write_str(place),
            Self::Call(place) => place.fmt(f),
        }
    }
}

impl Registration {
    /// Registers `T`, which is defined at `location`.
    pub const fn of<T: Object>(location: &'static str) -> Self {
        Self::at::<T>(Place::Derive(location))
    }

    const fn at<T: Object>(location: Place) -> Self {
        Self {
            typename: T::typename,
            aliases: T::__aliases,
            type_id: TypeId::of::<T>,
            schema: T::schema,
            is_global: T::__is_global,
            resolve: resolve_any::<T>,
            location,
        }
    }

    /// The type's name.
    pub fn typename(&self) -> TypeName {
        (self.typename)()
    }

    /// The type's schema.
    pub fn schema(&self) -> Schema {
        (self.schema)()
    }

    /// Whether the members of its objects may live on several instances.
    pub fn is_global(&self) -> bool {
        (self.is_global)()
    }

    /// Where the type is defined, or registered by hand.
    pub fn location(&self) -> String {
        self.location.to_string()
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

/// All types that this program knows, by typename.
#[derive(Debug)]
pub struct Registry {
    types: RwLock<HashMap<String, Entry>>,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    first: Registration,
    /// Another type of the same name.
    second: Option<Registration>,
    /// The name is an older one of the type.
    is_alias: bool,
}

fn insert(types: &mut HashMap<String, Entry>, registration: Registration) {
    let aliases = (registration.aliases)().into_iter().map(|name| (name, true));
    for (name, is_alias) in std::iter::once((registration.typename(), false)).chain(aliases) {
        match types.get_mut(&canonical(name.as_str())) {
            None => {
                let entry = Entry { first: registration, second: None, is_alias };
                types.insert(canonical(name.as_str()), entry);
            }
            Some(entry) if (entry.first.type_id)() == (registration.type_id)() => {}
            // A type that has the name today is preferred to one that had it once.
            Some(entry) if is_alias && !entry.is_alias => {}
            Some(entry) if entry.is_alias && !is_alias => {
                *entry = Entry { first: registration, second: None, is_alias };
            }
            Some(entry) => entry.second = Some(registration),
        }
    }
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
            insert(&mut types, *registration);
        }
        Registry { types: RwLock::new(types) }
    })
}

impl Registry {
    /// Registers a type by hand: for plugins, and for instances of generic types that their crate does not list. Once
    /// more is no error.
    #[track_caller]
    pub fn register<T: Object>(&self) {
        let mut types = self.types.write().unwrap_or_else(PoisonError::into_inner);
        insert(&mut types, Registration::at::<T>(Place::Call(Location::caller())));
    }

    /// All registered types, by name, with their schemas.
    pub fn iter(&self) -> impl Iterator<Item = Registration> {
        let types = self.types.read().unwrap_or_else(PoisonError::into_inner);
        let mut all: Vec<(String, Registration)> = types
            .iter()
            .filter(|(_, entry)| !entry.is_alias)
            .map(|(name, entry)| (name.clone(), entry.first))
            .collect();
        all.sort_by(|(a, _), (b, _)| a.cmp(b));
        all.into_iter().map(|(_, registration)| registration)
    }

    /// The type with this typename.
    ///
    /// # Errors
    ///
    /// [`ResolveReason::Ambiguous`] if two linked crates define it.
    pub fn find(&self, typename: &str) -> Result<Option<Registration>, ResolveError> {
        let entry = self.types.read().unwrap_or_else(PoisonError::into_inner).get(&canonical(typename)).copied();
        match entry {
            None => Ok(None),
            Some(Entry { first, second: None, .. }) => Ok(Some(first)),
            Some(Entry { first, second: Some(second), .. }) => {
                let [first, second] = [first, second].map(|registration| registration.location());
                Err(ResolveReason::Ambiguous { typename: typename.to_owned(), first, second }.into())
            }
        }
    }

    /// Makes the typed object that metadata describes, or an [`Opaque`] if its type is not linked.
    ///
    /// # Errors
    ///
    /// As [`find`](Self::find), and whatever the type's resolver finds wrong.
    pub fn resolve(&self, meta: &ObjectMeta) -> Result<Stored<dyn Object>, ResolveError> {
        let value = match context::resolve_any(meta) {
            Some(chosen) => chosen,
            None => match self.find(meta.typename())? {
                Some(registration) => (registration.resolve)(meta),
                None => {
                    linked::check_reserved(meta.typename());
                    resolve_any::<Opaque>(meta)
                }
            },
        };
        Ok(Stored::new(meta.clone(), value.map_err(|error| error.in_field(meta.typename()))?))
    }
}
