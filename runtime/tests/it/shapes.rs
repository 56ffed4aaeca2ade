//! What the runtime API takes and answers, as text.

use frame_metadata::{v15::RuntimeApiMetadata, RuntimeMetadata, RuntimeMetadataPrefixed};
use scale_info::{form::PortableForm, Field, PortableRegistry, Type, TypeDef};
use std::collections::BTreeMap;

/// The types that methods name, each with what it is made of, by their paths.
#[derive(Default)]
struct Types(BTreeMap<String, String>);

impl Types {
	/// What a type is called where it is used; notes what it is made of.
	fn name(&mut self, registry: &PortableRegistry, id: u32) -> String {
		let of = registry.resolve(id).expect("the type is there");
		match &of.type_def {
			TypeDef::Primitive(primitive) => format!("{primitive:?}").to_lowercase(),
			TypeDef::Sequence(items) => format!("Vec<{}>", self.name(registry, items.type_param.id)),
			TypeDef::Array(items) => format!("[{}; {}]", self.name(registry, items.type_param.id), items.len),
			TypeDef::Compact(inner) => format!("Compact<{}>", self.name(registry, inner.type_param.id)),
			TypeDef::Tuple(parts) => {
				let parts: Vec<_> = parts.fields.iter().map(|part| self.name(registry, part.id)).collect();
				format!("({})", parts.join(", "))
			}
			TypeDef::BitSequence(_) => panic!("no answer has bits"),
			TypeDef::Composite(_) | TypeDef::Variant(_) => self.defined(registry, of),
		}
	}

	fn defined(&mut self, registry: &PortableRegistry, of: &Type<PortableForm>) -> String {
		let parameters: Vec<_> = of.type_params.iter().filter_map(|parameter| parameter.ty).collect();
		let parameters: Vec<_> = parameters.iter().map(|parameter| self.name(registry, parameter.id)).collect();
		let path = of.path.segments.join("::");
		let name = if parameters.is_empty() { path } else { format!("{path}<{}>", parameters.join(", ")) };
		if of.path.segments == ["Option"] || self.0.contains_key(&name) {
			return name;
		}
		// Before its parts, which may name it.
		self.0.insert(name.clone(), String::new());
		let shape = match &of.type_def {
			TypeDef::Variant(variants) => {
				let variants = variants.variants.iter().map(|variant| {
					let index = variant.index;
					format!("\n\t{index} {}{}", variant.name, self.fields(registry, &variant.fields, "\n\t\t"))
				});
				variants.collect()
			}
			TypeDef::Composite(fields) => self.fields(registry, &fields.fields, "\n\t"),
			other => panic!("{name} is {other:?}"),
		};
		self.0.insert(name.clone(), shape);
		name
	}

	fn fields(&mut self, registry: &PortableRegistry, fields: &[Field<PortableForm>], indent: &str) -> String {
		let field = |field: &Field<PortableForm>| {
			let of = self.name(registry, field.ty.id);
			field.name.as_ref().map_or_else(|| format!("{indent}{of}"), |name| format!("{indent}{name}: {of}"))
		};
		fields.iter().map(field).collect()
	}
}

/// Every method of an API, and every type that it names.
pub(crate) fn shapes(registry: &PortableRegistry, api: &RuntimeApiMetadata<PortableForm>) -> String {
	let mut types = Types::default();
	let mut text = String::new();
	for method in &api.methods {
		let inputs: Vec<_> = method
			.inputs
			.iter()
			.map(|input| format!("{}: {}", input.name, types.name(registry, input.ty.id)))
			.collect();
		let output = types.name(registry, method.output.id);
		text += &format!("{}({}) -> {output}\n", method.name, inputs.join(", "));
	}
	for (name, shape) in types.0 {
		text += &format!("\n{name}{shape}\n");
	}
	text
}

/// The API of this name, and the types that it names.
pub(crate) fn api(metadata: &[u8], name: &str) -> (PortableRegistry, RuntimeApiMetadata<PortableForm>) {
	let metadata: RuntimeMetadataPrefixed = codec::Decode::decode(&mut &metadata[..]).expect("well-formed");
	let RuntimeMetadata::V15(metadata) = metadata.1 else { panic!("not of version 15") };
	let api = metadata.apis.into_iter().find(|api| api.name == name).expect("the runtime has this API");
	(metadata.types, api)
}
