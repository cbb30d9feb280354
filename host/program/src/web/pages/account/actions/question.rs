//! The question before an action: what it costs and loses, in figures that are the policy's own at any size.

use super::{BulkAction, BulkRequest};
use crate::web::Site;
use crate::web::address::account_path;
use crate::web::auth::now_of;
use crate::web::pages::Failed;
use crate::web::pages::layout::{no_default, shown, told};
use crate::words::{
    OTHER_AREA, REPLACEMENTS_LISTED_MAX, Surface, count, dollars, leaving_in_words, locking_in_words, refused_in_words,
    replacing_in_words, replacing_instead_in_words, slots, subject, taking_in_words, thousands,
};
use dialguard::contract::{PhoneNumber, SlotId};
use dialguard_dialer::dialguard::{PlannedReplacement, Preview, ReplacementCost, count_to_type};
use dialguard_dialer::ledger::AccountProfile;
use maud::{Markup, html};

/// Replacements that a question lists once it is opened, at most.
const REPLACEMENTS_OPENED_MAX: usize = 200;

pub struct Question<'a> {
    pub site: &'a Site,
    pub account: &'a AccountProfile,
    pub request: &'a BulkRequest,
    pub numbers: &'a [PhoneNumber],
}

/// A question's title and content.
type Dialog = Result<(String, Markup), Failed>;

/// What a question offers beside Cancel.
struct Choice<'a> {
    action: &'a str,
    label: String,
    /// `first` keeps what others lose, `costs` spends or loses something.
    class: &'static str,
}

impl<'a> Choice<'a> {
    fn new(action: &'a str, label: impl Into<String>, class: &'static str) -> Self {
        Choice { action, label: label.into(), class }
    }
}

impl Question<'_> {
    async fn preview(&self, action: BulkAction) -> Result<Preview, Failed> {
        let request = action.request(self.numbers.to_vec()).expect("screening has no preview");
        Ok(self.site.dialguard().preview(&self.account.id, request).await?)
    }

    pub async fn monitor(&self) -> Dialog {
        let preview = self.preview(BulkAction::Monitor).await?;
        let title = format!("Monitor {}?", self.subject());
        let choices = (!preview.taken.is_empty()).then(|| Choice::new("monitor", "Monitor", "first"));
        let content = html! {
            h1 { (told(&title)) }
            (sentences(&taking_in_words(&preview)))
            (self.refused(&preview))
            (self.choices(choices.as_slice(), self.count_to_type(&preview)?))
        };
        Ok((title, content))
    }

    pub async fn replace(&self) -> Dialog {
        let preview = self.preview(BulkAction::Replace).await?;
        let title = format!("Replace {}?", self.subject());
        let cost = preview.cost();
        let choices = (cost.replacements > 0).then(|| Choice::new("replace", replace_label("Replace", &cost), "costs"));
        let content = html! {
            h1 { (told(&title)) }
            (replacement_list(&preview.replacements))
            @if cost.replacements > 0 {
                (sentences(&replacing_in_words(&cost, preview.provider.as_ref(), &self.account.buying)))
            }
            (self.refused(&preview))
            (self.choices(choices.as_slice(), self.count_to_type(&preview)?))
        };
        Ok((title, content))
    }

    /// Stopping and deleting lock slots; replacing does not, so it is offered first, and stopping keeps the number.
    pub async fn stop_or_delete(&self) -> Dialog {
        let action = self.request.action;
        let (verb, name) =
            if action == BulkAction::Delete { ("Delete", "delete") } else { ("Stop monitoring", "stop") };
        let preview = self.preview(action).await?;
        let instead = self.site.dialguard().preview_instead(&preview).await?;
        let title = format!("{verb} {}?", self.subject());
        let mut count = self.count_to_type(&preview)?;
        let mut choices = Vec::new();
        if let Some(instead) = instead.as_ref().filter(|instead| !instead.is_idle()) {
            choices.push(Choice::new("replace", replace_label("Replace instead", &instead.cost()), "first"));
            count = count.or(self.count_to_type_of(BulkAction::Replace)?);
        }
        if action == BulkAction::Delete && !preview.locked.is_empty() {
            choices.push(Choice::new("stop", "Keep and only stop monitoring", ""));
        }
        if !preview.is_idle() {
            let lost: Vec<SlotId> = preview.locked.iter().map(|closing| closing.slot).collect();
            let label = if lost.is_empty() { verb.into() } else { format!("{verb} and lock {}", slots(&lost)) };
            choices.push(Choice::new(name, label, "costs"));
        }
        let content = html! {
            h1 { (told(&title)) }
            @if let Some(loss) = locking_in_words(&preview, self.surface()) { p.warning { (told(&loss)) } }
            @else if !preview.is_idle() { p { "No slot is affected: none of these numbers is monitored." } }
            (sentences(&leaving_in_words(&preview)))
            @if preview.is_idle() { p { "There is nothing to do." } }
            @if let Some(instead) = &instead {
                (sentences(&replacing_instead_in_words(instead, preview.locked.len())))
                (replacement_list(&instead.replacements))
                @if instead.is_idle() {
                    p { a href={ (account_path(&self.account.id)) "/import" } { "Import candidates" } " to keep the slots." }
                }
            }
            (self.refused(&preview))
            (self.choices(&choices, count))
        };
        Ok((title, content))
    }

    pub fn screen(&self) -> (String, Markup) {
        let title = format!("Screen {}?", self.subject());
        let content = html! {
            h1 { (told(&title)) }
            p { "Every carrier is asked about " (told(&self.subject())) " now. The account does not change. Carriers may charge for lookups." }
            (self.choices(&[Choice::new("screen", "Screen", "costs")], count_to_type(self.numbers.len(), 0)))
        };
        (title, content)
    }

    fn count_to_type(&self, preview: &Preview) -> Result<Option<usize>, Failed> {
        Ok(self.site.dialguard().count_to_type(self.account, &preview.request)?)
    }

    fn count_to_type_of(&self, action: BulkAction) -> Result<Option<usize>, Failed> {
        let request = action.request(self.numbers.to_vec()).expect("screening costs nothing here");
        Ok(self.site.dialguard().count_to_type(self.account, &request)?)
    }

    fn surface(&self) -> Surface {
        Surface::Dashboard { zone: self.account.time_zone, now: now_of(self.site, self.account) }
    }

    fn refused(&self, preview: &Preview) -> Markup {
        let refused = refused_in_words(preview, self.surface());
        html! {
            @if !refused.is_empty() {
                p { "Would be refused:" }
                ul { @for line in refused { li { (told(&line)) } } }
            }
            @for problem in &preview.outcome.problems { p.warning { (told(problem)) } }
        }
    }

    fn subject(&self) -> String {
        subject(self.numbers)
    }

    fn choices(&self, choices: &[Choice], count: Option<usize>) -> Markup {
        let back = self.request.filter().path(&self.account.id, "");
        form(&self.account.id, self.request.hidden_fields(), choices, count, &back)
    }
}

