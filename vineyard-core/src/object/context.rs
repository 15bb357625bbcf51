//! Resolvers and drivers that a program chooses at run time, for a scope or for good.
//!
//! The model is that of the original's Python package (its `resolver_context` and `driver_context`): typename prefixes,
//! the longest first, in scopes that nest.

use std::any::{Any, TypeId, type_name};
use std::cell::RefCell;
use std::error::Error as StdError;
use std::marker::PhantomData;
use std::sync::{Arc, PoisonError, RwLock};

use super::Object;
use crate::error::{ResolveError, ResolveReason};
use crate::meta::ObjectMeta;
use crate::typename::canonical;

type Erased = Arc<dyn Any + Send + Sync>;
type Resolver<M> = Arc<dyn Fn(&ObjectMeta) -> Result<M, ResolveError> + Send + Sync>;
type Failure = Box<dyn StdError + Send + Sync>;
type Driver<A, R> = Arc<dyn Fn(&ObjectMeta, A) -> Result<R, Failure> + Send + Sync>;

/// Resolvers and drivers for typenames that start with a prefix.
///
/// A *resolver* makes some type of the object's metadata and payloads: a matrix of another library, say, of a tensor.
/// There may be several for one typename, told apart by what they make. A *driver* is a named function on objects.
///
/// ```no_run
/// use vineyard_core::{Array, Client, Context, Object};
///
/// #[derive(Object)]
/// #[object(typename = "example::Samples")]
/// struct Samples {
///     values: Array<f64>,
/// }
///
/// let sums = Context::new()
///     .resolver::<f64>("example::Samples", |meta| Ok(Samples::resolve(meta)?.values.iter().sum()))
///     .driver("scaled", "example::", |meta, by: f64| Ok(Samples::resolve(meta)?.values[0] * by));
/// let client = Client::from_env()?;
/// let id = client.put(&Samples { values: vec![1.0, 2.5].into() })?;
/// {
///     let _scope = sums.enter(); // for this thread, until the scope is dropped
///     assert_eq!(client.get_as::<f64>(id)?, 3.5);
///     assert_eq!(client.get_meta(id)?.call::<f64, f64>("scaled", 2.0)?, 2.0);
/// }
/// assert!(client.get_as::<f64>(id).is_err(), "there is no resolver any more");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Default)]
pub struct Context {
    resolvers: Vec<ResolverEntry>,
    drivers: Vec<DriverEntry>,
}

#[derive(Clone)]
struct ResolverEntry {
    prefix: String,
    makes: TypeId,
    resolver: Erased,
}

#[derive(Clone)]
struct DriverEntry {
    name: String,
    prefix: String,
    driver: Erased,
}

/// What a thread has entered.
struct Entered {
    context: Arc<Context>,
    /// Nothing below is looked at.
    alone: bool,
}

thread_local! {
    static SCOPES: RefCell<Vec<Entered>> = const { RefCell::new(Vec::new()) };
}

static DEFAULT: RwLock<Context> = RwLock::new(Context { resolvers: Vec::new(), drivers: Vec::new() });

/// Ends a scope when it is dropped, also by a panic. Scopes of a thread end in the reverse order.
#[must_use = "the scope ends when this is dropped"]
#[derive(Debug)]
pub struct Scope {
    depth: usize,
    /// Scopes are the thread's.
    _not_send: PhantomData<*const ()>,
}

impl Drop for Scope {
    fn drop(&mut self) {
        SCOPES.with_borrow_mut(|scopes| scopes.truncate(self.depth));
    }
}

/// Calling a driver did not work.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DriverError {
    /// There is none of that name for the type.
    #[error("there is no driver `{name}` for objects of type `{typename}`")]
    NoDriver {
        /// The name.
        name: String,
        /// The object's typename.
        typename: String,
    },
    /// It takes or gives something else.
    #[error("driver `{name}` for `{typename}` is not a function from {argument} to {result}")]
    OtherTypes {
        /// The name.
        name: String,
        /// The object's typename.
        typename: String,
        /// The argument that was given.
        argument: &'static str,
        /// The result that was asked for.
        result: &'static str,
    },
    /// It failed.
    #[error("driver `{name}`: {cause}")]
    Failed {
        /// The name.
        name: String,
        /// What it said.
        cause: Failure,
    },
}

