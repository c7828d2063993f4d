//! Who asks, and what that opens: sign-in, users, tokens, rights, the audit.
//!
//! What belongs here: the rules. What does not: cookies and headers (`qala-server`), what is stored (`qala-registry`).

mod audit;
mod manage;
mod rights;
mod sign_in;
mod throttle;
mod visitor;

pub use audit::{AuditFault, check_audit};
pub use manage::TokenWish;
pub(crate) use rights::OWN_COLUMNS;
pub use rights::Reader;
pub use sign_in::{FirstAdministrator, SignInDoor, SignedIn};
pub use visitor::Visitor;
