//! Every noun as JSON, one shape each: what the API answers and what the command line prints with `--json`.
//!
//! Names are in kebab-case, numbers E.164 strings, times RFC 3339, money US cents.

mod access;
mod account;
mod actor;
mod alerts;
mod attention;
mod billing;
mod calls;
mod checks;
mod checkup;
mod clock;
mod closing;
mod event;
mod export;
mod ledger;
mod number;
mod order;
mod plan;
mod policy;
mod pool;
mod preview;
mod provider;
mod request;
mod review;
mod settings;
mod settings_change;
mod source;
mod values;

pub use access::{Invite, NewInvite, NewToken, Role, Session, Token, User};
pub use account::{Account, ChangePrice, Spending, Usage};
pub use actor::Actor;
pub use alerts::{Delivery, DeliveryRound, NewWebhook, TestedWebhook, Webhook};
pub use attention::{Attention, AttentionOfAccount, StatusReport};
pub use billing::{BillLine, Billing, Cycle};
pub use calls::{CallsByDay, ImportedCallFile, NumberCalls, ReadCalls, RefusedHour, ReportedCalls};
pub use checks::Checks;
pub use checkup::{Checkup, Finding};
pub use clock::Clock;
pub use closing::Closing;
pub use event::Event;
pub use export::{ExportedAnswer, ExportedNumber, ExportedRating};
pub use ledger::{LedgerReport, Restored};
pub use number::{Candidate, Import, ImportedFile, ImportedNumbers, Number, NumberInFull};
pub use order::Order;
pub use plan::{Action, Answer, Notice, ReplacementReason, Severity};
pub use policy::{Comparison, ComparisonSummary, PolicyEvent, PolicyLimits, PolicyRevision, TrustedKey};
pub use pool::Pool;
pub use preview::SettingsPreview;
pub use provider::{Provider, TestedProvider};
pub use request::{Completion, Decision, PlannedReplacement, Replaced, Screened};
pub use review::{Review, Run};
pub use settings::{AccountSettings, DeclaredSetting, Settings, SettingsChange, describe as describe_settings};
pub use settings_change::SettingsOnActivation;
pub use source::{Carrier, CarrierAlias, Source, TestedSource, ftc_settings, lookup_settings};
pub use values::{E164, Status, Time};