impl Context {
    /// Nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a resolver that makes an `M` of objects whose typename starts with `prefix`. A later one replaces an
    /// earlier one of the same prefix.
    #[must_use]
    pub fn resolver<M: 'static>(
        mut self,
        prefix: &str,
        resolver: impl Fn(&ObjectMeta) -> Result<M, ResolveError> + Send + Sync + 'static,
    ) -> Self {
        let resolver: Resolver<M> = Arc::new(resolver);
        let entry = ResolverEntry { prefix: canonical(prefix), makes: TypeId::of::<M>(), resolver: Arc::new(resolver) };
        self.resolvers.push(entry);
        self
    }

    /// Makes `get_any` resolve objects whose typename starts with `prefix` as `T`, whatever is registered for them.
    #[must_use]
    pub fn object<T: Object>(self, prefix: &str) -> Self {
        self.resolver::<Arc<dyn Object>>(prefix, |meta| {
            T::resolve(meta).map(|value| Arc::new(value) as Arc<dyn Object>)
        })
    }

    /// Adds a function on objects whose typename starts with `prefix`, under a name.
    #[must_use]
    pub fn driver<A: 'static, R: 'static>(
        mut self,
        name: &str,
        prefix: &str,
        driver: impl Fn(&ObjectMeta, A) -> Result<R, Failure> + Send + Sync + 'static,
    ) -> Self {
        let driver: Driver<A, R> = Arc::new(driver);
        let entry = DriverEntry { name: name.to_owned(), prefix: canonical(prefix), driver: Arc::new(driver) };
        self.drivers.push(entry);
        self
    }

    /// This and another one; where both have an entry, the other's is taken.
    #[must_use]
    pub fn extended_by(mut self, other: &Self) -> Self {
        self.resolvers.extend(other.resolvers.iter().cloned());
        self.drivers.extend(other.drivers.iter().cloned());
        self
    }

    /// Puts this in front of what the thread has entered before, until the scope is dropped.
    pub fn enter(&self) -> Scope {
        self.push(false)
    }

    /// Puts this in place of all that the thread has entered before and of the defaults, until the scope is dropped.
    pub fn enter_alone(&self) -> Scope {
        self.push(true)
    }

    fn push(&self, alone: bool) -> Scope {
        let depth = SCOPES.with_borrow_mut(|scopes| {
            scopes.push(Entered { context: Arc::new(self.clone()), alone });
            scopes.len().saturating_sub(1)
        });
        Scope { depth, _not_send: PhantomData }
    }

    /// Adds this to the defaults of the whole process, for good.
    pub fn install(&self) {
        let mut default = DEFAULT.write().unwrap_or_else(PoisonError::into_inner);
        *default = std::mem::take(&mut *default).extended_by(self);
    }

    fn find_resolver<M: 'static>(&self, typename: &str) -> Option<Resolver<M>> {
        let wanted = TypeId::of::<M>();
        let fitting =
            self.resolvers.iter().filter(|entry| entry.makes == wanted && typename.starts_with(&entry.prefix));
        // Of equal ones the last, which was added last.
        let entry = fitting.max_by_key(|entry| entry.prefix.len())?;
        entry.resolver.downcast_ref::<Resolver<M>>().cloned()
    }

    fn find_driver(&self, name: &str, typename: &str) -> Option<Erased> {
        let fitting = self.drivers.iter().filter(|entry| entry.name == name && typename.starts_with(&entry.prefix));
        fitting.max_by_key(|entry| entry.prefix.len()).map(|entry| Arc::clone(&entry.driver))
    }
}

/// Looks in the thread's scopes, the innermost first, and then in the defaults.
fn find<T>(look: impl Fn(&Context) -> Option<T>) -> Option<T> {
    let in_scopes = SCOPES.with_borrow(|scopes| {
        for entered in scopes.iter().rev() {
            let found = look(&entered.context);
            if found.is_some() || entered.alone {
                return Err(found);
            }
        }
        Ok(())
    });
    match in_scopes {
        Err(decided) => decided,
        Ok(()) => look(&DEFAULT.read().unwrap_or_else(PoisonError::into_inner)),
    }
}

/// What the contexts make of an object for `get_any`, if they say anything.
pub(super) fn resolve_any(meta: &ObjectMeta) -> Option<Result<Arc<dyn Object>, ResolveError>> {
    let typename = canonical(meta.typename());
    find(|context| context.find_resolver::<Arc<dyn Object>>(&typename)).map(|resolver| resolver(meta))
}

impl ObjectMeta {
    /// What the resolver for this typename and `M` makes of the object. See [`Context`].
    ///
    /// # Errors
    ///
    /// [`ResolveReason::NoResolver`] if there is none, and whatever it says.
    pub fn resolve_as<M: 'static>(&self) -> Result<M, ResolveError> {
        let typename = canonical(self.typename());
        match find(|context| context.find_resolver::<M>(&typename)) {
            Some(resolver) => resolver(self),
            None => {
                let typename = self.typename().to_owned();
                Err(ResolveReason::NoResolver { typename, wanted: type_name::<M>() }.into())
            }
        }
    }

    /// Calls the driver of this name for this typename. See [`Context`].
    ///
    /// # Errors
    ///
    /// [`DriverError`] if there is none, if it takes or gives something else, or if it fails.
    pub fn call<A: 'static, R: 'static>(&self, name: &str, argument: A) -> Result<R, DriverError> {
        let typename = canonical(self.typename());
        let names = || (name.to_owned(), self.typename().to_owned());
        let Some(driver) = find(|context| context.find_driver(name, &typename)) else {
            let (name, typename) = names();
            return Err(DriverError::NoDriver { name, typename });
        };
        let Some(driver) = driver.downcast_ref::<Driver<A, R>>() else {
            let (name, typename) = names();
            let (argument, result) = (type_name::<A>(), type_name::<R>());
            return Err(DriverError::OtherTypes { name, typename, argument, result });
        };
        driver(self, argument).map_err(|cause| DriverError::Failed { name: name.to_owned(), cause })
    }
}

impl std::fmt::Debug for Context {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let resolvers: Vec<&str> = self.resolvers.iter().map(|entry| entry.prefix.as_str()).collect();
        let drivers: Vec<&str> = self.drivers.iter().map(|entry| entry.name.as_str()).collect();
        f.debug_struct("Context").field("resolvers", &resolvers).field("drivers", &drivers).finish()
    }
}
