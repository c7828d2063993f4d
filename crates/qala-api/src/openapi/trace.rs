//! The schema of a wire type, found by reading it: a reader that has no data notes what each field asks for. So the document
//! says what serde says, and cannot fall behind it.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;

use serde::de::value::StrDeserializer;
use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, EnumAccess, Error, MapAccess, SeqAccess, VariantAccess,
    Visitor,
};
use serde::ser::Serialize;
use serde_json::{Value, json};

/// Schemas by name of type.
pub(super) type Schemas = BTreeMap<String, Value>;

/// Notes the schema of a type and of all types in it; gives the reference to it.
pub(super) fn schema<'de, T: Deserialize<'de> + Serialize>(known: &mut Schemas) -> Value {
    let notes = RefCell::new(Notes::default());
    let Ok(whole) = read::<T>(&notes, None) else {
        return json!({});
    };
    let notes = notes.into_inner();
    for (name, mut schema) in notes.found {
        if known.contains_key(&name) {
            continue;
        }
        // What is written although it is empty is always there.
        let bare = read_value::<T>(Some(&name));
        let path = notes.places.get(&name).cloned().unwrap_or_default();
        let required: Vec<&String> = bare
            .as_ref()
            .and_then(|value| value.pointer(&path)?.as_object())
            .map(|object| object.keys().collect())
            .unwrap_or_default();
        if !required.is_empty() {
            schema["required"] = json!(required);
        }
        known.insert(name, schema);
    }
    whole
}

fn read_value<'de, T: Deserialize<'de> + Serialize>(bare: Option<&str>) -> Option<Value> {
    let notes = RefCell::new(Notes::default());
    let mut schema = Value::Null;
    let probe = Probe {
        notes: &notes,
        out: &mut schema,
        path: String::new(),
        bare,
        is_bare: false,
    };
    serde_json::to_value(T::deserialize(probe).ok()?).ok()
}

fn read<'de, T: Deserialize<'de>>(notes: &RefCell<Notes>, bare: Option<&str>) -> Result<Value, Nothing> {
    let mut schema = Value::Null;
    let probe = Probe {
        notes,
        out: &mut schema,
        path: String::new(),
        bare,
        is_bare: false,
    };
    T::deserialize(probe)?;
    Ok(schema)
}

#[derive(Default)]
struct Notes {
    found: BTreeMap<String, Value>,
    /// JSON pointer to the first value of a type.
    places: BTreeMap<String, String>,
}

/// The reader. `bare` names a type whose fields are to be left empty.
struct Probe<'a> {
    notes: &'a RefCell<Notes>,
    out: &'a mut Value,
    path: String,
    bare: Option<&'a str>,
    is_bare: bool,
}

#[derive(Debug)]
struct Nothing(String);

impl fmt::Display for Nothing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Nothing {}

impl Error for Nothing {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self(message.to_string())
    }
}

/// Simple values: method, what is noted, what is read.
macro_rules! simple {
    ($($method:ident $visit:ident $schema:expr $(, $value:expr)?;)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Nothing> {
            *self.out = $schema;
            visitor.$visit($($value)?)
        })*
    };
}

fn whole(format: &str, least: Option<i64>) -> Value {
    let mut schema = json!({"type": "integer", "format": format});
    if let Some(least) = least {
        schema["minimum"] = least.into();
    }
    schema
}

fn text() -> Value {
    json!({"type": "string"})
}

