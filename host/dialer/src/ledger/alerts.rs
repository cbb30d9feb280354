//! Webhooks, the messages that wait for them, and which process sends one now.

pub(in crate::ledger) mod deliveries;
pub(in crate::ledger) mod message;
pub(in crate::ledger) mod sending;
pub(in crate::ledger) mod webhooks;
