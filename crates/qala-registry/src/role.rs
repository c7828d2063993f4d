//! Roles of people, and scopes of their tokens.
//!
//! What belongs here: the words. What does not: which tables and routes a role opens, which are use cases.

/// What somebody may do here. Who has not signed in is [`Role::Public`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Anybody: what is published.
    Public,
    /// Member of a department: what is published, contacts, and the registers of the department.
    Staff,
    /// On duty in the situation room.
    Operator,
    /// Works with single records.
    Analyst,
    /// Users, tokens, audit.
    Administrator,
}

impl Role {
    /// All roles, those with fewer rights first.
    pub const ALL: [Self; 5] = [
        Self::Public,
        Self::Staff,
        Self::Operator,
        Self::Analyst,
        Self::Administrator,
    ];

    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Staff => "staff",
            Self::Operator => "operator",
            Self::Analyst => "analyst",
            Self::Administrator => "administrator",
        }
    }

    /// The role of a word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == word)
    }
}

/// What a person's token may be used for, within the rights of its owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// Reading pages, values and rows.
    Read,
    /// Free questions.
    Sql,
    /// Files of rows and values.
    Export,
    /// Users, tokens, audit.
    Administer,
}

impl Scope {
    /// All scopes.
    pub const ALL: [Self; 4] = [Self::Read, Self::Sql, Self::Export, Self::Administer];

    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Sql => "sql",
            Self::Export => "export",
            Self::Administer => "administer",
        }
    }

    /// The scope of a word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == word)
    }
}