/// What a check leaves to the user: replacements that automatic replacement would make. Nothing without any.
pub fn proposal(site: &Site, account: &AccountProfile, proposed: &[PlannedReplacement]) -> Result<Markup, Failed> {
    if proposed.is_empty() {
        return Ok(html! {});
    }
    let provider = account.buying.provider.as_ref().map(|name| site.dialguard().ledger().provider(name)).transpose()?;
    let numbers: Vec<_> = proposed.iter().map(|it| it.replacement.number).collect();
    let cost = ReplacementCost::of(proposed);
    let request = BulkAction::Replace.request(numbers.clone()).expect("replacing is a request");
    let count = site.dialguard().count_to_type(account, &request)?;
    let fields = html! { @for number in &numbers { input type="hidden" name="number" value=(number); } };
    let choices = [Choice::new("replace", replace_label("Replace", &cost), "costs")];
    Ok(html! {
        h1 { "Replace " (told(&subject(&numbers))) "?" }
        p { "Automatic replacement would replace " (if numbers.len() == 1 { "it" } else { "them" }) ". The check has changed nothing; the next daily review decides if you do not." }
        (replacement_list(proposed))
        (sentences(&replacing_in_words(&cost, provider.as_ref(), &account.buying)))
        (form(&account.id, fields, &choices, count, &account_path(&account.id)))
    })
}

/// `Replace 134 for $536.00`, with the numbers that are bought.
fn replace_label(verb: &str, cost: &ReplacementCost) -> String {
    match cost.replacements {
        1 => format!("{verb} for {}", dollars(cost.total_cents())),
        many => format!("{verb}: {} for {}", thousands(many as u64), dollars(cost.total_cents())),
    }
}

/// The buttons of a question. Cancel has the focus. Enter in the field for the count does nothing: a form's first button
/// is the one that Enter presses, and that one is off.
fn form(account: &str, fields: Markup, choices: &[Choice], count: Option<usize>, back: &str) -> Markup {
    html! {
        form method="post" action={ (account_path(account)) "/act" } data-do {
            (no_default())
            (fields)
            @if let Some(count) = count.filter(|_| !choices.is_empty()) { (typed_count(count)) }
            p.choices {
                @for Choice { action, label, class } in choices {
                    button class=[(!class.is_empty()).then_some(class)] name="action" value=(action) { (label) }
                }
                a.button.back href=(back) data-close autofocus { (if choices.is_empty() { "Close" } else { "Cancel" }) }
            }
        }
    }
}

/// The field in which a user types how many numbers an act is about.
pub fn typed_count(count: usize) -> Markup {
    let shown = thousands(count as u64);
    html! {
        label.typed {
            span { "Type " strong { (shown) } " to go on" }
            input name="confirm" required autocomplete="off" inputmode="numeric" pattern=(shown.replace(',', ",?")) title={ "Type " (shown) };
        }
    }
}

fn sentences(sentences: &[String]) -> Markup {
    html! { @for sentence in sentences { p { (told(sentence)) } } }
}

/// What is replaced by what. A long list is closed at first.
fn replacement_list(replacements: &[PlannedReplacement]) -> Markup {
    let list = |listed: &[PlannedReplacement]| {
        html! { ul.replacing { @for planned in listed { (replacement_row(planned)) } } }
    };
    let unlisted = replacements.len().saturating_sub(REPLACEMENTS_OPENED_MAX) as u64;
    html! {
        @if replacements.len() > REPLACEMENTS_LISTED_MAX {
            details {
                summary { (count(replacements.len() as u64, "number")) " will be replaced by clean ones" }
                (list(&replacements[..replacements.len().min(REPLACEMENTS_OPENED_MAX)]))
                @if unlisted > 0 { p.quiet { "And " (thousands(unlisted)) " more." } }
            }
        } @else if !replacements.is_empty() { (list(replacements)) }
    }
}

fn replacement_row(planned: &PlannedReplacement) -> Markup {
    let it = &planned.replacement;
    html! {
        li {
            strong { (shown(it.replacement)) } " will replace " strong { (shown(it.number)) } " in slot " (it.slot)
            @if planned.is_other_area() { ", " strong.other-area { (OTHER_AREA) } }
            ". " span.quiet { (told(&it.because)) }
        }
    }
}
