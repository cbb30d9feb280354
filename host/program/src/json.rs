//! Every noun as JSON, one shape each: what the API answers and what the command line prints with `--json`.
//!
//! Names are in kebab-case, numbers E.164 strings, times RFC 3339, money US cents.

mod access;
mod account;
mod alerts;
mod calls;
mod clock;
mod closing;
mod event;
mod export;
mod ledger;
mod messages;
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

pub use access::{NewToken, Role, Token, User};
pub use account::{Account, ChangePrice, Spending, Usage};
pub use alerts::{Delivery, DeliveryRound, NewWebhook, TestedWebhook, Webhook};
pub use calls::{CallsByDay, ImportedCallFile, NumberCalls, RefusedHour, ReportedCalls};
pub use clock::Clock;
pub use closing::Closing;
pub use event::Event;
pub use export::{ExportedAnswer, ExportedNumber, ExportedOrder, ExportedRating};
pub use ledger::{LedgerReport, Restored};
pub use messages::describe as describe_messages;
pub use number::{Candidate, Import, ImportedFile, ImportedNumbers, Number, NumberCheck, NumberInFull};
pub use order::Order;
pub use plan::{Action, Answer, Notice, ReplacementReason, Severity};
pub use policy::{Comparison, ComparisonSummary, PolicyEvent, PolicyLimits, PolicyRevision, TrustedKey};
pub use pool::Pool;
pub use preview::SettingsPreview;
pub use provider::{Provider, TestedProvider};
pub use request::{Completion, Decision, Replaced, Screened};
pub use review::{Review, Run};
pub use settings::{AccountSettings, DeclaredSetting, Settings, SettingsChange, describe as describe_settings};
pub use settings_change::SettingsOnActivation;
pub use source::{Carrier, CarrierAlias, Source, ftc_settings, lookup_settings};
pub use values::{E164, Status, Time};
