//! Values that metadata holds as JSON text.

use serde_json::Value;
use vineyard_core::{
    BuildError, DraftNode, FieldKind, FieldSchema, Key, Member, MetaKind, MetaValue, ObjectMeta, ResolveError,
    ResolveReason, TypeName,
};

use super::{GraphSchema, OutsideId, Partition};

fn read<T: MetaValue>(meta: &ObjectMeta, key: &Key) -> Result<T, ResolveError> {
    let stored = meta.value(key.as_str())?;
    let parsed = stored.as_str().and_then(|text| serde_json::from_str::<Value>(text).ok());
    let value = parsed.as_ref().and_then(T::from_json);
    value.ok_or_else(|| ResolveReason::value(key.as_str(), format!("the JSON text of a {}", T::NAME), stored).into())
}

macro_rules! text_members {
    ($($value:ty $(, $parameter:ident: $bound:ident)?;)*) => {$(
        impl $(<$parameter: $bound>)? Member for $value {
            type Kind = MetaKind;
            type Input = Self;

            fn stage_at(&self, key: &Key, draft: &mut DraftNode) -> Result<(), BuildError> {
                draft.set_value(key, Value::String(self.to_json().to_string()))
            }

            fn stage_input(input: Self, key: &Key, draft: &mut DraftNode) -> Result<(), BuildError> {
                input.stage_at(key, draft)
            }

            fn resolve_at(meta: &ObjectMeta, key: &Key) -> Result<Self, ResolveError> {
                read(meta, key)
            }

            fn describe(key: &Key) -> FieldSchema {
                FieldSchema::new(key.as_str(), FieldKind::Json, TypeName::new(<Self as MetaValue>::NAME))
            }
        }
    )*};
}

text_members! {
    GraphSchema;
    Partition<O>, O: OutsideId;
}
