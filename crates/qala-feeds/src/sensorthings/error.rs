//! What is wrong with a request.

use crate::fault::hint;
use crate::sensorthings::Entity;

/// Why a request is not carried out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The request breaks the standard or makes no sense; it can be mended by its sender.
    #[error("{0}")]
    Wrong(String),
    /// What it names is not there.
    #[error("{0}")]
    Absent(String),
    /// The method does not go with the address.
    #[error("{0}")]
    NotAllowed(String),
    /// The standard knows it, this service does not.
    #[error("{0}")]
    NotOffered(String),
}

impl Refusal {
    /// A request that breaks the standard.
    pub fn wrong(message: impl Into<String>) -> Self {
        Self::Wrong(message.into())
    }

    /// There is no such entity.
    pub fn no_entity(entity: Entity, id: i64) -> Self {
        Self::Absent(format!("there is no {}({id})", entity.plural()))
    }

    /// A name that the entity does not have.
    pub(super) fn unknown(entity: Entity, name: &str) -> Self {
        let hint = hint(name, entity.words().chain(["id"]));
        let short: String = name.chars().take(60).collect();
        Self::Wrong(format!("{} has no property `{short}`{hint}", entity.singular()))
    }
}