impl<'de> Deserializer<'de> for Probe<'_> {
    type Error = Nothing;

    simple! {
        deserialize_any visit_unit json!({});
        deserialize_ignored_any visit_unit json!({});
        deserialize_unit visit_unit json!({"type": "null"});
        deserialize_bool visit_bool json!({"type": "boolean"}), false;
        deserialize_i8 visit_i8 whole("int32", None), 0;
        deserialize_i16 visit_i16 whole("int32", None), 0;
        deserialize_i32 visit_i32 whole("int32", None), 0;
        deserialize_i64 visit_i64 whole("int64", None), 0;
        deserialize_u8 visit_u8 whole("int32", Some(0)), 0;
        deserialize_u16 visit_u16 whole("int32", Some(0)), 0;
        deserialize_u32 visit_u32 whole("int64", Some(0)), 0;
        deserialize_u64 visit_u64 whole("int64", Some(0)), 0;
        deserialize_f32 visit_f32 json!({"type": "number"}), 0.0;
        deserialize_f64 visit_f64 json!({"type": "number"}), 0.0;
        deserialize_char visit_char text(), 'a';
        deserialize_str visit_str text(), "";
        deserialize_string visit_str text(), "";
        deserialize_identifier visit_str text(), "";
        deserialize_bytes visit_bytes text(), &[];
        deserialize_byte_buf visit_bytes text(), &[];
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Nothing> {
        if self.is_bare {
            return visitor.visit_none();
        }
        let mut inner = Value::Null;
        let probe = Probe {
            notes: self.notes,
            out: &mut inner,
            path: self.path,
            bare: self.bare,
            is_bare: false,
        };
        let value = visitor.visit_some(probe)?;
        *self.out = nullable(inner);
        Ok(value)
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Nothing> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Nothing> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Nothing> {
        let mut items = json!({});
        let left = usize::from(!self.is_bare);
        let probe = Probe {
            notes: self.notes,
            out: &mut items,
            path: self.path,
            bare: self.bare,
            is_bare: false,
        };
        let value = visitor.visit_seq(Items { probe, left, at: 0 })?;
        *self.out = json!({"type": "array", "items": items});
        Ok(value)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, Nothing> {
        let mut items = json!({});
        let probe = Probe {
            notes: self.notes,
            out: &mut items,
            path: self.path,
            bare: self.bare,
            is_bare: false,
        };
        let value = visitor.visit_seq(Items {
            probe,
            left: len,
            at: 0,
        })?;
        *self.out = json!({"type": "array", "items": items, "minItems": len, "maxItems": len});
        Ok(value)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, Nothing> {
        self.deserialize_tuple(len, visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Nothing> {
        let mut values = json!({});
        let names: &[&str] = if self.is_bare { &[] } else { &["key"] };
        let probe = Probe {
            notes: self.notes,
            out: &mut values,
            path: self.path,
            bare: self.bare,
            is_bare: false,
        };
        let value = visitor.visit_map(Fields {
            probe,
            names,
            at: 0,
            properties: None,
        })?;
        let any = values == json!({});
        *self.out =
            json!({"type": "object", "additionalProperties": if any { Value::Bool(true) } else { values }});
        Ok(value)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Nothing> {
        self.notes
            .borrow_mut()
            .places
            .entry(name.to_owned())
            .or_insert_with(|| self.path.clone());
        let mut one = Value::Null;
        let mut properties = serde_json::Map::new();
        let probe = Probe {
            notes: self.notes,
            out: &mut one,
            path: self.path,
            bare: self.bare,
            is_bare: self.bare == Some(name),
        };
        let value = visitor.visit_map(Fields {
            probe,
            names: fields,
            at: 0,
            properties: Some(&mut properties),
        })?;
        let schema = json!({"type": "object", "properties": properties});
        self.notes
            .borrow_mut()
            .found
            .entry(name.to_owned())
            .or_insert(schema);
        *self.out = json!({"$ref": format!("#/components/schemas/{name}")});
        Ok(value)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Nothing> {
        *self.out = json!({"type": "string", "enum": variants});
        visitor.visit_enum(First(variants.first().copied().unwrap_or_default()))
    }
}

/// A schema that also allows null.
fn nullable(mut schema: Value) -> Value {
    match schema.get("type").and_then(Value::as_str).map(ToOwned::to_owned) {
        Some(kind) => {
            schema["type"] = json!([kind, "null"]);
            if let Some(list) = schema.get_mut("enum").and_then(Value::as_array_mut) {
                list.push(Value::Null);
            }
            schema
        }
        None if schema.get("$ref").is_some() => json!({"anyOf": [schema, {"type": "null"}]}),
        None => schema,
    }
}

struct Items<'a> {
    probe: Probe<'a>,
    left: usize,
    at: usize,
}

impl<'de> SeqAccess<'de> for Items<'_> {
    type Error = Nothing;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Nothing> {
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        let path = format!("{}/{}", self.probe.path, self.at);
        self.at += 1;
        let probe = Probe {
            notes: self.probe.notes,
            out: &mut *self.probe.out,
            path,
            bare: self.probe.bare,
            is_bare: false,
        };
        seed.deserialize(probe).map(Some)
    }
}

struct Fields<'a, 'n> {
    probe: Probe<'a>,
    names: &'n [&'n str],
    at: usize,
    /// Of a struct; of a map the value's schema is left in the probe.
    properties: Option<&'a mut serde_json::Map<String, Value>>,
}

impl<'de> MapAccess<'de> for Fields<'_, '_> {
    type Error = Nothing;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Nothing> {
        match self.names.get(self.at) {
            Some(name) => seed.deserialize(StrDeserializer::new(name)).map(Some),
            None => Ok(None),
        }
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, Nothing> {
        let name = self.names.get(self.at).copied().unwrap_or_default();
        self.at += 1;
        let probe = Probe {
            notes: self.probe.notes,
            out: &mut *self.probe.out,
            path: format!("{}/{name}", self.probe.path),
            bare: self.probe.bare,
            is_bare: self.probe.is_bare,
        };
        let value = seed.deserialize(probe)?;
        if let Some(properties) = self.properties.as_deref_mut() {
            properties.insert(name.to_owned(), self.probe.out.take());
        }
        Ok(value)
    }
}

/// The first variant.
struct First(&'static str);

impl<'de> EnumAccess<'de> for First {
    type Error = Nothing;
    type Variant = Self;

    fn variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<(T::Value, Self), Nothing> {
        let value = seed.deserialize(StrDeserializer::<Nothing>::new(self.0))?;
        Ok((value, self))
    }
}

impl<'de> VariantAccess<'de> for First {
    type Error = Nothing;

    fn unit_variant(self) -> Result<(), Nothing> {
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, _: T) -> Result<T::Value, Nothing> {
        Err(Nothing("only words are described".into()))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, _: V) -> Result<V::Value, Nothing> {
        Err(Nothing("only words are described".into()))
    }

    fn struct_variant<V: Visitor<'de>>(self, _: &'static [&'static str], _: V) -> Result<V::Value, Nothing> {
        Err(Nothing("only words are described".into()))
    }
}
