//! Whether a runtime takes bytes for what this program means by them: two descriptions of a type, compared.

use scale_info::{form::PortableForm, Field, MetaType, PortableRegistry, Registry, Type, TypeDef, Variant};
use std::fmt;

/// Types around another one, with nothing beside it, that are looked through. Runtimes have two or three.
const MAX_WRAPPERS: usize = 16;

/// A field's name, if it has one, and its type.
type Part<'a> = (Option<&'a str>, u32);

/// Where two types differ, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Difference {
	place: String,
	words: String,
}

impl fmt::Display for Difference {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		write!(f, "`{}` is {}", self.place, self.words)
	}
}

impl Difference {
	fn new(place: &str, words: impl Into<String>) -> Self {
		Self { place: place.to_owned(), words: words.into() }
	}

	fn of_kind(place: &str, ours: &str, theirs: &str) -> Self {
		Self::new(place, format!("{theirs} there and {ours} here"))
	}
}

/// Errors unless whatever is encoded as the type `ours` is, decoded as the type `theirs` of a runtime, the same.
///
/// Types that add no bytes around others do not matter, and neither do their paths: code may move. An enum may have more
/// variants than ours, which never name them. Names of fields must agree, since two of the same type could be swapped.
pub(crate) fn ensure_taken(
	place: &str,
	ours: &MetaType,
	registry: &PortableRegistry,
	theirs: u32,
) -> Result<(), Difference> {
	let mut own = Registry::new();
	let id = own.register_type(ours).id;
	let own = PortableRegistry::from(own);
	Comparison { ours: &own, theirs: registry }.types(place, id, theirs)
}

/// Errors unless a type of a runtime is a list of its calls.
pub(crate) fn ensure_calls(place: &str, registry: &PortableRegistry, list: u32, call: u32) -> Result<(), Difference> {
	match registry.resolve(list).map(|of| &of.type_def) {
		Some(TypeDef::Sequence(items)) if items.type_param.id == call => Ok(()),
		_ => Err(Difference::new(place, "no list of calls there")),
	}
}

/// Follows our types, which end, whatever the others do.
struct Comparison<'a> {
	ours: &'a PortableRegistry,
	theirs: &'a PortableRegistry,
}

impl Comparison<'_> {
	fn types(&self, place: &str, ours: u32, theirs: u32) -> Result<(), Difference> {
		let (Some(ours), Some(theirs)) = (inner(self.ours, ours), inner(self.theirs, theirs)) else {
			return Err(Difference::new(place, "of a type that is not described there"));
		};
		match (&ours.type_def, &theirs.type_def) {
			(TypeDef::Primitive(ours), TypeDef::Primitive(theirs)) if ours == theirs => Ok(()),
			(TypeDef::Compact(ours), TypeDef::Compact(theirs)) => {
				self.types(place, ours.type_param.id, theirs.type_param.id)
			}
			(TypeDef::Sequence(ours), TypeDef::Sequence(theirs)) => {
				self.types(&format!("{place}[]"), ours.type_param.id, theirs.type_param.id)
			}
			(TypeDef::Array(ours), TypeDef::Array(theirs)) if ours.len == theirs.len => {
				self.types(&format!("{place}[]"), ours.type_param.id, theirs.type_param.id)
			}
			(TypeDef::Variant(ours), TypeDef::Variant(theirs)) => {
				self.variants(place, &ours.variants, &theirs.variants)
			}
			(our_kind, their_kind) => match (parts(our_kind), parts(their_kind)) {
				(Some(ours), Some(theirs)) => self.parts(place, &ours, &theirs),
				_ => Err(Difference::of_kind(place, &kind(our_kind), &kind(their_kind))),
			},
		}
	}

	fn parts(&self, place: &str, ours: &[Part<'_>], theirs: &[Part<'_>]) -> Result<(), Difference> {
		if ours.len() != theirs.len() {
			return Err(Difference::of_kind(place, &fields(ours.len()), &fields(theirs.len())));
		}
		for (nth, ((our_name, ours), (their_name, theirs))) in ours.iter().zip(theirs).enumerate() {
			let place =
				our_name.or(*their_name).map_or_else(|| format!("{place}.{nth}"), |name| format!("{place}.{name}"));
			ensure_same_name(&place, *our_name, *their_name)?;
			self.types(&place, *ours, *theirs)?;
		}
		Ok(())
	}

	fn variants(
		&self,
		place: &str,
		ours: &[Variant<PortableForm>],
		theirs: &[Variant<PortableForm>],
	) -> Result<(), Difference> {
		for our in ours {
			let place = format!("{place}.{}", our.name);
			let their = theirs.iter().find(|their| their.index == our.index && their.name == our.name);
			let Some(their) = their else {
				return Err(Difference::new(&place, "no variant there"));
			};
			self.parts(&place, &named(&our.fields), &named(&their.fields))?;
		}
		Ok(())
	}
}

/// Errors if both have names and these differ.
pub(crate) fn ensure_same_name(place: &str, ours: Option<&str>, theirs: Option<&str>) -> Result<(), Difference> {
	match (ours, theirs) {
		(Some(ours), Some(theirs)) if ours != theirs => Err(Difference::new(place, format!("called `{theirs}` there"))),
		_ => Ok(()),
	}
}

/// The type inside of those that only wrap it.
fn inner(registry: &PortableRegistry, mut id: u32) -> Option<&Type<PortableForm>> {
	for _ in 0..MAX_WRAPPERS {
		let of = registry.resolve(id)?;
		match parts(&of.type_def).as_deref() {
			Some([(None, part)]) => id = *part,
			_ => return Some(of),
		}
	}
	None
}

/// What a struct or a tuple is made of.
fn parts(of: &TypeDef<PortableForm>) -> Option<Vec<Part<'_>>> {
	match of {
		TypeDef::Composite(composite) => Some(named(&composite.fields)),
		TypeDef::Tuple(tuple) => Some(tuple.fields.iter().map(|part| (None, part.id)).collect()),
		_ => None,
	}
}

fn named(fields: &[Field<PortableForm>]) -> Vec<Part<'_>> {
	fields.iter().map(|field| (field.name.as_deref(), field.ty.id)).collect()
}

/// What people are told of a type.
fn kind(of: &TypeDef<PortableForm>) -> String {
	match of {
		TypeDef::Primitive(primitive) => format!("{primitive:?}").to_lowercase(),
		TypeDef::Compact(_) => "a compact number".to_owned(),
		TypeDef::Sequence(_) => "a list".to_owned(),
		TypeDef::Array(array) => format!("an array of {}", array.len),
		TypeDef::Variant(_) => "an enum".to_owned(),
		TypeDef::Composite(composite) => fields(composite.fields.len()),
		TypeDef::Tuple(tuple) => fields(tuple.fields.len()),
		TypeDef::BitSequence(_) => "a sequence of bits".to_owned(),
	}
}

fn fields(count: usize) -> String {
	format!("a struct of {count} fields")
}

#[cfg(test)]
mod tests {
	use super::*;
	use scale_info::{PortableRegistryBuilder, TypeDefComposite, TypeInfo};
	use substation_primitives::{NodeId, Region};

	/// What is said of `Ours` that is given to a runtime that takes `Theirs`.
	fn said<Ours: TypeInfo + 'static, Theirs: TypeInfo + 'static>() -> Option<String> {
		let mut registry = Registry::new();
		let theirs = registry.register_type(&MetaType::new::<Theirs>()).id;
		let outcome = ensure_taken("it", &MetaType::new::<Ours>(), &registry.into(), theirs);
		outcome.err().map(|difference| difference.to_string())
	}

	#[derive(TypeInfo)]
	#[allow(dead_code, reason = "only described")]
	struct Terms {
		capacity: u64,
		price: u128,
	}

	#[derive(TypeInfo)]
	#[allow(dead_code, reason = "only described")]
	struct Swapped {
		price: u128,
		capacity: u64,
	}

	#[derive(TypeInfo)]
	#[allow(dead_code, reason = "only described")]
	struct Renamed {
		capacity: u64,
		fee: u128,
	}

	#[derive(TypeInfo)]
	#[allow(dead_code, reason = "only described")]
	struct Grown {
		capacity: u64,
		price: u128,
		more: u8,
	}

	#[derive(TypeInfo)]
	#[allow(dead_code, reason = "only described")]
	enum Now {
		None,
		Some(u32),
	}

	#[derive(TypeInfo)]
	#[allow(dead_code, reason = "only described")]
	enum Later {
		None,
		Some(u32),
		Third { field: u64 },
	}

	#[derive(TypeInfo)]
	#[allow(dead_code, reason = "only described")]
	enum Moved {
		#[codec(index = 1)]
		None,
		#[codec(index = 2)]
		Some(u32),
	}

	#[test]
	fn what_adds_no_bytes_does_not_matter() {
		assert_eq!(said::<NodeId, u64>(), None);
		assert_eq!(said::<u64, NodeId>(), None);
		assert_eq!(said::<[u8; 2], Region>(), None);
		assert_eq!(said::<Vec<(NodeId, Region)>, Vec<(u64, ((([u8; 2],),),))>>(), None);
		assert_eq!(said::<Box<Terms>, Terms>(), None);
		assert_eq!(said::<(u64, u128), Terms>(), None);
	}

	#[test]
	fn other_numbers_lengths_and_kinds_are_told_with_their_place() {
		assert_eq!(said::<u8, u16>(), Some("`it` is u16 there and u8 here".into()));
		assert_eq!(said::<[u8; 64], [u8; 65]>(), Some("`it` is an array of 65 there and an array of 64 here".into()));
		assert_eq!(said::<Vec<u8>, u8>(), Some("`it` is u8 there and a list here".into()));
		assert_eq!(said::<u32, codec::Compact<u32>>(), Some("`it` is a compact number there and u32 here".into()));
		assert_eq!(said::<Vec<(u8, u32)>, Vec<(u8, u64)>>(), Some("`it[].1` is u64 there and u32 here".into()));
		let grown = "`it` is a struct of 3 fields there and a struct of 2 fields here";
		assert_eq!(said::<Terms, Grown>(), Some(grown.into()));
	}

	#[test]
	fn fields_that_are_swapped_or_renamed_are_noticed() {
		assert_eq!(said::<Terms, Swapped>(), Some("`it.capacity` is called `price` there".into()));
		assert_eq!(said::<Terms, Renamed>(), Some("`it.price` is called `fee` there".into()));
	}

	#[test]
	fn an_enum_may_have_more_variants_but_none_less_and_none_elsewhere() {
		assert_eq!(said::<Now, Later>(), None);
		assert_eq!(said::<Option<u32>, Now>(), None);
		assert_eq!(said::<Later, Now>(), Some("`it.Third` is no variant there".into()));
		assert_eq!(said::<Now, Moved>(), Some("`it.None` is no variant there".into()));
		assert_eq!(said::<Option<u32>, Option<u64>>(), Some("`it.Some.0` is u64 there and u32 here".into()));
	}

	#[test]
	fn a_type_that_wraps_itself_or_is_not_there_is_an_end() {
		let mut types = PortableRegistryBuilder::new();
		let id = types.next_type_id();
		let field = Field { name: None, ty: id.into(), type_name: None, docs: Vec::new() };
		let wraps_itself = TypeDefComposite { fields: vec![field] };
		types.register_type(Type {
			path: Default::default(),
			type_params: Vec::new(),
			type_def: wraps_itself.into(),
			docs: Vec::new(),
		});
		let registry = types.finish();

		for theirs in [id, id + 1] {
			assert!(ensure_taken("it", &MetaType::new::<u8>(), &registry, theirs).is_err());
		}
	}
}
